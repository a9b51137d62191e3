#!/usr/bin/env python3
"""Makes tables, one JSON file and a plot of what the benchmarks wrote.

  report.py [--by median|min] [--instructions] [--summary] [--json OUT] [--svg OUT] FILE...

Times are processor time. A ratio is taken from one run in which all contestants took turns; only ratios mean anything.
"""
import argparse
import collections
import html
import json
import math
import pathlib
import re
import statistics
import sys

PEERS = ["mit", "heimdal", "mit_fresh", "heimdal_fresh", "mit_default"]
FLOORS = ["botan", "botan_fresh", "openssl", "openssl_fresh", "walk"]
NAMES = {"kerb": "kerb", "kerb_fresh": "kerb, fresh key", "kerb_single": "kerb, one by one",
         "kerb_buffered": "kerb, buffered", "kerb_openssl": "kerb, OpenSSL", "kerb_openssl_fresh": "kerb, OpenSSL, fresh key",
         "kerb_read": "kerb, all read", "mit": "MIT",
         "heimdal": "Heimdal", "mit_fresh": "MIT, fresh key", "heimdal_fresh": "Heimdal, fresh key",
         "mit_default": "MIT, as installed", "botan": "floor, Botan", "botan_fresh": "floor, Botan, fresh key",
         "openssl": "floor, OpenSSL", "openssl_fresh": "floor, OpenSSL, fresh key", "walk": "floor, walk"}
# What a contestant is set beside, where it is not kerb
YARDSTICK = {"mit_fresh": "kerb_fresh", "heimdal_fresh": "kerb_fresh", "botan_fresh": "kerb_fresh",
             "openssl": "kerb_openssl", "openssl_fresh": "kerb_openssl_fresh"}


def read(paths):
    """{row: {contestant: {time, min, spread, allocs, label}}}, and what the programs say of themselves."""
    samples, context = collections.defaultdict(lambda: collections.defaultdict(list)), {}
    place, done = {}, []  # benchmarks took turns: back into the order in which they were added
    for path in paths:
        data = json.loads(pathlib.Path(path).read_text())
        context.update(data.get("context", {}))
        for b in data["benchmarks"]:
            if b.get("run_type") != "iteration":
                continue
            if b.get("error_occurred"):
                print(f"{b['name']}: {b['error_message']}", file=sys.stderr)
                continue
            words = [w for w in b["name"].split("/") if not w.startswith(("iterations:", "repeats:"))]
            row, at = "/".join(words[:-1]), (len(done), b.get("family_index", len(place)))
            samples[row][words[-1]].append(b)
            place[row] = min(place.get(row, at), at)
        done.append(path)
    rows = {}
    for row, contestants in sorted(samples.items(), key=lambda item: place[item[0]]):
        rows[row] = {}
        for who, runs in contestants.items():
            times = sorted(r["cpu_time"] for r in runs)
            middle = statistics.median(times)
            quarter = len(times) // 4
            spread = (times[-1 - quarter] - times[quarter]) / 2 / middle if middle else 0
            rows[row][who] = {"median": middle, "min": times[0], "spread": spread, "runs": len(times),
                              "allocs": runs[0].get("allocs"), "label": runs[0].get("label", "")}
    return rows, context


def duration(ns, instructions):
    if instructions:
        return f"{ns:.0f}"
    for unit, scale in (("ns", 1), ("us", 1e3), ("ms", 1e6)):
        if ns < 1000 * scale or unit == "ms":
            return f"{ns / scale:.{0 if ns / scale >= 100 else 1 if ns / scale >= 10 else 2}f} {unit}"


def allocations(a):
    return "" if a is None else f"{a:.0f}"


def ratio(rows, row, who, by):
    """How many times what kerb takes; a floor: how many times of it kerb takes."""
    base = rows[row].get(YARDSTICK.get(who)) or rows[row].get("kerb")
    own = rows[row].get(who)
    if not base or not own or not base[by] or not own[by]:
        return None
    return base[by] / own[by] if who in FLOORS else own[by] / base[by]


def table(rows, suite, by, out, instructions):
    names = [r for r in rows if r.split("/")[0] == suite]
    order = list(NAMES)
    shown = [w for w in order if any(w in rows[r] for r in names)]
    head = [suite] + [NAMES[w] for w in shown] + ["+-"]
    lines = []
    for r in names:
        line = [r.split("/", 1)[1]]
        for w in shown:
            cell = rows[r].get(w)
            if not cell:
                line.append("")
                continue
            text = duration(cell[by], instructions)
            x = ratio(rows, r, w, by)
            if w in FLOORS and x is not None:
                text += f" (1/{x:.2f})"
            elif w != "kerb" and x is not None and w in PEERS:
                text += f" ({x:.1f}x)"
            if cell["allocs"] is not None and w in PEERS + ["kerb"]:
                text += f" {allocations(cell['allocs'])}a"
            line.append(text)
        line.append(f"{100 * max(c['spread'] for c in rows[r].values()):.0f} %")
        lines.append(line)
    width = [max(len(l[i]) for l in lines + [head]) for i in range(len(head))]
    for n, l in enumerate([head] + lines):
        print("| " + " | ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(l, width))) + " |",
              file=out)
        if n == 0:
            print("|" + "|".join("-" * (w + 1) + (":" if i else "-") for i, w in enumerate(width)) + "|", file=out)
    print(file=out)


# --- the README's table: what the rows of a kind have in common ------------------------------------------------------

SUMMARY = [  # title, rows, contestant to set beside the others
    ("a message decoded", r"der/decode/", "kerb"),
    ("a message encoded", r"der/encode/", "kerb"),
    ("an AP-REQ accepted, types 17 and 18", r"ap/accept/e1[78]$", "kerb"),
    ("... type 19", r"ap/accept/e19$", "kerb"),
    ("... type 20", r"ap/accept/e20$", "kerb"),
    ("... and remembered, types 17 and 18", r"ap/accept_replay/e1[78]$", "kerb"),
    ("... and remembered, types 19 and 20", r"ap/accept_replay/e(19|20)$", "kerb"),
    ("an AP-REQ made", r"ap/request/e", "kerb"),
    ("64 and 256 octets sealed or opened", r"crypto/(seal|open)/e(17|18|19|20)/(64|256)$", "kerb"),
    ("... with a key that is new", r"crypto/(seal|open)/e(17|18|19|20)/(64|256)$", "kerb_fresh"),
    ("1 KiB to 64 KiB sealed or opened", r"crypto/(seal|open)/e(17|18|19|20)/(1024|4096|65536)$", "kerb"),
    ("a password made a key", r"crypto/string_to_key/", "kerb"),
    ("a KDC's AS request, over UDP", r"kdc_live/AS-REQ", "kerb"),
    ("a KDC's TGS request, over UDP", r"kdc_live/TGS-REQ", "kerb"),
]


def summary(rows, by, out):
    """The least and the greatest ratio of each kind of row."""
    print("| | MIT krb5 takes | Heimdal takes | of the floor, kerb takes |\n|---|---:|---:|---:|", file=out)
    for title, pattern, kerb in SUMMARY:
        cells = []
        fresh = "_fresh" if kerb == "kerb_fresh" else ""
        for others in (("mit" + fresh,), ("heimdal" + fresh,), ("botan" + fresh, "walk")):
            found = []
            for r in rows:
                own = rows[r].get(kerb)
                for who in others:
                    other = rows[r].get(who)
                    if re.match(pattern, r) and own and other:
                        found.append(own[by] / other[by] if who.startswith(("botan", "walk")) else other[by] / own[by])
            texts = [f"{v:.1f}" for v in (min(found), max(found))] if found else []
            cells.append(" to ".join(dict.fromkeys(texts)))
        if any(cells):
            print(f"| {title} | " + " | ".join(cells) + " |", file=out)
    print(file=out)


# --- the plot: for each row where the contestants stand as multiples of kerb, on a logarithmic scale ------------------

COLOURS = {"mit": "#c2410c", "mit_fresh": "#fb923c", "mit_default": "#fdba74", "heimdal": "#6d28d9",
           "heimdal_fresh": "#a78bfa", "botan": "#047857", "openssl": "#0284c7", "walk": "#047857",
           "kerb_fresh": "#525252", "kerb_read": "#525252"}


def plot(rows, by, path):
    left, right, line, top = 230, 40, 15, 60
    names = [r for r in rows if "kerb" in rows[r]]
    values = {r: {w: rows[r][w][by] / rows[r]["kerb"][by] for w in rows[r] if w != "kerb" and rows[r][w][by]}
              for r in names}
    everything = [v for r in values.values() for v in r.values()] + [1]
    low, high = math.floor(math.log2(min(everything))), math.ceil(math.log2(max(everything)))
    width = 760

    def x(v):
        return left + (math.log2(v) - low) / max(high - low, 1) * width

    height = top + line * len(names) + 70
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + right} {height}" '
           'font-family="sans-serif" font-size="10">', '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="{left}" y="20" font-size="14">Processor time of one operation as a multiple of kerb\'s; '
           'left of the line is faster</text>']
    for power in range(low, high + 1):
        bold = power == 0
        svg.append(f'<line x1="{x(2 ** power):.1f}" x2="{x(2 ** power):.1f}" y1="{top - 14}" '
                   f'y2="{top + line * len(names)}" stroke="{"#111" if bold else "#ddd"}"/>')
        text = str(2 ** power) if power >= 0 else f"1/{2 ** -power}"
        svg.append(f'<text x="{x(2 ** power):.1f}" y="{top - 18}" text-anchor="middle">{text}</text>')
    for n, r in enumerate(names):
        y = top + line * n + line / 2
        svg.append(f'<text x="{left - 8}" y="{y + 3:.1f}" text-anchor="end">{html.escape(r)}</text>')
        for w, v in values[r].items():
            shape = (f'<rect x="{x(v) - 3:.1f}" y="{y - 3:.1f}" width="6" height="6"' if w in FLOORS else
                     f'<circle cx="{x(v):.1f}" cy="{y:.1f}" r="3.5"')
            svg.append(f'{shape} fill="{COLOURS.get(w, "#888")}"><title>{html.escape(NAMES.get(w, w))}: {v:.2f}'
                       f'</title>{"</rect>" if w in FLOORS else "</circle>"}')
    at, y = left, top + line * len(names) + 30
    for w in [w for w in NAMES if w in COLOURS and any(w in values[r] for r in names)]:
        svg.append(f'<circle cx="{at}" cy="{y - 3}" r="4" fill="{COLOURS[w]}"/>'
                   f'<text x="{at + 8}" y="{y}">{html.escape(NAMES[w])}</text>')
        at += 22 + 6 * len(NAMES[w])
        if at > left + width - 60:
            at, y = left, y + 16
    svg.append("</svg>")
    pathlib.Path(path).write_text("\n".join(svg) + "\n")


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("files", nargs="+")
    args.add_argument("--by", choices=("median", "min"), default="median")
    args.add_argument("--instructions", action="store_true", help="what instructions.py has written: no times")
    args.add_argument("--summary", action="store_true", help="the least and the greatest ratios of each kind of row")
    args.add_argument("--json")
    args.add_argument("--svg")
    o = args.parse_args()
    rows, context = read(o.files)
    if o.summary:
        summary(rows, o.by, sys.stdout)
        return 0
    suites = list(dict.fromkeys(r.split("/")[0] for r in rows))
    print("Behind a time: how many times kerb's it is; of a floor, what part of kerb's; `a`: allocations. "
          f"+-: half of the middle half's width, the worst of the row. {o.by} of each contestant's runs.\n")
    for s in suites:
        table(rows, s, o.by, sys.stdout, o.instructions)
    if o.json:
        result = {"context": context, "by": o.by, "rows": rows,
                  "ratios": {r: {w: ratio(rows, r, w, o.by) for w in rows[r] if w != "kerb"} for r in rows}}
        pathlib.Path(o.json).write_text(json.dumps(result, indent=1) + "\n")
    if o.svg:
        plot(rows, o.by, o.svg)
    return 0


if __name__ == "__main__":
    sys.exit(main())
