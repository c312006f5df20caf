# SPDX-License-Identifier: Apache-2.0
"""A plain question to a DNS server, over UDP or TCP, and the answer's sections
in text: what the tests know DNS by, apart from the library that they test."""
import ipaddress
import socket
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "TXT": 16,
         "AAAA": 28, "SRV": 33}
RCODES = {0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}


class Answer:
    """rcode, is_cut, and records as (owner, type, data) texts."""

    def __init__(self, message):
        self.message = message
        flags, questions, *counts = struct.unpack(">5H", message[2:12])
        self.rcode = RCODES.get(flags & 15, str(flags & 15))
        self.is_cut = bool(flags & 0x200)
        self.size = len(message)
        self.at = 12
        for _ in range(questions):
            self.name()
            self.at += 4
        self.answer, self.authority, self.additional = (
            [r for r in (self.record() for _ in range(n)) if r]
            for n in counts)

    def data(self, kind):
        """The data of the answers of one type, sorted."""
        return sorted(d for _, k, d in self.answer if k == kind)

    def serial(self):
        return int(self.data("SOA")[0].split()[2])

    def name(self):
        labels, at, end = [], self.at, None
        for _ in range(130):
            size = self.message[at]
            if size == 0:
                break
            if size >= 0xc0:
                end = end or at + 2
                at = struct.unpack(">H", self.message[at:at + 2])[0] & 0x3fff
                continue
            labels.append(self.message[at + 1:at + 1 + size].decode("latin-1"))
            at += 1 + size
        self.at = end or at + 1
        return ".".join(labels).lower() + "."

    def record(self):
        owner = self.name()
        kind, _, _, size = struct.unpack(
            ">HHIH", self.message[self.at:self.at + 10])
        self.at += 10
        end = self.at + size
        names = {number: text for text, number in TYPES.items()}
        text = self.text(names.get(kind), self.message[self.at:end])
        self.at = end
        return (owner, names[kind], text) if kind in names else None

    def text(self, kind, raw):
        if kind in ("A", "AAAA"):
            return str(ipaddress.ip_address(raw))
        if kind in ("NS", "CNAME", "PTR"):
            return self.name()
        if kind == "SRV":
            self.at += 6
            return "%d %d %d " % struct.unpack(">3H", raw[:6]) + self.name()
        if kind == "SOA":
            names = f"{self.name()} {self.name()} "
            return names + "%d %d %d %d %d" % struct.unpack(">5I", raw[-20:])
        return raw[1:].decode("latin-1")


def question(name, kind):
    labels = [label.encode() for label in name.rstrip(".").split(".")]
    owner = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    # Recursion is wanted, and 1,232 bytes are taken (EDNS).
    return struct.pack(">6H", 1, 0x100, 1, 0, 0, 1) + owner + struct.pack(
        ">2H", TYPES[kind], 1) + b"\0" + struct.pack(">2HIH", 41, 1232, 0, 0)


def ask(port, name, kind, tcp=False, seconds=5, address="127.0.0.1"):
    """An Answer from a server; OSError when there is none."""
    message = question(name, kind)
    way = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, way) as s:
        s.settimeout(seconds)
        s.connect((address, port))
        if not tcp:
            s.send(message)
            return Answer(s.recv(65535))
        s.sendall(struct.pack(">H", len(message)) + message)
        with s.makefile("rb") as stream:
            size = struct.unpack(">H", stream.read(2))[0]
            return Answer(stream.read(size))
