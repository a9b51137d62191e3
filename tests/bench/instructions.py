#!/usr/bin/env python3
"""Counts the instructions of benchmarks with valgrind: a second opinion that does not depend on what else a machine does.

  instructions.py [--json OUT] BENCH FILTER

BENCH is the program, FILTER a regular expression for the names of benchmarks. Each runs alone in a process, which takes
some seconds. report.py --instructions makes tables of OUT.

valgrind has no SHA instructions (3.19), so that Botan and OpenSSL hash in another way than they do in earnest: what is
counted is right for everything but hashes, and too high for those.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROUNDS = 200  # enough for what is around the loop to disappear


def names(bench, wanted):
    said = subprocess.run([bench, f"--rounds={ROUNDS}", "--benchmark_list_tests", f"--benchmark_filter={wanted}"],
                          check=True, capture_output=True, text=True).stdout
    # What asks for thousands of rounds would take minutes
    return [n for n in said.split() if int(re.search(r"/iterations:(\d+)$", n)[1]) == ROUNDS]


def count(bench, name, tmp):
    """Instructions of one operation: of a run's loop alone, which `loop` is."""
    out = tmp / "callgrind"
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--toggle-collect=*kerb_bench::loop<*", f"--callgrind-out-file={out}", bench,
         f"--rounds={ROUNDS}", f"--benchmark_filter=^{name}$"], capture_output=True, text=True)
    collected = re.search(r"Collected : (\d+)", run.stderr)
    iterations = re.search(rf"^{re.escape(name)}\s+\S+ \S+\s+\S+ \S+\s+(\d+)", run.stdout, re.M)
    if run.returncode or not collected or not iterations:
        sys.exit(f"{name}: cannot be counted\n{run.stdout}{run.stderr[-2000:]}")
    return int(collected[1]) / int(iterations[1]), int(iterations[1])


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("bench")
    args.add_argument("filter")
    args.add_argument("--json", default="instructions.json")
    o = args.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as tmp:
        for name in names(o.bench, o.filter):
            n, iterations = count(o.bench, name, pathlib.Path(tmp))
            print(f"{name:50} {n:12.0f}", flush=True)
            found.append({"name": name, "run_type": "iteration", "iterations": iterations, "cpu_time": n,
                          "time_unit": "instructions"})
    pathlib.Path(o.json).write_text(json.dumps({"benchmarks": found}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
