# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 180
"""The event ring at full load: what was tried is what was received plus what was lost, exactly.

The collector is stopped while a prime number of processes come and go, so that
the ring must overflow; then it goes on and says what it missed.
"""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from check import BUILD, PAGEWARDEN, TMP, check, document, finish, start, wait_for

FORKS = 30011
FORKS_PROGRAM = os.path.join(BUILD, "tests", "programs", "forks")


def record(stopped):
    """Records FORKS processes coming and going; the machine's numbers at the end."""
    path = os.path.join(TMP, f"ring-{stopped}")
    recorder = start([PAGEWARDEN, "record", "--socket", "none", "--interval", "200ms", "-o", path])
    if not wait_for(lambda: os.path.exists(path) and os.path.getsize(path) > 8192, 20):
        raise RuntimeError("the recording does not begin")
    if stopped:
        recorder.send_signal(signal.SIGSTOP)
    done = subprocess.run([FORKS_PROGRAM, str(FORKS)], capture_output=True, text=True, timeout=120, check=False)
    if stopped:
        recorder.send_signal(signal.SIGCONT)
    time.sleep(1)
    recorder.send_signal(signal.SIGINT)
    recorder.wait(timeout=30)
    return done.stdout.strip(), document("replay", path, "--view", "machine")


def losses(machine):
    return {row["cause"]: row["count"] for row in machine["losses"]}


def main():
    for stopped in (False, True):
        name = "a stopped collector" if stopped else "a running collector"
        said, machine = record(stopped)
        lost = losses(machine).get("ring_full", 0)
        tried, received = machine["events_tried"], machine["events_received"]
        check(f"{name}: the processes ran", said == str(FORKS), said)
        check(f"{name}: tried = received + lost", tried == received + lost, f"{tried} != {received} + {lost}")
        # each process is one fork and one exit; others on the machine add theirs
        check(f"{name}: no event escaped the count", tried >= 2 * FORKS, f"{tried} tried for {FORKS} processes")
        if stopped:
            check(f"{name}: the ring overflowed and says so", lost > 0, f"lost {lost} of {tried}")
        else:
            check(f"{name}: nothing is lost", lost == 0, f"lost {lost} of {tried}")
    finish()


main()
