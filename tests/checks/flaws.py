#!/usr/bin/env python3
"""Checks the table of published flaws in SECURITY.md.

Each row of a table under "## Published flaws" ends with the tests of its flaws: a file in backquotes, a colon, and the
names of cases of that file in quotes. Each case must exist, and a case in tests/security must be in a row with each of
the numbers in its own name.
"""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CASE = re.compile(r"^(?:KERB_\w+|\w*TEST_CASE)\s*\(\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+)", re.M)
TEST = re.compile(r"`(tests/[^`]+)`: ((?:\"[^\"]+\"(?:, )?)+)")
NUMBER = re.compile(r"\b(?:CVE|GHSL)-\d{4}-\d+|\bMITKRB5-SA-\d{4}-\d+|\b[0-9a-f]{10}\b|\b[\w/.-]+#\d+")


def cases(path):
    return {"".join(re.findall(r'"((?:[^"\\]|\\.)*)"', m)) for m in CASE.findall(path.read_text())}


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--table", type=pathlib.Path, default=ROOT / "SECURITY.md")
    table = args.parse_args().table
    text = table.read_text()
    head = text.find("\n## Published flaws\n")
    if head < 0:
        print(f"{table.name}: there is no section `## Published flaws`")
        return 1
    section = text[head + 1:]
    section = section[:section.find("\n## ", 1)] if "\n## " in section[1:] else section
    bad, rows, named = [], 0, {}
    for n, line in enumerate(section.splitlines(), text.count("\n", 0, head + 1) + 1):
        cells = [c.strip() for c in line.strip().strip("|").split(" | ")]
        if not line.startswith("| ") or cells[0] in ("flaw", "---"):
            continue
        rows += 1
        at = f"{table.name}:{n}"
        numbers, tests = NUMBER.findall(cells[0]), TEST.findall(cells[-1])
        if len(cells) != 3 or not numbers or not tests or TEST.sub("", cells[-1]).strip("; "):
            bad.append(f"{at}: a row is `| numbers (programs) | what went wrong | `file`: \"case\", ...; ... |`")
            continue
        for file, names in tests:
            path = ROOT / file
            if not path.is_file():
                bad.append(f"{at}: there is no {file}")
                continue
            for name in re.findall(r'"([^"]+)"', names):
                if name not in cases(path):
                    bad.append(f'{at}: {file} has no case "{name}": it was renamed or removed')
                named.setdefault((file, name), set()).update(numbers)
    for path in sorted((ROOT / "tests" / "security").glob("*_test.cpp")):
        file = path.relative_to(ROOT).as_posix()
        for name in sorted(cases(path)):
            for number in NUMBER.findall(name.split(": ")[0]):
                if number not in named.get((file, name), ()):
                    bad.append(f'{file}: "{name}" is in no row of {table.name} for {number}')
    print("\n".join(bad) if bad else f"{rows} rows of {table.name}: every test is there")
    return bool(bad) or not rows


if __name__ == "__main__":
    sys.exit(main())
