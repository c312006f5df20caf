# SPDX-License-Identifier: Apache-2.0
"""clang-tidy finds nothing in libsvc/ and tools/. A file that was clean is not
looked at again until it, a header, the configuration or its flags change.
Usage: tidy.py ROOT BUILD_DIR"""
import concurrent.futures
import hashlib
import json
import os
import shutil
import subprocess

import gate

JOBS = 2


def key_of(entry, common):
    """What the verdict on a file depends on, as one hash."""
    with open(entry["file"], "rb") as file:
        return hashlib.sha256(
            common + file.read() + entry["command"].encode()).hexdigest()


def look_at(root, build, path):
    program = shutil.which("clang-tidy-14") or "clang-tidy"
    # The flags are gcc's: clang is not to stumble over them.
    run = subprocess.run(
        [program, "--quiet", "-p", build, "--warnings-as-errors=*",
         "--extra-arg=-Wno-unknown-warning-option",
         "--extra-arg=-ftrivial-auto-var-init=uninitialized", path],
        cwd=root, text=True, capture_output=True, check=False)
    lines = [line.replace(root + os.sep, "")
             for line in run.stdout.splitlines() if ": error:" in line]
    if run.returncode != 0 and not lines:
        lines = [f"{path}: {run.stdout}{run.stderr}"]
    return lines


def check(root, build):
    root, build = os.path.realpath(root), os.path.realpath(build)
    with open(os.path.join(build, "compile_commands.json"),
              encoding="utf-8") as file:
        entries = {entry["file"]: entry for entry in json.load(file)
                   if os.path.relpath(entry["file"], root).startswith(
                       ("libsvc/", "tools/"))}
    common = gate.read(root, ".clang-tidy").encode() + b"".join(
        gate.read(root, path).encode() for path in
        gate.files(root, ["include", "libsvc", "tools"], (".h",)))
    clean = os.path.join(build, "tidy-clean")
    os.makedirs(clean, exist_ok=True)
    stamps = {path: os.path.join(clean, key_of(entry, common))
              for path, entry in entries.items()}
    todo = sorted(path for path in entries if not os.path.exists(stamps[path]))
    problems = []
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        verdicts = pool.map(lambda path: look_at(root, build, path), todo)
        for path, found in zip(todo, verdicts):
            problems += found
            if not found:
                open(stamps[path], "w", encoding="utf-8").close()
    return sorted(set(problems))


if __name__ == "__main__":
    gate.main(check)
