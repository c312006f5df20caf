# SPDX-License-Identifier: Apache-2.0
"""Each source file names its licence in its first three lines.
Usage: spdx.py ROOT"""
import os

import gate

SUFFIXES = (".c", ".h", ".i", ".py", ".sh", ".go", ".cmake", ".c.in", ".map",
            "CMakeLists.txt")
LINE = "SPDX-License-Identifier: Apache-2.0"


def is_script(root, path):
    with open(os.path.join(root, path), "rb") as file:
        return file.read(2) == b"#!"


def check(root):
    problems = []
    for path in gate.files(root, ["."], ("",)):
        if not os.path.isfile(os.path.join(root, path)) or not (
                path.endswith(SUFFIXES) or is_script(root, path)):
            continue
        head = gate.read(root, path).splitlines()[:3]
        if not any(LINE in line for line in head):
            problems.append(f"{path}:1: no line '{LINE}'")
    return problems


if __name__ == "__main__":
    gate.main(check)
