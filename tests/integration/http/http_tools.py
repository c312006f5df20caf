# SPDX-License-Identifier: Apache-2.0
"""What the scripts of this folder share: certificates made by the openssl
command, small servers in threads, and the program that makes the requests."""
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

FETCH = os.path.join(os.environ["PROGRAMS"], "integration_http_fetch")
SECONDS = 60
ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
          b"Connection: close\r\n\r\nhello")

CONFIG = """
[ca]
default_ca = here
[here]
database = {0}/index.txt
new_certs_dir = {0}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""


def openssl(*command):
    subprocess.run(["openssl", *command], check=True, capture_output=True,
                   stdin=subprocess.DEVNULL, timeout=SECONDS)


class Certificates:
    """A folder with CAs, and certificates signed by them."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.write("index.txt", "")
        self.write("ca.conf", CONFIG.format(self.folder))

    def close(self):
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)
        return self.path(name)

    def authority(self, name):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", f"/CN={name}", "-keyout", self.path(name + ".key"),
                "-out", self.path(name + ".pem"))
        return self.path(name + ".pem")

    def sign(self, name, authority, alternatives="IP:127.0.0.1",
             start="20200101000000Z", end="20990101000000Z",
             key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        """The path of a certificate with its key behind it."""
        openssl("req", "-new", "-newkey", *key, "-nodes", "-subj",
                f"/CN={name}", "-addext", f"subjectAltName={alternatives}",
                "-keyout", self.path(name + ".key"),
                "-out", self.path(name + ".csr"))
        openssl("ca", "-batch", "-config", self.path("ca.conf"), "-notext",
                "-cert", self.path(authority + ".pem"),
                "-keyfile", self.path(authority + ".key"),
                "-startdate", start, "-enddate", end,
                "-in", self.path(name + ".csr"),
                "-out", self.path(name + ".pem"))
        with open(self.path(name + ".both"), "wb") as both:
            for part in (".pem", ".key"):
                with open(self.path(name + part), "rb") as file:
                    both.write(file.read())
        return self.path(name + ".both")


def drain(peer):
    """Closes so that what was sent last is read: nothing is left unread."""
    try:
        peer.shutdown(socket.SHUT_WR)
        while peer.recv(65536):
            pass
    except OSError:
        pass


class Server:
    """Accepts connections and serves each by a function, one at a time."""

    def __init__(self, serve, context=None):
        self.serve = serve
        self.context = context
        self.connections = 0
        self.seen = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            peer.settimeout(SECONDS)
            with peer, peer.dup() as raw:
                try:
                    if self.context is not None:
                        peer = self.context.wrap_socket(peer, server_side=True)
                    self.serve(self, peer)
                except ssl.SSLError as error:
                    self.seen.append(error.reason)
                    drain(raw)
                except OSError as error:
                    self.seen.append(type(error).__name__)
                finally:
                    peer.close()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(SECONDS)


def read_head(peer):
    """Up to the empty line, byte by byte: what follows is not for us."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = peer.recv(1)
        if not byte:
            raise ConnectionError("cut")
        head += byte
    return head.decode("latin-1")


def answer(server, peer):
    server.seen.append(read_head(peer))
    peer.sendall(ANSWER)


def tls(both, **settings):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if settings.get("weak"):
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if "version" in settings:
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = settings["version"]
    context.load_cert_chain(both)
    if "clients" in settings:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(settings["clients"])
    return context


class Fetching(unittest.TestCase):
    def start(self, serve=answer, context=None):
        server = Server(serve, context)
        self.addCleanup(server.close)
        return server

    def fetch(self, *arguments, env=None, **named):
        """What it printed. A token is in none of it."""
        named.setdefault("bearer", "to.Ken-42")
        command = [FETCH, *arguments,
                   *(f"{name}={value}" for name, value in named.items())]
        done = subprocess.run(command, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=SECONDS,
                              env={**os.environ, **(env or {})}, check=False)
        self.assertIn(done.returncode, (0, 1), done)
        self.assertEqual(done.stderr, "")
        self.assertNotIn("to.Ken-42", done.stdout)
        self.assertNotIn("sesame", done.stdout)
        return done.stdout

    def good(self, output):
        self.assertEqual(output, "status 200\ndata hello\ndone 0 \n")
