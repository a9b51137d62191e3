#!/usr/bin/env python3
"""Takes one security check at a time out of a copy of the library, and demands that a test notices.

  security_checks.py                     all rows of security_checks.txt
  security_checks.py --only as-nonce     one row (may be repeated; shell patterns work)
  security_checks.py --shard 1/4         the first quarter
  security_checks.py --seconds 600       begin no row after ten minutes
  security_checks.py --list              only check that every row applies
"""
import argparse
import concurrent.futures
import dataclasses
import fnmatch
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ASSERTION = re.compile(r"static[ _]assert(ion)?( expression)? (failed|is not an integral)|"
                       r"non-constant condition for static assertion")
RUN_SECONDS = 120  # a mutation may make a test loop


@dataclasses.dataclass
class Row:
    id: str
    at: str
    file: str = ""
    cite: str = ""
    find: list = dataclasses.field(default_factory=list)
    put: list = dataclasses.field(default_factory=list)
    needs: str = ""
    tests: list = dataclasses.field(default_factory=list)  # (file, which cases)


def read_rows(path):
    rows, errors, seen = [], [], set()
    for n, line in enumerate(path.read_text().splitlines(), 1):
        line, at = line.strip(), f"{path.name}:{n}"
        if not line or line.startswith("#"):
            continue
        if m := re.fullmatch(r"\[([\w.-]+)\]", line):
            if m[1] in seen:
                errors.append(f"{at}: the id {m[1]} stands twice: ids are unique")
            seen.add(m[1])
            rows.append(Row(m[1], at))
            continue
        word, _, text = line.partition(" ")
        text = text.strip()
        if not rows:
            errors.append(f"{at}: begin a check with a line [id]")
        elif word in ("file", "cite", "needs"):
            setattr(rows[-1], word, text)
        elif word in ("find", "put"):
            getattr(rows[-1], word).append(text)
        elif word == "test":
            m = re.fullmatch(r'(\S+)(?:\s+"(.*)")?', text)
            if m:
                rows[-1].tests.append((m[1], m[2] or ""))
            else:
                errors.append(f'{at}: write: test FILE "which cases"')
        else:
            errors.append(f"{at}: '{word}' is none of file, find, put, cite, needs, test")
    for r in rows:
        for word, value in (("file", r.file), ("find", r.find), ("cite", r.cite), ("test", r.tests)):
            if not value:
                errors.append(f"{r.at}: [{r.id}] has no `{word}` line")
    return rows, errors


def mutate(text, row):
    """The text with the row's lines replaced, or an error."""
    lines = text.splitlines()
    size = len(row.find)
    hits = [i for i in range(len(lines) - size + 1) if [l.strip() for l in lines[i:i + size]] == row.find]
    if len(hits) == 1:
        i = hits[0]
        indent = lines[i][:len(lines[i]) - len(lines[i].lstrip())]
        return "\n".join(lines[:i] + [indent + p for p in row.put] + lines[i + size:]) + "\n", None
    if not hits and size == 1 and (count := text.count(row.find[0])) == 1:
        return text.replace(row.find[0], " ".join(row.put)), None
    count = len(hits) or (text.count(row.find[0]) if size == 1 else 0)
    if count == 0:
        return None, f"its `find` is not in {row.file}: the code has changed, change the row with it"
    return None, f"its `find` is {count} times in {row.file}: add a neighbouring line to tell which"


def there(package):
    """Whether pkg-config knows a package."""
    return subprocess.run(["pkg-config", "--exists", package]).returncode == 0


class Bench:
    """Compiles and runs test files against one copy of include/."""

    def __init__(self, root, work, compiler):
        self.root, self.work, self.compiler = root, work, compiler
        self.base = work / "base"
        for folder in ("include", "tests"):
            shutil.copytree(root / folder, self.base / folder, ignore=shutil.ignore_patterns("__pycache__", "meson.build"))
        self.flags = ["-std=c++20", "-O0", "-g0", "-w"]
        self.libs = []
        for name in ("botan-3", "botan-2", "catch2-with-main"):
            if name == "botan-2" and self.libs:
                continue
            c, l = (subprocess.run(["pkg-config", o, name], capture_output=True, text=True) for o in ("--cflags", "--libs"))
            if c.returncode == 0:
                self.flags += shlex.split(c.stdout)
                self.libs += shlex.split(l.stdout)
        if there("libcrypto >= 3.0"):
            self.flags.append("-DKERB_TEST_OPENSSL")
            self.libs.append("-lcrypto")
        self.constexpr = [f for f in ("-fconstexpr-steps=1000000000", "-fconstexpr-ops-limit=1000000000",
                                      "-fconstexpr-loop-limit=10000000") if self.accepts(f)]
        self.lock, self.steady = threading.Lock(), {}

    def accepts(self, flag):
        cmd = [*self.compiler, "-Werror", flag, "-x", "c++", "-fsyntax-only", os.devnull]
        return subprocess.run(cmd, capture_output=True).returncode == 0

    def command(self, include, *rest):
        tests = self.base / "tests"
        return [*self.compiler, *self.flags, f"-I{include}", f"-I{tests}", *map(str, rest)]

    def run(self, cmd):
        return subprocess.run(cmd, capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"))

    def prepare(self):
        """What all rows share: the main function, Catch's header compiled once, the vectors. An error, or None."""
        tests = self.base / "tests"
        maker, data = tests / "vectors" / "make_header.py", sorted((tests / "vectors").glob("*.vec"))
        if maker.exists() and data:
            done = self.run([sys.executable, str(maker), str(tests / "vectors.hpp"), *map(str, data)])
            if done.returncode:
                return done.stderr
        self.shared = []
        for source in ("main", "alloc_count"):
            path = tests / "support" / (source + ".cpp")
            if path.exists():
                out = self.work / (source + ".o")
                done = self.run(self.command(self.base / "include", "-c", path, "-o", out))
                if done.returncode:
                    return done.stderr
                self.shared.append(str(out))
        self.pch = []
        header = tests / "support" / "pch.hpp"
        if header.exists():
            done = self.run(self.command(self.base / "include", "-DKERB_RUNTIME_ONLY", "-x", "c++-header", header, "-o",
                                         f"{header}.gch"))
            if done.returncode == 0:
                self.pch = ["-include", str(header)]
        return None

    def build(self, include, source, out):
        """Compiles one test file without its static_asserts, and links it. An error, or None."""
        done = self.run(self.command(include, *self.pch, "-DKERB_RUNTIME_ONLY", "-c", self.base / source, "-o", f"{out}.o"))
        if done.returncode == 0:
            done = self.run([*self.compiler, f"{out}.o", *self.shared, *self.libs, "-o", str(out)])
        return done.stderr if done.returncode else None

    def passes(self, exe, cases):
        """'pass', 'fail', 'none' (nothing selected) or 'crash'."""
        try:
            done = subprocess.run([str(exe), "-r", "compact", *([cases] if cases else [])], capture_output=True, text=True,
                                  errors="replace", timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            return "crash"
        if done.returncode < 0:
            return "crash"
        if re.search(r"No test cases matched|No tests ran", done.stdout + done.stderr):
            return "none"
        return "fail" if done.returncode else "pass"

    def constant(self, include, source):
        """Compiles a test file with its static_asserts: 'pass', 'fail' (one of them failed), or the compiler's words."""
        done = self.run(self.command(include, *self.constexpr, "-fsyntax-only", self.base / source))
        if done.returncode == 0:
            return "pass"
        return "fail" if ASSERTION.search(done.stderr) else done.stderr

    def baseline(self, source, cases):
        """Whether the unmutated library passes; an error, or None. Each file is built once."""
        with self.lock:
            lock = self.steady.setdefault(source, threading.Lock())
        with lock:
            key = (source, cases)
            if key not in self.steady:
                self.steady[key] = self.baseline_now(source, cases)
            return self.steady[key]

    def baseline_now(self, source, cases):
        if not (self.base / source).is_file():
            return f"{source} does not exist"
        include = self.base / "include"
        if source.startswith("tests/static/"):
            said = self.constant(include, source)
            return None if said == "pass" else f"{source} does not compile as it is:\n{said}"
        exe = self.work / ("base_" + re.sub(r"\W", "_", source))
        if not exe.exists() and (error := self.build(include, source, exe)):
            return f"{source} does not build as it is:\n{error}"
        said = self.passes(exe, cases)
        return {"pass": None, "none": f'{source} has no case "{cases}"'}.get(said, f'"{cases}" of {source} fails as it is')

    def judge(self, row):
        """('seen', how) or ('survived' | 'error', why)"""
        for source, cases in row.tests:
            if error := self.baseline(source, cases):
                return "error", error
        text, error = mutate((self.base / row.file).read_text(), row)
        if error:
            return "error", error
        place = self.work / f"row_{row.id}"
        try:
            shutil.copytree(self.base / "include", place / "include")
            (place / row.file).write_text(text)
            for source, cases in row.tests:
                if source.startswith("tests/static/"):
                    continue
                exe = place / re.sub(r"\W", "_", source)
                if error := self.build(place / "include", source, exe):
                    if ASSERTION.search(error):
                        return "seen", "static_assert"
                    return "error", f"the mutated library does not compile; change `put`:\n{error[:1500]}"
                said = self.passes(exe, cases)
                if said != "pass":
                    return "seen", {"fail": "test", "crash": "crash"}.get(said, "test")
            for source, _ in row.tests:
                said = self.constant(place / "include", source)
                if said == "fail":
                    return "seen", "static_assert"
                if said != "pass":
                    return "error", f"the mutated library does not compile; change `put`:\n{said[:1500]}"
            return "survived", "no test failed without it"
        finally:
            shutil.rmtree(place, ignore_errors=True)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--compiler", default=os.environ.get("CXX", "c++"))
    args.add_argument("--build-dir", type=pathlib.Path, help="where to work; kept (default: a temporary directory)")
    args.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args.add_argument("--only", action="append", default=[])
    args.add_argument("--shard", default="1/1")
    args.add_argument("--begin", type=lambda n: int(n, 0), default=0,
                      help="begin with this row, counted round: so that runs of limited time reach them all in turn")
    args.add_argument("--seconds", type=float, default=float("inf"))
    args.add_argument("--list", action="store_true")
    args.add_argument("--rows", type=pathlib.Path, default=HERE / "security_checks.txt")
    args.add_argument("--root", type=pathlib.Path, default=ROOT, help="the tree with include/ and tests/")
    o = args.parse_args()

    rows, errors = read_rows(o.rows)
    for r in rows:
        path = o.root / r.file
        if r.file and not path.is_file():
            errors.append(f"{r.at}: [{r.id}] {r.file} does not exist")
        elif r.file and r.find:
            text, error = mutate(path.read_text(), r)
            if error:
                errors.append(f"{r.at}: [{r.id}] {error}")
            elif text == path.read_text():
                errors.append(f"{r.at}: [{r.id}] `put` changes nothing")
        errors += [f"{r.at}: [{r.id}] {t} does not exist" for t, _ in r.tests if not (o.root / t).is_file()]
    if errors:
        print("\n".join(errors))
    if o.list or errors:
        print(f"{len(rows)} checks, {len(errors)} mistakes in their rows")
        return bool(errors)

    if o.only:
        rows = [r for r in rows if any(fnmatch.fnmatch(r.id, p) for p in o.only)]
        if not rows:
            print("no row has that id")
            return 1
    i, n = map(int, o.shard.split("/"))
    rows = rows[i - 1::n]
    if rows:
        rows = rows[o.begin % len(rows):] + rows[:o.begin % len(rows)]
    end, count = time.monotonic() + o.seconds, {"seen": 0, "survived": 0, "error": 0, "not run": 0, "skipped": 0}

    with tempfile.TemporaryDirectory(prefix="security_checks.") as tmp:
        work = o.build_dir or pathlib.Path(tmp)
        shutil.rmtree(work / "base", ignore_errors=True)
        for stale in work.glob("base_*"):
            stale.unlink()
        work.mkdir(parents=True, exist_ok=True)
        work = work.resolve()
        bench = Bench(o.root.resolve(), work, shlex.split(o.compiler))
        if rows and (error := bench.prepare()):
            print(f"the test support does not compile:\n{error}")
            return 1

        def one(row):
            if time.monotonic() > end:
                return row, "not run", "", 0.0
            if row.needs and not there(row.needs):
                return row, "skipped", f"there is no {row.needs}", 0.0
            began = time.monotonic()
            try:
                said, how = bench.judge(row)
            except Exception as e:  # a broken row must not take the others with it
                said, how = "error", repr(e)
            return row, said, how, time.monotonic() - began

        wide = max([len(r.id) for r in rows], default=0)
        with concurrent.futures.ThreadPoolExecutor(max(1, o.jobs)) as pool:
            for row, said, how, seconds in pool.map(one, rows):
                count[said] += 1
                print(f"{row.id:{wide}}  {said:8}  {seconds:5.1f} s  {row.cite}  {how}", flush=True)
    rest = "".join(f", {count[k]} {k}" for k in ("error", "not run", "skipped") if count[k])
    print(f"{len(rows)} checks, {count['seen']} seen to fail, {count['survived']} not noticed{rest}")
    return bool(count["survived"] or count["error"])


if __name__ == "__main__":
    sys.exit(main())
