#!/usr/bin/env python3
"""Sends requests to examples/http_negotiate that could mislead it, and then has curl get the page: URL"""
import base64
import os
import shutil
import socket
import sys
import urllib.parse

CURL = shutil.which("curl")
url = sys.argv[1]
port = urllib.parse.urlsplit(url).port


def tlv(tag, *contents):
    inside = b"".join(contents)
    assert len(inside) < 128
    return bytes([tag, len(inside)]) + inside


KRB5, OTHER = bytes.fromhex("06092a864886f712010202"), bytes.fromhex("06042b060163")
# A NegTokenInit without a token, whose first mechanism the server does not have: the negotiation needs more tokens
OFFER = tlv(0x60, bytes.fromhex("06062b0601050502"), tlv(0xA0, tlv(0x30, tlv(0xA0, tlv(0x30, OTHER, KRB5)))))
FIRST = b"Authorization: Negotiate " + base64.b64encode(OFFER) + b"\r\n"
REQUEST_MIC, REJECT = bytes.fromhex("a0030a0103"), bytes.fromhex("a0030a0102")


class connection:
    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.file = self.socket.makefile("rb")

    def ask(self, *fields, method=b"GET", behind=b""):
        self.socket.sendall(method + b" / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(fields) + b"\r\n" + behind)
        return self.response()

    def response(self):
        """The status and the token of the next response; nothing if the server has closed the connection."""
        line = self.file.readline()
        if not line:
            return None
        status, token, length = int(line.split()[1]), b"", 0
        while (line := self.file.readline().strip()):
            name, _, value = line.partition(b": ")
            if name == b"WWW-Authenticate" and value.startswith(b"Negotiate "):
                token = base64.b64decode(value.split()[1])
            if name == b"Content-Length":
                length = int(value)
        self.file.read(length)
        return status, token


def closes(what, **request):
    c = connection()
    fields = request.pop("fields", [])
    assert c.ask(*fields, **request)[0] == 400, what
    assert c.response() is None, what + ": what is behind it is not a request"


assert connection().ask() == (401, b"")
hidden = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
closes("contents", fields=[b"Content-Length: %d\r\n" % len(hidden)], behind=hidden)
closes("chunks", fields=[b"transfer-encoding: chunked\r\n"], behind=b"%x\r\n" % len(hidden) + hidden + b"\r\n0\r\n\r\n")
closes("a POST", method=b"POST", behind=hidden)
closes("two fields", fields=[FIRST, FIRST], behind=hidden)

c = connection()
for _ in range(3):  # the negotiation goes on with the connection, but a client may begin anew
    status, token = c.ask(FIRST)
    assert status == 401 and REQUEST_MIC in token and REJECT not in token, token.hex()
assert c.ask() == (401, b"") and REQUEST_MIC in c.ask(FIRST)[1]
assert c.ask(b"Authorization: Negotiate " + base64.b64encode(b"junk") + b"\r\n")[0] == 401
assert REQUEST_MIC in c.ask(FIRST)[1]

os.execv(CURL, ["curl", "-sS", "--negotiate", "-u", ":", url])
