# SPDX-License-Identifier: Apache-2.0
"""What svcctl writes where: colours, closed and full outputs, safe text."""
import os
import pty
import socket
import subprocess
import unittest

from svcctl import (MANIFESTS, PROGRAM, SECONDS, Svcctl, clean_environment,
                    endpoint, endpoint_slice, service)

RESOLVE = ["resolve", "-f", MANIFESTS, "svc-nginx.dev:80"]


class TestOutput(Svcctl):
    def run_shell(self, script, *arguments):
        return subprocess.run(["sh", "-c", script, "sh", PROGRAM, *arguments],
                              capture_output=True, text=True, check=False,
                              timeout=SECONDS, env=clean_environment())

    def test_full(self):
        done = self.run_shell('exec "$@" >/dev/full', *RESOLVE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write to standard output: No space",
                      done.stderr)
        done = self.run_shell('exec "$@" >/dev/full', "watch", *RESOLVE[1:])
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write to standard output", done.stderr)

    def test_closed(self):
        done = self.run_shell('exec "$@" >&-', *RESOLVE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write to standard output", done.stderr)
        done = self.run_shell('exec "$@" 2>&-', *RESOLVE)
        self.assertEqual(done.returncode, 0)
        done = self.run_shell('exec "$@" <&-', "resolve", "-f", "-", "web")
        self.assertEqual(done.returncode, 2)
        self.assertIn("cannot read standard input", done.stderr)

    def test_reader_goes(self):
        """With SIGPIPE as it is, and ignored: no word is said."""
        for trap in ("", "trap '' PIPE; "):
            done = self.run_shell(
                f'{trap}"$@" | exec true', "pick", *RESOLVE[1:], "-o", "name",
                "-c", "200000")
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_quiet_and_verbose(self):
        self.assertEqual(self.run_svcctl(*RESOLVE).stderr, "")
        plain = self.run_svcctl(*RESOLVE)
        loud = self.run_svcctl(*RESOLVE, "-vv")
        self.assertEqual(loud.stdout, plain.stdout)
        self.assertRegex(loud.stderr, r"(?m)^svcctl: (info|debug): ")

    def test_messages_are_whole(self):
        """One write each: no other thread or process gets in between."""
        ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with ours, theirs:
            subprocess.run([PROGRAM, "resolve", "-vv", "-t", "1s", "-f",
                            "/no/\033file", "web"], stdout=subprocess.DEVNULL,
                           stderr=theirs, check=False, timeout=SECONDS,
                           env=clean_environment())
            theirs.close()
            messages = list(iter(lambda: ours.recv(65536).decode(), ""))
        for message in messages:
            self.assertRegex(message, r"(?s)^svcctl: .*\n$")
        self.assertTrue(any("\nhint: " in message for message in messages))


class TestColour(Svcctl):
    def on_terminal(self, *arguments, **env):
        """Output of RESOLVE when standard output is a terminal."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [PROGRAM, *RESOLVE, *arguments], stdout=theirs,
            env=clean_environment(**{"TERM": "xterm", **env}))
        os.close(theirs)
        out = b""
        try:
            while got := os.read(ours, 4096):
                out += got
        except OSError:
            pass  # how a terminal ends
        os.close(ours)
        self.assertEqual(process.wait(SECONDS), 0)
        return out.decode()

    def test_when(self):
        self.assertIn("\033[1m", self.on_terminal())
        self.assertIn("\033[1m", self.on_terminal(NO_COLOR=""))
        self.assertIn("\033[1m", self.on_terminal("--color=always",
                                                  NO_COLOR="1"))
        self.assertNotIn("\033", self.on_terminal(NO_COLOR="1"))
        self.assertNotIn("\033", self.on_terminal(TERM="dumb"))
        self.assertNotIn("\033", self.on_terminal("--color", "never"))

    def test_not_in_a_pipe(self):
        self.assertNotIn("\033", self.ok(*RESOLVE))
        self.assertIn("\033[1m", self.ok(*RESOLVE, "--color=always"))
        self.assertNotIn("\033", self.ok(*RESOLVE, "--color=always", "-o",
                                         "json"))


class TestSafety(Svcctl):
    """Nothing from outside reaches a terminal as a control character."""

    def test_names(self):
        for text in ("a\033[31mb", "a\u202eb", "a\u009bb", "a\nb"):
            for command in ("resolve", "pick", "watch", "explain", "graph"):
                done = self.run_svcctl(command, text, "-f", MANIFESTS)
                self.assertEqual(done.returncode, 2)
                self.assertNotIn(text, done.stderr)
                self.assertNotIn("\033", done.stderr)

    def test_bytes_that_are_no_text(self):
        done = subprocess.run([PROGRAM, "resolve", b"a\xff\xfe", "-o", "json"],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)
        done.stdout.decode("utf-8")
        done.stderr.decode("utf-8")

    def test_paths(self):
        done = self.run_svcctl("resolve", "web", "-f", "/no/\033[2Jfile",
                               "-t", "1s")
        self.assertNotIn("\033", done.stderr)

    def test_manifests(self):
        path = self.write(service("web"), endpoint_slice("web", [
            endpoint("10.0.0.1", nodeName="n\033[31m", zone="z\u202e")]))
        for arguments in (["resolve"], ["resolve", "-o", "wide"], ["explain"],
                          ["graph"], ["graph", "--format=dot"],
                          ["graph", "--format=mermaid"]):
            done = self.run_svcctl(*arguments, "-f", path, "web.shop")
            for bad in ("\033", "\u202e"):
                self.assertNotIn(bad, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
