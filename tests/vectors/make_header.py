#!/usr/bin/env python3
"""make_header.py OUTPUT INPUT...: turns files of test vectors into one C++ header of constexpr arrays.

A .vec file begins with a comment that cites the source. Records are separated by blank lines and are made of
`key = value` lines, the first of which says the record's kind. Records of one kind have the same keys in all files.
The header holds, for each kind K, a struct `K_vector` and an array `K_vectors`. Values are hexadecimal octets, except
for the keys in INTEGERS and TEXTS. A text may stand in double quotes, to be empty or to begin or end with a blank.
"""
import re
import sys

INTEGERS = {"etype", "etype2", "etype3", "cksumtype", "usage", "iterations", "derived", "initiator_addrtype",
            "acceptor_addrtype", "code", "is_policy", "min_length", "history", "properties", "max_age", "min_age"}
TEXTS = {"name", "hash_name", "contents", "client", "server", "realms", "added", "result", "layout", "shown"}


def fail(path, line, what):
    sys.exit(f"{path}:{line}: {what}")


def records(path):
    """(line, {key: value}) of each record in a file."""
    with open(path, encoding="ascii") as file:
        lines = file.read().split("\n")
    if not lines[0].startswith("# "):
        fail(path, 1, "the first line must be a comment that cites the source of the vectors")
    record, first = {}, 0
    for n, line in enumerate(lines[1:] + [""], 2):
        if line.startswith("#"):
            continue
        if not line.strip():
            if record:
                yield first, record
            record = {}
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not re.fullmatch(r"[a-z][a-z0-9_]*", key):
            fail(path, n, "this is not a `key = value` line")
        if key in record:
            fail(path, n, f"`{key}` stands twice in this record")
        if not record:
            first = n
        record[key] = value


def value_of(path, line, key, value):
    if key in INTEGERS:
        if not re.fullmatch(r"-?[0-9]+", value):
            fail(path, line, f"`{key}` must be a number")
        return value
    if key in TEXTS:
        quoted = len(value) > 1 and value[0] == value[-1] == '"'
        text = value[1:-1] if quoted else value
        if not re.fullmatch(r"[ -!#-\[\]-~]*", text) or not (text or quoted):
            fail(path, line, f"`{key}` must be text without quotes and backslashes")
        return f'"{text}"'
    if not re.fullmatch(r"([0-9a-fA-F]{2})*", value):
        fail(path, line, f"`{key}` must be octets in hexadecimal")
    return bytes.fromhex(value)


def header(paths):
    kinds = {}
    for path in paths:
        for line, record in records(path):
            kind = record.pop("kind", None)
            if kind is None:
                fail(path, line, "the record does not say its kind")
            keys, rows = kinds.setdefault(kind, (list(record), []))
            if list(record) != keys:
                fail(path, line, f"records of kind `{kind}` have the keys {', '.join(keys)}, in this order")
            rows.append([value_of(path, line, k, v) for k, v in record.items()])

    yield "// Made by make_header.py: not to be edited."
    yield "#pragma once"
    yield "#include <array>\n#include <cstdint>\n#include <string_view>\n"
    yield '#include "kerb/core/bytes.hpp"\n'
    yield "namespace kerb_test {"
    for kind, (keys, rows) in kinds.items():
        octets = [i for i, k in enumerate(keys) if k not in INTEGERS | TEXTS]
        yield f"\nstruct {kind}_vector {{"
        for key in keys:
            type_ = "std::int64_t" if key in INTEGERS else "std::string_view" if key in TEXTS else "kerb::bytes_view"
            yield f"  {type_} {key};"
        yield "};"
        for n, row in enumerate(rows):
            for i in octets:
                if row[i]:
                    data = ", ".join(f"0x{b:02x}" for b in row[i])
                    yield f"inline constexpr std::uint8_t {kind}_{n}_{keys[i]}[]{{{data}}};"
        yield f"inline constexpr std::array<{kind}_vector, {len(rows)}> {kind}_vectors{{{{"
        for n, row in enumerate(rows):
            cells = [("{}" if not v else f"{kind}_{n}_{keys[i]}") if i in octets else v for i, v in enumerate(row)]
            yield "    {" + ", ".join(cells) + "},"
        yield "}};"
    yield "\n}  // namespace kerb_test"


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    text = "\n".join(header(sys.argv[2:])) + "\n"
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write(text)
