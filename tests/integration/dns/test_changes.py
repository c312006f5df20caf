# SPDX-License-Identifier: Apache-2.0
"""svcctl watch by real DNS servers whose zones change: pods come and go, a
Service is made, an alias is moved, with no restart."""
import json
import os
import signal
import sys

HERE = os.path.dirname(__file__)
sys.path[:0] = [os.path.join(HERE, "../../dns"),
                os.path.join(HERE, "../svcctl")]
import scenario
import servers
from svcctl import Svcctl

WORLD = scenario.services()
VIP = "10.96.162.201"


class Changes:
    """What is so with every server, the records' time to live being 1 s."""
    zones = scenario.zones(WORLD, ttl=1)

    def setUp(self):
        super().setUp()
        self.serial = int(self.server.zones["cluster.local"].split()[6])

    def serve(self, world):
        self.serial += 1
        self.server.update(scenario.zones(world, self.serial, ttl=1))

    def watch(self, name):
        return self.start("watch", "--dns-server", self.server.address, name,
                          "-o", "json")

    def event(self, process):
        """What came, what went, and the code of an empty set."""
        event = json.loads(process.stdout.readline())
        self.assertNotIn("trouble", event)
        return ([e["address"] for e in event["added"]],
                [e["address"] for e in event["removed"]],
                event.get("code", ""))

    def test_pods_come_and_go(self):
        def world(*pods):
            return [scenario.Service(
                "svc-nginx", "Headless", (scenario.HTTP,), (),
                tuple(scenario.PODS[i] for i in pods))]
        self.serve(world(0, 1))
        process = self.watch("svc-nginx.dev:http")
        self.assertEqual(self.event(process),
                         (["10.244.1.18", "10.244.2.18"], [], ""))
        self.serve(world(0, 2))
        self.assertEqual(self.event(process),
                         (["10.244.1.19"], ["10.244.1.18"], ""))
        self.serve(world())  # confirmed before it empties the set
        self.assertEqual(self.event(process),
                         ([], ["10.244.1.19", "10.244.2.18"],
                          "SVC_ENOSERVICE"))
        self.serve(world(1))
        self.assertEqual(self.event(process), (["10.244.1.18"], [], ""))

    def test_server_stands_still(self):
        """What was known stays, and the end of the trouble is told."""
        self.serve(WORLD)
        process = self.watch("nginx-service.dev:80")
        self.assertEqual(self.event(process), ([VIP], [], ""))
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            event = json.loads(process.stdout.readline())
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        self.assertIn(event["trouble"]["code"],
                      ("SVC_ETIMEDOUT", "SVC_EUNREACH"))
        self.assertIn(self.server.address, event["trouble"]["message"])
        event = json.loads(process.stdout.readline())
        self.assertEqual((event["added"], event["removed"], event["count"],
                          event["stale"]), ([], [], 1, False))

    def test_service_comes_later(self):
        self.serve([])
        process = self.watch("nginx-service.dev:80")
        self.assertEqual(self.event(process), ([], [], "SVC_ENOSERVICE"))
        self.serve(WORLD)
        self.assertEqual(self.event(process), ([VIP], [], ""))

    def test_alias_is_moved(self):
        def world(target):
            return [scenario.Service("google-service", "ExternalName",
                                     target=target)]
        self.serve(world("www.google.com"))
        process = self.watch("google-service.dev:443")
        self.assertEqual(self.event(process),
                         (list(scenario.WWW), [], ""))
        self.serve(world("www.example.com"))
        self.assertEqual(self.event(process),
                         (["203.0.113.20"], list(scenario.WWW), ""))

    def test_alias_of_a_file_is_moved(self):
        def write(target):
            self.write(scenario.service_object(scenario.Service(
                "google-service", "ExternalName", target=target)))
        write("www.google.com")
        process = self.start("watch", "-f", self.folder, "--dns-server",
                             self.server.address, "google-service.dev:443",
                             "-o", "json")
        self.assertEqual(self.event(process),
                         (list(scenario.WWW), [], ""))
        write("www.example.com")
        self.assertEqual(self.event(process),
                         (["203.0.113.20"], list(scenario.WWW), ""))


class TestKnot(Changes, servers.ServerTest, Svcctl):
    kind = servers.Knot


class TestCoreDns(Changes, servers.ServerTest, Svcctl):
    kind = servers.CoreDns


if __name__ == "__main__":
    servers.main()
