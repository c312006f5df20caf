# SPDX-License-Identifier: Apache-2.0
"""What the right answer is, by others than the library: a few lines on the
API's objects, and the nftables rules that kube-proxy made of the same. A set
of (address, port); for simple Services, with one port of a number."""
import json
import os
import subprocess

import namespace

LABEL = "kubernetes.io/service-name"


def name_of(o):
    return o["metadata"]["name"]


def is_ready_node(node):
    return any(c["type"] == "Ready" and c["status"] == "True"
               for c in node["status"]["conditions"])


def usable(endpoints):
    """The ready ones; if none is, those that still serve while they end."""
    def condition(e, field, default):
        value = (e.get("conditions") or {}).get(field)
        return default if value is None else value
    ready = [e for e in endpoints if condition(e, "ready", True)]
    return ready or [e for e in endpoints if condition(e, "serving", True)
                     and condition(e, "terminating", False)]


def pods(service, port, objects, host=None):
    """[(endpoint, its port's number)]. Usable is told over all slices."""
    slices = [o for o in objects if o["kind"] == "EndpointSlice" and
              (o["metadata"].get("labels") or {}).get(LABEL) ==
              name_of(service)]
    found = [(e, p["port"]) for s in slices for e in s["endpoints"] or []
             for p in s["ports"] or []
             if (p.get("name") or "") == (port.get("name") or "")
             and host in (None, e.get("hostname"))]
    good = [id(e) for e in usable([e for e, _ in found])]
    return [(e, number) for e, number in found if id(e) in good]


def node_addresses(service, port, objects):
    nodes = {name_of(o): o for o in objects
             if o["kind"] == "Node" and is_ready_node(o)}
    if service["spec"].get("externalTrafficPolicy") == "Local":
        local = {e.get("nodeName") for e, _ in pods(service, port, objects)}
        nodes = {name: nodes[name] for name in nodes if name in local}
    return {a["address"] for node in nodes.values()
            for a in node["status"]["addresses"] if a["type"] == "InternalIP"}


def expected(objects, name, number, view, host=None):
    """The set of one view (vip, pods, node, lb) of Service NAME's port."""
    [service] = [o for o in objects if o["kind"] == "Service"
                 and name_of(o) == name]
    spec = service["spec"]
    [port] = [p for p in spec["ports"] if p["port"] == number]
    if view == "vip":
        return {(ip, number) for ip in spec["clusterIPs"]}
    if view == "pods":
        return {(a, target) for e, target in
                pods(service, port, objects, host) for a in e["addresses"]}
    if view == "node":
        return {(a, port["nodePort"])
                for a in node_addresses(service, port, objects)}
    ingress = service["status"]["loadBalancer"].get("ingress") or []
    return {(i["ip"], number) for i in ingress}


def table():
    """The chains, {name: rules}, and the maps, {name: elements}, of
    kube-proxy's table for IPv4, in the network of this process."""
    out = subprocess.run(
        ["nft", "-j", "list", "table", "ip", "kube-proxy"], check=True,
        capture_output=True, text=True,
        env={**os.environ, "PATH": namespace.PATH}).stdout
    chains, maps = {}, {}
    for o in json.loads(out)["nftables"]:
        if "rule" in o:
            chains.setdefault(o["rule"]["chain"], []).append(o["rule"]["expr"])
        if "map" in o:
            maps[o["map"]["name"]] = o["map"].get("elem", [])
    return chains, maps


def targets(found):
    """The chains that a part of a rule goes to, wherever it stands in it."""
    if isinstance(found, list):
        return [t for one in found for t in targets(one)]
    if not isinstance(found, dict):
        return []
    return [t for key, value in found.items() for t in
            ([value["target"]] if key in ("goto", "jump") and value
             else targets(value))]


def destinations(dnat):
    """One address and port, or a random one of several."""
    if "port" in dnat:
        return {(dnat["addr"], dnat["port"])}
    return {tuple(pair["concat"]) for _, pair in
            dnat["addr"]["map"]["data"]["set"]}


def proxied(address, number, map_name="service-ips"):
    """Where kube-proxy sends what is for a ClusterIP's port; with the map
    "service-nodeports" and no address, for a node's port."""
    chains, maps = table()
    # Without /etc/protocols nft has a number for the protocol.
    keys = [[address, tcp, number] if address else [tcp, number]
            for tcp in ("tcp", 6)]
    todo = [chain for where, verdict in maps[map_name]
            if where.get("concat") in keys for chain in targets(verdict)]
    found, seen = set(), set()
    while todo:
        chain = todo.pop()
        # Marks for masquerading are the same for all, and lead nowhere.
        if chain in seen or chain not in chains:
            continue
        seen.add(chain)
        for rule in chains[chain]:
            found.update(*(destinations(e["dnat"]) for e in rule
                           if "dnat" in e))
            todo += targets(rule)
    return found
