/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _QTEST_H_
#define _QTEST_H_

/** @file
 * Runs one QEMU at a time: accesses its memory, ports and buses through the qtest protocol and its
 * monitor through QMP, and sets up PCI functions as firmware does.
 *
 * The CPU does not run, and the clock advances only on request. A failure of QEMU fails the current
 * test. Sockets and memory have no names, and QEMU exits with the test program, so nothing is left
 * over.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** QEMU's RAM, from address 0 (with the PC's holes below 1 MiB). */
#define QT_RAM_LEN (UINT64_C(128) << 20)

/** Is there a QEMU to start? SDXI_QEMU in the environment names it. */
bool qt_available(void);

/** Start QEMU with these arguments (NULL-terminated) after the default ones. */
void qt_start(const char *const *args);
#define QT_START(...) qt_start((const char *const[]){ __VA_ARGS__, NULL })

/** The same for arguments that QEMU must refuse; returns its output until the next call. */
const char *qt_refused(const char *const *args);

/**
 * cmocka teardown: QEMU must still respond, exit cleanly, and have printed nothing unexpected. It
 * does not run any more after this call, even if a check failed.
 */
int qt_teardown(void **state);

/**
 * @name Accesses as CPU 0 makes them; sizes are 1, 2, 4 and 8.
 * @{
 */
uint64_t qt_read(uint64_t addr, unsigned int size);
void qt_write(uint64_t addr, uint64_t val, unsigned int size);
/** Split into accesses of supported sizes. */
void qt_read_mem(uint64_t addr, void *buf, size_t len);
/** @} */

/** Direct pointer to RAM. */
void *qt_ram(uint64_t addr, uint64_t len);

/** Advance QEMU's clock and run its main loop. */
void qt_step(uint64_t ns);

/** Enough steps for everything pending to happen. */
void qt_settle(void);

/** Execute a QMP command; returns its reply, valid until the next call. */
const char *qt_qmp(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** The same for a command that must succeed. */
void qt_qmp_ok(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** Wait for an event, which may have been received already; each event is matched once. */
void qt_event(const char *name);

/** Reset the machine. */
void qt_system_reset(void);

/** Timeout for loops that wait; fails the test when it expires. */
struct qt_wait {
	uint64_t until;
};
void qt_wait_step(struct qt_wait *wait, const char *what);

/** Run QEMU until a condition holds. */
#define QT_WAIT(cond)                                                                              \
	do {                                                                                       \
		struct qt_wait qt_wait_ = { 0 };                                                   \
		while (!(cond))                                                                    \
			qt_wait_step(&qt_wait_, #cond);                                            \
	} while (0)

#define QT_BARS 6

/** A PCI function. */
struct qt_pci {
	uint8_t bus;
	uint8_t devfn;
	uint64_t bar[QT_BARS];	   /**< where it is mapped */
	uint64_t bar_len[QT_BARS]; /**< 0: BAR not implemented */
	bool bar_64[QT_BARS];
};

#define QT_DEVFN(slot, func) ((slot) << 3 | (func))

/** @name PCI configuration space
 * @{
 */
#define QT_PCI_COMMAND 0x04
#define QT_PCI_MEMORY 0x2
#define QT_PCI_MASTER 0x4
#define QT_PCI_BAR0 0x10
#define QT_PCI_BRIDGE_CTL 0x3e
#define QT_PCI_CAP_MSI 0x05
#define QT_PCI_CAP_MSIX 0x11
#define QT_PCI_CAP_EXP 0x10
#define QT_PCI_EXT_CAP_SRIOV 0x10
/** @} */

uint32_t qt_cfg_read(const struct qt_pci *pci, unsigned int off, unsigned int size);
void qt_cfg_write(const struct qt_pci *pci, unsigned int off, uint32_t val, unsigned int size);
/** Offset of a capability, or 0. */
unsigned int qt_cap(const struct qt_pci *pci, uint8_t id);
unsigned int qt_ext_cap(const struct qt_pci *pci, uint16_t id);

/** Size, assign (above 4 GiB if 64-bit) and enable the BARs. */
void qt_map(struct qt_pci *pci);
/** Restore the previous addresses of the BARs. */
void qt_remap(const struct qt_pci *pci);
/** Allocate MMIO addresses. */
uint64_t qt_mmio_alloc(uint64_t len);
void qt_bus_master(const struct qt_pci *pci, bool on);
/** Function-level reset. */
void qt_flr(const struct qt_pci *pci);

/** Assign a secondary bus and address windows to a bridge on bus 0. */
void qt_bridge(uint8_t devfn, uint8_t bus);

#endif /* _QTEST_H_ */
