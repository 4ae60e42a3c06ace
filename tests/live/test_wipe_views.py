# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
"""Wipes at the command line and in the API: how rows come and end, who is asked, what is refused."""
import csv
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from check import PAGEWARDEN, ROOT, TMP, check, finish, pagewarden, start, wait_for

if os.geteuid() != 0:
    print("1..0 # SKIP needs root")
    sys.exit(0)
os.chmod(TMP, 0o755)

# Wipes as many buffers of 37 bytes as it is told, a line each time.
PROGRAM = """
import ctypes, sys
libc = ctypes.CDLL(None)
wipe = libc.explicit_bzero
wipe.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
wipe.restype = None
buffer = ctypes.create_string_buffer(b"x" * 37, 37)
print("ready", flush=True)
for line in sys.stdin:
    for _ in range(int(line)):
        ctypes.memset(buffer, 120, 37)
        wipe(buffer, 37)
    print("done", flush=True)
"""


class Wiper:
    def __init__(self):
        self.process = start([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True)
        self.process.stdout.readline()
        self.pid = self.process.pid

    def wipe(self, n):
        self.process.stdin.write(f"{n}\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)


def follow(*argv):
    """A wipes command in the background; its first row or title tells that it observes."""
    out = open(os.path.join(TMP, "followed"), "wb+")
    child = start([PAGEWARDEN, "wipes", *argv], stdout=out, stderr=subprocess.STDOUT)
    return child, lambda: (out.seek(0), out.read().decode(errors="replace"))[1]


def validate(*texts):
    path = os.path.join(TMP, "documents.json")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(texts) + "\n")
    done = subprocess.run([os.path.join(ROOT, "tests/lib/validate.py"), os.path.join(ROOT, "docs/schema"), path],
                          capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def own(rows, pid):
    return [r for r in rows if r["pid"] == pid and r["size_bytes"] == 37]


# ---- rows as they come

wiper = Wiper()
child, said = follow("--pid", str(wiper.pid), "-i", "250ms", "--socket", "none")
observed = wait_for(lambda: "VERDICT" in said(), 30)
if not observed and "cannot" in said():
    print("1..0 # SKIP wipes can't be observed here: " + said().splitlines()[0])
    sys.exit(0)
check("the titles come with the first interval", observed, said())
wiper.wipe(13)
check("rows come while it goes on", wait_for(lambda: said().count("explicit_bzero") == 13), said())
check("each is wiped, and nothing is dirty", said().count(" wiped ") == 13, said())
child.send_signal(signal.SIGINT)
check("an interrupt ends it well", child.wait(20) == 0, said())
check("with the totals", "Totals\n" in said() and "Observed functions\n" in said(), said())
check("and with what cannot be seen", "never all wipes" in said(), said())
check("the titles came once", said().count("TIME  ") == 1, said())

child, said = follow("--pid", str(wiper.pid), "-i", "250ms", "--limit", "3", "--socket", "none")
wait_for(lambda: "VERDICT" in said(), 30)
wiper.wipe(7)
check("--limit ends it", child.wait(20) == 0 and said().split("\n\n")[0].count("explicit_bzero") == 3, said())

child, said = follow("--pid", str(wiper.pid), "-i", "250ms", "-f", "csv", "-n", "8", "--socket", "none")
wait_for(lambda: "verdict" in said(), 30)
wiper.wipe(11)
child.wait(20)
rows = list(csv.DictReader(io.StringIO(said())))
check("CSV has a row for each and the names once", len(rows) == 11 and
      all(r["verdict"] == "wiped" and r["size_bytes"] == "37" for r in rows), said())

child, said = follow("--pid", str(wiper.pid), "-i", "500ms", "-f", "json", "-n", "4", "--socket", "none")
time.sleep(2)
wiper.wipe(5)
child.wait(20)
lines = said().splitlines()
documents = [json.loads(line) for line in lines]
check("JSON without a duration is a document a line", len(documents) == 5, said())
check("they match the schema", *validate(*lines))
check("the rows stand in one of them each", sum(len(own(d["wipes"], wiper.pid)) for d in documents) <= 5, said())
check("the last has the summary, no other has", [len(d["totals"]) for d in documents] == [0] * (len(documents) - 1) + [1],
      said())

child, said = follow("--pid", str(wiper.pid), "-f", "json", "--duration", "4", "--socket", "none")
time.sleep(2.5)
wiper.wipe(17)
child.wait(20)
whole = json.loads(said())
check("JSON with a duration is one document", len(own(whole["wipes"], wiper.pid)) == 17, said()[:2000])
check("it matches the schema", *validate(said()))
check("its totals are those of its rows", whole["totals"][0]["wipes"] == 17 and whole["totals"][0]["wiped"] == 17,
      whole["totals"])
check("nothing was lost", not [x for x in whole["losses"] if x["cause"] in ("ring_full", "wipe_unpaired")],
      whole["losses"])

child, said = follow("--pid", str(wiper.pid), "-i", "250ms", "--verdict", "wiped-in-part", "--socket", "none")
wait_for(lambda: "VERDICT" in said(), 30)
wiper.wipe(3)
time.sleep(0.6)
wiper.end()
check("the end of the process ends it", child.wait(20) == 0, said())
check("what does not pass is not shown", " wiped  " not in said().split("\n\n")[0], said())

# ---- recordings

wiper = Wiper()
tape = os.path.join(TMP, "tape.pwr")
child = start([PAGEWARDEN, "record", "-o", tape, "--wipes-pid", str(wiper.pid), "--segments", "none", "--duration", "5",
               "-i", "500ms"])
time.sleep(3)
wiper.wipe(19)
check("a recording with wipes", child.wait(30) == 0)
done = pagewarden("wipes", "--replay", tape, "-f", "json")
check("replays them", done.returncode == 0 and len(own(json.loads(done.stdout)["wipes"], wiper.pid)) == 19,
      done.stdout[:500] + done.stderr)
done = pagewarden("inspect", "--replay", tape, str(wiper.pid), "-f", "json")
check("inspect shows them too", len(own(json.loads(done.stdout)["wipes"], wiper.pid)) == 19, done.stderr)
done = pagewarden("inspect", str(wiper.pid))
check("a look without them says so", "Wipes were not observed" in done.stdout, done.stdout)

# ---- the daemon

run = os.path.join(TMP, "run")
os.makedirs(run)
address = os.path.join(run, "socket")
history = os.path.join(TMP, "history", "history.db")
config = os.path.join(TMP, "conf")


def write_config(*lines):
    with open(config, "w", encoding="ascii") as f:
        f.write("\n".join(lines) + "\n")


def start_daemon():
    log = open(os.path.join(TMP, "log"), "wb+")
    process = start([PAGEWARDEN, "daemon", "--config", config, "--socket", address, "--history", history],
                    stdout=log, stderr=log)
    told = lambda: (log.seek(0), log.read().decode(errors="replace"))[1]
    if not wait_for(lambda: "watching" in told() or process.poll() is not None, 60) or process.poll() is not None:
        raise RuntimeError("the daemon did not start: " + told())
    return process, told


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(20)
        self.sock.connect(address)


def get(target):
    c = Connection("localhost")
    c.request("GET", target)
    answer = c.getresponse()
    return answer.status, answer.read().decode()


def document(target):
    status, body = get(target)
    check(f"{target} answers as its schema says", *validate(body))
    return json.loads(body) if status == 200 else {}


write_config("wipes = on", "interval = 250ms", "flush_interval = 1s")
daemon, told = start_daemon()
status = document("/v1/status")
check("the daemon says what it observes", status["wipes"] is True and status["wipes_cgroup"] is None and
      status["wipes_releases"] is False, status)
wiper.wipe(23)
check("its API has each wipe", wait_for(lambda: len(own(json.loads(get(
    f"/v1/wipes?pid={wiper.pid}")[1])["wipes"], wiper.pid)) == 23), get("/v1/wipes/summary")[1][:2000])
some = document(f"/v1/wipes?pid={wiper.pid}&function=explicit_bzero&verdict=wiped&limit=5")
check("chosen and cut", len(some["wipes"]) == 5 and some["totals"][0]["wipes"] == 23, some["totals"])
summary = document("/v1/wipes/summary")
check("the summary has counts and no rows", summary["wipes"] == [] and summary["totals"][0]["wiped"] >= 23 and
      any(f["function"] == "explicit_bzero" and f["files"] for f in summary["functions"]), summary["totals"])
check("and the blind spots", any("never all wipes" in n["text"] for n in summary["notes"]), summary["notes"])
document("/v1/alerts")
document("/v1/secrets?state=live,released-dirty")
for bad in ("wipes?verdict=clean", "wipes?function=memset", "wipes?pid=-1", "wipes?state=live", "secrets?state=dirty",
            "alerts?limit=3", "wipes/summary?limit=3"):
    check(f"{bad} is refused", get("/v1/" + bad)[0] == 400, get("/v1/" + bad))

child, said = follow("--pid", str(wiper.pid), "--duration", "3", "-f", "json", "--socket", address)
time.sleep(1.5)
wiper.wipe(29)
child.wait(20)
asked = json.loads(said())
check("the command asks the daemon: what came before is no news", len(own(asked["wipes"], wiper.pid)) == 29,
      asked["totals"])
check("which has the ledger of pages", asked["sample_every"] is not None, said()[:500])
child, said = follow("--pid", str(wiper.pid), "--duration", "3", "-f", "json", "--socket", address, "--no-kernel")
time.sleep(1.5)
wiper.wipe(31)
child.wait(20)
asked = json.loads(said())
check("what the daemon does not serve is observed beside it", len(own(asked["wipes"], wiper.pid)) == 31 and
      asked["sample_every"] is None, said()[:500])

check("the history has them", wait_for(lambda: sum(
    r["calls"] for r in own(json.loads(get(f"/v1/history/wipes?pid={wiper.pid}")[1])["wipes"], wiper.pid)) == 83),
      get(f"/v1/history/wipes?pid={wiper.pid}")[1][:1000])
document(f"/v1/history/wipes?pid={wiper.pid}&verdict=wiped&limit=3")
document("/v1/history/secrets?from=-1h")
done = pagewarden("wipes", "--since", "1h", "--history", history, "--pid", str(wiper.pid), "-f", "json")
check("and the command reads it", done.returncode == 0 and sum(
    r["calls"] for r in own(json.loads(done.stdout)["wipes"], wiper.pid)) == 83, done.stdout[:500] + done.stderr)
daemon.send_signal(signal.SIGTERM)
check("the daemon ends", daemon.wait(20) == 0, told())

write_config("wipes = on", "wipes_cgroup = /there/is/no/such.cgroup")
daemon, told = start_daemon()
check("a cgroup that is not there is told, and the daemon goes on without wipes",
      "there is no cgroup /there/is/no/such.cgroup" in told() and json.loads(get("/v1/status")[1])["wipes"] is False, told())
daemon.send_signal(signal.SIGTERM)
daemon.wait(20)

for key, value, word in (("wipes", "maybe", "on or off"), ("wipes_cgroup", "relative", "absolute"),
                         ("wipes_releases", "yes", "wipes_cgroup"), ("wipes_releases", "on", "yes or no"),
                         ("wipes_read_back", "0", "size"), ("wipes_read_back", "2G", "size")):
    write_config(f"{key} = {value}")
    done = pagewarden("daemon", "--config", config, "--check-config")
    check(f"{key} = {value} is refused with a remedy", done.returncode == 2 and word in done.stderr, done.stderr)

# ---- who may not

done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", PAGEWARDEN, "wipes",
                       "--duration", "1", "--socket", "none"], capture_output=True, text=True, check=False, timeout=60)
check("without privileges it is refused with the remedy", done.returncode == 3 and "root" in done.stderr,
      f"{done.returncode} {done.stderr}")
done = pagewarden("wipes", "--pid", str(2**31 - 1))
check("a process that is not there", done.returncode == 4 and "there is no process" in done.stderr, done.stderr)
wiper.end()
finish()
