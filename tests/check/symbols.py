# SPDX-License-Identifier: Apache-2.0
"""The shared library exports exactly symbols.txt, under the version node
LIBSVC_0, and each symbol of the static archive has our prefix.
Usage: symbols.py SYMBOLS.TXT LIBSVC.SO LIBSVC.A"""
import subprocess

import gate

NODE = "LIBSVC_0"


def nm(*arguments):
    """Names of the defined symbols of a file, as nm prints them."""
    run = subprocess.run(["nm", "--defined-only", *arguments], text=True,
                         capture_output=True, check=True)
    return [line.split()[2] for line in run.stdout.splitlines()
            if len(line.split()) == 3]


def check(listed, shared, static):
    with open(listed, encoding="utf-8") as file:
        wanted = file.read().split()
    problems = [] if wanted == sorted(set(wanted)) else [
        f"{listed}:1: not sorted, or with a symbol twice"]
    names = nm("-D", "--with-symbol-versions", shared)
    exported = {name for name in names if name != f"{NODE}@@{NODE}"}
    exported.discard(NODE)
    expected = {f"{name}@@{NODE}" for name in wanted}
    problems += [f"{shared}: exports {name}, which is not listed"
                 for name in sorted(exported - expected)]
    problems += [f"{shared}: does not export {name}"
                 for name in sorted(expected - exported)]
    problems += [f"{static}: {name} lacks the prefix svc_"
                 for name in sorted(set(nm("-g", static)))
                 if not name.startswith("svc_")]
    return problems


if __name__ == "__main__":
    gate.main(check)
