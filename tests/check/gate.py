# SPDX-License-Identifier: Apache-2.0
"""What the gates share: finding files, reading C without its comments, and
reporting. A gate is a module with check(root, ...) that returns problems as
lines "file:line: what is wrong"; no line means that the gate is open."""
import os
import re
import sys

SKIPPED_FOLDERS = re.compile(r"^(\.git|\.cache|build.*|__pycache__)$")
TOKEN = re.compile(
    r'(?P<comment>/\*.*?\*/|//[^\n]*)'
    r'|(?P<string>"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')', re.S)


def files(root, folders, suffixes):
    """Paths below root/folder for each folder, relative to root, sorted."""
    found = []
    for folder in folders:
        for where, names, entries in os.walk(os.path.join(root, folder)):
            if "CMakeCache.txt" in entries:  # a build tree
                names[:] = []
                continue
            names[:] = [n for n in names if not SKIPPED_FOLDERS.match(n)]
            found += [os.path.relpath(os.path.join(where, e), root)
                      for e in entries if e.endswith(suffixes)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def blank(text):
    """The same text as spaces; lines stay lines."""
    return re.sub(r"[^\n]", " ", text)


def strip(text, keep_strings=False):
    """C text with comments, and the insides of strings, made blank."""
    def one(match):
        token = match.group()
        if match.group("comment"):
            return blank(token)
        return token if keep_strings else (
            token[0] + blank(token[1:-1]) + token[-1])
    return TOKEN.sub(one, text)


def directives(text):
    """(line, text) of each preprocessor directive, continuations joined."""
    code = strip(text, keep_strings=True)
    pattern = r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*"
    return [(line_of(code, m.start()), m.group().replace("\\\n", " ").strip())
            for m in re.finditer(pattern, code, re.M)]


def without_directives(code):
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*",
                  lambda m: blank(m.group()), code, flags=re.M)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def main(check, *arguments):
    """Run a gate from the command line: problems, then a verdict."""
    problems = check(*(arguments or sys.argv[1:]))
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else "ok")
    sys.exit(1 if problems else 0)
