# SPDX-License-Identifier: Apache-2.0
"""One cluster by two sources: what svcctl learns from real DNS servers is what
it reads in the manifests, as far as DNS can know it, and a named error where
it cannot (semantics 2.3-2.8, 2.11)."""
import json
import os
import sys
import tempfile

HERE = os.path.dirname(__file__)
sys.path[:0] = [os.path.join(HERE, "../../dns"),
                os.path.join(HERE, "../svcctl")]
import scenario
import servers
from svcctl import Svcctl

WORLD = scenario.services()
ZONES = scenario.zones(WORLD)
# What DNS cannot tell apart, or not tell at all, is not compared.
BY_DNS = {"NodePort": "ClusterIP", "LoadBalancer": "ClusterIP"}
PODS = sorted(p.addresses[0] for p in scenario.PODS)
VIP = "10.96.162.201"
ALIAS = "nginx-service.dev.svc.cluster.local"

# Asked of both; the file backend is told to answer as DNS does (view vip).
SAME_VIP = """
nginx-service.dev:http nginx-service.dev:80 nginx-service.dev
_http._tcp.nginx-service.dev nginx-service.dev.svc.cluster.local.:80
nginx-nodeport.dev:http nginx-nodeport-local.dev:80 nginx-lb.dev:http
nginx-alias.dev:80 nginx-alias.dev:http alias-alias.dev:80
asleep-vip.dev:http web.shop:http
twins.dev:http twins.dev:80?family=ipv4 twins.dev:http?family=ipv6
twins.dev:53?proto=udp twins.dev:dns twins.dev:dns-tcp unnamed.dev:7000
unnamed.dev Nginx-Service.DEV:HTTP
""".split()
SAME_PODS = """
svc-nginx.dev:http svc-nginx.dev:80 svc-nginx.dev
_http._tcp.svc-nginx.dev.svc.cluster.local
stateful-nginx-1.svc-nginx.dev.svc.cluster.local:80
stateful-nginx-1.svc-nginx.dev:http stateful-nginx-2.svc-nginx.dev
alias-headless.dev:80 alias-headless.dev:http twins-headless.dev:http twins-headless.dev:metrics
twins-headless.dev:http?family=ipv6 twin-2.twins-headless.dev:metrics
many-30.dev:http many-30.dev:80 many-300.dev:http many-300.dev
many-4000.dev:80 many-4000.dev google-service.dev:443 10-1-2-3.dev.pod:80
""".split()

# NAME, options, the code by file, the code by DNS. "" is an answer.
CODES = (
    ("nothing.dev:80", "", "SVC_ENOSERVICE", "SVC_ENOSERVICE"),
    ("nobody.svc-nginx.dev:80", "", "SVC_ENOSERVICE", "SVC_ENOSERVICE"),
    ("svc-nginx.dev:nope", "", "SVC_ENOPORT", "SVC_ENOPORT"),
    ("nginx-service.dev:nope", "", "SVC_ENOPORT", "SVC_ENOPORT"),
    ("twins.dev", "", "SVC_EINVAL", "SVC_EINVAL"),
    ("twins-headless.dev", "", "SVC_EINVAL", "SVC_EINVAL"),
    ("circle-a.dev:80", "", "SVC_EALIAS", "SVC_EALIAS"),
    ("alias-nothing.dev:80", "", "SVC_EALIAS", "SVC_EALIAS"),
    # DNS has one word for "no such Service" and "nobody is ready".
    ("asleep.dev:http", "", "SVC_ENOENDPOINTS", "SVC_ENOSERVICE"),
    ("nginx-service.dev:80", "--view pods", "", "SVC_ENOTSUP"),
    ("nginx-nodeport.dev:80", "--view node", "", "SVC_ENOTSUP"),
    ("nginx-nodeport-local.dev:80", "--view node", "", "SVC_ENOTSUP"),
    ("nginx-lb.dev:80", "--view lb", "", "SVC_ENOTSUP"),
    ("svc-nginx.dev:80", "--view vip", "SVC_ENOTSUP", "SVC_ENOTSUP"),
)
EXIT = {"": 0, "SVC_ENOTSUP": 2, "SVC_EINVAL": 2, "SVC_ENOSERVICE": 3,
        "SVC_ENOPORT": 3, "SVC_ENOENDPOINTS": 4, "SVC_EALIAS": 4,
        "SVC_EUNREACH": 5, "SVC_ETIMEDOUT": 5, "SVC_ETOOBIG": 5}


def places(answer):
    return {(e["address"], e["port"]): e for e in answer["endpoints"]}


class Scenario:
    """What is so with every server."""
    zones = ZONES

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(place.cleanup)
        cls.manifests = os.path.join(place.name, "cluster.yaml")
        servers.replace(cls.manifests, scenario.manifests(WORLD))

    def by_file(self, *arguments, code=""):
        """The file backend too asks DNS for names outside the cluster."""
        return self.ask("-f", self.manifests, "--dns-server",
                        self.server.address, *arguments, code=code)

    def by_dns(self, *arguments, code=""):
        return self.ask("--dns-server", self.server.address, *arguments,
                        code=code)

    def ask(self, *arguments, code):
        """The answer, or the error object with that code."""
        # Trouble may end, so that it is waited for until the time is over.
        patience = ["-t", "2s"] if code == "SVC_EUNREACH" else []
        done = self.run_svcctl("resolve", *arguments, "-o", "json", *patience)
        answer = json.loads(done.stdout)
        self.assertEqual((answer.get("code", ""), done.returncode),
                         (code, EXIT[code]), done.stdout + done.stderr)
        return answer

    def addresses_by_dns(self, *arguments):
        return sorted(self.addresses(self.by_dns(*arguments)))

    def same(self, one, other):
        """By DNS as by file, and nothing that DNS cannot know."""
        for field in ("name", "service", "namespace", "canonical"):
            self.assertEqual(other[field], one[field], field)
        # A number costs no question of its own, and so shows no kind.
        self.assertIn(other["type"],
                      (BY_DNS.get(one["type"], one["type"]), "Unknown"))
        self.assertIn(other["view"], (one["view"], None))
        known, found = places(one), places(other)
        self.assertEqual(sorted(found, key=str), sorted(known, key=str))
        for place, ep in found.items():
            for field, value in ep.items():
                if value is not None:
                    self.assertEqual(value, known[place][field], field)

    def test_same_vip(self):
        for name in SAME_VIP:
            with self.subTest(name=name):
                self.same(self.by_file(name, "--view", "vip"),
                          self.by_dns(name))

    def test_same_pods(self):
        for name in SAME_PODS:
            with self.subTest(name=name):
                self.same(self.by_file(name), self.by_dns(name))

    def test_codes(self):
        for name, options, by_file, by_dns in CODES:
            with self.subTest(name=name, options=options):
                self.by_file(name, *options.split(), code=by_file)
                self.by_dns(name, *options.split(), code=by_dns)

    def test_head(self):
        answer = self.by_dns("svc-nginx.dev:http")
        self.assertEqual((answer["source"], answer["stale"], answer["type"],
                          answer["view"]), ("dns", False, "Headless", "pods"))
        self.assertTrue(0 < answer["ttl_ms"] <= 5000, answer["ttl_ms"])
        self.assertEqual([e["hostname"] for e in answer["endpoints"]],
                         ["stateful-nginx-1", "stateful-nginx-2",
                          "stateful-nginx-0"])
        answer = self.by_dns("nginx-service.dev:http")
        self.assertEqual((answer["type"], answer["view"]),
                         ("ClusterIP", "vip"))

    def test_namespace_and_view(self):
        self.assertEqual(self.addresses_by_dns("svc-nginx:80", "-n", "dev"),
                         PODS)
        self.assertEqual(self.addresses_by_dns(
            "nginx-service.dev:80", "--view", "vip"), [VIP])
        self.assertEqual(self.addresses_by_dns(
            "svc-nginx.dev:80", "--view", "pods"), PODS)

    def test_alias(self):
        answer = self.by_dns("alias-alias.dev:80")
        self.assertEqual((answer["service"], answer["canonical"],
                          answer["type"], self.addresses(answer)),
                         ("alias-alias", ALIAS, "ExternalName", [VIP]))
        answer = self.by_dns("google-service.dev:443")
        self.assertEqual((answer["canonical"], answer["type"]),
                         ("www.google.com", "ExternalName"))
        self.assertEqual(self.addresses(answer), list(scenario.WWW))

    def test_outside(self):
        for name in ("www.google.com.:443", "dns:///www.google.com:443",
                     "away.example.com.:443"):
            answer = self.by_dns(name)
            self.assertEqual((answer["type"], answer["view"],
                              answer["canonical"]),
                             ("External", None, "www.google.com"))
            self.assertEqual(self.addresses(answer), list(scenario.WWW))
        self.by_dns("nothing.example.com.:80", code="SVC_ENOSERVICE")
        self.by_dns("www.example.org.:80", code="SVC_EUNREACH")

    def test_long_chain(self):
        self.assertEqual(self.addresses_by_dns("chain-2.example.com.:80"),
                         ["203.0.113.21"])
        self.by_dns("chain-1.example.com.:80", code="SVC_EALIAS")

    def test_other_names(self):
        multi = "svc-nginx.dev.svc.clusterset.local:80"
        zonal = "_zone.svc-nginx.dev.svc.cluster.local:80"
        for name, expected in (
                (multi, PODS),
                ("stateful-nginx-1.west." + multi, ["10.244.1.18"]),
                ("zone-a.pin." + zonal, ["10.244.1.18", "10.244.1.19"]),
                ("zone-b.prefer." + zonal, ["10.244.2.18"]),
                ("zone-x.prefer." + zonal, PODS)):
            with self.subTest(name=name):
                self.assertEqual(self.addresses_by_dns(name), expected)
        self.by_dns("zone-x.pin." + zonal, code="SVC_ENOENDPOINTS")

    def test_callers_zone(self):
        """The pods of the caller's zone, where the server tells them apart;
        all, where it does not."""
        for zone, name, expected in (
                ("zone-a", "svc-nginx.dev:80", ["10.244.1.18", "10.244.1.19"]),
                ("zone-b", "svc-nginx.dev:http", ["10.244.2.18"]),
                ("zone-x", "svc-nginx.dev:80", PODS),
                ("zone-a", "many-30.dev:http", None),
                ("zone-a", "nginx-service.dev:http", [VIP])):
            with self.subTest(zone=zone, name=name):
                found = self.addresses_by_dns(name, "--zone", zone)
                if expected:
                    self.assertEqual(found, expected)
                else:
                    self.assertEqual(len(found), 30)
        answer = self.by_dns("svc-nginx.dev:80", "--zone", "zone-b", "--all")
        self.assertEqual([e["why"] for e in answer["endpoints"]],
                         [[], ["other-zone"], ["other-zone"]])

    def test_weights(self):
        answer = self.by_dns("_sip._tcp.voice.example.com.")
        self.assertEqual([(e["address"], e["port"], e["weight"])
                          for e in answer["endpoints"]],
                         [("203.0.113.30", 5060, 30),
                          ("203.0.113.31", 5061, 70)])

    def test_too_many(self):
        error = self.by_dns("too-many.dev:80", code=self.too_many)
        if self.too_many == "SVC_ETOOBIG":
            self.assertIn("too-many", error["message"])

    def test_second_server(self):
        dead = f"127.0.0.1:{servers.free_port()}"
        answer = self.ask("--dns-server", dead, "--dns-server",
                          self.server.address, "svc-nginx.dev:80", code="")
        self.assertEqual(sorted(self.addresses(answer)), PODS)
        error = self.ask("--dns-server", dead, "svc-nginx.dev:80",
                         code="SVC_EUNREACH")
        self.assertIn(dead, error["message"])


class TestKnot(Scenario, servers.ServerTest, Svcctl):
    kind = servers.Knot
    too_many = "SVC_EUNREACH"  # it says SERVFAIL


class TestNsd(Scenario, servers.ServerTest, Svcctl):
    kind = servers.Nsd
    too_many = "SVC_ETOOBIG"


class TestCoreDns(Scenario, servers.ServerTest, Svcctl):
    kind = servers.CoreDns
    too_many = "SVC_ETOOBIG"

    def test_special(self):
        for name, code in (("broken.dev:80", "SVC_EUNREACH"),
                           ("broken.dev:http", "SVC_EUNREACH"),
                           ("refused.dev:80", "SVC_EUNREACH")):
            error = self.by_dns(name, code=code)
            self.assertIn(self.server.address, error["message"])
        self.assertEqual(self.addresses_by_dns("half.dev:80"), ["10.96.0.77"])
        answer = self.by_dns("brief.dev:80?family=ipv4")
        self.assertEqual(self.addresses(answer), ["10.96.0.78"])


if __name__ == "__main__":
    servers.main()
