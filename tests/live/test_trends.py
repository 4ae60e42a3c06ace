# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 360
"""A leak under the daemon: suspected with its slope, remembered by the next daemon, resolved when it ends."""
import json
import os
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from check import TMP, PAGEWARDEN, between, check, document, finish, start, wait_for

SOCKET = os.path.join(TMP, "pagewarden.sock")
HISTORY = os.path.join(TMP, "history.db")
CONFIG = os.path.join(TMP, "pagewarden.conf")
LOG = os.path.join(TMP, "log")
SCALE = 60  # a minute counts as an hour
SAVED_S = 10  # how often the windows are saved at that pace: with each flush

# 48 MiB a minute, in steps of a tenth of a second.
LEAK = """
import time
keep = []
begin = time.monotonic()
while True:
    due = int((time.monotonic() - begin) * (48 << 20) / 60) - len(keep) * 16384
    for _ in range(due // 16384):
        keep.append(b'x' * 16384)
    time.sleep(0.1)
"""
# Up to 8 MiB and back, every other second.
SAW_TOOTH = """
import time
while True:
    keep = []
    for _ in range(17):
        keep.append(b'x' * 512000)
        time.sleep(0.1)
"""

if os.geteuid() != 0:
    print("1..0 # SKIP needs root")
    sys.exit(0)
with open(CONFIG, "w", encoding="ascii") as conf:
    conf.write(f"socket = {SOCKET}\nhistory_path = {HISTORY}\ninterval = 200ms\ntime_scale = {SCALE}\n")


def get(target):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(SOCKET)
        s.sendall(f"GET {target} HTTP/1.0\r\n\r\n".encode())
        answer = b""
        while piece := s.recv(65536):
            answer += piece
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def start_daemon():
    log = open(LOG, "ab")
    daemon = start([PAGEWARDEN, "daemon", "--config", CONFIG], stdout=log, stderr=log)

    def answers():
        try:
            return get("/v1/status")["ticks"] > 0
        except OSError:
            return False

    if not wait_for(answers, 30):
        with open(LOG, encoding="utf-8", errors="replace") as said:
            raise RuntimeError("the daemon did not start: " + said.read())
    return daemon


def suspects():
    return get("/v1/leaks")["series"]


def of_pid(pid, rows):
    return [row for row in rows if row.get("pid") == pid]


def suspected(pid):
    return of_pid(pid, suspects())


def changes(pid):
    return of_pid(pid, get("/v1/history/verdicts?from=-1h")["changes"])


def report():
    return document("report", "--since", "1h", "--history", HISTORY)


def anon_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("RssAnon"))


daemon = start_daemon()
leak = start([sys.executable, "-c", LEAK])
saw = start([sys.executable, "-c", SAW_TOOTH])
time.sleep(3)
first = time.monotonic(), anon_bytes(leak.pid)

def suspected_anon():
    return [row for row in suspected(leak.pid) if row["series"] == "anon"]


found = wait_for(suspected_anon, 120)
check("a leak of 48 MiB a minute is suspected", found, get(f"/v1/leaks?all=1&pid={leak.pid}"))
time.sleep(15)  # a window of this leak alone
last = time.monotonic(), anon_bytes(leak.pid)
truth = (last[1] - first[1]) / (last[0] - first[0]) * 3600 / SCALE
rows = suspected_anon()
check("of its anonymous memory, and it stays so", len(rows) == 1, get(f"/v1/leaks?all=1&pid={leak.pid}"))
between("its slope is what the kernel counted, within a tenth", rows[0]["growth_per_hour"] if rows else None,
        0.9 * truth, 1.1 * truth)
check("the saw-tooth beside it is none", not suspected(saw.pid), suspected(saw.pid))
story = get(f"/v1/explain?pid={leak.pid}")
check("it can be explained", story["schema"] == "pagewarden.explain" and len(story["gates"]) > 5, story)
between("in the history the suspicion begins once",
        len([c for c in changes(leak.pid) if c["series"] == "anon" and not c["ended"]]), 1, 1)

of_today = [row for row in of_pid(leak.pid, report()["suspects"]) if row["series"] == "anon"]
check("the report on the hour has it as new", [row["standing"] for row in of_today] == ["new"], of_today)
check("with its footprint, which grew", of_today[0]["footprint_series_bytes"][-1] > 1 << 20, of_today)

# A crash loses at most what came since the last save.
time.sleep(SAVED_S + 5)
before = {row["series"]: row["suspected_since_time"] for row in suspected(leak.pid)}
told = len(changes(leak.pid))
daemon.send_signal(signal.SIGKILL)
daemon.wait(20)
daemon = start_daemon()
after = {row["series"]: row["suspected_since_time"] for row in suspected(leak.pid)}
check("after kill -9 the next daemon knows it", before and after == before, {"before": before, "after": after})
time.sleep(5)
check("and goes on with it", of_pid(leak.pid, suspects()), suspects())
check("which is no news", len(changes(leak.pid)) == told, changes(leak.pid))

# A stop in good order loses nothing, and a leak that ends meanwhile is told as ended.
leak.terminate()
leak.wait(10)
check("its end resolves it", wait_for(lambda: not suspected(leak.pid), 20), suspected(leak.pid))
ends = [c for c in changes(leak.pid) if c["ended"] and c["series"] == "anon"]
check("as the history tells", len(ends) == 1, changes(leak.pid))
status = get("/v1/status")
between("the trends' share of the daemon's CPU time", status["trends_cpu_ns"] / status["user_cpu_ns"], 0, 0.5)
daemon.terminate()
check("the daemon stops in good order", daemon.wait(20) == 0)
of_today = report()
ended = [row for row in of_pid(leak.pid, of_today["suspects"]) if row["series"] == "anon"]
check("the report has it as resolved now", [row["standing"] for row in ended] == ["resolved"], ended)
between("and knows that the daemon was started again", of_today["own_starts"], 1, 1)
saw.kill()
saw.wait(10)
finish()
