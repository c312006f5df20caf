# SPDX-License-Identifier: Apache-2.0
"""Each backend can be left out: the library builds without it, no longer
needs its libraries, and says what is missing when it is asked.
Usage: nobackend.py ROOT BUILD_DIR"""
import os
import re
import subprocess

import gate

# Backend, and the libraries that go with it.
BACKENDS = {"FILE": ("libjson-c", "libyaml")}
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


def build_without(root, folder, backend):
    """Problems of a build tree that leaves one backend out."""
    for command in (
            ("cmake", "-S", root, "-B", folder, f"-DSVC_BACKEND_{backend}=OFF",
             "-DSVC_BUILD_TESTS=OFF", "-DSVC_WERROR=ON"),
            ("cmake", "--build", folder, "-j2")):
        step = run(*command)
        if step.returncode != 0:
            return [f"without {backend}: {' '.join(command)}\n"
                    f"{step.stdout[-3000:]}{step.stderr[-3000:]}"]
    return []


def check(root, build):
    problems = []
    for backend, libraries in BACKENDS.items():
        folder = os.path.join(build, "without-" + backend.lower())
        found = build_without(os.path.abspath(root), folder, backend)
        problems += found
        if not found:
            problems += needed_problems(os.path.join(folder, "libsvc.so"),
                                        libraries)
            if len(BACKENDS) == 1:
                problems += answer_problems(os.path.join(folder, "svcctl"))
    return problems


if __name__ == "__main__":
    gate.main(check)
