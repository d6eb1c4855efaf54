/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _QTEST_H_
#define _QTEST_H_

/**
 * @file
 * A QEMU to be driven from outside, one at a time: its memory, its ports and buses by the qtest
 * protocol, its monitor by QMP, and what a firmware does for PCI functions.
 *
 * It has no CPU that runs and no clock that moves by itself. Whatever goes wrong with QEMU itself
 * fails the test that runs. Nothing is left behind: sockets and memory have no names, and QEMU dies
 * with the test program.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** QEMU's RAM: from address 0, but for the PC's holes below 1 MiB. */
#define QT_RAM_LEN (UINT64_C(128) << 20)

/** Is there a QEMU to start? The environment's SDXI_QEMU names it. */
bool qt_available(void);

/** Start a QEMU with these arguments, the last one being NULL, beside those that all have. */
void qt_start(const char *const *args);
#define QT_START(...) qt_start((const char *const[]){ __VA_ARGS__, NULL })

/** The same for one that is to refuse its arguments; gives what it said, until the next call. */
const char *qt_refused(const char *const *args);

/**
 * For cmocka's teardown: QEMU still answers, ends well when asked to, and has said nothing. It is
 * gone behind this call, whatever it is found to have done.
 */
int qt_teardown(void **state);

/** @name What CPU 0 would do; sizes are 1, 2, 4 and 8.
 * @{
 */
uint64_t qt_read(uint64_t addr, unsigned int size);
void qt_write(uint64_t addr, uint64_t val, unsigned int size);
/** By accesses of whatever size there is. */
void qt_read_mem(uint64_t addr, void *buf, size_t len);
/** @} */

/** RAM itself. */
void *qt_ram(uint64_t addr, uint64_t len);

/** Let QEMU's clock go on, and its main loop have a look around. */
void qt_step(uint64_t ns);

/** So many steps as nothing that is going to happen needs more. */
void qt_settle(void);

/** A QMP command, and its answer until the next call. */
const char *qt_qmp(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** One that must not fail. */
void qt_qmp_ok(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** Wait for an event, which may have been sent already; each is waited for once. */
void qt_event(const char *name);

/** Reset the machine. */
void qt_system_reset(void);

/** When a loop that waits has to give up, for its body to ask: fails the test then. */
struct qt_wait {
	uint64_t until;
};
void qt_wait_step(struct qt_wait *wait, const char *what);

/** Let QEMU go on until something is so. */
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
	uint64_t bar[QT_BARS];	   /**< where it has been mapped */
	uint64_t bar_len[QT_BARS]; /**< 0: there is none */
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
/** Where a capability is, or 0. */
unsigned int qt_cap(const struct qt_pci *pci, uint8_t id);
unsigned int qt_ext_cap(const struct qt_pci *pci, uint16_t id);

/** Find the BARs' sizes, give them addresses, above 4 GiB where they can be, and enable them. */
void qt_map(struct qt_pci *pci);
/** Give the BARs the addresses again that they had. */
void qt_remap(const struct qt_pci *pci);
/** Addresses that nothing is mapped at. */
uint64_t qt_mmio_alloc(uint64_t len);
void qt_bus_master(const struct qt_pci *pci, bool on);
/** Function-level reset. */
void qt_flr(const struct qt_pci *pci);

/** Give a bridge on bus 0 the bus behind it, and all addresses. */
void qt_bridge(uint8_t devfn, uint8_t bus);

#endif /* _QTEST_H_ */
