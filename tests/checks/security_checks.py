#!/usr/bin/env python3
"""Takes one security check at a time out of a copy of the library, and demands that a test notices.

All checks are taken out of one copy, which chooses one when a test program runs (schemata.py); each test file is
compiled once for all of them. Where a change cannot be written that way, it gets a copy and a compilation of its own.

  security_checks.py                     all rows of security_checks.txt
  security_checks.py --only as-nonce     one row (may be repeated; shell patterns work)
  security_checks.py --shard 1/4         the first quarter
  security_checks.py --alone             with a library compiled for each row
  security_checks.py --list              only check that every row applies
"""
import argparse
import collections
import concurrent.futures
import dataclasses
import fnmatch
import os
import pathlib
import re
import shlex
import shutil
import sys
import tempfile
import threading
import time

import mutant_bench
import schemata

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@dataclasses.dataclass
class Row:
    id: str
    at: str
    file: str = ""
    cite: str = ""
    find: list = dataclasses.field(default_factory=list)
    put: list = dataclasses.field(default_factory=list)
    needs: str = ""
    alone: bool = False
    number: int = 0
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
            rows.append(Row(m[1], at, number=len(rows) + 1))
            continue
        word, _, text = line.partition(" ")
        text = text.strip()
        if not rows:
            errors.append(f"{at}: begin a check with a line [id]")
        elif word in ("file", "cite", "needs"):
            setattr(rows[-1], word, text)
        elif word == "alone":
            rows[-1].alone = True
        elif word in ("find", "put"):
            getattr(rows[-1], word).append(text)
        elif word == "test":
            m = re.fullmatch(r'(\S+)(?:\s+"(.*)")?', text)
            if m:
                rows[-1].tests.append((m[1], m[2] or ""))
            else:
                errors.append(f'{at}: write: test FILE "which cases"')
        else:
            errors.append(f"{at}: '{word}' is none of file, find, put, cite, needs, alone, test")
    for r in rows:
        for word, value in (("file", r.file), ("find", r.find), ("cite", r.cite), ("test", r.tests)):
            if not value:
                errors.append(f"{r.at}: [{r.id}] has no `{word}` line")
    return rows, errors


def same_tokens_in(text, wanted):
    """Where a file has these tokens, however its lines are broken and whatever its comments say."""
    tokens, want = schemata.tokens_of(text), [t.text for t in schemata.tokens_of(wanted)]
    words = [t.text for t in tokens]
    return [(tokens[i].at, tokens[i + len(want) - 1].end) for i in range(len(words) - len(want) + 1 if want else 0)
            if words[i:i + len(want)] == want]


def place(text, row):
    """Where a row's `find` stands in a file and what goes there, as a change; or an error."""
    lines = text.splitlines(keepends=True)
    size = len(row.find)
    hits = [i for i in range(len(lines) - size + 1) if [l.strip() for l in lines[i:i + size]] == row.find]
    if len(hits) == 1:
        first = sum(map(len, lines[:hits[0]]))
        last = first + sum(map(len, lines[hits[0]:hits[0] + size]))
        return schemata.Change(row.number, first, last, "\n".join(row.put) + "\n" * bool(row.put)), None
    if not hits and size == 1 and text.count(row.find[0]) == 1:
        first = text.index(row.find[0])
        return schemata.Change(row.number, first, first + len(row.find[0]), " ".join(row.put)), None
    spans = [] if hits else same_tokens_in(text, "\n".join(row.find))
    if len(spans) == 1:
        return schemata.Change(row.number, *spans[0], "\n".join(row.put)), None
    count = len(hits) or (text.count(row.find[0]) if size == 1 else 0) or len(spans)
    if count == 0:
        return None, f"its `find` is not in {row.file}: the code has changed, change the row with it"
    return None, f"its `find` is {count} times in {row.file}: add a neighbouring line to tell which"


def mutate(text, row):
    """The text with the row's lines replaced, or an error."""
    change, error = place(text, row)
    return (None, error) if error else (text[:change.first] + change.put + text[change.last:], None)


class Judge:
    """Says of each row whether its tests notice."""

    def __init__(self, bench, rows, only_alone=False):
        self.bench, self.rows = bench, rows
        self.steady, self.lock = {}, threading.Lock()
        if only_alone:
            bench.alone |= {r.number for r in rows}

    def prepare(self, pool, say):
        """Builds the test files of all rows that can share a program."""
        changes, sources = collections.defaultdict(list), {}
        for r in self.rows:
            if r.alone or r.number in self.bench.alone:
                self.bench.alone.add(r.number)
                continue
            change, _ = place((self.bench.base / r.file).read_text(), r)
            changes[r.file].append(change)
            sources.update({t: None for t, _ in r.tests if not t.startswith("tests/static/")})
        # what takes longest to compile begins first
        longest = sorted(sources, key=lambda s: -len((self.bench.base / s).read_text()))
        self.bench.build_all(longest, changes, pool, say)

    def baseline(self, row, source, cases):
        """Whether the test passes while nothing is changed; an error, or None."""
        shared = row.number not in self.bench.alone
        with self.lock:
            lock = self.steady.setdefault((shared, source, cases), [threading.Lock(), False, None])
        with lock[0]:
            if not lock[1]:
                lock[1:] = [True, self.baseline_now(shared, source, cases)]
        return lock[2]

    def baseline_now(self, shared, source, cases):
        bench = self.bench
        if not (bench.base / source).is_file():
            return f"{source} does not exist"
        if source.startswith("tests/static/"):
            said = bench.constant(bench.base / "include", source)
            return None if said == "pass" else f"{source} does not compile as it is:\n{said}"
        if shared:
            if error := bench.built[source]:
                return f"{source} does not build with all changes in it:\n{error[:3000]}"
            said = bench.run_changed(source, cases, 0)
        else:
            exe, error = bench.unchanged(source)
            if error:
                return f"{source} does not build as it is:\n{error[:3000]}"
            said = bench.passes(exe, cases)
        return {"pass": None, "none": f'{source} has no case "{cases}"'}.get(said, f'"{cases}" of {source} fails as it is')

    def verify(self, row):
        """('seen', how) or ('survived' | 'error', why)"""
        for source, cases in row.tests:
            if error := self.baseline(row, source, cases):
                return "error", error
        if row.number not in self.bench.alone:
            for source, cases in row.tests:
                if source.startswith("tests/static/"):
                    continue
                said = self.bench.run_changed(source, cases, row.number)
                if said != "pass":
                    return "seen", "crash" if said == "crash" else "test"
        return self.verify_alone(row)

    def verify_alone(self, row):
        """Compiles a library with this one change."""
        bench = self.bench
        text, _ = mutate((bench.base / row.file).read_text(), row)
        where = bench.work / f"row_{row.id}"
        try:
            shutil.copytree(bench.base / "include", where / "include")
            (where / row.file).write_text(text)
            for source, cases in row.tests:
                if source.startswith("tests/static/") or row.number not in bench.alone:
                    continue
                exe = where / mutant_bench.file_name(source)
                if error := bench.build(where / "include", source, exe):
                    if mutant_bench.ASSERTION.search(error):
                        return "seen", "static_assert, alone"
                    return "error", f"the changed library does not compile; change `put`:\n{error[:1500]}"
                said = bench.passes(exe, cases)
                if said != "pass":
                    return "seen", "crash, alone" if said == "crash" else "test, alone"
            for source, _ in row.tests:
                said = bench.constant(where / "include", source)
                if said == "fail":
                    return "seen", "static_assert, alone"
                if said != "pass":
                    return "error", f"the changed library does not compile; change `put`:\n{said[:1500]}"
            return "survived", "no test failed without it"
        finally:
            shutil.rmtree(where, ignore_errors=True)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--compiler", default=os.environ.get("CXX", "c++"))
    args.add_argument("--build-dir", type=pathlib.Path, help="where to work; kept (default: a temporary directory)")
    args.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args.add_argument("--only", action="append", default=[])
    args.add_argument("--shard", default="1/1")
    args.add_argument("--alone", action="store_true", help="compile a library for each row")
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
    count = {"seen": 0, "survived": 0, "error": 0, "skipped": 0}

    with tempfile.TemporaryDirectory(prefix="security_checks.") as tmp:
        work = (o.build_dir or pathlib.Path(tmp)).resolve()
        for stale in ("base", "changed"):
            shutil.rmtree(work / stale, ignore_errors=True)
        work.mkdir(parents=True, exist_ok=True)
        bench = mutant_bench.Bench(o.root.resolve(), work, shlex.split(o.compiler))
        if rows and (error := bench.prepare()):
            print(f"the test support does not compile:\n{error}")
            return 1
        began = time.monotonic()

        def say(text):
            print(f"[{time.monotonic() - began:5.0f} s] {text}", flush=True)

        wanted = [r for r in rows if not r.needs or mutant_bench.there(r.needs)]
        judge = Judge(bench, wanted, o.alone)

        def one(row):
            if row not in wanted:
                return row, "skipped", f"there is no {row.needs}", 0.0
            start = time.monotonic()
            try:
                said, how = judge.verify(row)
            except Exception as e:  # a broken row must not take the others with it
                said, how = "error", repr(e)
            return row, said, how, time.monotonic() - start

        wide = max([len(r.id) for r in rows], default=0)
        with concurrent.futures.ThreadPoolExecutor(max(1, o.jobs)) as pool:
            judge.prepare(pool, say)
            for row, said, how, seconds in pool.map(one, rows):
                count[said] += 1
                print(f"{row.id:{wide}}  {said:8}  {seconds:5.1f} s  {row.cite}  {how}", flush=True)
    rest = "".join(f", {count[k]} {k}" for k in ("error", "skipped") if count[k])
    print(f"{len(rows)} checks, {count['seen']} seen to fail, {count['survived']} not noticed{rest}")
    return bool(count["survived"] or count["error"])


if __name__ == "__main__":
    sys.exit(main())
