#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/unit/hash_vectors.txt: what the hashing policies and the subset
pick, computed from their definitions (libsvc/policy/key.h, sh.c, maglev.c,
ring.c, subset.h), as slowly and as plainly as they are written there, and
without a look at the code. For tests, and for whoever computes the same tables
in another language.
Usage: hash_vectors.py > tests/unit/hash_vectors.txt"""
import bisect
import ipaddress
import math
import struct

MASK = 2**64 - 1
TRIED = 16
KEYS = 2000
SHOWN = 16


# ---- hashes ---------------------------------------------------------------

def rotl(x, n):
    return (x << n | x >> (64 - n)) & MASK


def siphash13(k0, k1, data):
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
         k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

    def sip_round():
        v[0] = (v[0] + v[1]) & MASK
        v[2] = (v[2] + v[3]) & MASK
        v[1] = rotl(v[1], 13) ^ v[0]
        v[3] = rotl(v[3], 16) ^ v[2]
        v[0] = rotl(v[0], 32)
        v[2] = (v[2] + v[1]) & MASK
        v[0] = (v[0] + v[3]) & MASK
        v[1] = rotl(v[1], 17) ^ v[2]
        v[3] = rotl(v[3], 21) ^ v[0]
        v[2] = rotl(v[2], 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 255])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        sip_round()
        v[0] ^= word
    v[2] ^= 255
    for _ in range(3):
        sip_round()
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def split_mix(state):
    while True:
        state = (state + 0x9e3779b97f4a7c15) & MASK
        z = (state ^ state >> 30) * 0xbf58476d1ce4e5b9 & MASK
        z = (z ^ z >> 27) * 0x94d049bb133111eb & MASK
        yield z ^ z >> 31


def place(number, count):
    """Where a number of 64 bits falls in count places."""
    return (number >> 32) * count >> 32


# ---- endpoints ------------------------------------------------------------

PROTOCOLS = {"TCP": 6, "UDP": 17, "SCTP": 132}


def identity(text):
    """The 20 bytes of "10.0.0.1:80/TCP" or "[fd00::1]:80/TCP"."""
    where, protocol = text.split("/")
    host, port = where.rsplit(":", 1)
    address = ipaddress.ip_address(host.strip("[]"))
    return (address.packed.ljust(16, b"\0")
            + bytes([address.version, PROTOCOLS[protocol]])
            + struct.pack(">H", int(port)))


def order(text):
    """That of a set: IPv4 first, then by address, port, protocol."""
    b = identity(text)
    return b[16], b[:16], b[18:20], b[17]


def endpoints_of(words):
    """A list of endpoints in the order of a set, or a range of numbers."""
    if words[0].isdigit():
        first, last = int(words[0]), int(words[1])
        return [f"{ipaddress.ip_address(0x0a000000 + i)}:80/TCP"
                for i in range(first, last + 1)]
    return sorted(words, key=order)


def numbers(text):
    return split_mix(siphash13(0, 1, identity(text)))


# ---- policies: each gives a function from a hash and a turn to an index ---

def different(indexes, turn):
    """The first index before which `turn` other ones came."""
    seen = []
    for i in indexes:
        if i not in seen:
            seen.append(i)
        if len(seen) > turn:
            return seen[turn]
    return None


def by_table(count, table):
    def lookup(hash_, attempt):
        turn = attempt % min(count, TRIED)
        more = split_mix(hash_)
        drawn = [table[place(hash_, len(table))]]
        drawn += [table[place(next(more), len(table))] for _ in range(64)]
        got = different(drawn, turn)
        if got is not None:
            return got
        behind = [(drawn[-1] + k) % count for k in range(1, count + 1)]
        return different(drawn + behind, turn)
    return lookup


def sh(eps, weights):
    divisor = math.gcd(*weights)
    places = [w // divisor for w in weights]
    while sum(places) > max(2**20, len(eps)):
        divisor *= 2
        places = [max(1, w // divisor) for w in weights]
    return by_table(len(eps), [i for i in range(len(eps))
                               for _ in range(places[i])])


def maglev(eps, weights):
    size = 65537
    table = [None] * size
    orders = []
    for ep in eps:
        n = numbers(ep)
        orders.append([place(next(n), size), 1 + (next(n) >> 48)])
    taken = [0] * len(eps)
    filled = 0
    r = 0
    while filled < size:
        for i in range(len(eps)):
            if r * weights[i] < taken[i] * max(weights) or filled == size:
                continue
            at, step = orders[i]
            while table[at] is not None:
                at = (at + step) % size
            table[at] = i
            orders[i][0] = at
            taken[i] += 1
            filled += 1
        r += 1
    return by_table(len(eps), table)


def ring(eps, weights):
    counts = [160 * w for w in weights]
    scale = 1
    while sum(counts) > max(2**20, len(eps)):
        scale *= 2
        counts = [max(1, 160 * w // scale) for w in weights]
    points = []
    for i, ep in enumerate(eps):
        n = numbers(ep)
        points += [(next(n) >> 32, i) for _ in range(counts[i])]
    points.sort()

    def lookup(hash_, attempt):
        turn = attempt % min(len(eps), TRIED)
        at = bisect.bisect_left(points, (hash_ >> 32, 0))
        return different((points[(at + k) % len(points)][1]
                          for k in range(len(points))), turn)
    return lookup


# ---- the file -------------------------------------------------------------

SMALL = "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.3:80/TCP"
DUAL = ("10.1.2.3:80/TCP 10.1.2.3:81/TCP 10.1.2.3:53/UDP 10.1.2.4:80/SCTP "
        "[fd00::a01:203]:80/TCP [fd00::a01:204]:80/TCP [2001:db8::1]:443/TCP")
SETS = [
    ("10.0.0.1:80/TCP", ""),
    (SMALL, ""),
    (SMALL, "1 2 3"),
    (SMALL, "100 100 300"),
    (SMALL, "4000 1 3001"),
    (DUAL, ""),
    (DUAL, "5 1 1 2 9 1 3"),
    ("1 100", ""),
    ("1 1000", ""),
]
HEAVY = (SMALL, "4000000000 1 3000000001")  # too slow for the ring here
CLIENTS = ["", "web-0", "client-\u00e9"]
SUBSETS = [(DUAL, 2), ("1 20", 5), ("1 3", 5)]


def check(indexes):
    """One number for many indexes."""
    return "%016x" % siphash13(0, 0, struct.pack(f"<{len(indexes)}I", *indexes))


def main():
    print("# SPDX-License-Identifier: Apache-2.0")
    print("# Made by tests/lib/hash_vectors.py. Fields have a | between them.")
    print("#")
    print("# hash | a key, in hexadecimal | its hash")
    print("# policy | endpoints, or first and last number of 10.0.0.0 + n, "
          "80/TCP | weights")
    print(f"#   | the picks for the keys 0 to {SHOWN - 1}, as text, as "
          "indexes of the set")
    print(f"#   | for the keys 0 to {KEYS - 1}: hash of the indexes as 32 "
          "bits each, little endian;")
    print("#     the same for attempt 1, and for attempt 2")
    print("# subset | endpoints | client | size | indexes of the set")
    for key in (b"", b"0", b"web-0.shop", bytes(range(34))):
        print(f"hash|{key.hex()}|{siphash13(0, 0, key):016x}")
    hashes = [siphash13(0, 0, str(k).encode()) for k in range(KEYS)]
    for policy in (sh, maglev, ring):
        name = "mh" if policy is maglev else policy.__name__
        for text, weights in SETS + [HEAVY] * (policy is not ring):
            eps = endpoints_of(text.split())
            lookup = policy(eps, [int(w) for w in weights.split()]
                            or [1] * len(eps))
            picks = [[lookup(h, attempt) for h in hashes]
                     for attempt in range(3)]
            print("|".join(
                [name, text, weights, " ".join(map(str, picks[0][:SHOWN]))]
                + [check(p) for p in picks]))
    for text, size in SUBSETS:
        eps = endpoints_of(text.split())
        for client in CLIENTS:
            seed = siphash13(0, 2, client.encode())
            kept = []
            for version in (4, 6):
                family = [i for i, ep in enumerate(eps)
                          if identity(ep)[16] == version]
                family.sort(key=lambda i: -siphash13(seed, 0,
                                                     identity(eps[i])))
                kept += sorted(family[:size])
            print(f"subset|{text}|{client}|{size}|"
                  + " ".join(map(str, kept)))


if __name__ == "__main__":
    main()
