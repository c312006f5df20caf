# SPDX-License-Identifier: Apache-2.0
"""Proxies: the given one and no other, whatever the environment says; names
behind it are its business; it never sees a token (faults A30)."""
import socket
import threading
import unittest

from http_tools import Certificates, Fetching, read_head, tls

BAD = {name: "http://127.0.0.1:1" for name in (
    "http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY")}


def setUpModule():
    global MADE, CA, GOOD
    MADE = Certificates()
    CA = MADE.authority("ca")
    GOOD = MADE.sign("good", "ca", "IP:127.0.0.1,DNS:api.test")


def tearDownModule():
    MADE.close()


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def join(peer, port):
    with socket.create_connection(("127.0.0.1", port)) as target:
        thread = threading.Thread(target=pump, args=(target, peer))
        thread.start()
        pump(peer, target)
        thread.join()


def tunnel(port):
    """An HTTP proxy that leads every CONNECT to one port."""
    def serve(server, peer):
        server.seen.append(read_head(peer))
        peer.sendall(b"HTTP/1.1 200 Connection established\r\n"
                     b"Retry-After: 7\r\n\r\n")
        join(peer, port)
    return serve


def socks(port):
    """A SOCKS5 proxy (RFC 1928) that notes what it was asked for."""
    def serve(server, peer):
        peer.recv(peer.recv(2)[1])
        peer.sendall(b"\5\0")
        kind = peer.recv(4)[3]
        name = peer.recv(peer.recv(1)[0] if kind == 3 else 4)
        peer.recv(2)
        server.seen.append((kind, name.decode("latin-1")))
        peer.sendall(b"\5\0\0\1\0\0\0\0\0\0")
        join(peer, port)
    return serve


class TestProxy(Fetching):
    def setUp(self):
        self.server = self.start(context=tls(GOOD))
        self.url = f"https://api.test:{self.server.port}/"

    def test_environment(self):
        self.good(self.fetch(url=self.url, address="127.0.0.1", ca=CA,
                             env=BAD))
        plain = self.start()
        self.good(self.fetch(url=f"http://127.0.0.1:{plain.port}/", env=BAD))

    def test_http(self):
        proxy = self.start(tunnel(self.server.port))
        for name, address in (("127.0.0.1", {}),
                              ("proxy.test", {"address": "127.0.0.1"})):
            self.good(self.fetch(url=self.url, ca=CA, **address,
                                 proxy=f"http://me:sesame@{name}:{proxy.port}",
                                 env={**BAD, "no_proxy": "*", "NO_PROXY": "*"}))
            self.assertTrue(proxy.seen[-1].startswith(
                f"CONNECT api.test:{self.server.port} HTTP/1.1\r\n"))
            self.assertNotIn("to.Ken-42", proxy.seen[-1])
            self.assertNotIn("Bearer", proxy.seen[-1])
        self.assertIn("Bearer to.Ken-42", self.server.seen[-1])

    def test_server_name_behind_a_proxy(self):
        proxy = self.start(tunnel(self.server.port))
        self.good(self.fetch(url=f"https://10.0.0.1:{self.server.port}/",
                             ca=CA, name="api.test",
                             proxy=f"http://127.0.0.1:{proxy.port}"))
        self.assertIn(f"CONNECT 10.0.0.1:{self.server.port} ", proxy.seen[-1])

    def test_socks(self):
        proxy = self.start(socks(self.server.port))
        for scheme in ("socks5", "socks5h"):
            self.good(self.fetch(url=self.url, ca=CA,
                                 proxy=f"{scheme}://127.0.0.1:{proxy.port}"))
            self.assertEqual(proxy.seen[-1], (3, "api.test"))

    def test_refusals(self):
        def refuse(_, peer):
            read_head(peer)
            peer.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")

        for proxy in (self.start(refuse).port, 1):
            output = self.fetch(url=self.url, ca=CA,
                                proxy=f"http://me:sesame@127.0.0.1:{proxy}")
            self.assertIn("done SVC_EUNREACH api.test:", output)
            self.assertIn(f"through proxy 127.0.0.1:{proxy}: ", output)
        for proxy in ("ftp://127.0.0.1:1", "127.0.0.1:1", "socks4://a:1",
                      "http://a b:1", "http://:1"):
            self.assertIn("new SVC_EINVAL",
                          self.fetch(url=self.url, ca=CA, proxy=proxy))
        self.assertIn('no address was given for "proxy.test"',
                      self.fetch(url=self.url, proxy="http://proxy.test:1"))


if __name__ == "__main__":
    unittest.main()
