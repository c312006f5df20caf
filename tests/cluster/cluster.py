# SPDX-License-Identifier: Apache-2.0
"""For tests: a running cluster with the scenario in it, one for each program;
what svcctl says about it, and what is right. A test ends with cluster.main().
Where there can be no cluster its tests are skipped, or fail where
SVC_REQUIRE_SERVERS is set. Inside of tests/cluster/run or up (FOLDER/in) that
cluster is taken."""
import json
import os
import signal
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../dns"),
                os.path.join(HERE, "../integration/svcctl")]
import kube  # noqa: E402 pylint: disable=wrong-import-position
import namespace  # noqa: E402 pylint: disable=wrong-import-position
import oracle  # noqa: E402 pylint: disable=wrong-import-position
import parts  # noqa: E402 pylint: disable=wrong-import-position
import plane  # noqa: E402 pylint: disable=wrong-import-position
import servers  # noqa: E402 pylint: disable=wrong-import-position
from svcctl import Svcctl  # noqa: E402 pylint: disable=wrong-import-position

SECONDS = 30  # for a change to arrive everywhere
ETCD = "http://127.0.0.1:2379"


class Cluster(kube.Kube):
    """The running one: its objects, and its parts by name."""

    def part(self, name):
        return parts.Part(self.folder, name)

    def stop(self, name, number=signal.SIGKILL):
        """Returns when it has ended: at once by KILL, after a minute when the
        API server with an open watch is asked by TERM."""
        self.part(name).stop(number)
        # Its listener may outlive it by a moment, and its port is fixed.
        while name == "kube-apiserver" and not self.is_refused():
            self.part("etcd").wait(parts.PAUSE_MS)

    def is_refused(self):
        try:
            self.request("GET", "/readyz")
        except ConnectionRefusedError:
            return True
        except OSError:
            pass
        return False

    def terminate(self, name):
        """Asks a part to end, and does not wait for it."""
        os.kill(self.part(name).pid(), signal.SIGTERM)

    def start(self, name):
        self.part(name).start().wait_ready()

    def restart(self, name="kube-apiserver", number=signal.SIGKILL):
        self.stop(name, number)
        self.start(name)

    def expected(self, name, number, view="pods", host=None, namespace="dev"):
        """The set {(address, port)} by the objects of this moment."""
        return oracle.expected(
            self.objects("services,endpointslices,nodes", namespace), name,
            number, view, host)

    def proxied(self, name, number, namespace="dev"):
        """The set by kube-proxy's rules for the Service's ClusterIP."""
        service = self.get(self.service(name, namespace))
        return oracle.proxied(service["spec"]["clusterIP"], number)

    def write_manifests(self, path, namespace="dev"):
        """What a person gives the file backend."""
        text = self.kubectl("-n", namespace, "get",
                            "services,endpointslices,nodes", "-o", "yaml")
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def compact(self):
        """Etcd forgets all revisions but the last, as it does every five
        minutes; the API server's own cache does not."""
        def post(path, body):
            with urllib.request.urlopen(
                    ETCD + path, json.dumps(body).encode(), 30) as answer:
                return json.loads(answer.read())
        now = post("/v3/kv/range", {"key": "AA=="})["header"]["revision"]
        post("/v3/kv/compaction", {"revision": now, "physical": True})


class ClusterTest(Svcctl):
    """Tests that share the program's one cluster."""
    cluster = None  # Cluster, from main()

    def eventually(self, check, seconds=SECONDS):
        """Until check() raises no AssertionError."""
        end = time.monotonic() + seconds
        while True:
            try:
                return check()
            except AssertionError:
                if time.monotonic() > end:
                    raise
            self.cluster.part("etcd").wait(parts.PAUSE_MS)

    def sources(self):
        """{name: options of svcctl} for each source of the same truth. Those
        of "file" are written anew."""
        path = os.path.join(self.folder, "cluster.yaml")
        self.cluster.write_manifests(path)
        return {
            "file": ["-b", "file", "-f", path, "--dns-server", parts.DNS],
            "dns": ["-b", "dns", "--dns-server", parts.DNS],
            "api": self.by_api(),
        }

    def by_api(self, user="reader", backend="apiserver"):
        """Options for the API server, from outside of the cluster; "reader"
        has docs/rbac.yaml and nothing more."""
        return ["-b", backend, "--kubeconfig", self.cluster.kubeconfig(user),
                "--dns-server", parts.DNS]

    def answer(self, options, name, view="auto"):
        """svcctl's answer, or its error, with what it is exited with."""
        done = self.run_svcctl("resolve", *options, "--view", view, name,
                               "-o", "json")
        return {**json.loads(done.stdout or "{}"), "exit": done.returncode,
                "stderr": done.stderr}

    def places(self, options, name, view="auto"):
        """The set {(address, port)} of svcctl's answer; its code else."""
        found = self.answer(options, name, view)
        if found["exit"] != 0:
            return found.get("code", found["stderr"])
        return {(e["address"], e["port"]) for e in found["endpoints"]}


def must_not_skip():
    return bool(os.environ.get("SVC_REQUIRE_SERVERS"))


def main(proxy=False, scenario=True, api_flags=()):
    """Starts the cluster, runs the tests of the program, takes it down."""
    # Whom a test is, it says itself.
    os.environ.pop("KUBECONFIG", None)
    folder = os.environ.get("SVC_CLUSTER")
    if folder:
        ClusterTest.cluster = Cluster(folder)
        servers.main()
    why = plane.missing(proxy=proxy)
    try:
        if why:
            raise namespace.Refused(why)
        with plane.Plane(proxy=proxy, scenario=scenario,
                         api_flags=api_flags) as running:
            ClusterTest.cluster = Cluster(running.folder)
            servers.main()
    except parts.Failed as failed:
        sys.exit(f"FAILED: {failed}")
    except namespace.Refused as refused:
        print(f"{'FAILED' if must_not_skip() else 'SKIPPED'}: {refused}",
              file=sys.stderr)
        sys.exit(1 if must_not_skip() else 77)
