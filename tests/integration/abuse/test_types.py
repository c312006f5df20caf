# SPDX-License-Identifier: Apache-2.0
"""Each field of a good manifest, replaced by what does not belong there. A
field that is used refuses its object, or takes the value; a field that nobody
uses changes nothing; other objects count all the same (semantics 2.11, 13)."""
import copy
import json
import re
import unittest

import abuse

DEEP = "{\"deep\":" * 40 + "1" + "}" * 40
# A value as JSON text, and the kinds of field that can hold it.
VALUES = {"null": "absent", "true": "bool", "1": "port", "-1": "", "0": "zero",
          "70000": "", "1.5": "", "1e400": "", "99999999999999999999": "",
          "\"x\"": "label text", "\"\"": "empty text", "\"x y\"": "text",
          "\"a\\u001bb\"": "text", "\"a\\u0000b\"": "", "\"\\ud800\"": "",
          "[]": "list", "[1]": "", "[null]": "", "{}": "object",
          "{\"a\":1}": "object"}

SERVICE = abuse.service(
    "web", type="LoadBalancer", clusterIPs=["10.96.0.1"], ipFamilies=["IPv4"],
    selector={"app": "web"}, internalTrafficPolicy="Cluster",
    externalTrafficPolicy="Cluster", sessionAffinity="None", healthPort=1,
    ports=[{"name": "http", "port": 80, "nodePort": 30080, "protocol": "TCP",
            "appProtocol": "http", "targetPort": "web"}])
SERVICE["status"] = {"loadBalancer": {"ingress": [{
    "ip": "203.0.113.1", "ipMode": "VIP",
    "ports": [{"port": 80, "protocol": "TCP", "error": "none"}]}]}}
PIECE = abuse.piece("web", ["10.0.0.1"])
PIECE["metadata"]["resourceVersion"] = "7"
PIECE["metadata"]["annotations"] = {"a": "b"}
PIECE["ports"][0].update(protocol="TCP", appProtocol="http")
PIECE["endpoints"][0].update(
    conditions={"ready": True, "serving": True, "terminating": False},
    hostname="web-0", nodeName="web-n", zone="za",
    hints={"forZones": [{"name": "za"}], "forNodes": [{"name": "web-n"}]},
    targetRef={"kind": "Pod", "namespace": "shop", "name": "web-0",
               "uid": "u-1", "fieldPath": "spec"})
NODE = {"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": "web-n", "labels": {
            "topology.kubernetes.io/zone": "za"}},
        "status": {"addresses": [{"type": "InternalIP",
                                  "address": "172.16.0.1"}],
                   "conditions": [{"type": "Ready", "status": "True"}],
                   "capacity": {"pods": "110"}}}
OBJECTS = [SERVICE, PIECE, NODE]

# Fields that nobody uses, and what the used ones may hold.
FREE = re.compile(r"targetPort|selector\.|healthPort|ipMode|annotations|"
                  r"fieldPath|capacity")
KINDS = {
    "Service": {
        "metadata": "", "metadata.name": "label",
        "metadata.namespace": "absent label empty", "spec": "",
        "spec.clusterIP": "absent empty", "spec.ports": "",
        "spec.ports[0]": "", "spec.ports[0].name": "absent label empty",
        "spec.ports[0].port": "port", "spec.ports[0].nodePort":
        "absent port zero", "spec.ports[0].protocol": "absent empty",
        "spec.ports[0].appProtocol": "absent text",
        "spec.type": "absent empty", "spec.clusterIPs": "absent list",
        "spec.clusterIPs[0]": "", "spec.ipFamilies": "absent list",
        "spec.ipFamilies[0]": "", "spec.selector": "absent object",
        "spec.internalTrafficPolicy": "absent empty",
        "spec.externalTrafficPolicy": "absent empty",
        "spec.sessionAffinity": "absent empty", "status": "absent object",
        "status.loadBalancer": "absent object",
        "status.loadBalancer.ingress": "absent list",
        "status.loadBalancer.ingress[0]": "object",
        "status.loadBalancer.ingress[0].ip": "absent empty",
        "status.loadBalancer.ingress[0].ports": "absent list",
        "status.loadBalancer.ingress[0].ports[0]": "",
        "status.loadBalancer.ingress[0].ports[0].port": "port",
        "status.loadBalancer.ingress[0].ports[0].protocol": "absent empty",
        "status.loadBalancer.ingress[0].ports[0].error": "absent text"},
    "EndpointSlice": {
        "metadata": "", "metadata.name": "label",
        "metadata.namespace": "absent label empty",
        "metadata.labels": "absent object",
        f"metadata.labels.{abuse.LABEL}": "absent label empty",
        "metadata.resourceVersion": "absent text", "addressType": "",
        "ports": "absent list", "ports[0]": "object",
        "ports[0].name": "absent label empty",
        "ports[0].port": "absent port zero", "ports[0].protocol": "absent",
        "ports[0].appProtocol": "absent label empty",
        "endpoints": "absent list", "endpoints[0]": "",
        "endpoints[0].addresses": "", "endpoints[0].addresses[0]": "",
        "endpoints[0].conditions": "absent object",
        "endpoints[0].conditions.ready": "absent bool",
        "endpoints[0].conditions.serving": "absent bool",
        "endpoints[0].conditions.terminating": "absent bool",
        "endpoints[0].hostname": "absent label empty",
        "endpoints[0].nodeName": "absent label empty",
        "endpoints[0].zone": "absent label empty",
        "endpoints[0].hints": "absent object",
        "endpoints[0].hints.forZones": "absent list",
        "endpoints[0].hints.forZones[0]": "object",
        "endpoints[0].hints.forZones[0].name": "absent label empty",
        "endpoints[0].hints.forNodes": "absent list",
        "endpoints[0].hints.forNodes[0]": "object",
        "endpoints[0].hints.forNodes[0].name": "absent label empty",
        "endpoints[0].targetRef": "absent object",
        "endpoints[0].targetRef.kind": "absent text",
        "endpoints[0].targetRef.namespace": "absent label empty",
        "endpoints[0].targetRef.name": "absent label empty",
        "endpoints[0].targetRef.uid": "absent text"},
    "Node": {
        "metadata": "", "metadata.name": "label",
        "metadata.labels": "absent object",
        "metadata.labels.topology.kubernetes.io/zone": "absent text",
        "status": "absent object", "status.addresses": "absent list",
        "status.addresses[0]": "object",
        "status.addresses[0].type": "absent text",
        "status.addresses[0].address": "absent empty",
        "status.conditions": "absent list",
        "status.conditions[0]": "object",
        "status.conditions[0].type": "absent text",
        "status.conditions[0].status": "absent text"}}


def paths(value, at=()):
    """The way to every value inside."""
    keys = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, inner in keys:
        yield at + (key,)
        yield from paths(inner, at + (key,))


def spelt(path):
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}"
                   for p in path)[1:]


def replaced(thing, path, text):
    """The JSON text of thing, with text at that place."""
    thing = copy.deepcopy(thing)
    inner = thing
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = "@here@"
    return json.dumps(thing).replace('"@here@"', text)


def variants():
    """(kind, path, value, text of the object) for each replacement."""
    for thing in OBJECTS:
        for path in paths(thing):
            if path[0] not in ("kind", "apiVersion"):
                for value in VALUES:
                    yield (thing["kind"], spelt(path), value,
                           replaced(thing, path, value))


def accepted(kind, path, value):
    if path not in KINDS[kind]:
        assert FREE.search(path), path
        return True
    return bool(set(KINDS[kind][path].split()) & set(VALUES[value].split()))


class TestTypes(abuse.Abuse):
    def group(self, members):
        """The text of many variants, each with a Service w0, w1, … ."""
        text = ""
        for i, (kind, _, _, changed) in enumerate(members):
            own = [changed] + [json.dumps(o) for o in OBJECTS
                               if o["kind"] != kind]
            text += "\n".join(own).replace('"web', f'"w{i}') + "\n"
        return text + abuse.text_of(*abuse.GOOD)

    def judge(self, member, answer):
        kind, path, value, _ = member
        said = answer.get("message", "")
        good = accepted(kind, path, value)
        if good:
            self.assertNotIn("was refused", said)
        elif kind == "Service":
            self.assertEqual(answer.get("code"), "SVC_EFILE")
            self.assertIn(path.split("[")[0], said)
        else:
            self.assertEqual(answer.get("code"), "SVC_ENOENDPOINTS")
            if "metadata.labels" not in path:  # whose slice is it?
                self.assertIn("was refused", said)
                self.assertIn(path.split("[")[0], said)
        if FREE.search(path):
            self.assert_answered(answer, "10.0.0.1")

    def ask(self, kinds, size):
        """Variants in files of that many: the answers, what -v says."""
        members = [v for v in variants() if v[0] in kinds and v[1] not in
                   ("metadata", "metadata.name", "metadata.namespace")]
        for start in range(0, len(members), size):
            part = members[start:start + size]
            path = self.write("types.json", self.group(part))
            names = [f"w{i}.shop" for i in range(len(part))] + ["good.shop"]
            answers, done = self.answers("-v", "-f", path, *names)
            self.assert_answered(answers[-1], "10.0.0.1")
            yield part, answers, done.err.decode()

    def test_one_object_is_refused_alone(self):
        for part, answers, _ in self.ask(("Service", "EndpointSlice"), 200):
            for i, member in enumerate(part):
                with self.subTest(member=member[:3]):
                    self.judge(member, answers[i])

    def test_nodes(self):
        """Few at a time: -v tells of ten objects."""
        for part, answers, words in self.ask(("Node",), 10):
            for i, (kind, path, value, _) in enumerate(part):
                with self.subTest(path=path, value=value):
                    self.assert_answered(answers[i], "10.0.0.1")
                    found = re.search(f"refused: document {3 * i + 1}: Node",
                                      words)
                    self.assertEqual(found is None,
                                     accepted(kind, path, value), words)

    def test_keys_given_twice(self):
        """Among the fields that are used; elsewhere it may pass (2.11, 15)."""
        for thing in OBJECTS[:2]:
            rest = [o for o in OBJECTS if o is not thing]
            for path in paths(thing):
                if isinstance(path[-1], int) or FREE.search(spelt(path)):
                    continue
                value = thing
                for key in path:
                    value = value[key]
                once = f'"{path[-1]}": "@@"'
                text = replaced(thing, path, '"@@"')
                self.assertIn(once, text)
                twice = once + ", " + once
                text = text.replace(once, twice).replace(
                    '"@@"', json.dumps(value))
                file = self.write("twice.json", text, "\n",
                                  abuse.text_of(*rest, *abuse.GOOD))
                with self.subTest(kind=thing["kind"], path=spelt(path)):
                    web, good = self.answers("-f", file, "web.shop",
                                             "good.shop")[0]
                    self.assert_answered(good, "10.0.0.1")
                    self.assertIn(web.get("code"), (
                        "SVC_EFILE", "SVC_ENOENDPOINTS"), web)

    def test_names_that_cannot_be_known(self):
        """Whose name is broken may be anybody."""
        for kind, path, value, changed in variants():
            if path not in ("metadata", "metadata.name") or \
                    kind != "Service" or value.startswith('"'):
                continue
            file = self.write("name.json", changed + "\n",
                              abuse.text_of(PIECE, *abuse.GOOD))
            if accepted(kind, path, value):
                continue
            with self.subTest(path=path, value=value):
                web, good = self.answers("-f", file, "web.shop",
                                         "good.shop")[0]
                self.assert_answered(good, "10.0.0.1")
                self.assertEqual(web.get("code"), "SVC_EFILE", web)

    def test_too_deep_refuses_the_file(self):
        """Also in fields that nobody uses; another file counts."""
        other = self.write("other.json", abuse.text_of(*abuse.GOOD))
        for thing in OBJECTS:
            for path in list(paths(thing))[::7]:
                file = self.write("deep.json", replaced(thing, path, DEEP))
                with self.subTest(path=spelt(path)):
                    web, good = self.answers("-f", file, "-f", other,
                                             "web.shop", "good.shop")[0]
                    self.assertEqual(web.get("code"), "SVC_EFILE")
                    self.assert_answered(good, "10.0.0.1")


if __name__ == "__main__":
    unittest.main()
