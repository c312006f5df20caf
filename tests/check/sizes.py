# SPDX-License-Identifier: Apache-2.0
"""Nothing grows too large: lines of a file and of a function, parameters,
nesting, complexity (as pmccabe counts it, a switch being one), width.
Usage: sizes.py ROOT"""
import os
import re
import subprocess

import gate

FOLDERS = ["libsvc", "tools", "examples", "tests"]
C_LINES, H_LINES, WIDTH = 600, 200, 100
FUNCTION_LINES, PARAMETERS, NESTING, COMPLEXITY = 80, 5, 4, 15
PUBLIC_PARAMETERS = 6
# Callbacks whose parameters another library prescribes.
PRESCRIBED = {("libsvc/io/resolv.c", "take_in"): 7}
LOOPS = ("for", "while", "switch")
EACH = re.compile(r"\w+_each(_safe)?$")


class Body:
    """The statements of one function, read only for how deep they nest."""

    def __init__(self, code):
        self.tokens = re.findall(r"\w+|\S", code)
        self.at = 0
        self.deepest = 0
        self.statement(0)

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def skip_group(self):
        """Over one (...) or {...}, whatever is inside."""
        depth = 0
        while self.at < len(self.tokens):
            token = self.take()
            depth += (token in "({[") - (token in ")}]")
            if depth == 0:
                return

    def skip_to(self, end):
        while self.at < len(self.tokens) and self.peek() != end:
            if self.peek() in "({[":
                self.skip_group()
            elif self.peek() == "}":
                return
            else:
                self.at += 1
        self.at += 1

    def statement(self, depth):
        self.deepest = max(self.deepest, depth)
        token = self.peek()
        if token == "{":
            self.block(depth)
        elif token == "if":
            self.branch(depth)
        elif token in LOOPS or EACH.match(token):
            self.at += 1
            self.skip_group()
            self.statement(depth + 1)
        elif token == "do":
            self.at += 1
            self.statement(depth + 1)
            self.skip_to(";")
        elif token in ("case", "default"):
            self.skip_to(":")
        elif self.tokens[self.at + 1:self.at + 2] == [":"]:
            self.at += 2
        else:
            self.skip_to(";")

    def block(self, depth):
        self.at += 1
        while self.at < len(self.tokens) and self.peek() != "}":
            self.statement(depth)
        self.at += 1

    def branch(self, depth):
        self.at += 1
        self.skip_group()
        self.statement(depth + 1)
        if self.peek() == "else":
            self.at += 1
            # An else-if chain is flat.
            self.statement(depth if self.peek() == "if" else depth + 1)


def closing(code, start):
    """Offset of the bracket that closes the one at start."""
    depth = 0
    for at in range(start, len(code)):
        depth += (code[at] in "({[") - (code[at] in ")}]")
        if depth == 0:
            return at
    return len(code) - 1


def parameters(text):
    """How many parameters stand in text, the inside of a parameter list."""
    if text.strip() in ("", "void"):
        return 0
    while "(" in text:
        text = re.sub(r"\([^()]*\)", "", text)
    return text.count(",") + 1


def functions(code):
    """(name, first line, last line, parameters, body) of each function."""
    at = 0
    head = 0
    while at < len(code):
        if code[at] in ";}":
            head = at + 1
        elif code[at] == "{":
            end = closing(code, at)
            found = re.search(r"\b(?!__attribute__)(\w+)\s*\(", code[head:at])
            if found and "=" not in code[head:at]:
                opened = head + found.end() - 1
                yield (found.group(1), gate.line_of(code, head + found.start()),
                       gate.line_of(code, end),
                       parameters(code[opened + 1:closing(code, opened)]),
                       code[at:end + 1])
            at = head = end
        at += 1


def function_problems(path, code):
    for name, first, last, count, body in functions(code):
        public = name.startswith("svc_") and not name.startswith("svc__")
        most = PRESCRIBED.get(
            (path, name), PUBLIC_PARAMETERS if public else PARAMETERS)
        where = f"{path}:{first}: {name}:"
        if last - first + 1 > FUNCTION_LINES:
            yield (f"{where} {last - first + 1} lines, "
                   f"at most {FUNCTION_LINES}")
        if count > most:
            yield f"{where} {count} parameters, at most {most}"
        deepest = Body(body).deepest
        if deepest > NESTING:
            yield f"{where} nests {deepest} deep, at most {NESTING}"


def complexity_problems(root, paths):
    """Lines of pmccabe: modified, traditional, statements, first line, lines,
    file(line): function."""
    run = subprocess.run(["pmccabe", *paths], cwd=root, text=True,
                         capture_output=True, check=False)
    for line in run.stdout.splitlines():
        value, _, _, _, _, place = line.split("\t")
        if int(value) > COMPLEXITY:
            path, at, name = re.match(r"(.*)\((\d+)\): (.*)", place).groups()
            yield (f"{path}:{at}: {name}: complexity {value}, "
                   f"at most {COMPLEXITY}")


def check(root):
    problems = []
    paths = gate.files(root, FOLDERS, (".c", ".h"))
    for path in paths:
        text = gate.read(root, path)
        lines = text.splitlines()
        most = H_LINES if path.endswith(".h") else C_LINES
        if len(lines) > most:
            problems.append(f"{path}:{len(lines)}: {len(lines)} lines, "
                            f"at most {most}")
        problems += [f"{path}:{at}: {len(line)} columns, at most {WIDTH}"
                     for at, line in enumerate(lines, 1) if len(line) > WIDTH]
        code = gate.without_directives(gate.strip(text))
        problems += function_problems(path, code)
    # A test may spell a rule out, case by case, to compare with the library.
    sources = [path for path in paths
               if path.endswith(".c") and not path.startswith("tests/")]
    if sources:
        problems += complexity_problems(os.path.abspath(root), sources)
    return problems


if __name__ == "__main__":
    gate.main(check)
