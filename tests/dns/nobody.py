# SPDX-License-Identifier: Apache-2.0
"""A DNS server on loopback that knows no name, for tests that are about other
things: NXDOMAIN to every question, so that nobody is asked outside and nothing
is waited for. Runs in this process until its end."""
import socket
import threading


def serve(sock):
    while True:
        query, client = sock.recvfrom(4096)
        end = 12
        while end < len(query) and query[end]:
            end += 1 + query[end]
        end += 5  # the root, type, class
        if len(query) >= end:
            # QR, RD and RA; NXDOMAIN; one question and nothing else.
            sock.sendto(query[:2] + b"\x81\x83\0\1\0\0\0\0\0\0" +
                        query[12:end], client)


def start():
    """The server's address, as --dns-server takes it."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(sock,), daemon=True).start()
    return "127.0.0.1:%d" % sock.getsockname()[1]
