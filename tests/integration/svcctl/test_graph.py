# SPDX-License-Identifier: Apache-2.0
"""svcctl graph in its three languages."""
import unittest

from svcctl import MANIFESTS, Svcctl, endpoint, endpoint_slice, service

TREE = """\
Service dev/svc-nginx, Headless
`-- port http 80/TCP
    |-- 10.244.1.18:80, pod dev/stateful-nginx-1 -> node dev-worker -> zone \
zone-a
    |-- 10.244.1.19:80, pod dev/stateful-nginx-2 -> node dev-worker -> zone \
zone-a
    `-- 10.244.2.18:80, pod dev/stateful-nginx-0 -> node dev-worker2 -> zone \
zone-b
"""

MERMAID = """\
graph LR
  s["dev/svc-nginx<br/>Headless"]
  p["port http 80/TCP"]
  s --> p
  e0["10.244.1.18:80<br/>pod dev/stateful-nginx-1"]
  p --> e0
  e0 --> n0
  e1["10.244.1.19:80<br/>pod dev/stateful-nginx-2"]
  p --> e1
  e1 --> n0
  e2["10.244.2.18:80<br/>pod dev/stateful-nginx-0"]
  p --> e2
  e2 --> n1
  n0["node dev-worker"]
  z0["zone zone-a"]
  n0 --> z0
  n1["node dev-worker2"]
  z1["zone zone-b"]
  n1 --> z1
"""


class TestGraph(Svcctl):
    def graph(self, *arguments, **more):
        return self.ok("graph", *arguments, **more)

    def test_text(self):
        self.assertEqual(self.graph("-f", MANIFESTS, "svc-nginx.dev:80"), TREE)
        self.assertEqual(self.graph("-f", MANIFESTS, "svc-nginx.dev:80",
                                    "--format", "text"), TREE)

    def test_mermaid(self):
        self.assertEqual(self.graph("-f", MANIFESTS, "svc-nginx.dev:80",
                                    "--format=mermaid"), MERMAID)

    def test_dot(self):
        out = self.graph("-f", MANIFESTS, "svc-nginx.dev:80", "--format=dot")
        self.assertTrue(out.startswith("digraph service {\n"))
        self.assertTrue(out.endswith("}\n"))
        self.assertIn('  e0 [label="10.244.1.18:80\\npod '
                      'dev/stateful-nginx-1"];\n  p -> e0;\n  e0 -> n0;\n',
                      out)
        self.assertIn("  n1 -> z1;\n", out)

    def test_unknown_places(self):
        path = self.write(service("web"), endpoint_slice("web", [
            endpoint("10.0.0.1"), endpoint("10.0.0.2", zone="a"),
            endpoint("10.0.0.3", nodeName="n"),
            endpoint("10.0.0.4", nodeName="n", zone="a")]))
        lines = self.graph("-f", path, "web.shop",
                           "--format=mermaid").splitlines()
        arrows = [line.strip() for line in lines if "-->" in line]
        self.assertEqual(arrows, [
            "s --> p", "p --> e0", "p --> e1", "e1 --> z0", "p --> e2",
            "e2 --> n1", "p --> e3", "e3 --> n1", "n1 --> z0"])
        boxes = [line.split("[")[0].strip() for line in lines if "[" in line]
        self.assertEqual(sorted(boxes), sorted(set(boxes)))

    def test_all(self):
        path = self.write(service("web"), endpoint_slice("web", [
            endpoint("10.0.0.1"), endpoint("10.0.0.2", ready=False)]))
        self.assertNotIn("10.0.0.2", self.graph("-f", path, "web.shop"))
        self.assertIn("`-- 10.0.0.2:8080, not used: not-ready\n",
                      self.graph("-f", path, "web.shop", "--all"))
        self.assertIn("p -.-> e1\n", self.graph("-f", path, "web.shop",
                                               "--all", "--format=mermaid"))
        self.assertIn("p -> e1 [style=dashed];\n",
                      self.graph("-f", path, "web.shop", "--all",
                                 "--format=dot"))

    def test_none(self):
        path = self.write(service("web"))
        self.refused("graph", "-f", path, "web.shop", exit_status=4)
        for form in ("text", "mermaid", "dot"):
            self.assertIn("shop/web", self.graph(
                "-f", path, "web.shop", "--all", "--format", form,
                exit_status=4))


if __name__ == "__main__":
    unittest.main()
