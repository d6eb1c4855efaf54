#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
"""Print callgrind's counts of dpdk-test-dma-overhead as a table: instructions per operation, by burst,
of enqueue with its share of submit, of completed, and of both; and the ratio to the first file's. The
last file is this driver's."""

import argparse
import re
import sys

BURSTS = (1, 8, 32, 128)
FUNCTION = re.compile(r"count_(enqueue|completed)_(\d+)$")
# This driver's sum at burst 32. At any burst the first file's sum is the limit.
LIMIT = 45


def read(path):
    """Return {function: instructions, with those of its callees} of a callgrind file."""
    names = {}
    costs = {}
    function = None
    with open(path, encoding="utf-8", errors="replace") as out:
        for line in out:
            if line.startswith("fn="):
                ident, _, name = line[3:].strip().partition(" ")
                names.setdefault(ident, name)
                function = names[ident]
            elif line.startswith("cfn="):
                ident, _, name = line[4:].strip().partition(" ")
                names.setdefault(ident, name)
            elif function is not None and line[:1] in "0123456789+-*":
                # The line after calls= is one of these: the instructions of the callee.
                costs[function] = costs.get(function, 0) + int(line.split()[1])
    return costs


def table(path, operations):
    """Return {(what, burst): instructions per operation}."""
    found = {}
    for name, cost in read(path).items():
        match = FUNCTION.search(name)
        if match:
            key = (match.group(1), int(match.group(2)))
            found[key] = found.get(key, 0) + cost / operations
    for burst in BURSTS:
        for what in ("enqueue", "completed"):
            if (what, burst) not in found:
                raise ValueError("no count_%s_%d in it" % (what, burst))
        found["sum", burst] = found["enqueue", burst] + found["completed", burst]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, required=True, help="of each figure")
    parser.add_argument("--check", action="store_true", help="fail if a sum of the last file is too high")
    parser.add_argument("files", nargs="+", metavar="LABEL=FILE")
    args = parser.parse_args()
    tables = {}
    for label, path in (file.partition("=")[::2] for file in args.files):
        try:
            tables[label] = table(path, args.operations)
        except (OSError, ValueError) as why:
            sys.exit("overhead-table.py: %s: %s" % (path, why))
    reference = next(iter(tables))
    width = max(len(label) for label in tables) + 2
    print("instructions per operation, 64-byte copies; x: ratio of the sum to %s's" % reference)
    print("%6s" % "burst" + "".join(" | %*s%11s%8s%6s" % (width + 2, "enqueue+submit", "completed",
                                                          "sum", "x") for _ in tables))
    print("%6s" % "" + "".join(" | %-*s" % (width + 27, label) for label in tables))
    for burst in BURSTS:
        line = "%6d" % burst
        for label, found in tables.items():
            line += " | %*.1f%11.1f%8.1f%6.2f" % (
                width + 2, found["enqueue", burst], found["completed", burst], found["sum", burst],
                found["sum", burst] / tables[reference]["sum", burst])
        print(line)
    failed = False
    label, found = list(tables.items())[-1]
    for burst in BURSTS if args.check else ():
        limit = tables[reference]["sum", burst]
        if burst == 32:
            limit = min(limit, LIMIT)
        if found["sum", burst] > limit:
            print("%s: %.2f instructions at burst %d, expected at most %.2f" % (
                label, found["sum", burst], burst, limit))
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
