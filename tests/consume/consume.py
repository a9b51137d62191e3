#!/usr/bin/env python3
"""Builds a small program with kerb in each way that README.md names, and runs it.

consume.py --work DIRECTORY [--compiler COMMAND] [WAY...]: all ways, or those that are named (consume.py --help).
DIRECTORY is emptied first. What cannot be tried is named on a line that begins with `not tested:`.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WAYS = ["install", "plain", "amalgamated", "pkg-config", "meson-dependency", "meson-subproject", "cmake-find",
        "cmake-fetch", "cmake-subdirectory", "vcpkg", "conan", "versions"]
# What a program needs of the repository that it takes kerb from.
PARTS = ["meson.build", "meson_options.txt", "include", "LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md"]


class Failed(Exception):
    pass


class NotTested(Exception):
    pass


def run(*command, cwd=None, **env):
    """The output of a command that must succeed."""
    command = [str(c) for c in command]
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **env}, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Failed(f"{shlex.join(command)}\n{done.stdout[-4000:]}")
    return done.stdout


def need(program):
    if not shutil.which(program):
        raise NotTested(f"{program} is not installed")


def says(program, wanted):
    said = run(program).strip()
    if said != "kerb: " + wanted:
        raise Failed(f"{program} prints '{said}', not 'kerb: {wanted}'")


def expect(true, message):
    if not true:
        raise Failed(message)


def headers(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.hpp"))


class Ways:
    def __init__(self, work, compiler):
        self.work, self.compiler = work, compiler
        self.installed = work / "installed"
        self.cxx = {"CXX": shlex.join(compiler)}
        # Only what is installed here is kerb; what else is installed is found as ever
        paths = [str(self.installed / "share" / "pkgconfig"), os.environ.get("PKG_CONFIG_PATH", "")]
        self.pkg = {"PKG_CONFIG_PATH": os.pathsep.join(p for p in paths if p)}
        self.url = None

    # -- what the others build on

    def install(self):
        """Without options, Meson looks for nothing, builds nothing, and installs all headers."""
        build = self.work / "build"
        said = run("meson", "setup", build, ROOT, f"--prefix={self.installed}", "--libdir=lib", **self.cxx)
        for word in ("ependency", "Program "):
            expect(word not in said, f"meson setup looks for something:\n{said}")
        run("meson", "install", "-C", build)
        made = [p for p in build.rglob("*") if p.suffix in (".o", ".a", ".so")]
        expect(not made, f"meson install builds {made[:3]}")
        expect(headers(self.installed / "include") == headers(ROOT / "include"), "some header is not installed")
        for file in ("licenses/kerb/LICENSE", "doc/kerb/README.md", "pkgconfig/kerb.pc", "cmake/kerb/kerbConfig.cmake"):
            expect((self.installed / "share" / file).is_file(), f"share/{file} is not installed")
        expect(not (self.installed / "lib").exists(), "something is installed in lib/, which differs between machines")

    def repository(self):
        """A repository with what a program needs of this one, as its address."""
        need("git")
        where = self.work / "repository"
        if not self.url:
            where.mkdir()
            for part in PARTS:
                if (ROOT / part).is_dir():
                    shutil.copytree(ROOT / part, where / part)
                else:
                    shutil.copy(ROOT / part, where)
            git = ["git", "-C", where, "-c", "user.name=kerb", "-c", "user.email=kerb@localhost"]
            run(*git, "init", "-q", "-b", "main")
            run(*git, "add", ".")
            run(*git, "commit", "-q", "-m", "a copy")
            self.url = where.as_uri()
        return self.url

    def project(self, name, program, folder):
        """A copy of a consumer's project, with its program as hello.cpp."""
        where = self.work / name
        shutil.copytree(HERE / folder, where)
        shutil.copy(HERE / program, where / "hello.cpp")
        return where

    # -- compilers alone

    def plain(self):
        """-I include"""
        out = self.work / "plain"
        run(*self.compiler, "-std=c++20", f"-I{self.installed / 'include'}", HERE / "message.cpp", "-o", out)
        says(out, "truncated")

    def amalgamated(self):
        """One header, made by include/amalgamate.py, and nothing beside it"""
        where = self.work / "amalgamated"
        where.mkdir()
        run(sys.executable, ROOT / "include" / "amalgamate.py", "-o", where / "kerb.hpp")
        program = re.sub(r"#include <kerb/.*>", '#include "kerb.hpp"', (HERE / "message.cpp").read_text())
        (where / "hello.cpp").write_text(program)
        run(*self.compiler, "-std=c++20", "-Wall", "-Wextra", "-Werror", where / "hello.cpp", "-o", where / "hello")
        says(where / "hello", "truncated")

    def pkg_config(self):
        """pkg-config"""
        need("pkg-config")
        out = self.work / "pkg-config"
        version = run("pkg-config", "--modversion", "kerb", **self.pkg).strip()
        expect(version == self.version(), f"pkg-config says that this is version {version}")
        flags = run("pkg-config", "--cflags", "--libs", "kerb", **self.pkg).split()
        run(*self.compiler, "-std=c++20", HERE / "message.cpp", *flags, "-o", out)
        says(out, "truncated")

    # -- Meson

    def meson_dependency(self):
        """Meson, with an installed kerb"""
        where = self.project("meson-dependency", "key.cpp", "meson")
        run("meson", "setup", "--wrap-mode=nofallback", where / "b", where, **self.cxx, **self.pkg)
        run("ninja", "-C", where / "b")
        says(where / "b" / "hello", "ok")

    def meson_subproject(self):
        """Meson, with kerb in subprojects/"""
        where = self.project("meson-subproject", "key.cpp", "meson")
        wrap = where / "subprojects" / "kerb.wrap"
        wrap.write_text(wrap.read_text().replace("KERB_URL", self.repository()))
        there = self.work / "subproject-installed"
        said = run("meson", "setup", "--force-fallback-for=kerb", f"--prefix={there}", where / "b", where, **self.cxx)
        looked_for = re.findall(r"^kerb\| .*(?:ependency|Program) .*", said, re.M)
        expect(not looked_for, f"the subproject looks for {looked_for}")
        run("meson", "install", "-C", where / "b")
        files = sorted(p.relative_to(there).as_posix() for p in there.rglob("*") if p.is_file())
        expect(files == ["bin/hello"], f"installed are {files[:5]}, not only bin/hello")
        fetched = sorted(p.name for p in (where / "subprojects").iterdir() if p.is_dir() and p.name[0] != ".")
        expect(fetched == ["kerb"], f"subprojects/ has {fetched}, not only kerb")
        says(there / "bin" / "hello", "ok")

    # -- CMake

    def cmake(self, name, program, *options, to=None):
        need("cmake")
        where = self.project(to or name, program, name.replace("-", "_"))
        first, *rest = self.compiler
        if pathlib.Path(first).name == "ccache" and rest:
            options += (f"-DCMAKE_CXX_COMPILER_LAUNCHER={first}",)
            first = rest[0]
        run("cmake", "-S", where, "-B", where / "b", f"-DCMAKE_CXX_COMPILER={first}", *options)
        run("cmake", "--build", where / "b")
        return where

    def cmake_find(self):
        """CMake's find_package"""
        moved = self.work / "moved"  # it must not matter where it is
        shutil.copytree(self.installed, moved)
        where = self.cmake("cmake-find", "session.cpp", f"-DCMAKE_PREFIX_PATH={moved}")
        says(where / "b" / "hello", "ok")
        flags = (where / "b" / "CMakeFiles" / "hello.dir" / "link.txt")
        if sys.platform == "linux" and flags.exists():
            expect("-z,now" in flags.read_text(), "the program is not linked with -z now")

        # A version or a library that is not there is said
        for asks, answer in (("0.2", "version"), ("0.1 COMPONENTS witchcraft", "kerb::witchcraft")):
            probe = self.work / ("probe-" + answer.replace("::", "-"))
            probe.mkdir()
            (probe / "CMakeLists.txt").write_text(
                f"cmake_minimum_required(VERSION 3.21)\nproject(probe CXX)\nfind_package(kerb {asks} REQUIRED)\n")
            try:
                run("cmake", "-S", probe, "-B", probe / "b", f"-DCMAKE_PREFIX_PATH={moved}")
            except Failed as why:
                expect(answer in str(why), f"find_package(kerb {asks}) fails for another reason:\n{why}")
            else:
                raise Failed(f"find_package(kerb {asks}) succeeds")

    def cmake_fetch(self):
        """CMake's FetchContent"""
        need("cmake")
        where = self.cmake("cmake-fetch", "key.cpp", f"-DKERB_URL={self.repository()}")
        says(where / "b" / "hello", "ok")
        there = self.work / "fetch-installed"
        run("cmake", "--install", where / "b", "--prefix", there)
        files = sorted(p.relative_to(there).as_posix() for p in there.rglob("*") if p.is_file())
        expect(files == ["bin/hello"], f"installed are {files[:5]}, not only bin/hello")

    def cmake_subdirectory(self):
        """CMake's add_subdirectory"""
        where = self.cmake("cmake-subdirectory", "message.cpp", f"-DKERB_DIRECTORY={ROOT}")
        says(where / "b" / "hello", "truncated")

    # -- recipes

    def vcpkg(self):
        """vcpkg's recipe, without vcpkg"""
        need("cmake")
        port, there = HERE / "vcpkg", self.work / "vcpkg"
        (self.work / "port.cmake").write_text(f"""
            function(vcpkg_install_copyright)
              cmake_parse_arguments(PARSE_ARGV 0 arg "" "" FILE_LIST)
              file(INSTALL ${{arg_FILE_LIST}} DESTINATION ${{CURRENT_PACKAGES_DIR}}/share/kerb RENAME copyright)
            endfunction()
            include("{port / "portfile.cmake"}")""")
        run("cmake", f"-DCURRENT_PORT_DIR={port}", f"-DCURRENT_PACKAGES_DIR={there}", f"-DVERSION={self.version()}",
            "-P", self.work / "port.cmake")
        expect(headers(there / "include") == headers(ROOT / "include"), "the recipe does not install all headers")
        where = self.cmake("cmake-find", "key.cpp", f"-DCMAKE_PREFIX_PATH={there}", to="vcpkg-program")
        says(where / "b" / "hello", "ok")
        json.loads((port / "vcpkg.json").read_text())

    def conan(self):
        """Conan's recipe: that it is Python, and that its program compiles"""
        for recipe in (HERE / "conan").rglob("conanfile.py"):
            compile(recipe.read_text(), recipe, "exec")
        run(*self.compiler, "-std=c++20", "-fsyntax-only", f"-I{self.installed / 'include'}",
            HERE / "conan" / "test_package" / "hello.cpp")

    # -- one version everywhere

    def version(self):
        return re.search(r"version: '([\d.]+)'", (ROOT / "meson.build").read_text())[1]

    def versions(self):
        """The version is the same everywhere"""
        number = re.search(r"#define KERB_VERSION (\d+)", (ROOT / "include/kerb/core/config.hpp").read_text())[1]
        n = int(number)
        said = {
            "KERB_VERSION in include/kerb/core/config.hpp": f"{n // 10000}.{n // 100 % 100}.{n % 100}",
            "the newest heading of CHANGELOG.md":
                re.search(r"^## ([\d.]+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[1],
            "tests/consume/vcpkg/vcpkg.json": json.loads((HERE / "vcpkg" / "vcpkg.json").read_text())["version"],
        }
        wrong = {k: v for k, v in said.items() if v != self.version()}
        expect(not wrong, f"meson.build says {self.version()}, but: {wrong}")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--work", type=pathlib.Path, required=True)
    args.add_argument("--compiler", default="c++")
    args.add_argument("ways", nargs="*", choices=[[], *WAYS], metavar="WAY", help=", ".join(WAYS))
    o = args.parse_args()
    if o.work.exists():
        shutil.rmtree(o.work)
    o.work.mkdir(parents=True)
    ways = Ways(o.work.resolve(), shlex.split(o.compiler))
    bad = 0
    for name in WAYS:
        if o.ways and name not in ("install", *o.ways):
            continue
        way = getattr(ways, name.replace("-", "_"))
        text = way.__doc__.strip().rstrip(".")
        try:
            way()
            print(f"{name}: {text}")
        except NotTested as why:
            print(f"not tested: {text}: {why}")
        except Failed as why:
            bad += 1
            print(f"failed: {name}: {text}: {why}")
            if name == "install":
                break
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
