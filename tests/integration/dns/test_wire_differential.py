# SPDX-License-Identifier: Apache-2.0
"""What dns/wire reads of a message against dnslib, an independent reader and
writer, on random messages: whole ones, which must be read alike, and changed
ones, which may be refused, but not read as anything else.

SVC_WIRE_SEED and SVC_WIRE_MESSAGES make longer runs.
"""
import ipaddress
import os
import random
import subprocess
import sys
import unittest

# The distribution's module, for a Python that is not the distribution's.
sys.path.append("/usr/lib/python3/dist-packages")

import dnslib  # noqa: E402 pylint: disable=wrong-import-position
from dnslib import QTYPE, RR  # noqa: E402 pylint: disable=C0413

DUMP = os.path.join(os.environ["PROGRAMS"], "integration_dns_wire_dump")
SEED = int(os.environ.get("SVC_WIRE_SEED", "20260119"))
MESSAGES = int(os.environ.get("SVC_WIRE_MESSAGES", "3000"))

RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN",
          4: "NOTIMP", 5: "REFUSED", 16: "BADVERS"}
TYPES = {1: "A", 5: "CNAME", 6: "SOA", 12: "PTR", 16: "TXT", 28: "AAAA",
         33: "SRV", 41: "OPT"}
READ = set(TYPES) - {41}
PLAIN = set(b"abcdefghijklmnopqrstuvwxyz0123456789-_")


def dump(messages):
    """What our reader says of each message, as a list of lines."""
    text = "".join(m.hex() + "\n" for m in messages)
    done = subprocess.run([DUMP], input=text, capture_output=True, text=True,
                          check=True, timeout=120)
    answers = done.stdout.split("\n\n")[:-1]
    assert len(answers) == len(messages)
    return [answer.split("\n") for answer in answers]


def name_text(name):
    labels = (b"".join(bytes([c]) if c in PLAIN else b"\\%03d" % c
                       for c in label.lower()) for label in name.label)
    return b".".join(labels).decode() or "."


def ttl_text(ttl):
    return str(ttl if ttl < 1 << 31 else 0)


def data_text(kind, data):
    if kind in (5, 12):
        return name_text(data.label)
    if kind == 33:
        return (f"{data.priority} {data.weight} {data.port} "
                f"{name_text(data.target)}")
    if kind == 6:
        return f"{name_text(data.mname)} {ttl_text(data.times[4])}"
    return data.data[0].hex()


def address_text(kind, raw):
    """dnslib writes IPv6 in a form of its own."""
    address = ipaddress.ip_address(bytes(raw))
    if kind == 28 and address.ipv4_mapped:
        return f"::ffff:{address.ipv4_mapped}"
    return str(address)


class Reader:
    """A message in the words of tests/lib/wire_text.h, read with dnslib's
    names, numbers and types of data. Raises what dnslib raises."""

    def __init__(self, message):
        self.buffer = dnslib.DNSBuffer(message)
        self.header = dnslib.DNSHeader.parse(self.buffer)
        self.question = dnslib.DNSQuestion.parse(self.buffer)
        self.rcode = self.header.rcode
        self.edns = False
        counts = (self.header.a, self.header.auth, self.header.ar)
        self.counts = (0, 0, 0) if self.header.tc else counts
        self.records = [self.record(section)
                        for section, count in enumerate(self.counts)
                        for _ in range(count)]

    def record(self, section):
        owner = self.buffer.decode_name()
        kind, klass, ttl, size = self.buffer.unpack("!HHIH")
        end = self.buffer.offset + size
        text = None
        if kind == 41:
            self.edns = True
            self.rcode |= ttl >> 24 << 4
        elif klass == 1 and kind in READ:
            text = (f"{section} {name_text(owner)} {ttl_text(ttl)} "
                    f"{TYPES[kind]} {self.data(kind, size)}")
        self.buffer.offset = end
        if end > len(self.buffer.data):
            raise ValueError("data behind the end")
        return text

    def data(self, kind, size):
        start = self.buffer.offset
        raw = self.buffer.data[start:start + size]
        if kind in (1, 28):
            return address_text(kind, raw)
        data = dnslib.RDMAP[TYPES[kind]].parse(self.buffer, size)
        return data_text(kind, data)

    def lines(self):
        h = self.header
        rcode = RCODES.get(self.rcode, f"RCODE{self.rcode}")
        flags = "".join(f" {word}" for word, is_set in
                        (("aa", h.aa), ("tc", h.tc), ("edns", self.edns))
                        if is_set)
        q = self.question
        kind = TYPES.get(q.qtype, f"TYPE{q.qtype}")
        return [f"{h.id:04x} rcode={rcode}{flags} counts="
                f"{'/'.join(map(str, self.counts))} {name_text(q.qname)} "
                f"{kind}", *(r for r in self.records if r is not None)]


class Writer:
    """Random messages, compressed by dnslib."""

    def __init__(self, rng):
        self.rng = rng
        self.names = [self.name() for _ in range(rng.randint(1, 5))]

    def name(self):
        rng = self.rng
        labels = [rng.choice([b"web", b"Shop", b"svc", b"Cluster", b"local",
                              b"_http", b"_tcp", b"a" * 63, bytes(
                                  rng.randrange(128) for _ in
                                  range(rng.randint(1, 12)))])
                  for _ in range(rng.randint(0, 6))]
        while sum(len(label) + 1 for label in labels) > 253:
            labels.pop()
        return dnslib.DNSLabel(labels)

    def known(self):
        """A name of before, or one with its end."""
        name = self.rng.choice(self.names)
        if self.rng.random() < 0.3:
            labels = [*self.name().label[:2],
                      *name.label[self.rng.randint(0, 3):]]
            if sum(len(label) + 1 for label in labels) <= 253:
                name = dnslib.DNSLabel(labels)
                self.names.append(name)
        return name

    def data(self, kind):
        rng = self.rng
        if kind == "A":
            return dnslib.A(tuple(rng.randbytes(4)))
        if kind == "AAAA":
            return dnslib.AAAA(tuple(rng.choice([
                rng.randbytes(16), bytes(10) + b"\xff\xff" + rng.randbytes(4),
                bytes(16)])))
        if kind == "SRV":
            return dnslib.SRV(rng.randrange(1 << 16), rng.randrange(1 << 16),
                              rng.randrange(1 << 16), self.known())
        if kind == "SOA":
            return dnslib.SOA(self.known(), self.known(),
                              tuple(rng.getrandbits(32) for _ in range(5)))
        if kind == "TXT":
            return dnslib.TXT([rng.randbytes(rng.choice([0, 5, 255]))
                               for _ in range(rng.randint(1, 3))])
        if kind == "MX":
            return dnslib.MX(self.known(), 10)
        if kind == "TYPE999":
            return dnslib.RD(rng.randbytes(rng.randint(0, 20)))
        return {"CNAME": dnslib.CNAME, "PTR": dnslib.PTR,
                "NS": dnslib.NS}[kind](self.known())

    def record(self):
        rng = self.rng
        kind = rng.choice("A A A AAAA CNAME PTR SRV SRV SOA TXT NS MX "
                          "TYPE999".split())
        number = 999 if kind == "TYPE999" else getattr(QTYPE, kind)
        ttl = rng.choice([0, 5, 30, 2**31 - 1, 2**31, 2**32 - 1])
        return RR(self.known(), number, rng.choice([1] * 9 + [3]), ttl,
                  self.data(kind))

    def message(self):
        rng = self.rng
        header = dnslib.DNSHeader(id=rng.randrange(1 << 16), qr=1,
                                  aa=rng.getrandbits(1), rd=1, ra=1,
                                  rcode=rng.choice([0, 0, 0, 2, 3, 5, 9]))
        header.tc = int(rng.random() < 0.05)
        message = dnslib.DNSRecord(header, q=dnslib.DNSQuestion(
            self.known(), rng.choice([*TYPES, 255])))
        many = rng.random() < 0.05
        for add in (message.add_answer, message.add_auth, message.add_ar):
            for _ in range(rng.randint(0, 150 if many else 4)):
                add(self.record())
        if rng.random() < 0.5:
            message.add_ar(dnslib.EDNS0(
                udp_len=rng.randrange(1 << 16),
                ext_rcode=rng.choice([0, 0, 1, 255]),
                opts=[dnslib.EDNSOption(rng.randrange(1 << 16),
                                        rng.randbytes(rng.randint(0, 9)))
                      for _ in range(rng.randint(0, 2))]))
        return bytes(message.pack())


def changed(rng, message):
    """The message with a few octets changed, cut, put in or taken out; often
    so that a pointer comes to be."""
    m = bytearray(message)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(2, len(m))
        what = rng.randrange(6)
        if what == 0:
            m[at] = rng.randrange(256)
        elif what == 1:
            m[at] ^= 1 << rng.randrange(8)
        elif what == 2:
            m[at:at + 2] = (0xC000 | rng.randrange(len(m))).to_bytes(2, "big")
        elif what == 3:
            del m[at:at + rng.randint(1, 4)]
        elif what == 4:
            m[at:at] = rng.randbytes(rng.randint(1, 4))
        else:
            pointers = [i for i in range(12, len(m) - 1) if m[i] >= 0xC0]
            if pointers:
                at = rng.choice(pointers)
                m[at + 1] = rng.randrange(256)
        if len(m) < 13:
            break
    return bytes(m)


class TestWire(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.rng = random.Random(SEED)

    def test_whole_messages_are_read_alike(self):
        messages = [Writer(self.rng).message() for _ in range(MESSAGES)]
        records = 0
        for message, ours in zip(messages, dump(messages)):
            self.assertEqual(ours, Reader(message).lines(), message.hex())
            records += len(ours) - 1
        self.assertGreater(records, MESSAGES * 4)

    def test_changed_messages_are_refused_or_read_alike(self):
        """Where dnslib refuses what is read here it is a label that is no
        UTF-8, which is data all the same: nothing is compared then."""
        messages = [changed(self.rng, Writer(self.rng).message())
                    for _ in range(2 * MESSAGES)]
        read = refused = 0
        for message, ours in zip(messages, dump(messages)):
            if ours == ["SVC_EPROTO"] or ours == ["SVC_ETOOBIG"]:
                refused += 1
                continue
            try:
                theirs = Reader(message).lines()
            except (dnslib.buffer.BufferError, dnslib.DNSError) as e:
                self.assertIn("Invalid label", str(e), message.hex())
                continue
            self.assertEqual(ours, theirs, message.hex())
            read += 1
        self.assertGreater(read, MESSAGES // 4)
        self.assertGreater(refused, MESSAGES // 4)


if __name__ == "__main__":
    unittest.main()
