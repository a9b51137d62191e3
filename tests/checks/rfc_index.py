#!/usr/bin/env python3
"""Collects which section of which RFC is cited in which header and tested where, into tests/RFC-INDEX.md.

  rfc_index.py --write   rewrites the index
  rfc_index.py --check   fails when it is stale
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INDEX = ROOT / "tests" / "RFC-INDEX.md"
CITED = re.compile(r"RFC (\d{3,5}) (?:section|appendix) ([0-9A-Z]+(?:\.[0-9A-Z]+)*)")
TAG = re.compile(r"\[rfc(\d{3,5})-([0-9A-Za-z]+(?:\.[0-9A-Za-z]+)*)\]")
HEAD = """# RFC index

Which section is cited where in `include/kerb/`, and which tests carry its tag. Written by
`tests/checks/rfc_index.py --write`; `build/tests/unit_msg "[rfc4120-5.3]"` runs one program's tests of a section.
"""


def joined(text):
    """The text with comments that run over several lines made one."""
    return re.sub(r"\s*\n\s*(?:///?\s*)?", " ", text)


def collect():
    where = collections.defaultdict(lambda: (set(), set()))
    for p in sorted((ROOT / "include" / "kerb").rglob("*.hpp")):
        for rfc, section in CITED.findall(joined(p.read_text())):
            where[int(rfc), section][0].add(p.relative_to(ROOT / "include" / "kerb").as_posix())
    for p in sorted((ROOT / "tests").rglob("*.cpp")):
        for rfc, section in TAG.findall(p.read_text()):
            where[int(rfc), section.upper()][1].add(p.relative_to(ROOT / "tests").as_posix())
    return where


def order(key):
    return key[0], [(0, int(s), "") if s.isdigit() else (1, 0, s) for s in key[1].split(".")]


def index():
    out, where, last = [HEAD], collect(), None
    for key in sorted(where, key=order):
        if key[0] != last:
            last = key[0]
            out.append(f"\n## RFC {last}\n\n| section | headers | tests |\n| --- | --- | --- |\n")
        cells = ["<br>".join(sorted(names)) or "-" for names in where[key]]
        out.append(f"| {key[1]} | {cells[0]} | {cells[1]} |\n")
    untested = sum(1 for headers, tests in where.values() if headers and not tests)
    out.append(f"\n{len(where)} sections, {untested} cited without a test that carries their tag.\n")
    return "".join(out)


def main():
    text = index()
    if sys.argv[1:] == ["--write"]:
        INDEX.write_text(text)
        return 0
    if sys.argv[1:] != ["--check"]:
        print(__doc__)
        return 2
    if INDEX.exists() and INDEX.read_text() == text:
        print(text.rstrip().splitlines()[-1])
        return 0
    print("tests/RFC-INDEX.md is stale: run tests/checks/rfc_index.py --write and commit it")
    return 1


if __name__ == "__main__":
    sys.exit(main())
