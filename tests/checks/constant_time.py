#!/usr/bin/env python3
"""Runs constant_time under valgrind: no branch and no address of the library may depend on a secret.

What is allowed to depend on one is the outcome of ct_equal: lines that call it, and lines that ask whether an operation
ended with errc::ok. What a cryptographic library does inside is counted and left to it. A program that does what must
not be done is run as well, and has to be noticed.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

DECISION = re.compile(r"\bct_equal\(|!= errc::ok\b")
LIBRARY = re.compile(r"/lib(crypto|botan)[-\d.]*\.so")
REPLACED = re.compile(r"/vgpreload_|/libc\.so|/libc-")  # memcmp and its kin: whoever called them is meant


def errors(valgrind, program, *arguments):
    """(what, frames from the innermost) for each error; None for a program that cannot be run so."""
    with tempfile.TemporaryDirectory() as tmp:
        out = pathlib.Path(tmp) / "errors.xml"
        done = subprocess.run([valgrind, "--xml=yes", f"--xml-file={out}", "--error-limit=no", "--read-inline-info=yes",
                               program, *arguments], capture_output=True, text=True)
        if done.returncode:
            print(done.stdout + done.stderr + f"{program}: exit status {done.returncode}")
            return None
        found = []
        for e in xml.parse(out).getroot().iter("error"):
            if "Uninit" in e.findtext("kind", ""):
                found.append((e.findtext("what", ""), e.find("stack").findall("frame")))
        return found


def where(frame):
    name = frame.findtext("file")
    if not name:
        return frame.findtext("obj", "?"), frame.findtext("fn", "?")
    path = pathlib.Path(frame.findtext("dir", ""), name)
    line = int(frame.findtext("line", "0"))
    text = path.read_text().splitlines()[line - 1].strip() if path.is_file() and line else ""
    return f"{path}:{line}", text


def judge(found):
    """(how many lie in a cryptographic library, how many are decisions, messages about the others)"""
    library, decisions, bad = 0, 0, []
    for what, frames in found:
        caller = next((f for f in frames if not REPLACED.search(f.findtext("obj", ""))), frames[0])
        at, text = where(frames[0])
        if LIBRARY.search(caller.findtext("obj", "")):
            library += 1
        elif DECISION.search(text):
            decisions += 1
        else:
            stack = "".join(f"\n    {' '.join(where(f))}" for f in frames[1:4])
            bad.append(f"{at}: {what}: {text}{stack}")
    return library, decisions, bad


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("program", nargs="?", help="constant_time.cpp, built; none where it cannot be")
    o = args.parse_args()
    valgrind = shutil.which("valgrind")
    if valgrind is None or o.program is None:
        print("valgrind or its headers are not installed, or the build is instrumented")
        return 77
    leak, run = errors(valgrind, o.program, "leak"), errors(valgrind, o.program)
    if leak is None or run is None:
        return 1
    library, decisions, bad = judge(run)
    for b in bad:
        print(b + "\n  ^ it depends on a secret: compare with ct_equal, and branch on lengths and numbers alone")
    noticed = len(judge(leak)[2])
    if noticed < 2:
        print(f"a program that compares secrets in two wrong ways was noticed {noticed} times")
    if decisions == 0:
        print("no comparison was reached")
    print(f"{decisions} decisions of ct_equal, {library} places in cryptographic libraries, {len(bad)} others")
    return bool(bad) or noticed < 2 or decisions == 0


if __name__ == "__main__":
    sys.exit(main())
