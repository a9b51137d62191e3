#!/usr/bin/env python3
"""Checks that each example explains itself: example_help.py PROGRAM..."""
import pathlib
import subprocess
import sys


def main():
    bad = []
    if not sys.argv[1:]:
        print("name the programs: nothing was checked")
        return 1
    for program in sys.argv[1:]:
        name = pathlib.Path(program).name
        done = subprocess.run([program, "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)
        if done.returncode or not done.stdout.startswith("usage: ") or name not in done.stdout:
            bad.append(f"{name}: --help must print a usage that names it, and end with 0; it ends with {done.returncode}")
    print("\n".join(bad) if bad else f"{len(sys.argv) - 1} examples explain themselves")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
