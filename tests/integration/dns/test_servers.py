# SPDX-License-Identifier: Apache-2.0
"""The servers of tests/dns publish the scenario as cluster DNS would, and what
they differ in is known. The library has no part in this."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../dns"))
import ask
import scenario
import servers

WORLD = scenario.services()
DEV = "dev.svc.cluster.local"
PODS = sorted(p.addresses[0] for p in scenario.PODS)


class Answers:
    """What all servers answer alike."""
    zones = scenario.zones(WORLD)

    def ask(self, name, kind="A", tcp=False):
        return ask.ask(self.server.port, name, kind, tcp)

    def test_services(self):
        for name, kind, expected in (
                (f"nginx-service.{DEV}", "A", ["10.96.162.201"]),
                (f"svc-nginx.{DEV}", "A", PODS),
                (f"stateful-nginx-1.svc-nginx.{DEV}", "A", ["10.244.1.18"]),
                (f"twins.{DEV}", "AAAA", ["fd00:96::210"]),
                (f"_http._tcp.nginx-service.{DEV}", "SRV",
                 [f"0 100 80 nginx-service.{DEV}."]),
                (f"svc-nginx.{DEV}", "SRV",
                 [f"0 33 80 stateful-nginx-{i}.svc-nginx.{DEV}."
                  for i in range(3)]),
                (f"google-service.{DEV}", "CNAME", ["www.google.com."]),
                ("www.google.com", "AAAA", ["2001:db8::10"]),
                ("dns-version.cluster.local", "TXT", ["1.1.0"]),
                ("18.2.244.10.in-addr.arpa", "PTR",
                 [f"stateful-nginx-0.svc-nginx.{DEV}."]),
                (f"zone-a.pin._zone.svc-nginx.{DEV}", "A",
                 ["10.244.1.18", "10.244.1.19"]),
                (f"zone-x.prefer._zone.svc-nginx.{DEV}", "A", PODS),
                ("svc-nginx.dev.svc.clusterset.local", "A", PODS)):
            with self.subTest(name=name, kind=kind):
                answer = self.ask(name, kind)
                self.assertEqual((answer.rcode, answer.data(kind)),
                                 ("NOERROR", expected))

    def test_negative(self):
        for name, kind, rcode in (
                (f"nothing.{DEV}", "A", "NXDOMAIN"),
                (f"asleep.{DEV}", "A", "NXDOMAIN"),
                (f"nginx-service.{DEV}", "AAAA", "NOERROR"),
                (DEV, "A", "NOERROR"),
                (f"zone-x.pin._zone.svc-nginx.{DEV}", "A", "NOERROR"),
                (f"x.pin._zone.nginx-service.{DEV}", "A", "NXDOMAIN")):
            with self.subTest(name=name, kind=kind):
                answer = self.ask(name, kind)
                self.assertEqual((answer.rcode, answer.answer), (rcode, []))
                # The last number is the negative TTL (RFC 2308).
                self.assertRegex(answer.authority[0][2], " 5$")

    def test_unknown_zone(self):
        self.assertEqual(self.ask("www.example.org").rcode, "REFUSED")

    def test_glue(self):
        answer = self.ask(f"_http._tcp.svc-nginx.{DEV}", "SRV")
        addresses = [data for owner, kind, data in answer.additional
                     if kind == "A" and "svc-nginx" in owner]
        self.assertEqual(sorted(addresses), PODS)

    def test_many(self):
        for count, kind in ((30, "SRV"), (300, "A"), (4000, "A")):
            name = f"many-{count}.{DEV}"
            self.assertTrue(self.ask(name, kind).is_cut)
            answer = self.ask(name, kind, tcp=True)
            self.assertFalse(answer.is_cut)
            self.assertEqual(len(set(answer.data(kind))), count)

    def test_too_many(self):
        answer = self.ask(f"too-many.{DEV}", tcp=True)
        self.assertEqual((answer.rcode, answer.is_cut, len(answer.answer)),
                         self.too_many)

    def test_change(self):
        name = f"moved.{DEV}"
        world = WORLD + [scenario.Service(
            "moved", "ClusterIP", (scenario.HTTP,), ("10.96.0.99",))]
        self.assertEqual(self.ask(name).rcode, "NXDOMAIN")
        self.server.update(scenario.zones(world, serial=2))
        self.assertEqual(self.ask(name).data("A"), ["10.96.0.99"])
        self.server.update(scenario.zones(WORLD, serial=3))
        self.assertEqual(self.ask(name).rcode, "NXDOMAIN")


class TestKnot(Answers, servers.ServerTest):
    kind = servers.Knot
    too_many = ("SERVFAIL", False, 0)

    def test_alias_stays_in_its_zone(self):
        answer = self.ask(f"google-service.{DEV}")
        self.assertEqual([r[1] for r in answer.answer], ["CNAME"])


class TestNsd(Answers, servers.ServerTest):
    kind = servers.Nsd
    too_many = ("NOERROR", True, 0)


class TestCoreDns(Answers, servers.ServerTest):
    kind = servers.CoreDns
    too_many = ("NOERROR", True, 4092)

    def test_alias_is_completed(self):
        answer = self.ask(f"google-service.{DEV}")
        self.assertEqual(answer.data("A"), ["203.0.113.10", "203.0.113.11"])

    def test_special(self):
        for name, kind, rcode, addresses in (
                ("broken", "A", "SERVFAIL", []),
                ("_http._tcp.broken", "SRV", "SERVFAIL", []),
                ("refused", "AAAA", "REFUSED", []),
                ("half", "A", "NOERROR", ["10.96.0.77"]),
                ("half", "AAAA", "SERVFAIL", []),
                ("brief", "A", "NOERROR", ["10.96.0.78"])):
            with self.subTest(name=name, kind=kind):
                answer = self.ask(f"{name}.{DEV}", kind)
                self.assertEqual((answer.rcode, answer.data(kind)),
                                 (rcode, addresses))


class TestStopped(unittest.TestCase):
    def test_a_server_that_cannot_start_says_why(self):
        class Wrong(servers.Knot):
            def config(self):
                return "nonsense\n"
        if not Wrong.find():
            self.skipTest("no knotd here")
        server = Wrong({})
        self.addCleanup(server.stop)
        server.zones = {"a": "a. 5 IN SOA a. a. 1 2 3 4 5\n"}
        with self.assertRaisesRegex(AssertionError, "knotd ended"):
            server.start()


if __name__ == "__main__":
    servers.main()
