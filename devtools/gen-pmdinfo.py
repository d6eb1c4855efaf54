#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
"""Write the C file with what DPDK's dpdk-pmdinfo.py tells of a driver, from the driver's objects.

In a DPDK tree DPDK's own build does this. It leaves the classes of a PCI table out, and the vendor
and device of one that matches by class say nothing: here they are told as "pci_class".
"""

import argparse
import json
import re
import struct
import sys

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

CLASS_ANY = 0xFFFFFF


class Object:
    """An object file, and the variables in it."""

    def __init__(self, file):
        self.elf = ELFFile(file)
        self.symbols = {
            symbol.name: symbol
            for section in self.elf.iter_sections()
            if isinstance(section, SymbolTableSection)
            for symbol in section.iter_symbols()
            if symbol["st_info"]["type"] == "STT_OBJECT"
        }

    def value(self, name):
        """The bytes of a variable."""
        symbol = self.symbols[name]
        begin = symbol["st_value"]
        data = self.elf.get_section(symbol["st_shndx"]).data()
        return data[begin : begin + symbol["st_size"]]

    def string(self, name):
        """A string up to its end, whatever a sanitizer has put behind it."""
        return self.value(name).split(b"\0")[0].decode("ascii")

    def pci_table(self, name):
        """The entries of an array of struct rte_pci_id; the last one has no vendor."""
        layout = struct.Struct(("<" if self.elf.little_endian else ">") + "IHHHH")
        data = self.value(name)
        entries = []
        for entry in layout.iter_unpack(data[: len(data) // layout.size * layout.size]):
            if entry[1] == 0:
                return entries
            entries.append(entry)
        raise ValueError(f"{name}: no last entry")


def drivers_of(obj):
    """What rte_dev.h's macros have left in an object."""
    for symbol in obj.symbols:
        if not re.fullmatch(r"this_pmd_name\d+", symbol):
            continue
        name = obj.string(symbol)
        driver = {"name": name}
        for key, suffix in (("params", "param_string_export"), ("kmod", "kmod_dep_export")):
            if f"__{name}_{suffix}" in obj.symbols:
                driver[key] = obj.string(f"__{name}_{suffix}")
        table = []
        if f"__{name}_pci_tbl_export" in obj.symbols:
            table = obj.pci_table(obj.string(f"__{name}_pci_tbl_export"))
        driver["pci_ids"] = [entry[1:] for entry in table]
        classes = [f"{entry[0]:06x}" for entry in table if entry[0] != CLASS_ANY]
        if classes:
            driver["pci_class"] = classes
        yield driver


def main():
    """Read the objects, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", help="C file to write")
    parser.add_argument("objects", nargs="+", help="object files of the driver")
    args = parser.parse_args()

    drivers = []
    for path in args.objects:
        with open(path, "rb") as file:
            drivers += drivers_of(Object(file))
    if not drivers:
        sys.exit("no driver is registered in: " + " ".join(args.objects))
    with open(args.output, "w", encoding="ascii") as file:
        for driver in drivers:
            # The reader takes it for a string's beginning only behind a byte that is not printable.
            text = "\\0PMD_INFO_STRING= " + json.dumps(json.dumps(driver))[1:-1]
            file.write(
                f"static const char {driver['name']}_pmd_info[] "
                f'__attribute__((used)) = "{text}";\n'
            )


if __name__ == "__main__":
    main()
