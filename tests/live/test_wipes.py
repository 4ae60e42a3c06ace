# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
"""
The wipe ledger against real programs. Four observers run at the same time: one of the whole
machine, one of a cgroup with releases, a recording, and the daemon. What they should tell is known
from a second source: programs that say what they did, and gdb, which stops OpenSSL's and GnuTLS's
programs at each call. Each call is told once, as it was, and nothing else of those processes.

Nothing waits for a time to pass: at the end a program that wipes is run, and when an observer has
told of that one, it has told of all before.
"""
import collections
import json
import os
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from check import BUILD, PAGEWARDEN, ROOT, TMP, at_end, check, finish, pagewarden, skip, start, wait_for
from wipe_observers import Daemon, Recording, Stream
from wipe_truth import (BUFFERS, PATIENCE, WIPES, WIPES_STATIC, Driven, Stopped, run_buffers, run_wipes,
                        wipe_of, write_gdb_script)

if os.geteuid() != 0:
    print("1..0 # SKIP needs root")
    sys.exit(0)
os.chmod(TMP, 0o755)

PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
SODIUM = "libsodium.so.23"
PROGRAMS = os.path.join(BUILD, "tests", "programs")

# Loads a library when it is told to, and wipes with its function.
LOADS = """
import ctypes, os, sys
path, name, gone = sys.argv[1:]
print("ready", flush=True)
def wipe(size):
    buffer = ctypes.create_string_buffer(b"x" * size, size)
    function(buffer, size)
    print("wipe", name, hex(ctypes.addressof(buffer)), size, "wiped", flush=True)
again = sys.stdin.readline()
function = getattr(ctypes.CDLL(path), name)
function.argtypes, function.restype = [ctypes.c_void_p, ctypes.c_size_t], None
if gone == "gone":
    os.unlink(path)
while again == "again\\n":
    wipe(77)
    again = sys.stdin.readline()
for size in (1, 100, 5000):
    wipe(size)
print("done", flush=True)
sys.stdin.readline()
"""

DELETES = """
import ctypes, sys
sys.path.insert(0, sys.argv[1])
import pagewarden
print("ready", flush=True)
sys.stdin.readline()
def by(deleted):
    return {"module": "module-wipe"}.get(deleted.by, deleted.by)
key = bytearray(b"k" * 1000)
hold = (ctypes.c_char * 1).from_buffer(key)
address, size = ctypes.addressof(hold), key.__alloc__()
del hold
deleted = pagewarden.secure_delete(key)
print("wipe", by(deleted), hex(address), size, "wiped")
block = ctypes.create_string_buffer(b"p" * 64, 64)
deleted = pagewarden.secure_delete(block)
print("wipe", by(deleted), hex(ctypes.addressof(block)), 64, "wiped")
print("done", flush=True)
sys.stdin.readline()
"""


def temporary(name):
    return os.path.join(TMP, name)


# ---- a cgroup

def make_cgroup():
    """In the cgroup v2 hierarchy, wherever it is mounted; None where that can't be written."""
    with open("/proc/self/mounts", encoding="utf-8") as f:
        mounts = [line.split()[1] for line in f if line.split()[2] == "cgroup2"]
    for mount in mounts:
        path = os.path.join(mount, f"pagewarden-test.{os.getpid()}")
        try:
            os.mkdir(path)
            return path
        except OSError:
            pass
    return None


def remove_cgroup():
    # a program that gdb ran may still be on its way out
    def removed():
        try:
            os.rmdir(cgroup)
        except OSError:
            return False
        return True
    wait_for(removed, 10)


cgroup = make_cgroup()
if cgroup:
    at_end(remove_cgroup)

# ---- the observers

machine = Stream("machine")
recording = Recording("recording", "--wipes")
scope = ["--cgroup", cgroup, "--releases"] if cgroup else []
group = Stream("group", *scope) if cgroup else None
daemon = Daemon("wipes = on", *([f"wipes_cgroup = {cgroup}", "wipes_releases = yes"] if cgroup else []))
everybody = [o for o in (machine, recording, group, daemon) if o]
for observer in everybody:
    observer.ready()

truths = {}  # of the processes in the cgroup, by what they are
outside = {}  # and of those that are not in it
early = {}  # wipes with a library that not everybody had found yet
warm = []  # processes that ran until a new file was found


def in_group(name, truth):
    truths[name] = truth


def wait_probed(run, function):
    """
    A new file is probed as soon as an observer has read that it was mapped, and what was called
    until then is not seen. Runs what calls a function of such a file until each observer sees it.
    """
    def all_tell():
        return all(any(r["function"] == function for r in o.rows_of(warm[-1])) for o in everybody)

    def run_once():
        warm.append(run())
        return wait_for(all_tell, 1)

    if not wait_for(run_once, PATIENCE):
        raise RuntimeError(f"not every observer has found {function} in a new file")


# ---- programs that say what they did

for program in (WIPES, WIPES_STATIC):
    wait_probed(lambda: next(iter(run_wipes(program, "none", cgroup))), "wc_ForceZero")
wait_probed(lambda: run_buffers("part", cgroup).pid, "mbedtls_platform_zeroize")

for mode in ("whole", "part", "none", "twice", "threads", "fork", "mremap"):
    for i, truth in enumerate(run_wipes(WIPES, mode, cgroup).values()):
        in_group(f"{mode}, child" if i else mode, truth)
for i, truth in enumerate(run_wipes(WIPES_STATIC, "whole", cgroup).values()):
    in_group("static", truth)
outside["outside of the cgroup"], = run_wipes(WIPES, "twice").values()

for mode in ("forgets", "turns", "rewritten", "part", "unmaps", "keeps"):
    in_group(f"buffers {mode}", run_buffers(mode, cgroup))


def run_loads(name, path, gone, *around):
    child = Driven(*around, PYTHON, "-c", LOADS, path, "sodium_memzero", gone, cgroup=cgroup)
    child.line()
    before = []

    def again():
        child.go("again")
        before.append(wipe_of(child.line()))
        return child.pid

    wait_probed(again, "sodium_memzero")
    child.go("once")
    truth = child.told()
    if path == SODIUM:
        truth.wipes = before + truth.wipes
    else:
        early[name] = before
    in_group(name, truth)


listed = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
sodium = next(line.split()[-1] for line in listed.splitlines() if SODIUM in line)
run_loads("libsodium, loaded later", SODIUM, "stays")
shutil.copy(sodium, temporary("libprivate.so"))
run_loads("a library in no usual place", temporary("libprivate.so"), "stays")
os.mkdir(temporary("mount"))
INSIDE = 'mount -t tmpfs none "$1" && cp "$2" "$1/libinside.so" && shift 2 && exec "$@"'
run_loads("a library in a mount namespace, deleted", temporary("mount/libinside.so"), "gone",
          "unshare", "-m", "sh", "-c", INSIDE, "sh", temporary("mount"), sodium)

child = Driven(PYTHON, "-c", DELETES, os.path.join(ROOT, "user/lib/python"), cgroup=cgroup,
               env={**os.environ, "PAGEWARDEN_LIBRARY": os.path.join(BUILD, "user/lib/libpagewarden.so.0")})
child.line()
child.go()
in_group("secure_delete of Python", child.told())

# ---- programs that gdb stops

script = write_gdb_script()
key, sealed, certificate = temporary("key.pem"), temporary("sealed.pem"), temporary("certificate.pem")
subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost"], check=True, capture_output=True)


def run_stopped(name, *argv, **options):
    child = Stopped(script, *argv, cgroup=cgroup, **options)
    in_group(name, child.truth())
    return child.said()


run_stopped("openssl seals a key", "openssl", "pkcs8", "-topk8", "-in", key, "-iter", "3", "-passout", "pass:word",
            "-out", sealed)
run_stopped("openssl opens it", "openssl", "pkey", "-in", sealed, "-passin", "pass:word", "-noout")
run_stopped("openssl makes a key", "openssl", "genpkey", "-algorithm", "X25519", "-out", temporary("x25519.pem"))
run_stopped("certtool opens a key", "certtool", "--key-info", "--infile", sealed, "--password", "word")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return str(s.getsockname()[1])


with open(temporary("request"), "w", encoding="ascii") as f:
    f.write("something to say\n")
fifo = temporary("fifo")  # a server would end at the end of its input
os.mkfifo(fifo)
held = os.open(fifo, os.O_RDWR)


def handshake(name, *client):
    """With a server of OpenSSL's; what the client said."""
    port = free_port()
    server = Stopped(script, "openssl", "s_server", "-accept", port, "-key", key, "-cert", certificate, "-naccept",
                     "1", "-no-CAfile", "-no-CApath", "-no-CAstore", stdin=fifo, cgroup=cgroup)
    wait_for(lambda: "ACCEPT" in server.said(), PATIENCE)
    told = run_stopped(f"TLS, {name}", *(word.replace("PORT", port) for word in client), stdin=temporary("request"))
    in_group(f"TLS, {name}, the server", server.truth())
    check(f"TLS, {name}: the server has heard the client", "something to say" in server.said(), server.said())
    return told


told = handshake("openssl's client", "openssl", "s_client", "-connect", "127.0.0.1:PORT", "-CAfile", certificate)
check("OpenSSL has spoken TLS", "TLSv1.3" in told and "Verification: OK" in told, told)
told = handshake("gnutls's client", "gnutls-cli", "--x509cafile", certificate, "-p", "PORT", "localhost")
check("GnuTLS has spoken TLS", "Handshake was completed" in told, told)

# ---- when all is told

marker, = run_wipes(WIPES, "twice", cgroup)


for observer in everybody:
    check(f"{observer.name} tells to the end", wait_for(lambda: len(observer.rows_of(marker)) == 2, PATIENCE))
recording.end()

# ---- comparing


def wipes_in(rows):
    """In the form of the truth."""
    return [(r["function"], int(r["address"], 16), r["size_bytes"], r["verdict"]) for r in rows if r["event"] == "wipe"]


def difference(told, expected):
    missing = collections.Counter(expected) - collections.Counter(told)
    more = collections.Counter(told) - collections.Counter(expected)
    return (f"{len(told)} told, {len(expected)} happened; not told: {list(missing)[:5]}; not happened: "
            f"{list(more)[:5]}")


def compare_wipes(observer, name, truth):
    told, expected = wipes_in(observer.rows_of(truth.pid)), truth.wipes
    if name == "threads": # by thread in their order
        told, expected = sorted(told), sorted(expected)
    if name in early:
        # by libsodium's function or, before that one is found, by libc's that it calls
        places = {wipe[1:] for wipe in early[name]}
        told = [wipe for wipe in told if wipe[1:] not in places]
    check(f"{observer.name}: {name}, {len(expected)} wipes", told == expected, difference(told, expected))


for observer in everybody:
    for name, truth in truths.items():
        compare_wipes(observer, name, truth)
    for name, truth in outside.items():
        if observer in (machine, recording):
            compare_wipes(observer, name, truth)
        else:
            check(f"{observer.name}: nothing of {name}", not observer.rows_of(truth.pid))

for name, least in (("TLS, openssl's client", 20), ("TLS, openssl's client, the server", 20),
                    ("TLS, gnutls's client", 5), ("openssl opens it", 10), ("certtool opens a key", 1),
                    ("threads", 707)):
    check(f"there was something to see: {name}", len(truths[name].wipes) >= least, len(truths[name].wipes))

# ---- releases, as those told them who observe them


def key_of(r):
    wiped = r["wiped_before"] in (True, "true")
    return r["function"], int(r["wipe_address" if wiped else "address"], 16), r["verdict"] if wiped else "-"


def compare_releases(observer):
    for name, truth in truths.items():
        if not name.startswith("buffers"):
            continue
        rows = observer.rows_of(truth.pid)
        told = [key_of(r) for r in rows if r["event"] == "release"]
        # what one munmap takes comes in no order
        check(f"{observer.name}: {name}, {len(truth.releases)} releases",
              told == truth.releases or name == "buffers unmaps" and sorted(told) == sorted(truth.releases),
              difference(told, truth.releases))
        after = [r["after"] for r in rows if r["event"] == "wipe"]
        check(f"{observer.name}: {name}, what became of each", after == truth.after, difference(after, truth.after))


def own(rows, key="exe"):
    return [r for r in rows if (r[key] or "").endswith("/buffers")]


def compare_findings(name, document, alerts):
    """Of the processes of buffers, which each have a place of their own."""
    found = own(document["forgotten_wipes"])
    check(f"{name}: one site is suspected", [r["caller_symbol"] for r in found] == ["give_mostly_wiped"], found)
    check(f"{name}: with its figures", found and "99 of 100" in found[0]["figures"] and found[0]["wiped"] == 99 and
          found[0]["unwiped"] == 1 and found[0]["last_unwiped_pid"] == truths["buffers forgets"].pid and
          0.75 < found[0]["confidence_ratio"] < 1, found)
    kinds = collections.Counter(r["alert"] for r in own(alerts))
    check(f"{name}: an alert of each kind, and no more",
          kinds == {"forgotten-wipe": 1, "rewritten-after-wipe": 1, "wiped-in-part": 1}, own(alerts))
    part = [r for r in own(alerts) if r["alert"] == "wiped-in-part"]
    check(f"{name}: a wipe in part is certain and has its evidence", part and part[0]["confidence_ratio"] == 1 and
          "50 of 200 bytes" in part[0]["what"] and "offset 150" in part[0]["evidence"] and
          "run_part" in part[0]["evidence"], part)


# ---- summaries

def compare_losses(name, document):
    lost = [r for r in document["losses"] if r["cause"] != "proc_gone"]
    check(f"{name}: nothing was lost", not lost and document["events_tried"] == document["events_received"],
          f"{lost}, {document['events_tried']} tried, {document['events_received']} received")


if cgroup:
    compare_releases(group)
    compare_releases(daemon)
    status, alerts = daemon.get("wipes/summary"), daemon.get("alerts")["alerts"]
    compare_findings("daemon", status, alerts)
    document = group.end()
    compare_findings("group", document, document["alerts"])
    compare_losses("group", document)
    foreign = {pid for pid, rows in group.events.items() if rows} - set(warm) - {marker}
    foreign -= {truth.pid for truth in truths.values()}
    check("group: nothing of others", not foreign, [group.events[pid][0] for pid in foreign])
else:
    skip("releases of a cgroup", "no cgroup v2 hierarchy can be written")

document = machine.end()
check("an interrupt ends it with the summary", len(document["totals"]) == 1 and any(
    "never all wipes" in note["text"] for note in document["notes"]), str(document["totals"]))
compare_losses("machine", document)
compare_losses("recording", recording.document("wipes"))
observed = {(r["path"].rsplit("/", 1)[-1], r["symbol"]) for r in document["probes"] if r["observed"]}
for place in (("libprivate.so", "sodium_memzero"), ("libinside.so", "sodium_memzero"),
              ("wipes_static", "explicit_bzero"), ("wipes", "wc_ForceZero")):
    check(f"machine: {place[1]} of {place[0]} is among the observed functions", place in observed, sorted(observed))

for name, symbol in (("whole", "whole_kind"), ("static", "whole_kind"), ("buffers keeps", None)):
    rows = machine.rows_of(truths[name].pid)
    check(f"machine: which file called, of {name}, which has ended", rows and all(
        r["caller_file"] == r["exe"] and r["exe"].startswith(PROGRAMS) for r in rows), rows[:1])
    # a look at symbols has its share of the time, and what is beyond it stays unsaid
    check(f"machine: and its function, of {name}", {r["caller_symbol"] for r in rows} <= {symbol or "run_keeps", None} and
          (not symbol or symbol in {r["caller_symbol"] for r in rows}), rows[:1])
rows = machine.rows_of(truths["openssl opens it"].pid)
check("machine: OpenSSL's callers are named by their files", rows and all(
    r["exe"].endswith("/openssl") and r["caller_file"] for r in rows), rows[:1])

wait_for(lambda: sum(r["calls"] for r in daemon.get(f"history/wipes?pid={marker}")["wipes"]) == 2, PATIENCE)
for name, those in (("buffers", [t for name, t in truths.items() if name == "buffers part"]),
                    ("openssl", [t for name, t in truths.items() if "openssl" in name or "server" in name])):
    # rows of one place stand for calls of any process, so the program counts
    done = pagewarden("wipes", "--since", "1h", "--history", daemon.history, "--process", f"/{name}", "-f", "json")
    rows = json.loads(done.stdout or '{"wipes": []}')["wipes"]
    counted = sum(r["calls"] for r in rows if r["event"] == "wipe" and (name == "openssl" or r["pid"] == those[0].pid))
    happened = sum(len(t.wipes) for t in those)
    check(f"history: {name}, {happened} calls", counted == happened, f"{counted} {done.stderr}")
daemon.end()

# ---- one process: a recording with releases, and what each command says of it

child = Driven(BUFFERS, "forgets")
child.line()
tape = Recording("one", "--wipes-pid", str(child.pid), "--releases")
tape.ready()
other = run_buffers("rewritten")
child.go()
truths = {"buffers forgets": child.told()}
tape.end()
compare_releases(tape)
check("one: nothing of the other process", not tape.rows_of(other.pid))
document = tape.document("wipes")
compare_losses("one", document)
pid = str(truths["buffers forgets"].pid)
for command in (("wipes",), ("report",), ("inspect", pid)):
    document = tape.document(*command)
    check(f"one: {command[0]} has one alert, with the figures", len(document["alerts"]) == 1 and
          document["alerts"][0]["alert"] == "forgotten-wipe" and "99 of 100" in "".join(
              str(document["alerts"][0][key]) for key in ("what", "evidence")), document["alerts"])

# ---- errors

for option, value, word in (("--verdict", "clean", "wiped-in-part"), ("--function", "memset", "explicit_bzero"),
                            ("--pid", "0", "--pid"), ("--read-back", "0", "size")):
    done = pagewarden("wipes", option, value)
    check(f"{option} {value} is refused with what there is", done.returncode == 2 and word in done.stderr, done.stderr)
done = pagewarden("wipes", "--pid", str(other.pid), "--socket", "none")
check("a process that has ended", done.returncode == 4 and str(other.pid) in done.stderr, done.stderr)
done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", PAGEWARDEN, "wipes",
                       "--socket", "none"], capture_output=True, text=True, check=False, timeout=PATIENCE)
check("not root", done.returncode == 3 and "root" in done.stderr, done.stderr)
read, write = os.pipe()
child = start([PAGEWARDEN, "wipes", "-f", "csv", "-i", "250ms", "--socket", "none"], stdout=write)
os.close(write)
os.read(read, 1)
os.close(read)
for _ in range(PATIENCE):
    run_wipes(WIPES, "twice")
    if wait_for(lambda: child.poll() is not None, 1):
        break
check("a pipe that nobody reads any more ends it", child.poll() in (0, 1, -signal.SIGPIPE), child.poll())

finish()
