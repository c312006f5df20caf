#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what lbsim measured: for each scenario a bar a policy, the p99 in
multiples of the oracle's, on a logarithmic axis, and how many requests failed.
Each size of lbsim (clients, servers) becomes one file,
balance-CLIENTSxSERVERS.svg. The same input gives the same octets. Policies with
the same figures everywhere share a bar.

lbsim --format csv > FILE; plot.py --out docs/images FILE..."""
import argparse
import csv
import math
import os
import sys
from xml.sax.saxutils import escape

TITLES = {
    "equal": "All alike",
    "slow": "One is 10 times slower",
    "stall": "One stands still, 2 s in every 10 s",
    "hang": "One stands still, 33 s in every 60 s",
    "half": "Half of them are 3 times slower",
    "fail": "One fails fast",
    "flaky": "One fails one time in ten",
    "noise": "All fail one time in a hundred",
    "fail-heal": "One fails fast, 33 s in every 60 s",
    "slow-heal": "One is slower, 33 s in every 60 s",
    "replace": "One leaves and a new one comes",
}
MOST = 1000  # longer bars are cut
COLUMNS, GAP, MARGIN = 2, 28, 12
LABEL, SCALE, VALUE = 96, 210, 124  # widths: name, bars, figures
BAR, STEP, HEAD, FOOT, TOP = 10, 15, 22, 30, 46
WIDTH = LABEL + SCALE + VALUE
STYLE = """text{font:11px system-ui,sans-serif;fill:#1f2328}
.t{font-weight:600}.s{fill:#59636e}.e{text-anchor:end}.m{text-anchor:middle}
line{stroke:#8b949e;stroke-opacity:.35}
rect{fill:#8c959f}.a{fill:#2f81f7}.k{fill:#3fa66b}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.s{fill:#9198a1}}"""


def figures_of(row):
    """Multiple of the oracle's p99, percent that failed."""
    return float(row["p99_ratio"]), float(row["errors_percent"])


def read(paths):
    """{(clients, servers): its rows}, in the order of the input."""
    sizes = {}
    for path in paths or ["-"]:
        with sys.stdin if path == "-" else open(path, encoding="utf-8") as file:
            for row in csv.DictReader(file):
                key = int(row["clients"]), int(row["servers"])
                sizes.setdefault(key, []).append(row)
    return sizes


def names_of(rows, wanted):
    """{policy: label} of those to draw."""
    alike = {}
    for policy in wanted or dict.fromkeys(row["policy"] for row in rows):
        figures = tuple(figures_of(row) for row in rows
                        if row["policy"] == policy)
        if policy != "oracle" and figures:
            alike.setdefault(figures, []).append(policy)
    return {same[0]: " ".join(same) for same in alike.values()}


def words_of(ratio, errors):
    words = f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"
    if ratio > MOST:
        words += " →"
    return words + (f", {errors:.2g} % failed" if errors >= 0.005 else "")


def place(ratio):
    """Where a figure is on the axis, from 0 to SCALE."""
    share = math.log10(max(ratio, 1)) / math.log10(MOST)
    return round(min(share, 1) * SCALE, 1)


def text(x, y, words, kind=""):
    name = f' class="{kind}"' if kind else ""
    return f'<text{name} x="{x:g}" y="{y:g}">{escape(words)}</text>'


def panel(scenario, figures, names):
    """One scenario, drawn from (0, 0)."""
    end = HEAD + STEP * len(names)
    out = [text(LABEL, 12, TITLES.get(scenario, scenario), "t")]
    mark = 1
    while mark <= MOST:
        x = LABEL + place(mark)
        out.append(f'<line x1="{x:g}" y1="{HEAD - 3}" x2="{x:g}" y2="{end}"/>')
        out.append(text(x, end + 11, f"{mark:,}", "s m"))
        mark *= 10
    for at, (policy, label) in enumerate(names.items()):
        y = HEAD + STEP * at
        if policy not in figures:
            continue
        width = max(place(figures[policy][0]), 1)
        kind = {"adaptive": ' class="a"', "static": ' class="k"'}.get(
            policy, "")
        out.append(text(LABEL - 6, y + 9, label, "e"))
        out.append(f'<rect{kind} x="{LABEL}" y="{y}" width="{width:g}" '
                   f'height="{BAR}"/>')
        out.append(text(LABEL + width + 4, y + 9, words_of(*figures[policy]),
                        "s"))
    return out


def draw(rows, wanted):
    first = rows[0]
    names = names_of(rows, wanted)
    scenarios = list(dict.fromkeys(row["scenario"] for row in rows))
    height = HEAD + STEP * len(names) + FOOT
    lines = -(-len(scenarios) // COLUMNS)
    wide = 2 * MARGIN + COLUMNS * WIDTH + (COLUMNS - 1) * GAP
    high = TOP + lines * height
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" '
           f'height="{high}" viewBox="0 0 {wide} {high}">',
           f"<style>{STYLE}</style>",
           text(MARGIN, 18, "99th percentile of latency, in multiples of an "
                "all-knowing oracle's", "t"),
           text(MARGIN, 34, f"{first['clients']} clients, {first['servers']} "
                f"servers with {first['workers']} workers, load "
                f"{float(first['load']) * 100:g} %, {first['work']} work, "
                f"{first['seconds']} s", "s")]
    for at, scenario in enumerate(scenarios):
        x = MARGIN + at % COLUMNS * (WIDTH + GAP)
        y = TOP + at // COLUMNS * height
        figures = {row["policy"]: figures_of(row) for row in rows
                   if row["scenario"] == scenario}
        out += [f'<g transform="translate({x} {y})">',
                *panel(scenario, figures, names), "</g>"]
    return "\n".join([*out, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE",
                        help="csv of lbsim; none or -: the standard input")
    parser.add_argument("--out", default=".", help="a folder (%(default)s)")
    parser.add_argument("--policies", type=lambda words: words.split(","),
                        help="which, in this order: NAME,NAME... (all)")
    options = parser.parse_args()
    for (clients, servers), rows in read(options.files).items():
        path = os.path.join(options.out, f"balance-{clients}x{servers}.svg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(draw(rows, options.policies))


if __name__ == "__main__":
    main()
