# SPDX-License-Identifier: Apache-2.0
"""A Go program with the library by cgo: goroutines pick on threads that end with
them, and on whichever is free, while the manifest changes. It is built with the
go command, a C compiler and nothing that would have to be fetched."""
import os
import subprocess
import sys
import tempfile
import unittest

import changing

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "../../.."))
MODULE = os.path.join(HERE, "go")


def find_go():
    """The go command, or None and why there is none."""
    found = subprocess.run([os.path.join(ROOT, "tests/lib/go")], cwd=MODULE,
                           capture_output=True, text=True, check=False)
    return (found.stdout.strip() if found.returncode == 0 else None,
            found.stderr.strip())


def build(go, program):
    folder = os.path.dirname(changing.LIBRARY)
    environment = dict(
        os.environ, CGO_ENABLED="1", GOTOOLCHAIN="local", GOFLAGS="",
        GOPROXY="off", CGO_CFLAGS=f"-I{ROOT}/include",
        CGO_LDFLAGS=f"{changing.LIBRARY} -Wl,-rpath,{folder}")
    environment.pop("GOROOT", None)
    subprocess.run([go, "build", "-buildvcs=false", "-p", "2", "-o", program,
                    "."], cwd=MODULE, env=environment, check=True)


class TestThreads(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "web.json")
        self.program = os.path.join(folder.name, "picks")

    def test_short_threads(self):
        build(GO, self.program)
        changing.write(self.path, 1)
        with subprocess.Popen([self.program, self.path, changing.NAME],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as program:
            for version in range(2, changing.VERSIONS):
                changing.write(self.path, version)
                program.stdin.write(f"{version}\n")
                program.stdin.flush()
                self.assertEqual(program.stdout.readline(), f"{version}\n")
            program.stdin.close()
            threads, growth = map(int, program.stdout.readline().split())
        self.assertEqual(program.returncode, 0)
        self.assertGreater(threads, 40 * 3 * (changing.VERSIONS - 2))
        self.assertLess(growth, changing.GROWTH)


if __name__ == "__main__":
    GO, why = find_go()
    if GO is None:
        required = os.environ.get("SVC_REQUIRE_SERVERS")
        print(f"{'FAILED' if required else 'SKIPPED'}: {why}", file=sys.stderr)
        sys.exit(1 if required else 77)
    unittest.main()
