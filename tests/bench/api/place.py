# SPDX-License-Identifier: Apache-2.0
"""Where the programs of this folder find objects: at the scripted API server,
or at a real one of tests/cluster. Both have Services svc-00000 and so on with
EndpointSlices, and make events: number e puts an address of its own in the
place of the first one of a slice (world.h)."""
import concurrent.futures
import http.client
import json
import os
import queue
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../dns"))

# pylint: disable=wrong-import-position
import machine  # noqa: E402

SLICES = "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices"
SERVICES = "/api/v1/namespaces/{}/services"
POSTERS = 4


def address(number, first=10):
    """Of an endpoint; of an event with first=11."""
    first += number // 1000000
    return (f"{first}.{100 + number // 10000 % 100}."
            f"{100 + number // 100 % 100}.{100 + number % 100}")


class Scripted:
    """svc-bench-api-server in a process of its own, on processor 1."""
    namespace = "bench"
    is_real = False

    def __init__(self, program, *world):
        self.process = subprocess.Popen(
            [program, "0", *map(str, world)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, preexec_fn=machine.pin(1))
        self.port = int(self.process.stdout.readline())
        self.file = tempfile.NamedTemporaryFile("w", suffix=".kubeconfig")
        json.dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "bench",
            "clusters": [{"name": "bench", "cluster": {
                "server": f"http://127.0.0.1:{self.port}"}}],
            "users": [{"name": "bench", "user": {}}],
            "contexts": [{"name": "bench", "context": {
                "cluster": "bench", "user": "bench",
                "namespace": self.namespace}}]}, self.file)
        self.file.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()
        self.file.close()

    def environment(self):
        return {"KUBECONFIG": self.file.name}

    def control(self, what):
        with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/bench/{what}") as answer:
            return json.loads(answer.read())

    def stats(self):
        return self.control("stats")

    def version(self):
        return self.stats()["version"]

    def made(self):
        return self.stats()["made"]

    def rate(self, events, rate, slices):
        self.control(f"rate?events={events}&rate={rate}&slices={slices}")

    def flood(self, events, slices):
        self.control(f"flood?events={events}&slices={slices}")


class Real:
    """A real API server, of the cluster that this process runs inside of. The
    clients are the user "services" of it."""
    namespace = "dev"
    is_real = True
    port = 6443

    def __init__(self, *world):
        self.folder = os.environ["SVC_CLUSTER"]
        self.connections = queue.SimpleQueue()
        self.count = 0
        if len(world) == 1:
            services, self.sizes = 1, world[0]
        else:
            services, slices, endpoints = world
            self.sizes = [endpoints] * slices
        self.services = services
        self.make()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for path in (SLICES, SERVICES):
            self.request("DELETE", path.format(self.namespace) +
                         "?labelSelector=bench%3Dyes")

    def environment(self):
        path = f"{self.folder}/services.kubeconfig"
        with open(path, encoding="ascii") as file:
            token = re.search(r"token: (\S+)", file.read()).group(1)
        return {"KUBECONFIG": path, "SVC_BENCH_TOKEN": token,
                "SVC_BENCH_CA": f"{self.folder}/keys/ca.crt"}

    def connect(self):
        context = ssl.create_default_context(
            cafile=f"{self.folder}/keys/ca.crt")
        context.load_cert_chain(f"{self.folder}/keys/admin.crt",
                                f"{self.folder}/keys/admin.key")
        return http.client.HTTPSConnection("127.0.0.1", self.port,
                                           context=context, timeout=60)

    def once(self, method, path, body, kind):
        try:
            connection = self.connections.get_nowait()
        except queue.Empty:
            connection = self.connect()
        connection.request(method, path, body and json.dumps(body),
                           {"Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read()
        self.connections.put(connection)
        return answer.status, text

    def request(self, method, path, body=None, kind="application/json"):
        """Again where etcd was too slow, and what is there may be there."""
        for pause in (0.2, 1, 5, 0):
            status, text = self.once(method, path, body, kind)
            if status in (200, 201) or (method, status) == ("POST", 409):
                return json.loads(text)
            time.sleep(pause)
        raise RuntimeError(f"{method} {path}: {text}")

    # ---- objects -----------------------------------------------------------

    @staticmethod
    def service(number):
        return {"apiVersion": "v1", "kind": "Service", "metadata": {
            "name": f"svc-{number:05}", "labels": {"bench": "yes"}},
            "spec": {"ports": [{"name": "http", "port": 80,
                                "targetPort": "http"}]}}

    def slice(self, number, first):
        return {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {
                "name": f"svc-bench-{number:05}", "labels": {
                    "bench": "yes", "kubernetes.io/service-name":
                        f"svc-{number % self.services:05}",
                    "endpointslice.kubernetes.io/managed-by": "bench"}},
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            "endpoints": [{
                "addresses": [address(n)],
                "conditions": {"ready": True, "serving": True,
                               "terminating": False},
                "nodeName": f"worker-eu1-{n * 7 % 1000:04}",
                "zone": f"eu-central-1{'abc'[n % 3]}",
                "targetRef": {
                    "kind": "Pod", "namespace": self.namespace,
                    "name": f"svc-{number % self.services:05}-"
                            f"6d8f9c7b5d-{n:05}",
                    "uid": f"{n * 2654435761 % 2 ** 32:08x}-7a4a-4c6e-9a53-"
                           f"{n:012x}"}}
                for n in range(first, first + self.sizes[number])]}

    def make(self):
        firsts = [sum(self.sizes[:i]) for i in range(len(self.sizes))] \
            if len(self.sizes) < 100 else \
            [i * self.sizes[0] for i in range(len(self.sizes))]
        with concurrent.futures.ThreadPoolExecutor(POSTERS) as pool:
            list(pool.map(lambda i: self.request(
                "POST", SERVICES.format(self.namespace), self.service(i)),
                range(self.services)))
            list(pool.map(lambda i: self.request(
                "POST", SLICES.format(self.namespace),
                self.slice(i, firsts[i])), range(len(self.sizes))))
        self.firsts = firsts

    def version(self):
        return self.request("GET", SLICES.format(self.namespace) +
                            "?limit=1")["metadata"]["resourceVersion"]

    def made(self):
        return self.count

    # ---- events ------------------------------------------------------------

    def rate(self, events, rate, slices):
        """By a thread: each slice is replaced by one of the same with
        another first address."""
        first = self.count
        self.count += events
        threading.Thread(target=self.change, daemon=True,
                         args=(first, events, rate, slices)).start()

    def change(self, first, events, rate, slices):
        begin = time.monotonic()
        for i in range(events):
            time.sleep(max(0, begin + i / rate - time.monotonic()))
            number = (first + i) % slices
            body = self.slice(number, self.firsts[number])
            body["endpoints"][0]["addresses"] = [address(first + i, 11)]
            self.request("PUT", SLICES.format(self.namespace) + "/" +
                         body["metadata"]["name"], body)
