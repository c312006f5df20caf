# SPDX-License-Identifier: Apache-2.0
"""What the tests of hostile input share: running svcctl with its memory and
time measured, and manifests in a folder of one's own."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from collections import namedtuple

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../dns"))
import nobody  # noqa: E402 pylint: disable=wrong-import-position

PROGRAM = os.path.abspath(os.environ.get("SVCCTL", "svcctl"))
SECONDS = 120
LABEL = "kubernetes.io/service-name"
# The one who waits must be small: what it occupies at the fork counts too.
WAITER = """import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
used = os.wait4(pid, 0)
code = os.waitstatus_to_exitcode(used[1])
os.write(3, b"%d %d %f" % (code, used[2].ru_maxrss,
                           used[2].ru_utime + used[2].ru_stime))"""
# Only line ends may control a terminal.
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

# exit status (below 0: the signal), standard output and error, the most KiB
# that were resident, CPU seconds
Done = namedtuple("Done", "status out err kib seconds")


def sanitized():
    """Whether the program is built with a sanitizer, which takes memory."""
    with open(PROGRAM, "rb") as file:
        return re.search(b"__[atm]san_init", file.read()) is not None


# What asks of a source; names outside the cluster are asked of nobody, and
# a busy machine reads large inputs slowly.
ASKING = ("resolve", "pick", "watch", "explain", "graph")
USUAL = ("--dns-server", nobody.start(), "--timeout", "60s")


def run(*arguments, stdin=b""):
    """A finished run. Arguments are text or bytes."""
    if arguments and arguments[0] in ASKING:
        arguments = (arguments[0], *USUAL, *arguments[1:])
    read, write = os.pipe()
    move = f'exec 3>&{write}; exec "$@"'
    env = {k: v for k, v in os.environ.items()
           if k not in ("NODE_NAME", "NODE_ZONE", "NO_COLOR")}
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", move, "sh", sys.executable, "-IS", "-c", WAITER,
             PROGRAM, *arguments], input=stdin, capture_output=True, env=env,
            pass_fds=[write], timeout=SECONDS, check=False)
        os.close(write)
        status, kib, seconds = os.read(read, 100).split()
    finally:
        os.close(read)
    return Done(int(status), done.stdout, done.stderr, int(kib),
                float(seconds))


def service(name, namespace="shop", **spec):
    return {"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"clusterIP": "10.96.0.1",
                     "ports": [{"name": "http", "port": 80}], **spec}}


def piece(name, addresses, namespace="shop", suffix="1"):
    """An EndpointSlice of the Service of that name."""
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": f"{name}-{suffix}", "namespace": namespace,
                         "labels": {LABEL: name}},
            "addressType": "IPv4", "ports": [{"name": "http", "port": 8080}],
            "endpoints": [{"addresses": [a]} for a in addresses]}


def text_of(*objects):
    return "".join(json.dumps(o) + "\n" for o in objects)


GOOD = [service("good"), piece("good", ["10.0.0.1"])]


class Abuse(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, *parts):
        """A file of these parts, text or bytes; its path."""
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            for part in parts:
                file.write(part.encode() if isinstance(part, str) else part)
        return path

    def run_safely(self, *arguments, **more):
        """A run that ends by itself, and prints nothing dangerous."""
        done = run(*arguments, **more)
        shown = (arguments, done.out[:800], done.err[:800])
        self.assertIn(done.status, range(0, 8), shown)
        text = (done.out + done.err).decode()  # UTF-8
        self.assertIsNone(CONTROL.search(text), shown)
        return done

    def answers(self, *arguments, **more):
        """The objects that resolve prints, and its exit status and words."""
        done = self.run_safely("resolve", "-o", "json", *arguments, **more)
        objects = [json.loads(line) for line in done.out.splitlines()]
        self.assertEqual(max((o.get("exit", 0) for o in objects), default=2),
                         done.status, done)
        return objects, done

    def codes(self, *arguments, **more):
        return [o.get("code") for o in self.answers(*arguments, **more)[0]]

    def assert_answered(self, answer, *addresses):
        self.assertEqual([e["address"] for e in answer.get("endpoints", [])],
                         list(addresses), answer)
