# SPDX-License-Identifier: Apache-2.0
"""Random clusters and random questions about them. The pools are small, so
that names meet, addresses are there twice and ports go missing."""
import copy

from expected import LABEL, ZONE, Entry, Oracle, Question

NAMESPACES = ["shop", "dev", "default"]
NODES = ["n1", "n2", "n3", "n4"]
ZONES = ["za", "zb", "zc"]
PORT_NAMES = ["http", "grpc", "dns-udp", "9p"]
NUMBERS = [53, 80, 443, 8080, 9000]
REFUSED = {"IPv4": ["127.0.0.1", "169.254.1.1", "0.0.0.0", "224.0.0.9",
                    "240.0.0.1", "255.255.255.255", "169.254.169.254",
                    "100.100.100.200", "168.63.129.16"],
           "IPv6": ["::1", "fe80::1", "ff02::1", "::", "fd00:ec2::254",
                    "64:ff9b::7f00:1", "2002:7f00:1::1"]}
KINDS = ["ClusterIP"] * 5 + ["Headless"] * 5 + ["NodePort"] * 2 + \
    ["LoadBalancer"] * 2 + ["ExternalName"] * 3


def maybe(rng, chance):
    return rng.random() < chance


class Cluster:
    def __init__(self, rng, services=12, kinds=KINDS, again=False):
        self.rng, self.kinds = rng, kinds
        self.version = 100
        self.objects = [self.node(n) for n in NODES if maybe(rng, 0.85)]
        self.names = []
        for i in range(services):
            self.names.append((rng.choice(NAMESPACES), f"s{i}"))
        for namespace, name in self.names:
            self.service(namespace, name)
        rng.shuffle(self.objects)
        if again:
            self.say_again()
        self.noise()
        self.known = {key: self.look(key) for key in self.names}

    def say_again(self):
        """Some objects twice: the last counts (2.11, 14)."""
        rng = self.rng
        for o in rng.sample(self.objects, 4):
            first = copy.deepcopy(o)
            if o["kind"] == "EndpointSlice":
                first["endpoints"] = [self.endpoint(
                    o["addressType"], "ready", None) for _ in range(3)]
            elif o["kind"] == "Service":
                first["spec"] = {"type": "ExternalName",
                                 "externalName": "old.example.com"}
            self.objects.insert(rng.randrange(self.objects.index(o) + 1),
                                first)

    def noise(self):
        """Objects that must not matter."""
        for namespace, name in self.rng.sample(self.names, 3):
            meta = {"name": name, "namespace": namespace,
                    "labels": {LABEL: name}}
            address = {"addresses": ["10.9.9.9"], "ip": "10.9.9.9"}
            self.objects += [
                {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta,
                 "subsets": [{"addresses": [address]}]},
                {"apiVersion": "discovery.k8s.io/v1beta1", "metadata": meta,
                 "kind": "EndpointSlice", "addressType": "IPv4",
                 "ports": [{"name": "extra", "port": 7777}],
                 "endpoints": [address]},
                {"apiVersion": "serving.knative.dev/v1", "kind": "Service",
                 "metadata": meta, "spec": {"template": {"spec": None}}}]

    def look(self, key):
        """The hostnames and ports that questions about it may name."""
        oracle = Oracle(self.objects)
        slices = oracle.slices_of(*key)
        hosts = {Entry(e, s, None, None).host for s in slices
                 for e in s["endpoints"] or []}
        hosts = {h for h in hosts if h[0] != "-"}
        ports = [p for s in slices + [oracle.services[key]["spec"]]
                 for p in s.get("ports") or []]
        return hosts, [p[f] for p in ports for f in ("name", "port")
                       if p.get(f)]

    def meta(self, name, namespace=None, **more):
        meta = {"name": name, **more}
        if namespace and (namespace != "default" or maybe(self.rng, 0.5)):
            meta["namespace"] = namespace
        if maybe(self.rng, 0.2):
            meta["annotations"] = {"note": "a: 'b' # \"c\"\n- d", "x": "{[]}"}
        return meta

    def node(self, name):
        rng, i = self.rng, NODES.index(name)
        addresses = [{"type": "Hostname", "address": name}]
        for kind, net in (("ExternalIP", 50), ("InternalIP", 16),
                          ("InternalIP", 17)):
            if maybe(rng, 0.7):
                addresses.append({"type": kind,
                                  "address": f"172.{net}.0.{i + 1}"})
            if maybe(rng, 0.5):
                addresses.append({"type": kind,
                                  "address": f"fd00:{net}::{i + 1}"})
        rng.shuffle(addresses)
        ready = rng.choice(["True", "True", "True", "False", "Unknown"])
        return {"apiVersion": "v1", "kind": "Node", "metadata":
                self.meta(name, labels={"topology.kubernetes.io/zone":
                                        rng.choice(ZONES)}),
                "status": {"addresses": addresses, "conditions": [
                    {"type": "MemoryPressure", "status": "False"},
                    {"type": "Ready", "status": ready}]}}

    def ports(self, kind):
        rng = self.rng
        low = 0 if kind == "Headless" else 1
        count = rng.choice([low, 1, 1, 2, 3])
        ports, used = [], set()
        for name in rng.sample(PORT_NAMES, count):
            protocol = rng.choice(["TCP", "TCP", "UDP", "SCTP"])
            number = rng.choice(NUMBERS)
            # One number under two protocols, neither TCP, is left open.
            if any(n == number and "TCP" not in (p, protocol)
                   or (n, p) == (number, protocol) for n, p in used):
                continue
            used.add((number, protocol))
            port = {"name": name, "port": number, "protocol": protocol,
                    "targetPort": "whatever"}
            if protocol == "TCP" and maybe(rng, 0.3):
                del port["protocol"]
            if kind == "NodePort" or kind == "LoadBalancer" and \
                    maybe(rng, 0.7):
                port["nodePort"] = 30000 + number % 900 + len(ports)
            ports.append(port)
        if len(ports) == 1 and maybe(rng, 0.3):
            ports[0].pop("name")
        if not ports and maybe(rng, 0.5):
            return None
        return ports

    def service(self, namespace, name):
        rng, i = self.rng, len(self.objects)
        kind = rng.choice(self.kinds)
        spec = {"type": "ClusterIP" if kind == "Headless" else kind}
        if spec["type"] == "ClusterIP" and maybe(rng, 0.3):
            del spec["type"]
        if kind == "ExternalName":
            spec["externalName"] = self.target()
        else:
            self.fill(spec, kind, i)
        service = {"apiVersion": "v1", "kind": "Service",
                   "metadata": self.meta(name, namespace), "spec": spec}
        if kind == "LoadBalancer":
            service["status"] = {"loadBalancer": self.ingress(spec, i)}
        self.objects.append(service)
        for number in range(rng.choice([0, 1, 1, 2, 2, 3, 4])):
            self.slice(namespace, name, number, spec)

    def target(self):
        rng = self.rng
        name = f"s{rng.randrange(12)}"
        for n in self.names:
            if n[1] == name:
                return rng.choice([
                    f"{name}.{n[0]}.svc.{ZONE}", f"{name}.{n[0]}.svc.{ZONE}.",
                    f"{name}.{n[0]}.svc.{ZONE}", f"pod-1.{name}.{n[0]}.svc."
                    f"{ZONE}", "www.example.com", f"{name}.{n[0]}.svc"])
        return rng.choice(["10.0.0.7", "localhost", f"no.shop.svc.{ZONE}"])

    def fill(self, spec, kind, i):
        rng = self.rng
        families = rng.choice([["IPv4"], ["IPv4"], ["IPv6"],
                               ["IPv4", "IPv6"], ["IPv6", "IPv4"], None])
        if families:
            spec["ipFamilies"] = families
        if kind == "Headless":
            spec["clusterIP"] = "None"
            if maybe(rng, 0.8):
                spec["clusterIPs"] = ["None"]
        elif maybe(rng, 0.9):
            ips = [f"10.96.0.{i}" if f == "IPv4" else f"fd00:96::{i:x}"
                   for f in families or ["IPv4"]]
            spec["clusterIP"] = ips[0]
            if len(ips) > 1 or maybe(rng, 0.8):
                spec["clusterIPs"] = ips
        if maybe(rng, 0.7):
            spec["selector"] = {"app": "x"}
        spec["ports"] = self.ports(kind)
        if maybe(rng, 0.1):
            spec["publishNotReadyAddresses"] = True
        if maybe(rng, 0.2):
            spec["sessionAffinity"] = "ClientIP"
        for policy in ("internalTrafficPolicy", "externalTrafficPolicy"):
            value = rng.choice(["Local", "Cluster", None])
            if value:
                spec[policy] = value

    def ingress(self, spec, i):
        rng = self.rng
        if maybe(rng, 0.25):
            return rng.choice([{}, {"ingress": []}, {"ingress": None}])
        if maybe(rng, 0.1):
            return {"ingress": [{"hostname": "lb.example.com"}]}
        ips = [f"203.0.113.{i}", "2001:db8::1", "127.0.0.1", "198.51.100.7"]
        ingress = [{"ip": ip} for ip in rng.sample(ips, rng.choice([1, 1, 2]))]
        failed = rng.choice(spec["ports"]) if maybe(rng, 0.3) else None
        for one in ingress:
            if maybe(rng, 0.5):
                one["ipMode"] = "VIP"
            one["ports"] = [
                {"port": p["port"], "protocol": p.get("protocol", "TCP"),
                 **({"error": "no.luck/Quota"} if p is failed else {})}
                for p in spec["ports"]]
        return {"ingress": ingress}

    def slice_ports(self, spec):
        rng, ports = self.rng, []
        for p in spec.get("ports") or []:
            if maybe(rng, 0.12):
                continue
            port = {"name": p.get("name", ""), "port": p["port"] +
                    rng.choice([0, 8000, 8000, 8001]),
                    "protocol": p.get("protocol", "TCP")}
            if maybe(rng, 0.06):
                port["port"] = rng.choice([None, 0])
            if maybe(rng, 0.05):
                port["protocol"] = rng.choice(["TCP", "UDP"])
            if port["name"] == "":
                port["name"] = rng.choice(["", None])
            if port["protocol"] == "TCP":
                port["protocol"] = rng.choice(["TCP", None])
            for field in [f for f, v in port.items() if v is None]:
                if maybe(rng, 0.5):
                    del port[field]
            ports.append(port)
        if maybe(rng, 0.1):
            ports.append({"name": "extra", "port": 7777})
        for port in ports:
            if maybe(rng, 0.1):
                port["appProtocol"] = "kubernetes.io/h2c"
        return ports or rng.choice([[], None])

    def slice(self, namespace, name, number, spec):
        rng = self.rng
        family = rng.choice(["IPv4", "IPv4", "IPv4", "IPv6", "IPv6", "FQDN"])
        home = namespace
        if maybe(rng, 0.08):  # the label names nothing in that namespace
            home = rng.choice([n for n in NAMESPACES if n != namespace])
        self.version += rng.choice([1, 9, 90])
        meta = self.meta(f"{name}-{number}-{self.version}", home,
                         labels={LABEL: name, "app": "x"},
                         resourceVersion=rng.choice(
                             [str(self.version)] * 9 + ["", "v7"]))
        mood = rng.choice(["mixed", "mixed", "ready", "gone"])
        hints = rng.choice([None, "forZones", "forNodes", "both", "some"])
        endpoints = [self.endpoint(family, mood, hints)
                     for _ in range(rng.choice([0, 1, 2, 3, 5]))]
        self.objects.append({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": meta, "addressType": family,
            "ports": self.slice_ports(spec),
            "endpoints": endpoints or rng.choice([[], None])})

    def endpoint(self, family, mood, hints):
        rng = self.rng
        i = rng.randrange(9)
        address = {"IPv4": f"10.0.0.{i}", "FQDN": f"h{i}.example.com",
                   "IPv6": rng.choice([f"fd00::{i}", f"FD00:0:0::000{i}",
                                       f"fd00::{i}:0"])}[family]
        if family in REFUSED and maybe(rng, 0.06):
            address = rng.choice(REFUSED[family])
        e = {"addresses": [address]}
        if maybe(rng, 0.1):
            e["addresses"].append({"IPv4": "10.0.0.250", "IPv6": "fd00::250",
                                   "FQDN": address}[family])
        e.update(self.conditions(mood))
        if i % 3 == 0:  # by the address, so that duplicates agree
            e["hostname"] = f"pod-{i}"
        if maybe(rng, 0.85):
            e["nodeName"] = rng.choice(NODES)
        if maybe(rng, 0.7):
            e["zone"] = rng.choice(ZONES)
        if maybe(rng, 0.6):
            e["targetRef"] = {"kind": "Pod", "name": f"p{i}",
                              "namespace": "shop", "uid": f"u-{i}"}
            e["targetRef"].update(rng.choice([{}, {}, {"kind": "Machine"}]))
        if hints and not (hints == "some" and maybe(rng, 0.3)):
            e["hints"] = {}
            for field, pool in (("forZones", ZONES), ("forNodes", NODES)):
                if hints in (field, "both", "some"):
                    e["hints"][field] = [{"name": n} for n in rng.sample(
                        pool, rng.choice([1, 1, 2]))]
        return e

    def conditions(self, mood):
        rng = self.rng
        if mood == "ready" or mood == "mixed" and maybe(rng, 0.5):
            return rng.choice([
                {"conditions": {"ready": True, "serving": True,
                                "terminating": False}},
                {"conditions": {"ready": None}}, {"conditions": None},
                {"conditions": {}}, {},
                # publishNotReadyAddresses
                {"conditions": {"ready": True, "serving": False,
                                "terminating": True}}])
        any_of = [True, False, None]
        ready = False if mood == "gone" else rng.choice(any_of)
        c = {"ready": ready, "serving": rng.choice(any_of),
             "terminating": rng.choice(any_of)}
        return {"conditions": {k: v for k, v in c.items()
                               if v is not None or maybe(rng, 0.5)}}

    def question(self, where, namespace, defaults):
        """A question, and the words that ask it."""
        rng = self.rng
        ns, name = rng.choice(self.names)
        hosts, ports = self.known[ns, name]
        host = None
        if maybe(rng, 0.2):
            i = rng.randrange(9)
            host = rng.choice([f"pod-{i}", f"10-0-0-{i}", f"fd00--{i}",
                               f"fd00--{i}-0"] + sorted(hosts) * 3)
        port = rng.choice([None] * 6 + ports * 6 + PORT_NAMES + NUMBERS +
                          [8080, 8053, 7777, "extra"])
        if maybe(rng, 0.03):
            name = "nobody"
        view = rng.choice(["auto"] * 8 + ["pods"] * 6 + ["vip", "vip", "node",
                          "node", "node", "lb", defaults["view"]])
        family = rng.choice(["any"] * 6 + ["ipv4", "ipv6", defaults["family"]])
        proto = rng.choice([None] * 9 + ["TCP", "UDP", "SCTP"]) or \
            defaults["proto"]
        q = Question(ns, name, host, port, view, family, proto, *where)
        return q, self.spell(q, namespace, defaults)

    def spell(self, q, namespace, defaults):
        rng = self.rng
        text = f"{q.service}.{q.namespace}"
        scheme = ""
        if q.namespace == namespace and not q.host and maybe(rng, 0.4):
            text = q.service
        else:
            text += rng.choice(["", "", ".svc", f".svc.{ZONE}",
                                f".svc.{ZONE}."])
        if q.host:
            text = f"{q.host}.{text}"
        options = []
        if isinstance(q.port, str) and q.proto and maybe(rng, 0.7):
            text = f"_{q.port}._{q.proto.lower()}.{text}"
        else:
            if q.port is not None:
                text += f":{q.port}"
            if q.proto != defaults["proto"]:
                options.append(f"proto={q.proto.lower()}")
            if maybe(rng, 0.05):
                scheme = "svc:///"
        if maybe(rng, 0.1):
            text = text.upper() if maybe(rng, 0.5) else text.title()
        for key in ("view", "family"):
            value = getattr(q, key)
            if value != defaults[key] or maybe(rng, 0.1):
                options.append(f"{key}={value}")
        rng.shuffle(options)
        return scheme + text + ("?" + "&".join(options) if options else "")
