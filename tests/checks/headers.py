#!/usr/bin/env python3
"""Checks what every header and every list of files must be.

  headers.py         prints what is wrong
  headers.py --fix   completes and sorts the lists in the meson.build files, and drops from untested.txt what has a
                     test now; the rest has to be put right by hand
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
KERB = ROOT / "include" / "kerb"
UNTESTED = ROOT / "tests" / "checks" / "untested.txt"
BANNED = "chrono random iostream string vector memory functional mutex ranges".split()
ALLOWED = {"crypto/botan.hpp": ["memory"], "crypto/openssl.hpp": ["memory"]}

FIX = "tests/checks/headers.py --fix adds it"


# --- lists ---------------------------------------------------------------------------------------------------------

def on_disk(folder, pattern, but=(), strip="", base=None):
    base = ROOT / (base or folder)
    found = {p.relative_to(base).as_posix().removesuffix(strip) for p in (ROOT / folder).rglob(pattern)}
    return {f for f in found if f not in but}


def backend(header, name):
    """Whether a header is crypto/NAME or includes it itself."""
    text = (ROOT / "include" / header).read_text()
    return header == "kerb/crypto/" + name or bool(re.search(rf'#\s*include\s*"(?:[./]*crypto/)?{name}"', text))


def lists():
    """(meson file, list, what should be in it)"""
    headers = on_disk("include", "*.hpp")
    botan = {h for h in headers if backend(h, "botan.hpp")}
    ffi = {h for h in headers if backend(h, "botan_ffi.hpp")} - botan
    openssl = {h for h in headers if backend(h, "openssl.hpp") or backend(h, "openssl_provider.hpp")}
    yield "include/meson.build", "public_headers", headers - botan - ffi - openssl
    yield "include/meson.build", "botan_headers", botan
    yield "include/meson.build", "botan_ffi_headers", ffi
    yield "include/meson.build", "openssl_headers", openssl
    for kind in ("unit", "exchange", "security"):
        yield "tests/meson.build", kind + "_tests", on_disk("tests/" + kind, "*_test.cpp", base="tests")
    static = {f for f in on_disk("tests/static", "*.cpp", base="tests") if "/must_not_compile/" not in f}
    yield "tests/meson.build", "static_tests", static
    yield "tests/meson.build", "vector_files", on_disk("tests/vectors", "*.vec", base="tests")
    yield "fuzz/meson.build", "fuzz_targets", on_disk("fuzz", "*.cpp", but=("replay_main",), strip=".cpp")
    yield "examples/meson.build", "examples", on_disk("examples", "*.cpp", strip=".cpp")


def read_list(text, name):
    m = re.search(rf"^{name} = \[\n((?:.*\n)*?)\]", text, re.M)
    return m and (m, re.findall(r"^\s*'([^']+)',", m[1], re.M))


def check_lists(fix):
    for file, name, wanted in lists():
        path = ROOT / file
        text = path.read_text()
        found = read_list(text, name)
        if not found:
            yield f"{file}: no list `{name} = [` with one quoted entry a line"
            continue
        m, has = found
        if fix and has != sorted(wanted):
            path.write_text(text[:m.start(1)] + "".join(f"  '{w}',\n" for w in sorted(wanted)) + text[m.end(1):])
            print(f"{file}: {name} rewritten")
            continue
        for w in sorted(wanted - set(has)):
            yield f"{file}: '{w}' is missing from {name}; {FIX}"
        for w in sorted(set(has) - wanted):
            yield f"{file}: '{w}' in {name} is no file, or in the wrong list; tests/checks/headers.py --fix removes it"
        for w in sorted({w for w in has if has.count(w) > 1}):
            yield f"{file}: '{w}' stands twice in {name}; tests/checks/headers.py --fix removes one"


# --- headers -------------------------------------------------------------------------------------------------------

RAW = re.compile(r'R"([^\s()\\]{0,16})\(.*?\)\1"', re.S)
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\[^\n])*", re.M)
NAMESPACE = re.compile(r"(?:inline\s+)?namespace\b[\w\s:\[\]\"().,]*$|\bextern\s*$")


def blanked(text):
    """The text without comments, literals and directives; line ends stay where they are."""
    for pattern in (RAW, NOISE, DIRECTIVE):
        text = pattern.sub(lambda m: " " + "\n" * m[0].count("\n"), text)
    return text


def namespace_scope(text):
    """(line, statement) for each piece of code that stands directly in a namespace."""
    depth, line, start, piece = [], 1, 1, ""
    for c in text:
        line += c == "\n"
        inside = not all(depth)
        if c in "{};":
            if not inside and piece.strip():
                yield start, " ".join(piece.split()) + (" {" if c == "{" else "")
            if c == "{":
                depth.append(bool(not inside and NAMESPACE.search(piece.strip())))
            elif c == "}" and depth:
                depth.pop()
            piece = ""
        else:
            if not piece.strip():
                start = line
            piece += c


def check_header(path):
    name, text = path.relative_to(KERB).as_posix(), path.read_text()
    lines = text.splitlines()
    if not lines or not re.match(r"// \S.{8,}", lines[0]):
        yield 1, "begin the file with one line, `// ...`, that says what is here"
    if next((l for l in lines if l.strip() and not l.startswith("//")), "") != "#pragma once":
        yield 1, "put `#pragma once` below the comment that opens the file"
    for n, line in enumerate(lines, 1):
        m = re.match(r"\s*#\s*include\s*<(\w+)>", line)
        if m and m[1] in BANNED and m[1] not in ALLOWED.get(name, []):
            yield n, f"<{m[1]}> is banned: it brings the heap, a clock or I/O within reach, and costs every user time"
    for n, piece in namespace_scope(blanked(text)):
        if re.search(r"\busing\s+namespace\b", piece):
            yield n, "`using namespace` in a header changes every file that includes it: name what you use"
        if re.match(r"(inline\s+)?namespace \{", piece):
            yield n, "an anonymous namespace in a header makes a copy for each file: use `namespace detail`"
        if re.search(r"\bstatic\b", piece.split("{")[0].split("(")[0]):
            yield n, "`static` at namespace scope makes a copy for each file: use `inline` or `inline constexpr`"


def tests_of(path):
    """Where the test of a header may stand; none is asked for the headers of include/kerb itself."""
    p = path.relative_to(KERB)
    if len(p.parts) == 1:
        return []
    stem = p.with_name(p.stem + "_test.cpp")
    return [ROOT / "tests" / "unit" / stem, ROOT / "tests" / stem]


def check_tested(headers, fix):
    tolerated = [l.split("#")[0].strip() for l in UNTESTED.read_text().splitlines()]
    tolerated = [l for l in tolerated if l]
    missing = {h.relative_to(KERB).as_posix() for h in headers if tests_of(h) and not any(t.exists() for t in tests_of(h))}
    for h in sorted(missing - set(tolerated)):
        yield f"include/kerb/{h}: write tests/unit/{h.removesuffix('.hpp')}_test.cpp; every header has a test of its own"
    done = [h for h in tolerated if h not in missing]
    if done and fix:
        kept = [l for l in UNTESTED.read_text().splitlines() if l.split("#")[0].strip() not in done]
        UNTESTED.write_text("".join(l + "\n" for l in kept))
        print("tests/checks/untested.txt: " + ", ".join(done) + " removed")
    elif done:
        for h in done:
            yield f"tests/checks/untested.txt: {h} has a test now, or is gone: take the line out (or run headers.py --fix)"


def main():
    fix = "--fix" in sys.argv[1:]
    headers = sorted(KERB.rglob("*.hpp"))
    bad = list(check_lists(fix))
    for h in headers:
        bad += [f"{h.relative_to(ROOT)}:{n}: {m}" for n, m in check_header(h)]
    bad += check_tested(headers, fix)
    print("\n".join(bad) if bad else f"{len(headers)} headers are as they should be")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
