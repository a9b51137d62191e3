#!/usr/bin/env python3
"""What a run of `meson test` left out and why, what took longest, and what failed: summary.py BUILD_DIRECTORY"""
import json
import pathlib
import re
import sys


def reasons(test):
    """What a test says that it left out."""
    lines = [line.strip() for line in (test.get("stdout", "") + test.get("stderr", "")).splitlines() if line.strip()]
    said = [line.removeprefix("skipped:").removeprefix("not tested:").strip() for line in lines
            if line.startswith(("skipped:", "not tested:")) or line.endswith("nothing is tested")]
    if not said and test["result"] == "SKIP":
        said = lines[-1:] or ["it does not say why"]
    return list(dict.fromkeys(said))


def main():
    logs = pathlib.Path(sys.argv[1], "meson-logs")
    log = logs / "testlog.json"
    tests = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    count = {"OK": 0, "EXPECTEDFAIL": 0, "SKIP": 0}
    for test in tests:
        count[test["result"]] = count.get(test["result"], 0) + 1
    passed, skipped = count["OK"] + count["EXPECTEDFAIL"], count["SKIP"]
    slowest = sorted(tests, key=lambda t: -t["duration"])[:5]
    if slowest:
        print("took longest: " + ", ".join(f"{t['name'].split(' / ')[-1]} {t['duration']:.0f} s" for t in slowest))
    configured = (logs / "meson-log.txt").read_text(errors="replace")
    for line in dict.fromkeys(re.findall(r"^.*?\bMessage: (.*)$", configured, re.M)):
        print("left out: " + line)
    for test in tests:
        for why in reasons(test):
            print(f"left out: {test['name'].split(' / ')[-1]}: {why}")
    for test in tests:
        if test["result"] not in ("OK", "EXPECTEDFAIL", "SKIP"):
            print(f"failed: {test['name'].split(' / ')[-1]} ({test['result'].lower()})")
    print(f"{passed} tests passed, {len(tests) - passed - skipped} failed, {skipped} skipped")


main()
