# SPDX-License-Identifier: Apache-2.0
"""A small source of each kind, on loopback, with one Service web in namespace
shop that has one endpoint. Each gives the options for svcctl."""
import contextlib
import http.server
import json
import os
import socket
import struct
import tempfile
import threading

ADDRESS = "10.244.0.7"

SERVICE = {"apiVersion": "v1", "kind": "Service",
           "metadata": {"name": "web", "namespace": "shop",
                        "resourceVersion": "7"},
           "spec": {"type": "ClusterIP", "clusterIP": ADDRESS,
                    "ports": [{"name": "http", "port": 80}]}}
SLICE = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
         "metadata": {"name": "web-1", "namespace": "shop",
                      "resourceVersion": "7",
                      "labels": {"kubernetes.io/service-name": "web"}},
         "addressType": "IPv4", "endpoints": [{"addresses": [ADDRESS]}],
         "ports": [{"name": "http", "port": 80}]}


@contextlib.contextmanager
def in_file():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "shop.json")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(SERVICE, out)
            json.dump(SLICE, out)
        yield ["-f", path]


def answer_dns(asked):
    """One address for A, none for anything else (RFC 1035)."""
    end = asked.index(b"\0", 12) + 5
    is_a = asked[end - 4:end - 2] == b"\0\1"
    record = b"\xc0\x0c\0\1\0\1" + struct.pack(">IH", 60, 4) + \
        socket.inet_aton(ADDRESS)
    return asked[:2] + b"\x85\0" + struct.pack(">HHHH", 1, is_a, 0, 0) + \
        asked[12:end] + (record if is_a else b"")


@contextlib.contextmanager
def by_dns():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve():
            while True:
                asked, client = server.recvfrom(4096)
                if not asked:
                    return
                server.sendto(answer_dns(asked), client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield ["--dns-server", "127.0.0.1:%d" % server.getsockname()[1]]
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
                stop.sendto(b"", server.getsockname())
            thread.join()


class ApiServer(http.server.BaseHTTPRequestHandler):
    """A watch that begins with a list (KEP-3157)."""

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass

    def do_GET(self):  # pylint: disable=invalid-name
        found = SLICE if "endpointslices" in self.path else SERVICE
        end = {"kind": found["kind"], "apiVersion": found["apiVersion"],
               "metadata": {"resourceVersion": "7", "annotations": {
                   "k8s.io/initial-events-end": "true"}}}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        for kind, value in (("ADDED", found), ("BOOKMARK", end)):
            line = json.dumps({"type": kind, "object": value}) + "\n"
            self.wfile.write(line.encode())


@contextlib.contextmanager
def by_api():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ApiServer)
    config = {"apiVersion": "v1", "kind": "Config", "current-context": "c",
              "contexts": [{"name": "c", "context": {"cluster": "c"}}],
              "clusters": [{"name": "c", "cluster": {
                  "server": "http://127.0.0.1:%d" % server.server_port}}]}
    with server, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "kubeconfig")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(config, out)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield ["--kubeconfig", path]
        finally:
            server.shutdown()
            thread.join()


KINDS = {"FILE": in_file, "DNS": by_dns, "APISERVER": by_api}
