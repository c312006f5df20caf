# SPDX-License-Identifier: Apache-2.0
"""Mutable variables with static storage are those of variables.txt, no more
than nine. Constant tables that hold pointers (.data.rel.ro) are not mutable.
Usage: variables.py VARIABLES.TXT LIBSVC.A"""
import re
import subprocess

import gate

MOST = 9
MUTABLE = re.compile(r"^(\.t?data|\.t?bss|\*COM\*)(\.(?!rel\.ro).*)?$")


def mutable(archive):
    """"object: name" of each mutable variable of an archive."""
    run = subprocess.run(["objdump", "-t", archive], text=True,
                         capture_output=True, check=True)
    unit = ""
    for line in run.stdout.splitlines():
        member = re.match(r"(\S+):\s+file format", line)
        if member:
            unit = member.group(1)
            continue
        # value, flags (no d for debugging; O for an object, blank for one of
        # a thread), section, size, name
        symbol = re.match(r"[0-9a-f]+ .{5}[^d][O ] (\S+)\s+[0-9a-f]+\s+(.*)",
                          line)
        if symbol and MUTABLE.match(symbol.group(1)):
            name = re.sub(r"^\.hidden ", "", symbol.group(2))
            yield f"{unit}: {re.sub(r'[.][0-9]+$', '', name)}"


def check(listed, archive):
    with open(listed, encoding="utf-8") as file:
        lines = [line.split("#")[0].strip() for line in file]
    wanted = {line for line in lines if line}
    found = set(mutable(archive))
    problems = [f"{archive}: mutable variable not listed: {name}"
                for name in sorted(found - wanted)]
    problems += [f"{listed}: listed but not there: {name}"
                 for name in sorted(wanted - found)]
    if len(wanted) > MOST:
        problems.append(f"{listed}: {len(wanted)} variables, at most {MOST}")
    return problems


if __name__ == "__main__":
    gate.main(check)
