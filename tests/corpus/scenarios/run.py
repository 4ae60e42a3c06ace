#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""run.py [--runs N] [--seconds S] [--scale X] [--jobs N] [--only NAME,...] [--markdown]

Real programs under a real daemon whose trends run on a scaled clock: who leaks must become
a suspect by a series that shows it, and who doesn't must never be one, in every run. Each
scenario has a cgroup of its own, so that what the daemon says of a process or of a group
is said of one scenario. Needs root. Status 1 when something was said wrongly.
"""
import argparse
import http.client
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from scenarios import HERE, SCENARIOS, Place, postgres_bin

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))


def cgroup_mount():
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            _, path, kind, *_ = line.split()
            if kind == "cgroup2" and os.access(os.path.join(path, "cgroup.procs"), os.W_OK):
                return path
    sys.exit("no cgroup2 is mounted that this user may write: run as root")


class Cgroup:
    """A scenario's own; its end is the end of everything in it."""

    def __init__(self, mount, name):
        self.name = f"/scenario-{os.getpid()}-{name}"
        self.path = mount + self.name
        os.mkdir(self.path)

    def enter(self):
        with open(os.path.join(self.path, "cgroup.procs"), "w", encoding="ascii") as procs:
            procs.write(str(os.getpid()))

    def pids(self):
        with open(os.path.join(self.path, "cgroup.procs"), encoding="ascii") as procs:
            return [int(line) for line in procs]

    def end(self):
        for _ in range(200):
            for pid in self.pids():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            try:
                os.rmdir(self.path)
                return
            except OSError:  # busy until the last one is gone for good
                time.sleep(0.05)
        sys.exit(f"{self.path} can't be removed: {self.pids()} are still in it")


class Daemon:
    def __init__(self, directory, scale):
        self.socket = os.path.join(directory, "socket")
        config = os.path.join(directory, "conf")
        with open(config, "w", encoding="utf-8") as out:
            out.write(f"socket = {self.socket}\nhistory_path = {directory}/history.db\ninterval = 200ms\n"
                      f"trends = on\ntime_scale = {scale}\n")
        self.log = os.path.join(directory, "log")
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen([os.path.join(BUILD, "pagewarden"), "daemon", "--config", config],
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in range(300):
            if os.path.exists(self.socket):
                return
            if self.child.poll() is not None:
                break
            time.sleep(0.1)
        self.fail("the daemon does not start")

    def fail(self, what):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            sys.exit(f"{what}:\n{log.read()}")

    def get(self, path):
        peer = http.client.HTTPConnection("pagewarden", timeout=30)
        peer.sock = socket.socket(socket.AF_UNIX)
        peer.sock.settimeout(30)
        peer.sock.connect(self.socket)
        peer.request("GET", path)
        answer = peer.getresponse()
        body = answer.read()
        peer.close()
        if answer.status != 200:
            self.fail(f"{path}: {answer.status} {body!r}")
        return json.loads(body)

    def end(self):
        self.child.terminate()
        if self.child.wait(timeout=30):
            self.fail(f"the daemon ended with status {self.child.returncode}")


class Watch:
    """What was said of one scenario so far."""

    def __init__(self, scenario, cgroup, begun):
        self.scenario, self.cgroup, self.begun = scenario, cgroup, begun
        self.first = None  # (seconds, row) of the first suspicion that counts
        self.last = []  # rows of the last look

    def take(self, rows, now):
        for row in rows:
            if row["suspect"] and not self.first and self.counts(row):
                self.first = (now - self.begun, row)
        self.last = rows

    def counts(self, row):
        return not self.scenario.leaks or row["series"] in self.scenario.series

    def right(self):
        return bool(self.first) == self.scenario.leaks

    def evidence(self):
        """Why it was said so: of a false alarm what spoke for it, of a leak what spoke against it."""
        rows = [self.first[1]] if self.first else [row for row in self.last if row["verdict"] not in (None, "unknown")]
        return "\n".join(f"    {row['type']} {row['name']}, {row['series']}, {row['verdict']}: {row['evidence']}\n"
                         f"        floors: {row['floors']}" for row in rows)

    def said(self):
        if self.first:
            row = self.first[1]
            return f"{row['verdict']} by {row['series']} of a {row['type']}"
        return ", ".join(sorted({row["verdict"] for row in self.last} - {"stable", "unknown"}) or ["stable"])


def missing(scenario):
    return [program for program in scenario.needs
            if not (postgres_bin(program) if program == "postgres" else shutil.which(program))]


def batch(scenarios, options, built, mount):
    """Runs some scenarios at once under one daemon; their watches."""
    directory = tempfile.mkdtemp(prefix="scenarios.")
    os.chmod(directory, 0o755)
    watches = []
    daemon = Daemon(directory, options.scale)
    try:
        for scenario in scenarios:
            own = os.path.join(directory, scenario.name)
            os.mkdir(own)
            cgroup = Cgroup(mount, scenario.name)
            watches.append(Watch(scenario, cgroup, time.monotonic()))
            scenario.begin(Place(own, built, cgroup.enter))
            watches[-1].begun = time.monotonic()
        end = time.monotonic() + options.seconds
        while time.monotonic() < end:
            time.sleep(1)
            rows = daemon.get("/v1/leaks?all=1")["series"]
            for watch in watches:
                watch.take([row for row in rows if row["cgroup"] == watch.cgroup.name], time.monotonic())
                if not watch.cgroup.pids():
                    sys.exit(f"{watch.scenario.name} ended; see {directory}/{watch.scenario.name}/log")
        daemon.end()
    finally:
        for watch in watches:
            watch.cgroup.end()
        if daemon.child.poll() is None:
            daemon.child.kill()
    shutil.rmtree(directory)
    return watches


def table(results, options):
    """results: scenario name -> its watches, one of each run."""
    lines = []
    for scenario in SCENARIOS:
        watches = results.get(scenario.name)
        if not watches:
            continue
        right = sum(watch.right() for watch in watches)
        took = sorted(watch.first[0] for watch in watches if watch.first)
        when = f"{took[len(took) // 2] * options.scale / 60:.0f} min" if took else "-"
        lines.append((scenario.name, "leak" if scenario.leaks else "healthy", f"{right} of {len(watches)}", when,
                      "; ".join(sorted({watch.said() for watch in watches})), scenario.about))
    head = ("scenario", "is", "right", "after", "said", "what it does")
    if options.markdown:
        rows = [head, tuple("---" for _ in head), *lines]
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)
    widths = [max(len(row[i]) for row in [head, *lines]) for i in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                     for row in [head, *lines])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[1])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=330)
    parser.add_argument("--scale", type=float, default=60)
    parser.add_argument("--jobs", type=int, default=len(SCENARIOS), help="how many at once")
    parser.add_argument("--only", default="", help="names, comma-separated")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()

    chosen = [s for s in SCENARIOS if not options.only or s.name in options.only.split(",")]
    if not chosen:
        sys.exit(f"--only {options.only}: no such scenario; there are {', '.join(s.name for s in SCENARIOS)}")
    mount = cgroup_mount()
    built = os.path.join(BUILD, "scenarios")
    subprocess.run([os.path.join(HERE, "setup"), built], check=True, stdout=sys.stderr)
    for scenario in chosen:
        if missing(scenario):
            sys.exit(f"{scenario.name}: {', '.join(missing(scenario))} is not here")

    # whoever ends it, what it started goes with it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    results = {scenario.name: [] for scenario in chosen}
    for run in range(options.runs):
        for at in range(0, len(chosen), options.jobs):
            for watch in batch(chosen[at:at + options.jobs], options, built, mount):
                results[watch.scenario.name].append(watch)
                if not watch.right():
                    print(f"run {run + 1}: {watch.scenario.name} was said wrongly:\n{watch.evidence()}",
                          file=sys.stderr, flush=True)
    wrong = sum(not watch.right() for watches in results.values() for watch in watches)
    said = sum(len(watches) for watches in results.values())
    print(table(results, options))
    print(f"\n{said - wrong} of {said} right; {options.runs} runs of {options.seconds:.0f} s at time scale "
          f"{options.scale:g}, {min(options.jobs, len(chosen))} programs at once, Linux {platform.release()}, "
          f"{os.cpu_count()} CPUs")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
