#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
"""Count the test cases in a testlog.json of "meson test".

Prints each failed test with its output; the last line is "PASSED FAILED SKIPPED". Counts the cases of
programs that print TAP; other programs are one case each. Crashes, timeouts and planned cases without a
result are failures.
"""

import argparse
import json
import re
import sys

RESULT = re.compile(r"^(not )?ok\b *\d* *-? *(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)")
SKIP = re.compile(r"# *SKIP\b", re.IGNORECASE)
TAIL = 60


def count(test):
    """Return passed, failed, skipped and the names of failures."""
    passed = failed = skipped = planned = 0
    names = []
    for line in test.get("stdout", "").splitlines():
        plan = PLAN.match(line)
        if plan:
            planned += int(plan.group(1))
            continue
        case = RESULT.match(line)
        if not case:
            continue
        # cmocka prints "not ok # SKIP" for a skipped case
        if SKIP.search(line):
            skipped += 1
        elif case.group(1):
            failed += 1
            names.append(case.group(2))
        else:
            passed += 1
    cases = passed + failed + skipped
    result = test["result"]
    if cases == 0 and planned == 0:
        if result == "OK":
            return 1, 0, 0, names
        if result == "SKIP":
            return 0, 0, 1, names
    if planned > cases:
        failed += planned - cases
        names.append("%d cases without a result" % (planned - cases))
    # cmocka's exit code is the number of failures, which Meson may take for "skip"
    if failed == 0 and result != "OK":
        failed = 1
        names.append("program failed")
    return passed, failed, skipped, names


def show(test, names, log):
    """Print names, output and log of a failed test."""
    print("FAILED %s (%s, exit code %s): %s"
          % (test["name"], test["result"], test.get("returncode"), ", ".join(names)))
    for stream in ("stdout", "stderr"):
        lines = test.get(stream, "").splitlines()
        if not lines:
            continue
        print("--- %s%s ---" % (stream, ", last lines" if len(lines) > TAIL else ""))
        print("\n".join(lines[-TAIL:]))
    print("--- command: %s" % " ".join(test["command"]))
    print("--- log: %s" % log)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("testlog", help="meson-logs/testlog.json of a build directory")
    args = parser.parse_args()
    total = [0, 0, 0]
    with open(args.testlog, encoding="utf-8", errors="replace") as log:
        for line in log:
            test = json.loads(line)
            passed, failed, skipped, names = count(test)
            total[0] += passed
            total[1] += failed
            total[2] += skipped
            if failed:
                show(test, names, args.testlog.replace(".json", ".txt"))
    print("%d %d %d" % tuple(total))


if __name__ == "__main__":
    sys.exit(main())
