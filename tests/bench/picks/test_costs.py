# SPDX-License-Identifier: Apache-2.0
"""What a pick costs, in numbers that no other work on the machine changes:
allocations, system calls, instructions. Each bound has room to spare; who comes
near one has made something dearer. Programs: the folder that the environment
names BENCH."""
import os
import platform
import shutil
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../dns"))

# pylint: disable=wrong-import-position
import counted  # noqa: E402
import executed  # noqa: E402

# Instructions of one more pick, whatever the size of the set; of one that is
# tracked and closed; of a set that is taken and dropped.
POLICIES = {"rr": 290, "adaptive": 300, "ewma": 285, "twos": 285, "wrr": 290,
            "random": 280, "mh": 295, "fo": 260}
TRACKED = {"rr": 560, "twos": 590, "adaptive": 850, "ewma": 800}
TAKE = 70
# Of the choice alone, with its loop; and where nothing is tracked.
CHOICES = {"rr": 47, "twos": 83, "adaptive": 210, "ewma": 175, "wrr": 47,
           "random": 45, "mh": 59, "fo": 20}
PLAIN = {"rr": 47, "twos": 47, "adaptive": 60, "ewma": 51}


def ask(command, tool=()):
    return counted.ask("picks", ("-", "-"), command, tool)


class Costs(unittest.TestCase):
    def instructions(self, command):
        _, log = ask(command, counted.callgrind(self))
        return counted.instructions(log)

    def instructions_of_one(self, command, few=1000, many=51000):
        return (self.instructions(f"{command} {many}") -
                self.instructions(f"{command} {few}")) / (many - few)

    def cost(self, what, bounds):
        for policy, bound in bounds.items():
            for endpoints in (10, 1000):
                with self.subTest(policy, endpoints=endpoints):
                    self.assertLess(self.instructions_of_one(
                        f"{what} {policy} {endpoints}"), bound)

    def test_instructions(self):
        self.cost("pick", POLICIES)

    def test_instructions_of_tracked_picks(self):
        self.cost("track", TRACKED)

    def test_instructions_of_choices(self):
        self.cost("choose", CHOICES)
        self.cost("plain", PLAIN)

    def test_instructions_of_a_set(self):
        self.assertLess(self.instructions_of_one("take rr 10"), TAKE)

    def locked(self, command, function, picks=100000):
        """Locked instructions that one pick in a hundred or more has run."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "callgrind.out")
            ask(f"{command} {picks}", executed.tool(path, function))
            self.assertGreater(len(executed.instructions(path, picks)), 100)
            return executed.locked(path, picks // 100)

    def test_no_locked_instruction(self):
        """What threads share no untracked pick writes to; a tracked one counts
        itself at its endpoint."""
        counted.callgrind(self)
        if platform.machine() != "x86_64" or not shutil.which("objdump"):
            self.skipTest("no objdump for x86-64 here")
        for policy in POLICIES:
            with self.subTest(policy):
                self.assertEqual(self.locked(f"pick {policy} 100",
                                             "svc_service_pick"), [])
        self.assertNotEqual(self.locked("track rr 100", "svc_service_pick"),
                            [])

    def test_allocations(self):
        for policy in POLICIES:
            for what in ("pick", "track", "take"):
                with self.subTest(policy, what=what):
                    answer = ask(f"{what} {policy} 100 100000")[0]
                    self.assertEqual(answer["allocations"], 0)

    def test_system_calls(self):
        for policy in POLICIES:
            with self.subTest(policy):
                calls = ask(f"calls {policy} 100 10000")[0]["calls"]
                if calls < 0:
                    self.skipTest("no tracing here")
                self.assertEqual(calls, 0)


if __name__ == "__main__":
    unittest.main()
