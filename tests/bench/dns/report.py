# SPDX-License-Identifier: Apache-2.0
"""What a comparison is told, and what it shows: groups of rows, one for each
peer, as text or as an object a line, and what they are of the targets."""
import argparse
import json
import os
import statistics

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
FOREIGN_LIMIT = 0.05


def arguments(text, groups, rounds, about_rounds=None):
    """A parser of what all comparisons may be told."""
    parser = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", metavar="FOLDER",
                        default=os.path.join(ROOT, "build"))
    parser.add_argument("--rounds", metavar="N", type=int, default=rounds,
                        help=about_rounds)
    parser.add_argument("--quick", action="store_true",
                        help="few rounds: to see that it works")
    parser.add_argument("--json", action="store_true", help="an object a line")
    parser.add_argument("groups", metavar="GROUP", nargs="*",
                        help=" ".join(groups))
    return parser


def settle(parser, options, groups):
    """The options, with groups of these: all of them unless told."""
    for group in options.groups:
        if group not in groups:
            parser.error(f"{group} is none of {' '.join(groups)}")
    options.groups = options.groups or groups
    if options.quick:
        options.rounds = 2
    return options


class Peer:
    """One way to do a group's work, and what its rounds gave."""

    def __init__(self, name):
        self.name = name
        self.answers = []

    def values(self, what):
        return sorted(what(a) for a in self.answers)

    def median(self, what):
        values = self.values(what)
        return statistics.median(values) if values else float("nan")


def wall_ms(a):
    return a["wall"] * 1e3


def per_second(a):
    return a["operations"] / a["wall"]


def cpu_us(a):
    return a["cpu"] / a["operations"] * 1e6


def cpu_ns(a):
    return a["cpu"] / a["operations"] * 1e9


class Report:
    """One run: how much others worked during each group, and its targets."""

    def __init__(self, as_json):
        self.as_json = as_json
        self.targets = []
        self.noise = {}

    def run(self, groups):
        for group in groups:
            getattr(self, group)()
        self.print_targets()

    def measured(self, title, others, peers=()):
        """All rounds of a group are done: its head."""
        self.noise[title] = 0 if others is None else others.share()
        sums = {a["sum"] for p in peers for a in p.answers
                if "sum" in a and not a.get("failed")}
        if not self.as_json:
            print(f"\n{title}\n  (other work on the machine: "
                  f"{self.noise[title] * 100:.0f} %"
                  f"{self.mark(title, ', TOO MUCH FOR GOOD FIGURES')})",
                  flush=True)
        if len(sums) > 1:
            print(f"  ! the peers did not find the same: {sums}")

    def mark(self, title, words):
        return words if self.noise[title] > FOREIGN_LIMIT else ""

    def print_row(self, title, peer, columns, record, words=""):
        """Prints a peer: each column is (text, function, format, best); record
        has what else is in its object, words what else is in its line."""
        record = {"group": title, "peer": peer.name, **record,
                  "noise": self.noise[title]}
        cells = []
        for text, what, form, best in columns if peer.answers else ():
            values = peer.values(what)
            record[text] = [statistics.median(values), best(values)]
            cells.append(f"{statistics.median(values):{form}} "
                         f"(best {best(values):{form}}) {text}")
        print(json.dumps(record) if self.as_json
              else f"  {peer.name:50s} " + "  ".join(cells) + words,
              flush=True)

    def target(self, what, wanted, reached, good):
        self.targets.append((what, wanted, reached, bool(good)))

    def print_targets(self):
        if self.as_json:
            for what, wanted, reached, good in self.targets:
                print(json.dumps({"target": what, "wanted": wanted,
                                  "reached": reached, "good": good}))
            return
        noise = max(self.noise.values(), default=0)
        print("\nTargets" + (f" (other work up to {noise * 100:.0f} %: "
                             "not good figures)" if noise > FOREIGN_LIMIT
                             else ""))
        for what, wanted, reached, good in self.targets:
            print(f"  {what:76s} {wanted:15s} {reached:28s} "
                  f"{'reached' if good else 'MISSED'}")
