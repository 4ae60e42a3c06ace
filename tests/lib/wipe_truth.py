# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes that wipe, and what they did, from a source that is not the wipe ledger."""
import os
import re
import struct
import subprocess

from check import BUILD, TMP, start

PATIENCE = 60  # seconds, for a machine that has other things to do
WIPES = os.path.join(BUILD, "tests", "programs", "wipes")
WIPES_STATIC = os.path.join(BUILD, "tests", "programs", "wipes_static")
BUFFERS = os.path.join(BUILD, "tests", "programs", "buffers")

IN_CGROUP = ("sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"')


class Truth:
    """What one process did: its wipes as (function, address, size, verdict) and what became of
    each, and its releases as (function, address, verdict); in their order."""

    def __init__(self, pid):
        self.pid = pid
        self.wipes = []
        self.after = []
        self.releases = []


def wipe_of(words):
    """wipe FUNCTION ADDRESS SIZE VERDICT"""
    return words[1], int(words[2], 16), int(words[3]), words[4]


class Driven:
    """A program that says "ready", and does its work after a line on stdin."""

    def __init__(self, *argv, cgroup=None, **options):
        if cgroup:
            argv = IN_CGROUP + (cgroup,) + argv
        self.errors = open(os.path.join(TMP, "errors"), "wb+")
        self.process = start(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, **options)
        self.pid = self.process.pid

    def read(self, size):
        """So many bytes."""
        done = self.process.stdout.read(size)
        if len(done) < size:
            self.broke_off()
        return done

    def line(self):
        line = self.process.stdout.readline().decode()
        if not line:
            self.broke_off()
        return line.split()

    def broke_off(self):
        self.errors.seek(0)
        raise RuntimeError(f"{self.process.args} broke off: {self.errors.read().decode(errors='replace')}")

    def go(self, how="go"):
        self.process.stdin.write(how.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)

    def told(self):
        """The truth in the lines up to "done"; the process has ended then."""
        truth = Truth(self.pid)
        while (line := self.line())[0] != "done":
            if line[0] == "wipe":
                truth.wipes.append(wipe_of(line))
                truth.after += line[5:]
            else:
                truth.releases.append((line[1], int(line[2], 16), line[3]))
        self.end()
        return truth


# ---- tests/programs/wipes: struct wipe_truth

_TRUTH = struct.Struct("<5Q2I2H4BB7x")
_FUNCTIONS = {1: "explicit_bzero", 7: "wc_ForceZero", 8: "mbedtls_platform_zeroize"}
_VERDICTS = ("unknown", "wiped", "wiped-in-part", "not-wiped")


def run_wipes(program, mode, cgroup=None):
    """Runs a mode: the truth of each process, by PID."""
    child = Driven(program, mode, cgroup=cgroup)
    child.read(1)
    child.process.stdin.write(b"g")
    child.process.stdin.flush()
    count, = struct.unpack("<I", child.read(4))
    truths = {child.pid: Truth(child.pid)}
    for _ in range(count):
        address, size, _, _, _, pid, _, function, _, verdict, *_ = _TRUTH.unpack(child.read(_TRUTH.size))
        truths.setdefault(pid, Truth(pid)).wipes.append((_FUNCTIONS[function], address, size, _VERDICTS[verdict]))
    child.end()
    return truths


# ---- tests/programs/buffers

def run_buffers(mode, cgroup=None):
    child = Driven(BUFFERS, mode, cgroup=cgroup)
    child.line()
    child.go()
    return child.told()


# ---- gdb, which stops a program at each call

# Function, its library, and the register with the size.
_STOPS = (("OPENSSL_cleanse", "libcrypto.so.3", "$rsi"), ("gnutls_memset", "libgnutls.so.30", "$rdx"),
          ("explicit_bzero", "libc.so.6", "$rsi"), ("__explicit_bzero_chk", "libc.so.6", "$rsi"))
# These call the ones of libc for the same range: one wipe.
_OUTER = ("gnutls_memset",)


def _library(name):
    listed = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    return re.search(rf"{re.escape(name)} \(.*x86-64.*\) => (\S+)", listed)[1]


def _stop_offset(function, library):
    """
    A ledger's probe and gdb's breakpoint can't share an instruction: the kernel takes the hit for
    the probe's. Probes go to the first instruction or, if that is endbr64, to a later one.
    """
    code = subprocess.run(["gdb", "-nx", "-batch", "-ex", f"x/2i {function}", library], capture_output=True,
                          text=True, check=True).stdout.splitlines()
    if "endbr64" in code[0]:
        return 0
    return int(re.search(r"\+(\d+)>", code[1])[1])


# In gdb's own Python. At the program's entry its libraries are loaded.
_SCRIPT = """
import re
import gdb

class Call(gdb.Breakpoint):
    def __init__(self, function, offset, size):
        super().__init__(f"*{function}+{offset}")
        self.function, self.bytes = function, size

    def stop(self):
        address, size = (int(gdb.parse_and_eval(f"(unsigned long){r}")) for r in ("$rdi", self.bytes))
        if size:
            print("CALL", self.function, address, size, flush=True)
        return False

for setting in ("debuginfod enabled off", "confirm off", "width 0"):
    gdb.execute("set " + setting)
gdb.execute("starti")
entry = re.search(r"Entry point: (0x\\w+)", gdb.execute("info files", to_string=True))[1]
gdb.execute("tbreak *" + entry)
gdb.execute("continue")
for call in CALLS:
    try:
        Call(*call)
    except gdb.error:
        pass  # not of this program
gdb.execute("continue")
"""


def write_gdb_script():
    """Each call of a function under observation: a line CALL FUNCTION ADDRESS SIZE."""
    calls = [(function, _stop_offset(function, _library(library)), size) for function, library, size in _STOPS]
    path = os.path.join(TMP, "calls.py")
    with open(path, "w", encoding="ascii") as f:
        f.write(f"CALLS = {calls!r}\n" + _SCRIPT)
    return path


class Stopped:
    """A program under gdb."""

    _count = 0

    def __init__(self, script, *argv, stdin="/dev/null", cgroup=None):
        Stopped._count += 1
        self.calls = os.path.join(TMP, f"calls.{Stopped._count}")
        self.output = os.path.join(TMP, f"output.{Stopped._count}")
        arguments = ["gdb", "-nx", "-batch", "-ex", f"set args {' '.join(argv[1:])} <{stdin} >{self.output} 2>&1",
                     "-x", script, argv[0]]
        if cgroup:
            arguments = [*IN_CGROUP, cgroup, *arguments]
        with open(self.calls, "wb") as out:
            self.process = start(arguments, stdout=out, stderr=out)

    def said(self):
        try:
            with open(self.output, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def truth(self):
        """When it has ended."""
        self.process.wait(PATIENCE)
        with open(self.calls, encoding="utf-8", errors="replace") as f:
            text = f.read()
        ended = re.search(r"\[Inferior 1 \(process (\d+)\) exited normally\]", text)
        if not ended:
            raise RuntimeError(f"{self.process.args}: {text[-2000:]}\n{self.said()[-2000:]}")
        truth = Truth(int(ended[1]))
        outer = None
        for function, address, size in re.findall(r"^CALL (\w+) (\d+) (\d+)$", text, re.MULTILINE):
            place = int(address), int(size)
            if outer != place:
                function = "explicit_bzero" if function == "__explicit_bzero_chk" else function
                truth.wipes.append((function, *place, "wiped"))
            outer = place if function in _OUTER else None
        return truth
