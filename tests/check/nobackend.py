# SPDX-License-Identifier: Apache-2.0
"""Each backend can be left out, and all of them: the library builds without,
no longer needs their libraries, and with none says what is missing.
Usage: nobackend.py ROOT BUILD_DIR"""
import os
import re
import subprocess

import gate

# Backend, and the libraries that go with it.
BACKENDS = {"FILE": ("libjson-c", "libyaml"), "DNS": ("libcares",)}
ENOTSUP_EXIT = 2


def run(*command):
    return subprocess.run(command, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, check=False)


def needed_problems(library, libraries):
    """The libraries that a shared object needs and should not."""
    output = run("readelf", "-d", library).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", output)
    return [f"{library}: needs {name}" for name in needed
            if name.startswith(libraries)]


def answer_problems(svcctl):
    """Asked for a Service, a build with no source must say just that."""
    answer = run(svcctl, "resolve", "-o", "json", "web.dev:80")
    if answer.returncode == ENOTSUP_EXIT and "SVC_ENOTSUP" in answer.stdout:
        return []
    return [f"{svcctl} resolve: exit {answer.returncode}, not "
            f"{ENOTSUP_EXIT} with SVC_ENOTSUP\n{answer.stdout}{answer.stderr}"]


def build_without(root, folder, backends):
    """Problems of a build tree that leaves these backends out."""
    for command in (
            ("cmake", "-S", root, "-B", folder, "-DSVC_BUILD_TESTS=OFF",
             "-DSVC_WERROR=ON", *(f"-DSVC_BACKEND_{b}=OFF" for b in backends)),
            ("cmake", "--build", folder, "-j2")):
        step = run(*command)
        if step.returncode != 0:
            return [f"without {' '.join(backends)}: {' '.join(command)}\n"
                    f"{step.stdout[-3000:]}{step.stderr[-3000:]}"]
    return []


def check(root, build):
    problems = []
    for backends in (*((b,) for b in BACKENDS), tuple(BACKENDS)):
        folder = os.path.join(build, "-".join(("without", *backends)).lower())
        found = build_without(os.path.abspath(root), folder, backends)
        problems += found
        if found:
            continue
        for backend in backends:
            problems += needed_problems(os.path.join(folder, "libsvc.so"),
                                        BACKENDS[backend])
        if len(backends) == len(BACKENDS):
            problems += answer_problems(os.path.join(folder, "svcctl"))
    return problems


if __name__ == "__main__":
    gate.main(check)
