# SPDX-License-Identifier: Apache-2.0
"""svcctl explain: the steps, then every endpoint with its reason."""
import json
import unittest

from svcctl import MANIFESTS, Svcctl, endpoint, endpoint_slice, service

STEPS = ("name", "source", "service", "port", "slices", "filter", "policy")


class TestExplain(Svcctl):
    def explain(self, *arguments, **more):
        answer = self.json("explain", *arguments, **more)
        self.assertEqual(list(answer)[:4], ["schema", "name", "steps",
                                            "endpoints"])
        self.assertEqual(answer["schema"], "svcctl.explain/1")
        for step in answer["steps"]:
            self.assertEqual(list(step), ["step", "text", "ms"])
            self.assertIn(step["step"], STEPS)
            self.assertTrue(step["text"])
            self.assertGreaterEqual(step["ms"], 0)
        order = [STEPS.index(step["step"]) for step in answer["steps"]]
        self.assertEqual(order[0], 0)
        return answer

    def test_steps(self):
        answer = self.explain("-f", MANIFESTS, "svc-nginx.dev:80")
        self.assertEqual({s["step"] for s in answer["steps"]}, set(STEPS))
        self.assertEqual(len(answer["endpoints"]), 3)
        self.assertNotIn("code", answer)
        resolved = self.json("resolve", "-f", MANIFESTS, "svc-nginx.dev:80",
                             "--all")
        self.assertEqual(answer["endpoints"], resolved["endpoints"])

    def test_reasons(self):
        path = self.write(service("web"), endpoint_slice("web", [
            endpoint("10.0.0.1"), endpoint("10.0.0.2", ready=False)]))
        answer = self.explain("-f", path, "web.shop")
        self.assertEqual([e["why"] for e in answer["endpoints"]],
                         [[], ["not-ready"]])

    def test_table(self):
        out = self.ok("explain", "-f", MANIFESTS, "svc-nginx.dev:80")
        steps, endpoints = out.split("\n\n")
        self.assertTrue(steps.startswith("STEP"))
        self.assertEqual(steps.splitlines()[1].split()[0], "name")
        self.assertEqual(len(endpoints.splitlines()), 4)
        self.assertEqual(endpoints.splitlines()[0].split()[-1], "WHY-NOT")

    def test_empty_answers_are_explained(self):
        for name, exit_status, code in (
                ("none.dev:80", 3, "SVC_ENOSERVICE"),
                ("nginx-service.dev:81", 3, "SVC_ENOPORT")):
            done = self.run_svcctl("explain", "-f", MANIFESTS, name, "-o",
                                   "json")
            answer = json.loads(done.stdout)
            self.assertEqual(done.returncode, exit_status)
            self.assertEqual((answer["code"], answer["exit"]),
                             (code, exit_status))
            self.assertEqual(answer["endpoints"], [])
            self.assertIn(answer["message"], done.stderr)
            self.assertTrue(answer["steps"])

    def test_bad_name(self):
        answer = self.json("explain", "-f", MANIFESTS, "a..b", exit_status=2)
        self.assertEqual((answer["schema"], answer["code"]),
                         ("svcctl.error/1", "SVC_ENAME"))

    def test_names(self):
        self.assertEqual(
            self.lines("explain", "-f", MANIFESTS, "svc-nginx.dev:80", "-o",
                       "name"),
            ["10.244.1.18:80", "10.244.1.19:80", "10.244.2.18:80"])


if __name__ == "__main__":
    unittest.main()
