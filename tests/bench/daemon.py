#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the daemon costs with 100, 1,000 and 10,000 idle and busy processes.

CPU of the daemon and of its BPF programs as a share of one CPU, resident memory,
and what a day of it adds to the history before points age. Busy processes touch
one fresh page a second each.
"""
import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
RSS_GOAL = 64 << 20


def status(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(path)
        s.sendall(b"GET /v1/status HTTP/1.0\r\n\r\n")
        answer = b""
        while piece := s.recv(65536):
            answer += piece
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith(name))


def wait_until(condition, seconds, what):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError(what)
        time.sleep(0.2)


def measure(count, kind, seconds, directory):
    path = os.path.join(directory, "d.sock")
    pool = subprocess.Popen([os.path.join(BUILD, "tests/programs/pool"), str(count), kind], stdout=subprocess.PIPE)
    daemon = None
    try:
        pool.stdout.readline()
        daemon = subprocess.Popen([os.path.join(BUILD, "pagewarden"), "daemon", "--socket", path, "--history",
                                   os.path.join(directory, f"{kind}{count}.db")], stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(path), 60, "the daemon did not start")
        wait_until(lambda: status(path)["processes"] >= count, 60, "the daemon does not see the pool")
        time.sleep(25)  # process rows and the first points are written once, not every day
        before, cpu, begin = status(path), cpu_seconds(daemon.pid), time.monotonic()
        time.sleep(seconds)
        after, took = status(path), time.monotonic() - begin
        row = {
            "processes": count, "kind": kind, "source": after["source"],
            "daemon_cpu": (cpu_seconds(daemon.pid) - cpu) / took,
            "bpf_cpu": (after["bpf_cpu_ns"] - before["bpf_cpu_ns"]) / 1e9 / took,
            "rss": rss(daemon.pid, "VmRSS"), "rss_peak": rss(daemon.pid, "VmHWM"),
            "collect": after["collect_ns"] / 1e6, "flush": after["flush_longest_ns"] / 1e6,
            "day": (after["history_bytes"] - before["history_bytes"]) / took * 86400,
            "lost": after["losses"],
        }
    finally:
        for process in (daemon, pool):
            if process:
                process.terminate()
                process.wait()
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="length of each measurement (default 60)")
    parser.add_argument("--counts", default="100,1000,10000", help="how many processes, comma-separated")
    parser.add_argument("--markdown", metavar="FILE", help="append a table in Markdown")
    arguments = parser.parse_args()
    rows = []
    print(f"{'processes':>9} {'kind':<5} {'source':<6} {'daemon':>8} {'bpf':>8} {'rss':>8} {'peak':>8} "
          f"{'collect':>9} {'flush max':>9} {'history/day':>12}")
    with tempfile.TemporaryDirectory(prefix="pagewarden-bench.") as directory:
        for count in map(int, arguments.counts.split(",")):
            for kind in ("idle", "busy"):
                r = measure(count, kind, arguments.seconds, directory)
                rows.append(r)
                print(f"{count:9} {kind:<5} {r['source']:<6} {r['daemon_cpu']:8.3%} {r['bpf_cpu']:8.3%} "
                      f"{r['rss'] / 2**20:6.1f} M {r['rss_peak'] / 2**20:6.1f} M {r['collect']:6.1f} ms "
                      f"{r['flush']:6.1f} ms {r['day'] / 2**20:9.1f} M"
                      f"{'  lost: ' + str(r['lost']) if r['lost'] else ''}", flush=True)
    worst = max(r["rss_peak"] for r in rows)
    print(f"peak RSS {worst / 2**20:.1f} MiB, goal at most {RSS_GOAL / 2**20:.0f} MiB")
    if arguments.markdown:
        with open(arguments.markdown, "a", encoding="utf-8") as f:
            f.write("| Processes | Daemon, of one CPU | BPF, of one CPU | RSS (peak) | Collect | History a day |\n")
            f.write("|---|---|---|---|---|---|\n")
            for r in rows:
                f.write(f"| {r['processes']:,} {r['kind']} | {r['daemon_cpu']:.2%} | {r['bpf_cpu']:.2%} | "
                        f"{r['rss'] / 2**20:.1f} MiB ({r['rss_peak'] / 2**20:.1f}) | {r['collect']:.1f} ms | "
                        f"{r['day'] / 2**20:.1f} MiB |\n")
    return 0 if worst <= RSS_GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
