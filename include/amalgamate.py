#!/usr/bin/env python3
"""Writes kerb as one header: include/amalgamate.py [-o kerb.hpp] [HEADER...]

HEADER is one of include/, such as kerb/client.hpp; the default is kerb/kerb.hpp, which has everything but cryptography.
Name the adapter of your cryptographic library too: `include/amalgamate.py -o kerb.hpp kerb/botan.hpp`. A program
includes the result, and no header of include/ beside it.
"""
import argparse
import pathlib
import re
import sys

INCLUDE = pathlib.Path(__file__).resolve().parent
DIRECTIVE = re.compile(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
CONDITION = re.compile(r"\s*#\s*(if|endif)")


def version():
    text = (INCLUDE / "kerb" / "core" / "config.hpp").read_text()
    n = int(re.search(r"#define KERB_VERSION (\d+)", text)[1])
    return f"{n // 10000}.{n // 100 % 100}.{n % 100}"


def expand(path, seen, out):
    """Appends the lines of a header to `out`, with those of its own headers in their place."""
    if path in seen:
        return
    seen.add(path)
    depth = 0
    for line in path.read_text().splitlines():
        condition, include = CONDITION.match(line), DIRECTIVE.match(line)
        if condition:
            depth += 1 if condition[1] == "if" else -1
        if line.strip() == "#pragma once":
            continue
        if include and include[1]:
            if depth:
                sys.exit(f"{path}: includes \"{include[1]}\" under a condition, which one header cannot")
            expand((path.parent / include[1]).resolve(), seen, out)
        elif include and not depth:
            if include[2] not in seen:
                seen.add(include[2])
                out.append(line)
        else:
            out.append(line)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("-o", "--output", type=pathlib.Path, help="default: standard output")
    args.add_argument("headers", nargs="*", default=["kerb/kerb.hpp"])
    o = args.parse_args()
    body, seen = [], set()
    for header in o.headers:
        path = (INCLUDE / header).resolve()
        if not path.is_file():
            args.error(f"there is no {header} in {INCLUDE}")
        expand(path, seen, body)
    text = "\n".join([f"// kerb {version()}, made by include/amalgamate.py of {' '.join(o.headers)}.",
                      "// SPDX-License-Identifier: Apache-2.0", "#pragma once", *body, ""])
    if o.output:
        o.output.write_text(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
