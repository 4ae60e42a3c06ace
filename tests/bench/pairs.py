#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole workloads with the ledger on against off.

Prints text, and with --markdown FILE the same as a table for docs/overhead.md.
The figures are of the machine that it names, under the load that it had.
"""
import argparse
import os
import statistics
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import measure
import workloads

GOAL, GOAL_WORST = 1.01, 1.03


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="pairs of runs (default 9)")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this workload; may be repeated")
    parser.add_argument("--sample", metavar="N", help="pagewarden's --sample; default: its own")
    parser.add_argument("--markdown", metavar="FILE", help="append a table in Markdown")
    return parser.parse_args()


def describe(values, digits=3):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}..{max(values):.{digits}f})"


def measure_one(kind, directory, arguments):
    workload = kind(directory)
    missing = workload.missing()
    if missing:
        print(f"{workload.name}: not measured, {', '.join(missing)} is not installed")
        return None
    options = ["--sample", arguments.sample] if arguments.sample else []
    workload.prepare()
    workload.run()  # warms caches and the page cache, counts for nothing
    pairs = measure.run_pairs(workload, arguments.rounds, lambda: measure.Ledger(options))
    workload.finish()
    print(f"{workload.name}: {workload.counts}")
    print(f"  off       {describe([x / 1e9 for x in pairs.off])} s CPU")
    print(f"  on        {describe([x / 1e9 for x in pairs.on])} s CPU")
    print(f"  ratio     {describe(pairs.ratios, 4)}, noise {pairs.noise:.4f}")
    print(f"  machine   {describe(pairs.system_ratios, 4)} (everything that ran, Pagewarden included)")
    print(f"  pagewarden {statistics.median(pairs.own_share or [0]) * 100:.2f}% of one CPU in user space")
    sys.stdout.flush()
    return workload, pairs


def verdict(results):
    ratios = [statistics.median(p.ratios) for _, p in results]
    print(f"typical (median of the workloads) {statistics.median(ratios):.4f}, goal at most {GOAL}; "
          f"worst {max(ratios):.4f}, goal at most {GOAL_WORST}")


def write_markdown(path, facts, results):
    with open(path, "a", encoding="utf-8") as out:
        out.write("| Workload | CPU off, s | CPU on, s | Ratio, median (range) | Noise | Machine-wide ratio | Pagewarden's own CPU |\n")
        out.write("|---|---|---|---|---|---|---|\n")
        for workload, pairs in results:
            out.write(f"| {workload.name}: {workload.counts} | {statistics.median(pairs.off) / 1e9:.3f} "
                      f"| {statistics.median(pairs.on) / 1e9:.3f} | {describe(pairs.ratios, 4)} "
                      f"| {pairs.noise:.4f} | {describe(pairs.system_ratios, 4)} "
                      f"| {statistics.median(pairs.own_share or [0]) * 100:.2f}% |\n")
        out.write("\nMeasured on: " + "; ".join(f"{name} {value}" for name, value in facts) + ".\n\n")


def main():
    arguments = parse_arguments()
    kinds = [k for k in workloads.ALL if not arguments.only or k.name in arguments.only]
    if not kinds:
        sys.exit(f"bench: no such workload; there are: {', '.join(k.name for k in workloads.ALL)}")
    facts = measure.machine()
    for name, value in facts:
        print(f"{name:12} {value}")
    with tempfile.TemporaryDirectory(prefix="pagewarden-bench.") as directory:
        results = [r for r in (measure_one(k, directory, arguments) for k in kinds) if r]
    if not results:
        sys.exit("bench: nothing was measured")
    verdict(results)
    if arguments.markdown:
        write_markdown(arguments.markdown, facts, results)


if __name__ == "__main__":
    main()
