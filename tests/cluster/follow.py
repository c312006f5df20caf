# SPDX-License-Identifier: Apache-2.0
"""Clients of a cluster that go on while it changes: follow.c with its threads
that pick, svcctl watch, and, for what is right at which time, a plain watch of
the API's own objects."""
import http.client
import json
import os
import subprocess
import sys
import threading
import time

import cluster
import oracle
import parts
from svcctl import PROGRAM, clean_environment

PROGRAMS = os.environ.get("PROGRAMS") or os.path.join(
    os.path.dirname(PROGRAM), "tests")
LATE_S = 5  # for a change to be seen by a thread that picks
EARLY_S = 1  # that one client may hear of a change before another


class Follow:
    """follow.c, ended with the test."""

    def __init__(self, test, *arguments, env=None):
        # What it logs is kept for whoever wants to know why a test failed.
        self.path = os.path.join(test.folder, "follow.log")
        with open(self.path, "ab") as log:
            self.process = subprocess.Popen(
                [os.path.join(PROGRAMS, "cluster_follow"), *arguments],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                text=True, env=env or clean_environment())
        test.addCleanup(self.end)

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(cluster.SECONDS)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
        if os.environ.get("SVC_CLUSTER_KEEP"):
            print(self.log(), file=sys.stderr)
        assert self.process.returncode == 0, self.process.returncode

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"follow has ended: {self.log()}"
        return json.loads(line)

    def log(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def open(self, name):
        assert self.ask("open " + name) == {"code": "SVC_OK"}, self.log()

    def stats(self):
        return self.ask("stats")

    def sets(self):
        return {s["name"]: s for s in self.ask("sets")}

    def set(self, name=None):
        """Of one name; the only one's if none is said."""
        sets = self.sets()
        return sets[name] if name else list(sets.values())[0]

    def places(self, name=None):
        """{(address, port)}, or the code of an empty set."""
        found = self.set(name)
        return {tuple(e) for e in found["usable"]} or found["code"]

    def others(self, name=None):
        """{address: words} of those that are not used."""
        return {e[0]: e[2:] for e in self.set(name)["others"]}

    def picks(self, name=None):
        """What was picked since the last such question, of all names."""
        picks = {p["name"]: p for p in self.ask("picks")}
        return picks[name] if name else list(picks.values())[0]


class Watch:
    """svcctl watch -o json, ended with the test; what it said adds up to a
    set."""

    def __init__(self, test, *arguments):
        self.process = test.start("watch", "-o", "json", *arguments)
        self.lock = threading.Lock()
        self.lines, self.now = [], {}
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for text in self.process.stdout:
            line = json.loads(text)
            with self.lock:
                self.lines.append(line)
                self.take(line)

    def take(self, line):
        for e in line.get("removed", []):
            del self.now[e["address"], e["port"]]
        for e in line.get("added", []) + line.get("changed", []):
            self.now[e["address"], e["port"]] = e

    def places(self):
        with self.lock:
            if self.now or not self.lines:
                return set(self.now)
            return [line for line in self.lines if "count" in line][-1]["code"]

    def troubles(self):
        """Codes of all troubles so far."""
        with self.lock:
            return [line["trouble"]["code"] for line in self.lines
                    if "trouble" in line]


class History:
    """The sets of pods of one Service's port, each with the time from which on
    it was right, by a plain watch of the API; ended with the test."""

    def __init__(self, test, name, number, namespace="dev"):
        self.service = test.cluster.get(test.cluster.service(name, namespace))
        [self.port] = [p for p in self.service["spec"]["ports"]
                       if p["port"] == number]
        self.slices, self.sets = {}, []
        connection = http.client.HTTPSConnection(
            "127.0.0.1", 6443, context=test.cluster.context)
        connection.request(
            "GET", f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/"
            "endpointslices?watch=1")
        self.answer = connection.getresponse()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        test.addCleanup(connection.close)
        test.addCleanup(self.reader.join)
        # It waits for the end of the stream, which that is.
        test.addCleanup(connection.sock.shutdown, 2)

    def read(self):
        for line in self.answer:
            event = json.loads(line)
            found = event["object"]
            key = found["metadata"]["name"]
            if event["type"] == "DELETED":
                self.slices.pop(key, None)
            else:
                self.slices[key] = {**found, "kind": "EndpointSlice"}
            right = {(a, number) for e, number in oracle.pods(
                self.service, self.port, list(self.slices.values()))
                for a in e["addresses"]}
            self.sets.append((time.monotonic(), right))

    def wrong(self, places):
        """Those of places, as follow.c tells them, that were not in the set
        at the time they were picked."""
        sets = list(self.sets)
        ends = [at for at, _ in sets[1:]] + [time.monotonic()]

        def in_time(address, port, _, first_ms, last_ms):
            times = [(at, end) for (at, right), end in zip(sets, ends)
                     if (address, port) in right]
            return times and times[0][0] <= first_ms / 1000 + EARLY_S and \
                any(at <= last_ms / 1000 + EARLY_S and
                    last_ms / 1000 <= end + LATE_S for at, end in times)
        return [place for place in places if not in_time(*place)]

    def ever(self):
        return set().union(*(right for _, right in list(self.sets)))


class FollowTest(cluster.ClusterTest):
    """A test of Services that somebody follows from outside of the cluster,
    with the rights of docs/rbac.yaml."""

    def follow(self, *names, user="reader", backend="apiserver"):
        return Follow(self, "-b", backend, "-k", self.cluster.kubeconfig(user),
                      "-d", parts.DNS, *names)

    def watch(self, name, view):
        return Watch(self, *self.by_api(), "--view", view, name)

    def settle(self, name, view="pods", number=80, host=None, right=None,
               clients=(), proxied=False):
        """Until all clients (a Watch, or a Follow with its name for it) and a
        new one say what the oracle says; returns that. right: what that is,
        if known; proxied: kube-proxy says so too."""
        asked = f"{host + '.' if host else ''}{name}.dev:{number}"

        def check():
            expected = self.cluster.expected(name, number, view, host)
            if right is not None:
                self.assertEqual(expected, right, "oracle")
            empty = "SVC_EPENDING" if view == "lb" else "SVC_ENOENDPOINTS"
            for client in clients:
                self.assertEqual(client.places(), expected or empty, client)
            self.assertEqual(self.places(self.by_api(), asked, view),
                             expected or empty, "svcctl resolve")
            if proxied:
                self.assertEqual(self.cluster.proxied(name, number), expected,
                                 "kube-proxy")
            return expected
        return self.eventually(check)

    def make(self, *objects):
        """Objects of namespace dev, deleted after the test."""
        for o in objects:
            o["metadata"].setdefault("namespace", "dev")
            o.setdefault("apiVersion", "v1")
            self.addCleanup(self.cluster.kubectl, "-n", "dev", "delete",
                            "--ignore-not-found", "--now", o["kind"],
                            o["metadata"]["name"])
        self.cluster.apply(*objects)


def service(name, **spec):
    """A Service; its pods are those of app NAME, its port 80 their http."""
    return {"kind": "Service", "metadata": {"name": name}, "spec": {
        "selector": {"app": name},
        "ports": [{"name": "http", "port": 80, "targetPort": "http"}], **spec}}


def deployment(name, replicas, grace=0):
    return {"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name}, "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {
                    "terminationGracePeriodSeconds": grace,
                    "containers": [{
                        "name": "nginx", "image": "nginx:1.22.0",
                        "ports": [{"name": "http", "containerPort": 80}]}]}}}}


def endpoint_slice(name, of, *addresses, port=80):
    """A slice that nobody but the test looks after."""
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": name, "labels": {oracle.LABEL: of}},
            "addressType": "IPv6" if ":" in addresses[0] else "IPv4",
            "endpoints": [{"addresses": [a], "conditions": {"ready": True}}
                          for a in addresses],
            "ports": [{"name": "http", "port": port, "protocol": "TCP"}]}
