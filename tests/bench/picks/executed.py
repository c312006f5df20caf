# SPDX-License-Identifier: Apache-2.0
"""Which instructions ran, by callgrind's counts and objdump's text."""
import collections
import re
import subprocess

# On x86-64: with the prefix, or an exchange with memory, which has it unsaid.
LOCKED = re.compile(r"\block\b|\bxchg\b.*\(")


def tool(path, function):
    """callgrind that counts each instruction within a function."""
    return ("valgrind", "--tool=callgrind", f"--callgrind-out-file={path}",
            "--dump-instr=yes", "--dump-line=no", "--compress-pos=no",
            "--compress-strings=no", f"--toggle-collect={function}")


def counts(path):
    """How often each (object, address) ran."""
    found = collections.Counter()
    place = None
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("ob="):
                place = line[3:].strip()
            elif line.startswith("calls="):
                next(lines)  # what was called, all in all
            elif line.startswith("0x"):
                address, count = line.split()
                found[place, int(address, 16)] += int(count)
    return found


def disassembled(place):
    """Each instruction of an object by its address."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", place],
                          text=True, check=True, capture_output=True).stdout
    return {int(m[1], 16): m[2] for m in
            re.finditer(r"(?m)^ *([0-9a-f]+):\t(.*)$", text)}


def instructions(path, least):
    """The text of each that ran so often at least."""
    often = [at for at, count in counts(path).items() if count >= least]
    texts = {place: disassembled(place) for place in {at[0] for at in often}}
    return [texts[place][address] for place, address in often]


def locked(path, least):
    return [text for text in instructions(path, least) if LOCKED.search(text)]
