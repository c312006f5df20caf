# SPDX-License-Identifier: Apache-2.0
"""svcctl doctor: findings as a table, as JSON and as an exit status."""
import json
import unittest

from svcctl import (MANIFESTS, Svcctl, clean_environment, endpoint,
                    endpoint_slice, has_backend, has_dns, service)

FIELDS = ["check", "source", "level", "code", "text", "hint"]


class TestManifests(Svcctl):
    def doctor(self, *arguments, **more):
        """The findings, of a run with that exit status."""
        answer = json.loads(self.ok("doctor", *arguments, "-o", "json",
                                    **more))
        self.assertEqual(list(answer), ["schema", "name", "findings"])
        self.assertEqual(answer["schema"], "svcctl.doctor/1")
        for finding in answer["findings"]:
            self.assertEqual(list(finding), FIELDS)
            self.assertEqual(finding["code"] is not None,
                             finding["level"] == "fail", finding)
            if finding["level"] == "fail":
                self.assertTrue(finding["hint"], finding)
        self.name = answer["name"]
        return answer["findings"]

    def levels(self, findings):
        return [(f["check"], f["level"]) for f in findings]

    def test_all_is_well(self):
        findings = self.doctor("-f", MANIFESTS, "nginx-service.dev:http")
        self.assertEqual(self.levels(findings), [
            ("caller", "ok"), ("manifests", "ok"), ("name", "ok")])
        self.assertEqual(self.name, "nginx-service.dev:http")
        self.assertIn("3 usable (10.244.1.18", findings[2]["text"])

    def test_without_a_name(self):
        self.assertEqual(self.levels(self.doctor("-f", MANIFESTS)), [
            ("caller", "ok"), ("manifests", "ok")])
        self.assertIsNone(self.name)

    def test_where_the_caller_is(self):
        text = self.doctor("-f", MANIFESTS, "-n", "shop", "--node", "n1",
                           "--zone", "a", "--cluster-domain", "k8s.x")[0]
        self.assertEqual(text["text"], 'namespace "shop", cluster domain '
                         '"k8s.x", node n1, zone a')

    def test_a_name_that_is_not_there(self):
        findings = self.doctor("-f", MANIFESTS, "none.dev", exit_status=3)
        self.assertEqual(findings[2]["code"], "SVC_ENOSERVICE")
        findings = self.doctor("-f", MANIFESTS, "..", exit_status=2)
        self.assertEqual(findings[1]["code"], "SVC_ENAME")
        self.assertEqual(self.levels(findings)[2], ("manifests", "ok"))

    def test_nobody_is_ready(self):
        path = self.write(service("web"), endpoint_slice(
            "web", [endpoint("10.0.0.1", ready=False)]))
        findings = self.doctor("-f", path, "web.shop", exit_status=4)
        self.assertEqual(findings[2]["code"], "SVC_ENOENDPOINTS")

    def test_a_refused_object(self):
        bad = service("bad")
        bad["spec"]["ports"] = [{"port": 70000}]
        path = self.write(service("web"), bad)
        findings = self.doctor("-f", path)
        self.assertEqual(self.levels(findings)[1], ("manifests", "warn"))
        self.assertIn("1 objects refused", findings[1]["text"])
        self.assertIn("-v", findings[1]["hint"])

    def test_a_file_that_is_not_there(self):
        findings = self.doctor("-f", f"{self.folder}/none", exit_status=2)
        self.assertIn(("manifests", "fail"), self.levels(findings))

    def test_forms(self):
        out = self.ok("doctor", "-f", MANIFESTS, "none.dev", exit_status=3)
        lines = out.splitlines()
        self.assertRegex(lines[0], r"^LEVEL +CHECK +SOURCE +FINDING$")
        self.assertRegex(lines[1], r"^ok +caller +- +namespace ")
        self.assertRegex(lines[3], r'^fail +name +file +no Service "none"')
        self.assertRegex(lines[4], r"^ +hint: +\S")
        self.assertEqual(self.ok("doctor", "-f", MANIFESTS, "none.dev", "-o",
                                 "name", exit_status=3), "name\n")
        self.assertEqual(self.ok("doctor", "-f", MANIFESTS, "-o", "name"), "")
        self.assertNotIn("LEVEL", self.ok("doctor", "-f", MANIFESTS,
                                          "--no-headers"))
        self.assertIn("\x1b[", self.ok("doctor", "-f", MANIFESTS, "--color",
                                       "always"))

    def test_mistakes(self):
        self.assertIn("not 2", self.refused("doctor", "a", "b"))
        self.assertIn("no option --view", self.refused("doctor", "--view=vip"))
        self.assertIn("two sources", self.refused(
            "doctor", "-f", MANIFESTS, "--kubeconfig", "x"))

    @unittest.skipUnless(has_dns(), "backend dns")
    def test_not_the_clusters_dns(self):
        findings = self.doctor(*self.dns(), exit_status=3)
        self.assertEqual(self.levels(findings), [
            ("caller", "ok"), ("dns-server", "ok"),
            ("cluster-domain", "fail")])
        findings = self.doctor(*self.dns(), "-f", MANIFESTS, exit_status=3)
        self.assertIn(("manifests", "ok"), self.levels(findings))
        self.assertIn(("cluster-domain", "fail"), self.levels(findings))

    @unittest.skipUnless(has_backend("apiserver"), "backend apiserver")
    def test_no_credentials(self):
        findings = self.doctor("-b", "apiserver", exit_status=2,
                               env=clean_environment(HOME=self.folder))
        self.assertEqual(self.levels(findings), [
            ("caller", "ok"), ("source", "fail")])
        self.assertIn("--kubeconfig", findings[1]["hint"])

    @unittest.skipUnless(has_backend("apiserver"), "backend apiserver")
    def test_nobody_is_there(self):
        path = self.write({
            "kind": "Config", "apiVersion": "v1", "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k"}}],
            "clusters": [{"name": "k", "cluster": {
                "server": "http://127.0.0.1:1"}}]}, name="kubeconfig")
        findings = self.doctor("--kubeconfig", path, "web.shop",
                               exit_status=5)
        self.assertEqual([f for f in self.levels(findings)
                          if f[1] == "fail"],
                         [("apiserver", "fail"), ("name", "fail")])


if __name__ == "__main__":
    unittest.main()
