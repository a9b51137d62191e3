#!/usr/bin/env python3
"""Checks that the wrong thing does not compile, and says why.

Each file of tests/static/must_not_compile begins with `// expect: REGEX`. It must fail to compile with a message that
the expression matches; with -DKERB_FIXED, which takes the mistake out, it must compile. With `// clang: FLAGS` on the
second line it is for clang only, with these flags; with `// wrong: FLAGS` the mistake is in these flags.
"""
import argparse
import concurrent.futures
import functools
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "tests" / "static" / "must_not_compile"


def compile_one(compiler, path, *more):
    flags = ["-std=c++20", "-fsyntax-only", f"-I{ROOT / 'include'}", f"-I{ROOT / 'tests'}", *more]
    env = dict(os.environ, LC_ALL="C")
    return subprocess.run([*compiler, *flags, str(path)], capture_output=True, text=True, env=env)


@functools.cache
def clang():
    """The newest clang that is installed and supported, or None."""
    found = [c for c in [f"clang++-{n}" for n in range(30, 15, -1)] + ["clang++"] if shutil.which(c)]
    said = found and subprocess.run([found[0], "-dumpversion"], capture_output=True, text=True).stdout
    return found[0] if found and int(said.split(".")[0]) >= 16 else None


def flags_of(path, name):
    m = re.search(rf"^// {name}: (.+)", path.read_text(), re.M)
    return m[1].split() if m else []


def check(compiler, path):
    m = re.match(r"// expect: (.+)", path.read_text())
    if not m:
        return "begin the file with `// expect: REGEX`, the message that the compiler must give"
    if flags := flags_of(path, "clang"):
        compiler = [clang(), *flags]
    wrong = compile_one(compiler, path, *flags_of(path, "wrong"))
    if wrong.returncode == 0:
        return "compiles, and must not: the mistake it shows is possible again"
    if not re.search(m[1].strip(), wrong.stderr):
        return f"fails for another reason than /{m[1].strip()}/:\n{wrong.stderr[:1500]}"
    fixed = compile_one(compiler, path, "-DKERB_FIXED")
    if fixed.returncode:
        return f"must compile with -DKERB_FIXED, which takes the mistake out:\n{fixed.stderr[:1500]}"
    return None


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--compiler", default="c++")
    args.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args.add_argument("files", nargs="*", type=pathlib.Path)
    o = args.parse_args()
    files = o.files or sorted(FOLDER.glob("*.cpp"))
    if not files:
        print(f"{FOLDER} has no file: nothing was checked")
        return 1
    for_clang = [p for p in files if flags_of(p, "clang")]
    if for_clang and not clang():
        print(f"not tested: {len(for_clang)} mistakes that only clang notices: there is no clang 16 or newer")
        files = [p for p in files if p not in for_clang]
        if not files:
            return 77
    with concurrent.futures.ThreadPoolExecutor(o.jobs) as pool:
        said = list(pool.map(lambda p: check(shlex.split(o.compiler), p), files))
    bad = [f"{p.name}: {m}" for p, m in zip(files, said) if m]
    print("\n".join(bad) if bad else f"{len(files)} mistakes do not compile, and say why")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
