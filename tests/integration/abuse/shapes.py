# SPDX-License-Identifier: Apache-2.0
"""Texts of a wanted size in the shapes that cost a reader most."""
import json

import abuse

HEAD = ("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n")


def json_with(*middle):
    """An object of a kind that nobody reads, with a field of this text."""
    yield '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"x":'
    yield from middle
    yield "}\n"


def many(size, text):
    """The text again and again."""
    block = text * (65536 // len(text) + 1)
    while size > 0:
        yield block
        size -= len(block)


def tiny(size):
    return many(size, '{"apiVersion":"v1","kind":"X"}\n')


def tiny_yaml(size):
    return many(size, "---\nkind: X\n")


def kindless(size):
    return many(size, "{}\n")


def kindless_yaml(size):
    return many(size, "---\na\n")


def listed(size):
    yield '{"kind":"List","apiVersion":"v1","items":['
    yield from many(size, '{"kind":"X"},')
    yield '{"kind":"X"}]}'


def listed_yaml(size):
    yield "kind: List\napiVersion: v1\nitems:\n"
    yield from many(size, "- kind: X\n")


def flow_list(size):
    yield "kind: List\napiVersion: v1\nitems: ["
    yield from many(size, "{kind: X}, ")
    yield "]\n"


def padded(size):
    """Objects just under the bound of one, full of text."""
    while size > 0:
        yield from json_with('"', "x" * 1400000, '"')
        size -= 1400000


def escapes(size):
    while size > 0:
        yield from json_with('"', "\\u00e9" * 200000, '"')
        size -= 1200000


def numbers(size):
    """Many tokens in one object, within its bound."""
    while size > 0:
        yield from json_with("[", "1," * 200000, "1]")
        size -= 400000


def numbers_yaml(size):
    while size > 0:
        yield "---\n" + HEAD + "x:\n" + "- 1\n" * 100000
        size -= 400000


def blanks(size):
    yield from many(size, " \n")
    yield abuse.text_of(*abuse.GOOD)


def comments(size):
    yield from many(size, "# nothing: {[ & * ! ' \"\n")
    yield HEAD


def lines(size):
    """One plain scalar over many lines."""
    yield HEAD + "x:\n"
    yield from many(min(size, 1400000), "  word\n")


def empty_lines(size):
    yield HEAD + "x: |\n"
    yield from many(min(size, 1400000), "\n")
    yield "  y\n"


def quotes(size):
    while size > 0:
        yield "---\n" + HEAD + "x: '" + "''" * 300000 + "'\n"
        size -= 600000


def brackets(size):
    """What looks like JSON and is YAML's flow style at best."""
    yield "{" + "a: b, " * (size // 6)


def open_list(size):
    yield '{"kind":"List","items":[' + "[" * size


def services(size):
    for i in range(min(9999, size // 180)):
        yield abuse.text_of(abuse.service(f"s{i}"))


def slices(size):
    number = 0
    while size > 0 and number < 1990:
        text = abuse.text_of(abuse.piece(f"s{number}", [
            f"10.{number >> 8}.{number & 255}.{i}" for i in range(100)]))
        number += 1
        size -= len(text)
        yield text


def slices_indented(size):
    number = 0
    while size > 0 and number < 1990:
        text = json.dumps(abuse.piece(f"s{number}", [
            f"10.{number >> 8}.{number & 255}.{i}" for i in range(100)]),
            indent=4) + "\n"
        number += 1
        size -= len(text)
        yield text


def slices_yaml(size):
    number = 0
    while size > 0 and number < 1990:
        text = ("---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
                f"metadata:\n  name: s{number}\n  namespace: shop\n"
                f"  labels:\n    {abuse.LABEL}: s{number}\n"
                "addressType: IPv4\nports:\n- name: http\n  port: 8080\n"
                "endpoints:\n") + "".join(
            f"- addresses:\n  - 10.{number >> 8}.{number & 255}.{i}\n"
            "  conditions:\n    ready: true\n" for i in range(100))
        number += 1
        size -= len(text)
        yield text


def one_slice_again(size):
    return many(size, abuse.text_of(abuse.GOOD[1]))


def refused(size):
    return many(size, '{"kind":"Service","apiVersion":"v1","metadata":'
                '{"name":7}}\n')


SHAPES = [tiny, tiny_yaml, kindless, kindless_yaml, listed, listed_yaml,
          flow_list, padded, escapes, numbers, numbers_yaml, blanks, comments,
          lines, empty_lines, quotes, brackets, open_list, services, slices,
          slices_indented, slices_yaml, one_slice_again, refused]
