#!/usr/bin/env python3
"""Runs security_checks.py on a toy library: what must be noticed is, and what must not pass does not."""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
EXPECTED = [  # rows, more arguments, whether it passes, what it says
    ("good.txt", [], True, ["5 checks, 5 seen to fail, 0 not noticed", "static_assert"]),
    ("good.txt", ["--only", "age"], True, ["1 checks, 1 seen to fail, 0 not noticed"]),
    ("good.txt", ["--shard", "2/2"], True, ["2 checks, 2 seen to fail, 0 not noticed"]),
    ("good.txt", ["--alone"], True, ["5 checks, 5 seen to fail, 0 not noticed", "test, alone"]),
    ("good.txt", ["--list"], True, ["5 checks, 0 mistakes"]),
    ("survives.txt", [], False, ["1 checks, 0 seen to fail, 1 not noticed"]),
    ("stale.txt", [], False, ["[gone] its `find` is not in", "[twice] its `find` is 3 times in"]),
    ("broken.txt", [], False, ["does not compile; change `put`", 'has no case "a case that does not exist"']),
]


def main():
    failed = 0
    for rows, more, passes, texts in EXPECTED:
        cmd = [sys.executable, str(HERE.parent / "security_checks.py"), "--root", str(HERE / "tree"), "--rows",
               str(HERE / rows), *more, *sys.argv[1:]]
        done = subprocess.run(cmd, capture_output=True, text=True)
        missing = [t for t in texts if t not in done.stdout]
        if missing or (done.returncode == 0) != passes:
            failed += 1
            print(f"{rows} {' '.join(more)}: exit status {done.returncode}, not said: {missing}\n{done.stdout}{done.stderr}")
    print(f"{len(EXPECTED)} runs, {failed} not as expected")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
