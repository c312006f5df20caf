# SPDX-License-Identifier: Apache-2.0
"""Each backend can be left out, all but one, and all: the library builds
without, no longer needs their libraries, alone answers from a source of its
kind, and with none says what is missing.
Usage: nobackend.py ROOT BUILD_DIR"""
import itertools
import os
import re
import subprocess

import gate
import sources

# Backend, and the libraries that go with it.
BACKENDS = {"FILE": ("libjson-c", "libyaml"), "DNS": ("libcares",),
            "APISERVER": ("libcurl", "libjson-c", "libyaml")}
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


def alone_problems(svcctl, backend):
    """The only backend must answer, from a source of its kind."""
    with sources.KINDS[backend]() as options:
        answer = run(svcctl, "resolve", "web.shop:80", "--view", "auto"
                     if backend == "DNS" else "pods", "-o", "name", *options)
    if answer.stdout == f"{sources.ADDRESS}:80\n":
        return []
    return [f"{svcctl} resolve: exit {answer.returncode}\n{answer.stdout}"
            f"{answer.stderr}"]


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


def spare_libraries(without):
    """The libraries that only these backends need."""
    needed = {name for backend, names in BACKENDS.items()
              if backend not in without for name in names}
    return tuple(sorted({name for backend in without
                         for name in BACKENDS[backend]} - needed))


def check(root, build):
    problems = []
    for backends in (without for count in range(1, len(BACKENDS) + 1)
                     for without in itertools.combinations(BACKENDS, count)):
        folder = os.path.join(build, "-".join(("without", *backends)).lower())
        found = build_without(os.path.abspath(root), folder, backends)
        problems += found
        if found:
            continue
        problems += needed_problems(os.path.join(folder, "libsvc.so"),
                                    spare_libraries(backends))
        left = [name for name in BACKENDS if name not in backends]
        if len(left) == 1:
            problems += alone_problems(os.path.join(folder, "svcctl"), *left)
        if not left:
            problems += answer_problems(os.path.join(folder, "svcctl"))
    return problems


if __name__ == "__main__":
    gate.main(check)
