#!/usr/bin/env python3
"""Checks the code in README.md.

A ```cpp block is preceded by `<!-- build: NAME -->`. Where examples/NAME exists (with or without .cpp), the block must
stand in it, word for word; else the block must compile by itself. A block of Meson, CMake or a wrap file is preceded by
`<!-- consume: FILE -->` and must stand in tests/consume/FILE, which the test `consume` builds.
"""
import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^(?:<!--\s*build:\s*(\S+)\s*-->\s*\n)?[ \t]*```(?:cpp|c\+\+)[ \t]*\n(.*?)^[ \t]*```", re.M | re.S)
CONSUMED = re.compile(r"^(?:<!--\s*consume:\s*(\S+)\s*-->\s*\n)?[ \t]*```(?:meson|cmake|ini)[ \t]*\n(.*?)^[ \t]*```",
                      re.M | re.S)


def lines(text):
    return [" ".join(l.split()) for l in text.splitlines() if l.strip()]


def stands_in(block, text):
    b, t = lines(block), lines(text)
    return any(t[i:i + len(b)] == b for i in range(len(t) - len(b) + 1))


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--compiler", default="c++")
    args.add_argument("--readme", type=pathlib.Path, default=ROOT / "README.md")
    o = args.parse_args()
    if not o.readme.exists():
        print("there is no README.md")
        return 77
    text, bad, seen = o.readme.read_text(), [], 0
    for m in BLOCK.finditer(text):
        at = f"README.md:{text.count(chr(10), 0, m.start(2))}"
        name, seen = m[1], seen + 1
        if not name:
            bad.append(f"{at}: put `<!-- build: NAME -->` on the line before the block, with the name of the example it is from")
            continue
        for example in (ROOT / "examples" / name, ROOT / "examples" / (name + ".cpp")):
            if example.is_file():
                if not stands_in(m[2], example.read_text()):
                    bad.append(f"{at}: does not stand in examples/{example.name} as it is: copy one to the other")
                break
        else:
            with tempfile.TemporaryDirectory() as tmp:
                source = pathlib.Path(tmp) / (pathlib.Path(name).stem + ".cpp")
                source.write_text(m[2])
                cmd = [*shlex.split(o.compiler), "-std=c++20", "-fsyntax-only", f"-I{ROOT / 'include'}", str(source)]
                done = subprocess.run(cmd, capture_output=True, text=True)
                if done.returncode:
                    bad.append(f"{at}: does not compile:\n{done.stderr[:1500]}")
    for m in CONSUMED.finditer(text):
        at = f"README.md:{text.count(chr(10), 0, m.start(2))}"
        file, seen = ROOT / "tests" / "consume" / (m[1] or ""), seen + 1
        if not m[1] or not file.is_file():
            bad.append(f"{at}: put `<!-- consume: FILE -->` on the line before the block, with a file of tests/consume")
        elif not stands_in(m[2], file.read_text()):
            bad.append(f"{at}: does not stand in tests/consume/{m[1]} as it is: copy one to the other")
    print("\n".join(bad) if bad else f"{seen} blocks of README.md are what the examples and tests/consume do")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
