#!/usr/bin/env python3
"""Compares what examples/inspect shows of captured messages with what Wireshark's dissector shows, field by field.

  tshark.py --inspect PROGRAM CAPTURE...
  tshark.py --inspect PROGRAM --list CAPTURE...     every difference, the known ones too

A field is found by where its octets stand in the message. Of each one the name, the value, and the name that a registry
has for the value are compared; a field that only one of the two shows is a difference too. The differences that are
known stand in tshark.txt beside this file, with the reason for each; a line that nothing needs is an error, as long as
all captures are compared.
"""
import argparse
import collections
import fnmatch
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77

Field = collections.namedtuple("Field", "at size name value label")  # label: the registry's name of the value


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace").strip()


# --- inspect -------------------------------------------------------------------------------------------------------

def ours(item, fields, below=""):
    """The values and lists under one item of inspect's JSON."""
    name = item.get("field") or below
    at, size, value, label = item["offset"] + item["header"], item["size"], None, item.get("name", "")
    children = item.get("items", [])
    shown = True
    if "bits" in item and item["type"].endswith(("Options", "Flags")):
        at, size = at + 1, size - 1  # the octet that counts the unused bits is no part of the flags
        value = (item["value"], frozenset(item["bits"]))
    elif item["type"] == "SEQUENCE OF":
        value, label = len(children), ""
        shown = "field" in item or "index" in item  # one that is the whole of an OCTET STRING has no line of tshark's
    elif "value" in item and (item["type"] != "OCTET STRING" or "hex" not in item or name == "address"):
        value = item["value"]
    elif "hex" in item:
        value = item["hex"]
    elif item["type"] != "OCTET STRING":  # those with an encoding in them are compared by name and place
        shown = False
    if shown:
        fields.append(Field(at, size, name, value, label))
    for child in children:
        ours(child, fields, name)


def from_inspect(program, capture):
    """{frame: (message, fields)}"""
    status, out, err = run(program, "--json", capture)
    if status not in (0, 1):
        sys.exit(f"{program} --json {capture}: {err}")
    found = {}
    for line in out.splitlines():
        message, fields = json.loads(line), []
        for item in message["items"]:
            ours(item, fields)
        found[message.get("frame")] = (message, fields)
    return found


# --- tshark --------------------------------------------------------------------------------------------------------

# Lines of tshark's that stand for a structure without a value, or repeat part of another line.
STRUCTURE = re.compile(r"_element$|^ber\.|^_ws\.")
# A flag under another name: MS-SFU section 2.2.3 has cname-in-addl-tkt.
FLAG_NAMES = {"constrained-delegation": "cname-in-addl-tkt"}
FLAG = re.compile(r"[01.]{4} [01.]{4} = ")
MONTHS = {m: n for n, m in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}


def iso(show):
    m = re.fullmatch(r"(\w{3})\s+(\d+), (\d{4}) (\d\d):(\d\d):(\d\d)\.0+ UTC", show)
    return m and f"{m[3]}-{MONTHS[m[1]]:02}-{int(m[2]):02}T{m[4]}:{m[5]}:{m[6]}Z"


def read_value(show, value, rest):
    """(value, label) of one line."""
    labelled = re.fullmatch(r"(.*) \((-?\d+|0x[0-9a-f]+)\)", rest)
    if labelled:
        return int(labelled[2], 0), labelled[1]
    if iso(show):
        return iso(show), ""
    if re.fullmatch(r"\d+ items?", rest):
        return int(rest.split()[0]), ""
    if re.fullmatch(r"-?\d+|0x[0-9a-f]+", show) and rest == show:
        return int(show, 0), ""
    if rest == "<MISSING>":
        return "", ""
    if show.replace(":", "") == value:
        return value, ""
    if "\ufffd" in show:  # tshark takes GeneralString for ASCII
        return bytes.fromhex(value).decode("utf-8", "replace"), ""
    return show, ""


def theirs(field, base, fields):
    name, children = field.get("name"), list(field)
    word, _, rest = (field.get("showname") or "").partition(": ")
    at, size = int(field.get("pos") or 0) - base, int(field.get("size") or 0)
    bits = [c for c in children if FLAG.match(c.get("showname") or "")]
    if bits:
        on = frozenset(FLAG_NAMES.get(n, n) for n in (
            c.get("showname").split(" = ")[1].split(":")[0] for c in bits if c.get("show") == "1"))
        fields.append(Field(at, size, word, (int(field.get("value"), 16), on), ""))
        children = [c for c in children if c not in bits]
    elif not STRUCTURE.search(name) and (field.get("value") is not None or rest == "<MISSING>"):
        fields.append(Field(at, size, word, *read_value(field.get("show"), field.get("value"), rest)))
    for child in children:
        theirs(child, base, fields)


def from_tshark(tshark, capture):
    """(frame, whether tshark calls it malformed, fields) for each message."""
    with tempfile.TemporaryDirectory() as home:
        status, out, err = run("env", "HOME=" + home, "LC_ALL=C", "TZ=UTC", tshark, "-r", capture, "-T", "pdml",
                               "-o", "kerberos.decrypt:FALSE")
    if status:
        sys.exit(f"{tshark} -r {capture}: {err}")
    for number, packet in enumerate(xml.fromstring(out).findall("packet"), 1):
        protos = [p for p in packet.findall("proto") if p.get("name") in ("kerberos", "kpasswd")]
        if not protos:
            continue
        fields, base = [], int(protos[0].get("pos"))
        for proto in protos:
            for field in proto:
                theirs(field, base, fields)
        yield number, any(f.get("name") == "_ws.malformed" for f in packet.iter()), fields


# --- comparing -----------------------------------------------------------------------------------------------------

PREFIX = re.compile(r"^(etype|krb5?-nt|pa|krb|kdc-err|krb-ap-err|ap-err|err|cksumtype|spakegroup|spakesecondfactor)-(?=.)", re.I)


def plainly(label):
    """Registries and tshark spell one name differently: krb5-NT-PRINCIPAL, KRB_NT_PRINCIPAL."""
    label = label.replace("_", "-").lower()
    while PREFIX.match(label):
        label = PREFIX.sub("", label)
    return label


def differences(mine, yours):
    """(what, ours, theirs, field) for each."""
    at = collections.defaultdict(list)
    for f in mine:
        at[f.at, f.size].append(f)
    used = set()
    for y in yours:
        same_place = at[y.at, y.size]
        m = next((f for f in same_place if f.name == y.name), same_place[0] if same_place else None)
        if m is None:
            around = [f for f in mine if f.at <= y.at and y.at + y.size <= f.at + f.size]
            yield "tshark", min(around, key=lambda f: f.size).name if around else "", y.name, y
            continue
        used.add(id(m))
        if m.name != y.name:
            yield "name", m.name, y.name, y
        value = m.value
        if isinstance(y.value, str) and re.fullmatch("[0-9a-f]+", y.value):  # tshark has but the octets
            if isinstance(value, tuple):
                value = value[0]
            if isinstance(value, int) and value == int(y.value, 16):
                value = y.value
        if value is not None and value != y.value:
            yield "value", m.name, f"{m.value} = {y.value}", y
        if y.label and plainly(m.label) != plainly(y.label):
            yield "label", m.label, y.label, y
    for m in mine:
        if id(m) not in used:
            yield "inspect", m.name, "", m


class Known:
    """The lines of tshark.txt: KIND, OURS, THEIRS, WHERE | REASON, each a pattern."""

    def __init__(self, path):
        self.lines = []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            row, _, reason = line.partition(" # ")
            parts = [p.strip() for p in row.split("|")]
            if len(parts) != 4 or not reason:
                sys.exit(f"{path}:{number}: KIND | OURS | THEIRS | WHERE # REASON")
            self.lines.append((parts, reason, number))
        self.used = collections.Counter()

    def excuses(self, kind, mine, yours, where):
        for (k, m, y, w), _, number in self.lines:
            if k == kind and all(fnmatch.fnmatchcase(a, b) for a, b in ((mine, m), (yours, y), (where, w))):
                self.used[number] += 1
                return True
        return False


def misprinted(fields):
    """The same fields with one name, one value or one registry's name wrong, for each that has one."""
    for n, f in enumerate(fields):
        yield fields[:n] + [f._replace(name=f.name + "x")] + fields[n + 1:]
        if isinstance(f.value, int):
            yield fields[:n] + [f._replace(value=f.value + 1)] + fields[n + 1:]
        if f.label:
            yield fields[:n] + [f._replace(label=f.label[1:])] + fields[n + 1:]
        if isinstance(f.value, tuple):
            yield fields[:n] + [f._replace(value=(f.value[0], f.value[1] ^ {"renewable"}))] + fields[n + 1:]


def unnoticed(fields, yours, known, where):
    """Misprints that would not be seen."""
    matched = {(y.at, y.size) for y in yours}
    for wrong in misprinted([f for f in fields if (f.at, f.size) in matched]):
        if all(known.excuses(k, m, y, where) for k, m, y, _ in differences(wrong, yours)):
            yield next(w for w, f in zip(wrong, [f for f in fields if (f.at, f.size) in matched]) if w != f)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--inspect", required=True)
    p.add_argument("--list", action="store_true")
    p.add_argument("--some", action="store_true", help="not all captures: do not ask that every known line is needed")
    p.add_argument("captures", nargs="+", type=pathlib.Path)
    a = p.parse_args()
    tshark = shutil.which("tshark")
    if not tshark:
        print("skipped: tshark is not installed (Debian package tshark)")
        return SKIPPED
    version = run(tshark, "--version")[1].splitlines()[0]
    known, bad = Known(HERE / "tshark.txt"), collections.Counter()
    first, messages, compared = {}, 0, 0
    for capture in a.captures:
        mine = from_inspect(a.inspect, capture)
        for frame, malformed, yours in from_tshark(tshark, capture):
            if frame not in mine:
                bad["frame", "", "", capture.name] += 1
                first.setdefault(("frame", "", "", capture.name), (frame, ""))
                continue
            message, fields = mine[frame]
            messages += 1
            compared += len(yours)
            where = message["message"] + (" malformed" if malformed else "")
            if messages == 1:
                for f in unnoticed(fields, yours, known, where):
                    bad["misprint", f.name, "", where] += 1
                    first.setdefault(("misprint", f.name, "", where), ("this would not be noticed", f))
                known.used.clear()
            for kind, m, y, field in differences(fields, yours):
                if a.list or not known.excuses(kind, m, y, where):
                    key = (kind, m, y if kind != "value" or not a.list else "", where)
                    bad[key] += 1
                    first.setdefault(key, (f"{capture.name} frame {frame}", field))
    for (kind, m, y, where), n in bad.most_common():
        place, field = first[kind, m, y, where]
        print(f"{n} times {kind}: inspect {m!r}, tshark {y!r}, in {where}; first {place} {str(field)[:200]}")
    unneeded = [] if a.some or a.list else [l for l in known.lines if not known.used[l[2]]]
    for parts, _, number in unneeded:
        print(f"tests/interop/tshark.txt:{number}: nothing needs this line: {' | '.join(parts)}")
    print(f"{version}: {messages} messages, {compared} fields of tshark's compared, "
          f"{sum(known.used.values())} known differences, {sum(bad.values())} others")
    if not bad and not unneeded and messages:
        return 0
    if "TShark (Wireshark) 4.0." not in version:
        print("skipped: tshark.txt has what is known of tshark 4.0, and this is another version")
        return SKIPPED
    return 1


if __name__ == "__main__":
    sys.exit(main())
