# SPDX-License-Identifier: Apache-2.0
"""Services that somebody follows by the API while they change: after each
change the followers' set is the oracle's and, for a ClusterIP, kube-proxy's
(semantics 2.3-2.9; faults J14-J24)."""
import cluster
from follow import (FollowTest, History, deployment, endpoint_slice, service)

NODES = {(a, 30002) for a in ("172.18.0.2", "172.18.0.3", "172.18.0.4",
                              "172.18.0.5")}
PODS = {("10.244.2.18", 80), ("10.244.1.18", 80), ("10.244.1.19", 80)}
WORKERS = {("172.18.0.3", 30003), ("172.18.0.4", 30003)}
SET = "/apis/apps/v1/namespaces/dev/statefulsets/stateful-nginx"


class TestPods(FollowTest):
    """What becomes of pods."""

    def scale(self, name, replicas):
        self.cluster.patch(
            f"/apis/apps/v1/namespaces/dev/deployments/{name}/scale",
            {"spec": {"replicas": replicas}})

    def test_scale(self):
        """From a few to 250 and back, with threads that pick: from each only
        what there is, and never nothing."""
        self.make(service("grown"), deployment("grown", 3))
        history = History(self, "grown", 80)
        follow = self.follow("grown.dev:80?view=pods")
        clients = (follow, self.watch("grown.dev:80", "pods"))
        for replicas in (3, 50, 250, 1):
            self.scale("grown", replicas)
            self.eventually(lambda: self.assertEqual(
                len(self.cluster.expected("grown", 80)), replicas))
            right = self.settle("grown", clients=clients, proxied=True)
            met = follow.picks()
            if replicas > 3:
                self.assertEqual(met["refused"], 0, met["code"])
            self.assertEqual(history.wrong(met["places"]), [])
            # From now on each of these, and no other.
            picked = set()
            self.eventually(lambda: self.assertEqual(
                self.more(picked, follow), right))
        self.assertGreaterEqual(len(history.ever()), 250)
        self.assertEqual(follow.set()["stale"], False)

    def more(self, picked, follow):
        picked.update(tuple(p[:2]) for p in follow.picks()["places"])
        return picked

    def test_pod_deleted(self):
        clients = [self.follow(f"{name}.dev:80?view=pods")
                   for name in ("nginx-service", "svc-nginx")]
        self.settle("nginx-service", clients=clients, right=PODS)
        uid = self.uid("stateful-nginx-2")
        self.cluster.kubectl("-n", "dev", "delete", "pod", "--now",
                             "--wait=false", "stateful-nginx-2")
        self.eventually(lambda: self.assertNotIn(
            self.uid("stateful-nginx-2"), (None, uid)))
        self.settle("nginx-service", clients=clients, right=PODS, proxied=True)
        for client in clients:
            self.assertEqual(client.picks()["refused"], 0)

    def uid(self, pod):
        status, found = self.cluster.request("GET", self.cluster.pod(pod))
        return found["metadata"]["uid"] if status == 200 else None

    def test_not_ready(self):
        """One after another until none is left, and back."""
        follow = self.follow("nginx-service.dev:80?view=pods")
        clients = (follow, self.watch("nginx-service.dev:80", "pods"))
        right = set(self.settle("nginx-service", clients=clients, right=PODS))
        gone = {}
        for pod, address in ((1, "10.244.1.18"), (0, "10.244.2.18"),
                             (2, "10.244.1.19")):
            path = self.cluster.pod(f"stateful-nginx-{pod}")
            self.addCleanup(self.cluster.set_ready, path, True)
            self.cluster.set_ready(path, False)
            right.discard((address, 80))
            gone[address] = ["not-ready"]
            self.settle("nginx-service", clients=clients, right=right,
                        proxied=True)
            self.assertEqual(follow.others(), gone)
        self.cluster.set_ready(path, True)
        self.settle("nginx-service", clients=clients,
                    right={("10.244.1.19", 80)}, proxied=True)

    def test_terminating(self):
        """A pod that ends is not used while there is another one, and is when
        there is none, until it has ended."""
        self.make(service("ending"), deployment("ending", 2, grace=5))
        follow = self.follow("ending.dev:80?view=pods")
        clients = (follow, self.watch("ending.dev:80", "pods"))
        self.eventually(lambda: self.assertEqual(
            len(self.cluster.expected("ending", 80)), 2))
        before = self.settle("ending", clients=clients, proxied=True)
        follow.picks()
        self.scale("ending", 1)
        self.eventually(lambda: self.assertEqual(
            list(follow.others().values()), [["terminating"]]))
        [left] = self.settle("ending", clients=clients, proxied=True)
        self.assertIn(left, before)
        self.scale("ending", 0)
        # Both end now, and still serve: there is nobody else.
        self.eventually(lambda: self.assertEqual(
            follow.ask("sets")[0]["others"], []))
        self.assertEqual(follow.places(), before)
        self.settle("ending", clients=clients, proxied=True)
        self.assertEqual(follow.picks()["refused"], 0)
        self.settle("ending", clients=clients, right=set(), proxied=True)
        self.assertEqual(follow.others(), {})

    def test_one_pod(self):
        """A pod's name leads to its address, whatever that is by now."""
        name = "stateful-nginx-1.svc-nginx.dev:80"
        client = self.follow(name + "?view=pods")
        before = self.cluster.get(SET)["spec"]["template"]
        self.addCleanup(self.renew, {"spec": {"template": before}})
        self.settle("svc-nginx", host="stateful-nginx-1", clients=[client],
                    right={("10.244.1.18", 80)})
        self.annotate("address-stateful-nginx-1", "10.244.1.99")
        self.settle("svc-nginx", host="stateful-nginx-1", clients=[client],
                    right={("10.244.1.99", 80)})

    def annotate(self, key, value):
        self.cluster.patch(SET, {"spec": {"template": {"metadata": {
            "annotations": {"svc.test/" + key: value}}}}})

    def renew(self, change):
        self.cluster.patch(SET, change)
        self.eventually(lambda: self.assertEqual(
            self.cluster.expected("svc-nginx", 80), PODS))

    def test_pods_that_move(self):
        """Only nodes with a pod take the traffic of a Local policy."""
        follow = self.follow("nginx-nodeport-local.dev:80?view=node")
        clients = (follow, self.watch("nginx-nodeport-local.dev:80", "node"))
        before = self.cluster.get(SET)["spec"]["template"]
        self.settle("nginx-nodeport-local", "node", clients=clients,
                    right=WORKERS)
        self.addCleanup(self.renew, {"spec": {"template": before}})
        self.annotate("node-stateful-nginx-0", "dev-big")
        self.settle("nginx-nodeport-local", "node", clients=clients,
                    right={("172.18.0.3", 30003), ("172.18.0.5", 30003)})
        self.assertEqual(follow.picks()["refused"], 0)


class TestServices(FollowTest):
    """What becomes of Services, slices and nodes."""

    def test_node_not_ready(self):
        clients = [self.follow(f"nginx-nodeport{kind}.dev:80?view=node")
                   for kind in ("", "-local")]
        path = "/api/v1/nodes/dev-worker"
        self.addCleanup(self.cluster.set_ready, path, True)
        for is_ready in (True, False, True):
            self.cluster.set_ready(path, is_ready)
            lost = set() if is_ready else {("172.18.0.3", 30002),
                                           ("172.18.0.3", 30003)}
            self.settle("nginx-nodeport", "node", clients=clients[:1],
                        right=NODES - lost)
            self.settle("nginx-nodeport-local", "node", clients=clients[1:],
                        right=WORKERS - lost)

    def test_load_balancer(self):
        client = self.follow("nginx-lb.dev:80?view=lb")
        self.addCleanup(self.cluster.set_ingress, "nginx-lb")
        for addresses in ((), ("203.0.113.7",), ("203.0.113.8",),
                          ("203.0.113.8", "203.0.113.9"), ()):
            self.cluster.set_ingress("nginx-lb", *addresses)
            self.settle("nginx-lb", "lb", clients=[client],
                        right={(a, 80) for a in addresses})

    def test_type(self):
        """ClusterIP, headless, ExternalName and back, under one name."""
        self.make(deployment("turn", 3), service("turn"))
        follow = self.follow("turn.dev:80?view=pods")
        watch = self.watch("turn.dev:80", "pods")
        pods = self.turned("ClusterIP", follow, watch)
        self.turn(follow, watch, {"type": "ExternalName", "clusterIP": None,
                                  "clusterIPs": None,
                                  "externalName": "www.example.com"})
        self.turn(follow, watch, {"type": "ClusterIP", "clusterIP": "None",
                                  "clusterIPs": ["None"],
                                  "externalName": None})
        self.assertEqual(self.turned("Headless", follow, watch), pods)
        self.turn(follow, watch, {"type": "ExternalName", "clusterIP": None,
                                  "clusterIPs": None,
                                  "externalName": "www.google.com"})
        self.turn(follow, watch, {"type": "NodePort", "externalName": None})
        self.assertEqual(self.turned("NodePort", follow, watch), pods)
        self.turn(follow, watch, {"type": "ClusterIP"})
        self.assertEqual(self.turned("ClusterIP", follow, watch), pods)
        # The one way that only a new object goes.
        self.cluster.kubectl("-n", "dev", "delete", "service", "turn")
        self.eventually(lambda: self.assertEqual(follow.places(),
                                                 "SVC_ENOSERVICE"))
        self.cluster.apply({**service("turn", clusterIP="None"),
                            "apiVersion": "v1"})
        self.assertEqual(self.turned("Headless", follow, watch), pods)

    def turn(self, follow, watch, spec):
        self.cluster.patch(self.cluster.service("turn"), {"spec": spec})
        if spec["type"] != "ExternalName":
            return
        world = {"www.google.com": {("192.0.2.10", 80), ("192.0.2.11", 80)},
                 "www.example.com": {("192.0.2.20", 80)}}
        for client in (follow, watch):
            self.eventually(lambda: self.assertEqual(
                client.places(), world[spec["externalName"]]))
        self.assertEqual(follow.set()["type"], "ExternalName")

    def turned(self, kind, follow, watch):
        self.eventually(lambda: self.assertEqual(
            len(self.cluster.expected("turn", 80)), 3))
        right = self.settle("turn", clients=(follow, watch),
                            proxied=kind != "Headless")
        self.assertEqual(follow.set()["type"], kind)
        return right

    def test_made_again(self):
        """Another object under the old name, with other ports."""
        self.make(deployment("again", 2), service("again"))
        client = self.follow("again.dev:http?view=pods")
        self.eventually(lambda: self.assertEqual(
            len(self.cluster.expected("again", 80)), 2))
        before = self.settle("again", clients=[client], proxied=True)
        self.cluster.kubectl("-n", "dev", "delete", "service", "again")
        self.eventually(lambda: self.assertEqual(client.places(),
                                                 "SVC_ENOSERVICE"))
        self.make(service("again", ports=[
            {"name": "http", "port": 8000, "targetPort": 8080}]))
        self.settle("again", number=8000, clients=[client], proxied=True,
                    right={(address, 8080) for address, _ in before})
        self.cluster.patch(self.cluster.service("again"), {"spec": {
            "ports": [{"name": "web", "port": 8000, "targetPort": 8080}]}})
        self.eventually(lambda: self.assertEqual(client.places(),
                                                 "SVC_ENOPORT"))

    def by_hand(self, name, **spec):
        """A Service whose slices nobody but the test makes, followed."""
        hand = service(name, **spec)
        del hand["spec"]["selector"]
        self.make(hand)
        return self.follow(name + ".dev:80?view=pods")

    def test_slices_by_hand(self):
        """Two with ports of their own, one of them moved by its label, and an
        address that is in two."""
        one, two = self.by_hand("hand-one"), self.by_hand("hand-two")
        a = {("10.244.9.1", 8080), ("10.244.9.2", 8080)}
        b = {("10.244.9.3", 9090)}
        self.make(endpoint_slice("hand-a", "hand-one", "10.244.9.1",
                                 "10.244.9.2", port=8080),
                  endpoint_slice("hand-b", "hand-one", "10.244.9.3",
                                 port=9090))
        self.settle("hand-one", clients=[one], right=a | b, proxied=True)
        self.settle("hand-two", clients=[two], right=set())
        # kube-proxy (1.37) never takes it away from the one it was with.
        self.move("hand-b", "hand-two")
        self.settle("hand-one", clients=[one], right=a)
        self.settle("hand-two", clients=[two], right=b, proxied=True)
        self.make(endpoint_slice("hand-c", "hand-one", "10.244.9.2",
                                 port=8080))
        self.settle("hand-one", clients=[one], right=a)
        self.cluster.kubectl("-n", "dev", "delete", "endpointslice", "hand-a")
        self.settle("hand-one", clients=[one], right={("10.244.9.2", 8080)})

    def test_families(self):
        """Headless: as the slices say. A ClusterIP has the families that its
        Service lists, whatever slices there are."""
        v4, v6 = {("10.244.9.4", 80)}, {("fd00:10::1", 80)}
        both = self.by_hand("hand-both", clusterIP="None")
        self.make(endpoint_slice("both-4", "hand-both", "10.244.9.4"),
                  endpoint_slice("both-6", "hand-both", "fd00:10::1"))
        self.settle("hand-both", clients=[both], right=v4 | v6)
        for family, right in (("ipv4", v4), ("ipv6", v6)):
            self.assertEqual(self.places(
                self.by_api(), f"hand-both.dev:80?family={family}", "pods"),
                right)
        only = self.by_hand("hand-only")
        self.make(endpoint_slice("only-4", "hand-only", "10.244.9.4"))
        self.settle("hand-only", clients=[only], right=v4)
        self.make(endpoint_slice("only-6", "hand-only", "fd00:10::1"))
        self.eventually(lambda: self.assertEqual(
            only.others(), {"fd00:10::1": ["wrong-family"]}))
        self.assertEqual(only.places(), v4)
        self.eventually(lambda: self.assertEqual(
            self.cluster.proxied("hand-only", 80), v4))

    def move(self, name, to):
        self.cluster.kubectl("-n", "dev", "label", "--overwrite",
                             "endpointslice", name,
                             "kubernetes.io/service-name=" + to)


class TestMany(FollowTest):
    """More Services than are listened to one by one."""

    def watches(self):
        """By the API server's own count: {(resource, scope): number} of what
        is watched in one namespace only, which nobody but us does."""
        _, text = self.cluster.request("GET", "/metrics")
        found = {}
        for line in text.splitlines():
            if not line.startswith("apiserver_longrunning_requests{") or \
                    'scope="cluster"' in line or 'verb="WATCH"' not in line:
                continue
            labels = dict(word.split("=", 1) for word in
                          line[line.index("{") + 1:line.index("}")].split(","))
            key = (labels["resource"].strip('"'), labels["scope"].strip('"'))
            number = int(float(line.split()[-1]))
            if number and key[0] in ("services", "endpointslices"):
                found[key] = number
        return found

    def test_many(self):
        names = [f"many-{i}" for i in range(8)]
        for name in names:
            hand = service(name)
            del hand["spec"]["selector"]
            self.make(hand, endpoint_slice(
                name, name, f"10.244.8.{names.index(name) + 1}"))
        follow = self.follow(*(f"{name}.dev:80?view=pods"
                               for name in names[:4]))
        self.check(follow, names[:4])
        self.eventually(lambda: self.assertEqual(self.watches(), {
            ("services", "resource"): 4, ("endpointslices", "namespace"): 4}))
        for i in range(4, 8):
            follow.open(f"{names[i]}.dev:80?view=pods")
            self.check(follow, names[:i + 1])
        self.eventually(lambda: self.assertEqual(self.watches(), {
            ("services", "namespace"): 1, ("endpointslices", "namespace"): 1}))
        # Each of them is still told of.
        self.cluster.apply(*(
            {**endpoint_slice(name, name, f"10.244.7.{i + 1}"),
             "metadata": {"name": name, "namespace": "dev", "labels": {
                 "kubernetes.io/service-name": name}}}
            for i, name in enumerate(names)))
        self.check(follow, names)
        stats = follow.stats()
        self.assertEqual(stats["publishes_empty"], 0)
        self.assertEqual((stats["troubles"], stats["failures"]), (0, 0))
        # At most a pair for each of eight, and one for all.
        self.assertLessEqual(stats["lists"], 18)

    def check(self, follow, names):
        for name in names:
            self.eventually(lambda: self.assertEqual(
                follow.places(f"{name}.dev:80?view=pods"),
                self.cluster.expected(name, 80)))


if __name__ == "__main__":
    cluster.main(proxy=True)
