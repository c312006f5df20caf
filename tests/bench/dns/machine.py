# SPDX-License-Identifier: Apache-2.0
"""The machine under a measurement: a network and a few files of its own, the
programs that are measured, and who else was at work meanwhile."""
import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import time

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>
LIBC = ctypes.CDLL(None)
TICK = os.sysconf("SC_CLK_TCK")


def die_with_parent():
    LIBC.prctl(DIE_WITH_PARENT, signal.SIGKILL)


def pin(cpu):
    """What a child does to stay on one processor, where there are two."""
    def before():
        die_with_parent()
        if os.cpu_count() > 1:
            os.sched_setaffinity(0, {cpu})
    return before


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sH22x", b"lo", 0)
        flags, = struct.unpack("16xH22x",
                               fcntl.ioctl(s, SIOCGIFFLAGS, request))
        fcntl.ioctl(s, SIOCSIFFLAGS,
                    struct.pack("16sH22x", b"lo", flags | IFF_UP))


def cover(path, text, folder):
    """Another text for a file, in this mount namespace only."""
    own = os.path.join(folder, os.path.basename(path))
    with open(own, "w", encoding="utf-8") as file:
        file.write(text)
    subprocess.run(["mount", "--bind", own, path], check=True)


# ---- processor time --------------------------------------------------------

def all_work():
    """Seconds that the processors worked, for whomever; steal counts."""
    with open("/proc/stat", encoding="ascii") as file:
        v = [int(word) for word in file.readline().split()[1:9]]
    return (v[0] + v[1] + v[2] + v[5] + v[6] + v[7]) / TICK


def work_of(pid):
    """Seconds that a process worked, its threads too, children not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            v = file.read().rsplit(")", 1)[1].split()
        return (int(v[11]) + int(v[12])) / TICK
    except OSError:
        return 0


def fine_work_of(pid):
    """The same of its main thread, to the nanosecond."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) * 1e-9


def family_of(pid):
    """A process and all below it."""
    found = [pid]
    for one in found:
        try:
            with open(f"/proc/{one}/task/{one}/children",
                      encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
        except OSError:
            continue
    return found


class Others:
    """How much of the machine others used between start and share."""

    def __init__(self):
        self.wall = time.monotonic()
        self.others = self.now()

    @staticmethod
    def now():
        own = sum(work_of(pid) for pid in family_of(os.getpid()))
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return all_work() - own - ended.ru_utime - ended.ru_stime

    def share(self):
        wall = time.monotonic() - self.wall
        return max(0.0, (self.now() - self.others) / (wall * os.cpu_count()))


# ---- programs --------------------------------------------------------------

class Client:
    """A program that answers commands (client.h), with more variables in its
    environment. It stays on processor 0 but where its threads are to run at
    one time."""

    def __init__(self, program, arguments, pinned=True, variables=()):
        self.program = program
        self.process = subprocess.Popen(
            [program, *arguments], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1,
            env={**os.environ, **dict(variables)},
            preexec_fn=pin(0) if pinned else die_with_parent)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.program} ended at: {command}")
        return json.loads(answer)

    def stop(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended, and what it was told last was not read
        self.process.wait()


class Clients:
    """The programs of a build tree, each begun when it is first wanted."""

    def __init__(self, folder, arguments, pinned=True):
        self.folder = folder
        self.arguments = arguments
        self.pinned = pinned
        self.begun = {}

    def program(self, name):
        return os.path.join(self.folder, name)

    def has(self, name):
        return os.access(self.program(name), os.X_OK)

    def get(self, name):
        if name not in self.begun:
            if not self.has(name):
                raise SystemExit(f"no program {self.program(name)}")
            self.begun[name] = Client(self.program(name), self.arguments,
                                      self.pinned)
        return self.begun[name]

    def stop(self):
        for client in self.begun.values():
            client.stop()
