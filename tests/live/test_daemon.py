# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 480
"""The daemon from outside: start, API, who may ask, hostile requests, slow readers, reload, crash, stop."""
import grp
import json
import os
import re
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from check import BUILD, ROOT, TMP, PAGEWARDEN, between, check, finish, pagewarden, skip, start, wait_for

RUN = os.path.join(TMP, "run")
SOCKET = os.path.join(RUN, "pagewarden.sock")
HISTORY = os.path.join(TMP, "lib", "history.db")
CONFIG = os.path.join(TMP, "pagewarden.conf")
NOBODY = 65534
# A group that exists and that nobody is in.
GROUP = next(g.gr_name for g in grp.getgrall() if g.gr_gid not in (0, NOBODY) and not g.gr_mem)

if os.geteuid() != 0:
    print("1..0 # SKIP needs root")
    sys.exit(0)
os.chmod(TMP, 0o755)


class Daemon:
    """One daemon in the foreground; its words are in log()."""

    def __init__(self, *options, socket_path=SOCKET, history=HISTORY, config=CONFIG, prefix=()):
        self.socket = socket_path
        self.log_file = open(os.path.join(TMP, "log"), "wb+")
        self.process = start([*prefix, PAGEWARDEN, "daemon", "--config", config, "--socket", socket_path,
                              "--history", history, *options], stdout=self.log_file, stderr=self.log_file)
        if not wait_for(lambda: "watching" in self.log() or self.process.poll() is not None, 30) or \
                self.process.poll() is not None:
            raise RuntimeError("the daemon did not start: " + self.log())

    def log(self):
        self.log_file.seek(0)
        return self.log_file.read().decode(errors="replace")

    def stop(self, sig=signal.SIGTERM):
        self.process.send_signal(sig)
        return self.process.wait(20)


def connect(path=SOCKET, timeout=10):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(timeout)
    until = time.monotonic() + timeout
    while True:
        try:
            s.connect(path)
            return s
        except BlockingIOError:  # the backlog is full
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


def exchange(request, path=SOCKET, timeout=15):
    """Sends raw bytes; everything that comes back until the other end closes or is silent."""
    answer = b""
    with connect(path, timeout) as s:
        try:
            s.sendall(request)
        except (ConnectionResetError, BrokenPipeError):
            pass  # turned away before it was asked; the words are there
        try:
            while True:
                piece = s.recv(65536)
                if not piece:
                    break
                answer += piece
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            pass
    return answer


def get(target, method="GET", path=SOCKET):
    """Status and body."""
    answer = exchange(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(), path)
    head, _, body = answer.partition(b"\r\n\r\n")
    match = re.match(rb"HTTP/1\.[01] (\d+)", head)
    return int(match.group(1)) if match else 0, body


def document(target):
    status, body = get(target)
    if status != 200:
        raise RuntimeError(f"{target}: {status} {body[:200]}")
    return json.loads(body)


def is_valid(target, when=""):
    """Checks what comes back against docs/schema/."""
    path = os.path.join(TMP, "document.json")
    with open(path, "wb") as f:
        f.write(get(target)[1])
    done = subprocess.run([os.path.join(ROOT, "tests/lib/validate.py"), os.path.join(ROOT, "docs/schema"), path],
                          capture_output=True, text=True, check=False)
    check(f"{target} matches its schema{when}", done.returncode == 0, done.stdout + done.stderr)


def status():
    return document("/v1/status")


def alive(daemon):
    return daemon.process.poll() is None and status()["ticks"] > 0


def as_nobody(code, groups=()):
    """Runs Python as nobody, with supplementary groups; what it prints.

    In a fork, because nobody may not be able to run this interpreter."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(30)
        os.dup2(writer, 1)
        os.setgroups(list(groups))
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        try:
            exec(code, {"print": lambda *a: os.write(1, (" ".join(map(str, a)) + "\n").encode())})
        except BaseException as e:  # told to the parent, whatever it is
            os.write(1, repr(e).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, errors="replace") as f:
        said = f.read()
    os.waitpid(pid, 0)
    return said


def stream(seconds, path=SOCKET, read=True):
    """Bytes of /v1/stream behind the HTTP header."""
    data = b""
    with connect(path, 1) as s:
        s.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                piece = s.recv(1 << 20) if read else b""
            except TimeoutError:
                continue
            if read and not piece:
                break
            data += piece
    return data.partition(b"\r\n\r\n")[2]


def replayed(data, *argv):
    """What a command says of these bytes as a recording."""
    path = os.path.join(TMP, "stream.pwrec")
    with open(path, "wb") as f:
        f.write(data)
    done = pagewarden("replay", path, *argv, "--format", "json")
    return done, json.loads(done.stdout) if done.returncode in (0, 5) and done.stdout else None


class Supervisor(threading.Thread):
    """systemd's end of sd_notify: what the daemon said, line by line. It always listens, as systemd does."""

    def __init__(self):
        super().__init__(daemon=True)
        self.path = os.path.join(TMP, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.lines = []
        self.start()

    def run(self):
        while True:
            self.lines += self.socket.recv(65536).decode(errors="replace").split("\n")

    def heard(self, line):
        return any(text.startswith(line) for text in list(self.lines))


# ---- start, API ---------------------------------------------------------------------

with open(CONFIG, "w", encoding="ascii") as f:
    f.write(f"# a test's\ninterval = 500ms\nflush_interval = 1s\ngroup = {GROUP}\n")
supervisor = Supervisor()
os.environ.update(NOTIFY_SOCKET=supervisor.path, WATCHDOG_USEC="3000000")
daemon = Daemon()
check("systemd hears that it is ready", wait_for(lambda: supervisor.heard("READY=1"), 5), supervisor.lines)
check("and what it does", wait_for(lambda: supervisor.heard("STATUS=Watching "), 5), supervisor.lines)
check("and that it is alive", wait_for(lambda: supervisor.heard("WATCHDOG=1"), 5), supervisor.lines)
check("the daemon starts", alive(daemon), daemon.log())
st = os.stat(SOCKET)
check("its socket is for root and the group alone",
      st.st_mode & 0o777 == 0o660 and st.st_gid == grp.getgrnam(GROUP).gr_gid, oct(st.st_mode))
check("nobody else reads the history", os.stat(HISTORY).st_mode & 0o007 == 0
      and os.stat(os.path.dirname(HISTORY)).st_mode & 0o007 == 0)

SIZE = 1009 * 4096
victim = start([sys.executable, "-c",
                f"import mmap,sys,time; m=mmap.mmap(-1,{SIZE},mmap.MAP_PRIVATE|mmap.MAP_ANONYMOUS)\n"
                f"m.write(b'x'*{SIZE}); print('ready',flush=True); time.sleep(600)"],
               stdout=subprocess.PIPE)
victim.stdout.readline()


def victim_row():
    code, body = get(f"/v1/processes/{victim.pid}")
    return json.loads(body)["processes"][0] if code == 200 else None


def rss_anon_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"RssAnon:\s+(\d+)", f.read()).group(1)) * 1024


SLACK = 128 * 4096  # the kernel's counters are kept in batches per CPU
rss_anon = rss_anon_of(victim.pid)
wait_for(lambda: abs((victim_row() or {"rss_anon_bytes": 0})["rss_anon_bytes"] - rss_anon) <= SLACK, 10)
between("a process's anonymous memory is what /proc says", victim_row()["rss_anon_bytes"], rss_anon - SLACK,
        rss_anon + SLACK, "bytes")
listing = document("/v1/processes?sort=footprint_bytes&limit=3")["processes"]
check("processes are ordered and cut", len(listing) == 3 and
      listing[0]["footprint_bytes"] >= listing[1]["footprint_bytes"] >= listing[2]["footprint_bytes"])
segments = document(f"/v1/processes/{victim.pid}/segments")["segments"]
check("its segments are looked at live", sum(s["virtual_bytes"] or 0 for s in segments) > SIZE)
check("segments come as records too", get(f"/v1/segments/{victim.pid}")[1].startswith(b"PWREC"))
for target in ("/v1/status", "/v1/groups", "/v1/events", "/v1/history/processes", "/v1/history/machine",
               "/v1/history/events"):
    check(f"{target} is of its schema", document(target)["schema"] == "pagewarden." + target[4:].replace("/", "."))
    is_valid(target)
is_valid("/v1/nothing")
is_valid(f"/v1/processes/{victim.pid}/segments")

# ---- what is refused -----------------------------------------------------------------

for name, target, want in (
        ("an unknown path", "/v1/nothing", 404), ("a path that climbs", "/v1/../../etc/passwd", 404),
        ("a process that is not there", "/v1/processes/4194305", 404),
        ("a PID that is no number", "/v1/processes/1x", 404), ("a negative PID", "/v1/processes/-1", 404),
        ("a PID of 30 digits", "/v1/processes/" + "9" * 30, 404),
        ("an unknown parameter", "/v1/processes?evil=1", 400),
        ("a limit that overflows", "/v1/processes?limit=99999999999999999999999", 400),
        ("a limit that is no number", "/v1/processes?limit=1e3", 400),
        ("a column that is not there", "/v1/processes?sort=%ff", 400),
        ("a path with a NUL byte", "/v1/processes%00x", 400),
        ("a parameter with a NUL byte", "/v1/processes?sort=pid%00", 400),
        ("a range that ends before it begins", "/v1/history/machine?from=200&to=100", 400),
        ("a time that is none", "/v1/history/machine?from=-24parsecs", 400),
        ("nine parameters", "/v1/processes?" + "&".join(["limit=1"] * 9), 400),
        ("a history id that is not there", "/v1/history/processes/999999999", 404),
        ("a URL of 2,000 bytes", "/v1/status?" + "x" * 2000, 414)):
    code, body = get(target)
    check(f"{name} is answered {want} with words",
          code == want and (json.loads(body)["error"] if body[:1] == b"{" else False), f"{code} {body[:200]}")
for method in ("POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"):
    check(f"{method} is answered 405", get("/v1/status", method)[0] == 405)
check("a body is refused", b" 400 " in exchange(
    b"GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"y" * 1000)[:20])

seed = 4711
for i in range(100):
    junk = bytearray()
    for _ in range(1 + i * 7):
        seed = (seed * 1103515245 + 12345) & 0x7fffffff
        junk.append(seed >> 16 & 0xff)
    with connect(timeout=1) as s:
        try:
            s.sendall((b"" if i % 2 else b"GET /v1/") + junk + (b"" if i % 3 else b"\r\n\r\n"))
        except OSError:
            pass
for junk in (b"GET " + b"/" * 100000 + b" HTTP/1.1\r\n\r\n", b"GET /v1/status HTTP/1.1\r\n" + b"A: b\r\n" * 20000,
             b"GET /v1/status HTTP/9.9\r\n\r\n", b"\0" * 4096, b"GET /v1/status HTTP/1.1\r\nHost: x\r\n"
             b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"):
    with connect(timeout=1) as s:
        try:
            s.sendall(junk)
            s.recv(1000)
        except OSError:
            pass
check("garbage leaves it alive", wait_for(lambda: get("/v1/status")[0] == 200, 15), daemon.log())

# ---- who may ask ---------------------------------------------------------------------

ASK = (f"import socket; s=socket.socket(socket.AF_UNIX); s.settimeout(5)\n"
       f"try:\n s.connect({SOCKET!r}); s.sendall(b'GET /v1/status HTTP/1.0\\r\\n\\r\\n'); print(s.recv(65536).decode())\n"
       f"except OSError as e: print(e)")
check("a user outside the group may not connect", "Permission denied" in as_nobody(ASK), as_nobody(ASK))
os.chmod(SOCKET, 0o666)
said = as_nobody(ASK)
check("and where the socket is open to all, gets 403 with words",
      " 403 " in said and "neither root nor in the group" in said, said)
said = as_nobody(ASK, groups=[grp.getgrnam(GROUP).gr_gid])
check("a member by a supplementary group is served", " 200 " in said, said)
SMAPS = ASK.replace("/v1/status", f"/v1/segments/{victim.pid}?smaps=1")
said = as_nobody(SMAPS, groups=[grp.getgrnam(GROUP).gr_gid])
check("but smaps is root's", " 403 " in said and "only root" in said, said)
said = as_nobody("import socket,time\nheld=[]\n"
                 "for i in range(20):\n"
                 f" s=socket.socket(socket.AF_UNIX); s.connect({SOCKET!r}); held.append(s)\n"
                 "time.sleep(0.5)\nfor s in held: s.sendall(b'GET /v1/status HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
                 "n={}\nfor s in held:\n s.settimeout(5); c=s.recv(65536)[9:12].decode(); n[c]=n.get(c,0)+1\nprint(n)",
                 groups=[grp.getgrnam(GROUP).gr_gid])
check("one user holds 16 connections and no more", "'200': 16" in said and "'503': 4" in said, said)
os.chmod(SOCKET, 0o660)

held = [connect() for _ in range(80)]
wait_for(lambda: get("/v1/status")[0] == 503, 5)
code, body = get("/v1/status")
check("root's connections are bounded too, with words", code == 503 and b"too many" in body, f"{code} {body[:200]}")
for s in held:
    s.close()
check("and it serves when they are gone", wait_for(lambda: get("/v1/status")[0] == 200, 15))

# ---- the stream ----------------------------------------------------------------------

data = stream(2.2)
done, doc = replayed(data)
check("a stream is a recording that replays", done.returncode in (0, 5) and doc, done.stderr)
pids = {p["pid"] for p in doc["processes"]} if doc else set()
check("its first interval knows processes that did not change", victim.pid in pids, sorted(pids)[:50])

# A reader that stops: the daemon's memory must not grow with what it does not take.
lazy = connect()
lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
lazy.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n")
churn = start([sys.executable, "-c",
               "import os,time\n"
               "while True:\n"
               " kids=[]\n"
               " for i in range(300):\n"
               "  p=os.fork()\n"
               "  if p==0:\n"
               "   b=bytearray(os.urandom(1)[0]*4096+1); time.sleep(0.3); os._exit(0)\n"
               "  kids.append(p)\n"
               " [os.waitpid(k,0) for k in kids]"])
lost = wait_for(lambda: status()["stream_lost_records"] > 0, 150)
now = status()
check("a reader that takes nothing loses records, counted", lost, now)
check("and holds no more than its backlog", now["stream_waiting_bytes"] <= (2 << 20) and now["streams"] == 1, now)
between("the daemon stays small", now["rss_bytes"], 1, 64 << 20, "bytes")
# Now it reads on: after the gap it is told how much it lost, and knows everything again.
lazy.settimeout(2)
data = b""
until = time.monotonic() + 12
while time.monotonic() < until:
    try:
        piece = lazy.recv(1 << 20)
    except TimeoutError:
        continue
    if not piece:
        break
    data += piece
lazy.close()
churn.kill()
churn.wait()
done, doc = replayed(data.partition(b"\r\n\r\n")[2])
causes = {row["cause"]: row["count"] for row in doc["losses"]} if doc else {}
check("its TICK tells the loss", causes.get("stream", 0) > 0, f"{causes} {done.stderr}")
check("behind the gap it is complete again", doc and victim.pid in {p["pid"] for p in doc["processes"]})

# 10,000 processes fit 64 MiB: a tenth of them may add a tenth of what is left beside the rest.
before = status()["rss_bytes"]
pool = start([os.path.join(BUILD, "tests/programs/pool"), "1000", "busy"], stdout=subprocess.PIPE)
pool.stdout.readline()
check("a thousand processes are all seen", wait_for(lambda: status()["processes"] >= 1000, 20), status())
for _ in range(3):
    rows_seen = len(document("/v1/processes")["processes"])
check("and listed", rows_seen >= 1000, rows_seen)
time.sleep(1.5)
between("and cost the daemon little", status()["rss_bytes"] - before, -(64 << 20), 5 << 20, "bytes")
pool.kill()
pool.wait()

# ---- commands use it -------------------------------------------------------------------

done = pagewarden("top", "--socket", SOCKET, "--count", "1", "--format", "json")
doc = json.loads(done.stdout) if done.returncode == 0 else {}
check("top takes its data from the daemon", victim.pid in {p["pid"] for p in doc.get("processes", [])},
      f"{done.returncode} {done.stderr}")
check("and costs no second set of probes", done.returncode == 0 and status()["requests"] > 0)
done = pagewarden("inspect", str(victim.pid), "--socket", SOCKET, "--format", "json")
check("inspect looks through the daemon", done.returncode == 0 and
      sum(s["virtual_bytes"] or 0 for s in json.loads(done.stdout)["segments"]) > SIZE, done.stderr)

# ---- reload ----------------------------------------------------------------------------

with open(CONFIG, "w", encoding="ascii") as f:
    f.write(f"interval = 250ms\nflush_interval = 1s\ngroup = {GROUP}\n")
daemon.process.send_signal(signal.SIGHUP)
check("systemd hears of the reload", wait_for(lambda: supervisor.heard("RELOADING=1"), 5), supervisor.lines)
check("SIGHUP takes a new interval", wait_for(lambda: status()["interval_ns"] == 250000000, 5), daemon.log())
with open(CONFIG, "w", encoding="ascii") as f:
    f.write("interval = 1s\n\ncolour = blue\n")
daemon.process.send_signal(signal.SIGHUP)
check("a bad configuration is told with its line", wait_for(
    lambda: f"{CONFIG}:3: there is no key 'colour'" in daemon.log(), 5), daemon.log())
check("and the old one stays", status()["interval_ns"] == 250000000)
done = pagewarden("daemon", "--config", "/dev/null", "--history", "here.db", "--check-config")
check("a wrong option is told as one", done.returncode == 2 and
      "command line: history_path = here.db: not an absolute path" in done.stderr, done.stderr)
done = pagewarden("daemon", "--config", CONFIG, "--check-config")
check("--check-config says the same", done.returncode == 2 and "colour" in done.stderr, done.stderr)
for text, words in (("interval", "not 'key = value'"), ("interval = soon", "takes a duration"),
                    ("sample_every = 3", "not a power of two"), ("socket = here", "not an absolute path"),
                    ("seed = maybe", "neither yes nor no"), ("history_max_size = 1", "takes a size"),
                    ("interval = 1s\0", "NUL byte"), ("\x1b[31m = 1", "\\x1b")):
    with open(CONFIG, "w", encoding="ascii") as f:
        f.write(text)
    done = pagewarden("daemon", "--config", CONFIG, "--check-config")
    check(f"{text!r} is refused with words", done.returncode == 2 and words in done.stderr, done.stderr)
with open(CONFIG, "w", encoding="ascii") as f:
    f.write(f"interval = 500ms\nflush_interval = 1s\ngroup = {GROUP}\n")

# ---- two daemons, crash, stop ------------------------------------------------------------

done = pagewarden("daemon", "--config", CONFIG, "--socket", SOCKET, "--history", "none")
check("a second daemon is refused and names the first", done.returncode == 1 and
      f"another daemon is running (pid {daemon.process.pid})" in done.stderr, done.stderr)
other = os.path.join(TMP, "other", "p.sock")
done = pagewarden("daemon", "--config", CONFIG, "--socket", other, "--history", HISTORY)
check("and so is one that would write the same history", done.returncode == 1 and
      f"another daemon (pid {daemon.process.pid})" in done.stderr, done.stderr)
check("which leaves nothing behind", not os.path.exists(other) and not os.path.exists(other[:-5] + ".pid"))
check("the first goes on", alive(daemon))


def rows(sql, *args):
    with sqlite3.connect(f"file:{HISTORY}?mode=ro", uri=True) as db:
        return db.execute(sql, args).fetchall()


check("the victim has a history", wait_for(lambda: rows("SELECT 1 FROM process WHERE pid = ?", victim.pid), 25))
wait_for(lambda: rows("SELECT count(*) FROM machine_point")[0][0] >= 2, 25)
points = rows("SELECT count(*) FROM machine_point")[0][0]
daemon.stop(signal.SIGKILL)
check("SIGKILL leaves a stale socket", os.path.exists(SOCKET))
check("and a history that is whole", rows("PRAGMA integrity_check") == [("ok",)]
      and rows("SELECT count(*) FROM machine_point")[0][0] >= points)
daemon = Daemon()
check("the next start takes the stale socket over", alive(daemon), daemon.log())
check("and goes on with the same row of the same process", wait_for(
    lambda: rows("SELECT count(*), min(run) FROM process WHERE pid = ?", victim.pid)[0] == (1, 2), 25),
    rows("SELECT id, run, pid, end_ns FROM process WHERE pid = ?", victim.pid))
ident = [p["id"] for p in document("/v1/history/processes?from=-1h")["processes"] if p["pid"] == victim.pid]
doc = document(f"/v1/history/processes/{ident[0]}?from=-1h")
check("its history is served", doc["points"] and
      abs(doc["points"][-1]["rss_anon_bytes"] - rss_anon) <= SLACK, doc)

is_valid(f"/v1/history/processes/{ident[0]}?from=-1h")
for target in ("/v1/history/processes", "/v1/history/machine", "/v1/history/events"):
    is_valid(target, " when it has points")

victim.kill()
victim.wait()
with connect() as s:
    s.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n")
    s.recv(100)
    check("SIGTERM ends it cleanly, a stream open or not", daemon.stop() == 0, daemon.log())
check("systemd heard of the stop", supervisor.heard("STOPPING=1"), supervisor.lines[-5:])
check("and removes the socket and the pid file", os.listdir(RUN) == [], os.listdir(RUN))
check("the end of the victim is in the history",
      rows("SELECT end_ns IS NOT NULL FROM process WHERE pid = ?", victim.pid) in ([(1,)], [(0,)]))

def fill(path):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(fd, b"x" * 4096):
            pass
    except OSError:
        pass
    os.close(fd)


# ---- no history, full disk, newer schema, no privilege -------------------------------------

with sqlite3.connect(HISTORY) as db:
    db.execute("PRAGMA user_version = 99")
done = pagewarden("daemon", "--config", CONFIG, "--socket", SOCKET, "--history", HISTORY)
check("a newer schema is refused with words", done.returncode == 1 and "has schema 99" in done.stderr, done.stderr)

small = os.path.join(TMP, "small")
os.mkdir(small)
mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], check=False,
                         capture_output=True, text=True)
if mounted.returncode:
    skip("a full disk is survived", "cannot mount a tmpfs: " + mounted.stderr.strip())
else:
    try:
        filler = os.path.join(small, "filler")
        fill(filler)
        daemon = Daemon(history=os.path.join(small, "h.db"))
        st = status()
        check("with a full disk it watches on without a history, and says why", not st["history_open"]
              and re.search("full|No space", st["history_error"] or ""), f"{st} {daemon.log()}")
        daemon.stop()
        os.remove(filler)
        daemon = Daemon(history=os.path.join(small, "h.db"))
        wait_for(lambda: status()["history_bytes"] > 0, 5)
        fill(filler)
        churn = start([sys.executable, "-c", "import time\nb=[]\nwhile True: b.append(bytearray(40960)); time.sleep(.1)"])
        lost = wait_for(lambda: status()["history_lost_rows"] > 0, 60)
        st = status()
        check("a disk that fills loses rows and says so", lost and st["history_error"], st)
        os.remove(filler)
        check("and with room again it writes on", wait_for(lambda: status()["history_error"] is None, 30), daemon.log())
        churn.kill()
        churn.wait()
        check("and ends cleanly", daemon.stop() == 0)
    finally:
        subprocess.run(["umount", "-l", small], check=False)

daemon = Daemon("--no-ledger", prefix=("setpriv", "--bounding-set", "-all,+chown", "--inh-caps", "-all"), history="none")
st = status()
check("without privileges it goes on with /proc and says why", st["source"] == "proc" and st["source_why"], st)
daemon.stop()
done = subprocess.run(["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", PAGEWARDEN, "daemon", "--config",
                       CONFIG, "--socket", SOCKET, "--history", "none"], capture_output=True, text=True, timeout=30,
                      check=False)
check("a socket that can't be given to its group is no socket", done.returncode == 3 and not os.path.exists(SOCKET),
      f"{done.returncode} {done.stderr}")
done = subprocess.run(["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", PAGEWARDEN,
                       "daemon", "--config", CONFIG], capture_output=True, text=True, timeout=30, check=False)
check("started by a user it says what it lacks", done.returncode == 3 and "run as root" in done.stderr,
      f"{done.returncode} {done.stderr}")
for name, options in (("no configuration file", ("--config", os.path.join(TMP, "absent"))),
                      ("a socket path of 200 bytes", ("--socket", "/tmp/" + "x" * 200)),
                      ("a socket path that is a file", ("--socket", CONFIG))):
    done = pagewarden("daemon", "--history", "none", *options)
    check(f"{name} is told", done.returncode != 0 and done.stderr.startswith("pagewarden: "), done.stderr)
check("the file in the way is untouched", os.path.getsize(CONFIG) > 10)
finish()
