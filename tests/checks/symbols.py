#!/usr/bin/env python3
"""Proves that the core needs no heap, clock, I/O or environment: the object of a program that uses it names none.

The undefined symbols of core_only.cpp must all be on the list below.
"""
import argparse
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MAY = re.compile(r"""
    mem(cpy|move|set|cmp|chr) | bcmp | strlen | strcmp    # compilers call these on their own
  | __stack_chk_fail | _GLOBAL_OFFSET_TABLE_
  | abort                                                 # std::get and its kin, without exceptions
""", re.X)
SANITIZERS = re.compile(r"-fsanitize|--coverage|-fprofile")


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--compiler", default="c++")
    args.add_argument("--nm", default="nm")
    o = args.parse_args()
    if not shutil.which(o.nm):
        print(f"{o.nm} is not installed")
        return 77
    with tempfile.TemporaryDirectory() as tmp:
        obj = pathlib.Path(tmp) / "core_only.o"
        flags = ["-std=c++20", "-O2", "-fno-exceptions", "-fno-rtti", f"-I{ROOT / 'include'}", f"-I{ROOT / 'tests'}"]
        compiler = [w for w in shlex.split(o.compiler) if not SANITIZERS.match(w)]
        done = subprocess.run([*compiler, *flags, "-c", str(HERE / "core_only.cpp"), "-o", str(obj)])
        if done.returncode:
            print("tests/checks/core_only.cpp does not compile: it must use each layer without Botan")
            return 1
        said, every = (subprocess.run([o.nm, *how, str(obj)], capture_output=True, text=True, check=True).stdout
                       for how in (["-u"], []))
    if not re.search(r"^\S+ T ", every, re.M):
        print("the object of tests/checks/core_only.cpp defines no function: nothing was checked")
        return 1
    symbols = [line.split()[-1].split("@")[0] for line in said.splitlines() if line.strip()]
    bad = [s for s in symbols if not MAY.fullmatch(s)]
    for s in bad:
        print(f"{s}: the core calls this; it may call no allocator, clock, I/O or environment. Find the header that "
              "brings it in (c++filt helps), and take the value from the caller instead")
    if not bad:
        print("the core needs " + (", ".join(symbols) or "nothing") + " and nothing else")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
