# SPDX-License-Identifier: Apache-2.0
"""Objects as YAML, in as many of its forms as fit: block and flow, plain and
quoted, lists indented or not, comments."""
import json
import re

PLAIN = re.compile(r"^[A-Za-z][A-Za-z0-9./-]*$")
WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


class Writer:
    def __init__(self, rng):
        self.rng = rng

    def maybe(self, chance):
        return self.rng.random() < chance

    def scalar(self, value):
        if value is None:
            return self.rng.choice(["null", "~", "Null"])
        if not isinstance(value, str):
            return json.dumps(value)
        if PLAIN.match(value) and value.lower() not in WORDS and \
                self.maybe(0.7):
            return value
        if "\n" not in value and self.maybe(0.5):
            return "'" + value.replace("'", "''") + "'"
        return json.dumps(value)

    def flow(self, value):
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self.scalar(k)}: {self.flow(v)}"
                                   for k, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.flow, value)) + "]"
        return self.scalar(value)

    def lines(self, value, pad):
        """A block, each line of it behind pad."""
        items = value.items() if isinstance(value, dict) else \
            ((None, v) for v in value)
        for key, v in items:
            head = "-" if key is None else self.scalar(key) + ":"
            if self.maybe(0.02):
                yield f"{pad}# {head} 'not this'"
            if isinstance(v, str) and "\n" in v and self.maybe(0.7):
                yield f"{pad}{head} |-"
                yield from (f"{pad}  {line}" for line in v.split("\n"))
                continue
            if not isinstance(v, (dict, list)) or not v or self.maybe(0.15):
                tail = "  # why" if self.maybe(0.02) else ""
                yield f"{pad}{head} {self.flow(v)}{tail}"
                continue
            if key is None:
                inner = list(self.lines(v, pad + "  "))
                if not inner[0].lstrip().startswith("#"):
                    inner[0] = f"{pad}- {inner[0][len(pad) + 2:]}"
                    yield from inner
                    continue
                yield f"{pad}-"
                yield from inner
                continue
            yield pad + head
            deeper = "" if isinstance(v, list) and self.maybe(0.5) else "  "
            yield from self.lines(v, pad + deeper)

    def document(self, value):
        if self.maybe(0.1):
            return self.flow(value) + "\n"
        return "\n".join(self.lines(value, "")) + "\n"

    def stream(self, objects):
        head = self.rng.choice(["", "---\n", "\ufeff"])
        text = head + "---\n".join(map(self.document, objects))
        text += self.rng.choice(["", "...\n", "---\n", "\n\n# end"])
        return text.replace("\n", "\r\n") if self.maybe(0.2) else text
