#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
"""Print the result file of dpdk-test-dma-perf as one table: a row per buffer size, and per device
Gbit/s, Mop/s and the ratio of its Gbit/s to those of the CPU's own copy."""

import argparse
import csv
import re
import sys

CPU = "CPU copy"
# and not "Scenario 1 Summary"
SCENARIO = re.compile(r"Scenario \d+$")


def read(path):
    """Return {device: {buffer size: (Gbit/s, Mop/s)}} in the file's order, and what failed."""
    table = {}
    failed = []
    columns = {}
    with open(path, newline="", encoding="utf-8") as result:
        for row in csv.reader(result):
            if row and row[0].startswith("Case "):
                columns = {title.strip(): n for n, title in enumerate(row)}
            elif row and row[0].startswith("Scenario ") and row[0].endswith(" failed"):
                failed.append(", ".join(row))
            elif row and SCENARIO.match(row[0]):
                device = row[columns["DMA"]]
                device = CPU if device == "NA" else device
                size = int(row[columns["buffer size(B)"]])
                rates = (float(row[columns["bandwidth(Gbps)"]]), float(row[columns["MOps"]]))
                table.setdefault(device, {})[size] = rates
    return table, failed


def size_name(size):
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit and size % unit == 0:
            return "%d %s" % (size // unit, name)
    return "%d B" % size


def print_table(table):
    devices = list(table)
    reference = table.get(CPU, {})
    widths = [30 if device != CPU else 20 for device in devices]
    print("%10s" % "" + "".join(" |%*s" % (w, d) for d, w in zip(devices, widths)))
    line = "%10s" % "buffer"
    for device in devices:
        line += " |%10s%10s" % ("Gbit/s", "Mop/s")
        if device != CPU:
            line += "%10s" % "x CPU"
    print(line)
    print("-" * len(line))
    for size in sorted({size for rates in table.values() for size in rates}):
        line = "%10s" % size_name(size)
        for device in devices:
            rates = table[device].get(size)
            line += " |" + ("%10.2f%10.3f" % rates if rates else "%10s%10s" % ("-", "-"))
            if device == CPU:
                continue
            if rates and reference.get(size, (0, 0))[0] > 0:
                line += "%10.2f" % (rates[0] / reference[size][0])
            else:
                line += "%10s" % "-"
        print(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("result", help="CSV file")
    args = parser.parse_args()
    table, failed = read(args.result)
    if table:
        print_table(table)
    for what in failed:
        print("FAILED: " + what)
    return 1 if failed or not table else 0


if __name__ == "__main__":
    sys.exit(main())
