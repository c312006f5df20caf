#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares libsvc's API server backend with client-go's informer, kuberesolver,
libcurl with json-c, and the same bytes thrown away, in turn (A B A B), in one
run: against a scripted API server on loopback, or with --cluster against a
real one (which hides much of every client behind its own work).

FOLDER is a build tree with SVC_BUILD_BENCH=ON, Release (default build). The
peers in Go are built into it, once, by tests/bench/peers/build."""
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "../../.."))
sys.path.insert(0, HERE)

# pylint: disable=wrong-import-position
import place  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402
from report import cpu_us, per_second, wall_ms  # noqa: E402

MB = 1e6
RATE = 500       # events a second
FOLLOWED = 64    # Services that events at that rate go to
USED = [100, 51, 99]


class Peer(report.Peer):
    """A program, and what it is asked: do(client, where) returns an answer."""

    def __init__(self, name, program, do):
        super().__init__(name)
        self.program = program
        self.do = do
        self.broken = ""


def cpu_ms(a):
    return a["cpu"] * 1e3


def peak_mb(a):
    return (a["peak"] - a["base"]) / MB


def rss_mb(a):
    return (a["rss"] - a["base"]) / MB


def micro(member):
    return lambda a: a.get(member, float("nan")) * 1e6


SYNC = [("ms", wall_ms, ",.0f", min), ("ms CPU", cpu_ms, ",.0f", min),
        ("MB peak", peak_mb, ".1f", min), ("MB after", rss_mb, ".1f", min)]
EVENTS = [("us p50", micro("added_median"), ",.0f", min),
          ("us p99", micro("added_p99"), ",.0f", min),
          ("us CPU", cpu_us, ",.0f", min)]
# Only the scripted server writes into an event when it was sent.
SENT = [("us p50 since it was sent", micro("shown_median"), ",.0f", min),
        ("us p99 since it was sent", micro("shown_p99"), ",.0f", min),
        ("us p50 of the raw watch", micro("raw_median"), ",.0f", min),
        ("us p99 of the raw watch", micro("raw_p99"), ",.0f", min)]
STORM = [("events/s", per_second, ",.0f", max),
         ("us CPU", cpu_us, ",.1f", min),
         ("of the server's time", lambda a: a["server"], ".0%", max)]


class Run(report.Report):
    """One run, and where its programs are."""

    def __init__(self, options):
        super().__init__(options.json)
        self.options = options
        self.go = os.path.join(options.build, "peers-go")

    def program(self, name):
        for path in (os.path.join(self.go, name),
                     os.path.join(self.options.build,
                                  f"svc-bench-api-{name}")):
            if os.access(path, os.X_OK):
                return path
        raise SystemExit(f"no program {name} in {self.options.build}")

    def client(self, peer, where, pinned=True):
        """Its environment tells it where to ask."""
        return machine.Client(self.program(peer.program),
                              ("127.0.0.1", str(where.port)), pinned,
                              where.environment())

    def where(self, *world):
        if self.options.cluster:
            return place.Real(*world)
        return place.Scripted(self.program("server"), *(
            [",".join(map(str, w)) if isinstance(w, list) else w
             for w in world]))

    # ---- rounds ------------------------------------------------------------

    def in_turn(self, title, where, peers, rounds=None, pinned=True):
        """Rounds of all peers, each time by a process of their own; one that
        ends before it has answered is not asked again."""
        others = machine.Others()
        for number in range(rounds or self.options.rounds):
            for peer in peers:
                if peer.broken:
                    continue
                client = self.client(peer, where, pinned)
                try:
                    answer = peer.do(client, where)
                    if number > 0 or rounds == 1:
                        peer.answers.append(answer)
                except (RuntimeError, OSError) as error:
                    peer.broken = str(error)
                client.stop()
        self.measured(title, others, peers)

    def rows(self, title, peers, columns):
        for peer in peers:
            self.print_row(
                title, peer, columns,
                {"broken": peer.broken} if peer.broken else {},
                f"BROKEN: {peer.broken}" if peer.broken else "")

    # ---- targets -----------------------------------------------------------

    def less(self, what, limit, value, unit, form=".1f"):
        self.target(what, f"<= {limit} {unit}", f"{value:{form}} {unit}",
                    value <= limit)

    def times(self, what, factor, theirs, ours):
        """Ours is to be so many times less than theirs."""
        ratio = theirs / ours if ours > 0 else float("inf")
        self.target(what, f">= {factor}x", f"{ratio:.1f}x", ratio >= factor)

    # ---- from nothing to all endpoints -------------------------------------

    def sync_peers(self, kinds, services):
        """client-go lists Services too where libsvc needs more than one."""
        def ask(command):
            return lambda client, where: client.ask(
                command.format(where.namespace))
        both = "both" if services > 1 else "slices"
        peers = {
            "fetch": Peer("a list, thrown away", "jsonc", ask("fetch {}")),
            "stream": Peer("the first events of a watch, thrown away",
                           "jsonc", ask("stream {}")),
            "jsonc": Peer("libcurl and json-c", "jsonc", ask("sync {}")),
            "whole": Peer("client-go, JSON", "informer",
                          ask(f"sync {{}} json whole {both}")),
            "stripped": Peer("client-go, JSON, no managedFields", "informer",
                             ask(f"sync {{}} json stripped {both}")),
            "protobuf": Peer("client-go, protobuf (its default)", "informer",
                             ask(f"sync {{}} protobuf whole {both}")),
            "external": Peer("libsvc, external loop", "svc",
                             ask(f"sync {{}} external {services}")),
            "thread": Peer("libsvc, its own thread", "svc",
                           ask(f"sync {{}} thread {services}"))}
        return {kind: peers[kind] for kind in kinds}

    def sync_rows(self, title, peers):
        fetch = [p for k, p in peers.items() if k in ("fetch", "stream")]
        rest = [p for p in peers.values() if p not in fetch]
        self.rows(title, fetch, SYNC[:2])
        self.rows(title, rest, SYNC)

    def slices(self):
        return 1000 if self.options.quick else 10000

    def sync(self):
        count = self.slices()
        title = f"sync: {count:,} EndpointSlices of one Service, " \
                f"{count * 10:,} endpoints"
        kinds = ["fetch", "stream", "jsonc", "whole", "stripped", "external",
                 "thread"]
        if self.options.cluster:
            kinds.insert(5, "protobuf")
        peers = self.sync_peers(kinds, 1)
        with self.where(1, count, 10) as where:
            self.in_turn(title, where, peers.values())
        self.sync_rows(title, peers)
        for kind in ("external", "thread"):
            ours = peers[kind]
            if self.options.cluster:
                ratio = ours.median(wall_ms) / peers["stream"].median(wall_ms)
                self.less(f"sync: {ours.name}, time of fetching alone", 1.3,
                          ratio, "x", ".2f")
                continue
            self.times(f"sync: {ours.name}, CPU of client-go", 20,
                       peers["whole"].median(cpu_ms), ours.median(cpu_ms))
            self.times(f"sync: {ours.name}, peak RSS of client-go", 12,
                       peers["whole"].median(peak_mb), ours.median(peak_mb))

    def wide(self):
        count = self.slices()
        title = f"wide: {count:,} Services, all opened, " \
                f"{count * 10:,} endpoints"
        peers = self.sync_peers(["whole", "external", "thread"], count)
        with self.where(count, count, 10) as where:
            self.in_turn(title, where, peers.values(),
                         min(self.options.rounds, 4))
        self.sync_rows(title, peers)
        self.times("wide: external loop, CPU of client-go", 20,
                   peers["whole"].median(cpu_ms),
                   peers["external"].median(cpu_ms))

    def linear(self):
        """Half as many endpoints again: in more slices, or in larger ones."""
        count = self.slices()
        for shape, services, more in (
                ("of one Service", 1, (count * 3 // 2, 10)),
                (f"of {count:,} opened Services", count, (count, 15))):
            title = f"linear: 1.5 times as many endpoints, {shape}"
            found = []
            for slices, endpoints in ((count, 10), more):
                peers = self.sync_peers(["external"], services)
                with self.where(services, slices, endpoints) as where:
                    self.in_turn(title, where, peers.values())
                self.sync_rows(title, peers)
                found.append(peers["external"].median(cpu_ms))
            self.less(f"linear: CPU for 1.5 times as many, {shape}", 1.6,
                      found[1] / found[0], "x", ".2f")

    def kept(self):
        """Bytes allocated and not freed, as malloc rounds them."""
        title = "kept"
        count = self.slices()
        peer = Peer("libsvc", "kept", lambda client, where: client.ask(
            f"kept {where.namespace} 1"))
        with self.where(1, count, 10) as where:
            self.in_turn(title, where, [peer], 1)

        def each(member):
            return lambda a: a[member] / a["endpoints"]
        self.rows(title, [peer], [
            ("bytes an endpoint", each("kept"), ".0f", min),
            ("bytes an endpoint, peak", each("peak"), ".0f", min)])
        self.less("kept of an endpoint", 128, peer.median(each("kept")),
                  "bytes", ".0f")

    # ---- one event ---------------------------------------------------------

    def follow(self, sync, services):
        events = 200 if self.options.quick else 2000

        def do(client, where):
            client.ask(sync.format(where.namespace))
            first = where.made()
            client.ask(f"follow {first} {events} {where.version()} "
                       f"{services}")
            where.rate(events, RATE, services)
            return client.ask("wait")
        return do

    def events(self):
        title = f"events: {RATE} a second, from a raw watch of the same " \
                "process to what a picker sees"
        count = 200
        peers = {
            "go": Peer("client-go", "informer", self.follow(
                "sync {} json whole slices", FOLLOWED)),
            "external": Peer("libsvc, external loop", "svc", self.follow(
                f"sync {{}} external {FOLLOWED}", FOLLOWED)),
            "thread": Peer("libsvc, its own thread", "svc", self.follow(
                f"sync {{}} thread {FOLLOWED}", FOLLOWED))}
        with self.where(count, count, 10) as where:
            self.in_turn(title, where, peers.values(), pinned=False)
        self.rows(title, peers.values(), EVENTS)
        if not self.options.cluster:
            self.rows(title, peers.values(), SENT)
        go = peers["go"]
        for kind in ("external", "thread"):
            ours = peers[kind]
            for text, what, limit in (("p50", "median", 15),
                                      ("p99", "p99", 50)):
                self.times(f"events: {ours.name}, {text} of client-go", 4,
                           go.median(micro(f"added_{what}")),
                           max(ours.median(micro(f"added_{what}")), 0.1))
                more = ours.median(lambda a, w=what: (
                    a[f"shown_{w}"] - a[f"raw_{w}"]) * 1e6) \
                    if not self.options.cluster \
                    else ours.median(micro(f"added_{what}"))
                self.less(f"events: {ours.name}, {text} on top of the floor",
                          limit, more, "us", ".0f")

    # ---- many events -------------------------------------------------------

    def storm_of(self, sync, events, services):
        def do(client, where):
            client.ask(sync.format(where.namespace))
            first = where.made()
            last = (first + events - 1) % services
            client.ask(f"storm {first} {events} " +
                       (where.namespace if "jsonc" in client.program
                        else str(last)))
            self.until_watched(where)
            before = where.stats()["cpu"]
            where.flood(events, services)
            answer = client.ask("wait")
            answer["server"] = (where.stats()["cpu"] - before) / \
                answer["wall"]
            return answer
        return do

    @staticmethod
    def until_watched(where):
        while where.stats()["watches"] == 0:
            time.sleep(0.01)

    def storm(self):
        count = self.options.opened
        few, many = (2000, 20000) if self.options.quick else (20000, 200000)
        title = f"storm: events as fast as they are taken, {count} Services"
        peers = {
            "jsonc": Peer("libcurl and json-c", "jsonc",
                          self.storm_of("sync {}", few, count)),
            "go": Peer("client-go", "informer", self.storm_of(
                "sync {} json whole slices", few, count)),
            "stripped": Peer("client-go, no managedFields", "informer",
                             self.storm_of("sync {} json stripped slices",
                                           few, count)),
            "external": Peer("libsvc, external loop", "svc", self.storm_of(
                f"sync {{}} external {count}", many, count)),
            "thread": Peer("libsvc, its own thread", "svc", self.storm_of(
                f"sync {{}} thread {count}", many, count))}
        with self.where(count, count, 10) as where:
            self.in_turn(title, where, peers.values())
        self.rows(title, peers.values(), STORM)
        for kind in ("external", "thread"):
            ours = peers[kind]
            self.times(f"storm: {ours.name}, events/s of client-go", 40,
                       ours.median(per_second),
                       peers["go"].median(per_second))
            self.less(f"storm: {ours.name}, CPU of an event", 6,
                      ours.median(cpu_us), "us", ".2f")

    def flat(self):
        """Memory after the second tenth of the events, when malloc has what
        it wants, and after all."""
        count = self.options.opened
        part = 10 ** 4 if self.options.quick else 10 ** 5
        title = f"flat: memory over {part * 10:,} events"

        def do(client, where):
            client.ask(f"sync {where.namespace} external {count}")
            found = []
            for number in range(10):
                last = ((number + 1) * part - 1) % count
                client.ask(f"storm {number * part} {part} {last}")
                where.flood(part, count)
                client.ask("wait")
                found.append(client.ask("memory rough")["rss"])
            return {"early": found[1], "late": found[-1]}

        peer = Peer("libsvc, external loop", "svc", do)
        with self.where(count, count, 10) as where:
            self.in_turn(title, where, [peer], 1)
        self.rows(title, [peer], [
            ("MB after two tenths", lambda a: a["early"] / MB, ".2f", min),
            ("MB after all", lambda a: a["late"] / MB, ".2f", min)])
        self.less("flat: more memory after all", 0.5, peer.median(
            lambda a: (a["late"] - a["early"]) / MB), "MB", ".2f")

    # ---- none --------------------------------------------------------------

    def idle(self):
        """All wait in the same minute."""
        title = "idle: how often threads wake up"
        seconds = 5 if self.options.quick else 120
        commands = {"libsvc, none opened": ("svc", "resolver thread"),
                    "libsvc, one Service": ("svc", "sync {} thread 1"),
                    "libsvc, 10 Services": ("svc", "sync {} thread 10"),
                    "client-go": ("informer", "sync {} json whole slices")}
        peers = [Peer(name, program, None)
                 for name, (program, _) in commands.items()]
        with self.where(10, 10, 10) as where:
            clients = []
            for peer in peers:
                client = self.client(peer, where)
                client.ask(commands[peer.name][1].format(where.namespace))
                clients.append(client)
            time.sleep(2)
            before = [c.ask("switches")["switches"] for c in clients]
            time.sleep(seconds)
            for peer, client, first in zip(peers, clients, before):
                found = client.ask("switches")["switches"] - first
                peer.answers.append({"minute": max(0, found) * 60 / seconds})
                client.stop()
        self.measured(title, None)

        def minute(a):
            return a["minute"]
        self.rows(title, peers, [("a minute", minute, ".1f", min)])
        self.less("idle: none opened", 0, peers[0].median(minute),
                  "a minute")
        # A pair of watches, of Services and of slices.
        self.less("idle: one Service, two watches", 4,
                  peers[1].median(minute), "a minute")

    # ---- how many endpoints are used ---------------------------------------

    def use(self):
        title = f"use: {sum(USED)} pods in {len(USED)} EndpointSlices"
        peers = [
            Peer("kuberesolver v6", "kuberesolver",
                 lambda client, where: client.ask(
                     f"use {where.namespace} svc-00000 http")),
            Peer("client-go", "informer", lambda client, where: client.ask(
                f"sync {where.namespace} json whole slices")),
            Peer("libcurl and json-c", "jsonc", lambda client, where:
                 client.ask(f"sync {where.namespace}")),
            Peer("libsvc", "svc", lambda client, where: client.ask(
                f"sync {where.namespace} thread 1"))]
        with self.where(USED) as where:
            self.in_turn(title, where, peers, 1)

        def used(a):
            return a.get("endpoints", a["operations"])
        self.rows(title, peers, [("used", used, ".0f", min)])
        self.target("use: libsvc", str(sum(USED)),
                    f"{peers[-1].median(used):.0f}",
                    peers[-1].median(used) == sum(USED))


GROUPS = ("sync", "wide", "linear", "kept", "events", "storm", "flat", "idle",
          "use")
REAL_GROUPS = ("sync", "events", "use")


def inside_cluster(options):
    """This program again, inside of a cluster."""
    os.execv(os.path.join(ROOT, "tests/cluster/run"), [
        "run", "--no-scenario", "--programs", options.programs, "--",
        sys.executable, "-B", *sys.argv])


def main():
    parser = report.arguments(__doc__, GROUPS, 8,
                              "the first one does not count")
    parser.add_argument("--opened", metavar="N", type=int, default=1000,
                        help="Services opened in a storm")
    parser.add_argument("--cluster", action="store_true",
                        help="a real control plane")
    parser.add_argument("--programs", metavar="FOLDER",
                        default=os.path.join(ROOT, "build/cluster"),
                        help="its parts, of tests/cluster/build")
    options = parser.parse_args()
    report.settle(parser, options, REAL_GROUPS if options.cluster else GROUPS)
    if options.cluster and "SVC_CLUSTER" not in os.environ:
        inside_cluster(options)
    run = Run(options)
    subprocess.run([os.path.join(HERE, "../peers/build"), run.go], check=True)
    run.run(options.groups)


if __name__ == "__main__":
    main()
