# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
"""Sphinx's settings for the guide by itself; in a DPDK tree, DPDK's are used."""

project = "SDXI for DPDK"
copyright = "2026 The SDXI for DPDK authors"
master_doc = "index"
# As DPDK's guides have it.
highlight_language = "none"
numfig = True
exclude_patterns = []
html_show_sphinx = False
html_copy_source = False
