# SPDX-License-Identifier: Apache-2.0
"""SWIG reads the public header for Python and for Go without a warning.
Usage: swig.py ROOT"""
import os
import subprocess
import tempfile

import gate

LANGUAGES = (["-python"], ["-go", "-cgo", "-intgosize", "64"])


def check(root):
    problems = []
    interface = os.path.abspath(os.path.join(root, "tests/check/svc.i"))
    for language in LANGUAGES:
        with tempfile.TemporaryDirectory() as out:
            run = subprocess.run(
                ["swig", "-Wall", "-Werror", *language, "-Iinclude",
                 "-outdir", out, "-o", os.path.join(out, "wrap.c"), interface],
                cwd=root, text=True, capture_output=True, check=False)
        if run.returncode != 0 or run.stderr:
            problems += [f"swig {language[0]}: {line}" for line in
                         (run.stderr + run.stdout).splitlines()]
    return problems


if __name__ == "__main__":
    gate.main(check)
