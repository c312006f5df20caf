# SPDX-License-Identifier: Apache-2.0
"""The zone that the programs of the comparison look names up in: h00000 to
h10000 with an IPv4 and an IPv6 address each, v00000 to v10000 with IPv4 only,
"large" with as many addresses as a message holds; no name that begins with
n."""

DOMAIN = "cluster.local"
NAMES = 10001
LARGE = 4000
TTL = 3600
NEGATIVE_TTL = 5


def text():
    lines = [f"""$ORIGIN {DOMAIN}.
$TTL {TTL}
@ IN SOA ns.dns hostmaster 1 7200 1800 86400 {NEGATIVE_TTL}
@ IN NS ns.dns
ns.dns IN A 127.0.0.1
$ORIGIN bench.svc.{DOMAIN}.
"""]
    for i in range(NAMES):
        low = f"{i >> 8}.{i & 255}"
        lines.append(f"h{i:05d} A 10.1.{low}\n"
                     f"h{i:05d} AAAA fd00::1:{i:x}\n"
                     f"v{i:05d} A 10.2.{low}\n")
    lines += [f"large A 10.3.{i >> 8}.{i & 255}\n" for i in range(LARGE)]
    return "".join(lines)
