# SPDX-License-Identifier: Apache-2.0
"""One small cluster, and a little of the world outside, written down once: as
zones for a DNS server (what cluster DNS publishes, semantics 2.2-2.8) and as
manifests for the file backend, so that both hold the same truth."""
import dataclasses
import ipaddress
import json

ZONE = "cluster.local"
TTL = 5
LB_ADDRESS = "172.18.0.240"
WWW = ("203.0.113.10", "203.0.113.11", "2001:db8::10")
LABEL = "kubernetes.io/service-name"


@dataclasses.dataclass(frozen=True)
class Port:
    name: str
    port: int
    target: int
    proto: str = "TCP"
    node_port: int = 0


@dataclasses.dataclass(frozen=True)
class Pod:
    addresses: tuple
    name: str = ""
    hostname: str = ""
    node: str = ""
    zone: str = ""
    ready: bool = True

    def label(self, address):
        """Its label below the Service: the hostname, or the dashed address."""
        if self.hostname:
            return self.hostname
        text = address.replace(".", "-").replace(":", "-")
        return text + "0" if text.endswith("-") else text


@dataclasses.dataclass
class Service:
    name: str
    kind: str  # as "type" of svcctl: ClusterIP, Headless, ...
    ports: tuple = ()
    ips: tuple = ()
    pods: tuple = ()
    target: str = ""  # of an ExternalName
    local: bool = False  # externalTrafficPolicy
    namespace: str = "dev"

    @property
    def owner(self):
        return f"{self.name}.{self.namespace}.svc.{ZONE}."


HTTP = Port("http", 80, 80)
NODES = (("dev-control-plane", "172.18.0.2"), ("dev-worker", "172.18.0.3"),
         ("dev-worker2", "172.18.0.4"), ("dev-big", "172.18.0.5"))
PODS = tuple(
    Pod((address,), f"stateful-nginx-{i}", f"stateful-nginx-{i}", node, zone)
    for i, (address, node, zone) in enumerate((
        ("10.244.2.18", "dev-worker2", "zone-b"),
        ("10.244.1.18", "dev-worker", "zone-a"),
        ("10.244.1.19", "dev-worker", "zone-a"))))
NAMELESS = tuple(dataclasses.replace(p, hostname="") for p in PODS)
TWINS = tuple(Pod((f"10.244.3.{i}", f"fd00:244:3::{i}"), f"twin-{i}",
                  f"twin-{i}", "dev-worker") for i in (1, 2))


def crowd(count, net):
    first = int(ipaddress.ip_address(f"10.{net}.0.0"))
    return tuple(Pod((str(ipaddress.ip_address(first + i)),), f"pod-{i}")
                 for i in range(1, count + 1))


def services():
    """The scenario: seven Services that people know, and the odd ones."""
    return [
        Service("nginx-service", "ClusterIP", (HTTP,), ("10.96.162.201",),
                NAMELESS),
        Service("svc-nginx", "Headless", (HTTP,), (), PODS),
        Service("nginx-nodeport", "NodePort",
                (dataclasses.replace(HTTP, node_port=30002),),
                ("10.96.162.202",), NAMELESS),
        Service("nginx-nodeport-local", "NodePort",
                (dataclasses.replace(HTTP, node_port=30003),),
                ("10.96.162.203",), NAMELESS, local=True),
        Service("nginx-lb", "LoadBalancer",
                (dataclasses.replace(HTTP, node_port=30004),),
                ("10.96.162.204",), NAMELESS),
        Service("nginx-alias", "ExternalName",
                target=f"nginx-service.dev.svc.{ZONE}"),
        Service("google-service", "ExternalName", target="www.google.com"),
        # Two families; several ports; a port that differs from its target.
        Service("twins", "ClusterIP", (
            Port("http", 80, 8080), Port("dns", 53, 5353, "UDP"),
            Port("dns-tcp", 53, 5353)), ("10.96.162.210", "fd00:96::210"),
            tuple(dataclasses.replace(p, hostname="") for p in TWINS)),
        Service("twins-headless", "Headless",
                (Port("http", 80, 8080), Port("metrics", 9090, 9090)), (),
                TWINS),
        Service("unnamed", "ClusterIP", (Port("", 7000, 7000),),
                ("10.96.162.211",), NAMELESS),
        # Nobody is ready.
        Service("asleep", "Headless", (HTTP,), (),
                tuple(dataclasses.replace(p, ready=False) for p in PODS)),
        Service("asleep-vip", "ClusterIP", (HTTP,), ("10.96.162.212",),
                tuple(dataclasses.replace(p, ready=False, hostname="")
                      for p in PODS)),
        # Aliases: of an alias, of a headless Service, in a circle, of nothing.
        Service("alias-alias", "ExternalName",
                target=f"nginx-alias.dev.svc.{ZONE}"),
        Service("alias-headless", "ExternalName",
                target=f"svc-nginx.dev.svc.{ZONE}."),
        Service("circle-a", "ExternalName",
                target=f"circle-b.dev.svc.{ZONE}"),
        Service("circle-b", "ExternalName",
                target=f"circle-a.dev.svc.{ZONE}"),
        Service("alias-nothing", "ExternalName",
                target=f"nothing.dev.svc.{ZONE}"),
        # Many pods: over UDP, cut, over 64 KiB (faults D4, D6).
        Service("many-30", "Headless", (HTTP,), (), crowd(30, 130)),
        Service("many-300", "Headless", (HTTP,), (), crowd(300, 131)),
        Service("many-4000", "Headless", (), (), crowd(4000, 132)),
        Service("too-many", "Headless", (), (), crowd(4200, 133)),
        Service("web", "ClusterIP", (Port("http", 80, 8080),),
                ("10.97.0.1",), (Pod(("10.244.9.1",), "web-0"),),
                namespace="shop"),
    ]


# ---- DNS ------------------------------------------------------------------

def address_record(owner, address):
    return (owner, "AAAA" if ":" in address else "A", address)


def service_records(s):
    """What cluster DNS publishes for one Service."""
    if s.kind == "ExternalName":
        return [(s.owner, "CNAME", s.target.rstrip(".") + ".")]
    if s.kind != "Headless":
        records = [address_record(s.owner, ip) for ip in s.ips]
        targets = [(s.owner, None)]
    else:
        ready = [(p, a) for p in s.pods if p.ready for a in p.addresses]
        records = [address_record(s.owner, a) for _, a in ready]
        targets = sorted({(f"{p.label(a)}.{s.owner}", None)
                          for p, a in ready})
        records += [address_record(f"{p.label(a)}.{s.owner}", a)
                    for p, a in ready]
    weight = max(1, 100 // max(1, len(targets)))
    for p in s.ports:
        number = p.target if s.kind == "Headless" else p.port
        owners = [s.owner]  # the plain name too, as CoreDNS answers
        if p.name:
            owners.append(f"_{p.name}._{p.proto.lower()}.{s.owner}")
        records += [(owner, "SRV", f"0 {weight} {number} {target}")
                    for owner in owners for target, _ in targets]
    return records


def reverse_records(s):
    """PTR records of the cluster's IPv4 addresses that have a name."""
    pairs = [(ip, s.owner) for ip in s.ips]
    if s.kind == "Headless":
        pairs += [(a, f"{p.label(a)}.{s.owner}") for p in s.pods
                  if p.ready and p.hostname for a in p.addresses]
    return [(ipaddress.ip_address(a).reverse_pointer + ".", "PTR", name)
            for a, name in pairs if ":" not in a]


def zonal_records(s):
    """Names of one Service's pods by zone: an unknown zone pins to nothing,
    and prefers nothing, so that all are left."""
    pin, prefer = f"pin._zone.{s.owner}", f"prefer._zone.{s.owner}"
    ready = [p for p in s.pods if p.ready]
    records = [(f"*.{pin}", "TXT", '"nothing here"')] if ready else []
    for p in ready:
        for a in p.addresses:
            records.append(address_record(f"*.{prefer}", a))
            records += [address_record(f"{p.zone}.{name}", a)
                        for name in (pin, prefer) if p.zone]
    return records


def outside_zones():
    """Zones that are not the cluster's: multi-cluster names, and the world."""
    multi = "svc.clusterset.local."
    chain = [(f"chain-{i}.example.com.", "CNAME",
              f"chain-{i + 1}.example.com.") for i in range(1, 13)]
    return {
        "clusterset.local": [
            ("nginx-service.dev." + multi, "A", "10.97.200.1"),
            *[("svc-nginx.dev." + multi, "A", p.addresses[0]) for p in PODS],
            *[(f"{p.hostname}.west.svc-nginx.dev.{multi}", "A",
               p.addresses[0]) for p in PODS]],
        "google.com": [address_record("www.google.com.", a) for a in WWW],
        "example.com": [
            ("www.example.com.", "A", "203.0.113.20"),
            ("away.example.com.", "CNAME", "www.google.com."),
            ("_sip._tcp.voice.example.com.", "SRV",
             "10 30 5060 a.pbx.example.net."),
            ("_sip._tcp.voice.example.com.", "SRV",
             "10 70 5061 b.pbx.example.net."),
            ("_sip._tcp.voice.example.com.", "SRV",
             "20 1 5062 c.pbx.example.net."),
            *chain, ("chain-13.example.com.", "A", "203.0.113.21")],
        "example.net": [
            (f"{x}.pbx.example.net.", "A", f"203.0.113.3{i}")
            for i, x in enumerate("abc")],
    }


def zones(world, serial=1, ttl=TTL):
    """The text of every zone, by its name."""
    cluster = [(f"dns-version.{ZONE}.", "TXT", '"1.1.0"')]
    reverse = []
    for s in world:
        cluster += service_records(s)
        reverse += reverse_records(s)
        if s.name == "svc-nginx":
            cluster += zonal_records(s)
    every = {ZONE: cluster, "10.in-addr.arpa": reverse, **outside_zones()}
    return {zone: zone_text(zone, records, serial, ttl)
            for zone, records in every.items()}


def zone_text(zone, records, serial, ttl):
    server = f"ns.dns.{ZONE if zone.endswith('.arpa') else zone}."
    head = [(f"{zone}.", "SOA", f"{server} hostmaster.{zone}. {serial} 7200 "
             f"1800 86400 {ttl}"), (f"{zone}.", "NS", server)]
    if not zone.endswith(".arpa"):
        head.append((server, "A", "10.96.0.10"))
    unique = dict.fromkeys(head + records)
    return "".join(f"{owner} {ttl} IN {kind} {data}\n"
                   for owner, kind, data in unique)


# ---- manifests ------------------------------------------------------------

def service_object(s):
    spec = {"type": "ClusterIP" if s.kind == "Headless" else s.kind}
    if s.kind == "ExternalName":
        spec["externalName"] = s.target
    else:
        ips = list(s.ips) or ["None"]
        spec.update(clusterIP=ips[0], clusterIPs=ips,
                    ipFamilies=families(s), selector={"app": s.name},
                    ports=[port_object(p) for p in s.ports])
    if s.local:
        spec["externalTrafficPolicy"] = "Local"
    status = {}
    if s.kind == "LoadBalancer":
        status["loadBalancer"] = {"ingress": [{"ip": LB_ADDRESS,
                                               "ipMode": "VIP"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {
        "name": s.name, "namespace": s.namespace}, "spec": spec,
        "status": status}


def families(s):
    texts = s.ips or [a for p in s.pods for a in p.addresses]
    present = {"IPv6" if ":" in a else "IPv4" for a in texts}
    return sorted(present)


def port_object(p):
    port = {"port": p.port, "targetPort": p.target, "protocol": p.proto}
    if p.name:
        port["name"] = p.name
    if p.node_port:
        port["nodePort"] = p.node_port
    return port


def slice_objects(s):
    """One slice for each family and each hundred endpoints."""
    objects = []
    for family in families(s):
        entries = [endpoint_object(p, a) for p in s.pods for a in p.addresses
                   if (":" in a) == (family == "IPv6")]
        for at in range(0, len(entries), 100):
            objects.append({
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": {"name": f"{s.name}-{family.lower()}-{at}",
                             "namespace": s.namespace,
                             "labels": {LABEL: s.name}},
                "addressType": family, "endpoints": entries[at:at + 100],
                "ports": [{"name": p.name, "port": p.target,
                           "protocol": p.proto} for p in s.ports]})
    return objects


def endpoint_object(p, address):
    entry = {"addresses": [address],
             "conditions": {"ready": p.ready, "serving": p.ready,
                            "terminating": False},
             "targetRef": {"kind": "Pod", "name": p.name, "namespace": "dev"}}
    for field, value in (("hostname", p.hostname), ("nodeName", p.node),
                         ("zone", p.zone)):
        if value:
            entry[field] = value
    return entry


def node_object(name, address):
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
            "status": {"addresses": [{"type": "InternalIP",
                                      "address": address}],
                       "conditions": [{"type": "Ready", "status": "True"}]}}


def manifests(world):
    """The same cluster as a text of YAML documents, each on one line."""
    objects = [node_object(*node) for node in NODES]
    for s in world:
        objects.append(service_object(s))
        if s.kind != "ExternalName":
            objects += slice_objects(s)
    return "".join(f"---\n{json.dumps(o)}\n" for o in objects)
