"""Compiles test files against changed copies of the library and runs them."""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import threading

import schemata

ASSERTION = re.compile(r"static[ _]assert(ion)?( expression)? (failed|is not an integral)|"
                       r"non-constant condition for static assertion")
RUN_SECONDS = 120  # a change may make a test loop
RETRIES = 6        # how often changes that do not compile among the others are taken out


def there(package):
    """Whether pkg-config knows a package."""
    return subprocess.run(["pkg-config", "--exists", package]).returncode == 0


def file_name(source):
    return re.sub(r"\W", "_", source)


class Bench:
    """A copy of include/ and tests/, a compiler with its flags, and what all test programs share."""

    def __init__(self, root, work, compiler):
        self.root, self.work, self.compiler = root, work, compiler
        self.base = work / "base"
        for folder in ("include", "tests"):
            shutil.copytree(root / folder, self.base / folder, ignore=shutil.ignore_patterns("__pycache__", "meson.build"))
        self.flags = ["-std=c++20", "-O0", "-g0", "-w", "-D_GLIBCXX_ASSERTIONS"]  # as meson.build
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
        self.alone = set()    # changes that do not compile among the others
        self.built = {}       # source -> None, or what the compiler said
        self.built_once = {}  # the same for the unchanged library
        self.lock = threading.Lock()

    def accepts(self, flag):
        cmd = [*self.compiler, "-Werror", flag, "-x", "c++", "-fsyntax-only", os.devnull]
        return subprocess.run(cmd, capture_output=True).returncode == 0

    def command(self, include, *rest):
        return [*self.compiler, *self.flags, f"-I{include}", f"-I{self.base / 'tests'}", *map(str, rest)]

    def run(self, cmd):
        return subprocess.run(cmd, capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"))

    def prepare(self):
        """What all programs share: the main function, Catch's header compiled once, the vectors. An error, or None."""
        tests = self.base / "tests"
        maker, data = tests / "vectors" / "make_header.py", sorted((tests / "vectors").glob("*.vec"))
        if maker.exists() and data:
            done = self.run([sys.executable, str(maker), str(tests / "vectors.hpp"), *map(str, data)])
            if done.returncode:
                return done.stderr
        (self.work / "switch").mkdir(exist_ok=True)
        (self.work / "switch" / "kerb_mutant.hpp").write_text(schemata.HEADER)
        self.flags.append(f"-I{self.work / 'switch'}")
        self.shared = []
        for path in (tests / "support" / "main.cpp", tests / "support" / "alloc_count.cpp",
                     tests / "checks" / "mutant_report.cpp"):
            if path.exists():
                out = self.work / (path.stem + ".o")
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

    # --- one program for many changes

    def write_tree(self, changes):
        """changes: file -> changes. Writes the copy of include/ that has them all; notes those that must be alone."""
        tree = self.work / "changed"
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(self.base / "include", tree / "include")
        for file, wanted in changes.items():
            text, alone = schemata.combine((self.base / file).read_text(),
                                           [c for c in wanted if c.number not in self.alone])
            self.alone |= {c.number for c in alone}
            (tree / file).write_text(text)

    def build_all(self, sources, changes, pool, say=lambda text: None):
        """Builds the test files against the copy with all changes; those that break it are put aside."""
        for attempt in range(RETRIES):
            self.write_tree(changes)
            self.built = dict(zip(sources, pool.map(lambda s: self.build_changed(s, say), sources)))
            culprits = set()
            for said in filter(None, self.built.values()):
                culprits |= self.culprits(said)
            if not culprits:
                return
            say(f"{len(culprits)} changes do not compile among the others: {sorted(culprits)}")
            self.alone |= culprits

    def build_changed(self, source, say):
        error = self.build(self.work / "changed" / "include", source, self.work / ("changed_" + file_name(source)))
        say(f"compiled {source}" if not error else f"did not compile {source}")
        return error

    def culprits(self, said):
        """The changes inside which a compiler found an error."""
        found = set()
        for path, line in re.findall(r"([\w./-]*/changed/include/[\w./-]+):(\d+):\d+: error", said):
            lines = pathlib.Path(path).read_text().splitlines()[:int(line)]
            for at in range(len(lines) - 1, -1, -1):
                if m := re.search(r"kerb_mutant::is\((\d+)\)", lines[at]):
                    found.add(int(m[1]))
                    break
        return found

    def run_changed(self, source, cases, number):
        return self.passes(self.work / ("changed_" + file_name(source)), cases, number)

    # --- one program

    def build(self, include, source, out):
        """Compiles one test file without its static_asserts, and links it. An error, or None."""
        done = self.run(self.command(include, *self.pch, "-DKERB_RUNTIME_ONLY", "-c", self.base / source, "-o", f"{out}.o"))
        if done.returncode == 0:
            done = self.run([*self.compiler, f"{out}.o", *self.shared, *self.libs, "-o", str(out)])
        return done.stderr if done.returncode else None

    def passes(self, exe, cases, number=0, seconds=RUN_SECONDS, more=()):
        """'pass', 'fail', 'none' (nothing selected) or 'crash'."""
        env = dict(os.environ, KERB_MUTANT=str(number))
        try:
            done = subprocess.run([str(exe), "-r", "compact", "-a", *more, *([cases] if cases else [])], env=env,
                                  capture_output=True, text=True, errors="replace", timeout=seconds)
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

    def unchanged(self, source):
        """Builds a test file against the library as it is, once. (program, error)"""
        exe = self.work / ("base_" + file_name(source))
        with self.lock:
            lock = self.built_once.setdefault(source, [threading.Lock(), False, None])
        with lock[0]:
            if not lock[1]:
                lock[1:] = [True, self.build(self.base / "include", source, exe)]
        return exe, lock[2]
