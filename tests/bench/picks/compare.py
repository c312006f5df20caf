#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares libsvc's picks with those of grpc-go's balancers, of a Go pointer
to a slice with a counter, and of the same choice within a read-write lock, in
turn (A B A B), in one run; by one thread, and by two at one time, each on a
processor of its own. What counts is the CPU time of the process for one pick
of one thread, so Go's collector is in it.

FOLDER is a build tree with SVC_BUILD_BENCH=ON, Release (default build). The
peers in Go are built into it, once, by tests/bench/peers/build."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../dns"))

# pylint: disable=wrong-import-position
import machine  # noqa: E402
import report  # noqa: E402
from report import cpu_ns  # noqa: E402

SIZES = (10, 100, 1000)
THREADS = (1, 2)
OURS, GO = "svc-bench-picks", "peers-go/picks"


class Peer(report.Peer):
    """A program, and what it is asked: a command and a policy; what is dear is
    done a part of the times."""

    def __init__(self, name, program, asked, part=1, key=""):
        super().__init__(name)
        self.program = program
        self.command, self.policy = asked.split()
        self.part = part
        self.key = key


def allocations(a):
    return a.get("allocations", 0) / a.get("operations", 1)


def ns(a):
    """Of one pick: by the whole, or by those that were timed one by one."""
    return a["median"] * 1e9 if "median" in a else cpu_ns(a)


COLUMNS = [("ns", ns, ".2f", min)]


def untracked():
    ours = [Peer(f"libsvc, {policy}, the choice alone", OURS,
                 f"choose {policy}")
            for policy in ("rr", "twos", "adaptive", "ewma", "wrr", "mh",
                           "ring")]
    kept = [Peer(f"libsvc, {policy}, of a set that is kept", OURS,
                 f"keep {policy}") for policy in ("rr", "twos", "adaptive")]
    whole = [Peer(f"libsvc, {policy}, svc_service_pick", OURS,
                  f"pick {policy}") for policy in ("rr", "twos", "adaptive")]
    lock = [Peer(f"{policy} within a read-write lock", OURS,
                 f"lock {policy}") for policy in ("rr", "twos", "adaptive")]
    go = [Peer("Go, a pointer and a counter", GO, "pick pointer"),
          Peer("grpc-go, round_robin", GO, "pick round_robin"),
          Peer("grpc-go, least_request", GO, "pick least_request", 3),
          Peer("grpc-go, weighted_round_robin", GO,
               "pick weighted_round_robin", 3),
          Peer("grpc-go, ring_hash, no key", GO, "pick ring_hash", 3)]
    return [*ours, *kept, *whole, *lock, *go]


def tracked():
    return [*(Peer(f"libsvc, {policy}", OURS, f"track {policy}")
              for policy in ("rr", "twos", "adaptive", "ewma")),
            Peer("grpc-go, least_request", GO, "track least_request", 3),
            Peer("grpc-go, weighted_round_robin", GO,
                 "track weighted_round_robin", 3)]


def keys(size):
    return [*(Peer(f"libsvc, {policy}, the choice alone", OURS,
                   f"key {policy}", key=size) for policy in
              ("mh", "ring", "sh")),
            Peer("grpc-go, ring_hash, key in a header", GO, "key ring_hash",
                 10, key=size)]


def among(services):
    return [Peer(f"libsvc, {policy}, svc_service_pick", OURS,
                 f"among {policy}", key=services)
            for policy in ("rr", "twos", "adaptive")]


def cold():
    return [Peer(f"libsvc, {policy}, svc_service_pick", OURS,
                 f"cold {policy}", 5000) for policy in ("rr", "twos", "adaptive")]


class Run(report.Report):
    """One run, its programs, and the medians that it found."""

    def __init__(self, options):
        super().__init__(options.json)
        self.options = options
        # Their threads go to processors by themselves.
        self.clients = machine.Clients(options.build, ("-", "-"), pinned=False)
        self.found = {}  # by command, policy, size, threads

    def in_turn(self, title, peers, size, threads):
        """Rounds of all peers; the first one does not count."""
        count = 10 ** 5 if self.options.quick else 10 ** 6
        others = machine.Others()
        for number in range(self.options.rounds + 1):
            for peer in peers:
                answer = self.clients.get(peer.program).ask(
                    f"{peer.command} {peer.policy} {size} "
                    f"{count // peer.part} {threads} {peer.key}")
                if number > 0:
                    peer.answers.append(answer)
        self.measured(title, others)
        for peer in peers:
            made = peer.median(allocations)
            self.print_row(title, peer, COLUMNS, {"allocations": made},
                           f"  {made:.1f} allocations" if made > 0.05 else "")
            self.found[peer.command, peer.policy, size, threads] = \
                peer.median(ns)

    def sizes(self, what, make):
        for threads in THREADS:
            for size in SIZES:
                self.in_turn(f"{what}, {size} endpoints, {threads} thread"
                             f"{'s' if threads > 1 else ''}", make(), size,
                             threads)

    # ---- targets -----------------------------------------------------------

    def most(self, asked, threads, others=None):
        """The dearest of all sizes; or its share of another's."""
        def share(size):
            value = self.found[(*asked.split(), size, threads)]
            return value / self.found[(*others.split(), size, threads)] \
                if others else value
        return max(map(share, SIZES))

    def at_most(self, what, limit, value, unit):
        form = "{:.2f}" if unit == "x" else "{:.1f}"
        self.target(what, f"<= {limit} {unit}",
                    f"{form.format(value)} {unit}", value <= limit)

    def untracked(self):
        self.sizes("picks, untracked", untracked)
        for policy, limit, share in (("rr", 3, 0.5), ("twos", 6, 1),
                                     ("adaptive", 8, 1.4), ("ewma", 8, 1.4)):
            asked = f"choose {policy}"
            self.at_most(f"{policy}, the choice alone", limit,
                         self.most(asked, 1), "ns")
            self.at_most(f"{policy}, the choice alone, of round_robin's Pick",
                         share, self.most(asked, 1, "pick round_robin"), "x")
        for policy in ("rr", "twos", "adaptive"):
            self.at_most(f"{policy}, a kept set, 2 threads, of a read-write "
                         "lock", 0.1,
                         self.most(f"keep {policy}", 2, f"lock {policy}"), "x")
        self.at_most("mh, the choice alone", 2.5, self.most("choose mh", 1),
                     "ns")

    def tracked(self):
        self.sizes("picks, tracked and closed", tracked)
        for policy in ("adaptive", "ewma"):
            self.at_most(f"{policy}, tracked", 70,
                         self.most(f"track {policy}", 1), "ns")
        for threads, limit in ((1, 15), (2, 60)):
            self.at_most(f"twos, tracked, threads: {threads}", limit,
                         self.most("track twos", threads), "ns")

    def keys(self):
        for size in (8, 34):
            for count in SIZES:
                self.in_turn(f"picks by a key of {size} bytes, {count} "
                             "endpoints", keys(size), count, 1)


    def memory(self):
        for threads in THREADS:
            for services in (1, 16, 10000):
                self.in_turn(f"picks, each from one of {services} Services by "
                             f"chance, threads: {threads}", among(services),
                             10, threads)
        self.in_turn("picks with nothing cached, one by one, median", cold(),
                     10, 1)


GROUPS = ("untracked", "tracked", "keys", "memory")


def main():
    parser = report.arguments(__doc__, GROUPS, 9)
    run = Run(report.settle(parser, parser.parse_args(), GROUPS))
    if set(run.options.groups) != {"memory"}:  # libsvc alone
        subprocess.run([os.path.join(HERE, "../peers/build"),
                        os.path.join(run.options.build, "peers-go")],
                       check=True)
    run.run(run.options.groups)
    run.clients.stop()


if __name__ == "__main__":
    main()
