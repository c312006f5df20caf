# SPDX-License-Identifier: Apache-2.0
"""svcctl and DNS where no server answers: options, refusals, texts. What is
asked of real servers has its tests elsewhere."""
import json
import unittest

from svcctl import MANIFESTS, Svcctl, has_dns

HAS_DNS = has_dns()

NOBODY = "127.0.0.1:1"
WAITING = ["--dns-server", NOBODY, "-t", "4s"]
NAMES = ["web.shop:80", "www.example.com.:443",
         "web.shop.svc.clusterset.local:80",
         "eu-1.pin._zone.web.shop.svc.cluster.local:80"]


class TestOptions(Svcctl):
    def test_with_manifests(self):
        err = self.refused("resolve", "a", "-b", "dns", "-f", MANIFESTS)
        self.assertIn("manifests are given", err)

    @unittest.skipIf(HAS_DNS, "dns is built")
    def test_not_built(self):
        for options in (["-b", "dns"], ["--dns-server", NOBODY]):
            err = self.refused("resolve", "a", *options)
            self.assertIn('"dns" is not built', err)
        for name in NAMES[1:]:
            err = self.refused("resolve", name, "-f", MANIFESTS)
            self.assertIn('"dns" is not built', err)


@unittest.skipUnless(HAS_DNS, "dns is not built")
class TestBuilt(Svcctl):
    def test_no_server_address(self):
        for word in ("", "ns.example.com", "10.0.0.1:0", "10.0.0", "[::1"):
            err = self.refused("resolve", "a", "--dns-server", word)
            self.assertIn(f'"{word}"', err)
            self.assertIn("[fd00::a]:53", err)

    def test_too_many_servers(self):
        err = self.refused("resolve", "a",
                           *["--dns-server", "127.0.0.1"] * 9)
        self.assertIn("more than 8", err)

    def test_nobody_answers(self):
        """Told when the time is over, since the server may still come."""
        done = self.run_svcctl("resolve", *NAMES, *WAITING, "-o", "json")
        self.assertEqual(done.returncode, 5)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([a["name"] for a in answers], NAMES)
        for answer in answers:
            self.assertEqual((answer["code"], answer["exit"]),
                             ("SVC_EUNREACH", 5))
            self.assertIn(f'"{answer["name"]}"', answer["message"])
            self.assertIn(NOBODY, answer["message"])
            self.assertIn("dns_servers", answer["hint"])
            self.assertIn(answer["message"], done.stderr)

    def test_commands(self):
        running = [self.start(command, NAMES[0], *WAITING)
                   for command in ("pick", "explain", "graph", "watch")]
        for process in running:
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 5)
            self.assertIn(NOBODY, out + err)

    def test_views_that_dns_cannot_give(self):
        for view in ("node", "lb"):
            err = self.refused("resolve", NAMES[0], "--view", view,
                               "--dns-server", NOBODY)
            self.assertIn(view, err)

    def test_manifests_and_servers(self):
        self.assertEqual(len(self.lines(
            "resolve", "-f", MANIFESTS, "svc-nginx.dev:80", "--dns-server",
            NOBODY)), 4)
        err = self.refused("resolve", "-f", MANIFESTS, "google-service.dev:80",
                           *WAITING, exit_status=5)
        self.assertIn(NOBODY, err)

    def test_no_such_name(self):
        """DNS cannot tell a missing Service from a headless one without
        ready pods, and says so."""
        err = self.refused("resolve", NAMES[0], *self.dns(), exit_status=3)
        self.assertIn('"web"', err)
        self.assertIn("headless", err)
        err = self.refused("resolve", NAMES[1], *self.dns(), exit_status=3)
        self.assertIn("www.example.com", err)
        err = self.refused("resolve", "-f", MANIFESTS, "google-service.dev:80",
                           *self.dns(), exit_status=4)
        self.assertIn("google-service.dev -> www.google.com", err)

    def test_version(self):
        self.assertRegex(self.ok("version"), r"(?m)^c-ares: 1\.[0-9.]+$")


if __name__ == "__main__":
    unittest.main()
