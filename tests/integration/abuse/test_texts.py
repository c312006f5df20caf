# SPDX-License-Identifier: Apache-2.0
"""Texts and files as no honest writer leaves them: each is refused or read as
docs/manifests.md says, and others answer all the same."""
import json
import os
import unittest

import abuse

WEB = [abuse.service("web"), abuse.piece("web", ["10.0.0.9"])]
YAML = """\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  clusterIP: 10.96.0.1
  ports:
  - {name: http, port: 80}
---
# the slice
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-1
  namespace: "shop"
  labels:
    'kubernetes.io/service-name': web
  annotations:
    note: |
      text: {[
    more: >-
      folded
addressType: IPv4
ports:
- name: http
  port: 8080
endpoints:
- addresses: [10.0.0.9]
"""
ANSWER, REFUSED = "10.0.0.9", "SVC_EFILE"


def yaml_with(line):
    return YAML.replace("addressType: IPv4", line + "\naddressType: IPv4")


def noise(text):
    """An object of a kind that nobody reads, with this text."""
    return '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"x":%s}' \
        % text


J = abuse.text_of(*WEB)
# What a text gives: an address, a code, or None where either may be.
TEXTS = {
    "empty": ("", "SVC_ENOSERVICE"), "blank": (" \n\n \r\n", "SVC_ENOSERVICE"),
    "only a comment": ("# nothing\n", "SVC_ENOSERVICE"),
    "only marks": ("---\n" * 9 + "...\n", "SVC_ENOSERVICE"),
    "json": (J, ANSWER), "yaml": (YAML, ANSWER),
    "no newline at the end": (J.rstrip(), ANSWER),
    "mark, json": ("\ufeff" + J, ANSWER), "mark, yaml": ("\ufeff" + YAML,
                                                         ANSWER),
    "crlf, json": (J.replace("\n", "\r\n"), ANSWER),
    "crlf, yaml": (YAML.replace("\n", "\r\n"), ANSWER),
    "cr alone, json": (J.replace("\n", "\r"), ANSWER),
    "utf-16": (J.encode("utf-16"), REFUSED),
    "utf-16, no mark": (YAML.encode("utf-16-le"), REFUSED),
    "utf-32": (J.encode("utf-32-be"), REFUSED),
    "latin-1": (noise('"caf\xe9"').encode("latin-1") + J.encode(), REFUSED),
    "overlong": (noise('"A"').encode().replace(b"A", b"\xc0\xaf") +
                 J.encode(), REFUSED),
    "surrogate in utf-8": (noise('"A"').encode().replace(
        b"A", b"\xed\xa0\x80") + J.encode(), REFUSED),
    "beyond unicode": (YAML.encode() + b"# \xf5\x80\x80\x80\n", REFUSED),
    "cut character": (YAML.encode() + b"# \xe2\x82", REFUSED),
    "nul at the end": (J + "\0", REFUSED), "nul, yaml": (YAML + "\0", REFUSED),
    "nul within": (J.replace(" ", "\0", 1), REFUSED),
    "binary": (bytes(range(256)) * 64, REFUSED),
    "zeros": (b"\0" * 100000, REFUSED),
    "escape in yaml": (YAML + "# \x1b[2J\n", REFUSED),
    "html": ("<html><body>no</body></html>\n", REFUSED),
    "a word": ("hello\n", REFUSED), "a number": ("12\n", REFUSED),
    "a list": ("[" + ",".join(map(json.dumps, WEB)) + "]", REFUSED),
    "yaml list": ("- 1\n- 2\n", REFUSED),
    "list in list": (json.dumps({"kind": "List", "apiVersion": "v1", "items": [
        {"kind": "List", "apiVersion": "v1", "items": WEB}]}), REFUSED),
    "open brackets": ("[" * 100000, REFUSED),
    "open braces": ('{"a":' * 100000, REFUSED),
    "closed brackets": (J + "]}" * 1000, REFUSED),
    "deep in an unused kind": (noise("[" * 100 + "]" * 100) + J, REFUSED),
    "deep yaml": (YAML + "---\n" + "".join(
        " " * i + "a:\n" for i in range(2000)), REFUSED),
    "deep flow yaml": (YAML + "---\nkind: Pod\nx: " + "[" * 5000, REFUSED),
    "deep sequences": (YAML + "---\n" + "- " * 5000 + "a\n", REFUSED),
    "deep keys": (YAML + "---\n" + "? " * 5000 + "a\n", REFUSED),
    "anchor": (yaml_with("x: &a 1"), REFUSED),
    "alias": (yaml_with("x: [&a 1, *a]"), REFUSED),
    "bomb": ("a: &a [x, x]\n" + "".join(
        f"{c}: &{c} [*{p}, *{p}, *{p}, *{p}]\n"
        for p, c in zip("abcdefgh", "bcdefghi")) + "---\n" + YAML, ANSWER),
    "merge": (yaml_with("<<: {x: 1}"), ANSWER),
    "directive": ("%YAML 1.2\n---\n" + YAML, REFUSED),
    "tag directive": ("%TAG ! tag:x,2000:\n---\n" + YAML, REFUSED),
    "core tag": (yaml_with("x: !!str 1"), ANSWER),
    "foreign tag": (yaml_with("x: !!python/object:os.system ls"), REFUSED),
    "own tag": (yaml_with("x: !y 1"), REFUSED),
    "tab": (yaml_with("x:\n\t- 1"), REFUSED),
    "nan": (yaml_with("x: .nan"), REFUSED), "inf": (yaml_with("x: -.inf"), REFUSED),
    "complex key": (yaml_with("? [a, b]\n: 1"), REFUSED),
    "json twice key": (J.replace('"kind"', '"kind": "Pod", "kind"', 1), REFUSED),
    "trailing comma": (J.replace("}]}", "},]}", 1), REFUSED),
    "single quotes": (J.replace('"', "'"), REFUSED),
    "comment in json": ("// no\n" + J, REFUSED),
    "json, then yaml": (J + "---\n" + YAML, REFUSED),
    "yaml, then json": (YAML + "---\n" + noise("1"), ANSWER),
    "cut": (J[:-40], REFUSED), "cut list": (
        '{"kind":"List","apiVersion":"v1","items":[' + J[:-40], REFUSED),
    "unknown fields": (noise('{"a":[1,{"b":null}]}') + J, ANSWER),
    "no kind": ('{"apiVersion":"v1"}' + J, ANSWER),
    "kind is a number": ('{"apiVersion":"v1","kind":1}' + J, ANSWER),
    "no version": ('{"kind":"Service"}' + J, ANSWER),
}


class TestTexts(abuse.Abuse):
    def setUp(self):
        super().setUp()
        self.good = self.write("good.json", abuse.text_of(*abuse.GOOD))

    def check(self, path, expected):
        """A file next to a good one."""
        web, good = self.answers("-f", path, "-f", self.good, "web.shop",
                                 "good.shop")[0]
        self.assert_answered(good, "10.0.0.1")
        if expected == ANSWER:
            self.assert_answered(web, ANSWER)
        elif expected:
            self.assertEqual(web.get("code"), expected, web)
        if web.get("code") == REFUSED:
            self.assertIn(os.path.basename(path), web["message"])

    def test_texts(self):
        for name, (text, expected) in TEXTS.items():
            with self.subTest(name=name):
                self.check(self.write("text", text), expected)

    def test_standard_input(self):
        for name, (text, expected) in TEXTS.items():
            text = text if isinstance(text, bytes) else text.encode()
            with self.subTest(name=name):
                [web] = self.answers("-f", "-", "web.shop", stdin=text)[0]
                if expected == ANSWER:
                    self.assert_answered(web, ANSWER)
                elif expected:
                    self.assertEqual(web.get("code"), expected, web)

    def cut(self, text, ends, name):
        """The text cut at many places, each in a file for one name."""
        data = text.encode()
        offsets = sorted(set(range(0, len(data), 5)) | ends)
        names = []
        for i in offsets:
            path = self.write(f"{i}.{name}", data[:i])
            names.append(f"file://{path}#web.shop")
        for start in range(0, len(names), 200):
            part = self.answers(*names[start:start + 200])[0]
            yield from zip(offsets[start:start + 200], part)

    def test_cut_json(self):
        """Cut between two objects it cannot be told; elsewhere it is."""
        ends = {len(J.encode()), len(abuse.text_of(WEB[0])), 0}
        whole = {0: "SVC_ENOSERVICE", len(J.encode()): None,
                 len(J.encode()) - 1: None,
                 len(abuse.text_of(WEB[0])): "SVC_ENOENDPOINTS",
                 len(abuse.text_of(WEB[0])) - 1: "SVC_ENOENDPOINTS"}
        for i, answer in self.cut(J, ends, "json"):
            with self.subTest(offset=i):
                self.assertEqual(answer.get("code"), whole.get(i, REFUSED),
                                 answer)

    def test_cut_yaml(self):
        """Much of YAML is whole when cut; never is there a wrong answer."""
        may = {None, REFUSED, "SVC_ENOSERVICE", "SVC_ENOENDPOINTS",
               "SVC_ENOPORT"}
        for i, answer in self.cut(YAML, set(), "yaml"):
            with self.subTest(offset=i):
                self.assertIn(answer.get("code"), may)
                for e in answer.get("endpoints", []):
                    self.assertTrue(ANSWER.startswith(e["address"]))

    def test_what_is_no_file(self):
        fifo = os.path.join(self.folder, "fifo")
        os.mkfifo(fifo)
        link = os.path.join(self.folder, "link")
        os.symlink("link", link)
        for path in (fifo, link, "/dev/zero", "/dev/full", "/dev/tty",
                     "/proc/self/mem", self.folder + "/none",
                     self.good + "/x", "/" + "x" * 5000, ""):
            with self.subTest(path=path[:40]):
                web, good = self.answers("-f", path, "-f", self.good,
                                         "web.shop", "good.shop")[0] or \
                    (None, None)
                if web is not None:
                    self.assertEqual(web["code"], REFUSED)
                    self.assert_answered(good, "10.0.0.1")

    def test_folder_with_everything(self):
        """A hundred broken files among a hundred good ones."""
        folder = os.path.join(self.folder, "many")
        os.mkdir(folder)
        texts = [t for t, expected in TEXTS.values() if expected == REFUSED]
        for i in range(100):
            self.write(f"many/{i}-bad.yaml", texts[i % len(texts)])
            self.write(f"many/{i}-good.json", abuse.text_of(
                abuse.service(f"g{i}"), abuse.piece(f"g{i}", [ANSWER])))
        os.mkfifo(os.path.join(folder, "fifo.yaml"))
        os.mkdir(os.path.join(folder, "folder.json"))
        os.symlink("nowhere", os.path.join(folder, "dangling.json"))
        os.symlink("/dev/zero", os.path.join(folder, "device.json"))
        names = [f"g{i}.shop" for i in range(100)]
        answers, done = self.answers("-f", folder, *names, "nobody.shop")
        for answer in answers[:-1]:
            self.assert_answered(answer, ANSWER)
        self.assertEqual(answers[-1].get("code"), REFUSED)
        self.assertLess(len(done.err), 4000)


if __name__ == "__main__":
    unittest.main()
