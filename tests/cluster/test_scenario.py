# SPDX-License-Identifier: Apache-2.0
"""One real cluster by every source (API server, DNS, file): for each Service
type the same set by svcctl, by an independent oracle on what kubectl tells,
and by kube-proxy's rules; also while the cluster changes (semantics
2.3-2.9)."""
import cluster
import keys

PODS = {("10.244.2.18", 80), ("10.244.1.18", 80), ("10.244.1.19", 80)}
NODES = ["172.18.0.2", "172.18.0.3", "172.18.0.4", "172.18.0.5"]
NODE_NAMES = ["dev-control-plane", "dev-worker", "dev-worker2", "dev-big"]
LB = "203.0.113.7"
POD = "stateful-nginx-1.svc-nginx.dev"
WORLD = {"www.google.com": {("192.0.2.10", 80), ("192.0.2.11", 80)},
         "www.example.com": {("192.0.2.20", 80)}}

# Service, view, hostname of one pod, the set.
TABLE = (
    ("nginx-service", "vip", None, {("10.96.162.201", 80)}),
    ("nginx-service", "pods", None, PODS),
    ("svc-nginx", "pods", None, PODS),
    ("svc-nginx", "pods", "stateful-nginx-1", {("10.244.1.18", 80)}),
    ("nginx-nodeport", "vip", None, {("10.96.162.202", 80)}),
    ("nginx-nodeport", "node", None, {(a, 30002) for a in NODES}),
    ("nginx-nodeport-local", "node", None,
     {("172.18.0.3", 30003), ("172.18.0.4", 30003)}),
    ("nginx-lb", "pods", None, PODS),
    ("big", "pods", None, set()),
)
# What DNS knows of a Service: the pods of a headless one, else its address.
BY_DNS = {("svc-nginx", "pods"), ("big", "pods"), ("nginx-service", "vip"),
          ("nginx-nodeport", "vip")}


class TestScenario(cluster.ClusterTest):
    def same(self, name, view, host=None, expected=None):
        """By every source that can know it, as by the oracle."""
        right = self.cluster.expected(name, 80, view, host)
        if expected is not None:
            self.assertEqual(right, expected)
        asked = f"{host + '.' if host else ''}{name}.dev:80"
        for source, options in self.sources().items():
            if source == "dns" and (name, view) not in BY_DNS:
                continue
            # No address at all is an error with a name.
            none = "SVC_ENOSERVICE" if source == "dns" else "SVC_ENOENDPOINTS"
            self.assertEqual(self.places(options, asked, view), right or none,
                             f"{source}: {asked} {view}")

    def by_every_source(self, asked, expected, by_dns=None):
        """Pods are asked for where they are known: by a kubeconfig one is
        outside of the cluster, from where nothing leads to them."""
        for source, options in self.sources().items():
            is_dns = source == "dns"
            self.assertEqual(
                self.places(options, asked, "auto" if is_dns else "pods"),
                by_dns if by_dns and is_dns else expected,
                f"{source}: {asked}")

    def test_table(self):
        for name, view, host, expected in TABLE:
            with self.subTest(name=name, view=view, host=host):
                self.same(name, view, host, expected)

    def test_kube_proxy(self):
        for name in ("nginx-service", "nginx-nodeport",
                     "nginx-nodeport-local", "nginx-lb"):
            with self.subTest(name=name):
                self.eventually(lambda: self.assertEqual(
                    self.cluster.proxied(name, 80),
                    self.cluster.expected(name, 80)))

    def test_pod_again(self):
        """A pod's name leads to its address, whatever that is by now."""
        change = {"spec": {"template": {"metadata": {"annotations": {
            "svc.test/address-stateful-nginx-1": "10.244.1.99"}}}}}
        path = "/apis/apps/v1/namespaces/dev/statefulsets/stateful-nginx"
        before = self.cluster.get(path)["spec"]["template"]
        self.addCleanup(self.renew, path, {"spec": {"template": before}},
                        ("10.244.1.18", 80))
        self.renew(path, change, ("10.244.1.99", 80))

    def renew(self, path, change, place):
        # Its revision changes with it, so that all pods are made anew.
        self.cluster.patch(path, change)
        self.eventually(lambda: self.assertEqual(self.cluster.expected(
            "svc-nginx", 80, host="stateful-nginx-1"), {place}))
        self.eventually(lambda: self.assertEqual(len(self.cluster.expected(
            "svc-nginx", 80)), 3))
        for host in ("stateful-nginx-1", None):
            self.eventually(lambda: self.same("svc-nginx", "pods", host))
        self.eventually(lambda: self.assertEqual(
            self.cluster.proxied("nginx-service", 80),
            self.cluster.expected("nginx-service", 80)))

    def test_pod_not_ready(self):
        path = self.cluster.pod("stateful-nginx-1")
        self.addCleanup(self.become, path, True, PODS)
        self.become(path, False, PODS - {("10.244.1.18", 80)})
        sources = self.sources()
        for source in ("file", "api"):
            self.assertEqual(self.places(sources[source], POD + ":80", "pods"),
                             "SVC_ENOENDPOINTS", source)

    def become(self, path, ready, expected):
        self.cluster.set_ready(path, ready)
        self.eventually(lambda: self.same("svc-nginx", "pods", None,
                                          expected))
        self.eventually(lambda: self.assertEqual(
            self.cluster.proxied("nginx-service", 80), expected))

    def test_node_not_ready(self):
        path = "/api/v1/nodes/dev-worker"
        self.addCleanup(self.cluster.set_ready, path, True)
        self.cluster.set_ready(path, False)
        self.same("nginx-nodeport", "node", None,
                  {(a, 30002) for a in NODES if a != "172.18.0.3"})
        self.same("nginx-nodeport-local", "node", None,
                  {("172.18.0.4", 30003)})
        self.cluster.set_ready(path, True)
        self.same("nginx-nodeport", "node", None,
                  {(a, 30002) for a in NODES})

    def test_load_balancer(self):
        self.addCleanup(self.cluster.set_ingress, "nginx-lb")
        for addresses in ((), (LB,), ()):
            self.cluster.set_ingress("nginx-lb", *addresses)
            right = {(a, 80) for a in addresses}
            self.assertEqual(self.cluster.expected("nginx-lb", 80, "lb"),
                             right)
            for source, options in self.sources().items():
                self.assertEqual(
                    self.places(options, "nginx-lb.dev:80", "lb"),
                    "SVC_ENOTSUP" if source == "dns" else
                    right or "SVC_EPENDING", source)

    def test_alias(self):
        self.by_every_source("nginx-alias.dev:80", PODS,
                             {("10.96.162.201", 80)})

    def test_external_name_edited(self):
        path = self.cluster.service("google-service")
        self.addCleanup(self.edit, path, "www.google.com")
        self.edit(path, "www.google.com")
        self.edit(path, "www.example.com")

    def edit(self, path, target):
        self.cluster.patch(path, {"spec": {"externalName": target}})
        self.eventually(lambda: self.by_every_source(
            "google-service.dev:80", WORLD[target]))

    def test_service_made_later(self):
        """No such Service before, and none afterwards."""
        service = self.cluster.get(self.cluster.service("nginx-service"))
        late = {"apiVersion": "v1", "kind": "Service", "metadata": {
            "name": "late", "namespace": "dev"}, "spec": {
                "clusterIP": "None", "ports": service["spec"]["ports"],
                "selector": service["spec"]["selector"]}}
        self.by_every_source("late.dev:80", "SVC_ENOSERVICE")
        self.addCleanup(self.cluster.kubectl, "-n", "dev", "delete",
                        "--ignore-not-found", "service", "late")
        self.cluster.apply(late)
        self.eventually(lambda: self.by_every_source("late.dev:80", PODS))
        self.cluster.kubectl("-n", "dev", "delete", "service", "late")
        self.eventually(lambda: self.by_every_source("late.dev:80",
                                                     "SVC_ENOSERVICE"))

    def test_scale(self):
        scale = "/apis/apps/v1/namespaces/dev/deployments/big/scale"
        self.addCleanup(self.scale, scale, 0)
        for replicas in (3, 50, 1):
            self.scale(scale, replicas)
            self.eventually(lambda: self.same("big", "pods"))

    def scale(self, path, replicas):
        self.cluster.patch(path, {"spec": {"replicas": replicas}})
        self.eventually(lambda: self.assertEqual(
            len(self.cluster.expected("big", 80)), replicas))


class TestItself(cluster.ClusterTest):
    """What other tests rely on."""

    def test_nodes_and_pods(self):
        nodes = {n["metadata"]["name"]: n["status"]["addresses"][0]["address"]
                 for n in self.cluster.objects("nodes")}
        self.assertEqual(nodes, dict(zip(NODE_NAMES, NODES)))
        self.assertEqual({(p["metadata"]["name"], p["spec"]["nodeName"])
                          for p in self.cluster.objects("pods")},
                         {("stateful-nginx-0", "dev-worker2"),
                          ("stateful-nginx-1", "dev-worker"),
                          ("stateful-nginx-2", "dev-worker")})

    def may(self, user, verb, resource, *where):
        done = self.cluster.kubectl("auth", "can-i", verb, resource, *where,
                                    user=user, ok=False)
        return done.stdout.strip() == "yes"

    def test_rights(self):
        """docs/rbac.yaml grants what it says and nothing more; its parts can
        be left out."""
        for verb, resource, where, users in (
                ("list", "services", "-n=dev", "reader services"),
                ("watch", "endpointslices.discovery.k8s.io", "-n=dev",
                 "reader services"),
                ("get", "services", "-n=dev", "reader services"),
                ("list", "services", "-n=kube-system", ""),
                ("list", "services", "-A", ""),
                ("list", "nodes", "-A", "reader"),
                ("watch", "nodes", "-A", "reader"),
                ("get", "node/dev-worker", "-A", "reader"),
                ("get", "node/dev-worker2", "-A", ""),
                ("list", "pods", "-n=dev", ""),
                ("get", "secrets", "-n=dev", ""),
                ("delete", "services", "-n=dev", ""),
                ("update", "endpointslices.discovery.k8s.io", "-n=dev", "")):
            for user in ("reader", "services", "norights"):
                with self.subTest(user=user, verb=verb, resource=resource):
                    self.assertEqual(self.may(user, verb, resource, where),
                                     user in users.split())

    def test_restart(self):
        """The API server comes back with what it knew, and by the same
        address; and etcd can be compacted."""
        before = self.cluster.expected("svc-nginx", 80)
        self.cluster.restart("kube-apiserver")
        self.cluster.compact()
        self.assertEqual(self.cluster.expected("svc-nginx", 80), before)
        self.assertTrue(self.cluster.part("kube-apiserver").pid())

    def test_token(self):
        token = self.cluster.token("reader")
        self.assertEqual(token.count("."), 2)
        env = self.cluster.in_pod(self.folder, "reader")
        self.assertEqual(keys.SERVER, "https://{}:{}".format(*env.values()))


if __name__ == "__main__":
    cluster.main(proxy=True)
