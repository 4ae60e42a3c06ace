# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benches measure with: CPU clocks, pairs, medians, the machine.

A workload runs with the ledger off and on in turn (off on on off ...), so that
drift of the machine falls on both sides alike. Each pair gives one ratio; the
median of the ratios is the figure, their range its uncertainty. How far two
runs with the ledger off differ is the noise: a ratio inside it says nothing.
"""
import os
import platform
import signal
import statistics
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
PAGEWARDEN = os.path.join(BUILD, "pagewarden")


def process_cpu_ns(pid):
    """CPU time of a process, all threads, in ns: its CPU clock (clock_getcpuclockid)."""
    return time.clock_gettime_ns(((~pid) << 3) | 2)


def children_cpu_ns():
    """CPU time of all children that ended and were waited for."""
    times = os.times()
    return round((times.children_user + times.children_system) * 1e9)


def system_cpu_ns():
    """CPU time that the whole machine spent on anything, from /proc/stat."""
    with open("/proc/stat", encoding="ascii") as stat:
        fields = [int(f) for f in stat.readline().split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq = fields[:7]
    tick = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) * tick


def run_cpu_ns(argv, **options):
    """Runs a command; its CPU time in ns, with all its children, from wait4."""
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, **options)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stderr.close()
    if child.returncode:
        raise RuntimeError(f"{argv[0]} failed: {said.decode(errors='replace')[-400:]}")
    return round((usage.ru_utime + usage.ru_stime) * 1e9)


class Ledger:
    """The ledger on: `pagewarden record` into a file that goes away, until left."""

    def __init__(self, options=()):
        self.options = list(options)
        self.own_cpu_ns = 0
        self.seconds = 0.0

    def __enter__(self):
        self.log = tempfile.TemporaryFile()
        self.directory = tempfile.TemporaryDirectory(prefix="pagewarden-bench.")
        self.process = subprocess.Popen(
            [PAGEWARDEN, "record", "--socket", "none", "-o", os.path.join(self.directory.name, "trace"),
             *self.options],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self._wait_until_loaded()
        self.start_cpu = process_cpu_ns(self.process.pid)
        self.start = time.monotonic()
        return self

    def _wait_until_loaded(self):
        """Its programs are attached when it has slept: it then waits for the next tick."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if self._loaded():
                time.sleep(1.5)  # seeding and the first tick are over
                return
            time.sleep(0.1)
        self.__exit__(None, None, None)
        raise RuntimeError("the ledger does not come up: " + self._said())

    def _loaded(self):
        links = f"/proc/{self.process.pid}/fdinfo"
        for name in os.listdir(links):
            try:
                with open(os.path.join(links, name), encoding="ascii") as info:
                    text = info.read()
            except OSError:
                continue
            if "link_type" in text and "mm_page" in text:
                return True
        return False

    def _said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-400:]

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.own_cpu_ns = process_cpu_ns(self.process.pid) - getattr(self, "start_cpu", 0)
            self.seconds = time.monotonic() - getattr(self, "start", time.monotonic())
            self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=20)
        self.directory.cleanup()


class Nothing:
    own_cpu_ns = 0
    seconds = 0.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Pairs:
    """The runs of one workload: CPU ns with the ledger off and on, in pairs."""

    def __init__(self):
        self.off, self.on, self.system_off, self.system_on = [], [], [], []
        self.own_share = []

    @property
    def ratios(self):
        return [on / off for off, on in zip(self.off, self.on)]

    @property
    def system_ratios(self):
        return [on / off for off, on in zip(self.system_off, self.system_on)]

    @property
    def noise(self):
        """Median relative difference of neighbouring runs with the ledger off."""
        steps = [abs(b / a - 1) for a, b in zip(self.off, self.off[1:])]
        return statistics.median(steps) if steps else float("nan")


def run_once(workload, guard):
    with guard:
        system = system_cpu_ns()
        cpu = workload.run()
        return cpu, system_cpu_ns() - system


def run_pairs(workload, rounds, make_ledger):
    pairs = Pairs()
    for number in range(rounds):
        for on in (False, True) if number % 2 == 0 else (True, False):
            guard = make_ledger() if on else Nothing()
            cpu, system = run_once(workload, guard)
            (pairs.on if on else pairs.off).append(cpu)
            (pairs.system_on if on else pairs.system_off).append(system)
            if on and guard.seconds:
                pairs.own_share.append(guard.own_cpu_ns / 1e9 / guard.seconds)
    return pairs


def machine():
    """Name and value of what the figures depend on."""
    def first(path, key):
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith(key):
                    return line.split(":", 1)[1].strip()
        return "unknown"

    version = subprocess.run([PAGEWARDEN, "--version"], capture_output=True, text=True, check=False)
    return [
        ("Kernel", f"{platform.release()} {platform.machine()}"),
        ("CPU", f"{os.cpu_count()} x {first('/proc/cpuinfo', 'model name')}"),
        ("Memory", first("/proc/meminfo", "MemTotal")),
        ("Virtualised", "yes" if "hypervisor" in first("/proc/cpuinfo", "flags") else "no"),
        ("Load before", " ".join(f"{x:.2f}" for x in os.getloadavg())),
        ("Version", version.stdout.strip()),
        ("Date", time.strftime("%Y-%m-%d", time.gmtime())),
    ]
