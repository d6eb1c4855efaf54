#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors

"""Make the states of a DPDK tree from one patch of the exported series to the next.

The series (devtools/export-series.txt) has the patches, and which lines come with each of them. A
state is the final files without the lines of later patches, and without the definitions that
nothing uses then: a function comes with its first caller, and the series need not name it.
"""

import functools
import re
import subprocess
import sys
from pathlib import Path

DRIVER, EMULATED, GUIDES = "drivers/dma/sdxi", "drivers/dma/sdxi_emu", "doc/guides/dmadevs"
TEST = "app/test/test_dmadev_sdxi.c"
# What macros put before a name.
PASTED = ("SDXI_", "SDXI_TYPE_", "SDXI_MMIO_")
# Structures whose members come with their first use, as do those of sdxi_internal.h. Others have a
# layout to keep.
BY_MEMBER = {"sdxi_args", "emu_args", "emu_fn", "sdxi_emu", "emu_cxt", "emu_op"}


def fail(text):
    sys.exit(f"export_series.py: {text}")


def tidy(lines):
    """Join lines with no blank one at the ends or next to a brace, and no two in a row."""
    out = []
    for line in lines:
        if out and out[-1] == "" and (line == "" or re.fullmatch(r"\t*\}.*", line)):
            out.pop()
        if line or (out and not out[-1].endswith("{")):
            out.append(line)
    return "\n".join(out).rstrip("\n") + "\n" if out else ""


# --- The final files ----------------------------------------------------------------------------

def resolve(name, text, tree):
    """Leave out what is for other DPDK versions than the tree's, and for the project's build."""
    keep, drop, drop_all, undecided = range(4)
    out, stack = [], []  # a value for each open #if
    for line in text.splitlines():
        version = re.fullmatch(r"#if RTE_VERSION >= RTE_VERSION_NUM\((\d+), (\d+), 0, 0\)", line)
        if version:
            stack.append(keep if tree >= int(version[1]) * 100 + int(version[2]) else drop)
        elif line == "#ifdef RTE_COMPONENT_NAME":
            stack.append(keep)
        elif line == "#if __has_include(<eal_export.h>)":
            # The comment above it is about builds outside of DPDK.
            out[-1:] = ["#include <eal_export.h>"] if tree >= 2507 else []
            stack.append(drop_all)
        elif "RTE_VERSION" in line and line.startswith("#if"):
            fail(f"{name}: condition not understood: {line}")
        elif line == "#else" and stack and stack[-1] != undecided:
            stack[-1] = {keep: drop, drop: keep}.get(stack[-1], drop_all)
        elif re.match(r"#\s*endif", line) and stack and stack[-1] != undecided:
            stack.pop()
        else:
            if drop not in stack and drop_all not in stack and \
                    (tree >= 2507 or not line.startswith("RTE_EXPORT_")):
                out.append(line)
            if re.match(r"#\s*if", line):
                stack.append(undecided)
            elif re.match(r"#\s*endif", line):
                stack.pop()
    return tidy(out)


def final_files(root, tree):
    """Path in a DPDK tree -> text."""
    source = {f"{DRIVER}/{p.name}": p for p in (root / DRIVER).iterdir()
              if tree < 2507 or p.name != "version.map"}
    source[f"{GUIDES}/sdxi.rst"] = root / GUIDES / "sdxi.rst"
    source |= {f"{GUIDES}/img/{p.name}": p for p in (root / GUIDES / "img").glob("sdxi_*.svg")}
    source |= {f"{EMULATED}/{p.name}": p for where in ("emu", "emu/dpdk")
               for p in (root / where).glob("*.[ch]")}
    source[f"{EMULATED}/meson.build"] = root / "emu/dpdk/meson.build"
    source[f"{GUIDES}/sdxi_emu.rst"] = root / GUIDES / "sdxi_emu.rst"
    source[TEST] = root / TEST
    files = {}
    for path, where in sorted(source.items()):
        text = where.read_text()
        if path.endswith((".c", ".h")):
            text = resolve(path, text, tree)
        elif path.endswith(".rst"):
            text = tidy(re.sub(r"^\.\. standalone: begin\n.*?^\.\. standalone: end\n", "", text,
                               flags=re.S | re.M).splitlines())
        elif path == f"{EMULATED}/meson.build":
            own = re.findall(r"^ +('\w+\.c',)$", (root / "emu/meson.build").read_text(), re.M)
            text = re.sub(r"^# In the form of a driver.*\n", "", text, flags=re.M)
            text = text.replace("files(\n", "files(\n" + "".join(f"        {x}\n" for x in own))
        files[path] = text
    return files


# --- C ------------------------------------------------------------------------------------------

def bare(text):
    """C with blanks for comments and strings."""
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'',
                  lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


class Unit:
    """A definition, a declaration or a directive, with the comment above it; or a comment alone."""

    def __init__(self, path, lines):
        self.path, self.lines = path, lines
        self.bare = bare("\n".join(lines)).split("\n")
        self.code = "\n".join(self.bare).strip()
        self.names = set(self.find_names())
        self.local = path.endswith(".c") and \
            re.match(r"static|(struct|enum) \w* *\{|#|typedef", self.code) is not None
        self.members = []
        if (path.endswith("sdxi_internal.h") or self.names & BY_MEMBER) and \
                re.match(r"struct [^;{()]*\{", self.code):
            self.cut_members()

    def find_names(self):
        code = self.code
        if code.startswith("#"):
            # Some are used by a part of their name, which the preprocessor completes.
            yield from re.findall(
                r"^#\s*define (?!RTE_LOGTYPE_|rte_memory_order_)(\w+)(?=\(|\s+\S)", code, re.M)
            return
        yield from re.findall(r"^(?:struct|union|enum)\s+(?:__\w+\s+)?(\w+)\s*[{;]", code)
        enum = re.match(r"enum\b[^{;()]*\{(.*?)\}", code, re.S)
        if enum:
            yield from re.findall(r"(?:^|,)\s*(\w+)", enum[1])
        while re.search(r"\{[^{}]*\}", code):
            code = re.sub(r"\{[^{}]*\}", " ", code)
        code = re.sub(r"\b(RTE_ATOMIC|RTE_EXPORT\w+|TAILQ_HEAD|__rte_\w+)\([^()]*\)", " ", code)
        typedef = re.match(r"typedef\b.*?(?:\(\*(\w+)\)|(\w+)\s*;)", code, re.S)
        name = re.match(r"(?!RTE_|static_assert|\w+\s*;)[\w\s*]*?(\w+)\s*(?=[(=;[])", code)
        if typedef:
            yield typedef[1] or typedef[2]
        elif name:
            yield name[1]

    def asserts(self):
        return self.code.startswith("static_assert")

    def cut_members(self):
        """Members as (line numbers, names)."""
        depth = 0
        for i, line in enumerate(self.bare):
            inside, depth = depth, depth + line.count("{") - line.count("}")
            if inside == 0 or depth == 0:
                continue
            names = set(re.findall(r"(\w+)(?=\s*[;,[)])", line)) if depth == 1 else set()
            if inside > 1 or (self.members and not line.strip() and self.lines[i].strip() and
                              not self.lines[i].startswith("\t/*")):
                self.members[-1] = (self.members[-1][0] + [i], self.members[-1][1] | names)
            elif line.strip():
                self.members.append(([i], names))

    def shown(self, used):
        """The lines where members of these names are used, if it is cut into members."""
        hidden = {i for where, names in self.members if not names & used for i in where}
        for i, line in enumerate(self.lines if self.members else []):
            # A heading goes with the last of what is below it.
            if line.startswith("\t/*"):
                end = next(j for j in range(i, len(self.lines)) if self.lines[j] in ("", "};"))
                if all(j in hidden or not self.bare[j].strip() for j in range(i, end)):
                    hidden |= set(range(i, end))
        return [line for i, line in enumerate(self.lines) if i not in hidden]


def units(path, text):
    """Cut C into units, and blank lines."""
    part, depth, conditions, out = [], 0, 0, []

    def end():
        if part:
            out.append(Unit(path, part[:]))
            part.clear()

    for line, code in zip(text.splitlines(), bare(text).splitlines()):
        outside = depth == 0 and conditions == 0
        if outside and (line == "" or line.startswith("/*")) and not bare("\n".join(part)).strip():
            end()
        part.append(line)
        if not re.match(r"#\s*(ifndef|define|endif).*_H_( \*/)?$", line) and depth == 0:
            conditions += (re.match(r"#\s*if", code) is not None) - code.startswith("#endif")
        depth += sum(code.count(x) for x in "{(") - sum(code.count(x) for x in "})")
        if depth == 0 and conditions == 0 and not code.endswith("\\") and \
                (line == "" or re.search(r"[;}]\s*$", code) or
                 re.match(r"\s*#", bare("\n".join(part)))):
            end()
    end()
    return out


def headings(parts):
    """For each unit without code, those that it heads; None for the top of the file."""
    head = {}
    for i, unit in enumerate(parts):
        if unit.code or unit.lines == [""]:
            continue
        below = parts[i + 1:]
        blank = below and below[0].lines == [""]
        head[unit] = []
        for other in below:
            if not other.code and (other.lines != [""] or not blank):
                break
            head[unit].append(other)
        if not any(x.code for x in parts[:i]):
            head[unit] = None
    return head


def split_headings(parts):
    """Have a comment above several macros stand alone."""
    out = []
    for unit, below in zip(parts, parts[1:] + [None]):
        first = next((i for i, x in enumerate(unit.bare) if x.strip()), 0)
        if first and unit.code.startswith("#define") and below and below.code.startswith("#define"):
            out.append(Unit(unit.path, unit.lines[:first]))
            unit = Unit(unit.path, unit.lines[first:])
        out.append(unit)
    return out


def shake(files, whole):
    """Leave out of C files what nothing uses, and empty files; not of those that are whole."""
    parts = {path: split_headings(cut(path, text)) for path, text in files.items()
             if path.endswith((".c", ".h")) and path != TEST}
    known = {}
    for unit in (x for every in parts.values() for x in every):
        for name in unit.names:
            known.setdefault(name, []).append(unit)
    kept = {x for path, every in parts.items() for x in every
            if x.code and (path in whole or not (x.names or x.asserts()))}
    accessed, size = set(), None
    while size != (len(kept), len(accessed)):
        size = len(kept), len(accessed)
        for unit in list(kept):
            code = bare("\n".join(unit.shown(accessed)))
            for found in re.findall(r"(?:->|\.)\s*(\w+)|offsetof\([^()]*, (\w+)", code):
                accessed |= set(found)
            words = set(re.findall(r"(?<![.>\w])[A-Za-z_]\w*", code))
            words |= {prefix + x for x in words for prefix in PASTED}
            for name in words & known.keys():
                kept |= {x for x in known[name] if not x.local or x.path == unit.path}
        if size == (len(kept), len(accessed)):
            # An assertion comes as soon as all that it is about is there as a whole.
            kept |= {x for every in parts.values() for x in every if x.asserts() and all(
                known[name][0] in kept and known[name][0].shown(accessed) == known[name][0].lines
                for name in set(re.findall(r"struct (\w+)", x.code)) & known.keys())}
    out = dict(files)
    for path in parts.keys() - whole:
        heads, lines = headings(parts[path]), []
        for unit in parts[path]:
            if unit in kept or unit.lines == [""] or (unit in heads and (
                    heads[unit] is None or any(x in kept for x in heads[unit]))):
                lines += unit.shown(accessed)
        out[path] = tidy(lines)
        if not any(x in kept and x.names for x in parts[path]):
            del out[path]
    gone = {Path(path).name for path in files.keys() - out.keys()}
    for path in out.keys() - whole:
        named = [re.match(r"#include \"(.*)\"$| +'(\w+\.c)',$", x) for x in out[path].split("\n")]
        out[path] = tidy([x for x, m in zip(out[path].split("\n"), named)
                          if not m or (m[1] or m[2]) not in gone])
    return out


# --- The series ---------------------------------------------------------------------------------

class Patch:
    def __init__(self, part, name):
        self.part, self.name = part, name
        self.message, self.edits, self.files = [], [], []


def read_series(path):
    """Patches with their edits: (where, scope, lines that come, lines that go or None)."""
    patches, scope, run = [], None, None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.name}:{number}"
        if line.startswith("%% "):
            patches.append(Patch(*line[3:].split()))
            scope = None
        elif line.startswith("##") or (not line and not patches):
            continue
        elif not patches:
            fail(f"{where}: no patch begins here")
        elif line.startswith("@ "):
            scope, run = line[2:], None
        elif line.startswith("< "):
            patches[-1].files.append(line[2:])
        elif scope is None:
            patches[-1].message.append(line)
        elif line == "":
            run = None
        elif line.startswith("~ "):
            come, go = (x.replace("\\n", "\n").replace("\\t", "\t").replace("\\s", " ")
                        for x in re.fullmatch(r"~ (.*?) =>(?: (.*))?", line).groups(""))
            patches[-1].edits.append((where, scope, come, go))
            run = None
        elif line.startswith("* "):
            patches[-1].edits.append((where, scope, line[2:], None))
            run = None
        elif line[0] in "+-" and (line[0] == "+" or run):
            if run is None or (line[0] == "+" and run[3]):
                run = (where, scope, [], [])
                patches[-1].edits.append(run)
            run[2 if line[0] == "+" else 3].append(line[1:])
        else:
            fail(f"{where}: not understood: {line}")
    return patches


def match(items, lines, at):
    """The end of a place in lines that begins at @p at and has these lines, or None."""
    for item in items:
        first, _, last = item.strip().partition(" ... ")
        for wanted in filter(None, (first, last)):
            while at < len(lines) and wanted is last and not same(lines[at], wanted):
                at += 1
            if at >= len(lines) or not same(lines[at], wanted):
                return None
            at += wanted is last or not last
    return at


def same(line, wanted):
    return line.strip() == wanted or (wanted.endswith("...") and
                                      line.strip().startswith(wanted[:-3]))


def find(items, lines):
    """The places that have these lines."""
    ends = ((i, match(items, lines, i)) for i in range(len(lines)))
    return [(i, end) for i, end in ends if end is not None]


def undo(files, patch):
    """Take the lines of a patch away again, from the state that it leaves."""
    for where, scope, come, go in reversed(patch.edits):
        path, lines, above, below = find_scope(files, scope, where)
        if go is None:
            lines = [x for x in lines if not same(x, come)]
        elif isinstance(come, str):
            text = "\n".join(lines)
            if text.count(come) != 1:
                fail(f"{where}: expected this once in {scope}: {come}")
            lines = text.replace(come, go).split("\n")
        while isinstance(come, list) and come:
            # As many of the lines as stand together, at a place that has them only once.
            size = len(come)
            while len(find(come[:size], lines)) != 1:
                size -= 1
                if size == 0:
                    fail(f"{where}: expected this once in {scope}: {come[0]}")
            (begin, end), = find(come[:size], lines)
            come = come[size:]
            lines[begin:end] = go if not come else []
        files[path] = tidy(above + lines + below)


def find_scope(files, scope, where):
    """Path, lines of a file or a definition, and those above and below."""
    for path, text in files.items():
        if path.endswith("/" + scope):
            return path, text.splitlines(), [], []
    found, (name, *file) = [], reversed(scope.split())
    for path, text in files.items():
        if path.endswith("/" + file[0] if file else (".c", ".h")) and \
                re.search(rf"\b{name}\b", text):
            every = cut(path, text)
            found += [(path, every, i) for i, x in enumerate(every)
                      if name in x.names and ("{" in x.code or "#" in x.code)]
    if len(found) != 1:
        fail(f"{where}: expected one definition of {scope}, found {len(found)}")
    path, every, i = found[0]
    return (path, every[i].lines[:], [y for x in every[:i] for y in x.lines],
            [y for x in every[i + 1:] for y in x.lines])


@functools.lru_cache(maxsize=256)
def cut(path, text):
    return units(path, text)


def states(root, series, tree):
    """For each patch, the files of the project that a DPDK tree has with it."""
    patches = read_series(series)
    files = final_files(root, tree)
    emulated = {x for x in files if "sdxi_emu" in x or x == TEST}
    listed = {x: patch for patch in patches for x in files if Path(x).name in patch.files or
              "/".join(Path(x).parts[-2:]) in patch.files}
    for path in files.keys() - listed.keys():
        if not path.endswith((".c", ".h")) or path == TEST:
            fail(f"{path} comes with no patch in {series.name}")
    out = []
    for i, patch in reversed(list(enumerate(patches))):
        later = {x for x, first in listed.items() if patches.index(first) > i}
        if patch.part == "driver":
            later |= emulated
        now = {x: y for x, y in files.items() if x not in later}
        last = i + 1 == len(patches) or patches[i + 1].part != patch.part
        whole = now.keys() if last else now.keys() - emulated if patch.part != "driver" else set()
        out.insert(0, (patch, shake(now, set(whole))))
        undo(files, patch)
    return out


# --- DPDK's lists -------------------------------------------------------------------------------

class Lists:
    """DPDK's files that list what there is, as a tree has them and as the series changes them."""

    def __init__(self, tree, who):
        self.tree, self.who, self.text = tree, who, {}
        version = (tree / "VERSION").read_text().split(".")
        self.notes = "doc/guides/rel_notes/release_{}_{}.rst".format(*version)

    def edit(self, path, change):
        if path not in self.text:
            git = subprocess.run(["git", "-C", self.tree, "show", f"HEAD:{path}"], check=False,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.text[path] = git.stdout.decode()
        try:
            self.text[path] = change(self.text[path])
        except ValueError:
            fail(f"{path} of this DPDK version is not as expected: tell the project of the version")

    def sort_in(self, path, line, entries):
        """Add a line to the sorted run of lines that match."""
        def change(text):
            lines = text.split("\n")
            places = [i for i, x in enumerate(lines) if re.fullmatch(entries, x)]
            if not places:
                raise ValueError
            at = next((i for i in places if lines[i] > line), places[-1] + 1)
            return "\n".join(lines[:at] + [line] + lines[at:])
        self.edit(path, change)

    def put(self, path, pattern, new):
        """Replace the one place that matches."""
        def change(text):
            text, n = re.subn(pattern, new, text, flags=re.M)
            if n != 1:
                raise ValueError
            return text
        self.edit(path, change)

    def maintain(self, path):
        entry = r"^(SNIA SDXI\n(?:[MF]: .*\n)+)"
        self.edit("MAINTAINERS", lambda text: text)
        if not re.search(entry, self.text["MAINTAINERS"], re.M):
            self.put("MAINTAINERS", r"^(DMAdev Drivers\n-+\n(?:.*\n)+?)(?=\n\n)",
                     rf"\1\nSNIA SDXI\nM: {self.who}\n")
        self.put("MAINTAINERS", entry, rf"\1F: {path}\n")

    def contributor(self):
        self.edit(".mailmap", lambda text: text)
        if self.text[".mailmap"] and self.who not in self.text[".mailmap"]:
            self.sort_in(".mailmap", self.who, r"[^#].*<.*")

    def came(self, path):
        """List a file that is new in the tree."""
        folder, name = path.rsplit("/", 1)
        if name == "meson.build":
            self.sort_in("drivers/dma/meson.build", f"        '{Path(folder).name}',",
                         r"        '\w+',")
            self.maintain(folder + "/")
        elif name.endswith(".rst"):
            self.sort_in(f"{GUIDES}/index.rst", f"   {name[:-4]}", r"   [a-z]\w+")
            self.maintain(path)
        elif path == TEST:
            self.maintain(path)
            # A list of files and one of tests, or since 23.11 a table of what each file needs.
            self.put("app/test/meson.build", r"^( *)'test_dmadev_api\.c'(,|: .*)$",
                     lambda m: f"{m[0]}\n{m[1]}'{name}'" +
                     ("," if m[2] == "," else ": ['dma_sdxi_emu', 'dmadev'],"))
            if "'dmadev_autotest'," in self.text["app/test/meson.build"]:
                self.put("app/test/meson.build", r"^( *)'dmadev_autotest',$",
                         r"\g<0>\n\1'dmadev_sdxi_autotest',")
        elif name == "sdxi_structures.svg":
            self.maintain(f"{GUIDES}/img/sdxi_*")
        if name == "sdxi.rst":
            self.put(self.notes, r"(\n*)\n\n(?=Removed Items\n-)", r"""

* **Added SDXI DMA driver.**

  Added a dmadev driver for PCI functions, of any vendor, that implement
  the Smart Data Accelerator Interface (SDXI) of SNIA.

  See the :doc:`../dmadevs/sdxi` guide for more details on this new driver.


""")
        elif name == "sdxi_emu.rst":
            self.put(self.notes, r"^(  the Smart Data Accelerator Interface \(SDXI\) of SNIA)\.$",
                     r"\1,\n  and for an emulated function which needs no hardware.")

    def devbind(self):
        """Find functions by base class and sub-class; on FreeBSD, 26.07 keeps the former only."""
        path = "usertools/dpdk-devbind.py"
        self.put(path, r"^(acceleration_class = \{'Class': '12)'", r"\g<1>00'")
        self.put(path, r"^(?=virtio_blk = )",
                 "sdxi_class = {'Class': '1201', 'Vendor': None, 'Device': None,\n"
                 "              'SVendor': None, 'SDevice': None}\n\n")
        self.put(path, r"^(dma_devices = \[[^]]*)\]", r"\1,\n               sdxi_class]")
        self.put(path, r'dev\["Class"\]\[0:2\] == (devices_type\[i\]\["Class"\])',
                 r'dev["Class"].startswith(\1)')
        if "init_devices_cache_bsd" in self.text[path]:
            self.put(path, r"first 2 hex digits \(class part\)",
                     "first 4 hex digits (class and sub-class)")
            self.put(path, r"value\[2:4\]  #.*", 'value[2:6]  # e.g., "0200" from "0x020000"')
            self.put(path, r'if class_code == "02"', 'if class_code.startswith("02")')


def main(tree, parts, out, name, email):
    """Write each patch of some parts as a message and the files that it changes."""
    tree, root, parts = Path(tree), Path(__file__).resolve().parent.parent, parts.split(",")
    lists = Lists(tree, f"{name} <{email}>")
    lists.contributor()
    year, month = (int(x) for x in (tree / "VERSION").read_text().split(".")[:2])
    before = {}
    for number, (patch, files) in enumerate(
            states(root, root / "devtools/export-series.txt", year * 100 + month)):
        if patch.part not in parts:
            continue
        if patch.part == "devbind":
            files = {}
            lists.devbind()
        for path in sorted(files.keys() - before.keys(), key=lambda x: (x.startswith("doc"), x)):
            lists.came(path)
        folder = Path(out) / f"{number:02}"
        for path, text in {**files, **lists.text}.items():
            if text and before.get(path) != text:
                where = folder / "tree" / path
                where.parent.mkdir(parents=True, exist_ok=True)
                where.write_text(text)
        before = {**files, **lists.text}
        message = "\n".join(patch.message).strip()
        (folder / "message").write_text(f"{message}\n\nSigned-off-by: {name} <{email}>\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
