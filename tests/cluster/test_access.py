# SPDX-License-Identifier: Apache-2.0
"""Who one is and what one may, with a real API server: tokens that are wrong,
revoked, expired and rotated, rights that are missing, taken away and given back, and
what "auto" makes of it (faults A4-A8, 3.4; docs/architecture.md)."""
import json
import os
import time

import cluster
import keys
from follow import (PROGRAMS, Follow, FollowTest, endpoint_slice, service)
from svcctl import clean_environment

HAND = "hand.dev:80?view=pods"
PODS = {("10.244.2.18", 80), ("10.244.1.18", 80), ("10.244.1.19", 80)}


def role(name, *rules):
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": name}, "rules": [
                {"apiGroups": [group], "resources": [resource],
                 "verbs": list(verbs), **more}
                for group, resource, verbs, more in rules]}


def binding(name, to, user=None, account=None):
    subject = {"kind": "User", "name": user,
               "apiGroup": "rbac.authorization.k8s.io"} if user else \
        {"kind": "ServiceAccount", "name": account, "namespace": "dev"}
    return {"apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding", "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io",
                        "kind": "Role", "name": to},
            "subjects": [subject]}


def services(*verbs, **more):
    return "", "services", verbs, more


def slices(*verbs, **more):
    return "discovery.k8s.io", "endpointslices", verbs, more


class AccessTest(FollowTest):
    """Service "hand" has the slice that a test gives it."""

    def setUp(self):
        super().setUp()
        hand = service("hand", clusterIP="None")
        del hand["spec"]["selector"]
        self.make(hand, endpoint_slice("hand-1", "hand", "10.244.6.99"))
        self.addCleanup(self.cluster.start, "kube-apiserver")
        self.pods = self.by_hand("10.244.6.1", "10.244.6.2")

    def by_hand(self, *addresses):
        found = endpoint_slice("hand-1", "hand", *addresses)
        found["metadata"]["namespace"] = "dev"
        self.cluster.apply(found)
        return {(a, 80) for a in addresses}

    def same(self, follow, pods, name=HAND):
        self.eventually(lambda: self.assertEqual(follow.places(name), pods))

    def denied(self, options, name, *words, view="pods"):
        """svcctl exits with 6 and says all these words."""
        done = self.run_svcctl("resolve", *options, "--view", view, name,
                               "-o", "json")
        self.assertEqual(done.returncode, 6, done.stdout + done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual((told["code"], told["exit"]), ("SVC_EAUTH", 6))
        for word in words:
            self.assertIn(word, told["message"] + " | " + told["hint"])
        return told

    def in_trouble(self, follow, *words):
        """It says so and keeps what it has."""
        def check():
            found = follow.set()
            self.assertEqual((found["trouble"], found["stale"]),
                             ("SVC_EAUTH", True))
            for word in words:
                self.assertIn(word, found["story"] + " | " + found["hint"])
        self.eventually(check)
        self.same(follow, self.pods)

    def is_well(self, follow):
        def check():
            found = follow.set()
            self.assertEqual((found["trouble"], found["stale"]),
                             (None, False))
        self.eventually(check)
        self.assertEqual(follow.picks()["refused"], 0)

    def pod_files(self):
        """The environment in which the files of this test are a pod's."""
        return {"POD_FILES": self.folder, "LD_PRELOAD": os.path.join(
            PROGRAMS, "cluster_pod_files.so")}

    def secret(self, name):
        """A token that ends with the Secret of that name."""
        self.make({"kind": "Secret", "metadata": {"name": name}})
        return self.cluster.kubectl(
            "-n", "dev", "create", "token", "reader", "--bound-object-kind",
            "Secret", "--bound-object-name", name).strip()



class TestTokens(AccessTest):
    def write(self, token):
        """A kubeconfig with that token in it."""
        keys.kubeconfig(self.cluster.folder, "own", token=token)
        return self.cluster.kubeconfig("own")

    def options(self, path):
        return ["-b", "apiserver", "--kubeconfig", path]

    def test_wrong(self):
        """Whoever has a wrong one waits for a good one."""
        path = self.write("not-a-token")
        told = self.denied(self.options(path), "hand.dev:80", "401",
                           "Unauthorized", "credentials")
        self.assertNotIn("not-a-token", str(told))
        follow = Follow(self, "-b", "apiserver", "-k", path, HAND)
        self.eventually(lambda: self.assertEqual(follow.set()["trouble"],
                                                 "SVC_EAUTH"))
        self.write(self.cluster.token("reader"))
        self.same(follow, self.pods)
        self.is_well(follow)
        self.assertNotIn("not-a-token", follow.log())

    def test_revoked(self):
        """An open watch goes on after its token has ended; the next does
        not, and says why."""
        token = self.secret("brief")
        path = self.write(token)
        follow = Follow(self, "-b", "apiserver", "-k", path, HAND)
        self.same(follow, self.pods)
        follow.picks()
        self.cluster.kubectl("-n", "dev", "delete", "secret", "brief")
        self.pods = self.by_hand("10.244.6.2", "10.244.6.3")
        self.same(follow, self.pods)
        # Nobody remembers for ten seconds that it was good.
        self.cluster.restart()
        self.in_trouble(follow, "401", "token")
        self.denied(self.options(path), "hand.dev:80", "401", "token")
        self.write(self.cluster.token("reader"))
        self.pods = self.by_hand("10.244.6.4")
        self.same(follow, self.pods)
        self.is_well(follow)
        self.assertNotIn(token, follow.log())

    def signed(self, left_s):
        """One that ends in so many seconds, or has ended: to be refused it
        must have done so 70 s ago, for the API server allows for clocks."""
        now = int(time.time())
        return keys.signed_anew(
            self.cluster.folder, self.cluster.token("reader"),
            iat=now - 3600, nbf=now - 3600, exp=now + left_s)

    def test_expired(self):
        """The token ends, and the one that stands there now did so before:
        what is known stays in use, and one that comes late is taken."""
        path = self.write(self.signed(300))
        self.assertEqual(self.places(self.options(path), "hand.dev:80",
                                     "pods"), self.pods)
        self.write(self.secret("timed"))
        follow = Follow(self, "-b", "apiserver", "-k", path, HAND)
        self.same(follow, self.pods)
        follow.picks()
        token = self.signed(-300)
        self.write(token)
        self.cluster.kubectl("-n", "dev", "delete", "secret", "timed")
        self.cluster.restart()
        self.in_trouble(follow, "401", "token")
        self.denied(self.options(path), "hand.dev:80", "401", "token")
        done = self.run_svcctl("doctor", *self.options(path), "-o", "json")
        self.assertEqual(done.returncode, 6, done.stdout + done.stderr)
        found = {f["check"]: f for f in json.loads(done.stdout)["findings"]}
        self.assertIn("401", found["apiserver"]["text"])
        self.assertEqual(found["credentials"]["level"], "fail")
        self.assertIn("has expired, 5 min ago", found["credentials"]["text"])
        self.assertIn("get a new one", found["credentials"]["hint"])
        self.write(self.cluster.token("reader"))
        self.pods = self.by_hand("10.244.6.11")
        self.same(follow, self.pods)
        self.is_well(follow)
        self.assertNotIn(token, follow.log() + done.stdout + done.stderr)

    def test_account_deleted(self):
        """The token of an account that is gone, though it were made anew."""
        self.make({"kind": "ServiceAccount", "metadata": {"name": "gone"}},
                  binding("gone", "libsvc", account="gone"))
        path = self.cluster.token_kubeconfig("gone")
        self.eventually(lambda: self.assertEqual(
            self.places(self.options(path), "hand.dev:80", "pods"),
            self.pods))
        for verb in ("delete", "create"):
            self.cluster.kubectl("-n", "dev", verb, "serviceaccount", "gone")
        self.cluster.restart()
        self.eventually(lambda: self.denied(self.options(path), "hand.dev:80",
                                            "401"))


class TestPod(AccessTest):
    """In a pod: the files of its service account."""

    def setUp(self):
        super().setUp()
        self.env = clean_environment(
            **self.cluster.in_pod(self.folder, "reader"),
            **self.pod_files())

    def put(self, token):
        keys.write_private(os.path.join(self.folder, "token.new"), token)
        os.rename(os.path.join(self.folder, "token.new"),
                  os.path.join(self.folder, "token"))

    def test_inside(self):
        """The caller's namespace, and pods without being asked for."""
        for name, right in (("svc-nginx", PODS), ("nginx-service", PODS),
                            ("stateful-nginx-0.svc-nginx.dev",
                             {("10.244.2.18", 80)}),
                            ("nginx-nodeport", PODS), ("hand", self.pods)):
            found = self.json("resolve", name, env=self.env)
            self.assertEqual({(e["address"], e["port"])
                              for e in found["endpoints"]}, right, name)
            self.assertEqual(found["source"], "apiserver")

    def test_rotated(self):
        """The token is replaced in its file before it ends, and nobody
        notices."""
        self.put(self.secret("first"))
        follow = Follow(self, "-b", "apiserver", HAND, env=self.env)
        self.same(follow, self.pods)
        follow.picks()
        self.put(self.secret("second"))
        self.cluster.kubectl("-n", "dev", "delete", "secret", "first")
        self.cluster.restart()
        self.pods = self.by_hand("10.244.6.5")
        self.same(follow, self.pods)
        self.is_well(follow)
        self.assertNotIn("401", follow.log())
        # Half written, the one before stays in force.
        self.put("")
        self.cluster.restart()
        self.pods = self.by_hand("10.244.6.6", "10.244.6.7")
        self.same(follow, self.pods)
        self.is_well(follow)


class TestRights(AccessTest):
    """Users that begin with none."""

    def grant(self, *rules):
        """To user "norights", in force."""
        self.make(role("some", *rules), binding("some", "some",
                                                user="norights"))

    def take(self):
        """All rights of that user."""
        self.cluster.kubectl("-n", "dev", "delete", "rolebinding", "some")

    def test_each_right(self):
        """What is missing is named: verb, resource, namespace, and what to
        grant."""
        options = self.by_api("norights")
        for rules, words in (
                ((), ("watch services in \"dev\"", "grant")),
                ((services("list", "watch"),),
                 ("watch endpointslices in \"dev\"",
                  "discovery.k8s.io/endpointslices")),
                ((slices("list", "watch"),),
                 ("watch services in \"dev\"", "services")),
                ((services("get", "list"), slices("list", "watch")),
                 ("watch services in \"dev\"", "services"))):
            with self.subTest(words=words):
                if rules:
                    self.grant(*rules)
                self.eventually(lambda: self.denied(
                    options, "hand.dev:80", "403 Forbidden", "docs/rbac.yaml",
                    *words))
        self.grant(services("list", "watch"), slices("list", "watch"))
        self.eventually(lambda: self.assertEqual(
            self.places(options, "hand.dev:80", "pods"), self.pods))
        self.eventually(lambda: self.denied(
            options, "nginx-nodeport.dev:80", "watch nodes", "403",
            "on nodes", view="node"))

    def test_taken_and_given_back(self):
        self.grant(services("list", "watch"), slices("list", "watch"))
        options = self.by_api("norights")
        self.eventually(lambda: self.assertEqual(
            self.places(options, "hand.dev:80", "pods"), self.pods))
        follow = self.follow(HAND, user="norights")
        self.same(follow, self.pods)
        follow.picks()
        self.take()
        self.eventually(lambda: self.denied(
            options, "hand.dev:80", "watch services in \"dev\"",
            "403 Forbidden", "User \"norights\"", "docs/rbac.yaml"))
        # An open watch is not asked again.
        self.pods = self.by_hand("10.244.6.8")
        self.same(follow, self.pods)
        self.cluster.restart()
        self.in_trouble(follow, " in \"dev\": 403 Forbidden",
                        "docs/rbac.yaml")
        self.grant(services("list", "watch"), slices("list", "watch"))
        self.pods = self.by_hand("10.244.6.9", "10.244.6.10")
        self.same(follow, self.pods)
        self.is_well(follow)

    def test_named_services_only(self):
        """Rights on Services by their names: however many are open, each is
        listened to by itself."""
        names = [f"named-{i}" for i in range(7)]
        for i, name in enumerate(names):
            hand = service(name)
            del hand["spec"]["selector"]
            self.make(hand, endpoint_slice(name, name, f"10.244.5.{i + 1}"))
        self.grant(services("list", "watch", resourceNames=names),
                   slices("list", "watch"))
        self.eventually(lambda: self.assertEqual(
            self.places(self.by_api("norights"), "named-6.dev:80", "pods"),
            {("10.244.5.7", 80)}))
        follow = self.follow(*(f"{name}.dev:80?view=pods" for name in names),
                             user="norights")
        for i, name in enumerate(names):
            self.same(follow, {(f"10.244.5.{i + 1}", 80)},
                      f"{name}.dev:80?view=pods")
        for i, name in enumerate(names):
            moved = endpoint_slice(name, name, f"10.244.4.{i + 1}")
            moved["metadata"]["namespace"] = "dev"
            self.cluster.apply(moved)
        for i, name in enumerate(names):
            self.same(follow, {(f"10.244.4.{i + 1}", 80)},
                      f"{name}.dev:80?view=pods")
        self.assertEqual({f["trouble"] for f in follow.sets().values()},
                         {None})

    def test_auto(self):
        """DNS where the API server refuses; once that has answered, it alone
        counts."""
        name = "svc-nginx.dev:80?view=pods"
        # Not in a pod but for its DNS: who one is, a kubeconfig says.
        self.cluster.in_pod(self.folder, "reader")
        env = clean_environment(
            KUBECONFIG=self.cluster.kubeconfig("norights"), **self.pod_files())
        found = self.json("resolve", name, env=env)
        self.assertEqual(found["source"], "dns")
        self.assertEqual({(e["address"], e["port"])
                          for e in found["endpoints"]}, PODS)
        follow = Follow(self, name, env=env)
        self.same(follow, PODS, name)
        self.assertEqual(follow.set()["source"], "dns")
        self.assertIn("403 Forbidden", follow.log())
        self.grant(services("list", "watch"), slices("list", "watch"))
        self.eventually(lambda: self.assertEqual(follow.set()["source"],
                                                 "apiserver"))
        self.same(follow, PODS, name)
        self.take()
        self.cluster.restart()
        self.eventually(lambda: self.assertTrue(follow.set()["stale"]))
        self.eventually(lambda: self.assertIn(
            "403", follow.set()["story"]))
        self.assertEqual(follow.set()["source"], "apiserver")
        self.same(follow, PODS, name)
        self.assertEqual(follow.picks()["refused"], 0)


if __name__ == "__main__":
    cluster.main()
