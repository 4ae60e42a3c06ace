# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
"""leaks and explain on programs that leak and one that does not, in minutes that count as hours: by the
command's own watching, from the daemon, from its history when it is gone, and from a recording."""
import csv
import io
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from check import BUILD, PAGEWARDEN, ROOT, TMP, between, check, finish, pagewarden, start, wait_for

if os.geteuid() != 0:
    print("1..0 # SKIP needs root")
    sys.exit(0)

SCALE = 120
HOUR = 3600 / SCALE  # seconds of real time
SOCKET = os.path.join(TMP, "socket")
HISTORY = os.path.join(TMP, "history.db")
RECORDING = os.path.join(TMP, "leaks.pwr")
CONFIG = os.path.join(TMP, "pagewarden.conf")
with open(CONFIG, "w", encoding="utf-8") as conf:
    conf.write(f"interval = 100ms\nflush_interval = 1s\ntime_scale = {SCALE}\n")


def program(what, ms):
    child = start([os.path.join(BUILD, "tests/programs/leak"), what, str(ms)], stdin=subprocess.PIPE,
                  stdout=subprocess.PIPE, text=True)
    child.stdout.readline()
    return child


def validate(text):
    path = os.path.join(TMP, "document.json")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    done = subprocess.run([os.path.join(ROOT, "tests/lib/validate.py"), os.path.join(ROOT, "docs/schema"), path],
                          capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def of(document, pid):
    return [s for s in document["series"] if s["pid"] == pid]


def suspects(document):
    return {(s["pid"], s["series"]) for s in document["series"] if s["suspect"] and s["pid"]}


heap, threads, healthy = program("heap", 20), program("threads", 50), program("nothing", 20)
daemon = start([PAGEWARDEN, "daemon", "--config", CONFIG, "--socket", SOCKET, "--history", HISTORY],
               stderr=subprocess.PIPE, text=True)
recorder = start([PAGEWARDEN, "record", "--socket", "none", "-o", RECORDING, "--duration", "28s", "-i", "100ms",
                  "--segments", "none"])

# ---- the command's own watching

own = pagewarden("leaks", "--socket", "none", "--duration", "28", "--time-scale", str(SCALE), "--all", "--exit-code",
                 "-f", "json", timeout=120)
check("suspects end it with 7", own.returncode == 7, f"{own.returncode}: {own.stderr}")
check("its JSON matches the schema", *validate(own.stdout))
said = json.loads(own.stdout)
check("it says who watched, and how", said["origin"] == "own" and said["time_scale"] == SCALE, said["origin"])
check("the leak of memory is suspected", (heap.pid, "anon") in suspects(said), own.stdout[:4000])
check("the leak of threads is suspected", (threads.pid, "threads") in suspects(said), of(said, threads.pid))
check("who leaks nothing is none", not any(pid == healthy.pid for pid, _ in suspects(said)), of(said, healthy.pid))
leak = next((s for s in of(said, heap.pid) if s["series"] == "anon"), None)
if check("and told with its growth", leak and leak["growth_per_hour"], leak):
    rate = 64 * 1024 * 50 * HOUR  # at most: a turn takes its 20 ms and more
    between("the growth is that of the program", leak["growth_per_hour"], rate / 4, rate * 1.1)
    check("within its interval", leak["growth_low_per_hour"] <= leak["growth_per_hour"] <= leak["growth_high_per_hour"],
          leak)
    check("it has floors that rise", len(leak["floors"]) >= 12 and leak["floors"][-1] > leak["floors"][0], leak)
    check("and a sentence", "growing" in (leak["evidence"] or ""), leak)
    left = leak["limit_left"] / leak["growth_per_hour"] * HOUR
    between("the time to the limit is real time", (leak["time_to_limit_ns"] or 0) / 1e9, left * 0.9, left * 1.1, "s")
check("each that is no suspect says why", all(s["evidence"] for s in said["series"]), own.stdout[:2000])
check("a rehearsal says so", any("rehearsal" in n["text"] for n in said["notes"]), said["notes"])

files = program("files", 50)
own = pagewarden("leaks", "--socket", "none", "--duration", "28", "--time-scale", str(SCALE), "--pid", str(files.pid),
                 "-f", "json", timeout=120)
check("a leak of files is suspected in a rehearsal, too", (files.pid, "open-files") in suspects(json.loads(own.stdout)),
      own.stdout)

# ---- a recording: the same in every format

recorder.wait(60)
replay = ("--replay", RECORDING, "--time-scale", str(SCALE))
text = pagewarden("leaks", *replay, "--all")
document = json.loads(pagewarden("leaks", *replay, "--all", "-f", "json").stdout)
rows = list(csv.DictReader(io.StringIO(pagewarden("leaks", *replay, "--all", "-f", "csv").stdout)))
check("a recording shows the leaks as well", {(heap.pid, "anon"), (threads.pid, "threads")} <= suspects(document),
      text.stdout)
check("and not the healthy", not any(pid == healthy.pid for pid, _ in suspects(document)), text.stdout)
check("text has the suspects, why, and why not", all(t in text.stdout for t in (
    "\nWhy\n", "\nNo suspects, and why not\n", f"{heap.pid} leak", "\nWhat to know\n")), text.stdout)
check("CSV has a row for each series", len(rows) == len(document["series"]) and
      [(r["pid"], r["series"], r["verdict"]) for r in rows] ==
      [(str(s["pid"] or ""), s["series"], s["verdict"]) for s in document["series"]], rows[:3])
alone = pagewarden("leaks", *replay, "--pid", str(healthy.pid), "--exit-code")
check("--pid of the healthy one ends with 0, and says that nothing grows",
      alone.returncode == 0 and "Nothing here grows" in alone.stdout, f"{alone.returncode} {alone.stdout}")
check("--limit cuts", len(json.loads(pagewarden("leaks", *replay, "--limit", "1", "-f", "json").stdout)["series"]) == 1)
check("--cgroup leaves the others out", not json.loads(
    pagewarden("leaks", *replay, "--cgroup", "/nowhere/at.all", "-f", "json").stdout)["series"])

story = pagewarden("explain", *replay, str(heap.pid))
check("explain has the plot, the gates and what to do", all(t in story.stdout for t in (
    "\nFloors\n", "Theil-Sen", "\nGates\n", "persistence", "\nAll its series\n", "\nWhat to do next\n",
    f"pagewarden inspect {heap.pid}")), story.stdout)
plain = subprocess.run([PAGEWARDEN, "explain", *replay, str(heap.pid)], capture_output=True, check=False,
                       env={**os.environ, "LC_ALL": "C"}, timeout=60)
check("without Unicode it is ASCII", plain.returncode == 0 and plain.stdout.isascii(), plain.stdout)
story = pagewarden("explain", *replay, str(heap.pid), "-f", "json")
check("explain: its JSON matches the schema", *validate(story.stdout))
gates = json.loads(story.stdout)["gates"]
check("each gate has passed, with a sentence", len(gates) > 8 and all(g["sentence"] for g in gates) and
      not any(g["outcome"] == "failed" for g in gates), gates)
gates = list(csv.DictReader(io.StringIO(pagewarden("explain", *replay, str(heap.pid), "-f", "csv").stdout)))
check("its CSV has the gates", [g["gate"] for g in gates][:2] == ["span", "trend"] and len(gates) > 8, gates)
story = json.loads(pagewarden("explain", *replay, str(threads.pid), "--series", "threads", "-f", "json").stdout)
check("--series chooses", story["verdict"][0]["series"] == "threads", story["verdict"])
done = pagewarden("explain", *replay, str(threads.pid), "--series", "shmem")
check("a series that never changed is told so", done.returncode == 4 and "never changed" in done.stderr, done.stderr)

# ---- the daemon

asked = ("--socket", SOCKET)
check("the daemon suspects it as well", wait_for(lambda: (heap.pid, "anon") in suspects(
    json.loads(pagewarden("leaks", *asked, "-f", "json").stdout or '{"series":[]}')), 60))
done = pagewarden("leaks", *asked, "-f", "json")
check("what the daemon says matches the schema", *validate(done.stdout))
check("and is its own", json.loads(done.stdout)["origin"] == "daemon", done.stdout[:600])
top = json.loads(pagewarden("top", *asked, "-n", "1", "-f", "json", "--filter", "verdict=suspect").stdout)
check("top leaves the suspects alone", heap.pid in [p["pid"] for p in top["processes"]] and
      healthy.pid not in [p["pid"] for p in top["processes"]] and
      all(p["verdict"] == "growing" for p in top["processes"]), [(p["pid"], p["verdict"]) for p in top["processes"]])
top = json.loads(pagewarden("top", *asked, "-n", "1", "-f", "json", "--sort", "verdict").stdout)
check("sorted by verdict, suspects come first", top["processes"][0]["verdict"] == "growing",
      [(p["pid"], p["verdict"]) for p in top["processes"][:5]])
inside = pagewarden("inspect", *asked, str(heap.pid))
check("inspect has its trends", "\nTrends\n" in inside.stdout and "growing" in inside.stdout, inside.stdout[-2000:])
inside = json.loads(pagewarden("inspect", *asked, str(heap.pid), "-f", "json").stdout)
check("in JSON too", any(s["series"] == "anon" and s["suspect"] for s in inside["trends"]), inside["trends"])
again = pagewarden("leaks", *asked, "--watch", "1s", "-n", "2", "-f", "json")
check("--watch looks again", again.returncode == 0 and len(again.stdout.splitlines()) == 2, again.stdout[:500])

# Where it listens by itself nobody has to name it: in a /run of its own, beside whatever runs here.
OTHER = os.path.join(TMP, "other.db")
done = subprocess.run(["unshare", "-m", "sh", "-c", f"""
mount -t tmpfs tmpfs /run && mkdir /run/pagewarden || exit 9
"{PAGEWARDEN}" daemon --config "{CONFIG}" --history "{OTHER}" 2>&- & daemon=$!
i=0; while [ ! -S /run/pagewarden/pagewarden.sock ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done
sleep 1; "{PAGEWARDEN}" leaks -f json; kill $daemon; wait $daemon"""], capture_output=True, text=True, check=False,
                      timeout=60)
check("a daemon at its usual place is asked", '"origin":"daemon"' in done.stdout, done.stdout[:600] + done.stderr)

heap.stdin.close()
heap.wait(10)
check("the daemon remembers who has ended", wait_for(lambda: pagewarden(
    "explain", *asked, str(heap.pid)).stdout.find("has ended") > 0, 30))
story = pagewarden("explain", *asked, str(heap.pid))
check("and tells its story", story.returncode == 0 and "Its last verdict: growing" in story.stdout and
      "\nHistory of its verdicts\n" in story.stdout, story.stdout + story.stderr)
done = pagewarden("explain", *asked, str(heap.pid), "-f", "json")
check("in valid JSON, too", *validate(done.stdout or done.stderr))

# ---- its history, when it is gone

daemon.send_signal(signal.SIGTERM)
daemon.wait(20)
done = pagewarden("leaks", *asked)
check("a daemon that is not there is told, with what to do", done.returncode == 4 and SOCKET in done.stderr and
      "systemctl start" in done.stderr, f"{done.returncode} {done.stderr}")
past = ("--history", HISTORY, "--time-scale", str(SCALE))
done = pagewarden("leaks", *past, "--since", "1h", "-f", "json")
check("the history is valid", *validate(done.stdout or done.stderr))
said = json.loads(done.stdout or '{"series":[],"changes":[],"origin":""}')
check("the history still suspects the leak of threads", (threads.pid, "threads") in suspects(said) and
      said["origin"] == "history", done.stdout[:3000] + done.stderr)
check("and has the changes", any(c["pid"] == heap.pid and c["to"] == "growing" for c in said["changes"]),
      said["changes"])
story = pagewarden("explain", *past, str(threads.pid))
check("explain tells of it", "History of its verdicts" in story.stdout, story.stdout + story.stderr)
done = pagewarden("leaks", "--history", HISTORY)
check("another time scale is told", done.returncode == 1 and "--time-scale" in done.stderr,
      f"{done.returncode} {done.stderr}")

# ---- what can't be

for name, argv, code, words in (
        ("a PID of nobody", ["explain", "--duration", "1", "4194303"], 4, "there is no process 4194303"),
        ("a PID of nobody, among leaks", ["leaks", "--duration", "1", "--pid", "4194303"], 4, "there is no process"),
        ("a group of nobody", ["explain", *replay, "--group", "no-such-program"], 4, "no-such-program"),
        ("a PID that a recording does not know", ["explain", *replay, "4194303"], 4, "knows no process 4194303"),
        ("a history that is not there", ["leaks", "--history", os.path.join(TMP, "none.db")], 4, "none.db"),
        ("a history that is none", ["leaks", "--history", CONFIG], 5, CONFIG),
        ("a time scale that is no number", ["leaks", "--time-scale", "fast"], 2, "'fast' is not a factor"),
        ("a time scale below 1", ["leaks", "--time-scale", "0.5"], 2, "from 1 to 3600"),
        ("no PID", ["explain"], 2, "whose growth?"),
        ("a PID and a group", ["explain", "1", "--group", "x"], 2, "give one of them"),
        ("a series that does not exist", ["explain", "1", "--series", "luck"], 2, "'luck' is not anon"),
        ("a cgroup that is no path", ["leaks", "--cgroup", "nginx"], 2, "no path below /sys/fs/cgroup"),
        ("a recording with --since", ["leaks", "--replay", RECORDING, "--since", "1h"], 2, "--since"),
        ("a daemon with --duration", ["leaks", *asked, "--duration", "1"], 2, "--socket")):
    done = pagewarden(*argv)
    check(f"{name}: {words}", done.returncode == code and words in done.stderr, f"{done.returncode}: {done.stderr}")
done = pagewarden("leaks", "--socket", "none", "--duration", "1", "--exit-code")
check("who watched too little says so, and ends with 6", done.returncode == 6 and "too little for a verdict" in
      done.stdout, f"{done.returncode} {done.stdout}")
finish()
