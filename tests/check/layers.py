# SPDX-License-Identifier: Apache-2.0
"""The folder picture is true: each folder of libsvc/ includes only what the
table of docs/architecture.md lets it, a few headers have one includer, and no
file knows too many others.
Usage: layers.py ROOT"""
import re

import gate

# The table: folder -> other folders that it may include.
MAY_INCLUDE = {
    "base": set(),
    "model": {"base"},
    "policy": {"base", "model"},
    "cache": {"base", "model"},
    "dns": {"base", "model"},
    "kube": {"base", "model"},
    "io": {"base"},
    "backend": {"base", "model", "cache", "dns", "kube", "io"},
    "core": {"base", "model", "policy", "io", "backend"},
}
SOLE_INCLUDER = {
    r"sys/epoll\.h": "libsvc/io/loop.c",
    r"sys/inotify\.h": "libsvc/io/file_trail.c",
    r"(json-c/.*|json)\.h": "libsvc/kube/decode.c",
    r"yaml\.h": "libsvc/kube/yaml.c",
    r"curl/.*\.h": "libsvc/io/http.c",
    r"ares.*\.h": "libsvc/io/resolv.c",
}
# A pure machine has no clock, no thread, no lock, no descriptor.
PURE = ("model", "policy", "cache", "dns", "kube")
NOT_IN_PURE = re.compile(
    r"^(pthread|time|sys/time|unistd|fcntl|poll|sys/epoll|sys/stat|dirent"
    r"|signal|threads)\.h$")
LOCAL_INCLUDES = 9
INCLUDE = re.compile(r'^#\s*include\s*([<"])([^>"]+)[>"]')


def includes(root, path):
    for line, text in gate.directives(gate.read(root, path)):
        match = INCLUDE.match(text)
        if match:
            yield line, match.group(1) == '"', match.group(2)


def library_problem(path, local, name):
    """What is wrong with one include of a file of the library, or None."""
    folder = path.split("/")[1]
    if local:
        other = name.split("/")[0]
        if other == "svc":
            return "the public header is included as <svc/svc.h>"
        if "/" not in name or other not in MAY_INCLUDE:
            return f'"{name}": write includes from libsvc/, as "base/buf.h"'
        if other != folder and other not in MAY_INCLUDE[folder]:
            return f"{folder} must not include {other} ({name})"
        if folder in PURE and name == "base/clock.h":
            return "a pure machine has no clock: time is an argument"
        return None
    for pattern, owner in SOLE_INCLUDER.items():
        if re.fullmatch(pattern, name) and path != owner:
            return f"only {owner} may include <{name}>"
    if folder in PURE and NOT_IN_PURE.match(name):
        return f"a pure machine has no use for <{name}>"
    return None


def client_problem(path, local, name):
    """Tools and examples see the public header and their own folder only."""
    if local and "/" in name:
        return f'"{name}": a client of svc.h sees nothing else of libsvc'
    return None


def check(root):
    problems = []
    for path in gate.files(root, ["libsvc"], (".c", ".h")):
        if path.split("/")[1] not in MAY_INCLUDE:
            problems.append(f"{path}:1: a folder that is not in the table")
            continue
        found = list(includes(root, path))
        own = sum(local for _, local, _ in found)
        if path.endswith(".c") and own > LOCAL_INCLUDES:
            problems.append(f"{path}:1: {own} local includes, "
                            f"at most {LOCAL_INCLUDES}")
        problems += [f"{path}:{line}: {problem}" for line, local, name in found
                     if (problem := library_problem(path, local, name))]
        text = gate.without_directives(gate.strip(gate.read(root, path)))
        if path.endswith(".h") and found and not text.strip():
            problems.append(f"{path}:1: an umbrella header: include what "
                            "you use where you use it")
    for path in gate.files(root, ["tools", "examples"], (".c", ".h")):
        problems += [f"{path}:{line}: {problem}"
                     for line, local, name in includes(root, path)
                     if (problem := client_problem(path, local, name))]
    return problems


if __name__ == "__main__":
    gate.main(check)
