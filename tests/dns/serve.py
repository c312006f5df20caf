# SPDX-License-Identifier: Apache-2.0
"""Serves the scenario until standard input ends, for tests and measurements in
other languages. The first line of output is the server's address.
Usage: serve.py knot|nsd|coredns [FOLDER for manifests]"""
import os
import sys

import scenario
import servers


def main(name, folder=None):
    kind = {k.__name__.lower(): k for k in servers.ALL}[name]
    world = scenario.services()
    if folder:
        servers.replace(os.path.join(folder, "cluster.yaml"),
                        scenario.manifests(world))
    server = kind(scenario.zones(world))
    try:
        server.start()
        print(server.address, flush=True)
        sys.stdin.read()
    finally:
        server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
