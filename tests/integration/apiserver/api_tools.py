# SPDX-License-Identifier: Apache-2.0
"""What the scripts of this folder share: an API server in this process that
has one Service, kubeconfigs that lead to it, and svcctl that asks it. Whatever
is printed has no secret in it."""
import base64
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../svcctl", "../http"):
    sys.path.insert(0, os.path.join(HERE, folder))
# pylint: disable=wrong-import-position
from http_tools import Certificates, tls  # noqa: E402
from svcctl import (PROGRAM, SECONDS, Svcctl, clean_environment,  # noqa: E402
                    endpoint, endpoint_slice, has_backend, service)

MINUTE = 60000
NAME = "web.shop:http"
FOUND = "10.0.0.1:8080\n"
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
ASK = os.path.join(os.environ["PROGRAMS"], "integration_apiserver_ask")
END = "k8s.io/initial-events-end"


def environment(**more):
    """Without what leads to an API server or a proxy."""
    env = {k: v for k, v in clean_environment().items()
           if k.lower() not in PROXIES}
    return {**env, **more}


class Request:
    """One that has come, with what the handshake told."""

    def __init__(self, handler):
        peer = handler.connection
        self.path = handler.path
        self.headers = handler.headers
        self.server_name = getattr(peer, "asked_for", None)
        certificate = getattr(peer, "getpeercert", dict)() or {"subject": ()}
        self.client = dict(pair[0] for pair in certificate["subject"]).get(
            "commonName")

    @property
    def bearer(self):
        """The token; None without one."""
        return (self.headers["Authorization"] or "").partition(
            "Bearer ")[2] or None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):  # pylint: disable=invalid-name
        request = Request(self)
        answer, began = self.server.take(request)
        try:
            if answer is not None:
                self.say(*answer)
            elif "watch=1" in self.path:
                self.stream(began)
            elif self.path == "/version":
                self.say(200)
            else:
                self.say(404, {"Content-Length": "0"})
        except OSError:
            self.close_connection = True

    def say(self, status, headers=()):
        self.send_response(status)
        for name, value in {"Content-Length": "0", **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def stream(self, began):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if "sendInitialEvents=true" in self.path:
            self.send(*self.events())
        self.server.wait(lambda: self.server.streams_ended != began)
        # A watch that ends without an event would be trouble.
        self.send(self.bookmark())
        self.chunk(b"")
        # Whoever has seen another certificate comes back and sees this one.
        self.close_connection = self.server.context is not getattr(
            self.connection, "context", None)

    def send(self, *events):
        self.chunk("".join(json.dumps(e) + "\n" for e in events).encode())

    def thing(self):
        """Every namespace has it."""
        space = self.path.partition("/namespaces/")[2].partition("/")[0]
        if "/endpointslices" in self.path:
            return endpoint_slice("web", [endpoint("10.0.0.1")], space)
        return service("web", space)

    def events(self):
        thing = self.thing()
        thing["metadata"].update(uid=thing["kind"], resourceVersion="1")
        return ({"type": "ADDED", "object": thing},
                self.bookmark(annotations={END: "true"}))

    def bookmark(self, **more):
        thing = self.thing()
        return {"type": "BOOKMARK", "object": {
            "kind": thing["kind"], "apiVersion": thing["apiVersion"],
            "metadata": {"resourceVersion": "9", **more}}}


class Api(http.server.ThreadingHTTPServer):
    """Keeps every stream open until told; requests has all that came. context
    is that of the connections to come; None: without TLS."""
    daemon_threads = True
    block_on_close = False

    def __init__(self, context):
        self.requests = []
        self.connections = 0
        self.refusal = lambda _: None  # or (status, headers)
        self.streams_ended = 0
        self.is_over = False
        self.changed = threading.Condition()
        self.context = context
        if context is not None:
            context.sni_callback = self.note_name
        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,),
                                       daemon=True)
        self.thread.start()

    @staticmethod
    def note_name(peer, name, _):
        peer.asked_for = name

    def finish_request(self, request, client_address):
        """In a thread of its own, so the handshake holds nobody up."""
        request.settimeout(SECONDS)
        with self.changed:
            self.connections += 1
        with request if self.context is None else self.context.wrap_socket(
                request, server_side=True) as peer:
            self.RequestHandlerClass(peer, client_address, self)

    def handle_error(self, request, client_address):
        """Who goes away in between has its reasons."""

    def take(self, request):
        """Another answer than the usual one, or None; and how many times the
        streams were ended before."""
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()
            refuse = self.refusal
            began = self.streams_ended
        return refuse(request), began

    def wait(self, holds):
        with self.changed:
            if not self.changed.wait_for(lambda: self.is_over or holds(),
                                         SECONDS):
                raise TimeoutError

    def seen(self, count):
        """The requests, once there are so many."""
        self.wait(lambda: len(self.requests) >= count)
        return list(self.requests)

    def end_streams(self):
        with self.changed:
            self.streams_ended += 1
            self.changed.notify_all()

    def refuse(self, status, times, **headers):
        """The next requests are answered so."""
        left = [times]

        def once(_):
            with self.changed:
                left[0] -= 1
                return (status, headers) if left[0] >= 0 else None
        self.refusal = once

    def only(self, *bearers):
        """Who has another token is not let in."""
        self.refusal = lambda request: None if request.bearer in bearers \
            else (401, {})

    def close(self):
        with self.changed:
            self.is_over = True
            self.changed.notify_all()
        self.shutdown()
        self.server_close()
        self.thread.join(SECONDS)


def encoded(path):
    with open(path, "rb") as file:
        return base64.b64encode(file.read()).decode()


class Asking(Svcctl):
    """Tests with a server; secrets must be in nothing that is printed."""
    secrets = ()

    def setUp(self):
        super().setUp()
        self.api = self.serve()

    def serve(self, context=None):
        """Who has a certificate of the CA shows it, others need none."""
        if context is None:
            context = tls(MADE.path("good.both"), clients=MADE.path("ca.pem"))
            context.verify_mode = ssl.CERT_OPTIONAL
        api = Api(context)
        self.addCleanup(api.close)
        return api

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, text, mode=0o600):
        """A file that replaces the one before as a whole; its path."""
        path = self.path(name)
        data = text if isinstance(text, bytes) else text.encode()
        with open(path + ".new", "wb") as file:
            file.write(data)
        os.chmod(path + ".new", mode)
        os.rename(path + ".new", path)
        return path

    def cluster(self, **more):
        return {"server": f"https://127.0.0.1:{self.api.port}",
                "certificate-authority": MADE.path("ca.pem"), **more}

    def config(self, user=None, cluster=None, name="config", **context):
        """A kubeconfig of one context; what is None is left out."""
        text = {"apiVersion": "v1", "kind": "Config",
                "current-context": "here",
                "clusters": [{"name": "here", "cluster":
                              self.cluster() if cluster is None else
                              {k: v for k, v in cluster.items()
                               if v is not None}}],
                "users": [{"name": "me", "user": user or {}}],
                "contexts": [{"name": "here", "context": {
                    "cluster": "here", "user": "me", **context}}]}
        return self.put(name, json.dumps(text))

    def is_clean(self, *texts):
        for text in texts:
            for secret in self.secrets:
                self.assertNotIn(secret, text)

    def ask(self, config, *arguments, env=None, name=NAME):
        """svcctl resolve with all of its log; kubeconfig None: env has it."""
        place = ("-b", "apiserver") if config is None else \
            ("--kubeconfig", config)
        done = self.run_svcctl("resolve", name, "--view", "pods", "-o", "name",
                               "-v", "-v", *place, *arguments,
                               env=environment(**(env or {})))
        self.is_clean(done.stdout, done.stderr)
        return done

    def good(self, *arguments, **more):
        """What was logged by a run that found the endpoint."""
        done = self.ask(*arguments, **more)
        self.assertEqual((done.returncode, done.stdout), (0, FOUND),
                         done.stderr)
        return done.stderr

    def bad(self, status, *arguments, **more):
        """What a run said that must fail with that exit status."""
        done = self.ask(*arguments, **more)
        self.assertEqual((done.returncode, done.stdout), (status, ""),
                         done.stderr)
        return done.stderr

    def watch(self, config, *arguments):
        """svcctl watch that has the endpoint, and is listening."""
        process = self.start("watch", NAME, "--view", "pods", "-o", "json",
                             "-v", "-v", "--kubeconfig", config, *arguments)
        event = json.loads(process.stdout.readline())
        self.assertEqual(event["count"], 1, event)
        return process

    def asker(self, env=None, **named):
        """The program beside this, which makes single requests."""
        process = subprocess.Popen(
            [ASK, *(f"{name}={value}" for name, value in named.items())],
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment(**(env or {})))

        def end():
            process.communicate(timeout=SECONDS)
            self.assertIn(process.returncode, (0, 1))
        self.addCleanup(end)
        return process

    def tell(self, process, command="ask"):
        """What it printed."""
        lines = []
        try:
            process.stdin.write(command + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass
        while (line := process.stdout.readline()) not in (".\n", ""):
            lines.append(line)
        self.is_clean(*lines)
        return "".join(lines)

    def end(self, process):
        """What else a watch printed, and its log."""
        process.terminate()
        out, err = process.communicate(timeout=SECONDS)
        self.is_clean(out, err)
        return out, err


def set_up_module():
    """Certificates of a server and of its CA, or no test at all."""
    global MADE
    if not has_backend("apiserver"):
        raise unittest.SkipTest("the apiserver backend is not built")
    MADE = Certificates()
    unittest.addModuleCleanup(MADE.close)
    MADE.authority("ca")
    MADE.sign("good", "ca", "IP:127.0.0.1,DNS:localhost,DNS:api.test")
    return MADE
