#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 120
"""Unwind tables against binutils: each place that readelf's interpretation names has our row."""
import bisect
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from check import BUILD, TMP, between, check, finish, skip  # noqa: E402

UNKNOWN, END, RSP, RBP = 0, 1, 2, 3
KEPT, AT_CFA = 0, 1


def ours(path):
    done = subprocess.run([os.path.join(BUILD, "tests/tools/unwind_rows"), path], capture_output=True,
                          text=True, check=True)
    return [tuple(int(n, 16 if i == 0 else 10) for i, n in enumerate(line.split()))
            for line in done.stdout.splitlines()]


def theirs(path):
    """(place, columns -> what they say) of each row of readelf -wF; at 0 is what the linker dropped."""
    # its status tells of separate debug files that it misses, not of this section
    done = subprocess.run(["readelf", "-wF", path], capture_output=True, text=True, check=False)
    columns = []
    for line in done.stdout.splitlines():
        words = line.split()
        if words[:1] == ["LOC"]:
            columns = words
        elif columns and len(words) == len(columns) and re.fullmatch("[0-9a-f]{16}", words[0]) and \
                int(words[0], 16):
            yield int(words[0], 16), dict(zip(columns, words))


def expected(said):
    """The row that readelf's words mean; None where it names no numbers (an expression)."""
    if said.get("ra") == "u":
        return END, 0, KEPT, 0
    cfa = re.fullmatch(r"(rsp|rbp)\+(\d+)", said["CFA"])
    rbp = said.get("rbp", "u")
    if not cfa or not re.fullmatch(r"u|s|c-\d+", rbp):
        return None
    return (RSP if cfa[1] == "rsp" else RBP, int(cfa[2]), *((AT_CFA, int(rbp[1:])) if rbp[0] == "c" else (KEPT, 0)))


def compare(path):
    rows = ours(path)
    places = [row[0] for row in rows]
    compared = others = 0
    wrong = []
    for place, said in theirs(path):
        want = expected(said)
        if not want:
            others += 1
            continue
        compared += 1
        at = bisect.bisect_right(places, place) - 1
        have = rows[at][1:] if at >= 0 else None
        if have != want and len(wrong) < 5:
            wrong.append(f"{place:#x}: {said} is {have}, not {want}")
    name = os.path.basename(path)
    check(f"{name}: {compared} rows as readelf reads them", compared > 100 and not wrong,
          "\n".join(wrong) or f"only {compared} rows")
    between(f"{name}: few are expressions", others, 0, compared // 50)


def endless():
    """A function of 200,000 rows, each of which is found only by going through those before it."""
    source = os.path.join(TMP, "endless.s")
    with open(source, "w", encoding="ascii") as out:
        out.write(".text\n.globl f\nf: .cfi_startproc\n")
        for n in range(200_000):
            out.write(f"nop\n.cfi_def_cfa_offset {8 * (n % 1000 + 1)}\n")
        out.write("ret\n.cfi_endproc\n")
    library = os.path.join(TMP, "endless.so")
    subprocess.run([os.environ.get("CC", "gcc"), "-shared", "-nostdlib", "-o", library, source], check=True)
    done = subprocess.run([os.path.join(BUILD, "tests/tools/unwind_rows"), library], capture_output=True, text=True,
                          timeout=60, check=False)
    check("an entry that would take hours is refused", done.returncode == 1 and "File too large" in done.stderr,
          f"{done.returncode}: {done.stderr}")


endless()
if not shutil.which("readelf"):
    skip("unwind tables against readelf", "readelf is not here; install binutils")
else:
    seen = set()
    for candidate in (os.path.join(BUILD, "pagewarden"), "/lib/x86_64-linux-gnu/libc.so.6", "/bin/bash",
                      "/lib64/ld-linux-x86-64.so.2", "/usr/lib/x86_64-linux-gnu/libcrypto.so.3"):
        real = os.path.realpath(candidate)
        if os.path.exists(real) and real not in seen:
            seen.add(real)
            compare(real)
finish()
