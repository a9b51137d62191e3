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


DECLARED = re.compile(r"\b(?:class|struct|enum class)\s+(?:\[\[\w+\]\]\s+)?(\w+)\b(?!\s*;)")
ALIAS = re.compile(r"\busing\s+(\w+)\s*=\s*(\w+)")


class header:
    """The words of a header, the classes and enumerations that it defines, and its other names for some."""

    def __init__(self, path):
        text = COMMENT.sub(" ", path.read_text())
        self.words = set(re.findall(r"\w+", text))
        self.aliases = dict(ALIAS.findall(text))
        self.declared = set(DECLARED.findall(text)) | set(self.aliases)


def fault(name, code):
    """Why a name does not exist in `code`, the headers by their path below include/kerb; none if it does."""
    *scopes, last = name.split("::")
    spaces = [s for s in scopes if s in NAMESPACES]
    where = {path: h for path, h in code.items()
             if not spaces or spaces[-1] in ("kerb", "detail") or path.startswith(spaces[-1] + "/")}
    for c in (s for s in scopes if s not in NAMESPACES):
        seen = {path: h for path, h in where.items() if c in h.declared}
        # Another name of a template: `using principal = basic_principal<1024>`
        others = {h.aliases[c] for h in seen.values() if c in h.aliases}
        seen.update({path: h for path, h in code.items() if others & h.declared})
        if not seen:
            return f"no header of kerb{'/' + spaces[-1] if spaces else ''} declares {c}"
        where = seen
    if any(last in h.words for h in where.values()):
        return None
    return f"{last} is in none of {', '.join(sorted(where)) if len(where) < 5 else 'the headers'}"


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
    code = {p.relative_to(INCLUDE).as_posix(): header(p) for p in INCLUDE.rglob("*.hpp")}
    bad, seen = [], 0
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
