#!/usr/bin/env python3
"""Checks the layout of all C++ files with the pinned version of clang-format; skips where it is not installed."""
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VERSION = "14"  # Debian 12's; other versions lay out differently


def clang_format():
    for name in ("clang-format-" + VERSION, "clang-format"):
        tool = shutil.which(name)
        if tool:
            said = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
            if re.search(rf"version {VERSION}\.", said):
                return tool
    return None


def files():
    if shutil.which("git"):
        git = subprocess.run(["git", "ls-files", "*.hpp", "*.cpp"], cwd=ROOT, capture_output=True, text=True)
        if git.returncode == 0 and git.stdout:
            return [f for f in git.stdout.split("\n") if f and (ROOT / f).exists()]
    tops = ("include", "tests", "fuzz", "examples")
    return sorted(p.relative_to(ROOT).as_posix() for t in tops for e in ("*.hpp", "*.cpp") for p in (ROOT / t).rglob(e))


def main():
    tool = clang_format()
    if not tool:
        print(f"clang-format {VERSION} is not installed")
        return 77
    # Not --dry-run: version 14 reports the closing comment of `namespace kerb::inline v0` and changes nothing.
    names, wrong = files(), []
    for name in names:
        done = subprocess.run([tool, name], cwd=ROOT, capture_output=True)
        if done.returncode or done.stdout != (ROOT / name).read_bytes():
            wrong.append(name)
    if wrong:
        print(f"not laid out as .clang-format says; to put it right:\n  clang-format-{VERSION} -i " + " ".join(wrong))
        return 1
    print(f"{len(names)} files are laid out as .clang-format says")
    return 0


if __name__ == "__main__":
    sys.exit(main())
