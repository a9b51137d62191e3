#!/usr/bin/env python3
"""What is true of examples/inspect whatever it is given: inspect_test.py PROGRAM CAPTURES-DIRECTORY"""
import base64
import json
import pathlib
import subprocess
import sys

PROGRAM, CAPTURES = sys.argv[1], pathlib.Path(sys.argv[2])
KEYS = CAPTURES / "keys.keytab"
failures = []


def inspect(*args, given=None, env=None):
    done = subprocess.run([PROGRAM, *map(str, args)], input=given, capture_output=True, env=env)
    return done.returncode, done.stdout, done.stderr


def check(what, good, seen=""):
    if not good:
        failures.append(what)
        print(f"failed: {what}\n  {str(seen)[:400]}")


def leaves(items):
    for i in items:
        yield i
        yield from leaves(i.get("items", []))


def first_messages(count):
    """The first messages of a capture, as its file has them: 16 octets of record, 28 of IP and UDP."""
    data, at = (CAPTURES / "mit-kerb.pcap").read_bytes(), 24
    for _ in range(count):
        size = int.from_bytes(data[at + 8:at + 12], "little")
        yield data[at + 16 + 28:at + 16 + size]
        at += 16 + size


def keytab_keys(data):
    at = 2
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        record, p = data[at + 4:at + 4 + size], 2
        for _ in range(int.from_bytes(record[:2], "big") + 1):
            p += 2 + int.from_bytes(record[p:p + 2], "big")
        p += 4 + 4 + 1 + 2
        yield record[p + 2:p + 2 + int.from_bytes(record[p:p + 2], "big")].hex()
        at += 4 + size


# Every message of every capture is understood, and JSON is JSON.
opened = 0
for capture in sorted(CAPTURES.glob("*.pcap")):
    status, out, err = inspect("--json", "--keytab", KEYS, capture)
    messages = [json.loads(line) for line in out.splitlines()]
    check(f"{capture.name} is understood", status == 0 and messages and all(m["ok"] for m in messages), err)
    notes = [i for m in messages for i in leaves(m["items"]) if "note" in i]
    check(f"{capture.name}: everything nested is as expected", not notes, notes[:1])
    opened += sum(i.get("remark", "").startswith("opened") for m in messages for i in leaves(m["items"]))
check("seals are opened with the keys of a keytab", opened > 500, opened)

# Keys are shown to those who ask, and to nobody else.
keys = set(keytab_keys(KEYS.read_bytes()))
capture = CAPTURES / "mit-kpasswd.pcap"
for how in ([], ["--json"], ["--full"]):
    hidden = inspect(*how, "--keytab", KEYS, capture)[1].decode()
    check(f"{how}: no key is shown", not [k for k in keys if k[:24] in hidden])
    hidden = inspect(*how, KEYS)[1].decode()
    check(f"{how}: no key of a keytab is shown", not [k for k in keys if k[:24] in hidden])
    shown = inspect(*how, "--full", "--show-secrets", "--keytab", KEYS, capture)[1].decode()
    check(f"{how}: --show-secrets shows keys", len([k for k in keys if k in shown]) > 3)
check("new passwords are withheld", b"withheld" in inspect("--keytab", KEYS, capture)[1])

# One message in all of its dresses.
message = next(first_messages(1))
plain = inspect("-", given=message)
check("a bare message", plain[0] == 0 and b"AS-REQ" in plain[1], plain)
for name, dressed in [("hexadecimal", message.hex().encode()), ("hexadecimal with colons", message.hex(":").encode()),
                      ("base64", base64.b64encode(message)), ("base64 in lines", base64.encodebytes(message))]:
    check(name, inspect("-", given=dressed) == plain)
framed = inspect("--json", "-", given=len(message).to_bytes(4, "big") + message)
check("TCP's length", framed[0] == 0 and json.loads(framed[1])["message"] == "AS-REQ", framed)
twice = inspect("--json", "-", given=2 * (len(message).to_bytes(4, "big") + message))
check("two in a stream", len(twice[1].splitlines()) == 2, twice)


def der(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    length = [size] if size < 128 else [0x81, size] if size < 256 else [0x82, size >> 8, size & 255]
    return bytes([tag, *length]) + body


proxied = der(0x30, der(0xa0, der(0x04, len(message).to_bytes(4, "big") + message)))
seen = inspect("--json", "-", given=proxied)
check("through a proxy", seen[0] == 0 and b'"AS-REQ"' in seen[1] and b"KDC-PROXY-MESSAGE" in seen[1], seen)
krb5, spnego = bytes.fromhex("06092a864886f712010202"), bytes.fromhex("06062b0601050502")
error = list(first_messages(2))[1]
token = der(0x60, krb5, b"\x03\x00", error)
seen = inspect("--json", "-", given=token)
check("a GSS token", seen[0] == 0 and b'"KRB-ERROR"' in seen[1] and b"1.2.840.113554.1.2.2" in seen[1], seen)
negotiation = der(0x60, spnego, der(0xa0, der(0x30, der(0xa0, der(0x30, krb5)), der(0xa2, der(0x04, token)))))
seen = inspect("--json", "-", given=negotiation)
check("a token in SPNEGO", seen[0] == 0 and b'"KRB-ERROR"' in seen[1] and b"mechToken" in seen[1], seen)
header = inspect("-", given=b"Authorization: Negotiate " + base64.b64encode(negotiation) + b"\r\n")
check("an HTTP header", header[0] == 0 and b"KRB-ERROR" in header[1], header)

# Whatever is broken is shown as far as it goes, with an error, and ends with 1.
for n in range(len(error)):
    status, out, err = inspect("--json", "-", given=error[:n])
    lines = out.splitlines()
    good = status == 1 and len(lines) == 1 and not json.loads(lines[0])["ok"] and "error" in json.loads(lines[0])
    check(f"cut off after {n} octets", good, (status, out, err))
for at in range(0, len(error), 7):
    for octet in (0x00, 0x7f, 0xff):
        status, out, err = inspect("--json", "-", given=error[:at] + bytes([octet]) + error[at + 1:])
        check(f"octet {at} changed to {octet}", status in (0, 1) and [json.loads(l) for l in out.splitlines()], (status, err))
status, out, err = inspect("-", given=error[:20] + b"\x05" + error[21:])
check("the octet at fault is marked", status == 1 and b"error: " in out and out.rstrip().endswith(b"^^"), out)

# What comes from the wire does no harm to a terminal.
evil = message.replace(b"alice", b"a\x1b[2J")
check("the message has a name that can be changed", evil != message)
for how in ([], ["--json"], ["--color=always"]):
    out = inspect(*how, "-", given=evil)[1]
    check(f"{how}: control characters are escaped", b"\x1b[2J" not in out and b"[2J" in out, out)
check("no colours but where they are asked for", b"\x1b" not in plain[1] and b"\x1b" in inspect("--color=always", "-", given=message)[1])

# Arguments.
check("--help", inspect("--help")[0] == 0 and b"usage" in inspect("--help")[1])
for wrong in (["--nonsense", "x"], [], ["a", "b"], ["--key", "18:zz", "x"], ["/nonexistent"], ["--as", "Nothing", "x"]):
    status, out, err = inspect(*wrong)
    check(f"{wrong} ends with 2 and a word", status == 2 and err and not out, (status, out, err))

print(f"{opened} seals opened; {len(failures)} failures")
sys.exit(bool(failures))
