#!/usr/bin/env python3
"""What is true of examples/inspect whatever it is given: inspect_test.py PROGRAM CAPTURES-DIRECTORY"""
import base64
import hashlib
import hmac
import json
import pathlib
import random
import re
import resource
import struct
import subprocess
import sys
import tempfile

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

# Each key is tried on each seal of its type once: many keys and many messages take seconds.
randomness = random.Random(7)
many = b"\x05\x02"
for n in range(2800):
    etype = (17, 18, 19, 20)[n % 4]
    octets = randomness.randbytes(16 if etype in (17, 19) else 32)
    host = b"host%d" % n
    entry = struct.pack(f">HH2sH{len(host)}sIIBHH", 1, 2, b"EX", len(host), host, 1, 0, 1, etype, len(octets)) + octets
    many += struct.pack(">i", len(entry)) + entry
many += KEYS.read_bytes()[2:]
with tempfile.NamedTemporaryFile() as keytab_file:
    keytab_file.write(many)
    keytab_file.flush()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    few = inspect("--json", "--keytab", KEYS, CAPTURES / "mit-kerb.pcap")
    lots = inspect("--json", "--keytab", keytab_file.name, CAPTURES / "mit-kerb.pcap")
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
check("2800 more keys open the same", few[1] == lots[1])
check("2800 keys and 330 messages take seconds", used < 20, used)

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

hints = der(0xa3, der(0x30, der(0xa0, der(0x1b, b"not_defined_in_RFC4178@please_ignore"))))
first = der(0x60, spnego, der(0xa0, der(0x30, der(0xa0, der(0x30, krb5)), hints)))
seen = inspect("--json", "-", given=first)
check("SPNEGO of a Windows acceptor that speaks first", seen[0] == 0 and b"hintName" in seen[1], seen)

# Contexts of GSS-API and their messages, with nothing but the service's key: MIT krb5 on both sides.
vectors = []
for name in ("gss.vec", "spnego.vec"):
    for block in (CAPTURES.parent / name).read_text().split("\n\n"):
        v = dict(re.findall(r"^(\w+) = ?(.*)$", block, re.M))
        vectors += [v] if v else []


def vectors_of(kind, name):
    return [v for v in vectors if v["kind"] == kind and v["name"] == name]


def inspect_files(*options, files):
    """Documents of several files at once, and the status."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for n, octets in enumerate(files):
            paths.append(pathlib.Path(folder) / f"{n:02}")
            paths[-1].write_bytes(octets)
        status, out, err = inspect("--json", *options, *paths)
    return status, [json.loads(line) for line in out.splitlines()], err


def find(document, field):
    return [i for i in leaves(document["items"]) if i.get("field") == field]


for kind, name in [(v["kind"], v["name"]) for v in vectors if v["kind"] in ("gss_context", "spnego")]:
    (context,), messages = vectors_of(kind, name), vectors_of(kind.split("_")[0] + "_message", name)
    key = ["--key", context["etype"] + ":" + context["key"]]
    firsts = [bytes.fromhex(context[t]) for t in ("first", "second", "third") if context.get(t)]
    tokens = [bytes.fromhex(m["token"]) for m in messages]
    status, documents, err = inspect_files(*key, files=firsts + tokens)
    what = f"{kind} {name}"
    check(f"{what}: everything is well formed", status == 0 and len(documents) == len(firsts + tokens), (status, err))
    seals = [i for d in documents[:len(firsts)] for i in find(d, "cipher")]
    check(f"{what}: the context's tokens are opened", all("opened" in i["remark"] for i in seals if i["size"] < 4000) or
          name == "deleg", [i.get("remark") for i in seals])
    mine = "EncAPRepPart" if context.get("acceptor_subkey") or (kind == "spnego" and context["second"]) else "Authenticator"
    for m, d in zip(messages, documents[len(firsts):]):
        data = find(d, "Data") + find(d, "SGN_CKSUM")
        remark, shown = data[0].get("remark", ""), find(d, "plaintext-data")
        good = remark.startswith("opened with subkey of " + mine if m["contents"].startswith("wrapconf")
                                 else "verified with subkey of " + mine)
        good = good and (m["contents"].startswith("mic") or shown[0]["hex"] == m["plain"])
        check(f"{what}, {m['contents']}: shown with the context's key", good, (remark, shown))
    if messages:
        status, documents, err = inspect_files(files=firsts + tokens)
        check(f"{what}: without keys, nothing is opened", status == 0 and b"opened" not in json.dumps(documents).encode())
        status, documents, err = inspect_files("--key", "17:" + bytes(16).hex(), files=tokens)
        remarks = [(find(d, "Data") + find(d, "SGN_CKSUM"))[0]["remark"] for d in documents]
        check(f"{what}: another key opens nothing, and that is said", status == 0 and
              all(r.startswith("no key here ") for r in remarks), remarks)
        # One file with a length in front of each token
        stream = b"".join(len(t).to_bytes(4, "big") + t for t in firsts + tokens)
        if firsts[0][0] == 0x60:
            status, documents, err = inspect_files(*key, files=[stream])
            remarks = [i["remark"] for d in documents for i in find(d, "Data") + find(d, "SGN_CKSUM")]
            check(f"{what}: a stream of tokens", status == 0 and len(remarks) == len(tokens) and
                  not [r for r in remarks if r.startswith("no key")], (status, remarks))

(context,), (deleg,), (channel,) = (vectors_of("gss_context", n) for n in ("e17", "deleg", "channel"))
for v, flags, bound in ((context, {"GSS_C_MUTUAL_FLAG", "GSS_C_CONF_FLAG", "GSS_C_INTEG_FLAG"}, False),
                        (deleg, {"GSS_C_DELEG_FLAG"}, False), (channel, {"GSS_C_MUTUAL_FLAG"}, True)):
    status, (document,), err = inspect_files("--key", v["etype"] + ":" + v["key"], files=[bytes.fromhex(v["first"])])
    check(f"{v['name']}: flags by name", flags <= set(find(document, "Flags")[0]["bits"]), find(document, "Flags"))
    bindings = find(document, "Bnd")[0]
    check(f"{v['name']}: channel bindings", bound == (bindings.get("name") != "no channel bindings") ==
          (bindings["hex"] != 32 * "0"), bindings)
    delegated = [i for i in leaves(document["items"]) if i["type"] == "EncKrbCredPart"]
    check(f"{v['name']}: a delegated credential is opened", len(delegated) == (v is deleg), delegated)
    if v is deleg:
        check("the delegation's fields", find(document, "DlgOpt")[0]["value"] == 1 and find(document, "Dlgth"))

# A conversation of HTTP: all of its tokens, whatever else is there.
(spoken,) = vectors_of("spnego", "curl-apache")
coded = [base64.b64encode(bytes.fromhex(spoken[t])).decode() for t in ("first", "second")]
talk = ("> GET / HTTP/1.1\n> Host: web\n>\n< HTTP/1.1 401 Unauthorized\n< WWW-Authenticate: Negotiate\n"
        "> GET / HTTP/1.1\n> authorization: Negotiate {}\n> Accept: */*\n< HTTP/1.1 200 OK\r\n"
        "< WWW-Authenticate: negotiate {}\n").format(*coded)
status, out, err = inspect("--json", "--key", spoken["etype"] + ":" + spoken["key"], "-", given=talk.encode())
documents = [json.loads(line) for line in out.splitlines()]
seals = [i["remark"][:6] for d in documents for i in find(d, "cipher")]
check("the headers of a conversation", status == 0 and seals == 3 * ["opened"] and
      [d["where"] for d in documents] == ["line 7", "line 10"], (status, seals, documents))
folded = "Negotiate " + "\n".join(re.findall(".{1,76}", coded[0])) + "\n"
check("base64 in lines behind Negotiate", inspect("-", given=folded.encode()) ==
      inspect("-", given=bytes.fromhex(spoken["first"])))

# A token says what its message is rotated by; nothing that was changed verifies.
firsts = [bytes.fromhex(context[t]) for t in ("first", "second")]
key = ["--key", context["etype"] + ":" + context["key"]]
hello = {m["contents"]: bytes.fromhex(m["token"]) for m in vectors_of("gss_message", "e17") if m["plain"].startswith("68656c")}
for contents in ("wrapconf i2a", "wrapinteg a2i"):
    for by in (1, 12, 28, 200):
        whole = hello[contents]
        rest = whole[16:]
        turn = len(rest) - by % len(rest)
        rotated = whole[:6] + by.to_bytes(2, "big") + whole[8:16] + rest[turn:] + rest[:turn]
        status, documents, err = inspect_files(*key, files=firsts + [rotated])
        shown = find(documents[-1], "plaintext-data")
        check(f"{contents} rotated by {by}", shown and shown[0]["hex"] == b"hello, world".hex() and
              "no key" not in find(documents[-1], "Data")[0]["remark"], documents[-1])
    for at in (2, 12, 20, len(whole) - 1):
        changed = whole[:at] + bytes([whole[at] ^ 8]) + whole[at + 1:]
        status, documents, err = inspect_files(*key, files=firsts + [changed])
        if contents.startswith("wrapconf") and at < 16:  # it opens, but its header is not the one that was sealed
            check(f"{contents} changed at {at}", "note" in find(documents[-1], "header")[0], documents[-1])
            continue
        check(f"{contents} changed at {at}", find(documents[-1], "Data")[0]["remark"].startswith("no key here"), documents[-1])
status, documents, err = inspect_files(*key, files=firsts + [hello["wrapinteg i2a"][:20]])
check("an EC that is larger than the token", status == 1 and documents[-1]["error"]["field"] == "EC", documents[-1])
mic = hello["mic i2a"]
status, documents, err = inspect_files(*key, files=firsts + [mic])
check("a MIC whose message is not known", "--message" in find(documents[-1], "SGN_CKSUM")[0]["remark"], documents[-1])
with tempfile.NamedTemporaryFile() as message_file:
    message_file.write(b"hello, world")
    message_file.flush()
    status, documents, err = inspect_files(*key, "--message", message_file.name, files=firsts + [mic])
    remark = find(documents[-1], "SGN_CKSUM")[0]["remark"]
    check("a MIC of a given message", remark.startswith("verified") and remark.endswith("over " + message_file.name), remark)

# mechListMIC covers the initiator's mechanisms: under a key of RFC 8009, which is made of HMAC alone.
mechanisms, context_key = der(0x30, krb5, spnego), bytes(range(16))


def hmac_sha256_128(key, octets):
    return hmac.new(key, octets, hashlib.sha256).digest()[:16]


def mic_of(message, usage, flags):
    header = b"\x04\x04" + bytes([flags]) + 5 * b"\xff" + bytes(7) + b"\x09"
    derived = hmac_sha256_128(context_key, b"\0\0\0\x01" + usage.to_bytes(4, "big") + b"\x99\0\0\0\0\x80")
    return header + hmac_sha256_128(derived, message + header)


init = der(0x60, spnego, der(0xa0, der(0x30, der(0xa0, mechanisms))))
for flags, usage in ((0, 25), (1, 23)):
    response = der(0xa1, der(0x30, der(0xa0, der(0x0a, b"\0")), der(0xa3, der(0x04, mic_of(mechanisms, usage, flags)))))
    status, documents, err = inspect_files("--key", "19:" + context_key.hex(), files=[init, response])
    remark = find(documents[-1], "SGN_CKSUM")[0]["remark"]
    check(f"mechListMIC, key usage {usage}", status == 0 and
          remark == f"verified with the key given, key usage {usage}, over mechTypes", remark)
    status, documents, err = inspect_files("--key", "19:" + context_key.hex(), files=[response])
    check("without the mechanisms it is not verified", "no key here" in find(documents[-1], "SGN_CKSUM")[0]["remark"])

# Tokens in tokens end somewhere, and so does what they cost.
token = b""
for _ in range(4000):
    token = der(0xa1, der(0x30, der(0xa2, der(0x04, token))))
status, out, err = inspect("--json", "-", given=token)
check("SPNEGO in SPNEGO is not followed for ever", status == 0 and json.loads(out)["ok"] and len(out) < 10**6, (status, err))
status, out, err = inspect("-", given=b"\x6a\x84\x7f\xff\xff\xff" + bytes(4))
check("a length is not believed", status == 1 and b"truncated" in out, (status, out, err))

# What begins with 5: keytabs, caches of all versions, Wrap tokens.
wrap = bytes.fromhex("050402ff00000000ffffffffffffffff") + bytes(12)
status, out, err = inspect("-", given=wrap)
check("a Wrap token is no cache", status == 0 and b"GSS Wrap token" in out and b"18446744073709551615" in out, out)
old = b"\x05\x02" + struct.pack("=3I2sI5s", 1, 1, 2, b"EX", 5, b"alice")
status, out, err = inspect("-", given=old)
check("a cache of version 2 is no keytab", status == 0 and b"credential cache" in out and b"alice@EX" in out, out)
check("a directory cannot be read", inspect(CAPTURES)[0] == 2 and b"cannot be read" in inspect(CAPTURES)[2])

# Keys that nothing seals are withheld all the same: in delegations, from marks of faults, from caches.
secret = bytes(range(0xd0, 0xe0))
seen_as = [secret.hex()[:16].encode(), secret.hex()[-6:].encode(), secret[:4].hex(" ").encode(), secret[-3:].hex(" ").encode()]


def integer(n):
    return der(0x02, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def text(t):
    return der(0x1b, t)


name = der(0x30, der(0xa0, integer(1)), der(0xa1, der(0x30, text(b"alice"))))
key = der(0x30, der(0xa0, integer(17)), der(0xa1, der(0x04, secret)))
part = der(0x7d, der(0x30, der(0xa0, der(0x30, der(0x30, der(0xa0, key))))))
cred = der(0x76, der(0x30, der(0xa0, integer(5)), der(0xa1, integer(22)), der(0xa2, der(0x30)),
                     der(0xa3, der(0x30, der(0xa0, integer(0)), der(0xa2, der(0x04, part))))))


def authenticator(checksum):
    return der(0x62, der(0x30, der(0xa0, integer(5)), der(0xa1, text(b"EX")), der(0xa2, name),
                         der(0xa3, der(0x30, der(0xa0, integer(0x8003)), der(0xa1, der(0x04, checksum)))),
                         der(0xa4, integer(0)), der(0xa5, der(0x18, b"20260101000000Z"))))


def delegation(size):
    return struct.pack("<I16sIHH", 16, bytes(16), 1, 1, size) + cred


record = struct.pack(">HH2sH5sIIBHH", 1, 2, b"EX", 5, b"alice", 1, 0, 1, 17, 16) + secret
keytab = b"\x05\x02" + struct.pack(">i", len(record)) + record
file_name = struct.pack(">III2sI5s", 1, 1, 2, b"EX", 5, b"alice")
setting = struct.pack(">III12sI21sI11s", 0, 2, 12, b"X-CACHECONF:", 21, b"krb5_ccache_conf_data", 11, b"ntlm-key-EX")
cache = b"\x05\x04\x00\x00" + file_name + file_name + setting + bytes(2 + 4 + 16 + 1 + 4 + 4 + 4)
cache += struct.pack(">I", 16) + secret + bytes(4)
for what, octets, *how in [
        ("a KRB-CRED", cred), ("one with more behind it", cred + b"\0"), ("one cut off", cred[:-1]),
        ("a new password cut off", der(0x30, der(0xa0, der(0x04, secret)))[:-1]),
        ("a key", key, "--as=EncryptionKey"), ("a key with more behind it", key + b"\0", "--as=EncryptionKey"),
        ("a key cut off", key[:-1], "--as=EncryptionKey"), ("a keytab", keytab), ("a keytab cut off", keytab[:-1]),
        ("a keytab with half a record behind it", keytab + bytes(4 - len(keytab) % 4) + b"\0\0"),
        ("a keytab with a record too long", keytab + b"\0\0\1\0"),
        ("a delegation", authenticator(delegation(len(cred)))),
        ("a delegation too long", authenticator(delegation(len(cred) + 1))), ("a cache", cache)]:
    for also in ([], ["--json"], ["--full"]):
        out = inspect(*how, *also, "-", given=octets)[1]
        check(f"{what}, {also}: no key is shown", out and not [s for s in seen_as if s in out], out)
for octets in (cred, authenticator(delegation(len(cred))), keytab, cache):
    check("--show-secrets shows them", secret.hex().encode() in inspect("--json", "--show-secrets", "-", given=octets)[1])


# TCP: segments in any order, again and longer, and the same ports for another connection.
def capture_of(*segments, port=88):
    out = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101)
    for number, syn, data in segments:
        tcp = struct.pack(">HHIIBBHHH", 40000, port, number & 0xffffffff, 0, 0x50, 2 if syn else 0x10, 0, 0, 0) + data
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, b"\x0a\0\0\1", b"\x0a\0\0\2") + tcp
        out += struct.pack("<IIII", 0, 0, len(ip), len(ip)) + ip
    return out


framed = len(message).to_bytes(4, "big") + message
start = 0xffffffff - 20
for what, segments, messages in [
        ("in order", [(start - 1, 1, b""), (start, 0, framed)], 1),
        ("backwards, across the wrap", [(start - 1, 1, b""), (start + 9, 0, framed[9:]), (start, 0, framed[:9])], 1),
        ("sent again with more", [(start - 1, 1, b""), (start + 9, 0, framed[9:12]), (start + 9, 0, framed[9:]),
                                  (start, 0, framed[:9])], 1),
        ("SYN seen twice", [(start - 1, 1, b""), (start, 0, framed), (start - 1, 1, b""),
                            (start + len(framed), 0, framed)], 2),
        ("a second connection", [(7, 1, b""), (8, 0, framed), (start - 1, 1, b""), (start, 0, framed)], 2),
        ("a second one after one that said nothing", [(7, 1, b""), (start - 1, 1, b""), (start, 0, framed)], 1)]:
    status, out, err = inspect("--json", "-", given=capture_of(*segments))
    names = [json.loads(line)["message"] for line in out.splitlines()]
    check(f"TCP, {what}", status == 0 and names == ["AS-REQ"] * messages, (status, names, err))

# What the options have not led to is said.
elsewhere = capture_of((start, 0, framed), port=1088)
status, out, err = inspect("-", given=elsewhere)
check("packets of other ports are counted", status == 1 and b"1 frames" in err and b"88, 464" in err and b"--port" in err,
      (status, out, err))
status, out, err = inspect("--port", "1088", "-", given=elsewhere)
check("--port looks at one more", status == 0 and b"AS-REQ" in out and not err, (status, out, err))
wrong_key = "18:" + 64 * "0"
status, out, err = inspect("--keytab", KEYS, "--key", wrong_key, "--password", "wrong", CAPTURES / "mit-kerb.pcap")
check("a key that opens nothing is named", status == 0 and b"--key 18:... opened nothing" in err and
      b"--password opened nothing" in err and b"keys.keytab" not in err, (status, err))
status, out, err = inspect("--keytab", KEYS, CAPTURES / "mit-kerb.pcap")
check("keys that open something are not", status == 0 and not err, (status, err))
status, out, err = inspect("--keytab", KEYS, "-", given=message)
check("a keytab that opens nothing is named", b"no key of" in err and b"opened anything" in err, err)

strange = bytearray(capture_of((start, 0, framed)))
strange[20] = 105
status, out, err = inspect("-", given=strange)
check("a link layer that is not known is named", status == 1 and b"link layer" in out and not err, (status, out, err))

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
csi = message.replace(b"alice", b"al\xc2\x9bm")
check("C1 controls are escaped in JSON too", b"\xc2\x9b" not in inspect("--json", "-", given=csi)[1])
for how in ([], ["--json"], ["--color=always"]):
    out = inspect(*how, "-", given=evil)[1]
    check(f"{how}: control characters are escaped", b"\x1b[2J" not in out and b"[2J" in out, out)
check("no colours but where they are asked for", b"\x1b" not in plain[1] and b"\x1b" in inspect("--color=always", "-", given=message)[1])

# Names are quoted as kerb::to_text does: components of any content never look like others.
record = struct.pack(">HH2sH5sIIBHH", 1, 2, b"EX", 5, b"a/b@c", 1, 0, 1, 17, 16) + secret
quoted = b"\x05\x02" + struct.pack(">i", len(record)) + record
check("a / and an @ in a name are quoted", b'"a\\/b\\@c@EX"' in inspect("-", given=quoted)[1], inspect("-", given=quoted)[1])
names = [i["value"] for i in leaves(json.loads(inspect("--json", "-", given=quoted)[1])["items"]) if i.get("field") == "principal"]
check("in JSON too", names == ["a\\/b\\@c@EX"], names)


# mimikatz's files: lengths in long form, whatever they are. From a file only.
def long_form(octets):
    out, at = b"", 0
    while at != len(octets):
        tag, size, at = octets[at], octets[at + 1], at + 2
        if size >= 0x80:
            n = size & 0x7f
            size, at = int.from_bytes(octets[at:at + n], "big"), at + n
        body = octets[at:at + size]
        body = long_form(body) if tag & 0x20 else body
        out, at = out + bytes([tag, 0x84]) + len(body).to_bytes(4, "big") + body, at + size
    return out


status, out, err = inspect("--json", "-", given=long_form(cred))
check("a .kirbi of mimikatz", status == 0 and json.loads(out)["message"] == "KRB-CRED" and ".kirbi" in json.loads(out)["where"], out)
status, out, err = inspect("--json", "-", given=long_form(message))
check("no other message has such lengths", status == 1 and not json.loads(out)["ok"], out)

# Arguments.
twice = ["--key", "17:" + secret.hex()] * 2
check("a key may be given twice", inspect(*twice, "-", given=message)[0] == 0, inspect(*twice, "-", given=message))
for kind in ("ETYPE-INFO", "IAKERB-HEADER", "IAKERB-FINISHED", "PA-OTP-ENC-REQUEST", "PA-FX-FAST-REPLY", "KrbFastArmoredRep"):
    status, out, err = inspect("--as", kind, "--json", "-", given=b"\x30\x00")
    check(f"--as {kind}", status in (0, 1) and json.loads(out)["message"] == kind, (status, out, err))
check("--help", inspect("--help")[0] == 0 and b"usage" in inspect("--help")[1])
for wrong in (["--nonsense", "x"], [], ["a", "b"], ["--key", "18:zz", "x"], ["/nonexistent"], ["--as", "Nothing", "x"]):
    status, out, err = inspect(*wrong)
    check(f"{wrong} ends with 2 and a word", status == 2 and err and not out, (status, out, err))

print(f"{opened} seals opened; {len(failures)} failures")
sys.exit(bool(failures))
