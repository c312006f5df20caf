# SPDX-License-Identifier: Apache-2.0
"""The right answer to a question about a cluster, worked out from its objects
by the rules of docs/semantics.md alone. It shares nothing with the library:
where both agree, two readings of the rules agree.

Rules are cited as there: "2.9 rule 7", "2.11, 3"."""
import ipaddress
from collections import namedtuple

ZONE = "cluster.local"
LABEL = "kubernetes.io/service-name"
EXIT = {None: 0, "SVC_EINVAL": 2, "SVC_ENOTSUP": 2, "SVC_ENOSERVICE": 3,
        "SVC_ENOPORT": 3, "SVC_ENOENDPOINTS": 4, "SVC_EPENDING": 4,
        "SVC_EALIAS": 4}
NEVER = ["0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::/128", "ff00::/8"]
CLASSES = {"loopback": ["127.0.0.0/8", "::1/128"],
           "link-local": ["169.254.0.0/16", "fe80::/10"],
           "metadata": ["169.254.169.254/32", "fd00:ec2::254/128",
                        "100.100.100.200/32", "168.63.129.16/32"]}

# host, port (int, name or None), view, family, proto ("TCP" or None), node and
# zone (None: unknown), externalname, allow (classes of addresses).
Question = namedtuple("Question", "namespace service host port view family "
                      "proto node zone externalname allow")
Port = namedtuple("Port", "name number protocol node_port")


class Failed(Exception):
    """The answer is this code."""


class Undecided(Exception):
    """The rules leave this open."""


def one_of(networks, ip):
    nets = (ipaddress.ip_network(n) for n in networks)
    return any(ip.version == n.version and ip in n for n in nets)


def refused(text, allow=()):
    """docs/faults.md 3.3."""
    ip = ipaddress.ip_address(text)
    forms = [ip]
    if ip.version == 6:
        low = ipaddress.IPv4Address(int(ip) & 0xffffffff)
        if ip.ipv4_mapped or ip in ipaddress.ip_network("64:ff9b::/96") or \
                (int(ip) >> 32 == 0 and int(ip) > 1):
            forms.append(low)
        if ip.sixtofour:
            forms.append(ip.sixtofour)
    for form in forms:
        if one_of(NEVER, form):
            return True
        if any(one_of(nets, form) for word, nets in CLASSES.items()
               if word not in allow):
            return True
    return False


class Entry:
    """One endpoint of one slice, for the port asked for."""

    def __init__(self, endpoint, piece, protocol, port, has_port=True):
        c = endpoint.get("conditions") or {}
        ip = ipaddress.ip_address(endpoint["addresses"][0])
        self.address, self.ip = str(ip), ip
        self.family = f"IPv{ip.version}"
        self.port, self.protocol, self.has_port = port, protocol, has_port
        self.ready = c.get("ready") is not False  # 2.9 rule 6
        self.serving = c.get("serving") is not False
        self.terminating = c.get("terminating") is True
        self.fallback = self.serving and self.terminating
        self.host = (endpoint.get("hostname") or self.dashed()).lower()
        self.node = endpoint.get("nodeName")
        hints = endpoint.get("hints") or {}
        self.zones = {h["name"] for h in hints.get("forZones") or []}
        self.nodes = {h["name"] for h in hints.get("forNodes") or []}
        self.version = piece["metadata"].get("resourceVersion", "")
        self.why = set()
        pod = endpoint.get("targetRef") or {}
        named = pod.get("kind") == "Pod"
        self.shown = (self.ready, self.serving, self.terminating, self.node,
                      endpoint.get("zone"), endpoint.get("hostname"),
                      f"{pod['namespace']}/{pod['name']}" if named else None)

    def dashed(self):
        text = self.address.replace(".", "-").replace(":", "-")
        return text + "0" if text.endswith("-") else text

    def facts(self):
        return (self.ready, self.serving, self.terminating, self.host,
                self.node, frozenset(self.zones), frozenset(self.nodes))

    def beats(self, other):
        """2.9 rule 8."""
        for mine, theirs in ((not self.terminating, not other.terminating),
                             (self.ready, other.ready)):
            if mine != theirs:
                return mine
        if self.version.isdigit() and other.version.isdigit() and \
                self.version != other.version:
            return int(self.version) > int(other.version)
        if self.facts() != other.facts():
            raise Undecided()
        return False


class Oracle:
    def __init__(self, objects):
        self.services, self.slices, self.nodes = {}, {}, {}
        for o in objects:
            meta = o["metadata"]
            key = (meta.get("namespace", "default"), meta["name"])
            kinds = {("v1", "Service"): self.services,
                     ("v1", "Node"): self.nodes,
                     ("discovery.k8s.io/v1", "EndpointSlice"): self.slices}
            kinds.get((o["apiVersion"], o["kind"]), {})[key] = o

    def answer(self, q):
        """(code or None, type, canonical, entries or None)"""
        try:
            return self.follow(q, [], None)
        except Failed as failed:
            return failed.args[0], None, None, None

    def follow(self, q, seen, kind):
        service = self.services.get((q.namespace, q.service))
        if service is None:
            raise Failed("SVC_EALIAS" if seen else "SVC_ENOSERVICE")
        spec = service["spec"]
        headless = spec.get("clusterIP") == "None"
        own = spec.get("type", "ClusterIP")
        kind = kind or ("Headless" if headless else own)
        if own == "ExternalName":
            return self.alias(q, spec["externalName"], seen, kind)
        view = "pods" if q.view == "auto" else q.view
        try:
            answer = getattr(self, view)(q, service, headless)
        except Failed as failed:  # a target without such a host is missing
            if seen and failed.args[0] == "SVC_ENOSERVICE":
                raise Failed("SVC_EALIAS") from failed
            raise
        canonical = f"{q.service}.{q.namespace}.svc.{ZONE}"
        if q.host:
            canonical = f"{q.host}.{canonical}"
        for e in answer:
            e.why = e.why or set()
        if not any(not e.why for e in answer):
            return "SVC_ENOENDPOINTS", kind, canonical, answer
        return None, kind, canonical, answer

    # 2.8 and 2.11, 10
    def alias(self, q, target, seen, kind):
        if q.host:  # as CoreDNS: nothing below an ExternalName
            raise Failed("SVC_EALIAS" if seen else "SVC_ENOSERVICE")
        here = (q.namespace, q.service)
        if here in seen or len(seen) >= 11 or q.externalname == "refuse":
            raise Failed("SVC_EALIAS")
        name = target.lower().rstrip(".")
        try:
            ipaddress.ip_address(name)
            raise Failed("SVC_EALIAS")
        except ValueError:
            pass
        if name == "localhost":
            raise Failed("SVC_EALIAS")
        if not name.endswith(".svc." + ZONE):  # the DNS server knows no name
            raise Failed("SVC_EALIAS")
        labels = name[:-len(".svc." + ZONE)].split(".")
        if len(labels) not in (2, 3):
            raise Failed("SVC_EALIAS")
        if q.externalname == "same-namespace" and labels[-1] != q.namespace:
            raise Failed("SVC_EALIAS")
        host = labels[0] if len(labels) == 3 else None
        q = q._replace(namespace=labels[-1], service=labels[-2], host=host)
        return self.follow(q, seen + [here], kind)

    def ports_of(self, service):
        return [Port(p.get("name") or "", p["port"], p.get("protocol", "TCP"),
                     p.get("nodePort") or 0)
                for p in service["spec"].get("ports") or []]

    # 2.11, 2
    def service_port(self, q, service):
        ports = self.ports_of(service)
        if q.port is None:
            found = [p for p in ports if q.proto in (None, p.protocol)]
            if len(found) > 1:
                raise Failed("SVC_EINVAL")
        elif isinstance(q.port, int):
            found = [p for p in ports if p.number == q.port
                     and q.proto in (None, p.protocol)]
            if len(found) > 1:
                found = [p for p in found if p.protocol == "TCP"]
        else:
            found = [p for p in ports if p.name == q.port.lower()
                     and q.proto in (None, p.protocol)]
        if not found:
            raise Failed("SVC_ENOPORT")
        return found[0]

    def slices_of(self, namespace, name):
        return [s for (ns, _), s in sorted(self.slices.items())
                if ns == namespace and s["addressType"] != "FQDN"
                and (s["metadata"].get("labels") or {}).get(LABEL) == name]

    def entries(self, q, service, headless):
        """Every endpoint of every slice, each with the port that its slice
        gives: 2.9 rule 9, 2.11, 3."""
        pieces = self.slices_of(q.namespace, q.service)
        wants = self.slice_port(q, service, headless, pieces)
        found = []
        for piece in pieces:
            ports = [p for p in self.piece_ports(piece)
                     if wants(p) and (p.number or headless)]
            number = q.port if isinstance(q.port, int) else None
            if wants == self.anything:
                ports = [Port("", number, q.proto, 0)]
            elif any(p.number is None for p in ports) and number is None:
                raise Undecided()
            has = bool(ports)
            port = ports[0] if has else Port("", None, None, 0)
            found += [Entry(e, piece, port.protocol, port.number or number,
                            has) for e in piece.get("endpoints") or []]
        return found

    def piece_ports(self, piece):
        return [Port(p.get("name") or "", p.get("port") or None,
                     p.get("protocol") or "TCP", 0)
                for p in piece.get("ports") or []]

    def anything(self, port):
        return True

    def slice_port(self, q, service, headless, pieces):
        """Which port of a slice is meant: a test of one."""
        if headless and not self.ports_of(service) and \
                not isinstance(q.port, str):
            return self.anything
        try:
            port = self.service_port(q, service)
            return lambda p: (p.name, p.protocol) == (port.name, port.protocol)
        except Failed as failed:
            if not headless or failed.args[0] != "SVC_ENOPORT":
                raise
        # Not a port of the Service, but perhaps of its pods: 2.11, 3 for
        # numbers, and CoreDNS for names, which asks the slices alone.
        def asked(p):
            if isinstance(q.port, str):
                return p.name == q.port.lower()
            return p.number in (q.port, None) and q.port is not None

        protocols = {p.protocol for s in pieces for p in self.piece_ports(s)
                     if asked(p) and q.proto in (None, p.protocol)}
        if not protocols:
            raise Failed("SVC_ENOPORT")
        if len(protocols) > 1:
            if "TCP" not in protocols:
                raise Undecided()
            protocols = {"TCP"}
        return lambda p: asked(p) and p.protocol in protocols

    # 2.9 rule 8
    def duplicates(self, entries):
        best = {}
        for e in entries:
            key = (e.ip, e.port, e.protocol)
            if key not in best:
                best[key] = e
                continue
            loser = e
            if e.beats(best[key]):
                loser, best[key] = best[key], e
            loser.why.add("duplicate")

    def pods(self, q, service, headless):
        spec = service["spec"]
        if q.host:  # 2.11, 4
            hosts = {Entry(e, s, None, None).host
                     for s in self.slices_of(q.namespace, q.service)
                     for e in s.get("endpoints") or []}
            if q.host.lower() not in hosts:
                self.no_host(q, service, headless)
        entries = [e for e in self.entries(q, service, headless)
                   if not q.host or e.host == q.host.lower()]
        families = [] if headless else spec.get("ipFamilies") or []
        for e in entries:
            if not e.has_port:
                e.why.add("no-such-port")
            if q.family not in ("any", e.family.lower()) or \
                    families and e.family not in families:
                e.why.add("wrong-family")
            if refused(e.address, q.allow):
                e.why.add("refused-address")
        self.duplicates([e for e in entries if not e.why])
        for family in ("IPv4", "IPv6"):
            group = [e for e in entries if e.family == family and not e.why]
            usable = self.usable(q, spec, headless, group)
            for e in group:
                if e not in usable and not e.why:
                    self.blame(e)
        return entries

    def no_host(self, q, service, headless):
        try:
            self.entries(q, service, headless)
        except Failed as failed:  # two mistakes: either may be told
            raise Undecided() from failed
        raise Failed("SVC_ENOSERVICE")

    def local(self, q, spec, headless):
        """2.9 rule 15, 2.11, 7 and 4."""
        return (spec.get("internalTrafficPolicy") == "Local" and q.node
                and not headless and not q.host)

    def zone(self, q):
        """What was said, else that of the caller's Node."""
        if q.zone or not q.node:
            return q.zone
        labels = [node["metadata"].get("labels") or {}
                  for (_, name), node in self.nodes.items() if name == q.node]
        return labels[0].get("topology.kubernetes.io/zone") if labels else None

    def usable(self, q, spec, headless, group):
        """What CategorizeEndpoints of kube-proxy leaves: 2.9 rules 7, 13."""
        if self.local(q, spec, headless):
            group = [e for e in group if e.node == q.node]
        ready = [e for e in group if e.ready]
        if not ready:
            return [e for e in group if e.fallback]
        if q.host or spec.get("internalTrafficPolicy") == "Local" \
                and not headless:
            return ready
        for hints, mine, word in (("nodes", q.node, "other-node"),
                                  ("zones", self.zone(q), "other-zone")):
            if mine and all(getattr(e, hints) for e in ready):
                here = [e for e in ready if mine in getattr(e, hints)]
                if here:
                    for e in ready:
                        if e not in here:
                            e.why.add(word)
                    return here
        return ready

    def blame(self, e):
        """Why an endpoint of the right port, family and place is not used."""
        if e.ready:
            e.why.add("not-local")
        else:
            e.why.add("terminating" if e.terminating else "not-ready")

    def plain(self, address, port, protocol):
        return Entry({"addresses": [address]}, {"metadata": {}}, protocol,
                     port)

    def outer(self, q, addresses, port, protocol):
        """Addresses that are no pods: by family and by the filter."""
        entries = [self.plain(a, port, protocol) for a in addresses]
        for e in entries:
            if q.family not in ("any", e.family.lower()):
                e.why.add("wrong-family")
            if refused(e.address, q.allow):
                e.why.add("refused-address")
        return entries

    def vip(self, q, service, headless):
        if headless or q.host:
            raise Failed("SVC_ENOTSUP")
        spec = service["spec"]
        port = self.service_port(q, service)
        ips = spec.get("clusterIPs") or [spec.get("clusterIP")]
        return self.outer(q, [i for i in ips if i], port.number, port.protocol)

    # 2.6
    def node(self, q, service, headless):
        spec = service["spec"]
        if spec.get("type") not in ("NodePort", "LoadBalancer") or q.host:
            raise Failed("SVC_ENOTSUP")
        port = self.service_port(q, service)
        if not port.node_port:
            raise Failed("SVC_ENOTSUP")
        found = []
        families = spec.get("ipFamilies") or ["IPv4", "IPv6"]
        for (_, name), node in sorted(self.nodes.items()):
            status = node["status"]
            for family in ("IPv4", "IPv6"):
                address = self.address_of(status, family)
                if not address:
                    continue
                [e] = self.outer(q, [address], port.node_port, port.protocol)
                found.append(e)
                if family not in families:
                    e.why.add("wrong-family")
                if not any(c["type"] == "Ready" and c["status"] == "True"
                           for c in status.get("conditions") or []):
                    e.why.add("not-ready")
                elif spec.get("externalTrafficPolicy") == "Local" and \
                        not self.hosts(q, service, name, family):
                    e.why.add("not-local")
        return found

    def address_of(self, status, family):
        for kind in ("InternalIP", "ExternalIP"):
            for a in status.get("addresses") or []:
                if a["type"] == kind and \
                        (":" in a["address"]) == (family == "IPv6"):
                    return a["address"]
        return None

    def hosts(self, q, service, node, family):
        """Whether a Node has an endpoint that kube-proxy there would use."""
        families = service["spec"].get("ipFamilies") or [family]
        entries = [e for e in self.entries(q, service, False) if e.has_port
                   and e.family == family and family in families]
        self.duplicates(entries)
        return any(e.node == node and not e.why and (e.ready or e.fallback)
                   and not one_of(NEVER, e.ip) for e in entries)

    # 2.7
    def lb(self, q, service, headless):
        if service["spec"].get("type") != "LoadBalancer" or q.host:
            raise Failed("SVC_ENOTSUP")
        port = self.service_port(q, service)
        status = (service.get("status") or {}).get("loadBalancer") or {}
        ingress = status.get("ingress") or []
        good = [i for i in ingress if not any(
            p.get("error") and p["port"] == port.number and
            p["protocol"] == port.protocol for p in i.get("ports") or [])]
        if not good:
            raise Failed("SVC_EPENDING")
        if "hostname" in good[0]:  # outside, as in 2.8
            raise Failed("SVC_EALIAS")
        return self.outer(q, [i["ip"] for i in good], port.number,
                          port.protocol)
