# SPDX-License-Identifier: Apache-2.0
"""What a user does after "make install": installs to a fresh prefix, builds
the program of the README, as it stands there, and all examples out of the
tree, by pkg-config and by find_package, shared and static, and runs them.
Usage: install.py ROOT BUILD_DIR"""
import glob
import os
import re
import shutil
import subprocess
import tempfile

import gate

WANTED = """bin/svcctl bin/kubectl-svc include/svc/svc.h lib/libsvc.so
    lib/libsvc.so.0 lib/libsvc.a lib/pkgconfig/libsvc.pc
    lib/cmake/libsvc/libsvc-config.cmake""".split()
ALLOWED = re.compile(
    r"(bin/(svcctl|kubectl-svc)|include/svc/svc\.h"
    r"|lib[^/]*/(libsvc\.(a|so[.0-9]*)|pkgconfig/libsvc\.pc"
    r"|cmake/libsvc/libsvc[-a-z]*\.cmake)"
    r"|share/(doc/libsvc/(docs/)?[-\w]+(\.md)?|bash-completion/completions/[-\w]+"
    r"|zsh/site-functions/_[-\w]+|fish/vendor_completions\.d/[-\w]+\.fish))")
PROJECT = """cmake_minimum_required(VERSION 3.18)
project(outside C)
find_package(libsvc {version} CONFIG REQUIRED {components})
foreach(name {names})
    add_executable(${{name}} ${{name}}.c)
    target_link_libraries(${{name}} PRIVATE {target})
endforeach()
"""
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
RUN_SECONDS = 20
WANT_SERVERS = ("connect",)


class Outside:
    """A place out of the tree, with the library installed beside it."""

    def __init__(self, root, folder):
        self.root = os.path.abspath(root)
        self.folder = folder
        self.prefix = os.path.join(folder, "prefix")
        self.problems = []
        self.env = dict(os.environ, CMAKE_PREFIX_PATH=self.prefix)

    def run(self, title, command, cwd=None, **more):
        """Standard output, or None after a problem was noted."""
        try:
            run = subprocess.run(
                command, cwd=cwd or self.folder, env=dict(self.env, **more),
                text=True, capture_output=True, check=False,
                stdin=subprocess.DEVNULL, timeout=RUN_SECONDS * 6)
        except subprocess.TimeoutExpired:
            self.problems.append(f"{title}: does not end")
            return None
        if run.returncode == 0:
            return run.stdout
        self.problems.append(f"{title}: exit {run.returncode}\n"
                             f"  {' '.join(command)}\n{run.stdout}{run.stderr}")
        return None

    def install(self, build):
        self.run("install", ["cmake", "--install", os.path.abspath(build),
                             "--prefix", self.prefix])
        found = glob.glob(os.path.join(self.prefix, "lib*/**/pkgconfig"),
                          recursive=True)
        self.env["PKG_CONFIG_PATH"] = ":".join(found)
        self.lib = os.path.dirname(found[0]) if found else ""

    def installed(self):
        return sorted(os.path.relpath(os.path.join(where, name), self.prefix)
                      for where, _, names in os.walk(self.prefix)
                      for name in names)

    def start(self, title, command, shared):
        """Run a built program where the manifests of the examples are. One
        that waits for the end of its input is given a moment first. One that
        wants a server is run by tests/integration/examples alone."""
        if os.path.basename(command[0]) in WANT_SERVERS:
            return
        more = {"LD_LIBRARY_PATH": self.lib} if shared else {}
        output = self.run(f"{title}: run",
                          ["sh", "-c", 'sleep 0.3 | "$@"', "sh", *command],
                          cwd=self.root, **more)
        if output is not None and not output.strip():
            self.problems.append(f"{title}: printed nothing")

    def arguments(self, name):
        """An example says in its head how it is run; the README's program,
        too short for that, takes a name."""
        usage = re.search(rf"^ \*     {name} (.*)$",
                          gate.read(self.folder, name + ".c"), re.M)
        if usage:
            return usage.group(1).split()
        if name.startswith("readme"):
            return [f"file://{self.root}/examples/manifests#svc-nginx.dev:80"]
        return []

    def by_pkg_config(self, names, shared):
        title = "pkg-config, " + ("shared" if shared else "static")
        static = [] if shared else ["--static"]
        flags = self.run(title, ["pkg-config", *static, "--cflags", "--libs",
                                 "libsvc"])
        if flags is not None and not shared:
            # Not -static: a libcurl of a distribution has no static libraries
            # for all that it needs.
            flags = flags.replace("-lsvc ", "-l:libsvc.a ")
        for name in names if flags is not None else []:
            program = os.path.join(self.folder, name)
            built = self.run(f"{title}: {name}", [
                "cc", *WARNINGS, "-o", program, f"{name}.c", *flags.split()])
            if built is not None:
                self.start(f"{title}: {name}",
                           [program, *self.arguments(name)], shared)

    def by_find_package(self, names, version, shared):
        title = "find_package, " + ("shared" if shared else "static")
        build = os.path.join(self.folder, "build")
        shutil.rmtree(build, ignore_errors=True)
        with open(os.path.join(self.folder, "CMakeLists.txt"), "w",
                  encoding="utf-8") as file:
            file.write(PROJECT.format(
                version=version, names=" ".join(names),
                components="" if shared else "COMPONENTS static",
                target="libsvc::libsvc" + ("" if shared else "_static")))
        if self.run(title, ["cmake", "-S", ".", "-B", "build"]) is None or (
                self.run(title, ["cmake", "--build", "build"]) is None):
            return
        for name in names:
            # CMake leaves the way to the library in the program.
            self.start(f"{title}: {name}", [os.path.join(build, name),
                                            *self.arguments(name)], False)


def file_problems(installed):
    return [f"not installed: {name}" for name in WANTED
            if name not in installed] + [
        f"should not be installed: {name}" for name in installed
        if not ALLOWED.fullmatch(name)]


def flag_problems(flags):
    """Callers such as cgo refuse linker flags that they do not know."""
    return [f"pkg-config --libs: odd flag {flag}" for flag in flags.split()
            if not re.match(r"-[lL]", flag)]


def readme_programs(text):
    """The C programs of the README: fenced blocks with a main."""
    return [block for block in re.findall(r"^```c\n(.*?)^```", text,
                                          re.M | re.S) if "main(" in block]


def sources(root, folder):
    """Copy the programs into folder; their names, without the .c. Those that
    need a library of others too (loop_*.c) are left to their own tests."""
    programs = {os.path.basename(path)[:-2]: gate.read(root, path)
                for path in gate.files(root, ["examples"], (".c",))
                if not os.path.basename(path).startswith("loop_")}
    if os.path.exists(os.path.join(root, "README.md")):
        for at, text in enumerate(readme_programs(gate.read(root,
                                                            "README.md"))):
            programs[f"readme_{at}"] = text
    for name, text in programs.items():
        with open(os.path.join(folder, name + ".c"), "w",
                  encoding="utf-8") as file:
            file.write(text)
    return sorted(programs)


def version_of(root):
    text = gate.read(root, "include/svc/svc.h")
    return ".".join(re.search(rf"SVC_VERSION_{part} (\d+)", text).group(1)
                    for part in ("MAJOR", "MINOR", "PATCH"))


def check(root, build):
    with tempfile.TemporaryDirectory() as folder:
        place = Outside(root, folder)
        place.install(build)
        place.problems += file_problems(place.installed())
        place.problems += flag_problems(place.run(
            "pkg-config", ["pkg-config", "--libs", "libsvc"]) or "")
        svcctl = os.path.join(place.prefix, "bin/kubectl-svc")
        place.start("kubectl-svc", [svcctl, "version"], False)
        names = sources(root, folder)
        for shared in (True, False):
            place.by_pkg_config(names, shared)
            place.by_find_package(names, version_of(root), shared)
        return place.problems


if __name__ == "__main__":
    gate.main(check)
