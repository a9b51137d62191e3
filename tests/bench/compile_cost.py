#!/usr/bin/env python3
"""What a user's translation unit costs: time to compile, and the object that comes of it.

  compile_cost.py [--compiler NAME]... [--runs N] [--flags "..."]

Times are the compiler's processor time, the least of some runs that take turns, beside a yardstick of standard headers
alone (tests/checks/include_times.py has all headers one by one).
"""
import argparse
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "checks"))
sys.dont_write_bytecode = True
import include_times  # noqa: E402

PROGRAMS = {
    "the yardstick": (include_times.YARDSTICK, ""),
    "a Ticket decoded": ("#include <kerb/messages.hpp>\n",
                         "bool f(kerb::bytes_view in) { return kerb::asn1::decode<kerb::msg::Ticket>(in).has_value(); }\n"),
    "all of RFC 4120's messages decoded": (
        "#include <kerb/messages.hpp>\n",
        "template <class... T> bool any(kerb::bytes_view in) { return (kerb::asn1::decode<T>(in).has_value() || ...); }\n"
        "bool f(kerb::bytes_view in) { using namespace kerb::msg; return any<AsReq, AsRep, TgsReq, TgsRep, ApReq, ApRep,"
        " Ticket, EncTicketPart, EncAsRepPart, EncTgsRepPart, EncApRepPart, Authenticator, KrbError>(in); }\n"),
    "an AP-REQ accepted, Botan": (
        "#include <kerb/botan.hpp>\n",
        "bool f(kerb::botan::ap_acceptor& a, kerb::bytes_view in, kerb::botan::policy& p,\n"
        "       kerb::key_list<kerb::key, 4>& keys, kerb::memory_replay_cache<64>& seen, kerb::timestamp now) {\n"
        "  return kerb::accept(a, in, p, keys, seen, now).has_value();\n}\n"),
    "a ticket got from a KDC, Botan": (
        "#include <kerb/botan.hpp>\n",
        "template <class X> bool run(X& x, kerb::botan::policy& p, kerb::timestamp now,\n"
        "                            kerb::result<kerb::answer> (*ask)(const kerb::send&)) {\n"
        "  return kerb::drive(x, p, now, ask).has_value();\n}\n"
        "bool f(kerb::botan::as_client& a, kerb::botan::tgs_client& t, kerb::botan::policy& p, kerb::timestamp now,\n"
        "       kerb::result<kerb::answer> (*ask)(const kerb::send&)) {\n"
        "  return run(a, p, now, ask) && run(t, p, now, ask);\n}\n"),
    "a KDC's answer, Botan": (
        "#include <kerb/botan.hpp>\n",
        "struct none { kerb::lookup<kerb::botan::policy> find(const kerb::need_principal&) { return kerb::not_found{}; } };\n"
        "bool f(kerb::botan::kdc& x, kerb::bytes_view in, kerb::botan::policy& p, none& d, kerb::timestamp now) {\n"
        "  return kerb::serve(x, in, p, d, now).has_value();\n}\n"),
}


def compile_seconds(command):
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(pid, 0)
    if status != 0:
        sys.exit("does not compile: " + shlex.join(command))
    return used.ru_utime + used.ru_stime


def text_octets(obj):
    """.text and whatever else is code or constants."""
    line = subprocess.run(["size", "-B", obj], check=True, capture_output=True, text=True).stdout.splitlines()[1]
    return int(line.split()[0])


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--compiler", action="append", help="g++ and clang++ where they are, unless named")
    args.add_argument("--runs", type=int, default=3)
    args.add_argument("--flags", default="", help="for Botan's headers, as pkg-config gives them")
    o = args.parse_args()
    names = o.compiler or [n for n in ("g++", "clang++-19") if shutil.which(n)]
    print("| " + "translation unit".ljust(36) + " | " +
          " | ".join(f"{n} only read | {n} -O2 | code and constants" for n in names) + " |")
    print("|---|" + "---:|---:|---:|" * len(names))
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        cells = {what: [] for what in PROGRAMS}
        for name in names:
            base = [*shlex.split(name), "-std=c++20", f"-I{ROOT / 'include'}", *shlex.split(o.flags)]
            least = {}
            for _ in range(o.runs):
                for i, (what, (includes, code)) in enumerate(PROGRAMS.items()):
                    source, obj = tmp / f"{i}.cpp", str(tmp / f"{i}.o")
                    source.write_text(includes)
                    read = compile_seconds([*base, "-fsyntax-only", str(source)])
                    source.write_text(includes + code)
                    made = compile_seconds([*base, "-O2", "-c", str(source), "-o", obj])
                    old = least.get(what, (read, made, 0))
                    least[what] = min(old[0], read), min(old[1], made), text_octets(obj)
            yard = least["the yardstick"]
            for what, (read, made, size) in least.items():
                cells[what].append(f"{read:.2f} s ({read / yard[0]:.1f}x) | {made:.2f} s ({made / yard[1]:.1f}x) | {size}")
        for what, c in cells.items():
            print(f"| {what.ljust(36)} | " + " | ".join(c) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
