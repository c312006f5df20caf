#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares libsvc's lookups by DNS with c-ares (the version that is linked,
and a current one), with getaddrinfo and nscd, and with a plain packet there
and back, all against one NSD on loopback, in turn (A B A B), in one run. It
goes into a network and mount namespace of its own, where NSD has port 53 and
nscd its own configuration; where it may not, the rows of nscd are left out.

FOLDER is a build tree with SVC_BUILD_BENCH=ON, Release (default build)."""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "../../.."))
sys.path.insert(0, os.path.join(ROOT, "tests/dns"))

# pylint: disable=wrong-import-position
import machine  # noqa: E402
import report  # noqa: E402
import servers  # noqa: E402
import zone  # noqa: E402
from report import cpu_ns, cpu_us, per_second, wall_ms  # noqa: E402

INSIDE = "SVC_BENCH_INSIDE"
COUNT = 10000
WINDOWS = (32, 64, 96, 128, 192)
NSCD_CONF = """enable-cache hosts yes
positive-time-to-live hosts 3600
negative-time-to-live hosts 3600
suggested-size hosts 20011
check-files hosts no
persistent hosts no
shared hosts yes
max-db-size hosts 33554432
enable-cache passwd no
enable-cache group no
enable-cache services no
enable-cache netgroup no
"""


class Nsd(servers.Nsd):
    """On port 53 where that is ours, and on processor 1."""

    def __init__(self, port):
        super().__init__({zone.DOMAIN: zone.text()})
        if port:
            servers.free_port = lambda: port

    def start(self):
        super().start()
        self.pids = machine.family_of(self.process.pid)
        if os.cpu_count() > 1:
            for pid in self.pids:
                os.sched_setaffinity(pid, {1})
        return self

    def work(self):
        return sum(machine.fine_work_of(pid) for pid in self.pids)


class Peer(report.Peer):
    """A program, and what it is told."""

    def __init__(self, name, client, command):
        super().__init__(name)
        self.client = client
        self.command = command
        self.served = []  # share of its time that the server worked

    def total(self, member):
        return sum(a.get(member, 0) for a in self.answers)

    def server_bound(self):
        return bool(self.served) and statistics.median(self.served) > 0.9


def median_us(a):
    return a["median"] * 1e6


class Run(report.Report):
    """One run, and its programs."""

    def __init__(self, options, server, in_namespace):
        super().__init__(options.json)
        self.options = options
        self.server = server
        self.in_namespace = in_namespace
        self.clients = machine.Clients(options.build,
                                       ("127.0.0.1", str(server.port)))
        self.client = self.clients.get

    def in_turn(self, title, peers, rounds=None, whole=False):
        """All peers once without counting, then rounds of all of them. whole:
        the server has work to do for them only while they are timed."""
        others = machine.Others()
        for number in range(-1, rounds or self.options.rounds):
            for peer in peers:
                work = self.server.work()
                answer = peer.client.ask(peer.command)
                if number < 0:
                    continue
                peer.answers.append(answer)
                if whole:
                    peer.served.append((self.server.work() - work) /
                                       answer["wall"])
        self.measured(title, others, peers)

    def row(self, title, peer, columns):
        """What failed in all rounds, and packets that were sent again, too."""
        record = {"failed": peer.total("failed"),
                  "lookups": peer.total("operations"),
                  "timeouts": peer.total("timeouts")}
        words = ""
        if record["failed"] or record["timeouts"]:
            words = f"  failed {record['failed']:.0f} of " \
                f"{record['lookups']:.0f}, timed out {record['timeouts']:.0f}"
        if peer.served:
            record["server"] = statistics.median(peer.served)
        self.print_row(title, peer, columns, record,
                 words + (", server-bound" if peer.server_bound() else ""))

    # ---- groups ------------------------------------------------------------

    def cold(self):
        for family in ("ipv4", "any"):
            self.cold_family(family)

    def cold_family(self, family):
        title = f"cold: {COUNT} names, " + \
            ("A" if family == "ipv4" else "A and AAAA")
        raw = [Peer(f"c-ares {self.linked}, {how}, window {window}",
                    self.client("svc-bench-cares"),
                    f"cold {COUNT} {window} {family} {how}")
               for how in ("query", "addrinfo") for window in WINDOWS]
        # Here it loses packets, and waits five seconds for them.
        raw.append(Peer(f"c-ares {self.linked}, query, window 256",
                        self.client("svc-bench-cares"),
                        f"cold {COUNT} 256 {family} query"))
        edns = Peer(f"c-ares {self.linked}, query, EDNS, window 64",
                    self.client("svc-bench-cares"),
                    f"cold {COUNT} 64 {family} query edns")
        ours = [Peer("libsvc, external loop", self.client("svc-bench-svc"),
                     f"cold {COUNT} {family} external"),
                Peer("libsvc, its own thread", self.client("svc-bench-svc"),
                     f"cold {COUNT} {family} thread"),
                Peer("libsvc, backend alone", self.client("svc-bench-svc"),
                     f"backend {COUNT} {family}")]
        current = [Peer(f"c-ares {self.current}, addrinfo, window {window}",
                        self.client("svc-bench-cares-current"),
                        f"cold {COUNT} {window} {family} addrinfo")
                   for window in (32, 128) if self.current]
        self.in_turn(title, raw + [edns] + ours + current, whole=True)
        for peer in raw + [edns] + ours + current:
            self.row(title, peer, [("lookups/s", per_second, ",.0f", max),
                                   ("us CPU", cpu_us, ".2f", min)])
        best = max(raw, key=lambda p: p.median(per_second))
        if not self.options.json:
            print(f"  the best of raw c-ares: {best.name}")
        for peer in ours:
            ratio = peer.median(per_second) / best.median(per_second)
            self.target(f"{title}: {peer.name}, of c-ares' best",
                        ">= 0.95x", f"{ratio:.2f}x", ratio >= 0.95)
            more = peer.median(cpu_us) - best.median(cpu_us)
            self.target(f"{title}: {peer.name}, CPU on top", "<= 0.5 us",
                        f"{more:.2f} us", more <= 0.5)

    def burst(self):
        title = f"burst: {COUNT} names at once, A"
        seconds = 1 if self.options.quick else 3
        ours = [Peer("libsvc, external loop", self.client("svc-bench-svc"),
                     f"cold {COUNT} ipv4 external"),
                Peer("libsvc, its own thread", self.client("svc-bench-svc"),
                     f"cold {COUNT} ipv4 thread")]
        raw = [Peer(f"c-ares {self.linked}, at most {seconds} s",
                    self.client("svc-bench-cares"),
                    f"burst {COUNT} ipv4 {seconds}")]
        if self.current:
            raw.append(Peer(f"c-ares {self.current}, at most {seconds} s",
                            self.client("svc-bench-cares-current"),
                            f"burst {COUNT} ipv4 {seconds}"))
        self.in_turn(title, ours + raw, whole=True)
        for peer in ours + raw:
            self.row(title, peer, [("ms to the last", wall_ms, ".1f", min)])
        for peer in ours:
            self.target(f"{title}: {peer.name}", "<= 250 ms, all",
                        f"{peer.median(wall_ms):.0f} ms, "
                        f"{peer.total('failed'):.0f} failed",
                        peer.median(wall_ms) <= 250 and
                        not peer.total("failed"))

    def cached(self):
        title = "cached"
        few, many = (2000, 20000) if self.options.quick else (20000, 500000)
        ours, cares, libc = {}, {}, {}
        svc = self.client("svc-bench-svc")
        snapshot = Peer("libsvc, snapshot of an opened service", svc,
                        f"snapshot {many * 4}")
        for family in ("ipv4", "any"):
            for names in (1, 16, COUNT):
                for kind in "vn":
                    name = self.name_of(names, family, kind)
                    ours[family, names, kind] = Peer(
                        f"libsvc, resolve, {name}", svc,
                        f"cached {many} {names} {family} {kind} external")
                name = self.name_of(names, family, "v")
                if self.current:
                    cares[family, names] = Peer(
                        f"c-ares {self.current}, NOSORT, {name}",
                        self.client("svc-bench-cares-current"),
                        f"cached {few} {names} {family} v nosort")
                if self.in_namespace:
                    libc[family, names] = Peer(
                        f"getaddrinfo with nscd, {name}",
                        self.client("svc-bench-libc"),
                        f"cached {few} {names} {family} v")
        for names in (1, 16):
            ours["thread", names] = Peer(
                f"libsvc, resolve, its own thread, {names}, A", svc,
                f"cached {many} {names} ipv4 v thread")
        ours["both"] = Peer("libsvc, resolve, 1 name, an address of each", svc,
                            f"cached {many} 1 any h external")
        if self.in_namespace:
            libc["both"] = Peer(
                "getaddrinfo with nscd, 1 name, an address of each",
                self.client("svc-bench-libc"), f"cached {few} 1 any h")
        peers = [snapshot, *ours.values(), *cares.values(), *libc.values()]
        self.in_turn(title, peers)
        for peer in peers:
            self.row(title, peer, [("ns", cpu_ns, ",.1f", min),
                                   ("allocations", lambda a: a["allocations"] /
                                    a["operations"], ".2f", min)])
        self.cached_targets(title, snapshot, ours, cares, libc)

    @staticmethod
    def name_of(names, family, kind):
        return (f"{names} name{'s' if names > 1 else ''}, "
                f"{'A' if family == 'ipv4' else 'A+AAAA'}"
                f"{', negative' if kind == 'n' else ''}")

    def cached_targets(self, title, snapshot, ours, cares, libc):
        def times(text, peer, other, wanted):
            ratio = other.median(cpu_ns) / peer.median(cpu_ns)
            self.target(f"{title}: {text}", f">= {wanted}x", f"{ratio:.1f}x",
                        ratio >= wanted)
        if cares:
            times("snapshot against c-ares' cache", snapshot,
                  cares["ipv4", 1], 50)
        for names in (1, 16, COUNT):
            if cares:
                times(f"resolve against c-ares' cache, {names}",
                      ours["ipv4", names, "v"], cares["ipv4", names], 20)
            if libc:
                times(f"resolve against nscd, {names}",
                      ours["any", names, "v"], libc["any", names], 8)
            if libc and names == 1:
                times("resolve against nscd, an address of each family",
                      ours["both"], libc["both"], 8)
                times("resolve against nscd, A alone asked",
                      ours["ipv4", 1, "v"], libc["ipv4", 1], 8)
            if cares and names < COUNT:
                times(f"resolve, own thread, against c-ares' cache, {names}",
                      ours["thread", names], cares["ipv4", names], 20)
            ratio = (ours["any", names, "n"].median(cpu_ns) /
                     ours["any", names, "v"].median(cpu_ns))
            self.target(f"{title}: negative / positive, {names}", "<= 1.1x",
                        f"{ratio:.2f}x", ratio <= 1.1)

    def single(self):
        title = "single: one lookup alone, A"
        count = 100 if self.options.quick else 500
        floor = Peer("sendto and recvfrom of a query",
                     self.client("svc-bench-libc"), f"round {count}")
        svc = self.client("svc-bench-svc")
        ours = [Peer("libsvc, resolve, external loop", svc,
                     f"single {count} external"),
                Peer("libsvc, resolve, its own thread", svc,
                     f"single {count} thread")]
        raw = [Peer(f"c-ares {self.linked}, query",
                    self.client("svc-bench-cares"), f"single {count}")]
        if self.current:
            raw.append(Peer(f"c-ares {self.current}, query",
                            self.client("svc-bench-cares-current"),
                            f"single {count}"))
        self.in_turn(title, [floor, *ours, *raw])
        for peer in [floor, *ours, *raw]:
            self.row(title, peer, [("us", median_us, ".1f", min)])
        for peer in ours:
            more = peer.median(median_us) - floor.median(median_us)
            self.target(f"{title}: {peer.name}, on top", "<= 15 us",
                        f"{more:.1f} us", more <= 15)

    def miss(self):
        title = "miss: threads that ask one name at once, A and AAAA"
        names = 20 if self.options.quick else 100
        peers = [Peer(f"libsvc, {threads} threads",
                      self.client("svc-bench-svc"), f"miss {threads} {names}")
                 for threads in (2, 8, 32)]
        self.in_turn(title, peers, 3)
        for peer in peers:
            self.row(title, peer, [
                ("packets a name", lambda a: a["packets"] / a["operations"],
                 ".3f", max)])
            packets = peer.total("packets") / peer.total("operations")
            self.target(f"{title}: {peer.name}", "2 packets",
                        f"{packets:.3f}", packets == 2)

    def hostile(self):
        client = self.client("svc-bench-hostile")
        others = machine.Others()
        large = client.ask("large large.bench:80")
        count = 10 ** 5 if self.options.quick else 10 ** 7
        forged = client.ask(f"forged {count}")
        flood = client.ask(f"flood {count // 50}")
        title = "hostile"
        self.measured(title, others)
        size = 12 + 29 + 5 + 16 * zone.LARGE
        limit = 8 * size + (1 << 20)
        for text, answer in (("large", large), ("forged", forged),
                             ("flood", flood)):
            record = {"group": title, "peer": text, **answer}
            print(json.dumps(record) if self.options.json
                  else f"  {text:8s} {answer}", flush=True)
        for what, member in (("the library", "peak"),
                             ("the process with c-ares", "peak_all")):
            self.target(f"one answer of {zone.LARGE} addresses: {what}",
                        f"<= {limit / 1e6:.2f} MB",
                        f"{large[member] / 1e6:.2f} MB "
                        f"({large[member] / size:.1f}x)",
                        large[member] <= limit and
                        large["endpoints"] == zone.LARGE)
        self.target(f"{count} forged packets judged", "none accepted",
                    f"{forged['accepted']:.0f}, "
                    f"{per_second(forged) / 1e6:.1f} M/s",
                    not forged["accepted"])
        self.target(f"{count // 50} forged packets over loopback",
                    "none accepted",
                    f"{flood['accepted']:.0f}, {per_second(flood):,.0f}/s, "
                    f"{flood['unwanted']:,.0f} seen", not flood["accepted"])

    def begin(self):
        self.linked = self.client("svc-bench-cares").ask("version")["version"]
        self.current = ""
        if self.clients.has("svc-bench-cares-current"):
            self.current = self.client(
                "svc-bench-cares-current").ask("version")["version"]


GROUPS = ("cold", "burst", "cached", "single", "miss", "hostile")


def start_nscd(folder):
    """nscd with its own files; the socket and the tables are on a tmpfs."""
    if not servers.shutil.which("nscd", path=servers.PATH) or \
            not os.path.isdir("/run/nscd"):
        return None
    machine.cover("/etc/resolv.conf", "nameserver 127.0.0.1\n", folder)
    machine.cover("/etc/nsswitch.conf", "hosts: dns\n", folder)
    for place in ("/run/nscd", "/var/cache/nscd"):
        if os.path.isdir(place):
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place],
                           check=True)
    conf = os.path.join(folder, "nscd.conf")
    servers.replace(conf, NSCD_CONF)
    process = subprocess.Popen(
        [servers.shutil.which("nscd", path=servers.PATH), "-F", "-f", conf],
        preexec_fn=machine.pin(1))
    end = time.monotonic() + 10
    while not os.path.exists("/run/nscd/socket"):
        assert time.monotonic() < end and process.poll() is None, "no nscd"
        time.sleep(0.01)
    return process


def measure(options):
    in_namespace = os.environ.get(INSIDE) == "1"
    nscd = None
    with tempfile.TemporaryDirectory(prefix="svc-bench-") as folder:
        if in_namespace:
            machine.loopback_up()
        server = Nsd(53 if in_namespace else 0).start()
        try:
            if in_namespace:
                nscd = start_nscd(folder)
            run = Run(options, server, nscd is not None)
            run.begin()
            run.run(options.groups)
            run.clients.stop()
        finally:
            if nscd:
                nscd.terminate()
                nscd.wait()
            server.stop()


def may_have_namespace():
    return subprocess.run(["unshare", "-rnm", "true"], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


def main():
    parser = report.arguments(__doc__, GROUPS, 9)
    options = report.settle(parser, parser.parse_args(), GROUPS)
    if INSIDE not in os.environ and may_have_namespace():
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "-rnm", sys.executable, "-B",
                              *sys.argv])
    measure(options)


if __name__ == "__main__":
    main()
