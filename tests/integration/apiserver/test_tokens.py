# SPDX-License-Identifier: Apache-2.0
"""Tokens: where they come from, when they are read again, what becomes of a
bad one, and who never sees them (faults A4, A5, A15, 3.4)."""
import http.server
import json
import os
import threading
import unittest

import api_tools
from api_tools import MINUTE, Asking, environment

TOKEN = "to.Ken-42"
NEWER = "to.Ken-43"
EVIL = "X-Evil"
TOO_LONG = b"to.Ken-42" * 120000

# What a file may hold instead of a token, and the words for it.
BAD = {
    "empty": (b"", "is empty"),
    "white": (b" \t\r\n\r\n", "is empty"),
    "lines": (b"to.Ken-42\r\nX-Evil: 1\r\n", "is no token"),
    "line": (b"to.Ken-42\nto.Ken-43\n", "is no token"),
    "nul": (b"to.Ken-42\0more", "is no token"),
    "nul at its end": (b"to.Ken-42\0", "is no token"),
    "escape": (b"to.Ken-42\x1b[2J", "is no token"),
    "delete": (b"to.Ken-42\x7f", "is no token"),
    "not ASCII": ("to.Ken-42é".encode(), "is no token"),
    "space": (b"to.Ken-42 to.Ken-43", "is no token"),
    "a megabyte": (TOO_LONG, "is bigger than"),
}


def setUpModule():
    global MADE
    MADE = api_tools.set_up_module()


class Tokens(Asking):
    secrets = ("to.Ken", EVIL)

    def bearers(self, api=None):
        return [request.bearer for request in (api or self.api).requests]

    def with_file(self, content, **more):
        self.put("token", content)
        return self.config({"tokenFile": "token", **more})


class TestWhere(Tokens):
    def test_text(self):
        self.good(self.config({"token": TOKEN}))
        self.assertEqual(set(self.bearers()), {TOKEN})

    def test_none(self):
        self.good(self.config())
        self.assertEqual(set(self.bearers()), {None})

    def test_file(self):
        for content in (TOKEN, f" \t{TOKEN}\n", f"\r\n{TOKEN}\r\n\r\n"):
            self.good(self.with_file(content))
            self.assertEqual(set(self.bearers()), {TOKEN})

    def test_file_and_text(self):
        """The file goes first; the text counts while it cannot be read."""
        self.good(self.with_file(NEWER, token=TOKEN))
        self.assertEqual(set(self.bearers()), {NEWER})
        os.remove(self.path("token"))
        self.api.requests.clear()
        log = self.good(self.config({"tokenFile": "token", "token": TOKEN}))
        self.assertIn("token: No such file", log)
        self.assertEqual(set(self.bearers()), {TOKEN})


class TestBad(Tokens):
    """Faults A5: what is no token is never sent."""

    def test_at_the_beginning(self):
        for name, (content, words) in BAD.items():
            with self.subTest(name):
                log = self.bad(6, self.with_file(content))
                self.assertIn("token", log)
                self.assertIn(words, log)
                self.assertIn("hint: ", log)
        self.assertEqual(self.api.requests, [])

    def test_not_to_be_read(self):
        self.put("token", TOKEN)
        os.mkdir(self.path("folder"))
        os.symlink("loop", self.path("loop"))
        os.mkfifo(self.path("pipe"))
        for name in ("missing", "folder", "loop", "pipe"):
            with self.subTest(name):
                self.assertIn(f"/{name}: ",
                              self.bad(6, self.config({"tokenFile": name})))
        self.assertEqual(self.api.requests, [])

    def test_later(self):
        """What was read before stays, which is said."""
        process = self.asker(kubeconfig=self.with_file(TOKEN))
        self.assertIn("done 200\n", self.tell(process))
        for name, (content, words) in BAD.items():
            with self.subTest(name):
                self.put("token", content)
                said = self.tell(process, "again")
                self.assertIn("done 200\n", said)
                self.assertIn("what was read before stays", said)
                self.assertIn(words, said)
        os.remove(self.path("token"))
        said = self.tell(process, "again")
        self.assertIn("what was read before stays", said)
        self.assertEqual(set(self.bearers()), {TOKEN})
        self.put("token", NEWER)
        self.assertEqual(self.tell(process, "again"), "done 200\n")
        self.assertEqual(self.bearers()[-1], NEWER)

    def test_text(self):
        for token in ("to.Ken-42\r\nX-Evil: 1", "to.Ken-42\0", "to Ken"):
            self.bad(2, self.config({"token": token}))
        self.assertEqual(self.api.requests, [])


class TestRenewed(Tokens):
    """Faults A4."""

    def test_after_a_minute(self):
        process = self.asker(kubeconfig=self.with_file(TOKEN))
        self.tell(process)
        self.put("token", NEWER)
        self.tell(process, f"skip {MINUTE - 10000}")
        self.tell(process)
        self.assertEqual(self.bearers(), [TOKEN, TOKEN])
        self.tell(process, "skip 10000")
        self.assertEqual(self.tell(process), "done 200\n")
        self.assertEqual(self.bearers(), [TOKEN, TOKEN, NEWER])

    def test_at_once_after_401(self):
        """Nobody hears of a token that was just replaced."""
        process = self.watch(self.with_file(TOKEN))
        self.put("token", NEWER)
        self.api.only(NEWER)
        self.api.end_streams()
        self.api.wait(lambda: self.bearers().count(NEWER) == 2)
        self.assertIn(self.bearers().count(TOKEN), (3, 4))
        out, log = self.end(process)
        self.assertEqual(out, "")
        self.assertNotIn("401", log)

    def test_refused(self):
        """Asked twice, and then it is said."""
        self.api.only()
        log = self.bad(6, self.with_file(TOKEN))
        self.assertIn("401 Unauthorized", log)
        self.assertIn("hint: ", log)
        for part in ("/services?", "/endpointslices?"):
            self.assertLessEqual(
                sum(part in r.path for r in self.api.requests), 2)

    def test_of_another_server(self):
        """Who began with one server stays with it: what another one knows
        is no later version of it."""
        other = self.serve()
        process = self.asker(kubeconfig=self.with_file(TOKEN))
        self.assertIn("done 200\n", self.tell(process))
        self.config({"token": NEWER},
                    {**self.cluster(),
                     "server": f"https://127.0.0.1:{other.port}"})
        said = self.tell(process, "again")
        self.assertIn(f"another API server now, https://127.0.0.1:{other.port}",
                      said)
        self.assertIn("done 200\n", said)
        self.assertEqual(self.bearers(), [TOKEN, TOKEN])
        self.assertEqual(other.connections, 0)

    def test_of_another_user(self):
        process = self.asker(kubeconfig=self.with_file(TOKEN))
        self.assertIn("done 200\n", self.tell(process))
        self.config({"tokenFile": "missing"})
        self.assertIn("done SVC_EAUTH", self.tell(process, "again"))
        self.config({})
        self.assertIn("done 200\n", self.tell(process, "again"))
        self.assertEqual(self.bearers(), [TOKEN, None])


class TestPod(Tokens):
    """The files that Kubernetes mounts in a pod."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("account"))
        self.put("account/token", TOKEN)
        with open(MADE.path("ca.pem"), encoding="ascii") as file:
            self.put("account/ca.crt", file.read())

    def pod(self, **more):
        env = {"KUBERNETES_SERVICE_HOST": "127.0.0.1",
               "KUBERNETES_SERVICE_PORT": str(self.api.port)}
        return self.asker(env=env, folder=self.path("account"), **more)

    def test_good(self):
        process = self.pod()
        self.assertEqual(self.tell(process), "done 200\n")
        self.put("account/token", NEWER)
        self.assertEqual(self.tell(process, "again"), "done 200\n")
        self.assertEqual(self.bearers(), [TOKEN, NEWER])

    def test_bad_token(self):
        for name, (content, words) in BAD.items():
            with self.subTest(name):
                self.put("account/token", content)
                said = self.tell(self.pod())
                self.assertIn("done SVC_EAUTH", said)
                self.assertIn(words, said)
        self.assertEqual(self.api.requests, [])

    def test_no_ca(self):
        """Never without its CA."""
        os.remove(self.path("account/ca.crt"))
        said = self.tell(self.pod())
        self.assertIn("done SVC_EAUTH", said)
        self.assertIn("ca.crt", said)
        self.assertEqual(self.api.connections, 0)

    def test_kubeconfig_goes_first(self):
        process = self.pod(kubeconfig=self.config({"token": NEWER}))
        self.assertEqual(self.tell(process), "done 200\n")
        self.assertEqual(self.bearers(), [NEWER])


class Canary(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        self.server.heard.append(self.path)
        self.send_error(418)

    def log_message(self, *_):
        pass


class TestNobodyElse(Tokens):
    def canary(self):
        server = http.server.HTTPServer(("127.0.0.1", 0), Canary)
        server.heard = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        return server

    def test_redirect(self):
        canary = self.canary()
        other = self.serve()
        process = self.asker(kubeconfig=self.config({"token": TOKEN}))
        for status in (301, 302, 303, 307, 308):
            for target in (f"http://127.0.0.1:{canary.server_port}/",
                           f"https://127.0.0.1:{other.port}/version"):
                self.api.refuse(status, 1, Location=target)
                self.assertEqual(self.tell(process), f"done {status}\n")
        self.api.refuse(302, 99, Location=target)
        self.assertIn("redirects are not followed",
                      self.bad(5, self.config({"token": TOKEN}), "-t",
                               "300ms"))
        self.assertEqual((canary.heard, other.connections), ([], 0))

    def test_plain_http(self):
        canary = self.canary()
        url = f"http://127.0.0.1:{canary.server_port}"
        for user in ({"token": TOKEN}, {"tokenFile": self.put("t", TOKEN)}):
            log = self.bad(2, self.config(user, {"server": url}))
            self.assertIn("http://", log)
        self.assertEqual(canary.heard, [])

    def test_every_command(self):
        """What is told of credentials tells none."""
        config = self.with_file(TOKEN)
        for command in (["doctor"], ["explain", api_tools.NAME],
                        ["graph", api_tools.NAME, "--view", "pods"],
                        ["pick", api_tools.NAME, "--view", "pods"]):
            done = self.run_svcctl(*command, "--kubeconfig", config, "-v",
                                   "-v", env=environment())
            self.is_clean(done.stdout, done.stderr)
        done = self.run_svcctl("doctor", "--kubeconfig", config, "-o", "json",
                               env=environment())
        self.is_clean(json.dumps(json.loads(done.stdout)), done.stderr)
        self.assertEqual(set(self.bearers()), {TOKEN})


if __name__ == "__main__":
    unittest.main(warnings="ignore")
