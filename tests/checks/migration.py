#!/usr/bin/env python3
"""Checks that each name of kerb in include/kerb/MIGRATION.md exists.

These are the texts between backquotes in the last column of each table, except paths, and those of the list under
"What is different". A name A::b must stand in a header that declares A, and a name gss::x in a header of kerb/gss.
"""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INCLUDE = ROOT / "include" / "kerb"
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)
NAMESPACES = {"kerb", "gss", "asn1", "msg", "botan", "testing", "trace", "detail"}
# Texts that are no names of kerb: octets of C's libraries and files, which the prose mentions
OTHERS = re.compile(r"[/\s.]|^(KRB5|krb5_context|HTTP)|::$")


def headers():
    """The code of each header, by its path below include/kerb."""
    return {p.relative_to(INCLUDE).as_posix(): COMMENT.sub(" ", p.read_text()) for p in INCLUDE.rglob("*.hpp")}


def has(text, word):
    return re.search(rf"\b{re.escape(word)}\b", text) is not None


def declares(text, name):
    """Whether a header defines a class or an enumeration, or gives it another name."""
    return re.search(rf"\b(?:class|struct|enum class)\s+(?:\[\[\w+\]\]\s+)?{name}\b(?!\s*;)|\busing\s+{name}\s*=", text)


def fault(name, code):
    *scopes, last = name.split("::")
    spaces = [s for s in scopes if s in NAMESPACES]
    classes = [s for s in scopes if s not in NAMESPACES]
    where = {path: text for path, text in code.items()
             if not spaces or spaces[-1] in ("kerb", "detail") or path.startswith(spaces[-1] + "/")}
    for c in classes:
        seen = {path: text for path, text in code.items() if path in where and declares(text, c)}
        # Another name of a template: `using principal = basic_principal<1024>`
        for text in list(seen.values()):
            for alias in re.findall(rf"\busing\s+{c}\s*=\s*(\w+)", text):
                seen.update({path: t for path, t in code.items() if declares(t, alias)})
        if not seen:
            return f"no header of kerb{'/' + spaces[-1] if spaces else ''} declares {c}"
        where = seen
    return None if any(has(text, last) for text in where.values()) else \
        f"{last} is in none of {', '.join(sorted(where)) if classes else 'the headers'}"


def names(text):
    """(line, name) of each name of kerb."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            section = line
        if line.startswith("|") and not re.match(r"\|[-|: ]*$", line):
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if cells[-1] == "kerb":
                continue
            quoted = re.findall(r"`([^`]+)`", cells[-1])
        elif section == "## What is different":
            quoted = re.findall(r"`([^`]+)`", line)
        else:
            continue
        yield from ((number, q) for q in quoted if not OTHERS.search(q))


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--page", type=pathlib.Path, default=INCLUDE / "MIGRATION.md")
    page = args.parse_args().page
    code, bad, seen = headers(), [], 0
    text = page.read_text()
    for line, name in names(text):
        seen += 1
        why = fault(name.removesuffix("()"), code)
        if why:
            bad.append(f"{page.name}:{line}: `{name}`: {why}")
    for path in re.findall(r"`((?:examples|include|tests)/[^`\s]+)`", text):
        if not (ROOT / path).exists():
            bad.append(f"{page.name}: {path} is no file")
    if not seen:
        bad.append(f"{page.name}: no table has a name of kerb")
    print("\n".join(bad) if bad else f"{seen} names of {page.name} exist")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
