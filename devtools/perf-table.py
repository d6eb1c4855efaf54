#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
"""Print a result file of dpdk-test-dma-perf, JSON or CSV, as one table: a row per buffer size, and per
device Gbit/s, Mop/s and the ratio of its Gbit/s to those of the CPU's own copy."""

import argparse
import sys

import perf_results


def print_table(results):
    series = [s for s in results.series if s.points]
    cpu = results.cpu()
    widths = [max(20 if s is cpu else 30, len(s.name)) for s in series]
    print("%10s" % "" + "".join(" |%*s" % (w, s.name) for s, w in zip(series, widths)))
    line = "%10s" % "buffer"
    for s, width in zip(series, widths):
        titles = "%10s%10s" % ("Gbit/s", "Mop/s") + ("" if s is cpu else "%10s" % "x CPU")
        line += " |%*s" % (width, titles)
    print(line)
    print("-" * len(line))
    interrupted = False
    for size in sorted({size for s in series for size in s.points}):
        line = "%10s" % perf_results.size_name(size)
        for s, width in zip(series, widths):
            point = s.points.get(size)
            cell = "%10.2f%10.3f" % (point.gbps, point.mops) if point else "%10s%10s" % ("-", "-")
            reference = cpu.points.get(size) if cpu and s.copies else None
            if s is not cpu:
                if point and reference and reference.gbps > 0:
                    cell += "%10.2f" % (point.gbps / reference.gbps)
                else:
                    cell += "%10s" % "-"
            line += " |%*s" % (width, cell)
            interrupted = interrupted or bool(point and point.interrupted)
        print(line)
    if interrupted:
        print("The run was interrupted: its last row was measured for a shorter time.")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentence", action="store_true",
                        help="print who wins where, in one sentence, and no table")
    parser.add_argument("result", help="JSON or CSV file")
    args = parser.parse_args()
    try:
        results = perf_results.read(args.result)
    except perf_results.Unreadable as e:
        sys.exit("perf-table.py: %s" % e)
    if args.sentence:
        sentence = perf_results.sentence(results)
        if sentence:
            print(sentence)
        return 0 if sentence else 1
    if results.series:
        print_table(results)
    for what in results.failed:
        print("FAILED: " + what)
    return 1 if results.failed or not results.series else 0


if __name__ == "__main__":
    sys.exit(main())
