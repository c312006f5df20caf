# SPDX-License-Identifier: Apache-2.0
"""All C files are as clang-format 14, Debian 12's, writes them.
Usage: format.py ROOT"""
import re
import shutil
import subprocess

import gate


def check(root):
    program = shutil.which("clang-format-14") or "clang-format"
    paths = gate.files(root, ["include", "libsvc", "tools", "examples",
                              "tests"], (".c", ".h"))
    run = subprocess.run([program, "--dry-run", *paths], cwd=root, text=True,
                         capture_output=True, check=True)
    return sorted(set(re.sub(r":(\d+):\d+: warning: code should.*",
                             r":\1: not as clang-format writes it", line)
                      for line in run.stderr.splitlines()
                      if "warning:" in line))


if __name__ == "__main__":
    gate.main(check)
