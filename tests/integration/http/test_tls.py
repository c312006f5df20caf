# SPDX-License-Identifier: Apache-2.0
"""TLS as the transport checks it: each bad certificate in words, this CA and
no other, the name asked for, client certificates, versions (faults A2, A3,
A31, P10)."""
import os
import shutil
import ssl
import subprocess
import unittest

import http_tools
from http_tools import Certificates, Fetching, answer, openssl, tls


def setUpModule():
    global MADE, CA, OTHER, GOOD
    MADE = Certificates()
    CA = MADE.authority("ca")
    OTHER = MADE.authority("other")
    GOOD = MADE.sign("good", "ca", "IP:127.0.0.1,DNS:api.test")


def tearDownModule():
    MADE.close()


class TestServer(Fetching):
    def refused(self, words, context, serve=answer, code="SVC_EAUTH", **named):
        server = self.start(serve, context)
        named.setdefault("ca", CA)
        output = self.fetch(url=f"https://127.0.0.1:{server.port}/", **named)
        self.assertIn(f"done {code} 127.0.0.1:{server.port}: ", output)
        self.assertIn(words, output)
        self.assertEqual([s for s in server.seen if "GET" in s], [])
        return output

    def test_good(self):
        server = self.start(context=tls(GOOD))
        url = f"https://127.0.0.1:{server.port}/"
        self.good(self.fetch(url=url, ca=CA))
        self.assertIn("Authorization: Bearer to.Ken-42\r\n", server.seen[-1])
        self.good(self.fetch(url=f"https://api.test:{server.port}/",
                             address="127.0.0.1", ca=CA))
        self.good(self.fetch(url=url, ca=OTHER, insecure="1"))

    def test_unknown_ca(self):
        self.refused("signed by none of the CAs that were given", tls(GOOD),
                     ca=OTHER)
        self.refused("signed by none of the CAs that this system trusts",
                     tls(GOOD), ca="")

    def test_only_the_given_ca(self):
        """Folders and files of others count for nothing, wherever they are."""
        folder = MADE.path("hashed")
        os.mkdir(folder)
        shutil.copy(CA, folder)
        openssl("rehash", folder)
        server = self.start(context=tls(GOOD))
        everywhere = {"SSL_CERT_DIR": folder, "SSL_CERT_FILE": CA,
                      "CURL_CA_BUNDLE": CA}
        url = f"https://127.0.0.1:{server.port}/"
        self.assertIn("signed by none",
                      self.fetch(url=url, ca=OTHER, env=everywhere))
        self.good(self.fetch(url=url, ca=CA, env=everywhere))
        if shutil.which("strace") is None:
            return
        # An issuer that is not known would be looked up in folders.
        log = MADE.path("strace")
        subprocess.run(["strace", "-f", "-e", "trace=%file", "-o", log,
                        http_tools.FETCH, f"url={url}", f"ca={OTHER}"],
                       check=True, capture_output=True,
                       env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        with open(log, encoding="utf-8", errors="replace") as file:
            text = file.read()
        self.assertIn(OTHER, text)
        self.assertNotIn("/etc/ssl/certs", text)

    def test_two_cas(self):
        """While a cluster changes its CA both count."""
        both = MADE.path("both-cas")
        with open(both, "wb") as out:
            for name in (OTHER, CA):
                with open(name, "rb") as file:
                    out.write(file.read())
        server = self.start(context=tls(GOOD))
        self.good(self.fetch(url=f"https://127.0.0.1:{server.port}/", ca=both))

    def test_self_signed(self):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=self",
                "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", MADE.path("self.key"), "-out", MADE.path("self.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(MADE.path("self.pem"), MADE.path("self.key"))
        self.refused("signed by none of the CAs", context)

    def test_wrong_host(self):
        other = MADE.sign("elsewhere", "ca", "DNS:elsewhere.test")
        self.refused('not for "127.0.0.1"', tls(other))
        output = self.refused('not for "wrong.test"', tls(GOOD),
                              name="wrong.test")
        self.assertIn("tls-server-name", output)

    def test_expired(self):
        old = MADE.sign("old", "ca", end="20210101000000Z")
        output = self.refused("has expired: here it is 20", tls(old))
        self.assertIn("clock", output)

    def test_not_yet_valid(self):
        """The clock may be the one that is wrong: it is told."""
        new = MADE.sign("new", "ca", start="20980101000000Z")
        output = self.refused("is not yet valid: here it is 20", tls(new))
        self.assertRegex(output, r"here it is 20\d\d-\d\d-\d\dT[\d:]+Z")

    def test_weak(self):
        weak = MADE.sign("weak", "ca", key=("rsa:1024",))
        self.refused("too weak", tls(weak, weak=True))

    def test_old_version(self):
        context = tls(GOOD, weak=True, version=ssl.TLSVersion.TLSv1_1)
        self.refused("no version from TLS 1.2 on", context)

    def test_plain_http(self):
        def complain(_, peer):
            peer.recv(4096)
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        self.refused("not in TLS", None, serve=complain)

    def test_cut_in_the_handshake(self):
        self.refused("handshake", None, serve=lambda server, peer: None,
                     code="SVC_EUNREACH")

    def test_server_name(self):
        asked = []
        context = tls(MADE.sign("named", "ca", "DNS:api.test"))
        context.sni_callback = lambda _, name, __: asked.append(name)
        server = self.start(context=context)
        self.good(self.fetch(url=f"https://127.0.0.1:{server.port}/",
                             ca=CA, name="api.test"))
        self.assertEqual(asked, ["api.test"])
        self.assertIn(f"\r\nHost: 127.0.0.1:{server.port}\r\n",
                      server.seen[-1])

    def test_reset_while_writing(self):
        """With the default disposition of SIGPIPE, which ends a process."""
        def reset(_, peer):
            peer.recv(1)

        server = self.start(reset, tls(GOOD))
        output = self.fetch(url=f"https://127.0.0.1:{server.port}/", ca=CA,
                            fill=8 << 20, count=10)
        self.assertEqual(output.count("done SVC_EUNREACH"), 10)


class TestClient(Fetching):
    """Certificates of clients."""

    def setUp(self):
        self.server = self.start(context=tls(GOOD, clients=OTHER))
        self.url = f"https://127.0.0.1:{self.server.port}/"

    def pair(self, name, authority):
        MADE.sign(name, authority)
        return {"certificate": MADE.path(name + ".pem"),
                "key": MADE.path(name + ".key")}

    def test_good(self):
        self.good(self.fetch(url=self.url, ca=CA, **self.pair("me", "other")))

    def test_none(self):
        output = self.fetch(url=self.url, ca=CA)
        self.assertIn("done SVC_EAUTH", output)
        self.assertIn("client certificate", output)

    def test_unknown(self):
        output = self.fetch(url=self.url, ca=CA, **self.pair("not", "ca"))
        self.assertIn("done SVC_EAUTH", output)
        self.assertIn("client certificate", output)

    def test_broken(self):
        pair = self.pair("half", "other")
        output = self.fetch(url=self.url, ca=CA, key=MADE.path("ca.key"),
                            certificate=pair["certificate"])
        self.assertIn("done SVC_EAUTH", output)
        self.assertIn("certificate or key cannot be used", output)
        output = self.fetch(url=self.url, ca=CA, key=pair["key"])
        self.assertIn("new SVC_EAUTH", output)
        junk = MADE.write("junk", "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                  "-----END CERTIFICATE-----\n")
        self.assertIn("done SVC_EAUTH", self.fetch(url=self.url, ca=junk))
        self.assertIn("new SVC_EAUTH",
                      self.fetch(url=self.url, ca=MADE.write("text", "text")))

    def test_pass_phrase(self):
        """Nobody is asked for it."""
        pair = self.pair("locked", "other")
        openssl("pkey", "-in", pair["key"], "-aes256", "-passout",
                "pass:sesame", "-out", MADE.path("locked.enc"))
        output = self.fetch(url=self.url, ca=CA, key=MADE.path("locked.enc"),
                            certificate=pair["certificate"])
        self.assertIn("new SVC_EAUTH", output)
        self.assertIn("pass phrase", output)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
