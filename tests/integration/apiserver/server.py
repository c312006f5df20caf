# SPDX-License-Identifier: Apache-2.0
"""A small API server over TLS, or plain, for what credentials are about: it
serves one Service with one slice by watch-lists, looks at tokens and client
certificates, and notes every request. api_world.h is the one for the rest."""
import http.server
import json
import os
import socketserver
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../http"))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../svcctl"))
from svcctl import endpoint, endpoint_slice, service  # noqa: E402

STATUS = {"kind": "Status", "apiVersion": "v1", "metadata": {},
          "status": "Failure"}


def versioned(thing, version="1000"):
    thing["metadata"].update(resourceVersion=version, uid="u")
    return thing


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def refuse(self, code, reason):
        body = json.dumps({**STATUS, "code": code, "reason": reason,
                           "message": reason}).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def chunk(self, *events):
        for event in events:
            line = json.dumps(event).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))

    def watch(self, kind, thing):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if "sendInitialEvents" in self.path:
            self.chunk({"type": "ADDED", "object": thing},
                       {"type": "BOOKMARK", "object": {
                           "kind": kind, "metadata": {
                               "resourceVersion": "1000", "annotations": {
                                   "k8s.io/initial-events-end": "true"}}}})
        self.server.ending.wait(60)
        self.wfile.write(b"0\r\n\r\n")

    def do_GET(self):
        token = self.headers.get("Authorization", "")
        peer = getattr(self.connection, "getpeercert", dict)() or {}
        with self.server.lock:
            self.server.seen.append(
                (self.path, token, dict(peer.get("subject", [[]])[0]).get(
                    "commonName", ""), self.headers.get("Host")))
            wanted = self.server.token
        if wanted is not None and token != "Bearer " + wanted:
            self.refuse(401, "Unauthorized")
        elif "/services?" in self.path:
            self.watch("Service", versioned(service("web")))
        else:
            self.watch("EndpointSlice", versioned(
                endpoint_slice("web", [endpoint("10.0.0.1")])))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, context=None, token=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.context = context  # of the connections that come from now on
        self.token = token      # what is taken; None: whatever comes
        self.lock = threading.Lock()
        self.seen = []          # path, Authorization, CN of the client, Host
        self.ending = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.02,),
                         daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def finish_request(self, request, client_address):
        """On the thread of the connection: a handshake stops nobody else."""
        if self.context is not None:
            request = self.context.wrap_socket(request, server_side=True)
        with request:
            super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        """A peer that breaks off is the test's business."""

    def end_watches(self):
        """All that run, once."""
        self.ending.set()
        self.ending = threading.Event()

    def close(self):
        self.ending.set()
        self.shutdown()
        self.server_close()

    def tokens(self):
        with self.lock:
            return [token for _, token, _, _ in self.seen]
