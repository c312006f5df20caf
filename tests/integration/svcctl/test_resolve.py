# SPDX-License-Identifier: Apache-2.0
"""svcctl resolve: answers, forms of output, exit statuses."""
import json
import unittest

from svcctl import (MANIFESTS, Svcctl, endpoint, endpoint_slice, pod, service,
                    text_of)

PODS = ["10.244.1.18", "10.244.1.19", "10.244.2.18"]
NODES = ["172.18.0.2", "172.18.0.3", "172.18.0.4", "172.18.0.5"]
FIELDS = """schema name service namespace type view source stale age_ms ttl_ms
    generation canonical session_affinity endpoints""".split()
ENDPOINT = """address port protocol family hostname pod uid node zone ready
    serving terminating app_protocol weight usable why""".split()


class TestExamples(Svcctl):
    """The scenario of examples/manifests."""

    def resolve(self, *arguments):
        answer = self.json("resolve", "-f", MANIFESTS, *arguments)
        self.assertEqual(list(answer), FIELDS)
        for e in answer["endpoints"]:
            self.assertEqual(list(e), ENDPOINT)
        return answer

    def test_every_field(self):
        answer = self.resolve("stateful-nginx-1.svc-nginx.dev:80")
        uid = answer["endpoints"][0]["uid"]
        self.assertRegex(uid, r"^[0-9a-f-]{36}$")
        self.assertGreaterEqual(answer["age_ms"], 0)
        self.assertEqual(answer, {
            "schema": "svcctl.resolve/1",
            "name": "stateful-nginx-1.svc-nginx.dev:80",
            "service": "svc-nginx", "namespace": "dev", "type": "Headless",
            "view": "pods", "source": "file", "stale": False,
            "age_ms": answer["age_ms"], "ttl_ms": None, "generation": 1,
            "canonical": "stateful-nginx-1.svc-nginx.dev.svc.cluster.local",
            "session_affinity": "None",
            "endpoints": [{
                "address": "10.244.1.18", "port": 80, "protocol": "TCP",
                "family": "IPv4", "hostname": "stateful-nginx-1",
                "pod": "dev/stateful-nginx-1", "uid": uid,
                "node": "dev-worker", "zone": "zone-a", "ready": True,
                "serving": True, "terminating": False, "app_protocol": None,
                "weight": 1, "usable": True, "why": []}]})

    def test_scenario(self):
        for name, view, kind, want in (
                ("nginx-service.dev:80", "pods", "ClusterIP", PODS),
                ("nginx-service.dev:http", "vip", "ClusterIP",
                 ["10.96.162.201"]),
                ("svc-nginx.dev", "auto", "Headless", PODS),
                ("nginx-nodeport.dev:80", "node", "NodePort", NODES),
                ("nginx-nodeport-local.dev:80", "node", "NodePort",
                 ["172.18.0.3", "172.18.0.4"]),
                ("nginx-lb.dev:80", "lb", "LoadBalancer", ["172.18.0.240"]),
                ("nginx-alias.dev:80", "auto", "ExternalName", PODS)):
            with self.subTest(name=name):
                answer = self.resolve(name, "--view", view)
                self.assertEqual(self.addresses(answer), want)
                self.assertEqual(answer["type"], kind)

    def test_node_ports(self):
        answer = self.resolve("nginx-nodeport.dev:80", "--view=node")
        self.assertEqual({e["port"] for e in answer["endpoints"]}, {30002})
        self.assertEqual(answer["view"], "node")

    def test_alias(self):
        answer = self.resolve("nginx-alias.dev:80")
        self.assertEqual(answer["service"], "nginx-alias")
        self.assertEqual(answer["canonical"],
                         "nginx-service.dev.svc.cluster.local")

    def test_literal(self):
        answer = self.resolve("[2001:db8:0::1]:443")
        self.assertEqual(answer["type"], "Literal")
        for field in ("service", "namespace", "view"):
            self.assertIsNone(answer[field])
        self.assertEqual(self.addresses(answer), ["2001:db8::1"])
        self.assertEqual(answer["endpoints"][0]["family"], "IPv6")
        self.assertIsNone(answer["endpoints"][0]["ready"])

    def test_callers_namespace(self):
        self.assertEqual(self.addresses(self.resolve("svc-nginx", "-n",
                                                     "dev")), PODS)

    def test_name_form(self):
        self.assertEqual(self.lines("resolve", "-f", MANIFESTS, "-o", "name",
                                    "nginx-nodeport.dev:80", "--view=node"),
                         [f"{a}:30002" for a in NODES])

    def test_table(self):
        lines = self.lines("resolve", "-f", MANIFESTS, "svc-nginx.dev:80")
        self.assertEqual(lines[0].split(), "ADDRESS PORT PROTO TYPE TTL READY "
                         "POD NODE ZONE".split())
        self.assertEqual(lines[1].split(), [
            "10.244.1.18", "80", "TCP", "Headless", "-", "yes",
            "dev/stateful-nginx-1", "dev-worker", "zone-a"])
        self.assertEqual(len(lines), 4)
        at = lines[0].index("NODE")
        self.assertTrue(all(line[at:].startswith("dev-w")
                            for line in lines[1:]))
        bare = self.lines("resolve", "-f", MANIFESTS, "svc-nginx.dev:80",
                          "--no-headers")
        self.assertEqual([b.split() for b in bare],
                         [line.split() for line in lines[1:]])

    def test_wide(self):
        lines = self.lines("resolve", "-f", MANIFESTS, "svc-nginx.dev:80",
                           "-o", "wide")
        self.assertGreater(len(lines[0].split()), 10)
        self.assertEqual(lines[1].split()[lines[0].split().index("SOURCE")],
                         "file")
        self.assertIn("stateful-nginx-2", lines[2].split())


class TestSeveral(Svcctl):
    def test_names(self):
        names = ["svc-nginx.dev:80", "no-such.dev:80", "nginx-lb.dev:81",
                 "nginx-lb.dev:80", "google-service.dev:80"]
        outside = ("SVC_EALIAS", 4) if self.dns() else ("SVC_ENOTSUP", 2)
        done = self.run_svcctl("resolve", "-f", MANIFESTS, "-o", "json",
                               *self.dns(), *names)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([a["name"] for a in answers], names)
        self.assertEqual([a.get("code") for a in answers],
                         [None, "SVC_ENOSERVICE", "SVC_ENOPORT", None,
                          outside[0]])
        self.assertEqual([a.get("exit") for a in answers],
                         [None, 3, 3, None, outside[1]])
        self.assertEqual(done.returncode, max(3, outside[1]))
        for a in answers:
            self.assertIn(a.get("message", ""), done.stderr)

    def test_table(self):
        done = self.run_svcctl("resolve", "-f", MANIFESTS, "svc-nginx.dev:80",
                               "no-such.dev", "nginx-alias.dev:80")
        lines = done.stdout.splitlines()
        self.assertEqual(done.returncode, 3)
        self.assertEqual(lines[0].split()[:2], ["NAME", "ADDRESS"])
        self.assertEqual([line.split()[0] for line in lines[1:]],
                         ["svc-nginx.dev:80"] * 3 + ["nginx-alias.dev:80"] * 3)

    def test_no_resolver(self):
        done = self.run_svcctl("resolve", "a", "b", "-b", "apiserver", "-o",
                               "json")
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(a["name"], a["code"]) for a in answers],
                         [("a", "SVC_ENOTSUP"), ("b", "SVC_ENOTSUP")])
        self.assertEqual(done.returncode, 2)


class TestExits(Svcctl):
    """One case for each row of the table of exit statuses."""

    def exit_of(self, *arguments, **more):
        done = self.run_svcctl("resolve", "-o", "json", *arguments, **more)
        answer = json.loads(done.stdout)
        if answer["schema"] == "svcctl.error/1":
            self.assertEqual(answer["exit"], done.returncode)
            self.assertTrue(answer["message"])
            self.assertIn(answer["message"], done.stderr)
        return done.returncode, answer.get("code")

    def test_answers(self):
        for arguments, exit_status, code in (
                (["svc-nginx.dev:80"], 0, None),
                (["svc..dev"], 2, "SVC_ENAME"),
                (["svc-nginx.dev:0"], 2, "SVC_ENAME"),
                (["svc-nginx.dev:80", "--view=vip"], 2, "SVC_ENOTSUP"),
                (["svc-nginx.dev:80", "--view=best"], 2, "SVC_EINVAL"),
                (["none.dev:80"], 3, "SVC_ENOSERVICE"),
                (["nobody.svc-nginx.dev:80"], 3, "SVC_ENOSERVICE"),
                (["nginx-service.dev:81"], 3, "SVC_ENOPORT"),
                (["svc-nginx.dev:80", "--family=ipv6"], 4,
                 "SVC_ENOENDPOINTS"),
                (["nginx-alias.dev:80", "--externalname=refuse"], 4,
                 "SVC_EALIAS"),
        ):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.exit_of("-f", MANIFESTS, *arguments),
                                 (exit_status, code))

    def test_files(self):
        for arguments in (["-f", self.folder + "/none.yaml"],
                          ["-f", "/dev/null"], ["-f", "/proc/self/mem"]):
            exit_status, code = self.exit_of("web.shop", "-t", "2s",
                                             *arguments)
            self.assertEqual((exit_status, code), (2, "SVC_EFILE"), arguments)

    def test_pending(self):
        path = self.write(service("web", type="LoadBalancer"))
        self.assertEqual(self.exit_of("-f", path, "web.shop", "--view=lb"),
                         (4, "SVC_EPENDING"))

    def test_several_ports(self):
        path = self.write(service("web", ports=[
            {"name": "a", "port": 1}, {"name": "b", "port": 2}]))
        self.assertEqual(self.exit_of("-f", path, "web.shop"),
                         (2, "SVC_EINVAL"))


class TestAll(Svcctl):
    """Endpoints that are not used, and why."""

    def setUp(self):
        super().setUp()
        self.path = self.write(
            service("web"),
            endpoint_slice("web", [
                endpoint("10.0.0.9"), endpoint("10.0.0.2", ready=False),
                endpoint("10.0.0.3", ready=False, serving=True,
                         terminating=True),
                endpoint("10.0.0.1")]))

    def test_order_and_reasons(self):
        answer = self.json("resolve", "-f", self.path, "web.shop", "--all")
        self.assertEqual(
            [(e["address"], e["usable"], e["why"])
             for e in answer["endpoints"]],
            [("10.0.0.1", True, []), ("10.0.0.9", True, []),
             ("10.0.0.2", False, ["not-ready"]),
             ("10.0.0.3", False, ["terminating"])])
        self.assertEqual(self.addresses(
            self.json("resolve", "-f", self.path, "web.shop")),
            ["10.0.0.1", "10.0.0.9"])

    def test_table(self):
        lines = self.lines("resolve", "-f", self.path, "web.shop", "--all")
        self.assertEqual(lines[0].split()[-1], "WHY-NOT")
        self.assertEqual([line.split()[-1] for line in lines[1:]],
                         ["-", "-", "not-ready", "terminating"])

    def test_none_usable(self):
        path = self.write(service("web"), endpoint_slice(
            "web", [endpoint("10.0.0.2", ready=False)]))
        done = self.run_svcctl("resolve", "-f", path, "web.shop", "--all",
                               "-o", "json")
        answer = json.loads(done.stdout)
        self.assertEqual(done.returncode, 4)
        self.assertEqual(answer["schema"], "svcctl.resolve/1")
        self.assertEqual(self.addresses(answer), ["10.0.0.2"])
        self.assertTrue(done.stderr.startswith("svcctl: "))
        done = self.run_svcctl("resolve", "-f", path, "web.shop", "-o", "json")
        self.assertEqual(json.loads(done.stdout)["code"], "SVC_ENOENDPOINTS")


class TestInput(Svcctl):
    def objects(self):
        return (service("web"), endpoint_slice("web", [
            endpoint("10.0.0.1", targetRef=pod("web-0"), nodeName="n1"),
            endpoint("10.0.0.2")]))

    def test_standard_input(self):
        out = self.lines("resolve", "-f", "-", "web.shop:http", "-o", "name",
                         stdin=text_of(*self.objects()))
        self.assertEqual(out, ["10.0.0.1:8080", "10.0.0.2:8080"])

    def test_empty_standard_input(self):
        err = self.refused("resolve", "-f", "-", "web.shop", exit_status=3)
        self.assertIn("web", err)

    def test_several_files(self):
        web, endpoints = self.objects()
        a = self.write(web, name="a.json")
        b = self.write(endpoints, name="b.json")
        self.assertEqual(self.lines("resolve", "-f", a, "-f", b, "web.shop",
                                    "-o", "name"),
                         ["10.0.0.1:8080", "10.0.0.2:8080"])

    def test_refused_is_told(self):
        """What was left out is said, and the log says what it was."""
        bad = endpoint_slice("web", [{"addresses": "10.0.0.3"}], suffix="2")
        path = self.write(*self.objects(), bad)
        for arguments, words in (([], "malformed: 1 objects, 0 files"),
                                 (["-v"], "shop/web-2: endpoints[0].addr")):
            done = self.run_svcctl("resolve", "-f", path, "web.shop", "web",
                                   "-n", "shop", "-o", "name", *arguments)
            self.assertEqual(done.returncode, 0)
            self.assertEqual(len(done.stdout.splitlines()), 4)
            self.assertEqual(done.stderr.count(words), 1, done.stderr)

    def test_unknown_is_a_dash(self):
        path = self.write(*self.objects())
        lines = self.lines("resolve", "-f", path, "web.shop")
        self.assertEqual(lines[2].split(),
                         ["10.0.0.2", "8080", "TCP", "ClusterIP", "-", "yes", "-", "-", "-"])

    def test_ipv6(self):
        path = self.write(service("web"), endpoint_slice(
            "web", [endpoint("fd00::7")]), endpoint_slice(
                "web", [endpoint("10.0.0.1")], suffix="2"))
        self.assertEqual(self.lines("resolve", "-f", path, "web.shop", "-o",
                                    "name"),
                         ["10.0.0.1:8080", "[fd00::7]:8080"])

    def test_port_unknown(self):
        path = self.write(service("db", clusterIP="None", ports=[]),
                          endpoint_slice("db", [endpoint("10.0.0.1")],
                                         ports=[]))
        answer = self.json("resolve", "-f", path, "db.shop")
        self.assertIsNone(answer["endpoints"][0]["port"])
        self.assertEqual(self.lines("resolve", "-f", path, "db.shop", "-o",
                                    "name"), ["10.0.0.1"])


if __name__ == "__main__":
    unittest.main()
