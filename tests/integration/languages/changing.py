# SPDX-License-Identifier: Apache-2.0
"""A manifest that changes, for programs of other languages: version n of Service
"web" in namespace "dev" has the endpoints 10.0.n.1 to 10.0.n.3."""
import json
import os

NAME = "web.dev:80"
LIBRARY = os.path.abspath(os.environ.get("LIBSVC", "libsvc.so"))
VERSIONS = 20
# A thread that picked has 3.6 KiB of its own, which the next one is given; what
# comes beside that is of the program, and far less for hundreds of threads.
GROWTH = 400000


def text(version):
    service = {"apiVersion": "v1", "kind": "Service",
               "metadata": {"name": "web", "namespace": "dev"},
               "spec": {"clusterIP": "10.96.0.1", "ports": [{"port": 80}]}}
    piece = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
             "metadata": {"name": "web-1", "namespace": "dev", "labels": {
                 "kubernetes.io/service-name": "web"}},
             "addressType": "IPv4", "ports": [{"port": 8080}],
             "endpoints": [{"addresses": [f"10.0.{version}.{i}"]}
                           for i in (1, 2, 3)]}
    return json.dumps(service) + "\n" + json.dumps(piece) + "\n"


def write(path, version):
    """Whole, as everybody who replaces a manifest should."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text(version))
    os.replace(path + ".new", path)
