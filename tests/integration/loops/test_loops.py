# SPDX-License-Identifier: Apache-2.0
"""The library in the loops of others: each program examples/loop*.c follows
its source, has one thread, sleeps while nothing happens, and ends cleanly."""
import os
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../dns"))
import scenario
import servers

FOLDER = os.path.abspath(os.environ.get("EXAMPLES", "examples"))
NAME = "svc-nginx.dev:http"
SECONDS = 60


def world(*pods):
    """A cluster with one headless Service of these pods of the scenario."""
    return [scenario.Service("svc-nginx", "Headless", (scenario.HTTP,), (),
                             tuple(scenario.PODS[i] for i in pods))]


def line(*pods):
    """What a program prints for them."""
    addresses = sorted(scenario.PODS[i].addresses[0] for i in pods)
    return f"{len(pods)} usable:" + "".join(
        f" {address} port 80" for address in addresses) + "\n"


def sleeps(pid):
    """How often the main thread has gone to sleep so far."""
    with open(f"/proc/{pid}/task/{pid}/status", encoding="ascii") as file:
        return next(int(text.split()[1]) for text in file
                    if text.startswith("voluntary_ctxt_switches"))


def settle(pid):
    """Until it has slept through a fifth of a second."""
    end = time.monotonic() + SECONDS
    before = None
    while before != (before := sleeps(pid)):
        assert time.monotonic() < end, "it never comes to rest"
        time.sleep(0.2)


class Running:
    """A program under test, and what is so of it whatever its source."""

    def setUp(self):
        self.path = os.path.join(FOLDER, self.program)
        if not os.path.exists(self.path):
            why = f"examples/{self.program} was not built: its loop's " \
                "library is missing (tools/setup full)"
            self.assertNotIn("SVC_REQUIRE_SERVERS", os.environ, why)
            self.skipTest(why)

    def start(self, *arguments):
        process = subprocess.Popen(
            [self.path, *arguments], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

        def end():
            process.kill()
            process.communicate()
        self.addCleanup(end)
        return process

    def end(self, process):
        """Ends its input. Nothing more is printed."""
        self.assertEqual(len(os.listdir(f"/proc/{process.pid}/task")), 1)
        out, err = process.communicate(timeout=SECONDS)
        self.assertEqual((process.returncode, out, err), (0, "", ""))

    def expect(self, process, *pods):
        self.assertEqual(process.stdout.readline(), line(*pods))

    def idle(self, process):
        settle(process.pid)
        before = sleeps(process.pid)
        time.sleep(1)
        self.assertEqual(sleeps(process.pid), before)


class ByFile(Running):
    """What all four do with manifests."""

    def setUp(self):
        super().setUp()
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.file = os.path.join(place.name, "cluster.yaml")

    def write(self, *pods):
        servers.replace(self.file, scenario.manifests(world(*pods)))

    def test_follows(self):
        self.write(0, 1, 2)
        process = self.start(self.file, NAME)
        self.expect(process, 0, 1, 2)
        for pods in ((0, 2), (), (1,)):
            self.write(*pods)
            self.expect(process, *pods)
        self.end(process)

    def test_input_is_served_too(self):
        self.write(0)
        process = self.start(self.file, NAME)
        self.expect(process, 0)
        process.stdin.write("some words\n")
        process.stdin.flush()
        self.write(1)
        self.expect(process, 1)
        self.end(process)

    def test_trouble(self):
        self.write(0)
        process = self.start(self.file, NAME)
        self.expect(process, 0)
        servers.replace(self.file, "{\"kind\": ")
        self.assertIn("cluster.yaml", process.stderr.readline())
        process.stderr.readline()
        self.write(0, 1)
        self.expect(process, 0, 1)
        self.end(process)

    def test_idle(self):
        self.write(0)
        process = self.start(self.file, NAME)
        self.expect(process, 0)
        self.idle(process)
        self.write(0, 1)
        self.expect(process, 0, 1)
        self.idle(process)
        self.end(process)

    def test_refuses(self):
        for arguments, status, text in (
                ((), 2, "usage"), ((self.file, "svc..dev"), 1, "svc..dev")):
            process = self.start(*arguments)
            out, err = process.communicate(timeout=SECONDS)
            self.assertEqual((process.returncode, out), (status, ""))
            self.assertIn(text, err)


class ByDns(Running):
    """The same names by a DNS server, which holds them for an hour or for a
    second."""
    kind = servers.Knot
    zones = scenario.zones(world(0, 1), ttl=3600)
    serial = 1

    def serve(self, *pods, ttl):
        type(self).serial += 1
        self.server.update(scenario.zones(world(*pods), self.serial, ttl))

    def follow(self):
        return self.start("dns:" + self.server.address, NAME)

    def test_follows(self):
        self.serve(0, 1, ttl=1)
        process = self.follow()
        self.expect(process, 0, 1)
        for pods in ((0, 2), (), (1,)):
            self.serve(*pods, ttl=1)
            self.expect(process, *pods)
        self.end(process)

    def test_idle(self):
        self.serve(0, 1, ttl=3600)
        process = self.follow()
        self.expect(process, 0, 1)
        self.idle(process)
        self.end(process)


class TestEpoll(ByFile, unittest.TestCase):
    program = "loop"


class TestEpollDns(ByDns, servers.ServerTest):
    program = "loop"


class TestUv(ByFile, unittest.TestCase):
    program = "loop_uv"


class TestUvDns(ByDns, servers.ServerTest):
    program = "loop_uv"


class TestEvent(ByFile, unittest.TestCase):
    program = "loop_event"


class TestEventDns(ByDns, servers.ServerTest):
    program = "loop_event"


class TestGlib(ByFile, unittest.TestCase):
    program = "loop_glib"


class TestGlibDns(ByDns, servers.ServerTest):
    program = "loop_glib"


if __name__ == "__main__":
    servers.main()
