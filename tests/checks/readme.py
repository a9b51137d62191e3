#!/usr/bin/env python3
"""Checks the code in the documents: every ```cpp, ```meson, ```cmake and ```ini block of every Markdown file.

  readme.py            prints what is wrong
  readme.py --write    copies the recipes into their page

The line before a block says where its code is compiled:

  <!-- build: NAME -->      the block stands, word for word, in examples/NAME (with or without .cpp) or in the file NAME.
                            If there is no such file, the block must compile by itself
  <!-- recipe: NAME -->     the block is all of examples/cookbook/NAME, without its first comment, #pragma once and
                            namespace. examples/cookbook.cpp compiles and runs it
  <!-- consume: FILE -->    a block of Meson, CMake or a wrap file stands in tests/consume/FILE, which the test `consume`
                            builds
"""
import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOCUMENTS = ("*.md", "examples/**/*.md", "fuzz/**/*.md", "include/**/*.md", "tests/**/*.md")
COOKBOOK = ROOT / "examples" / "cookbook"
BLOCK = re.compile(r"^(?:<!--[ \t]*(\w+):[ \t]*(\S+)[ \t]*-->[ \t]*\n)?[ \t]*```(\S+)[ \t]*\n(.*?)^[ \t]*```", re.M | re.S)
KINDS = {"cpp": ("build", "recipe"), "c++": ("build", "recipe"), "meson": ("consume",), "cmake": ("consume",),
         "ini": ("consume",)}


def lines(text):
    return [" ".join(l.split()) for l in text.splitlines() if l.strip()]


def stands_in(block, text):
    b, t = lines(block), lines(text)
    return any(t[i:i + len(b)] == b for i in range(len(t) - len(b) + 1))


def recipe(path):
    """What the page shows of a recipe."""
    text = path.read_text()
    text = re.sub(r"\A(?://[^\n]*\n)+#pragma once\n", "", text)
    text = re.sub(r"^(?:namespace cookbook \{|\}  // namespace cookbook)\n", "", text, flags=re.M)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def compiles(code, name, compiler):
    with tempfile.TemporaryDirectory() as tmp:
        source = pathlib.Path(tmp) / (pathlib.Path(name).stem + ".cpp")
        source.write_text(code)
        cmd = [*shlex.split(compiler), "-std=c++20", "-fsyntax-only", f"-I{ROOT / 'include'}", str(source)]
        return subprocess.run(cmd, capture_output=True, text=True)


def fault(kind, name, code, compiler):
    """What is wrong with a block, or nothing."""
    if kind == "consume":
        file = ROOT / "tests" / "consume" / name
        if not file.is_file():
            return "put `<!-- consume: FILE -->` on the line before the block, with a file of tests/consume"
        return None if stands_in(code, file.read_text()) else \
            f"does not stand in tests/consume/{name} as it is: copy one to the other"
    if kind == "recipe":
        file = COOKBOOK / name
        if not file.is_file():
            return f"examples/cookbook/{name} is no file"
        return None if code == recipe(file) else \
            f"is not examples/cookbook/{name}: tests/checks/readme.py --write copies it"
    for file in (ROOT / "examples" / name, ROOT / "examples" / (name + ".cpp"), ROOT / name):
        if file.is_file():
            return None if stands_in(code, file.read_text()) else \
                f"does not stand in {file.relative_to(ROOT)} as it is: copy one to the other"
    done = compiles(code, name, compiler)
    return f"does not compile:\n{done.stderr[:1500]}" if done.returncode else None


def check(document, compiler, shown):
    """(line, fault) of each block that is wrong; then the number of blocks."""
    text, bad, seen = document.read_text(), [], 0
    for m in BLOCK.finditer(text):
        kind, name, language, code = m.groups()
        if language not in KINDS:
            continue
        seen += 1
        line = text.count("\n", 0, m.start(4))
        if kind not in KINDS[language]:
            marks = " or ".join(f"`<!-- {k}: NAME -->`" for k in KINDS[language])
            bad.append((line, f"put {marks} on the line before the block: tests/checks/readme.py explains it"))
            continue
        if kind == "recipe":
            shown.add(name)
        why = fault(kind, name, code, compiler)
        if why:
            bad.append((line, why))
    return bad, seen


def write(document):
    text = document.read_text()
    new = BLOCK.sub(lambda m: m[0][:m.start(4) - m.start()] + recipe(COOKBOOK / m[2]) + m[0][m.end(4) - m.start():]
                    if m[1] == "recipe" and (COOKBOOK / m[2]).is_file() else m[0], text)
    if new != text:
        document.write_text(new)
        print(f"{document.relative_to(ROOT)} rewritten")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--compiler", default="c++")
    args.add_argument("--write", action="store_true", help="copy the recipes into their page")
    o = args.parse_args()
    documents = sorted({d for pattern in DOCUMENTS for d in ROOT.glob(pattern)})
    if ROOT / "README.md" not in documents:
        print(f"there is no README.md in {ROOT}: nothing was checked")
        return 1
    bad, seen, shown = [], 0, set()
    for d in documents:
        if o.write:
            write(d)
        faults, n = check(d, o.compiler, shown)
        seen += n
        bad += [f"{d.relative_to(ROOT)}:{line}: {why}" for line, why in faults]
    if not seen:
        bad.append(f"{len(documents)} documents have no block of code: nothing was checked")
    bad += [f"examples/cookbook/{r.name}: examples/cookbook/README.md does not show it"
            for r in sorted(COOKBOOK.glob("*.hpp")) if r.name not in shown]
    print("\n".join(bad) if bad else f"{seen} blocks of {len(documents)} documents are code that the tests compile")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
