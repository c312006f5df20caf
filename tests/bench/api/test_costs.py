# SPDX-License-Identifier: Apache-2.0
"""What objects and events of an API server cost, in numbers that no other work
on the machine changes: allocations, instructions, system calls, bytes. Each
bound has room to spare; who comes near one has made something dearer. Programs:
the folder that the environment names BENCH."""
import json
import os
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

# pylint: disable=wrong-import-position
import place  # noqa: E402
import counted  # noqa: E402

SERVICES = 64


class Client:
    """A program, perhaps inside of a tool, that is spoken to."""

    def __init__(self, name, where, tool=()):
        self.process = subprocess.Popen(
            [*tool, program(name), "127.0.0.1", str(where.port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if tool else None, text=True,
            env={**os.environ, **where.environment()})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        """What the tool wrote."""
        return self.process.communicate()[1]


def program(name):
    return counted.program("api-" + name)


def server(*world):
    return place.Scripted(program("server"), *world)


def storm(client, where, events, services):
    """So many events, as fast as they are taken."""
    last = (events - 1) % services
    client.ask(f"storm 0 {events} {last}")
    where.flood(events, services)
    return client.ask("wait")


class Costs(unittest.TestCase):
    def test_all_of_them(self):
        """The numbers below are of clients that find what there is."""
        for services in (1, 3, SERVICES):
            with self.subTest(services), server(services, SERVICES, 10) as \
                    where, Client("svc", where) as client:
                answer = client.ask(f"sync bench external {services}")
                self.assertEqual(answer["endpoints"], SERVICES * 10)
                with Client("jsonc", where) as peer:
                    self.assertEqual(peer.ask("sync bench")["sum"],
                                     answer["sum"])

    def test_after_events(self):
        """Nothing that was said of a slice is lost."""
        with server(SERVICES, SERVICES, 10) as where, \
                Client("svc", where) as client, Client("jsonc", where) as peer:
            client.ask(f"sync bench thread {SERVICES}")
            storm(client, where, 5000, SERVICES)
            right = peer.ask("sync bench")["sum"]
            # The last set of each, within the time that sets may wait.
            for _ in range(100):
                found = client.ask("sum")["sum"]
                if found == right:
                    break
                time.sleep(0.02)
            self.assertEqual(found, right)

    def test_allocations(self):
        events = 20000
        with server(SERVICES, SERVICES, 10) as where, \
                Client("svc", where) as client:
            client.ask(f"sync bench external {SERVICES}")
            answer = storm(client, where, events, SERVICES)
        self.assertLess(answer["allocations"] / events, 12)

    def instructions(self, do, *world):
        """Of a program that does something and ends."""
        tool = counted.callgrind(self)
        with server(*world) as where:
            client = Client("svc", where, tool)
            do(client, where)
            log = client.end()
        return counted.instructions(log)

    def test_instructions_of_an_endpoint(self):
        """From the first byte to a published set."""
        few, many = (self.instructions(
            lambda client, _: client.ask("sync bench external 1"),
            1, slices, 10) for slices in (500, 1500))
        self.assertLess((many - few) / 10000, 8000)

    def test_instructions_of_an_event(self):
        """Slow as it is inside of that tool, one in few events shares its set
        with others."""
        def do(client, where, events):
            client.ask(f"sync bench external {SERVICES}")
            storm(client, where, events, SERVICES)
        few, many = (self.instructions(
            lambda client, where, n=events: do(client, where, n),
            SERVICES, SERVICES, 10) for events in (2000, 12000))
        self.assertLess((many - few) / 10000, 60000)

    def calls(self, events):
        with server(1, SERVICES, 10) as where, \
                Client("svc", where) as client:
            return client.ask(
                f"calls bench {events} /bench/flood?events={events}")["calls"]

    def test_system_calls(self):
        few, many = 1000, 21000
        before = self.calls(few)
        if before < 0:
            self.skipTest("no tracing here")
        self.assertLess((self.calls(many) - before) / (many - few), 1)

    def test_kept(self):
        """Of an endpoint, in slices of ten, by malloc's own sizes; and the
        most that was held before."""
        with server(1, 1000, 10) as where, Client("kept", where) as client:
            answer = client.ask("kept bench 1")
        self.assertEqual(answer["endpoints"], 10000)
        self.assertLess(answer["kept"] / answer["endpoints"], 220)
        self.assertLess(answer["peak"] / answer["endpoints"], 300)


if __name__ == "__main__":
    unittest.main()
