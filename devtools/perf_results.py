# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
"""What perf-table.py and plot-perf.py share: read result files of dpdk-test-dma-perf, JSON or CSV, into
series, and compare these in words."""

import csv
import json
import math
import os
import re

CPU = "CPU copy"
PERCENTILES = ("p50", "p99", "p99.9", "max")

# and not "Scenario 1 Summary"
SCENARIO = re.compile(r"Scenario (\d+)$")
CASE = re.compile(r"Case (\d+) : (\w+)$")


class Unreadable(Exception):
    """The file is not a result file; the text says why."""


class Point:
    """One scenario, the sum of its lcores. Latencies: {percentile: ns} of the first lcore."""

    def __init__(self, size, gbps, mops, interrupted=False):
        self.size = size
        self.gbps = gbps
        self.mops = mops
        self.interrupted = interrupted
        self.single = {}
        self.batch = {}


class Series:
    """Points of one kind of operation by one device, by buffer size."""

    def __init__(self, name, copies, by_cpu):
        self.name = name
        self.copies = copies
        self.by_cpu = by_cpu
        self.points = {}

    def sizes(self):
        return sorted(self.points)


class Results:
    """Contents of a file: series in its order, failures, and ring and batch sizes of all cases."""

    def __init__(self):
        self.series = []
        self.failed = []
        self.rings = set()
        self.batches = set()

    def cpu(self):
        """The CPU's own copy, the reference of the others."""
        return next((s for s in self.series if s.by_cpu), None)


class Row:
    """One lcore in one scenario, from either kind of file."""

    def __init__(self, key, **fields):
        self.key = key  # of its scenario
        self.__dict__.update(fields)


def device_name(devices, by_cpu):
    if by_cpu:
        return CPU if len(devices) == 1 else "%s by %d lcores" % (CPU, len(devices))
    if len(devices) <= 2:
        return " + ".join(devices)
    return "%s + %d more" % (devices[0], len(devices) - 1)


def what_differs(rows):
    """What distinguishes series of one device: (texts that names always have, texts if needed)."""
    row = rows[0]
    kind = []
    if row.type == "DMA_MEM_FILL":
        kind.append("fill")
    if row.segments:
        kind.append("%d to %d segments" % row.segments)
    if row.enq_deq:
        kind.append("enqueue-dequeue")
    if row.direction not in (None, "mem2mem"):
        kind.append(row.direction)
    settings = []
    if row.ring is not None:
        settings += ["ring %d" % row.ring, "batch %d" % row.batch]
    return kind, settings + ["case %d" % row.key[0]]


def to_results(rows, failed):
    """Sum up the lcores of each scenario, and name the series."""
    results = Results()
    results.failed = failed
    scenarios = {}
    for row in rows:
        scenarios.setdefault(row.key, []).append(row)
    groups = {}
    for key, lcores in scenarios.items():
        first = lcores[0]
        by_cpu = first.type == "CPU_MEM_COPY"
        device = device_name([row.device for row in lcores], by_cpu)
        kind, settings = what_differs(lcores)
        name = (device, tuple(kind))
        # a case has one series for each ring size, batch and memory size
        group = groups.setdefault(name, {}).setdefault((tuple(settings), first.memory), [])
        group.append((first, lcores, by_cpu))
        if first.ring is not None:
            results.rings.add(first.ring)
            results.batches.add(first.batch)
    for name, variants in groups.items():
        # no number of the case if ring, batch and memory distinguish all
        with_case = len({(*settings[:-1], memory) for settings, memory in variants}) < len(variants)
        for (settings, memory), scenarios_of in variants.items():
            first, _, by_cpu = scenarios_of[0]
            shown = [text for n, text in enumerate(settings)
                     if len({other[0][n] for other in variants if len(other[0]) > n}) > 1
                     and (with_case or n + 1 < len(settings))]
            if len({other[1] for other in variants}) > 1:
                shown.append("%s MiB" % memory)
            shown = list(name[1]) + shown
            full_name = name[0] + (" (%s)" % ", ".join(shown) if shown else "")
            series = Series(full_name, first.type != "DMA_MEM_FILL", by_cpu)
            for row, lcores, _ in scenarios_of:
                point = Point(row.size, sum(one.gbps for one in lcores),
                              sum(one.mops for one in lcores),
                              any(one.interrupted for one in lcores))
                point.single = row.single
                point.batch = row.latencies_of_batch
                series.points[row.size] = point
            results.series.append(series)
    return results


def whole(value):
    if isinstance(value, bool) or int(value) != value or value < 1:
        raise ValueError("%s found, expected a whole number from 1 up" % value)
    return int(value)


def rate(value):
    value = float(value)
    if not math.isfinite(value) or value < 0:
        raise ValueError("%s found, expected a number from 0 up" % value)
    return value


def number(text, kind):
    return None if text in ("NA", "", None) else kind(text)


def csv_latencies(get, what):
    values = {p: number(get("%s %s(ns)" % (what, p)), rate) for p in PERCENTILES}
    return values if None not in values.values() else {}


def tell_memory(rows):
    """A CSV file has the memory that buffers take, which is a bit less than mem_size and differs by
    their size. Replace it by that of the smallest, which is first: sizes, batches and rings rise, in
    this order, for one mem_size after the other."""
    previous = memory = None
    for row in rows:
        place = (row.key[0], row.ring or 0, row.batch or 0, row.size)
        if previous is None or place[0] != previous[0] or place < previous:
            memory = round(sum(other.memory for other in rows if other.key == row.key))
        previous = place
        row.memory = memory


def read_csv(lines):
    rows = []
    failed = []
    columns = {}
    case = None
    for line in csv.reader(lines):
        head = line[0] if line else ""
        if CASE.match(head):
            case = CASE.match(head)
            columns = {title.strip(): n for n, title in enumerate(line)}
        elif re.match(r"(Scenario|Case) \d+ failed$", head):
            failed.append(", ".join(line))
        elif SCENARIO.match(head):
            if case is None:
                raise Unreadable("a scenario in front of the first case")

            def get(title, line=line, columns=columns):
                n = columns.get(title)
                return line[n].strip() if n is not None and n < len(line) else None

            try:
                source = number(get("source segments"), int)
                rows.append(Row(
                    (int(case.group(1)), int(SCENARIO.match(head).group(1))), type=case.group(2),
                    device=get("DMA"), direction=get("direction"),
                    ring=number(get("DMA ring size"), int),
                    batch=number(get("kick batch size"), int),
                    segments=source and (source, int(get("destination segments"))),
                    enq_deq=get("enqueue-dequeue") == "1", memory=rate(get("memory(MB)")),
                    size=whole(int(get("buffer size(B)"))), gbps=rate(get("bandwidth(Gbps)")),
                    mops=rate(get("MOps")), interrupted=get("state") == "interrupted",
                    single=csv_latencies(get, "latency"),
                    latencies_of_batch=csv_latencies(get, "batch latency")))
            except (TypeError, ValueError):
                raise Unreadable("a scenario that cannot be understood: %s" % ",".join(line))
    if case is None and not failed:
        raise Unreadable("no case in it")
    tell_memory(rows)
    return to_results(rows, failed)


def json_latencies(latency):
    if latency is None:
        return {}
    return {p: rate(latency["%s_ns" % p.replace(".", "_")]) for p in PERCENTILES}


def optional(value):
    return None if value is None else whole(value)


def read_json(text):
    try:
        result = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise Unreadable("no JSON: %s" % e)
    try:
        if result["format"] != "dpdk-test-dma-perf" or result["format_version"] != 1:
            raise Unreadable("it is of another format or version")
        failed = ["case %d, %s" % (case["case"], case["reason"]) for case in result["cases"]
                  if case["status"] == "failed"]
        rows = []
        for scenario in result["scenarios"]:
            source = optional(scenario["source_segments"])
            for lcore in scenario["lcores"]:
                if lcore["status"] == "failed":
                    continue
                rows.append(Row(
                    (whole(scenario["case"]), scenario["scenario"]), type=scenario["type"],
                    device=str(lcore["device"] or "NA"), direction=lcore["direction"],
                    ring=optional(scenario["ring_size_descriptors"]),
                    batch=optional(scenario["kick_batch_operations"]),
                    segments=source and (source, whole(scenario["destination_segments"])),
                    enq_deq=scenario["enqueue_dequeue_operations"],
                    memory=scenario["memory_size_mib"], size=whole(scenario["buffer_size_bytes"]),
                    gbps=rate(lcore["bandwidth_bit_per_s"]) / 1e9,
                    mops=rate(lcore["operations_per_s"]) / 1e6,
                    interrupted=lcore["status"] == "interrupted",
                    single=json_latencies(lcore["latency_single"]),
                    latencies_of_batch=json_latencies(lcore["latency_batch"])))
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        raise Unreadable("it lacks what a result file has: %s" % e)
    return to_results(rows, failed)


def read(path):
    """Read a result file of either kind. Unreadable says in one line what is wrong."""
    try:
        with open(path, newline="", encoding="utf-8") as f:
            text = f.read()
    except OSError as e:
        raise Unreadable("%s: %s" % (path, e.strerror))
    except UnicodeDecodeError:
        raise Unreadable("%s: it is no text" % path)
    try:
        if os.path.splitext(path)[1] == ".json" or text.lstrip().startswith("{"):
            return read_json(text)
        return read_csv(text.splitlines())
    except csv.Error as e:
        raise Unreadable("%s: no CSV: %s" % (path, e))
    except Unreadable as e:
        raise Unreadable("%s: %s" % (path, e))


def size_name(size):
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit and size % unit == 0:
            return "%d %s" % (size // unit, name)
    return "%d B" % size


# --- In words -------------------------------------------------------------------------------------

# Below this size operations are compared, from it on bandwidth.
LARGE = 4096
# Rates this close count as equal: a second run may reverse them.
LEVEL = 0.05


def factor(ratio):
    """3.14 is "3.1", 0.904 "0.90", 0.0123 "0.012", 31.4 "31"."""
    if ratio >= 10:
        return "%.0f" % ratio
    if ratio >= 0.995:
        return "%.1f" % ratio
    return "%#.2g" % ratio


def factors(ratios):
    low, high = factor(min(ratios)), factor(max(ratios))
    return low if low == high else "%s to %s" % (low, high)


def name_in_text(series):
    return "the CPU's copy" if series.name == CPU else series.name


def span(sizes, all_sizes):
    """Name this range of sizes among all."""
    if sizes == all_sizes:
        return "at all sizes" if len(sizes) > 1 else "at %s" % size_name(sizes[0])
    if len(sizes) == 1 and sizes[0] != all_sizes[0] and sizes[0] != all_sizes[-1]:
        return "at %s" % size_name(sizes[0])
    if sizes[0] == all_sizes[0]:
        if len(sizes) == 1:
            return "at %s" % size_name(sizes[0])
        return "up to %s" % size_name(sizes[-1])
    if sizes[-1] == all_sizes[-1]:
        if len(sizes) == 1:
            return "at %s" % size_name(sizes[0])
        return "from %s up" % size_name(sizes[0])
    return "from %s to %s" % (size_name(sizes[0]), size_name(sizes[-1]))


def join(parts):
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def winners(series, sizes):
    """Name the fastest series of each range of sizes."""
    runs = []
    for size in sizes:
        best = max(s.points[size].gbps for s in series)
        names = [name_in_text(s) for s in series if s.points[size].gbps >= best * (1 - LEVEL)]
        if runs and runs[-1][0] == names:
            runs[-1][1].append(size)
        else:
            runs.append((names, [size]))
    parts = []
    for names, of_run in runs:
        if len(names) == 1:
            who = names[0]
        else:
            who = "%s alike" % join(names)
        parts.append("%s %s" % (who, span(of_run, sizes)))
    return join(parts)


def subject_of(series):
    """The subject of the sentence: SDXI if it is there, else the first device."""
    devices = [s for s in series if not s.by_cpu]
    for s in devices:
        if "sdxi" in s.name:
            return s
    return devices[0] if devices else None


def sentence(results):
    """Compare the series in one sentence; None if there are not two."""
    copies = [s for s in results.series if s.copies and s.points]
    subject = subject_of(copies)
    others = [s for s in copies if s is not subject]
    if subject is None or not others:
        return None
    common = [size for size in subject.sizes() if all(size in s.points for s in copies)]
    if not common:
        return None
    clauses = []
    for sizes, verb, what, that in (
            ([s for s in common if s < LARGE], "does", "operations", "those"),
            ([s for s in common if s >= LARGE], "has", "bandwidth", "that")):
        against = []
        for other in others:
            # of bandwidths, which are more exact in a CSV file; the ratio of operations is the same
            ratios = [subject.points[size].gbps / other.points[size].gbps for size in sizes
                      if other.points[size].gbps > 0]
            if ratios:
                of = "the %s" % what if not against else that
                against.append("%s times %s of %s" % (factors(ratios), of, name_in_text(other)))
        if against:
            clauses.append("%s %s %s" % (verb, join(against), span(sizes, common)))
    if not clauses:
        return None
    return "%s %s; the fastest is %s." % (subject.name, ", and ".join(clauses),
                                          winners(copies, common))
