# SPDX-License-Identifier: Apache-2.0
"""svcctl pick: counts, histogram, single choices."""
import json
import unittest

from svcctl import (MANIFESTS, SECONDS, Svcctl, endpoint, endpoint_slice,
                    service)

NAME = "svc-nginx.dev:80"
PODS = ["10.244.1.18", "10.244.1.19", "10.244.2.18"]


class TestPick(Svcctl):
    def pick(self, *arguments):
        answer = self.json("pick", "-f", MANIFESTS, NAME, *arguments)
        self.assertEqual(list(answer), ["schema", "name", "policy", "picks",
                                        "counts"])
        self.assertEqual(answer["schema"], "svcctl.pick/1")
        self.assertEqual([c["address"] for c in answer["counts"]], PODS)
        for count in answer["counts"]:
            self.assertEqual(list(count), ["address", "port", "count"])
        self.assertEqual(sum(c["count"] for c in answer["counts"]),
                         answer["picks"])
        return answer

    def counts(self, *arguments):
        return sorted(c["count"] for c in self.pick(*arguments)["counts"])

    def test_one(self):
        answer = self.pick()
        self.assertEqual(answer["picks"], 1)
        self.assertEqual(answer["policy"], "adaptive")
        self.assertEqual(sorted(c["count"] for c in answer["counts"]),
                         [0, 0, 1])

    def test_round_robin(self):
        self.assertEqual(self.counts("-c", "1000"), [333, 333, 334])
        self.assertEqual(self.counts("-c1000", "--policy=round_robin"),
                         [333, 333, 334])

    def test_random(self):
        counts = self.counts("-c", "30000", "--policy", "random")
        self.assertGreater(counts[0], 9500)
        self.assertLess(counts[2], 10500)

    def test_first(self):
        for policy in ("fo", "pick_first", "failover"):
            answer = self.pick("-c", "7", "--policy", policy)
            self.assertEqual(answer["policy"], "fo")
            self.assertEqual(sorted(c["count"] for c in answer["counts"]),
                             [0, 0, 7])

    def test_keys(self):
        for policy in ("sh", "mh", "ring"):
            for key in ("a", "b"):
                self.assertEqual(
                    self.counts("-c", "9", "--policy", policy, "--key", key),
                    [0, 0, 9])

    def test_every_policy(self):
        for policy in self.json("version")["policies"]:
            answer = self.pick("-c", "60", "--policy", policy)
            self.assertEqual(answer["policy"], policy)
            self.assertEqual(sum(c["count"] for c in answer["counts"]), 60)

    def test_policy_in_the_name(self):
        answer = self.json("pick", "-f", MANIFESTS, NAME + "?policy=fo")
        self.assertEqual(answer["policy"], "fo")

    def test_names(self):
        lines = self.lines("pick", "-f", MANIFESTS, NAME, "-o", "name", "-c",
                           "6")
        self.assertEqual(set(lines), {f"{a}:80" for a in PODS})
        self.assertEqual(lines[:3], lines[3:])
        self.assertEqual(len(self.lines("pick", "-f", MANIFESTS, NAME, "-o",
                                        "name")), 1)

    def test_histogram(self):
        lines = self.lines("pick", "-f", MANIFESTS, NAME, "-c", "300")
        self.assertEqual(lines[0].split(), ["ENDPOINT", "PICKS", "SHARE",
                                            "POLICY", "adaptive"])
        self.assertEqual([line.split()[:3] for line in lines[1:]],
                         [[f"{a}:80", "100", "33.3%"] for a in PODS])
        self.assertTrue(all(line.endswith("#" * 40) for line in lines[1:]))

    def test_only_usable(self):
        path = self.write(service("web"), endpoint_slice("web", [
            endpoint("10.0.0.1"), endpoint("fd00::1", ready=False)][:1]),
            endpoint_slice("web", [endpoint("fd00::2"),
                                   endpoint("fd00::1", ready=False)],
                           suffix="2"))
        answer = self.json("pick", "-f", path, "web.shop", "-c", "10")
        self.assertEqual(answer["counts"], [
            {"address": "10.0.0.1", "port": 8080, "count": 5},
            {"address": "fd00::2", "port": 8080, "count": 5}])

    def test_set_changes_meanwhile(self):
        """Whatever the set does, every pick is counted once."""
        both = ["10.0.0.1", "10.0.0.2"]

        def write(address):
            return self.write(service("web"), endpoint_slice(
                "web", [endpoint(address)]))
        process = self.start("pick", "-f", write(both[0]), "web.shop", "-o",
                             "json", "-c", "4000000")
        turn = 0
        while process.poll() is None:
            turn += 1
            write(both[turn % 2])
        out, err = process.communicate(timeout=SECONDS)
        self.assertEqual((process.returncode, err), (0, ""))
        answer = json.loads(out)
        self.assertEqual(sum(c["count"] for c in answer["counts"]), 4000000)
        self.assertLessEqual({c["address"] for c in answer["counts"]},
                             set(both))

    def test_none(self):
        path = self.write(service("web"))
        err = self.refused("pick", "-f", path, "web.shop", exit_status=4)
        self.assertIn("web", err)


if __name__ == "__main__":
    unittest.main()
