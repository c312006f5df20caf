# SPDX-License-Identifier: Apache-2.0
"""Real DNS servers on a free port of 127.0.0.1, as plain child processes that
need no privilege: Knot and NSD from the distribution, CoreDNS as built by
tests/coredns/build (named by the environment: COREDNS). A server that is not
there skips its tests, or fails them where SVC_REQUIRE_SERVERS is set."""
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import ask

SECONDS = 30  # for a server to begin, to take a change, to end
PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin"
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>
LIBC = ctypes.CDLL(None)


def free_port():
    """A port that is free for UDP and for TCP right now."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
                socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            udp.bind(("127.0.0.1", 0))
            try:
                tcp.bind(udp.getsockname())
            except OSError:
                continue
            return udp.getsockname()[1]


def replace(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


class Server:
    """A server of some zones, {name: text}: start, update, stop. A subclass
    says how it is found, configured, called, and told of new zone files."""
    reload_signal = signal.SIGHUP

    @classmethod
    def find(cls):
        return shutil.which(cls.program, path=PATH)

    def __init__(self, zones):
        self.zones = dict(zones)
        self.port = 0
        self.process = None
        # The server may write into it until its very end.
        self.place = tempfile.TemporaryDirectory(
            prefix="svc-dns-", ignore_cleanup_errors=True)
        self.folder = self.place.name

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        self.write(self.zones)
        for _ in range(3):  # somebody else may take the port in between
            self.port = free_port()
            replace(self.path("config"), self.config())
            with open(self.path("log"), "ab") as log:
                self.process = subprocess.Popen(
                    [self.find(), *self.arguments()], cwd=self.folder,
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    preexec_fn=lambda: LIBC.prctl(DIE_WITH_PARENT,
                                                  signal.SIGKILL))
            if self.wait():
                return self
        raise AssertionError(f"{self.program} ended:\n{self.log()}")

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        self.place.cleanup()

    def update(self, zones):
        """Serves other texts for some zones from now on."""
        self.write(zones)
        self.zones.update(zones)
        if self.reload_signal:
            self.process.send_signal(self.reload_signal)
        assert self.wait(), self.log()

    def write(self, zones):
        for name, text in zones.items():
            replace(self.path(name + ".zone"), text)

    def log(self):
        with open(self.path("log"), encoding="utf-8") as file:
            return file.read()[-4000:]

    def wait(self):
        """Until every zone is served as written; False: the server ended."""
        end = time.monotonic() + SECONDS
        for name, text in self.zones.items():
            serial = int(re.search(r" SOA \S+ \S+ (\d+) ", text).group(1))
            while not self.serves(name, serial):
                assert time.monotonic() < end, f"{name}:\n{self.log()}"
                try:
                    self.process.wait(0.01)
                except subprocess.TimeoutExpired:
                    continue
                return False
        return True

    def serves(self, zone, serial):
        try:
            return all(ask.ask(self.port, zone, "SOA", tcp, 1).serial() ==
                       serial for tcp in (False, True))
        except (OSError, IndexError):
            return False


class Knot(Server):
    program = "knotd"

    def arguments(self):
        return ["-c", self.path("config")]

    def config(self):
        zones = "".join(f"  - domain: {name}\n" for name in self.zones)
        return f"""server:
    rundir: {self.folder}
    listen: 127.0.0.1@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {self.folder}
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: {self.folder}
    file: "%s.zone"
    zonefile-sync: -1
    journal-content: none
zone:
{zones}"""


class Nsd(Server):
    program = "nsd"

    def arguments(self):
        return ["-d", "-c", self.path("config")]

    def config(self):
        zones = "".join(f"zone:\n  name: {name}\n  zonefile: {name}.zone\n"
                        for name in self.zones)
        return f"""server:
  ip-address: 127.0.0.1@{self.port}
  username: ""
  chroot: ""
  zonesdir: {self.folder}
  database: ""
  pidfile: {self.path("pid")}
  xfrdfile: {self.path("xfrd")}
  xfrdir: {self.folder}
  zonelistfile: {self.path("zonelist")}
  cookie-secret-file: {self.path("cookie")}
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
{zones}"""


class CoreDns(Server):
    """Beside the zones it knows what no zone file can say, below
    dev.svc.cluster.local: "broken" is SERVFAIL, "refused" is REFUSED, "half"
    has an IPv4 address and SERVFAIL for IPv6, "brief" has a TTL of 0."""
    program = "coredns"
    reload_signal = None  # it looks at the files itself

    @classmethod
    def find(cls):
        path = os.environ.get("COREDNS", "")
        return path if os.access(path, os.X_OK) else None

    def arguments(self):
        return ["-quiet", "-conf", self.path("config")]

    def config(self):
        return "".join(f"""{name}:{self.port} {{
    bind 127.0.0.1
    errors
    loadbalance{self.special() if name == "cluster.local" else ""}
    file {self.path(name + ".zone")} {{
        reload 50ms
    }}
}}
""" for name in self.zones)

    def special(self):
        def template(kind, name, *what):
            body = "".join(f"\n        {line}" for line in what)
            return f"""
    template IN {kind} {{
        match "^(.*[.])?{name}[.]dev[.]svc[.]cluster[.]local[.]$"{body}
        fallthrough
    }}"""
        return "".join((
            template("ANY", "broken", "rcode SERVFAIL"),
            template("ANY", "refused", "rcode REFUSED"),
            template("A", "half", 'answer "{{ .Name }} 5 IN A 10.96.0.77"'),
            template("AAAA", "half", "rcode SERVFAIL"),
            template("A", "brief", 'answer "{{ .Name }} 0 IN A 10.96.0.78"')))


ALL = (Knot, Nsd, CoreDns)


class ServerTest(unittest.TestCase):
    """Tests that share one running server; a subclass names its kind, and its
    zones as {name: text}."""
    kind = None
    zones = {}
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not cls.kind.find():
            why = f"no {cls.kind.program} here: tools/setup full, then " \
                "tools/test, put it there"
            if os.environ.get("SVC_REQUIRE_SERVERS"):
                raise AssertionError(why)
            raise unittest.SkipTest(why)
        cls.server = cls.kind(cls.zones)
        cls.addClassCleanup(cls.server.stop)
        cls.server.start()


def main():
    """unittest.main, with status 77 where something was skipped: ctest then
    says "Skipped", not "Passed"."""
    result = unittest.main(exit=False).result
    for why in sorted({why for _, why in result.skipped}):
        print(f"SKIPPED: {why}", file=sys.stderr)
    sys.exit(1 if not result.wasSuccessful() else 77 if result.skipped else 0)
