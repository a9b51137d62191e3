#!/usr/bin/env python3
"""Writes the reference of the headers with Doxygen (include/Doxyfile). A warning of Doxygen is a failure.

  reference.py                  only looks for warnings; skips without Doxygen
  reference.py --output DIR     keeps the pages, in DIR/html: `meson compile -C build docs`
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def version():
    number = int(re.search(r"^#define KERB_VERSION (\d+)$", (ROOT / "include/kerb/core/config.hpp").read_text(), re.M)[1])
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def write(directory):
    """The warnings."""
    directory.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ, KERB_VERSION=version(), KERB_DOCS=str(directory))
    done = subprocess.run(["doxygen", "include/Doxyfile"], cwd=ROOT, env=env, capture_output=True, text=True)
    said = (done.stdout + done.stderr).strip()
    return said or (f"doxygen has ended with {done.returncode}" if done.returncode else "")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--output", type=pathlib.Path)
    o = args.parse_args()
    if shutil.which("doxygen") is None:
        print("skipped: needs the package doxygen")
        return 1 if o.output else 77
    if o.output:
        said = write(o.output.resolve())
        print(said or f"the reference is in {o.output.resolve() / 'html' / 'index.html'}")
        return bool(said)
    with tempfile.TemporaryDirectory() as directory:
        said = write(pathlib.Path(directory))
    print(said or "Doxygen has no warning")
    return bool(said)


if __name__ == "__main__":
    sys.exit(main())
