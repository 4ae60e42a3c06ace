# SPDX-License-Identifier: GPL-2.0-or-later
"""The checks of a test in Python, printed as TAP; see check.sh for the rules."""
import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
PAGEWARDEN = os.path.join(BUILD, "pagewarden")
TMP = tempfile.mkdtemp(prefix="pagewarden-test.")

_count = 0
_failed = 0
_children = []
_endings = []


def _report(passed, name, note):
    global _count, _failed
    _count += 1
    if passed:
        print(f"ok {_count} - {name}", flush=True)
        return
    _failed += 1
    print(f"not ok {_count} - {name}")
    for line in str(note).splitlines():
        print(f"# {line}")
    sys.stdout.flush()


def check(name, condition, note=""):
    """Passes when the condition holds; the note is shown only if not."""
    _report(bool(condition), name, note)
    return bool(condition)


def between(name, value, low, high, unit=""):
    return check(name, value is not None and low <= value <= high,
                 f"{value} {unit} is not in {low}..{high}")


def skip(name, reason):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {reason}", flush=True)


def start(argv, **options):
    """A child that is gone when the test is."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.DEVNULL)
    options.setdefault("stderr", subprocess.DEVNULL)
    child = subprocess.Popen(argv, **options)
    _children.append(child)
    return child


def pagewarden(*argv, timeout=60):
    """Runs a command of the program; the finished process with its output as text."""
    return subprocess.run([PAGEWARDEN, *argv], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, errors="replace", timeout=timeout, check=False)


def document(*argv):
    """The JSON document that a command prints."""
    done = pagewarden(*argv, "--format", "json")
    if done.returncode:
        raise RuntimeError(f"pagewarden {' '.join(argv)}: status {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def wait_for(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def finish():
    """The plan, and the exit status. Without this call the test has failed."""
    print(f"1..{_count}", flush=True)
    sys.exit(1 if _failed else 0)


def at_end(function):
    """Called when the test has ended, however, and its children are gone."""
    _endings.append(function)


@atexit.register
def _clean():
    for child in _children:
        if child.poll() is None:
            child.kill()
            child.wait()
    for function in _endings:
        function()
    shutil.rmtree(TMP, ignore_errors=True)
