# SPDX-License-Identifier: Apache-2.0
"""Documented = declared = listed: each exported function of svc.h has a
contract with a thread sentence and stands in symbols.txt and in the version
script; each member, enumerator and macro has its words.
Usage: documented.py ROOT"""
import re

import gate

HEADER = "include/svc/svc.h"
SYMBOLS = "tests/check/symbols.txt"
MAP = "libsvc/libsvc.map"
MOST_FUNCTIONS = 45
THREAD = ("Thread-safe.", "One thread at a time.",
          "Thread that dispatches only.")


def functions(text):
    """(line, name, comment directly above it or None)."""
    pattern = r"(^/\*\*(?:(?!\*/).)*\*/\n)?^SVC_EXPORT [^;]*?\b(\w+)\("
    for match in re.finditer(pattern, text, re.S | re.M):
        yield (gate.line_of(text, match.start(2)), match.group(2),
               match.group(1))


def function_problems(text):
    for line, name, comment in functions(text):
        if not comment:
            yield f"{HEADER}:{line}: {name} has no comment"
            continue
        words = " ".join(re.sub(r"^\s*\*|/\*\*|\*/", " ", comment,
                                flags=re.M).split())
        # Who frees guarantees that nobody else uses the object.
        if not name.endswith("_free") and not any(
                sentence in words for sentence in THREAD):
            yield f"{HEADER}:{line}: {name} says nothing of threads"


def member_problems(text):
    """A line of a struct or an enum that ends a member needs its words."""
    code = gate.strip(text).splitlines()
    lines = text.splitlines()
    for body in re.finditer(r"^(?:typedef struct|enum) \w+ \{\n(.*?)^\}", text,
                            re.M | re.S):
        first = gate.line_of(text, body.start(1))
        for at in range(first, gate.line_of(text, body.end(1))):
            member = re.search(r"[;,]\s*$|^\s*SVC_\w+ = ", code[at - 1])
            if member and "/**<" not in lines[at - 1]:
                yield (f"{HEADER}:{at}: no words for: "
                       f"{code[at - 1].strip()}")


def macro_problems(text):
    for match in re.finditer(r"^(.*)\n#define (SVC_\w+)", text, re.M):
        above, name = match.groups()
        if name in ("SVC_SVC_H", "SVC_EXPORT") or above.startswith("#define"):
            continue
        if not above.rstrip().endswith("*/"):
            yield (f"{HEADER}:{gate.line_of(text, match.start(2))}: "
                   f"{name} has no comment")


def check(root):
    text = gate.read(root, HEADER)
    problems = [*function_problems(text), *member_problems(text),
                *macro_problems(text)]
    declared = {name for _, name, _ in functions(text)}
    if len(declared) > MOST_FUNCTIONS:
        problems.append(f"{HEADER}:1: {len(declared)} functions, "
                        f"at most {MOST_FUNCTIONS}")
    script = gate.strip(gate.read(root, MAP))
    exports = script.split("global:")[1].split("local:")[0]
    for path, names in ((SYMBOLS, set(gate.read(root, SYMBOLS).split())),
                        (MAP, set(re.findall(r"\w+", exports)))):
        problems += [f"{path}:1: {name} is declared but missing here"
                     for name in sorted(declared - names)]
        problems += [f"{path}:1: {name} is not declared in svc.h"
                     for name in sorted(names - declared)]
    bare = re.findall(r"^(?!SVC_EXPORT)[\w ]+\*?(svc_\w+)\(", text, re.M)
    problems += [f"{HEADER}:1: {name} lacks SVC_EXPORT" for name in bare]
    return problems


if __name__ == "__main__":
    gate.main(check)
