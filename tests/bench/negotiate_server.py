#!/usr/bin/env python3
"""Processor time of three servers of HTTP's Negotiate for each client.

negotiate_server.py BUILD [ETYPE [TOKENS [ROUNDS]]]: BUILD is the build directory of the benchmarks; 18, 3000, 3.

Apache with mod_auth_gssapi, a minimal server on MIT krb5 and the same one on kerb accept the same tokens, which kerb's
client has made in advance: one service ticket, and another authenticator for each request. The servers run on one
processor and this program on another, over connections that are kept open. What counts is the processor time of the
server's processes, in user mode and in the kernel. A server that is not installed is left out.
"""
import contextlib
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

APACHE, MODULES = "/usr/sbin/apache2", pathlib.Path("/usr/lib/apache2/modules")
CPUS = sorted(os.sched_getaffinity(0))
CLIENT = "alice@EXAMPLE.ORG"
TURN = 50  # requests
PLAIN = b"GET /open/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
APACHE_MODULES = ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_gssapi", "mime", "dir"]
APACHE_CONFIGURATION = """ServerRoot {folder}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/pid
DefaultRuntimeDir {folder}
Mutex file:{folder} default
ErrorLog {folder}/log
{user}StartServers 1
ServerLimit 1
ThreadsPerChild 4
MaxRequestWorkers 4
MaxKeepAliveRequests 0
KeepAliveTimeout 60
DocumentRoot {folder}/pages
{modules}TypesConfig /etc/mime.types
DirectoryIndex index.html
<Location />
  AuthType GSSAPI
  AuthName "bench"
  GssapiCredStore keytab:{folder}/http.keytab
  Require user {client}
</Location>
<Location /open>
  Require all granted
</Location>
"""


def processor_seconds(pid):
    """What all threads of a process have used so far: the clock of clock_getcpuclockid()."""
    return time.clock_gettime((~pid << 3) | 2)


def descendants(pid):
    """A process and all those below it."""
    found = [pid]
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has just ended
            continue
        if parent == pid:
            found += descendants(int(entry.name))
    return found


class Server:
    """A server in a folder of its own. It ends with the block."""

    def __init__(self, folder, replays):
        self.folder = folder
        self.env = {**os.environ, "KRB5_KTNAME": f"FILE:{folder}/http.keytab", "KRB5_CONFIG": f"{folder}/krb5.conf",
                    "KRB5RCACHENAME": f"file2:{folder}/replays" if replays else "none:"}

    def __enter__(self):
        self.start()
        self.pids = descendants(self.process.pid)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def spawn(self, *command, **how):
        pinned = ["taskset", "-c", str(CPUS[0])]
        self.process = subprocess.Popen(pinned + [str(c) for c in command], env=self.env, **how)

    def seconds(self):
        return sum(map(processor_seconds, self.pids))


class Minimal(Server):
    def __init__(self, folder, replays, *command):
        super().__init__(folder, replays)
        self.command = command

    def start(self):
        self.spawn(*self.command, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())


class Apache(Server):
    def start(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        for page in ("pages", "pages/open"):
            (self.folder / page).mkdir()
            (self.folder / page / "index.html").write_text(f"hello {CLIENT}\n")
        (self.folder / "apache.conf").write_text(APACHE_CONFIGURATION.format(
            folder=self.folder, port=self.port, client=CLIENT,
            user="User www-data\nGroup www-data\n" if os.geteuid() == 0 else "",
            modules="".join(f"LoadModule {m}_module {MODULES}/mod_{m}.so\n" for m in APACHE_MODULES)))
        self.spawn(APACHE, "-D", "FOREGROUND", "-f", self.folder / "apache.conf", stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                if Client(self.port).get(PLAIN)[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        self.process.terminate()
        raise SystemExit("Apache does not start:\n" + (self.folder / "log").read_text())


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, request):
        """The status, the fields and the page of a response."""
        self.socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.more()
        head, _, page = data.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        while len(page) < int(fields.get(b"Content-Length", b"0")):
            page += self.more()
        return int(head.split(b" ", 2)[1]), fields, page

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise SystemExit("a server has closed the connection")
        return data


def request_with(field):
    return b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + field + b"\r\n\r\n"


def each_of(server, client, requests):
    """The microseconds of the server for each request."""
    before = server.seconds()
    for r in requests:
        status, answer, page = client.get(r)
        good = status == 200 and (r == PLAIN or CLIENT.encode() in page)
        if not good or (r != PLAIN and len(answer.get(b"WWW-Authenticate", b"")) < 100):
            raise SystemExit(f"not accepted: {status} {answer} {page}")
    return 1e6 * (server.seconds() - before) / len(requests)


def measure(servers, fields, replays):
    """For each server the microseconds for a client and for a page that needs no authentication: the medians of many
    short turns, in which the servers alternate, since other work on the machine comes and goes."""
    clients = {name: Client(s.port) for name, s in servers.items()}
    requests, seen = [request_with(f) for f in fields], {name: ([], []) for name in servers}
    for at in range(0, len(requests) - TURN + 1, TURN):
        for name, server in servers.items():
            accepted = each_of(server, clients[name], requests[at:at + TURN])
            plain = each_of(server, clients[name], [PLAIN] * TURN)
            if at != 0:  # the first turn warms up
                seen[name][0].append(accepted)
                seen[name][1].append(plain)
    for name, client in clients.items():
        if replays and client.get(requests[0])[0] == 200:
            raise SystemExit(f"{name} has accepted a replay")
    return {name: tuple(map(statistics.median, v)) for name, v in seen.items()}


def report(rounds, replays):
    print(f"\nMIT's replay cache {'in a file, as installed' if replays else 'off (KRB5RCACHENAME=none:)'}; kerb's in "
          "memory. Microseconds: the median of the rounds. Ratios: each round's.")
    for name in rounds[0]:
        accepted, plain = (statistics.median(r[name][i] for r in rounds) for i in (0, 1))
        ratios = ", ".join(f"{r[name][0] / r['kerb'][0]:.1f}" for r in rounds)
        net = ", ".join(f"{(r[name][0] - r[name][1]) / (r['kerb'][0] - r['kerb'][1]):.1f}" for r in rounds)
        print(f"  {name:7} {accepted:7.1f} for a client, {plain:6.1f} for a page without authentication; "
              f"{ratios} times kerb's, without the page's part {net}")


def folder_with(made, stack):
    """A folder that only one server uses, also Apache's child, which is another user."""
    folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
    folder.chmod(0o777)
    for file in ("http.keytab", "krb5.conf"):
        shutil.copy(made / file, folder)
        (folder / file).chmod(0o644)
    return folder


def inside(build, rounds):
    """Runs in the environment of the KDC that negotiate_tokens starts."""
    made, programs = pathlib.Path(os.environ["KERB_BENCH_DIRECTORY"]), build / "tests" / "bench"
    os.sched_setaffinity(0, {CPUS[-1]})
    contestants = {"kerb": lambda f, r: Minimal(f, r, programs / "negotiate_kerb", f / "http.keytab")}
    if (programs / "negotiate_mit").exists():
        contestants["MIT"] = lambda f, r: Minimal(f, r, programs / "negotiate_mit")
    else:
        print("skipped: no MIT krb5 (package libkrb5-dev)")
    if os.path.exists(APACHE) and (MODULES / "mod_auth_gssapi.so").exists():
        contestants["Apache"] = Apache
    else:
        print("skipped: no Apache with mod_auth_gssapi (packages apache2 and libapache2-mod-auth-gssapi)")
    results = {True: [], False: []}
    for n in range(rounds):
        for replays in (True, False):
            fields = (made / f"tokens.{2 * n + replays}").read_bytes().splitlines()
            with contextlib.ExitStack() as stack:
                servers = {name: stack.enter_context(make(folder_with(made, stack), replays))
                           for name, make in contestants.items()}
                results[replays].append(measure(servers, fields, replays))
    for replays in (True, False):
        report(results[replays], replays)


if __name__ == "__main__":
    if sys.argv[1] == "--inside":
        inside(pathlib.Path(sys.argv[2]), int(sys.argv[3]))
    else:
        build, etype, tokens, rounds = sys.argv[1:] + ["18", "3000", "3"][len(sys.argv) - 2:]
        program = pathlib.Path(build) / "tests" / "bench" / "negotiate_tokens"
        sys.exit(subprocess.run([program, etype, str(2 * int(rounds)), tokens, sys.executable, __file__, "--inside",
                                 build, rounds]).returncode)
