# SPDX-License-Identifier: Apache-2.0
"""The preprocessor stays small: no #if outside base/ and io/ (platforms are
chosen by file), and no macro that hides control flow. Include guards, X-macros
and the loop macros svc__*_each are what is left.
Usage: preprocessor.py ROOT"""
import re

import gate

FLOW = re.compile(
    r"\b(if|else|for|while|do|switch|case|goto|return|break|continue)\b")
LOOP = re.compile(r"#\s*define\s+svc__\w+_each(_safe)?\(")


def is_guard(found, at):
    """Whether directive number at is the #ifndef of an include guard."""
    name = re.fullmatch(r"#\s*ifndef (\w+_H)", found[at][1])
    return bool(name and at + 1 < len(found) and
                re.fullmatch(rf"#\s*define {name.group(1)}", found[at + 1][1]))


def check(root):
    problems = []
    for path in gate.files(root, ["libsvc", "tools"], (".c", ".h")):
        found = gate.directives(gate.read(root, path))
        platform = path.startswith(("libsvc/base/", "libsvc/io/"))
        for at, (line, text) in enumerate(found):
            if re.match(r"#\s*(if|ifdef|ifndef|elif)\b", text) and not (
                    platform or is_guard(found, at)):
                problems.append(f"{path}:{line}: {text.split()[0]} outside "
                                "base/ and io/")
            macro = re.match(r"#\s*define\s+\w+(\([^)]*\))?", text)
            words = FLOW.findall(gate.strip(text)[macro.end():]
                                 ) if macro else []
            if words and not (LOOP.match(text) and
                              set(words) <= {"for", "if", "else"}):
                problems.append(f"{path}:{line}: a macro with control flow "
                                f"({words[0]})")
    return problems


if __name__ == "__main__":
    gate.main(check)
