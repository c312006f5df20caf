# SPDX-License-Identifier: Apache-2.0
"""Whether it is the right API server, seen from svcctl: each bad certificate
in words, names, a CA that is replaced while svcctl watches. A token is never
in what is printed (faults A2, A3, A31, 3.4)."""
import base64
import json
import os
import subprocess
import sys
import time
import unittest

from server import Server
from http_tools import Certificates, tls
from svcctl import PROGRAM, SECONDS, Svcctl, clean_environment, has_backend

TOKEN = "to.Ken-42"
GOOD_TEXT = "10.0.0.1"


def setUpModule():
    global MADE, CA, OTHER, GOOD
    if not has_backend("apiserver"):
        print("the apiserver backend is not built")
        sys.exit(77)
    MADE = Certificates()
    CA = MADE.authority("ca")
    OTHER = MADE.authority("other")
    GOOD = MADE.sign("good", "ca", "IP:127.0.0.1,DNS:api.test")


def tearDownModule():
    MADE.close()


def encoded(path):
    with open(path, "rb") as file:
        return base64.b64encode(file.read()).decode()


class Connected(Svcctl):
    def start(self, context=None, token=None):
        server = Server(context, token)
        self.addCleanup(server.close)
        return server

    def kubeconfig(self, server, user=None, scheme="https", host="127.0.0.1",
                   **cluster):
        """The path of one that leads to a server."""
        cluster.setdefault("certificate-authority", CA)
        cluster = {k: v for k, v in cluster.items() if v is not None}
        path = os.path.join(self.folder, "kubeconfig")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({
                "kind": "Config", "apiVersion": "v1", "current-context": "c",
                "clusters": [{"name": "k", "cluster": {
                    "server": f"{scheme}://{host}:{server.port}", **cluster}}],
                "users": [{"name": "u", "user": user or {}}],
                "contexts": [{"name": "c", "context": {
                    "cluster": "k", "user": "u", "namespace": "shop"}}],
            }, file)
        os.chmod(path, 0o600)
        return path

    def resolve(self, path, *more, env=None):
        """A run with the API server, whose output has no secret in it."""
        done = self.run_svcctl("resolve", "web:80", "--view", "pods", "-b",
                               "apiserver", "--kubeconfig", path, "--timeout",
                               "5s", "-v", *more, env=env)
        for text in (done.stdout, done.stderr):
            self.assertNotIn(TOKEN, text)
            self.assertNotIn(base64.b64encode(TOKEN.encode()).decode(), text)
            self.assertNotIn("PRIVATE KEY", text)
        return done

    def good(self, path, *more, env=None):
        done = self.resolve(path, *more, env=env)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(GOOD_TEXT, done.stdout)
        return done.stderr

    def bad(self, path, words, *more, status=6, env=None):
        done = self.resolve(path, *more, env=env)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertIn(words, done.stderr)
        return done.stderr


class TestServer(Connected):
    def refused(self, words, context, **cluster):
        server = self.start(context)
        self.bad(self.kubeconfig(server, {"token": TOKEN}, **cluster), words)
        self.assertEqual(server.seen, [])

    def test_good(self):
        server = self.start(tls(GOOD), TOKEN)
        self.good(self.kubeconfig(server, {"token": TOKEN}))
        self.good(self.kubeconfig(server, {"token": TOKEN}, **{
            "certificate-authority": None,
            "certificate-authority-data": encoded(CA)}))
        self.assertEqual(set(server.tokens()), {"Bearer " + TOKEN})

    def test_bad(self):
        self.refused("signed by none of the CAs", tls(GOOD),
                     **{"certificate-authority": OTHER})
        self.refused('is not for "127.0.0.1"',
                     tls(MADE.sign("away", "ca", "IP:127.0.0.2")))
        self.refused("has expired", tls(
            MADE.sign("old", "ca", end="20210101000000Z")))
        self.refused("is not yet valid", tls(
            MADE.sign("new", "ca", start="20980101000000Z")))
        self.refused("not in TLS", None)

    def test_server_name(self):
        server = self.start(tls(MADE.sign("named", "ca", "DNS:api.test")))
        self.good(self.kubeconfig(server, **{"tls-server-name": "api.test"}))
        self.bad(self.kubeconfig(server, **{"tls-server-name": "b.test"}),
                 'is not for "b.test"')

    def test_insecure(self):
        server = self.start(tls(GOOD))
        told = self.good(self.kubeconfig(server, {"token": TOKEN}, **{
            "certificate-authority": None, "insecure-skip-tls-verify": True}))
        self.assertIn("certificate is not checked", told)

    def test_plain(self):
        """Only where no credential would be sent."""
        server = self.start()
        self.good(self.kubeconfig(server, scheme="http"))
        seen = len(server.seen)
        self.bad(self.kubeconfig(server, {"token": TOKEN}, scheme="http"),
                 "credentials are not sent over http://", status=2)
        self.assertEqual(len(server.seen), seen)

    def test_environment(self):
        """No proxy for loopback, whatever the environment says."""
        server = self.start(tls(GOOD))
        self.good(self.kubeconfig(server), env=clean_environment(
            HTTPS_PROXY="http://127.0.0.1:1", https_proxy="http://127.0.0.1:1"))


class TestRotation(Connected):
    """What changes under way."""

    def watch(self, path):
        process = subprocess.Popen(
            [PROGRAM, "watch", "web:80", "--view", "pods", "-b", "apiserver",
             "--kubeconfig", path, "-v"], stdout=subprocess.PIPE, text=True,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=clean_environment())
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, SECONDS)
        self.addCleanup(process.kill)
        while GOOD_TEXT not in (line := process.stdout.readline()):
            self.assertTrue(line)
        return process

    def until(self, holds):
        end = time.monotonic() + SECONDS
        while not holds():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_authority(self):
        """The server has a certificate of a new CA, which is in the bundle
        next to the old one."""
        bundle = os.path.join(self.folder, "bundle.pem")
        with open(bundle, "w", encoding="ascii") as file:
            for path in (OTHER, CA):
                with open(path, encoding="ascii") as part:
                    file.write(part.read())
        server = self.start(tls(GOOD))
        self.watch(self.kubeconfig(
            server, **{"certificate-authority": bundle}))
        seen = len(server.seen)
        server.context = tls(MADE.sign("rotated", "other"))
        server.end_watches()
        self.until(lambda: len(server.seen) >= seen + 2)


if __name__ == "__main__":
    unittest.main()
