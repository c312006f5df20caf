# SPDX-License-Identifier: Apache-2.0
"""Whether it is the right API server, seen from svcctl: each bad certificate
in words, and a CA that is replaced while svcctl watches. A token is never in
what is printed (faults A2, A3, A31, 3.4)."""
import base64
import unittest

import api_tools
from api_tools import Api, Asking
from http_tools import tls

TOKEN = "to.Ken-42"


def setUpModule():
    global MADE
    MADE = api_tools.set_up_module()
    MADE.authority("other")


class Connected(Asking):
    secrets = (TOKEN, base64.b64encode(TOKEN.encode()).decode(), "PRIVATE KEY")

    def plain(self):
        """A server without TLS, from here on."""
        self.api = Api(None)
        self.addCleanup(self.api.close)


class TestServer(Connected):
    def refused(self, words, **cluster):
        log = self.bad(6, self.config({"token": TOKEN},
                                      self.cluster(**cluster)))
        self.assertIn(words, log)
        self.assertEqual(self.api.requests, [])

    def test_bad(self):
        self.refused("signed by none of the CAs",
                     **{"certificate-authority": MADE.path("other.pem")})
        for words, made in (
                ('is not for "127.0.0.1"',
                 MADE.sign("away", "ca", "IP:127.0.0.2")),
                ("has expired", MADE.sign("old", "ca", end="20210101000000Z")),
                ("is not yet valid",
                 MADE.sign("new", "ca", start="20980101000000Z"))):
            self.api = self.serve(tls(made))
            self.refused(words)
        self.plain()
        self.refused("not in TLS")

    def test_plain(self):
        """Only where no credential would be sent."""
        self.plain()
        plain = {"server": f"http://127.0.0.1:{self.api.port}"}
        self.good(self.config(cluster=plain))
        seen = len(self.api.requests)
        log = self.bad(2, self.config({"token": TOKEN}, plain))
        self.assertIn("credentials are not sent over http://", log)
        self.assertEqual(len(self.api.requests), seen)


class TestRotation(Connected):
    """What changes under way."""

    def test_authority(self):
        """The server has a certificate of a new CA, which is in the bundle
        next to the old one."""
        bundle = b""
        for name in ("other.pem", "ca.pem"):
            with open(MADE.path(name), "rb") as file:
                bundle += file.read()
        process = self.watch(self.config(cluster=self.cluster(
            **{"certificate-authority": self.put("bundle", bundle)})))
        seen, before = len(self.api.requests), self.api.connections
        self.api.context = tls(MADE.sign("rotated", "other"))
        self.api.end_streams()
        self.api.seen(seen + 2)
        self.assertEqual(self.api.connections, before + 2)
        self.end(process)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
