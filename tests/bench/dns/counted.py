# SPDX-License-Identifier: Apache-2.0
"""Programs of the benchmark (client.h) that are counted instead of timed. They
lie in the folder that the environment names BENCH."""
import json
import os
import shutil
import subprocess


def program(name):
    return os.path.join(os.environ["BENCH"], "svc-bench-" + name)


def ask(name, arguments, command, tool=()):
    """The answer to one command, and what the tool wrote."""
    done = subprocess.run([*tool, program(name), *arguments],
                          input=command + "\n", text=True, check=False,
                          capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"{name}: {command}: {done.stderr}")
    return json.loads(done.stdout), done.stderr


def callgrind(test):
    """The tool that counts instructions; a test without it is skipped."""
    if not shutil.which("valgrind"):
        test.skipTest("no valgrind here")
    return ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")


def instructions(log):
    """What callgrind wrote that it has counted."""
    return int(log.rsplit("Collected :", 1)[1].split()[0])
