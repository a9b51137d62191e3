#!/usr/bin/env python3
"""Runs examples/kerb with an MIT realm and MIT's kinit, klist and kvno, in both directions."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

REALM = "EXAMPLE.ORG"
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Realm:
    """MIT's krb5kdc and kadmind with a directory of their own."""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.port, self.kadmin, self.kpasswd = free_port(), free_port(), free_port()
        d = self.dir
        (d / "krb5.conf").write_text(f"""
include {d}/more.conf
[libdefaults]
 default_realm = {REALM}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 {REALM} = {{
  kdc = 127.0.0.1:{self.port}
  admin_server = 127.0.0.1:{self.kadmin}
  kpasswd_server = 127.0.0.1:{self.kpasswd}
 }}
""")
        (d / "more.conf").write_text("[domain_realm]\n .example.org = EXAMPLE.ORG\n")
        (d / "kdc.conf").write_text(f"""
[kdcdefaults]
 kdc_listen = 127.0.0.1:{self.port}
 kdc_tcp_listen = 127.0.0.1:{self.port}
[realms]
 {REALM} = {{
  database_name = {d}/principal
  key_stash_file = {d}/stash
  acl_file = {d}/acl
  max_life = 10h
  max_renewable_life = 7d
  kadmind_listen = 127.0.0.1:{self.kadmin}
  kpasswd_listen = 127.0.0.1:{self.kpasswd}
 }}
[logging]
 default = FILE:{d}/log
 kdc = FILE:{d}/kdc.log
 admin_server = FILE:{d}/kadmind.log
""")
        (d / "acl").write_text("")
        self.env = {**os.environ, "PATH": PATH, "KRB5_CONFIG": str(d / "krb5.conf"),
                    "KRB5_KDC_PROFILE": str(d / "kdc.conf"), "KRB5CCNAME": f"FILE:{d}/cc", "LC_ALL": "C"}
        self.run("kdb5_util", "create", "-s", "-P", "the database goes when the test ends")
        self.admin("addprinc +requires_preauth -maxrenewlife 7d -pw alicepw alice",
                   "addprinc -pw carolpw +needchange carol",
                   "addprinc +requires_preauth -pw davepw dave",
                   "addpol -minlength 8 long", "modprinc -policy long dave",
                   "addprinc -randkey HTTP/web.example.org", "addprinc -randkey host/here.example.org",
                   "modprinc -maxrenewlife 7d krbtgt/EXAMPLE.ORG",
                   "addprinc -pw svcpw svc/kerb", f"ktadd -k {d}/host.keytab host/here.example.org",
                   f"ktadd -norandkey -k {d}/alice.keytab alice")
        self.children = [subprocess.Popen([shutil.which(p, path=PATH), stay], env=self.env, stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL)
                         for p, stay in (("krb5kdc", "-n"), ("kadmind", "-nofork"))]
        for port in (self.port, self.kadmin):
            for _ in range(200):
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)

    def close(self):
        for c in self.children:
            c.send_signal(signal.SIGTERM)
            c.wait()

    def run(self, *command, text=None, fails=False):
        done = subprocess.run(command, env=self.env, input=text, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        if (done.returncode != 0) != fails:
            raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def admin(self, *lines):
        out, err = self.run("kadmin.local", text="\n".join(lines) + "\n")
        if " while " in err:
            raise AssertionError(err)


def check(what, holds, saw=""):
    if not holds:
        raise AssertionError(f"{what}\n{saw}")
    print("ok:", what)


def tests(r, kerb):
    cc = r.dir / "cc"

    def run(*args, text=None, fails=False):
        return r.run(kerb, *args, text=text, fails=fails)

    out, _ = run("--password-file", "-", "init", "alice", text="alicepw\n")
    check("init says who, and until when", out.startswith("logged in: krbtgt/EXAMPLE.ORG@EXAMPLE.ORG of alice@EXAMPLE.ORG"),
          out)
    check("the cache is readable only by its owner", cc.stat().st_mode & 0o777 == 0o600)
    out, _ = r.run("klist", "-e", "-f")
    check("klist reads what init wrote", "Default principal: alice@EXAMPLE.ORG" in out and
          "krbtgt/EXAMPLE.ORG@EXAMPLE.ORG" in out and re.search(r"Flags: \w*IA", out) and
          "Etype (skey, tkt): aes256-cts-hmac-sha1-96" in out, out)
    out, _ = r.run("kvno", "HTTP/web.example.org")
    check("kvno uses it", "HTTP/web.example.org@EXAMPLE.ORG: kvno = " in out, out)
    out, _ = run("list")
    check("list shows what kvno added", "HTTP/web.example.org@EXAMPLE.ORG" in out and "krbtgt/EXAMPLE.ORG" in out, out)
    shown = json.loads(run("list", "--json")[0])
    check("list --json is JSON", shown["client"] == "alice@EXAMPLE.ORG" and len(shown["tickets"]) == 2 and
          shown["tickets"][0]["flags"].startswith("IA") and not shown["tickets"][0]["expired"], shown)

    r.run("kinit", "-f", "-r", "5d", "alice", text="alicepw\n")
    before = cc.read_bytes()
    out, _ = run("get", "HTTP/web.example.org", "host/here.example.org")
    check("get uses what kinit made", out.count("ticket: ") == 2 and "host/here.example.org@EXAMPLE.ORG" in out, out)
    out, _ = r.run("klist", "-e", "-f")
    check("klist reads what get added", "HTTP/web.example.org@EXAMPLE.ORG" in out and "host/here" in out, out)
    check("get keeps what kinit wrote: the settings of the cache too", b"krb5_ccache_conf_data" in before and
          b"krb5_ccache_conf_data" in cc.read_bytes())
    out, err = run("--trace", "get", "host/here.example.org")
    check("a ticket in the cache is not asked for again", "the cache has host/here.example.org@EXAMPLE.ORG" in err and
          "TGS-REQ" not in err, err)
    out, _ = run("renew")
    check("renew renews what kinit made", out.startswith("renewed: krbtgt/EXAMPLE.ORG@EXAMPLE.ORG"), out)
    out, _ = r.run("klist", "-f")
    check("klist sees the renewed ticket", "renew until" in out and "HTTP/web" not in out, out)

    out, _ = run("init", "--renewable", "2d", "--lifetime", "1h", "--forwardable", "--password-file", "-", "alice",
                 text="alicepw\n")
    ticket = json.loads(run("list", "--json")[0])["tickets"][0]
    check("init asks for what its options say", ticket["flags"].startswith("FRIA"), ticket)
    out, _ = run("--keytab", f"{r.dir}/alice.keytab", "init", "alice")
    check("init with a keytab needs no password", "alice@EXAMPLE.ORG" in out, out)
    out, _ = run("init", "--verify", "--keytab", f"{r.dir}/host.keytab", "--password-file", "-", "alice", text="alicepw\n")
    check("init --verify proves the KDC", out.startswith("logged in, and verified: "), out)
    r.admin("cpw -randkey -keepold host/here.example.org", "purgekeys host/here.example.org")
    _, err = run("init", "--verify", "--keytab", f"{r.dir}/host.keytab", "--password-file", "-", "alice", text="alicepw\n",
                 fails=True)
    check("with another key it does not", "the login is not verified: bad_key_version" in err, err)

    keytab = f"{r.dir}/new.keytab"
    run("keytab", keytab, "svc/kerb", "--kvno", "1", "--password-file", "-", text="svcpw\n")
    out, _ = r.run("klist", "-k", "-e", "-K", keytab)
    check("klist reads a keytab of kerb", out.count("svc/kerb@EXAMPLE.ORG") == 4 and "aes128-cts-hmac-sha256-128" in out, out)
    out, _ = r.run("kinit", "-k", "-t", keytab, "svc/kerb")
    check("kinit logs in with it", True)
    keys = json.loads(run("--json", "keytab", f"{r.dir}/host.keytab")[0])["keys"]
    check("keytab shows a keytab of kadmin", keys and keys[0]["principal"] == "host/here.example.org@EXAMPLE.ORG", keys)

    old, new = r.dir / "old", r.dir / "new"
    old.write_text("alicepw\n")
    new.write_text("changed-by-kerb\n")
    out, _ = run("passwd", "--password-file", str(old), "--new-password-file", str(new), "alice")
    check("passwd changes a password at kadmind", out == "changed: the password of alice@EXAMPLE.ORG\n", out)
    r.run("kinit", "alice", text="changed-by-kerb\n")
    check("kinit takes the new password", True)
    old.write_text("davepw\n")
    new.write_text("short\n")
    _, err = run("passwd", "--password-file", str(old), "--new-password-file", str(new), "dave", fails=True)
    check("passwd shows why kadmind refuses", "The server says: " in err and "8 characters" in err, err)
    old.write_text("carolpw\n")
    new.write_text("carols new one\n")
    _, err = run("init", "--password-file", str(old), "--new-password-file", str(new), "carol", fails=True)
    check("an expired password is changed at the login", "The password has expired" in err.replace("the p", "The p") and
          "the password is changed" in err, err)
    run("init", "--password-file", str(new), "carol")

    run("init", "--password-file", "-", "alice", text="changed-by-kerb\n")
    drawing = r.dir / "trace.svg"
    run(f"--trace=svg:{drawing}", "get", "HTTP/web.example.org")
    texts = [t.text for t in xml.etree.ElementTree.parse(drawing).iter("{http://www.w3.org/2000/svg}text")]
    check("--trace=svg draws a document", "KDC of EXAMPLE.ORG" in texts and any("TGS-REP" in t for t in texts), texts)
    _, err = run("trace", "init", "--password-file", "-", "alice", text="changed-by-kerb\n")
    check("trace tells the login step by step", "KDC_ERR_PREAUTH_REQUIRED" in err and
          "pre-authenticates with PA-ENC-TIMESTAMP" in err and "AS-REP from EXAMPLE.ORG" in err, err)
    _, err = run("--trace=json", "get", "HTTP/web.example.org")
    events = [json.loads(line) for line in err.splitlines()]
    check("--trace=json is JSON, one object a line", {"cache-search", "request", "reply", "ticket"} <=
          {e["event"] for e in events}, err)
    check("no trace has a password", "changed-by-kerb" not in err + drawing.read_text())

    # What a user is told, and what the exit status is
    _, err = run("init", "--password-file", "-", "alice", text="wrong\n", fails=True)
    check("a wrong password is told", "KDC_ERR_PREAUTH_FAILED" in err and "password" in err, err)
    _, err = run("init", "--password-file", "-", "nobody", text="wrong\n", fails=True)
    check("an unknown user is told", "KDC_ERR_C_PRINCIPAL_UNKNOWN" in err and "(realm EXAMPLE.ORG)" in err, err)
    _, err = run("get", "HTTP/nowhere.example.org", fails=True)
    check("an unknown service is told", "KDC_ERR_S_PRINCIPAL_UNKNOWN" in err, err)
    _, err = run("--kdc", f"127.0.0.1:{free_port()}", "--tcp", "init", "--password-file", "-", "alice", text="x\n", fails=True)
    check("a KDC that is not there is told", "no_answer" in err and "Check the address" in err, err)
    _, err = run("init", "--password-file", "-", "alice@NOWHERE.TEST", text="x\n", fails=True)
    check("a realm without KDC is told", "no server of the realm NOWHERE.TEST" in err and "krb5.conf" in err, err)
    for wrong in (["frobnicate"], ["get"], ["--trace=png", "list"], ["init", "--lifetime", "soon"], ["list", "x"], []):
        done = subprocess.run([kerb, *wrong], env=r.env, capture_output=True, text=True, timeout=10)
        check(f"{wrong} is a wrong argument", done.returncode == 2 and "kerb --help" in done.stderr, done.stderr)
    out, _ = run("--help")
    check("--help lists the commands", all(f"] {c} " in out.replace("\n", " ") or f" {c} " in out
                                            for c in ("init", "get", "list", "renew", "destroy", "passwd", "keytab")), out)

    check("help is --help", run("help")[0] == out and run("-h")[0] == out)
    for command in ("init", "get", "list", "renew", "destroy", "passwd", "keytab"):
        text, _ = run(command, "--help")
        check(f"{command} --help is of {command} alone", text.startswith(f"usage: kerb [OPTIONS] {command}") and
              text.count("kerb [OPTIONS]") == 1 and "--cache FILE" in text and
              ("--renewable" in text) == (command == "init") and ("--kvno" in text) == (command == "keytab"), text)
        check(f"help {command} is the same", run("help", command)[0] == text)
    done = subprocess.run([kerb, "help", "frobnicate"], env=r.env, capture_output=True, text=True, timeout=10)
    check("there is no help of an unknown command", done.returncode == 2 and "frobnicate" in done.stderr, done.stderr)

    # Destroying: the octets of the file, seen through another name of it, are zeros
    link = r.dir / "seen"
    os.link(cc, link)
    out, _ = run("destroy")
    check("destroy removes the file", not cc.exists() and out.startswith("wiped: "), out)
    check("and its octets are zeros", set(link.read_bytes()) == {0})
    _, err = run("list", fails=True)
    check("list without a cache says what to do", "Log in with kerb init" in err, err)
    cc.write_bytes(b"\x05\x04\x00\x0cno cache at all")
    _, err = run("list", fails=True)
    check("a damaged cache is told", "not a credential cache" in err, err)


def main():
    kerb = os.path.abspath(sys.argv[1])
    if not all(shutil.which(p, path=PATH) for p in ("krb5kdc", "kadmind", "kadmin.local", "kdb5_util", "kinit", "kvno")):
        print("skipped: needs the packages krb5-kdc, krb5-admin-server and krb5-user")
        return 77
    with tempfile.TemporaryDirectory(prefix="kerb-program-") as directory:
        realm = Realm(directory)
        try:
            tests(realm, kerb)
        finally:
            realm.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
