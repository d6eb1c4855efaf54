/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * An SDXI function as a PCI Express device of QEMU: BARs, DMA, interrupts, resets and SR-IOV around
 * the emulation core (sdxi_emu.h). All of it runs under the big lock, and the core in a bottom half
 * only, never inside a register access.
 *
 * Two things can come back to the device in the middle of its own work: an interrupt message, which
 * the guest may address to the device itself, and an IOMMU's report of an access that it refused.
 * Messages are therefore sent after the core has returned. A reset or removal that arrives while
 * the core works cuts the core off from memory, and is carried out once the core has returned.
 */

#include "qemu/osdep.h"
#include "qemu/bitmap.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "hw/pci/msi.h"
#include "hw/pci/msix.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pcie.h"
#include "migration/blocker.h"
#include "trace.h"

#include "sdxi_compat.h"
#include "sdxi_emu.h"
#include "sdxi_emu_hw.h"

#define TYPE_SDXI_PCI "sdxi"

/* Drivers match the class: the id is one of QEMU's for experiments. */
#define DEVICE_ID	0x5d71
#define BAR_MSIX	4
#define BAR_TYPE	(PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_64)
#define BAR_MMIO_LEN	0x40000
#define BAR_LEN_MIN	16
#define MSI_VECTORS	32
#define MSIX_VECTORS	2048
#define ARI_OFF		0x100
#define SRIOV_OFF	0x120

/* Work per call of the core, how long the core is called for, and the pause for other threads. */
#define ENGINE_BUDGET	8
#define ENGINE_SLICE_NS	(500 * SCALE_US)
#define ENGINE_GAP_NS	(100 * SCALE_US)
/* Interval at which a function that waits for memory to change is run: first and longest. */
#define ENGINE_WAIT_MIN	(10 * SCALE_US)
#define ENGINE_WAIT_MAX	(1 * SCALE_MS)

OBJECT_DECLARE_SIMPLE_TYPE(sdxi_pci, SDXI_PCI)

/* Properties that a VF takes from its PF as they are. */
struct sdxi_pci_props {
	uint16_t vendor_id, device_id;
	uint32_t max_cxt, vectors, sriov_vfs, flr_ms, sfunc;
	uint64_t max_ring, max_buffer, db_stride, bar_mmio_len, bar_db_len, seed;
	bool flr, stuck;
};

struct sdxi_pci {
	PCIDevice parent_obj;

	struct sdxi_pci_props props;
	char *error, *order, *flr_reads, *cxt_upd, *csr, *read_index;
	char *fault; /* injected after every reset */
	Error *blocker;

	struct sdxi_emu *emu;
	struct sdxi_emu_conf conf;
	MemoryRegion bar_mmio, bar_db, bar_msix;

	QEMUBH *bh;
	QEMUTimer *timer;
	int64_t wait_ns;
	DECLARE_BITMAP(raised, MSIX_VECTORS);
	/* The core is working, and what is due when it has returned; until then, no access. */
	bool running;
	enum { DUE_RESET = 1, DUE_FLR } due;
	bool gone; /* unplugged; accesses on their way in may still arrive */
};

/* The functions of the machine, which find each other by sfunc. */
static GSList *sdxi_pci_all;

/* ---- memory ---- */

/*
 * RAM at an address of the function, and in @p len how much of it is contiguous, at most what it
 * was; NULL: no RAM. Valid while the RCU read lock is held.
 */
static uint8_t *
dma_ram(struct sdxi_pci *s, uint64_t iova, hwaddr *len, bool is_write)
{
	MemoryRegion *mr;
	hwaddr off;

	if (s->due || s->gone || iova + (*len - 1) < iova)
		return NULL;
	mr = address_space_translate(pci_get_address_space(PCI_DEVICE(s)), iova, &off, len,
				     is_write, MEMTXATTRS_UNSPECIFIED);
	/* The IOMMU's report of an access that it refuses may have reset the function. */
	if (s->due || s->gone)
		return NULL;
	if (memory_access_is_direct(mr, is_write, MEMTXATTRS_UNSPECIFIED))
		return (uint8_t *)memory_region_get_ram_ptr(mr) + off;
	trace_sdxi_no_ram(PCI_DEVICE(s)->name, is_write ? "write" : "read", iova);
	return NULL;
}

/* Unmap marks the memory dirty, invalidates translated code, and drops the reference taken here. */
static void
dma_written(struct sdxi_pci *s, void *ram, hwaddr len)
{
	ram_addr_t off;

	memory_region_ref(memory_region_from_host(ram, &off));
	address_space_unmap(pci_get_address_space(PCI_DEVICE(s)), ram, len, true, len);
}

static enum sdxi_emu_mem
dma_rw(struct sdxi_pci *s, uint64_t iova, void *buf, size_t len, bool is_write)
{
	uint8_t *ram, *p = buf;
	hwaddr part;

	for (; len > 0; len -= part, iova += part, p += part) {
		part = len;
		ram = dma_ram(s, iova, &part, is_write);
		if (ram == NULL)
			return SDXI_EMU_MEM_FAULT;
		/* Of a copy, both may be the same RAM. */
		memmove(is_write ? ram : p, is_write ? p : ram, part);
		if (is_write)
			dma_written(s, ram, part);
	}
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
dma_read(void *opaque, uint64_t iova, void *buf, size_t len)
{
	return dma_rw(opaque, iova, buf, len, false);
}

static enum sdxi_emu_mem
dma_write(void *opaque, uint64_t iova, const void *buf, size_t len)
{
	return dma_rw(opaque, iova, (void *)(uintptr_t)buf, len, true);
}

static enum sdxi_emu_mem
dma_rw64(struct sdxi_pci *s, uint64_t iova, uint64_t *val, bool is_write)
{
	hwaddr len = sizeof(*val);
	uint64_t *ram = (void *)dma_ram(s, iova, &len, is_write);

	if (ram == NULL || len < sizeof(*val) || !QEMU_PTR_IS_ALIGNED(ram, sizeof(*val)))
		return SDXI_EMU_MEM_FAULT;
	if (!is_write) {
		*val = __atomic_load_n(ram, __ATOMIC_ACQUIRE);
	} else {
		__atomic_store_n(ram, *val, __ATOMIC_RELEASE);
		dma_written(s, ram, len);
	}
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
dma_read64(void *opaque, uint64_t iova, uint64_t *val)
{
	return dma_rw64(opaque, iova, val, false);
}

static enum sdxi_emu_mem
dma_write64(void *opaque, uint64_t iova, uint64_t val)
{
	return dma_rw64(opaque, iova, &val, true);
}

static enum sdxi_emu_mem
dma_copy(void *opaque, uint64_t dst, uint64_t src, size_t len)
{
	uint8_t *from;
	hwaddr part;

	if (dst + (len - 1) < dst)
		return SDXI_EMU_MEM_DST_FAULT;
	for (; len > 0; len -= part, src += part, dst += part) {
		part = len;
		from = dma_ram(opaque, src, &part, false);
		if (from == NULL)
			return SDXI_EMU_MEM_SRC_FAULT;
		if (dma_rw(opaque, dst, from, part, true) != SDXI_EMU_MEM_OK)
			return SDXI_EMU_MEM_DST_FAULT;
	}
	return SDXI_EMU_MEM_OK;
}

/* ---- interrupts ---- */

static void
irq_raised(void *opaque, uint16_t vector)
{
	struct sdxi_pci *s = opaque;

	trace_sdxi_irq(PCI_DEVICE(s)->name, vector);
	if (vector < s->props.vectors)
		set_bit(vector, s->raised);
}

/* A message may reset or remove this very function. */
static void
irqs_send(struct sdxi_pci *s)
{
	PCIDevice *pci = PCI_DEVICE(s);
	unsigned long vector;

	while ((vector = find_first_bit(s->raised, MSIX_VECTORS)) < MSIX_VECTORS) {
		clear_bit(vector, s->raised);
		/* Both keep a masked vector pending. */
		if (msix_enabled(pci))
			msix_notify(pci, vector);
		else if (msi_enabled(pci) && vector < msi_nr_vectors_allocated(pci))
			msi_notify(pci, vector);
	}
}

static uint64_t
now_ms(void *opaque)
{
	return qemu_clock_get_ms(QEMU_CLOCK_VIRTUAL);
}

static struct sdxi_pci *
function_find(uint16_t sfunc)
{
	const GSList *e;

	for (e = sdxi_pci_all; e != NULL; e = e->next)
		if (((struct sdxi_pci *)e->data)->conf.sfunc == sfunc)
			return e->data;
	return NULL;
}

/* A function without bus mastering, or one that is on its way out, lends no memory. */
static bool
peer_find(void *opaque, uint16_t sfunc, uint64_t *rkey, void **mem)
{
	struct sdxi_pci *s = function_find(sfunc);

	if (s == NULL || s->due ||
	    !(pci_get_word(PCI_DEVICE(s)->config + PCI_COMMAND) & PCI_COMMAND_MASTER))
		return false;
	*rkey = sdxi_emu_reg_read(s->emu, SDXI_MMIO_RKEY, 8);
	*mem = s;
	return true;
}

static const struct sdxi_emu_ops emu_ops = {
	.read = dma_read,
	.write = dma_write,
	.read64 = dma_read64,
	.write64 = dma_write64,
	.copy = dma_copy,
	.irq = irq_raised,
	.now_ms = now_ms,
	.peer = peer_find,
};

/* ---- faults ---- */

/* Read faults from text, all of them before any is injected; without a function, only read them. */
static bool
faults_inject(struct sdxi_pci *s, const char *text, Error **errp)
{
	g_auto(GStrv) spec = g_strsplit(text, ";", -1);
	struct sdxi_emu_fault fault;
	unsigned int i, pass;
	char why[256];

	for (pass = 0; pass < (s->emu == NULL ? 1 : 2); pass++)
		for (i = 0; spec[i] != NULL; i++) {
			if (sdxi_emu_fault_parse(spec[i], &fault, why, sizeof(why)) < 0) {
				error_setg(errp, "property fault: '%s': %s", spec[i], why);
				return false;
			}
			if (pass == 1 && sdxi_emu_inject(s->emu, &fault) < 0) {
				error_setg(errp, "property fault: '%s': too many, or cxt above %u",
					   spec[i], s->conf.max_cxt);
				return false;
			}
		}
	trace_sdxi_fault(PCI_DEVICE(s)->name, text);
	return true;
}

static void
fault_set(Object *obj, const char *text, Error **errp)
{
	struct sdxi_pci *s = SDXI_PCI(obj);

	if (!faults_inject(s, text, errp) || DEVICE(obj)->realized)
		return;
	g_free(s->fault);
	s->fault = g_strdup(text);
}

/* ---- the engine ---- */

/*
 * Without bus mastering the function pauses. It can still be reset, and stopped hard: that abandons
 * what is in flight. [I]
 */
static bool
engine_may_run(struct sdxi_pci *s)
{
	const enum sdxi_fn_gsv state =
		SDXI_GET(SDXI_STS0_FN_GSV, sdxi_emu_reg_read(s->emu, SDXI_MMIO_STS0, 8));
	const uint16_t cmd = pci_get_word(PCI_DEVICE(s)->config + PCI_COMMAND);

	return ((cmd & PCI_COMMAND_MASTER) || state == SDXI_GSV_STOPG_HD) &&
	       !(s->props.stuck && state == SDXI_GSV_INIT);
}

static void
engine_later(struct sdxi_pci *s, int64_t ns)
{
	timer_mod(s->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + ns);
}

/* There may be work. */
static void
engine_kick(struct sdxi_pci *s)
{
	s->wait_ns = ENGINE_WAIT_MIN;
	if (!s->gone)
		qemu_bh_schedule(s->bh);
}

static void
engine_stop(struct sdxi_pci *s)
{
	timer_del(s->timer);
	qemu_bh_cancel(s->bh);
	bitmap_zero(s->raised, MSIX_VECTORS);
}

static void
engine_reset(struct sdxi_pci *s, bool flr)
{
	engine_stop(s);
	sdxi_emu_reset(s->emu);
	if (flr)
		sdxi_emu_flr(s->emu);
	/* These faults were accepted when the function was created, so this does not fail. */
	if (s->fault != NULL)
		faults_inject(s, s->fault, &error_abort);
}

/* Let the core work for a slice of time. */
static void
engine_run(void *opaque)
{
	const int64_t end = qemu_clock_get_ns(QEMU_CLOCK_REALTIME) + ENGINE_SLICE_NS;
	struct sdxi_pci *s = opaque;
	unsigned int done;

	timer_del(s->timer);
	/* The timer's clock stops with the machine. And the core is never entered twice. */
	if (!runstate_is_running() || s->running) {
		engine_later(s, 0);
		return;
	}
	if (!engine_may_run(s))
		return;
	object_ref(OBJECT(s));
	s->running = true;
	WITH_RCU_READ_LOCK_GUARD() {
		do {
			done = sdxi_emu_run(s->emu, ENGINE_BUDGET);
		} while (done != 0 && !s->due && !s->gone &&
			 qemu_clock_get_ns(QEMU_CLOCK_REALTIME) < end);
	}
	s->running = false;
	if (s->gone) {
		engine_stop(s);
	} else if (s->due) {
		engine_reset(s, s->due == DUE_FLR);
	} else if (done != 0) {
		engine_later(s, ENGINE_GAP_NS);
	} else if (sdxi_emu_waits(s->emu)) {
		engine_later(s, s->wait_ns);
		s->wait_ns = MIN(s->wait_ns * 2, ENGINE_WAIT_MAX);
	}
	s->due = 0;
	irqs_send(s);
	object_unref(OBJECT(s));
}

/* ---- registers and doorbells ---- */

static uint64_t
mmio_read(void *opaque, hwaddr off, unsigned int size)
{
	struct sdxi_pci *s = opaque;
	uint64_t val = sdxi_emu_reg_read(s->emu, off, size);

	trace_sdxi_reg_read(PCI_DEVICE(s)->name, off, size, val);
	return val;
}

static void
mmio_write(void *opaque, hwaddr off, uint64_t val, unsigned int size)
{
	struct sdxi_pci *s = opaque;

	trace_sdxi_reg_write(PCI_DEVICE(s)->name, off, size, val);
	sdxi_emu_reg_write(s->emu, off, val, size);
	engine_kick(s);
}

static uint64_t
db_read(void *opaque, hwaddr off, unsigned int size)
{
	return 0;
}

static void
db_write(void *opaque, hwaddr off, uint64_t val, unsigned int size)
{
	struct sdxi_pci *s = opaque;
	const uint64_t cxt = off / s->props.db_stride;
	/* Only 8 bytes at a doorbell's own address ring it. [I] */
	const bool rings = size == sizeof(uint64_t) && off % s->props.db_stride == 0 &&
			   cxt <= s->conf.max_cxt;

	trace_sdxi_doorbell(PCI_DEVICE(s)->name, off, size, val, rings ? "" : ", ignored");
	if (!rings)
		return;
	sdxi_emu_doorbell(s->emu, cxt, val);
	engine_kick(s);
}

/* Accesses of any size and place reach the core, which knows which of them have an effect. */
#define ANY_ACCESS { .min_access_size = 1, .max_access_size = 8, .unaligned = true }
#define BAR_OPS(read_func, write_func) { \
	.read = read_func, .write = write_func, .endianness = DEVICE_LITTLE_ENDIAN, \
	.valid = ANY_ACCESS, .impl = ANY_ACCESS, \
}
static const MemoryRegionOps mmio_ops = BAR_OPS(mmio_read, mmio_write);
static const MemoryRegionOps db_ops = BAR_OPS(db_read, db_write);

/* ---- the function on the bus ---- */

/* QEMU does not remap VFs when SR-IOV's memory space enable or BARs change. */
static void
vfs_remap(PCIDevice *pf)
{
	const uint16_t ctrl = pci_get_word(pf->config + pf->exp.sriov_cap + PCI_SRIOV_CTRL);
	PCIDevice *vf;
	uint16_t cmd;
	int i;

	for (i = 0; i < pcie_sriov_num_vfs(pf); i++) {
		vf = pcie_sriov_get_vf_at_index(pf, i);
		/* Read-only for the guest: see sdxi_pci_realize(). */
		cmd = pci_get_word(vf->config + PCI_COMMAND) & ~PCI_COMMAND_MEMORY;
		if (ctrl & PCI_SRIOV_CTRL_MSE)
			cmd |= PCI_COMMAND_MEMORY;
		pci_set_word(vf->config + PCI_COMMAND, cmd);
		pci_default_write_config(vf, PCI_COMMAND, cmd, 2);
	}
}

static void
sdxi_pci_config_write(PCIDevice *pci, uint32_t off, uint32_t val, int len)
{
	struct sdxi_pci *s = SDXI_PCI(pci);

	pci_default_write_config(pci, off, val, len);
	if (s->props.flr)
		pcie_cap_flr_write_config(pci, off, val, len);
	if (pci->exp.sriov_cap != 0 &&
	    ranges_overlap(off, len, pci->exp.sriov_cap, PCI_EXT_CAP_SRIOV_SIZEOF))
		vfs_remap(pci);
	/* Bus mastering may be back. */
	if (range_covers_byte(off, len, PCI_COMMAND))
		engine_kick(s);
}

static void
sdxi_pci_reset(DeviceState *dev)
{
	struct sdxi_pci *s = SDXI_PCI(dev);
	PCIDevice *pci = PCI_DEVICE(dev);
	/* QEMU leaves the bit set during a function-level reset. */
	const bool is_flr = s->props.flr &&
		(pci_get_word(pci->config + pci->exp.exp_cap + PCI_EXP_DEVCTL) &
		 PCI_EXP_DEVCTL_BCR_FLR);

	trace_sdxi_reset(pci->name, is_flr ? s->props.flr_ms : 0);
	pcie_sriov_pf_reset(pci);
	if (s->running)
		s->due = is_flr ? DUE_FLR : DUE_RESET;
	else
		engine_reset(s, is_flr);
}

static bool
range_check(const char *name, uint64_t val, uint64_t min, uint64_t max, bool power, Error **errp)
{
	if (val >= min && val <= max && (!power || is_power_of_2(val)))
		return true;
	error_setg(errp, "property %s: expected %s%" PRIu64 " to %" PRIu64 ", found %" PRIu64,
		   name, power ? "a power of two from " : "", min, max, val);
	return false;
}

/* One of the core's; a value of NULL leaves the default. */
static bool
conf_set(struct sdxi_pci *s, const char *name, const char *val, Error **errp)
{
	char why[256];

	if (val == NULL || sdxi_emu_conf_parse(&s->conf, name, val, why, sizeof(why)) == 0)
		return true;
	error_setg(errp, "property %s: %s", name, why);
	return false;
}

static bool
conf_set_number(struct sdxi_pci *s, const char *name, uint64_t val, Error **errp)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, val);
	return conf_set(s, name, text, errp);
}

static bool
conf_make(struct sdxi_pci *s, Error **errp)
{
	struct sdxi_pci_props *p = &s->props;
	/* Virtual functions need a root port above their physical one. */
	const unsigned int vfs_max = pci_bus_is_root(pci_get_bus(PCI_DEVICE(s))) ?
				     0 : PCI_DEVFN_MAX - 1 - PCI_DEVICE(s)->devfn;
	uint64_t db_len;

	sdxi_emu_conf_default(&s->conf);
	if (!conf_set_number(s, "max-cxt", p->max_cxt, errp) ||
	    !conf_set_number(s, "max-ring", p->max_ring, errp) ||
	    !conf_set_number(s, "max-buffer", p->max_buffer, errp) ||
	    !conf_set_number(s, "db-stride", p->db_stride, errp) ||
	    !conf_set_number(s, "sfunc", p->sfunc, errp) ||
	    !conf_set_number(s, "seed", p->seed, errp) ||
	    !conf_set_number(s, "flr-ms", p->flr_ms, errp) ||
	    !conf_set(s, "flr-reads", s->flr_reads, errp) ||
	    !conf_set(s, "error", s->error, errp) || !conf_set(s, "order", s->order, errp) ||
	    !conf_set(s, "cxt-upd", s->cxt_upd, errp) || !conf_set(s, "csr", s->csr, errp) ||
	    !conf_set(s, "read-index", s->read_index, errp) ||
	    !range_check("vectors", p->vectors, 1, MSIX_VECTORS, false, errp) ||
	    !range_check(vfs_max != 0 ? "sriov-vfs" : "sriov-vfs, without a root port",
			 p->sriov_vfs, 0, vfs_max, false, errp))
		return false;
	db_len = pow2ceil((p->max_cxt + UINT64_C(1)) * p->db_stride);
	if (p->bar_mmio_len == 0)
		p->bar_mmio_len = BAR_MMIO_LEN;
	if (p->bar_db_len == 0)
		p->bar_db_len = db_len;
	return range_check("x-bar0-size", p->bar_mmio_len, BAR_LEN_MIN, BAR_MMIO_LEN, true, errp) &&
	       range_check("x-bar2-size", p->bar_db_len, BAR_LEN_MIN, db_len, true, errp);
}

/* A VF is like its PF, with a number of its own. */
static void
conf_inherit(struct sdxi_pci *s)
{
	const struct sdxi_pci *pf = SDXI_PCI(pcie_sriov_get_pf(PCI_DEVICE(s)));

	s->props = pf->props;
	s->props.sriov_vfs = 0;
	s->conf = pf->conf;
	s->conf.sfunc = 0;
	s->conf.seed += 1 + pcie_sriov_vf_number(PCI_DEVICE(s));
	g_free(s->fault);
	s->fault = g_strdup(pf->fault);
}

/* MSI-X has a BAR of its own: its table, and the pending bits in the second half. */
static bool
irqs_make(struct sdxi_pci *s, Error **errp)
{
	const uint32_t half = MAX(2048, pow2ceil(s->props.vectors * PCI_MSIX_ENTRY_SIZE));
	PCIDevice *pci = PCI_DEVICE(s);
	unsigned int i;

	memory_region_init(&s->bar_msix, OBJECT(s), "sdxi-msix", 2 * half);
	if (msi_init(pci, 0, MIN(pow2floor(s->props.vectors), MSI_VECTORS), true, true,
		     errp) < 0 ||
	    msix_init(pci, s->props.vectors, &s->bar_msix, BAR_MSIX, 0, &s->bar_msix, BAR_MSIX,
		      half, 0, errp) < 0)
		return false;
	for (i = 0; i < s->props.vectors; i++)
		msix_vector_use(pci, i);
	return true;
}

static bool
sriov_make(struct sdxi_pci *s, Error **errp)
{
	PCIDevice *pci = PCI_DEVICE(s);

	pcie_ari_init(pci, ARI_OFF);
	if (!pcie_sriov_pf_init(pci, SRIOV_OFF, TYPE_SDXI_PCI, s->props.device_id,
				s->props.sriov_vfs, s->props.sriov_vfs, 1, 1,
				errp)) {
		/* No VF is left, and QEMU's exit would look for some. */
		pci->exp.sriov_cap = 0;
		return false;
	}
	pcie_sriov_pf_init_vf_bar(pci, SDXI_PCI_BAR_MMIO, BAR_TYPE, s->props.bar_mmio_len);
	pcie_sriov_pf_init_vf_bar(pci, SDXI_PCI_BAR_DB, BAR_TYPE, s->props.bar_db_len);
	pcie_sriov_pf_init_vf_bar(pci, BAR_MSIX, BAR_TYPE, memory_region_size(&s->bar_msix));
	return true;
}

static bool
function_make(struct sdxi_pci *s, Error **errp)
{
	PCIDevice *pci = PCI_DEVICE(s);
	int ret;

	/* [I] sfunc: a number that no other function of the machine has. */
	if (s->conf.sfunc != 0 && function_find(s->conf.sfunc) != NULL) {
		error_setg(errp, "property sfunc: %u is another function's", s->conf.sfunc);
		return false;
	}
	if (s->conf.sfunc == 0)
		while (function_find(++s->conf.sfunc) != NULL)
			;
	ret = sdxi_emu_create(&s->conf, &emu_ops, s, &s->emu);
	if (ret < 0) {
		error_setg_errno(errp, -ret, "the function cannot be made");
		return false;
	}
	sdxi_pci_all = g_slist_prepend(sdxi_pci_all, s);
	s->bh = qemu_bh_new(engine_run, s);
	s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, engine_run, s);
	error_setg(&s->blocker, "the state of an SDXI function (device sdxi) cannot be migrated");
	if (migrate_add_blocker(&s->blocker, errp) < 0 ||
	    (s->fault != NULL && !faults_inject(s, s->fault, errp)))
		return false;
	pci_config_set_vendor_id(pci->config, s->props.vendor_id);
	pci_config_set_device_id(pci->config, s->props.device_id);
	/* There are no IO ports to enable. */
	pci_word_test_and_clear_mask(pci->wmask + PCI_COMMAND, PCI_COMMAND_IO);
	pcie_endpoint_cap_init(pci, 0);
	if (s->props.flr)
		pcie_cap_flr_init(pci);
	memory_region_init_io(&s->bar_mmio, OBJECT(s), &mmio_ops, s, "sdxi-mmio",
			      s->props.bar_mmio_len);
	memory_region_init_io(&s->bar_db, OBJECT(s), &db_ops, s, "sdxi-doorbells",
			      s->props.bar_db_len);
	if (!irqs_make(s, errp))
		return false;
	pci_register_bar(pci, SDXI_PCI_BAR_MMIO, BAR_TYPE, &s->bar_mmio);
	pci_register_bar(pci, SDXI_PCI_BAR_DB, BAR_TYPE, &s->bar_db);
	pci_register_bar(pci, BAR_MSIX, BAR_TYPE, &s->bar_msix);
	return s->props.sriov_vfs == 0 || sriov_make(s, errp);
}

/* Also of a function that was made in part. */
static void
sdxi_pci_exit(PCIDevice *pci)
{
	struct sdxi_pci *s = SDXI_PCI(pci);

	if (pci->exp.sriov_cap != 0)
		pcie_sriov_pf_exit(pci);
	msix_uninit(pci, &s->bar_msix, &s->bar_msix);
	msi_uninit(pci);
	if (pci->exp.exp_cap != 0)
		pcie_cap_exit(pci);
	s->gone = true;
	sdxi_pci_all = g_slist_remove(sdxi_pci_all, s);
	if (s->emu != NULL)
		engine_stop(s);
	migrate_del_blocker(&s->blocker);
}

static void
sdxi_pci_realize(PCIDevice *pci, Error **errp)
{
	struct sdxi_pci *s = SDXI_PCI(pci);

	if (!pci_bus_is_express(pci_get_bus(pci))) {
		error_setg(errp, "expected a PCI Express bus, found bus '%s'",
			   BUS(pci_get_bus(pci))->name);
		return;
	}
	if (pci_is_vf(pci)) {
		conf_inherit(s);
		/* Whether VFs are in memory is the PF's to say: vfs_remap(). */
		pci_word_test_and_clear_mask(pci->wmask + PCI_COMMAND, PCI_COMMAND_MEMORY);
		pcie_ari_init(pci, ARI_OFF);
	} else if (!conf_make(s, errp)) {
		return;
	}
	if (!function_make(s, errp))
		sdxi_pci_exit(pci);
}

static void
sdxi_pci_finalize(Object *obj)
{
	struct sdxi_pci *s = SDXI_PCI(obj);

	if (s->emu != NULL) {
		timer_free(s->timer);
		qemu_bh_delete(s->bh);
		sdxi_emu_destroy(s->emu);
	}
	g_free(s->fault);
}

static const Property sdxi_pci_properties[] = {
	DEFINE_PROP_UINT16("vendor-id", struct sdxi_pci, props.vendor_id, PCI_VENDOR_ID_QEMU),
	DEFINE_PROP_UINT16("device-id", struct sdxi_pci, props.device_id, DEVICE_ID),
	DEFINE_PROP_UINT32("max-cxt", struct sdxi_pci, props.max_cxt, 127),
	DEFINE_PROP_UINT64("max-ring", struct sdxi_pci, props.max_ring, 65536),
	DEFINE_PROP_SIZE("max-buffer", struct sdxi_pci, props.max_buffer, 4 * GiB),
	DEFINE_PROP_SIZE("db-stride", struct sdxi_pci, props.db_stride, SDXI_DB_STRIDE_MIN),
	DEFINE_PROP_STRING("error", struct sdxi_pci, error),
	DEFINE_PROP_STRING("order", struct sdxi_pci, order),
	DEFINE_PROP_STRING("cxt-upd", struct sdxi_pci, cxt_upd),
	DEFINE_PROP_STRING("csr", struct sdxi_pci, csr),
	DEFINE_PROP_STRING("read-index", struct sdxi_pci, read_index),
	DEFINE_PROP_UINT32("sfunc", struct sdxi_pci, props.sfunc, 0),
	DEFINE_PROP_UINT64("seed", struct sdxi_pci, props.seed, 0),
	DEFINE_PROP_UINT32("vectors", struct sdxi_pci, props.vectors, 64),
	DEFINE_PROP_BOOL("flr", struct sdxi_pci, props.flr, true),
	DEFINE_PROP_UINT32("flr-ms", struct sdxi_pci, props.flr_ms, 0),
	DEFINE_PROP_STRING("flr-reads", struct sdxi_pci, flr_reads),
	DEFINE_PROP_UINT32("sriov-vfs", struct sdxi_pci, props.sriov_vfs, 0),
	DEFINE_PROP_SIZE("x-bar0-size", struct sdxi_pci, props.bar_mmio_len, 0),
	DEFINE_PROP_SIZE("x-bar2-size", struct sdxi_pci, props.bar_db_len, 0),
	DEFINE_PROP_BOOL("x-stuck", struct sdxi_pci, props.stuck, false),
	SDXI_PROPS_END
};

static void
sdxi_pci_class_init(ObjectClass *klass, sdxi_class_data *data)
{
	PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);
	DeviceClass *dc = DEVICE_CLASS(klass);

	pc->realize = sdxi_pci_realize;
	pc->exit = sdxi_pci_exit;
	pc->config_write = sdxi_pci_config_write;
	pc->class_id = SDXI_PCI_CLASS >> 8;
	device_class_set_legacy_reset(dc, sdxi_pci_reset);
	dc->desc = "SDXI function (Smart Data Accelerator Interface)";
	set_bit(DEVICE_CATEGORY_MISC, dc->categories);
	device_class_set_props(dc, sdxi_pci_properties);
	object_class_property_add_str(klass, "fault", NULL, fault_set);
	object_class_property_set_description(klass, "fault", "Faults to inject, separated by ';'");
}

static const TypeInfo sdxi_pci_types[] = { {
	.name = TYPE_SDXI_PCI,
	.parent = TYPE_PCI_DEVICE,
	.instance_size = sizeof(struct sdxi_pci),
	.instance_finalize = sdxi_pci_finalize,
	.class_init = sdxi_pci_class_init,
	.interfaces = (InterfaceInfo[]){ { INTERFACE_PCIE_DEVICE }, {} },
} };
DEFINE_TYPES(sdxi_pci_types)
