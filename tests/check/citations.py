# SPDX-License-Identifier: Apache-2.0
"""What is cited is there: rules of docs/semantics.md ("semantics 2.9 rule 8",
"semantics 2.11, 13"), rows and sections of docs/faults.md ("faults F5", "faults
3.3"), and the tests that docs/faults.md names for its rows.
Usage: citations.py ROOT"""
import os
import re

import gate

SEMANTICS = "docs/semantics.md"
FAULTS = "docs/faults.md"
FOLDERS = ["libsvc", "include", "tools", "tests", "examples", "docs"]
SUFFIXES = (".c", ".h", ".py", ".md")
# Its can-fail cases cite what is not there.
SKIPPED = ("tests/check/can_fail.py", "tests/check/citations.py")

SECTION = r"(?:\d\.\d+|\d)(?!\.?\d)"
NUMBER = r"\d+(?!\.?\d)"
RULES = rf"({NUMBER}(?:(?:, | and |, and | to ){NUMBER})*)"
# A comment may break its line, and begin the next one with a star.
GAP = r"(?:,?\s+(?:\*\s+)?)"
CITED_RULE = re.compile(
    rf"\bsemantics{GAP}({SECTION})(?:{GAP}rules?{GAP}{RULES}|,{GAP}{RULES})?")
CITED_ROW = re.compile(
    rf"\bfaults{GAP}((?:[A-Z]\d+(?:(?:, |–| to | and )(?=[A-Z]\d))?)+"
    rf"|{SECTION})")
LAYERS = "unit|step|oom|integration|fuzz|cluster|bench|check"
TEST = re.compile(rf"`((?:{LAYERS})/[\w/]+\.(?:c|py))`")
TEST_FUNCTION = re.compile(r"`([a-z][a-z_0-9]+)`")


def sections(text):
    """{number: text} of each section, the parts of it included."""
    heads = [(m.group(1), m.start(), len(m.group().split()[0]))
             for m in re.finditer(r"^##+ (\d(?:\.\d+)?)\.? .*$", text, re.M)]
    found = {}
    for i, (number, start, level) in enumerate(heads):
        end = next((s for _, s, deep in heads[i + 1:] if deep <= level),
                   len(text))
        found[number] = text[start:end]
    return found


def rules(section):
    return {int(n) for n in re.findall(r"^(\d+)\. ", section, re.M)}


def rule_problems(path, text, known):
    for match in CITED_RULE.finditer(text):
        number, first, second = match.groups()
        where = f"{path}:{gate.line_of(text, match.start())}"
        if number not in known:
            yield f"{where}: {SEMANTICS} has no section {number}"
            continue
        for rule in map(int, re.findall(r"\d+", first or second or "")):
            if rule not in rules(known[number]):
                yield f"{where}: {SEMANTICS} {number} has no rule {rule}"


def row_problems(path, text, known, rows):
    for match in CITED_ROW.finditer(text):
        where = f"{path}:{gate.line_of(text, match.start())}"
        for name in re.findall(r"[A-Z]\d+|\d(?:\.\d+)?", match.group(1)):
            if name not in rows and name not in known:
                yield f"{where}: {FAULTS} has no {name}"


def test_problems(root, faults):
    """Each test file that a row names is there, and so is each function."""
    for line, row in enumerate(faults.splitlines(), 1):
        names = [name for name in TEST.findall(row)]
        if not re.match(r"\| [A-Z]\d+ \|", row) or not names:
            continue
        texts = []
        for name in names:
            path = f"tests/{name}"
            if os.path.exists(os.path.join(root, path)):
                texts.append(gate.read(root, path))
            else:
                yield f"{FAULTS}:{line}: there is no {path}"
        cell = row.split("|")[-2]
        for name in TEST_FUNCTION.findall(cell):
            if texts and not any(
                    re.search(rf"\b(test_)?{name}\(", t) for t in texts):
                yield f"{FAULTS}:{line}: no test {name} in the files named"


def check(root):
    semantics, faults = gate.read(root, SEMANTICS), gate.read(root, FAULTS)
    rows = set(re.findall(r"^(?:\| |- \*\*)([A-Z]\d+)(?: \|| )", faults, re.M))
    known = sections(semantics), sections(faults)
    problems = list(test_problems(root, faults))
    for path in gate.files(root, FOLDERS, SUFFIXES):
        if path in SKIPPED:
            continue
        text = gate.read(root, path)
        problems += rule_problems(path, text, known[0])
        problems += row_problems(path, text, known[1], rows)
    return problems


if __name__ == "__main__":
    gate.main(check)
