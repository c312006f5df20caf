# SPDX-License-Identifier: Apache-2.0
"""What lookups by DNS cost, in numbers that no other work on the machine
changes: packets, system calls, allocations, instructions, bytes. Each bound
has room to spare; who comes near one has made something dearer. Programs: the
folder that the environment names BENCH."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../../dns"), HERE]

# pylint: disable=wrong-import-position
import counted  # noqa: E402
import servers  # noqa: E402
import zone  # noqa: E402

LARGE_BYTES = 12 + 29 + 5 + 16 * zone.LARGE  # of the answer, by TCP


class Costs(servers.ServerTest):
    kind = servers.Nsd
    zones = {zone.DOMAIN: zone.text()}

    def ask(self, program, command, tool=()):
        return counted.ask(program, ("127.0.0.1", str(self.server.port)),
                           command, tool)

    def svc(self, command):
        answer = self.ask("svc", command)[0]
        self.assertEqual(answer.get("failed", 0), 0)
        return answer

    def instructions(self, command):
        _, log = self.ask("svc", command, counted.callgrind(self))
        return counted.instructions(log)

    def instructions_of_one(self, command, few, many):
        """Of one more: command has {} where the number of them stands."""
        return (self.instructions(command.format(many)) -
                self.instructions(command.format(few))) / (many - few)

    def test_packets(self):
        for command, packets in (("cold 2000 ipv4 external", 2000),
                                 ("cold 2000 any external", 4000),
                                 ("cold 2000 any thread", 4000),
                                 ("cached 50000 16 any v external", 32),
                                 ("miss 8 20", 40),
                                 ("miss 32 20", 40)):
            with self.subTest(command):
                answer = self.svc(command)
                self.assertEqual(answer["packets"] - answer["timeouts"],
                                 packets)

    def test_system_calls(self):
        """One by one, 1,000 lookups would cost 2,000 to 4,000, and a third of
        that again to wait."""
        for family, bound in (("ipv4", 500), ("any", 1000)):
            with self.subTest(family):
                answer = self.svc(f"calls 1001 {family}")
                if answer["calls"] < 0:
                    self.skipTest("no tracing here")
                self.assertLess(answer["calls"], bound)

    def test_allocations(self):
        for command, bound in (("cached 10000 1 any v external", 0),
                               ("cached 10000 16 ipv4 v external", 0),
                               ("cached 10000 16 any n external", 0),
                               ("snapshot 10000", 0),
                               ("cold 2000 ipv4 external", 26),
                               ("cold 2000 any external", 36)):
            with self.subTest(command):
                answer = self.svc(command)
                self.assertLessEqual(
                    answer["allocations"] / answer["operations"], bound)

    def test_instructions(self):
        for command, few, many, bound in (
                ("snapshot {}", 1000, 21000, 120),
                ("cached {} 16 any v external", 1000, 21000, 650),
                ("cached {} 16 any n external", 1000, 21000, 650),
                ("cold {} ipv4 external", 500, 1500, 48000)):
            with self.subTest(command):
                self.assertLess(self.instructions_of_one(command, few, many),
                                bound)

    def test_large_answer(self):
        answer = self.ask("hostile", "large large.bench:80")[0]
        self.assertEqual(answer["endpoints"], zone.LARGE)
        for member in ("peak", "peak_all"):
            self.assertLessEqual(answer[member], 8 * LARGE_BYTES + (1 << 20))

    def test_forged(self):
        for command in ("forged 10000000", "flood 20000"):
            with self.subTest(command):
                answer = self.ask("hostile", command)[0]
                self.assertEqual(answer["accepted"], 0)
        self.assertGreater(answer["unwanted"], 10)


if __name__ == "__main__":
    servers.main()
