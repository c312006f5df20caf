# SPDX-License-Identifier: Apache-2.0
"""What the tests of svcctl share: running it, and small manifests. The program
is named by the environment: SVCCTL."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../dns"))
import nobody  # noqa: E402 pylint: disable=wrong-import-position

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
MANIFESTS = os.path.join(ROOT, "examples/manifests")
PROGRAM = os.path.abspath(os.environ.get("SVCCTL", "svcctl"))
SECONDS = 60


def clean_environment(**more):
    """The caller's environment without what svcctl and the library read."""
    names = ("NO_COLOR", "NODE_NAME", "NODE_ZONE", "KUBECONFIG",
             "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "HOME")
    env = {k: v for k, v in os.environ.items() if k not in names}
    env.update(more)
    return env


def service(name, namespace="shop", **spec):
    """A Service as the API prints it; ports default to http, 80."""
    spec.setdefault("ports", [{"name": "http", "port": 80}])
    spec.setdefault("clusterIP", "10.96.0.10")
    return {"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def endpoint(address, ready=True, **more):
    terminating = more.pop("terminating", False)
    serving = more.pop("serving", ready)
    return {"addresses": [address],
            "conditions": {"ready": ready, "serving": serving,
                           "terminating": terminating}, **more}


def pod(name, namespace="shop"):
    return {"kind": "Pod", "name": name, "namespace": namespace}


def endpoint_slice(name, endpoints, namespace="shop", **more):
    """The slice NAME-1 of Service NAME; ports default to http, 8080."""
    ports = more.pop("ports", [{"name": "http", "port": 8080}])
    family = "IPv6" if endpoints and ":" in endpoints[0]["addresses"][0] \
        else "IPv4"
    suffix = more.pop("suffix", "1")
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": f"{name}-{suffix}", "namespace": namespace,
                         "labels": {"kubernetes.io/service-name": name}},
            "addressType": family, "endpoints": endpoints, "ports": ports}


def text_of(*objects):
    return "\n".join(json.dumps(o) for o in objects) + "\n"


def has_backend(name):
    """Whether that backend is built."""
    out = subprocess.run([PROGRAM, "version", "-o", "json"], check=True,
                         capture_output=True, timeout=SECONDS).stdout
    return name in json.loads(out)["backends"]


def has_dns():
    return has_backend("dns")


class Svcctl(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, *objects, name="cluster.json"):
        """A manifest that replaces the one before as a whole."""
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text_of(*objects))
        os.rename(path + ".new", path)
        return path

    def run_svcctl(self, *arguments, stdin="", env=None):
        """The finished process: returncode, stdout, stderr."""
        return subprocess.run(
            [PROGRAM, *arguments], input=stdin, text=True, timeout=SECONDS,
            capture_output=True, check=False, env=env or clean_environment())

    def ok(self, *arguments, exit_status=0, **more):
        """Standard output of a run with that exit status."""
        done = self.run_svcctl(*arguments, **more)
        self.assertEqual(done.returncode, exit_status,
                         f"{arguments}: {done.stdout}{done.stderr}")
        if exit_status == 0:
            self.assertEqual(done.stderr, "")
        return done.stdout

    def lines(self, *arguments, **more):
        return self.ok(*arguments, **more).splitlines()

    def json(self, *arguments, **more):
        """The one object of a run with -o json."""
        out = self.ok(*arguments, "-o", "json", **more)
        self.assertEqual(out.count("\n"), 1, out)
        return json.loads(out)

    def dns(self):
        """Options for a DNS server that knows nothing; none without dns."""
        return ["--dns-server", nobody.start()] if has_dns() else []

    def refused(self, *arguments, exit_status=2, **more):
        """Standard error of a run that fails without any output."""
        done = self.run_svcctl(*arguments, **more)
        self.assertEqual((done.returncode, done.stdout), (exit_status, ""),
                         f"{arguments}: {done.stderr}")
        self.assertTrue(done.stderr.startswith("svcctl: ") or
                        done.stderr.startswith("Usage: "), done.stderr)
        return done.stderr

    def addresses(self, answer):
        return [e["address"] for e in answer["endpoints"]]

    def start(self, *arguments, **more):
        """A running process with pipes, ended with the test."""
        process = subprocess.Popen(
            [PROGRAM, *arguments], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=clean_environment(), **more)

        def end():
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()
        self.addCleanup(end)
        return process
