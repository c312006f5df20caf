# SPDX-License-Identifier: Apache-2.0
"""An API server that is killed, ends slowly, forgets, or has too much to do:
who follows Services keeps what it knows, says that it is stale, and catches
up without an empty moment (semantics 2.10; faults A1, A11, A12)."""
import http.client
import json
import signal
import ssl

import cluster
import parts
from follow import FollowTest, endpoint_slice, service
from oracle import LABEL

NODES = {(a, 30002) for a in ("172.18.0.2", "172.18.0.3", "172.18.0.4",
                              "172.18.0.5")}
BY_PODS = "hand.dev:80?view=pods"
BY_NODES = "nginx-nodeport.dev:80?view=node"
# Requests of one user are refused as soon as two of them come together.
LEVEL = {"apiVersion": "flowcontrol.apiserver.k8s.io/v1",
         "kind": "PriorityLevelConfiguration",
         "metadata": {"name": "little"},
         "spec": {"type": "Limited", "limited": {
             "nominalConcurrencyShares": 0, "lendablePercent": 0,
             "borrowingLimitPercent": 0, "limitResponse": {"type": "Reject"}}}}
SCHEMA = {"apiVersion": "flowcontrol.apiserver.k8s.io/v1",
          "kind": "FlowSchema", "metadata": {"name": "little"},
          "spec": {"matchingPrecedence": 2,
                   "priorityLevelConfiguration": {"name": "little"},
                   "rules": [{
                       "subjects": [{"kind": "User",
                                     "user": {"name": "services"}}],
                       "resourceRules": [{
                           "verbs": ["*"], "apiGroups": ["*"],
                           "resources": ["*"], "namespaces": ["*"],
                           "clusterScope": True}]}]}}


class TestTroubles(FollowTest):
    """Slices are written by hand: the controllers, too, need their time after
    a server has gone."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.cluster.start, "kube-apiserver")

    def by_hand(self, *addresses):
        """Service "hand" has these and no other."""
        self.cluster.apply({**endpoint_slice("hand-1", "hand", *addresses),
                            "metadata": {"name": "hand-1", "namespace": "dev",
                                         "labels": {LABEL: "hand"}}})
        return {(a, 80) for a in addresses}

    def begin(self):
        """A Follow by pods and by nodes that knows all, and its pods."""
        hand = service("hand", clusterIP="None")
        del hand["spec"]["selector"]
        self.make(hand, endpoint_slice("hand-1", "hand", "10.244.6.99"))
        pods = self.by_hand("10.244.6.1", "10.244.6.2", "10.244.6.3")
        follow = self.follow(BY_PODS, BY_NODES)
        self.check(follow, pods)
        follow.picks()
        return follow, pods

    def check(self, follow, pods):
        self.eventually(lambda: self.assertEqual(
            (follow.places(BY_PODS), follow.places(BY_NODES)), (pods, NODES)))

    def in_trouble(self, follow, pods):
        """Until all says so; it has what it had."""
        def check():
            for found in follow.sets().values():
                self.assertEqual(found["trouble"], "SVC_EUNREACH")
                self.assertTrue(found["stale"])
                self.assertGreater(found["age_ms"], 0)
        self.eventually(check)
        self.check(follow, pods)

    def is_well(self, follow):
        """All troubles are over; nobody ever found nothing to pick."""
        def check():
            for found in follow.sets().values():
                self.assertEqual((found["trouble"], found["stale"],
                                  found["age_ms"]), (None, False, 0))
        self.eventually(check)
        for pick in follow.ask("picks"):
            self.assertEqual(pick["refused"], 0, pick["code"])
            self.assertGreater(pick["picks"], 0)
        self.assertEqual(follow.stats()["publishes_empty"], 0)

    def go_on(self):
        """A newer version than any that somebody was told of: after a restart
        nobody knows theirs any more (410)."""
        self.make({"kind": "ConfigMap", "metadata": {"name": "elsewhere"}})

    def test_killed(self):
        follow, pods = self.begin()
        watch = self.watch("hand.dev:80", "pods")
        self.eventually(lambda: self.assertEqual(watch.places(), pods))
        self.go_on()
        self.cluster.stop("kube-apiserver")
        self.in_trouble(follow, pods)
        self.eventually(lambda: self.assertIn("SVC_EUNREACH",
                                              watch.troubles()))
        self.assertEqual(watch.places(), pods)
        done = self.run_svcctl("resolve", *self.by_api(), "--view", "pods",
                               "hand.dev:80", "-o", "json")
        self.assertEqual(done.returncode, 5, done.stdout + done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual((told["code"], told["exit"]), ("SVC_EUNREACH", 5))
        self.assertIn("127.0.0.1:6443", told["message"])
        # Who comes now waits, and has it when it is there.
        late = self.watch("hand.dev:80", "pods")
        self.eventually(lambda: self.assertEqual(late.troubles()[:1],
                                                 ["SVC_EUNREACH"]))
        self.cluster.start("kube-apiserver")
        pods = self.by_hand("10.244.6.3", "10.244.6.4")
        self.settle("hand", right=pods, clients=[watch, late])
        self.check(follow, pods)
        self.is_well(follow)
        self.assertGreater(follow.stats()["expired"], 0)

    def test_forgotten(self):
        """What was deleted while nobody listened is gone also where the
        server has forgotten that there was a deletion."""
        follow, pods = self.begin()
        self.make(endpoint_slice("hand-2", "hand", "10.244.6.5"))
        self.check(follow, pods | {("10.244.6.5", 80)})
        follow.process.send_signal(signal.SIGSTOP)
        self.addCleanup(follow.process.send_signal, signal.SIGCONT)
        self.go_on()
        self.cluster.restart()
        self.cluster.kubectl("-n", "dev", "delete", "endpointslice", "hand-2")
        pods = self.by_hand("10.244.6.2", "10.244.6.6")
        self.cluster.compact()
        follow.process.send_signal(signal.SIGCONT)
        self.settle("hand", right=pods)
        self.check(follow, pods)
        self.is_well(follow)
        self.assertGreater(follow.stats()["expired"], 0)

    def test_terminated(self):
        """A server that was asked to end leaves watches open and silent, and
        takes no new ones."""
        follow, pods = self.begin()
        self.cluster.terminate("kube-apiserver")
        server = self.cluster.part("kube-apiserver")
        self.eventually(lambda: self.assertFalse(
            parts.READY["kube-apiserver"]()))
        self.check(follow, pods)
        self.assertTrue(server.wait(parts.END_SECONDS * 1000),
                        "it still runs")
        self.in_trouble(follow, pods)
        self.cluster.start("kube-apiserver")
        pods = self.by_hand("10.244.6.7")
        self.check(follow, pods)
        self.is_well(follow)

    def test_too_many_requests(self):
        """429 by priority and fairness, as a text and with Retry-After."""
        names = [f"much-{i}" for i in range(6)]
        for i, name in enumerate(names):
            hand = service(name)
            del hand["spec"]["selector"]
            self.make(hand, endpoint_slice(name, name, f"10.244.6.{i + 10}"))
        self.cluster.apply(LEVEL, SCHEMA)
        self.addCleanup(self.cluster.kubectl, "delete", "flowschema/little",
                        "prioritylevelconfiguration/little")
        self.eventually(lambda: self.assertEqual(self.busy().status, 429))
        follow = self.follow(*(f"{name}.dev:80?view=pods" for name in names),
                             user="services")
        self.eventually(lambda: self.assertIn(
            " 429 ", str([f["story"] for f in follow.sets().values()])))
        # There is room for one at a time now.
        self.connection.close()
        for i, name in enumerate(names):
            self.eventually(lambda: self.assertEqual(
                follow.places(f"{name}.dev:80?view=pods"),
                {(f"10.244.6.{i + 10}", 80)}))
        self.eventually(lambda: self.assertEqual(
            {f["trouble"] for f in follow.sets().values()}, {None}))
        self.assertGreater(follow.stats()["failures"], 0)

    def busy(self):
        """The answer to a request of a user of whom another one is under way:
        its body does not come."""
        with open(f"{self.cluster.folder}/keys/tokens.csv",
                  encoding="ascii") as file:
            [token] = [line.split(",")[0] for line in file
                       if line.split(",")[1] == "services"]
        self.connection = self.connect()
        self.addCleanup(self.connection.close)
        self.connection.putrequest("POST", "/apis/authorization.k8s.io/v1/"
                                   "selfsubjectaccessreviews")
        for name, value in (("Authorization", "Bearer " + token),
                            ("Content-Type", "application/json"),
                            ("Content-Length", "1000")):
            self.connection.putheader(name, value)
        self.connection.endheaders()
        other = self.connect()
        try:
            other.request("GET", "/api/v1/namespaces/dev/services",
                          headers={"Authorization": "Bearer " + token})
            answer = other.getresponse()
            if answer.status != 429:
                self.connection.close()
            return answer
        finally:
            other.close()

    def connect(self):
        return http.client.HTTPSConnection(
            "127.0.0.1", 6443, timeout=cluster.SECONDS,
            context=ssl.create_default_context(
                cafile=f"{self.cluster.folder}/keys/ca.crt"))


if __name__ == "__main__":
    # It also bounds how long the server waits for open watches when it is
    # asked to end; else a minute.
    cluster.main(api_flags=["--request-timeout=8s"])
