# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
"""Programs that people run, watched from before their start: redis, python3, node, gcc.

Each fills memory and then stands still. What the recording says of it then must
be what /proc says, and the ledger must account for it page by page.
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from check import TMP, PAGEWARDEN, between, check, document, finish, skip, start, wait_for

PAGE = os.sysconf("SC_PAGE_SIZE")
# The kernel keeps a process's counters in batches per CPU; reading them costs this much
# (percpu_counter, 32 events per CPU and kind).
SLACK = 64 * os.cpu_count() * PAGE


class Recording:
    """pagewarden record in the background, every page in the ledger."""

    def __init__(self, name):
        self.path = os.path.join(TMP, name)
        self.log = open(self.path + ".log", "wb+")
        self.process = start([PAGEWARDEN, "record", "--socket", "none", "--sample", "1", "--interval", "250ms",
                              "-o", self.path], stdout=self.log, stderr=self.log)
        # The first ticks are in the file once it has grown beyond its header.
        if not wait_for(lambda: os.path.exists(self.path) and os.path.getsize(self.path) > 8192, 20):
            raise RuntimeError("no recording: " + self.said())

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self):
        """Lets two more intervals pass, so that the last tick is later than what was read."""
        wait_for(lambda: False, 0.8)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)

    def process_row(self, pid, *options):
        rows = document("replay", self.path, "--view", "processes", *options)["processes"]
        rows = [r for r in rows if r["pid"] == pid]
        return rows[0] if rows else None


def proc_status(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as status:
        return {k: int(v) * 1024 for k, v in re.findall(r"^(\w+):\s+(\d+) kB$", status.read(), re.M)}


def is_still(pid):
    """Its memory has not moved for a moment."""
    before = proc_status(pid)
    wait_for(lambda: False, 0.6)
    return before["VmRSS"] == proc_status(pid)["VmRSS"]


def compare(name, recording, pid, at_least):
    """The stopped recording against what /proc said before."""
    wait_for(lambda: is_still(pid), 20)
    truth = proc_status(pid)
    recording.stop()
    row = recording.process_row(pid)
    if not check(f"{name} is in the recording", row is not None, recording.said()):
        return
    check(f"{name} holds what it was filled with", truth["RssAnon"] >= at_least, truth)
    for column, field in (("rss_anon_bytes", "RssAnon"), ("rss_file_bytes", "RssFile"),
                          ("rss_shmem_bytes", "RssShmem")):
        between(f"{name} {column} is /proc's {field}", row[column], truth[field] - SLACK, truth[field] + SLACK)
    owned = truth["RssAnon"] + truth["RssShmem"]
    between(f"{name} the ledger accounts for its pages", row["ledger_live_bytes"], owned - SLACK, owned + SLACK)
    check(f"{name} started before the end of the recording and has no exit", row["alive"] is True, row)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0


def redis():
    for need in ("redis-server", "redis-benchmark"):
        if not shutil.which(need):
            skip("redis-server filled by redis-benchmark", f"{need} is not installed")
            return
    port = free_port()
    recording = Recording("redis")
    server = start(["redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no",
                    "--dir", TMP])
    # redis-benchmark hangs when nobody listens yet
    check("redis-server listens", wait_for(lambda: listens(port), 20))
    filled = subprocess.run(["redis-benchmark", "-h", "127.0.0.1", "-p", port, "-t", "set", "-q", "-n", "60013",
                             "-r", "1000003", "-d", "1021"], stdin=subprocess.DEVNULL, capture_output=True,
                            timeout=60, check=False)
    check("redis-benchmark fills redis-server", filled.returncode == 0, filled.stderr)
    compare("redis-server", recording, server.pid, 50 << 20)


def interpreter(name, argv, at_least):
    if not shutil.which(argv[0]):
        skip(f"{name} holds its pages", f"{argv[0]} is not installed")
        return
    recording = Recording(name)
    child = start(argv, stdout=subprocess.PIPE)
    check(f"{name} has filled its memory", child.stdout.readline() == b"filled\n")
    compare(name, recording, child.pid, at_least)


def gcc():
    """A process that is over before anybody can ask /proc: only events and its last counters tell."""
    if not shutil.which("gcc"):
        skip("the compiler behind gcc is remembered", "gcc is not installed")
        return
    cc1 = subprocess.run(["gcc", "-print-prog-name=cc1"], capture_output=True, text=True, check=True).stdout.strip()
    source = os.path.join(TMP, "unit.c")
    with open(source, "w", encoding="ascii") as out:
        for number in range(400):
            out.write(f"int f{number}(int a, int b) {{ return a * {number} + b / (a | {number + 1}); }}\n")
    recording = Recording("gcc")
    child = start([cc1, "-quiet", "-O2", source, "-o", os.path.join(TMP, "unit.s")])
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    recording.stop()
    row = recording.process_row(child.pid, "--dead")
    check("the compiler ran", child.returncode == 0)
    if not check("the compiler is remembered after its end", row is not None, recording.said()):
        return
    check("the compiler is known to be dead", row["alive"] is False, row)
    check("the compiler's exit status is known", row["exit_status"] == 0, row)
    check("the compiler is named after its exec", row["comm"] == "cc1", row["comm"])
    peak = usage.ru_maxrss * 1024
    # the peak is over three kinds of pages, each with its own batches
    between("the compiler's peak is the kernel's", row["hiwater_rss_bytes"], peak - 3 * SLACK, peak + 3 * SLACK, "bytes")
    between("the compiler left no page in the ledger", row["ledger_live_bytes"], 0, SLACK, "bytes")


def main():
    redis()
    interpreter("python3", [sys.executable, "-c",
                            "import time\n"
                            "keep = [bytearray(4093) for _ in range(20011)]\n"
                            "print('filled', flush=True)\n"
                            "time.sleep(120)"], 80 << 20)
    interpreter("node", ["node", "-e",
                         "const keep = []; for (let i = 0; i < 20011; i++) keep.push(Buffer.alloc(4093, 7));\n"
                         "console.log('filled'); setTimeout(() => {}, 120000)"], 70 << 20)
    gcc()
    finish()


main()
