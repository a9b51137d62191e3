#!/usr/bin/env python3
"""Changes every condition of the library, one at a time, and lists the changes that no test notices.

  conditions.py                            all headers of exchange/, crypto/, store/ and format/
  conditions.py --file exchange/kdc/as.hpp one header (may be repeated; shell patterns work)
  conditions.py --list                     what would be changed

For `if (a && b < c)` the changes are: never, always, without `a`, without `b < c`, and `b <= c`. Conditions of
conditional expressions and of `&&` and `||` elsewhere are changed alike; conditions of loops only by leaving operands
out, since most other changes of a loop make it endless. What is evaluated by the compiler stays as it is.

Changes that make no difference are listed with a reason in unlisted.txt; what else survives fails.
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
import time

import mutant_bench
import schemata

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LAYERS = ("exchange", "crypto", "store", "format")
TESTS = ("unit/exchange", "unit/crypto", "unit/store", "unit/format", "unit/testing", "unit/transport", "exchange")
NOT_TESTS = ("endurance_test.cpp",)  # takes long
WIDER = {"<": "less", "<=": "less_or_equal", ">": "greater", ">=": "greater_or_equal"}
HELPERS = """
namespace kerb_mutant {
constexpr bool less(int n, const auto& a, const auto& b) { return is(n) ? a <= b : a < b; }
constexpr bool less_or_equal(int n, const auto& a, const auto& b) { return is(n) ? a < b : a <= b; }
constexpr bool greater(int n, const auto& a, const auto& b) { return is(n) ? a >= b : a > b; }
constexpr bool greater_or_equal(int n, const auto& a, const auto& b) { return is(n) ? a > b : a >= b; }
}  // namespace kerb_mutant
"""
OPEN, CLOSE = "([{", ")]}"
# What ends an operand of && on its left and right, of || too but for &&, of a comparison too.
ENDS_OR = {"||", "?", ":", ",", ";", "=", "+=", "-=", "|=", "&=", "^=", "return"}
ENDS_AND = ENDS_OR | {"&&"}
ENDS_COMPARISON = ENDS_AND | {"==", "!=", "&", "|", "^", "<", ">", "<=", ">="}
ENDS_CONDITION = {",", ";", "=", "+=", "-=", "|=", "&=", "^=", "return", ":", "?"}


@dataclasses.dataclass
class Mutant:
    file: str
    kind: str     # never, always, without, wider
    text: str     # the condition or operand
    first: int    # its octets
    last: int
    before: str   # with %d for the number
    after: str
    sign: tuple = ()  # where a comparison's sign is
    line: int = 0
    nth: int = 1      # among those of the same file, kind and text
    number: int = 0

    @property
    def id(self):
        return f"{self.file} | {self.kind} | {self.text}" + (f" | #{self.nth}" if self.nth > 1 else "")


class Finder:
    def __init__(self, file, text):
        self.file, self.source = file, schemata.Source(text)
        self.tokens, self.partner, self.found = self.source.tokens, self.source.partner, []
        self.angle = self.angles()
        self.constants = self.find_constants()

    def find_constants(self):
        """Token numbers in what the compiler evaluates: static_assert, if constexpr, requires, template arguments."""
        out = set()
        t = self.tokens
        for i, token in enumerate(t):
            nxt = t[i + 1].text if i + 1 < len(t) else ""
            if token.text in ("static_assert", "requires", "noexcept", "decltype", "sizeof") and nxt in OPEN:
                out.update(range(i, self.source.partner[i + 1] + 1))
            elif token.text == "if" and nxt == "constexpr":
                out.update(range(i, self.source.partner[i + 2] + 1))
            elif token.text in ("concept", "requires", "using"):
                j = i
                while j < len(t) and t[j].text not in (";", "{"):
                    j += 1
                out.update(range(i, j + 1))
            elif token.text == "constexpr" and nxt != "auto" or token.text == "static":
                # a constant: constexpr T name = ...;
                j = i
                while j < len(t) and t[j].text not in ("(", "=", ";", "{"):
                    j += 1
                if j < len(t) and t[j].text == "=":
                    while j < len(t) and t[j].text != ";":
                        out.add(j)
                        j = self.source.partner[j] + 1 if t[j].text in OPEN else j + 1
        return out

    def in_code(self, i):
        return i not in self.constants and self.source.block_around(self.tokens[i].at, self.tokens[i].end) is not None

    def spaced(self, i):
        """A binary operator, as it is formatted."""
        t, text = self.tokens[i], self.source.text
        return text[t.at - 1] in " \n" and text[t.end] in " \n"

    def angles(self):
        """The partner of each < and > around template arguments, by how they are formatted."""
        out, stack, text = {}, [], self.source.text
        for i, t in enumerate(self.tokens):
            if t.text in (";", "{", "}"):
                stack = []
            elif t.text == "<" and text[t.at - 1] not in " \n<" and text[t.end] not in "<=":
                stack.append(i)
            elif t.text == ">" and text[t.at - 1] not in " \n-" and stack:
                out[i] = stack.pop()
                out[out[i]] = i
        return out

    def extent(self, i, ends):
        """Token numbers of the operands on both sides of the operator at i."""
        def over(j):
            return self.partner.get(j, j) if self.tokens[j].text in OPEN + CLOSE else self.angle.get(j, j)

        def stops(j, brackets):
            t = self.tokens[j].text
            return t in brackets or t in ends and j not in self.angle

        a = i - 1
        while a >= 0 and not stops(a, OPEN):
            a = over(a) - 1
        b = i + 1
        while b < len(self.tokens) and not stops(b, CLOSE):
            b = over(b) + 1
        return a + 1, b - 1

    def add(self, kind, a, b, before, after, sign=()):
        first, last = self.tokens[a].at, self.tokens[b].end
        text = re.sub(r"\s+", " ", self.source.text[first:last])
        if "[" in text and "](" in text and "{" in text:  # a lambda: what is in it is found by itself
            return
        line = self.source.text.count("\n", 0, first) + 1
        self.found.append(Mutant(self.file, kind, text, first, last, before, after, sign, line))

    def whole(self, a, b):
        self.add("never", a, b, "(!::kerb_mutant::is(%d) && static_cast<bool>(", "))")
        self.add("always", a, b, "(::kerb_mutant::is(%d) || static_cast<bool>(", "))")

    def run(self):
        t, partner = self.tokens, self.source.partner
        loops = set()
        for i, token in enumerate(t):
            nxt = t[i + 1].text if i + 1 < len(t) else ""
            if token.text in ("for", "while") and nxt == "(":
                loops.update(range(i + 1, partner[i + 1]))
        for i, token in enumerate(t):
            if not self.in_code(i):
                continue
            nxt = t[i + 1].text if i + 1 < len(t) else ""
            if token.text == "if" and nxt == "(":
                a, b = i + 2, partner[i + 1] - 1
                j = a
                while j <= b:  # after an init-statement
                    if t[j].text == ";":
                        a = j + 1
                    j = partner[j] + 1 if t[j].text in OPEN else j + 1
                if not any(x.text == "=" for x in t[a:b + 1]):  # a condition that declares is one of its own kind
                    self.whole(a, b)
            elif token.text in ("&&", "||") and self.spaced(i) and nxt not in ("{", ";", "=", "noexcept", "KERB_LIFETIMEBOUND", ".") and t[i - 1].text != ".":
                a, b = self.extent(i, ENDS_AND if token.text == "&&" else ENDS_OR)
                neutral = ("(::kerb_mutant::is(%d) || (" if token.text == "&&" else "(!::kerb_mutant::is(%d) && (")
                previous = t[a - 1].text
                if previous != token.text:
                    self.add("without", a, i - 1, neutral, "))")
                self.add("without", i + 1, b, neutral, "))")
            elif token.text in WIDER and self.spaced(i) and i not in loops:
                a, b = self.extent(i, ENDS_COMPARISON)
                self.add("wider", a, b, f"::kerb_mutant::{WIDER[token.text]}(%d, ", ")", (token.at, token.end))
            elif token.text == "?" and self.spaced(i):
                a, _ = self.extent(i, ENDS_CONDITION)
                if t[a - 1].text not in ("?", ":"):
                    self.whole(a, i - 1)
        return self.found


def find_all(root, patterns):
    out = []
    for layer in LAYERS:
        for path in sorted((root / "include" / "kerb" / layer).rglob("*.hpp")):
            out += Finder(path.relative_to(root / "include" / "kerb").as_posix(), path.read_text()).run()
    seen = collections.Counter()
    for n, m in enumerate(out, 1):
        m.number = n
        seen[(m.file, m.kind, m.text)] += 1
        m.nth = seen[(m.file, m.kind, m.text)]
    # numbered before they are chosen, so that --reuse works with any --file
    return [m for m in out if not patterns or any(fnmatch.fnmatch(m.file, p) for p in patterns)]


def rewrite(text, mutants):
    """The file with all changes in it; they lie inside each other or apart."""
    edits = []  # (octet, order, what goes there, octets that it replaces)
    for m in mutants:
        size, inner = m.last - m.first, m.kind == "wider"  # which makes two arguments of what it is around
        edits.append((m.first, 1, -size, inner, m.number, m.before % m.number, 0))
        edits.append((m.last, 0, size, -inner, -m.number, m.after, 0))
        if m.sign:
            edits.append((m.sign[0], 2, 0, 0, 0, ",", m.sign[1] - m.sign[0]))
    out, at = [], 0
    for octet, *_, what, size in sorted(edits):
        out += [text[at:octet], what]
        at = octet + size
    text = "".join(out) + text[at:]
    at = text.index("#pragma once") + len("#pragma once")
    return text[:at] + "\n#include <kerb_mutant.hpp>" + text[at:]


class Bench(mutant_bench.Bench):
    def write_tree(self, changes):
        tree = self.work / "changed"
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(self.base / "include", tree / "include")
        (self.work / "switch" / "kerb_mutant.hpp").write_text(schemata.HEADER + HELPERS)
        for file, wanted in changes.items():
            path = tree / "include" / "kerb" / file
            path.write_text(rewrite(path.read_text(), [m for m in wanted if m.number not in self.alone]))

    def culprits(self, said):
        found = set()
        for path, line, column in re.findall(r"([\w./-]*/changed/include/[\w./-]+):(\d+):(\d+): error", said):
            text = pathlib.Path(path).read_text().splitlines()[int(line) - 1]
            inside = [int(n) for n in re.findall(r"kerb_mutant::\w+\((\d+)", text)]
            found.update(inside)
        return found


def reasons(path):
    """id -> why its survival means nothing"""
    out, errors = {}, []
    for n, line in enumerate(path.read_text().splitlines() if path.exists() else [], 1):
        if line and not line.startswith("#"):
            head, sep, why = line.rpartition(" -- ")
            if not sep or not why.strip():
                errors.append(f"{path.name}:{n}: write: FILE | KIND | CONDITION -- REASON")
            out[head.strip()] = why.strip()
    return out, errors


def escape(name):
    return re.sub(r"([,\[\]\\])", r"\\\1", name)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--compiler", default=os.environ.get("CXX", "c++"))
    args.add_argument("--build-dir", type=pathlib.Path)
    args.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args.add_argument("--file", action="append", default=[])
    args.add_argument("--test", action="append", default=[], help="only these test files (shell patterns)")
    args.add_argument("--list", action="store_true")
    args.add_argument("--reuse", action="store_true", help="run the programs that are in --build-dir")
    args.add_argument("--root", type=pathlib.Path, default=ROOT)
    o = args.parse_args()

    mutants = find_all(o.root, o.file)
    argued, errors = reasons(HERE / "unlisted.txt")
    known = {m.id for m in find_all(o.root, [])}
    errors += [f"unlisted.txt: there is no such condition any more: {i}" for i in argued if i not in known]
    print("\n".join(errors), end="\n" if errors else "")
    if o.list or errors:
        for m in mutants if o.list else []:
            print(f"{m.line:5} {m.id}")
        print(f"{len(mutants)} changes, {len(argued)} of them argued, {len(errors)} mistakes")
        return bool(errors)

    began = time.monotonic()

    def say(text):
        print(f"[{time.monotonic() - began:5.0f} s] {text}", flush=True)

    with tempfile.TemporaryDirectory(prefix="conditions.") as tmp, \
            concurrent.futures.ThreadPoolExecutor(max(1, o.jobs)) as pool:
        work = (o.build_dir or pathlib.Path(tmp)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(work / "base", ignore_errors=True)
        bench = Bench(o.root.resolve(), work, shlex.split(o.compiler))
        sources = sorted({p.relative_to(o.root).as_posix() for t in TESTS for p in (o.root / "tests" / t).rglob("*_test.cpp")
                          if p.name not in NOT_TESTS}, key=lambda s: -len((o.root / s).read_text()))
        if o.test:
            sources = [s for s in sources if any(fnmatch.fnmatch(s, p) for p in o.test)]
        if not o.reuse:
            if error := bench.prepare():
                print(error)
                return 1
            changes = collections.defaultdict(list)
            for m in mutants:
                changes[m.file].append(m)
            bench.build_all(sources, changes, pool, say)
            broken = [s for s, e in bench.built.items() if e]
            for s in broken:
                print(f"{s} does not build with all changes in it:\n{bench.built[s][:2000]}")
            if broken:
                return 1

        # which cases reach which changes
        reach = collections.defaultdict(list)  # number -> (seconds, source, case)

        def cover(source):
            report = work / (mutant_bench.file_name(source) + ".report")
            report.unlink(missing_ok=True)
            exe = work / ("changed_" + mutant_bench.file_name(source))
            os.environ["KERB_MUTANT_REPORT"] = ""
            done = bench.run(["env", f"KERB_MUTANT_REPORT={report}", "KERB_MUTANT=0", str(exe), "-r", "compact"])
            rows = []
            for line in report.read_text().splitlines() if report.exists() else []:
                seconds, name, numbers = line.split("\t")
                rows.append((float(seconds), name, [int(n) for n in numbers.split()]))
            return source, done.returncode, rows

        for source, code, rows in pool.map(cover, sources):
            if code:
                print(f"{source} fails as it is (status {code})")
                return 1
            for seconds, name, numbers in rows:
                for n in numbers:
                    reach[n].append((seconds, source, name))
        os.environ.pop("KERB_MUTANT_REPORT", None)
        say(f"{len(mutants)} changes, {len(sources)} test programs; {sum(m.number not in reach for m in mutants)} not reached")

        def judge(m):
            if m.number in bench.alone:
                return m, "not compiled"
            if m.number not in reach:
                return m, "not reached"
            by_program = collections.defaultdict(list)
            for seconds, source, name in reach[m.number]:
                by_program[source].append((seconds, name))
            order = []
            for source, cases in by_program.items():  # quick cases of each program first, then what takes longer
                cases.sort()
                quick = [c for c in cases if c[0] < 0.05][:60]
                rest = cases[len(quick):]
                for group in [quick] + [rest[i:i + 10] for i in range(0, len(rest), 10)]:
                    if group:
                        order.append((sum(s for s, _ in group), source, [n for _, n in group]))
            for seconds, source, names in sorted(order):
                said = bench.passes(work / ("changed_" + mutant_bench.file_name(source)),
                                    ",".join(escape(n) for n in names), m.number, seconds=5 + 20 * seconds)
                if said in ("fail", "crash"):
                    return m, "seen"
                if said == "none":
                    return m, f"no such cases: {names[:3]}"
            return m, "survived"

        count, bad, idle = collections.Counter(), 0, set(argued)
        for m, said in pool.map(judge, mutants):
            idle -= {m.id} if said != "seen" else set()
            if said not in ("seen",) and m.id in argued:
                said = "argued"
            count[said] += 1
            if said not in ("seen", "argued"):
                bad += 1
                print(f"{said}: {m.file}:{m.line}: {m.id}", flush=True)
        ours = {m.id for m in mutants}
        for i in sorted(idle & ours):
            print(f"unlisted.txt: a test notices this one now, take the line out: {i}")
        print(f"{len(mutants)} changes: " + ", ".join(f"{n} {k}" for k, n in sorted(count.items())))
        return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
