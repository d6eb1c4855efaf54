#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

"""Draw result files of dpdk-test-dma-perf, JSON or CSV, as a picture, PNG and SVG: bandwidth and
operations per second over the size of the buffer, a line for each device, the ratio to the CPU's own
copy below, and latencies as percentiles."""

import argparse
import os
import sys

import perf_results

# Okabe and Ito's colours, which colour-blind readers can distinguish; black is the CPU's.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STYLES = ("-", "--", ":", "-.")
CPU_COLOUR = "#000000"
GRID = "#D8D8D8"


def missing(text):
    sys.exit("plot-perf.py: %s; Debian's package is python3-matplotlib: apt-get install "
             "python3-matplotlib (as root)" % text)


def fail(text):
    sys.exit("plot-perf.py: %s" % text)


class Line:
    """How a series is drawn: a colour for the device, a style for the file."""

    def __init__(self, series, reference, label, colour, marker, style):
        self.series = series
        self.reference = reference  # the CPU's copy of the same file
        self.label = label
        self.colour = colour
        self.marker = marker
        self.style = style

    def look(self):
        return {"color": self.colour, "marker": self.marker, "linestyle": self.style,
                "markersize": 5.5, "linewidth": 2}


def make_lines(files):
    """files: [(label or None, results)]"""
    lines = []
    names = []
    for n, (label, results) in enumerate(files):
        cpu = results.cpu()
        for series in results.series:
            if not series.points:
                continue
            # the CPU is black and uses none of the colours
            known = [name for name, by_cpu in names if by_cpu == series.by_cpu]
            if series.name not in known:
                names.append((series.name, series.by_cpu))
                known.append(series.name)
            number = known.index(series.name)
            # the eighth device has the first one's colour, so it needs another marker
            turns = number // len(COLOURS) + n // len(STYLES)
            lines.append(Line(
                series, cpu, series.name if label is None else "%s: %s" % (label, series.name),
                CPU_COLOUR if series.by_cpu else COLOURS[number % len(COLOURS)],
                MARKERS[(number + turns) % len(MARKERS)], STYLES[n % len(STYLES)]))
    return lines


def number_name(value, units):
    """Value in a readable unit: 1500000 is "1.5 M" with units for powers of 1000."""
    for power, unit in units:
        if value >= power * 0.9995:
            return ("%g %s" % (float("%.3g" % (value / power)), unit)).strip()
    return ("%g %s" % (float("%.3g" % (value / units[-1][0])), units[-1][1])).strip()


BITS = ((1e12, "Tbit/s"), (1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s"))
OPS = ((1e9, "Gop/s"), (1e6, "Mop/s"), (1e3, "kop/s"), (1, "op/s"))
TIME = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns"))


def set_size_axis(axes, sizes, show_label, margin=1.5):
    from matplotlib import ticker

    axes.set_xscale("log", base=2)
    # as many sizes as there is room for
    step = -(-len(sizes) // 8)
    axes.xaxis.set_major_locator(ticker.FixedLocator(sizes[::step]))
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.xaxis.set_major_formatter(
        ticker.FuncFormatter(lambda v, _: perf_results.size_name(int(round(v)))))
    if len(sizes) == 1:
        axes.set_xlim(sizes[0] / 2, sizes[0] * 2)
    else:
        axes.set_xlim(sizes[0] / margin, sizes[-1] * margin)
    if show_label:
        axes.set_xlabel("buffer size")


def set_value_axis(axes, units):
    from matplotlib import ticker

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    # the fewer powers of ten, the more marks between them
    subs = (1,) if high / low > 300 else (1, 2, 5) if high / low > 8 else (1, 1.5, 2, 3, 4, 5, 7)
    axes.yaxis.set_major_locator(ticker.LogLocator(base=10, subs=subs, numticks=12))
    axes.yaxis.set_minor_locator(ticker.LogLocator(base=10, subs=range(2, 10), numticks=12))
    axes.yaxis.set_minor_formatter(ticker.NullFormatter())
    axes.yaxis.set_major_formatter(
        ticker.FuncFormatter(lambda v, _: number_name(v, units) if units else "%g ×" % v))


def dress(axes, title):
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.grid(True, which="major", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def draw_rate(axes, lines, title, value, units, sizes):
    for line in lines:
        points = [line.series.points[size] for size in line.series.sizes()]
        axes.plot([p.size for p in points], [value(p) for p in points], **line.look())
    set_size_axis(axes, sizes, False)
    set_value_axis(axes, units)
    dress(axes, title)


def draw_ratio(axes, lines, sizes):
    axes.axhline(1, color=CPU_COLOUR, linewidth=1.2)
    drawn = False
    for line in lines:
        if line.reference is None or line.series is line.reference or not line.series.copies:
            continue
        both = [size for size in line.series.sizes() if size in line.reference.points
                and line.reference.points[size].gbps > 0]
        ratios = [line.series.points[size].gbps / line.reference.points[size].gbps
                  for size in both]
        axes.plot(both, ratios, **line.look())
        drawn = drawn or bool(both)
    set_size_axis(axes, sizes, True)
    if drawn:
        set_value_axis(axes, None)
        dress(axes, "Ratio to the CPU's own copy (1 ×: as fast)")
    else:
        nothing(axes, "Ratio to the CPU's own copy", "no copies by the CPU to compare with")


def nothing(axes, title, why):
    dress(axes, title)
    axes.grid(False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center", color="#606060")


def draw_latency(axes, lines, title, which, sizes):
    """Per device and size: a mark at p50, a bar up to p99, a line up to p99.9, a dot at the maximum."""
    having = [line for line in lines
              if any(which(p) for p in line.series.points.values())]
    if not having:
        nothing(axes, title, "not in the result files")
        return
    # side by side, in half of the space up to the next size
    closest = min(min((b / a for a, b in zip(sizes, sizes[1:])), default=4), 4)
    for n, line in enumerate(having):
        offset = closest ** (0.5 * ((n + 0.5) / len(having) - 0.5))
        middle = [(size * offset, which(line.series.points[size])["p50"])
                  for size in line.series.sizes() if which(line.series.points[size])]
        axes.plot([x for x, _ in middle], [y for _, y in middle], color=line.colour,
                  linestyle=line.style, linewidth=1, alpha=0.4)
        for size, point in line.series.points.items():
            ns = which(point)
            if not ns:
                continue
            x = size * offset
            axes.vlines(x, ns["p99"], ns["p99.9"], color=line.colour, linewidth=1.2)
            axes.vlines(x, ns["p50"], ns["p99"], color=line.colour, linewidth=4.5, alpha=0.55)
            axes.plot(x, ns["p50"], color=line.colour, marker=line.marker, markersize=5)
            axes.plot(x, ns["p99.9"], color=line.colour, marker="_", markersize=6)
            axes.plot(x, ns["max"], color=line.colour, marker=".", markersize=4)
    set_size_axis(axes, sizes, True, margin=2)
    set_value_axis(axes, TIME)
    dress(axes, title)


def latency_key(handles_of):
    """The legend of the latencies' marks."""
    grey = "#505050"
    return [
        handles_of([0], [0], color=grey, marker="o", markersize=5, linestyle="none",
                   label="p50"),
        handles_of([0], [0], color=grey, linewidth=4.5, alpha=0.55, label="p50 to p99"),
        handles_of([0], [0], color=grey, linewidth=1.2, marker="_", markersize=6,
                   label="p99 to p99.9"),
        handles_of([0], [0], color=grey, marker=".", markersize=5, linestyle="none",
                   label="maximum"),
    ]


def facts(files):
    """Ring and batch size, if all series have the same."""
    rings = set().union(*(results.rings for _, results in files))
    batches = set().union(*(results.batches for _, results in files))
    common = []
    if len(rings) == 1:
        common.append("ring of %d" % min(rings))
    if len(batches) == 1:
        common.append("batches of %d" % min(batches))
    return ", ".join(common)


def draw(files, title):
    try:
        import matplotlib
        matplotlib.use("Agg")
        from matplotlib import pyplot
        from matplotlib.lines import Line2D
    except ImportError as e:
        missing("%s cannot load matplotlib (%s)" % (sys.executable, e))

    # text stays text in the SVG, and two runs make the same file
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "plot-perf",
                                "font.size": 9.5})
    lines = make_lines(files)
    sizes = sorted({size for line in lines for size in line.series.points})
    # in inches: a label and the line before it
    widest = 0.6 + 0.085 * max(len(line.label) for line in lines)
    columns = max(1, min(4, len(lines), int(11 / widest)))
    legend_rows = -(-len(lines) // columns)
    figure = pyplot.figure(figsize=(12, 11.5 + 0.25 * legend_rows))
    grid = figure.add_gridspec(3, 2, height_ratios=(3, 2, 3), hspace=0.34, wspace=0.2, left=0.085,
                               right=0.985, top=0.915 - 0.018 * legend_rows, bottom=0.092)
    draw_rate(figure.add_subplot(grid[0, 0]), lines, "Bandwidth", lambda p: p.gbps * 1e9, BITS,
              sizes)
    draw_rate(figure.add_subplot(grid[0, 1]), lines, "Operations per second",
              lambda p: p.mops * 1e6, OPS, sizes)
    draw_ratio(figure.add_subplot(grid[1, :]), lines, sizes)
    draw_latency(figure.add_subplot(grid[2, 0]), lines, "Latency of one operation",
                 lambda p: p.single, sizes)
    draw_latency(figure.add_subplot(grid[2, 1]), lines, "Latency of a batch",
                 lambda p: p.batch, sizes)

    common = facts(files)
    figure.suptitle(title + (" (%s)" % common if common else ""), x=0.085, y=0.985, ha="left",
                    fontsize=14, fontweight="bold")
    handles = [Line2D([0], [0], label=line.label, **line.look()) for line in lines]
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.078, 0.968),
                  ncol=columns, frameon=False, fontsize=10, handlelength=2.6)
    figure.legend(handles=latency_key(Line2D), loc="lower left", bbox_to_anchor=(0.078, 0.008),
                  ncol=4, frameon=False, title="latency: percentiles of all samples",
                  title_fontsize=9.5, alignment="left")
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", metavar="BASE",
                        help="write BASE.png and BASE.svg; default: the first result file without "
                        "its suffix")
    parser.add_argument("--label", action="append", default=[], metavar="TEXT",
                        help="stands in front of the names of a file's devices; give it once for "
                        "each result file, in their order")
    parser.add_argument("--title", default="Memory moved by devices and by the CPU",
                        help="default: %(default)s")
    parser.add_argument("result", nargs="+", help="JSON or CSV file")
    args = parser.parse_args()
    if args.label and len(args.label) != len(args.result):
        fail("%d --label for %d result files, expected one for each" %
             (len(args.label), len(args.result)))
    labels = args.label
    if not labels and len(args.result) > 1:
        labels = [os.path.splitext(os.path.basename(path))[0] for path in args.result]
    files = []
    for n, path in enumerate(args.result):
        try:
            results = perf_results.read(path)
        except perf_results.Unreadable as e:
            fail(e)
        if not any(series.points for series in results.series):
            fail("%s: nothing was measured" % path)
        files.append((labels[n] if labels else None, results))
    base = args.output or os.path.splitext(args.result[0])[0]
    figure = draw(files, args.title)
    for suffix in (".png", ".svg"):
        try:
            figure.savefig(base + suffix, dpi=130,
                           metadata={"Date": None} if suffix == ".svg" else None)
        except OSError as e:
            fail("%s: %s" % (base + suffix, e.strerror))
        print(base + suffix)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        sys.exit(1)
