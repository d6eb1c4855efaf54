/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * An SDXI function on QEMU's PCI Express buses: -device sdxi,...
 *
 * The function is the emulation core's; here are its registers and doorbells on the bus, its way to
 * memory, its interrupts, its resets and the engine that lets it work. All of it runs under QEMU's
 * big lock, and the core in the engine alone, never in an access to a register. What the function
 * reads and writes is RAM and nothing else. But its interrupts may go anywhere, to the function
 * itself for instance, and are therefore sent when the core has returned; and so may what an IOMMU
 * has to say of an access that it refuses, which is while the core is at work: what resets or
 * removes the function then has no further access made, and is done when the core has returned.
 */

#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/rcu.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "exec/memory.h"
#include "hw/pci/msix.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_sriov.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "sysemu/runstate.h"

#include "sdxi_emu.h"
#include "sdxi_emu_hw.h"

#define TYPE_SDXI_PCI "sdxi"

/* A PCI function. Its names are of QEMU's experimental vendor: software goes by the class. */
#define VENDOR_ID	PCI_VENDOR_ID_QEMU
#define DEVICE_ID	0x5d71
#define BAR_MSIX	4
#define BAR_MMIO_LEN	0x40000
#define BAR_LEN_MIN	16
#define VECTORS_MAX	2048
#define MSIX_ENTRY_LEN	16
#define ARI_OFF		0x100
#define SRIOV_OFF	0x120
#define VF_OFFSET	1
#define VF_STRIDE	1

/* What the function does in one call of the core, and for how long before others have a turn. */
#define ENGINE_BUDGET	8
#define ENGINE_SLICE_NS	(500 * SCALE_US)
#define ENGINE_GAP_NS	(100 * SCALE_US)
/* When a function that waits is looked at again: at first, and at last. */
#define ENGINE_WAIT_MIN	(10 * SCALE_US)
#define ENGINE_WAIT_MAX	(1 * SCALE_MS)

/* The longest that registers may be absent after a function-level reset, in ms. */
#define FLR_MS_MAX	60000

OBJECT_DECLARE_SIMPLE_TYPE(sdxi_pci, SDXI_PCI)

/* What properties say. */
struct sdxi_pci_props {
	uint16_t vendor_id;
	uint16_t device_id;
	uint32_t max_cxt;
	uint64_t max_ring;
	uint64_t max_buffer;
	uint64_t db_stride;
	char *error;
	char *freedom;
	uint64_t seed;
	uint32_t vectors;
	bool flr;
	uint32_t flr_ms;
	char *flr_reads;
	uint32_t sriov_vfs;
	uint64_t bar_mmio_len;
	uint64_t bar_db_len;
	bool stuck;
};

struct sdxi_pci {
	PCIDevice parent_obj;

	struct sdxi_pci_props props;
	/* Text of the faults that are injected behind every reset. */
	char *fault;

	struct sdxi_emu *emu;
	struct sdxi_emu_conf conf;
	MemoryRegion bar_mmio;
	MemoryRegion bar_db;
	MemoryRegion bar_msix;

	QEMUBH *bh;
	QEMUTimer *timer;
	int64_t wait_ns;
	/* Registers and doorbells are absent until then, and registers read as ones or as zeros. */
	int64_t absent_until;
	bool absent_ones;
	/* Vectors that the core has raised since it was called. */
	GArray *raised;
	/* The core is at work, and what has come in between: the function was reset, or removed. */
	bool running;
	bool reset_due;
	bool gone;
};

/* ---- memory ---- */

/* For the core to return without further accesses. */
static bool
is_cut_off(const struct sdxi_pci *s)
{
	return s->reset_due || s->gone;
}

/*
 * RAM at an address of the function's address space, and in @p len how much of it lies in one
 * piece, at most what it was; NULL: there is none. For the time that RCU's lock is held. An IOMMU
 * that refuses may let the guest do what it likes to the function.
 */
static uint8_t *
dma_ram(struct sdxi_pci *s, uint64_t iova, hwaddr *len, bool is_write, MemoryRegion **mr)
{
	hwaddr off;

	if (is_cut_off(s))
		return NULL;
	*mr = address_space_translate(pci_get_address_space(PCI_DEVICE(s)), iova, &off, len,
				      is_write, MEMTXATTRS_UNSPECIFIED);
	if (is_cut_off(s))
		return NULL;
	if (memory_access_is_direct(*mr, is_write))
		return (uint8_t *)memory_region_get_ram_ptr(*mr) + off;
	qemu_log_mask(LOG_GUEST_ERROR, "sdxi %s: no RAM to %s at 0x%" PRIx64 "\n",
		      PCI_DEVICE(s)->name, is_write ? "write" : "read", iova);
	return NULL;
}

/* It has been written: its dirty bits, and code that was translated from it. */
static void
dma_written(struct sdxi_pci *s, MemoryRegion *mr, void *ram, hwaddr len)
{
	/* Unmapping does both, and drops the reference that mapping would have taken. */
	memory_region_ref(mr);
	address_space_unmap(pci_get_address_space(PCI_DEVICE(s)), ram, len, true, len);
}

static bool
wraps(uint64_t iova, size_t len)
{
	return iova + (len - 1) < iova;
}

static enum sdxi_emu_mem
dma_read(void *opaque, uint64_t iova, void *buf, size_t len)
{
	uint8_t *out = buf;
	const uint8_t *ram;
	MemoryRegion *mr;
	hwaddr part;

	if (wraps(iova, len))
		return SDXI_EMU_MEM_FAULT;
	for (; len > 0; len -= part, iova += part, out += part) {
		part = len;
		ram = dma_ram(opaque, iova, &part, false, &mr);
		if (ram == NULL)
			return SDXI_EMU_MEM_FAULT;
		memcpy(out, ram, part);
	}
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
dma_write(void *opaque, uint64_t iova, const void *buf, size_t len)
{
	const uint8_t *in = buf;
	MemoryRegion *mr;
	uint8_t *ram;
	hwaddr part;

	if (wraps(iova, len))
		return SDXI_EMU_MEM_FAULT;
	for (; len > 0; len -= part, iova += part, in += part) {
		part = len;
		ram = dma_ram(opaque, iova, &part, true, &mr);
		if (ram == NULL)
			return SDXI_EMU_MEM_FAULT;
		memcpy(ram, in, part);
		dma_written(opaque, mr, ram, part);
	}
	return SDXI_EMU_MEM_OK;
}

/* 8 bytes to be accessed as one; NULL: there are none. */
static uint64_t *
dma_ram64(struct sdxi_pci *s, uint64_t iova, bool is_write, MemoryRegion **mr)
{
	hwaddr len = sizeof(uint64_t);
	uint8_t *ram = dma_ram(s, iova, &len, is_write, mr);

	if (ram == NULL || len < sizeof(uint64_t) || (uintptr_t)ram % sizeof(uint64_t) != 0)
		return NULL;
	return (uint64_t *)(uintptr_t)ram;
}

static enum sdxi_emu_mem
dma_read64(void *opaque, uint64_t iova, uint64_t *val)
{
	MemoryRegion *mr;
	const uint64_t *ram = dma_ram64(opaque, iova, false, &mr);

	if (ram == NULL)
		return SDXI_EMU_MEM_FAULT;
	*val = __atomic_load_n(ram, __ATOMIC_ACQUIRE);
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
dma_write64(void *opaque, uint64_t iova, uint64_t val)
{
	MemoryRegion *mr;
	uint64_t *ram = dma_ram64(opaque, iova, true, &mr);

	if (ram == NULL)
		return SDXI_EMU_MEM_FAULT;
	__atomic_store_n(ram, val, __ATOMIC_RELEASE);
	dma_written(opaque, mr, ram, sizeof(val));
	return SDXI_EMU_MEM_OK;
}

static enum sdxi_emu_mem
dma_copy(void *opaque, uint64_t dst, uint64_t src, size_t len)
{
	MemoryRegion *from_mr, *to_mr;
	const uint8_t *from;
	uint8_t *to;
	hwaddr part;

	if (wraps(src, len))
		return SDXI_EMU_MEM_SRC_FAULT;
	if (wraps(dst, len))
		return SDXI_EMU_MEM_DST_FAULT;
	for (; len > 0; len -= part, src += part, dst += part) {
		part = len;
		from = dma_ram(opaque, src, &part, false, &from_mr);
		if (from == NULL)
			return SDXI_EMU_MEM_SRC_FAULT;
		to = dma_ram(opaque, dst, &part, true, &to_mr);
		if (to == NULL)
			return SDXI_EMU_MEM_DST_FAULT;
		/* Two addresses may be mapped to the same memory. */
		memmove(to, from, part);
		dma_written(opaque, to_mr, to, part);
	}
	return SDXI_EMU_MEM_OK;
}

/* ---- interrupts ---- */

static void
irq_raised(void *opaque, uint16_t vector)
{
	struct sdxi_pci *s = opaque;

	if (vector < s->props.vectors)
		g_array_append_val(s->raised, vector);
	else
		qemu_log_mask(LOG_GUEST_ERROR, "sdxi %s: there is no vector %u\n",
			      PCI_DEVICE(s)->name, vector);
}

/* A message may go anywhere, and reset or remove this very function. */
static void
irqs_send(struct sdxi_pci *s)
{
	uint16_t vector;
	unsigned int i;

	for (i = 0; s->raised != NULL && i < s->raised->len; i++) {
		vector = g_array_index(s->raised, uint16_t, i);
		/* One that is masked stays pending; with MSI-X off there is nothing to tell. */
		if (msix_enabled(PCI_DEVICE(s)))
			msix_notify(PCI_DEVICE(s), vector);
	}
	if (s->raised != NULL)
		g_array_set_size(s->raised, 0);
}

static const struct sdxi_emu_ops emu_ops = {
	.read = dma_read,
	.write = dma_write,
	.read64 = dma_read64,
	.write64 = dma_write64,
	.copy = dma_copy,
	.irq = irq_raised,
};

/* ---- faults ---- */

/* Read faults from text, and inject them, if there is a function to inject them into. */
static bool
faults_inject(struct sdxi_pci *s, const char *text, Error **errp)
{
	g_auto(GStrv) spec = g_strsplit(text, ";", -1);
	const unsigned int n = g_strv_length(spec);
	g_autofree struct sdxi_emu_fault *fault = g_new0(struct sdxi_emu_fault, n + 1);
	char why[256];
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (sdxi_emu_fault_parse(spec[i], &fault[i], why, sizeof(why)) < 0) {
			error_setg(errp, "property fault: '%s': %s", spec[i], why);
			return false;
		}
		if (s->emu != NULL && fault[i].cxt > s->conf.max_cxt) {
			error_setg(errp, "property fault: '%s': contexts are 0 to %u", spec[i],
				   s->conf.max_cxt);
			return false;
		}
	}
	for (i = 0; s->emu != NULL && i < n; i++) {
		if (sdxi_emu_inject(s->emu, &fault[i]) < 0) {
			error_setg(errp, "property fault: '%s': refused by the function", spec[i]);
			return false;
		}
	}
	return true;
}

static char *
fault_get(Object *obj, Error **errp)
{
	return g_strdup(SDXI_PCI(obj)->fault);
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

static bool
is_master(struct sdxi_pci *s)
{
	PCIDevice *pci = PCI_DEVICE(s);

	return (pci_get_word(pci->config + PCI_COMMAND) & PCI_COMMAND_MASTER) && pci->has_power;
}

/*
 * Without bus mastering the function stands still, and goes on when it is given back. It can be
 * reset, and stopped hard: that abandons what is in flight. [I]
 */
static bool
engine_may_run(struct sdxi_pci *s)
{
	const enum sdxi_fn_gsv state =
		SDXI_GET(SDXI_STS0_FN_GSV, sdxi_emu_reg_read(s->emu, SDXI_MMIO_STS0, 8));

	return (is_master(s) || state == SDXI_GSV_STOPG_HD) &&
	       !(s->props.stuck && state == SDXI_GSV_INIT);
}

static void
engine_later(struct sdxi_pci *s, int64_t ns)
{
	timer_mod(s->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + ns);
}

/* Give back what the engine has; the core is not at work. */
static void
engine_free(struct sdxi_pci *s)
{
	timer_free(s->timer);
	qemu_bh_delete(s->bh);
	g_array_free(s->raised, true);
	s->raised = NULL;
	sdxi_emu_destroy(s->emu);
	s->emu = NULL;
}

static void
engine_reset(struct sdxi_pci *s)
{
	timer_del(s->timer);
	qemu_bh_cancel(s->bh);
	g_array_set_size(s->raised, 0);
	sdxi_emu_reset(s->emu);
	/* They were good when the function was made, so that only memory can be short. */
	if (s->fault != NULL)
		faults_inject(s, s->fault, &error_abort);
}

/* Let the core work for a slice, and the function live until it has returned; gives what it did. */
static unsigned int
engine_slice(struct sdxi_pci *s)
{
	const int64_t end = qemu_clock_get_ns(QEMU_CLOCK_REALTIME) + ENGINE_SLICE_NS;
	unsigned int done;

	s->running = true;
	WITH_RCU_READ_LOCK_GUARD() {
		do {
			done = sdxi_emu_run(s->emu, ENGINE_BUDGET);
		} while (done != 0 && !is_cut_off(s) &&
			 qemu_clock_get_ns(QEMU_CLOCK_REALTIME) < end);
	}
	s->running = false;
	return done;
}

static void
engine_turn(struct sdxi_pci *s)
{
	unsigned int done = engine_slice(s);

	if (s->gone) {
		s->gone = false;
		engine_free(s);
		return;
	}
	if (s->reset_due) {
		s->reset_due = false;
		engine_reset(s);
		return;
	}
	if (done != 0) {
		/* Threads that wait for the big lock get it in between. */
		engine_later(s, ENGINE_GAP_NS);
	} else if (sdxi_emu_waits(s->emu)) {
		engine_later(s, s->wait_ns);
		s->wait_ns = MIN(s->wait_ns * 2, ENGINE_WAIT_MAX);
	}
	irqs_send(s);
}

static void
engine_run(void *opaque)
{
	struct sdxi_pci *s = opaque;

	timer_del(s->timer);
	/* The timer's clock stands still with the machine. And never the core within the core. */
	if (!runstate_is_running() || s->running) {
		engine_later(s, 0);
		return;
	}
	if (!engine_may_run(s))
		return;
	object_ref(OBJECT(s));
	engine_turn(s);
	object_unref(OBJECT(s));
}

/* There may be work. */
static void
engine_kick(struct sdxi_pci *s)
{
	s->wait_ns = ENGINE_WAIT_MIN;
	qemu_bh_schedule(s->bh);
}

/* ---- registers and doorbells ---- */

/* Has the function not come back from a function-level reset yet? */
static bool
is_absent(const struct sdxi_pci *s)
{
	return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) < s->absent_until;
}

static uint64_t
mmio_read(void *opaque, hwaddr off, unsigned int size)
{
	struct sdxi_pci *s = opaque;

	if (is_absent(s))
		return s->absent_ones ? UINT64_MAX : 0;
	return sdxi_emu_reg_read(s->emu, off, size);
}

static void
mmio_write(void *opaque, hwaddr off, uint64_t val, unsigned int size)
{
	struct sdxi_pci *s = opaque;

	if (is_absent(s))
		return;
	if (size < 4 || off % size != 0)
		qemu_log_mask(LOG_GUEST_ERROR, "sdxi %s: %u bytes written to register 0x%" PRIx64
			      " are ignored\n", PCI_DEVICE(s)->name, size, (uint64_t)off);
	sdxi_emu_reg_write(s->emu, off, val, size);
	engine_kick(s);
}

/* Any size, anywhere: which have an effect is the core's to say. */
static const MemoryRegionOps mmio_ops = {
	.read = mmio_read,
	.write = mmio_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
	.impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

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

	if (is_absent(s))
		return;
	/* Other stores than those of 8 bytes are none. [I] */
	if (size != sizeof(uint64_t) || off % s->props.db_stride != 0 || cxt > s->conf.max_cxt) {
		qemu_log_mask(LOG_GUEST_ERROR, "sdxi %s: %u bytes written to 0x%" PRIx64
			      " are no doorbell\n", PCI_DEVICE(s)->name, size, (uint64_t)off);
		return;
	}
	sdxi_emu_doorbell(s->emu, cxt, val);
	engine_kick(s);
}

static const MemoryRegionOps db_ops = {
	.read = db_read,
	.write = db_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
	.impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* ---- the function on the bus ---- */

static bool
is_vf(struct sdxi_pci *s)
{
	return pci_is_vf(PCI_DEVICE(s));
}

/* QEMU leaves VFs alone when their number and place in memory change: tell them. */
static void
vfs_remap(PCIDevice *pf)
{
	const uint16_t ctrl = pci_get_word(pf->config + pf->exp.sriov_cap + PCI_SRIOV_CTRL);
	PCIDevice *vf;
	uint16_t cmd;
	int i;

	for (i = 0; i < pcie_sriov_num_vfs(pf); i++) {
		vf = pcie_sriov_get_vf_at_index(pf, i);
		/* Of a VF's own, this bit is read-only. */
		cmd = pci_get_word(vf->config + PCI_COMMAND) & ~PCI_COMMAND_MEMORY;
		if (ctrl & PCI_SRIOV_CTRL_MSE)
			cmd |= PCI_COMMAND_MEMORY;
		pci_set_word(vf->config + PCI_COMMAND, cmd);
		pci_default_write_config(vf, PCI_COMMAND, cmd, 2);
	}
}

static void
vfs_reset(PCIDevice *pf)
{
	uint8_t *cap = pf->config + pf->exp.sriov_cap;
	unsigned int bar;

	if (pf->exp.sriov_cap == 0)
		return;
	pcie_sriov_pf_disable_vfs(pf);
	pci_set_word(cap + PCI_SRIOV_CTRL, 0);
	pci_set_word(cap + PCI_SRIOV_NUM_VF, 0);
	pci_set_word(cap + PCI_SRIOV_SYS_PGSIZE, 1);
	for (bar = SDXI_PCI_BAR_MMIO; bar <= BAR_MSIX; bar += 2)
		pci_set_quad(cap + PCI_SRIOV_BAR + bar * 4, pf->exp.sriov_pf.vf_bar_type[bar]);
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
	/* Bus mastering may have been given back. */
	if (range_covers_byte(off, len, PCI_COMMAND))
		engine_kick(s);
}

static void
sdxi_pci_reset(DeviceState *dev)
{
	struct sdxi_pci *s = SDXI_PCI(dev);
	PCIDevice *pci = PCI_DEVICE(dev);

	/* QEMU leaves the bit set for as long as this takes. */
	s->absent_until = 0;
	if (s->props.flr && pci_get_word(pci->config + pci->exp.exp_cap + PCI_EXP_DEVCTL) &
			    PCI_EXP_DEVCTL_BCR_FLR)
		s->absent_until = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
				  (int64_t)s->props.flr_ms * SCALE_MS;
	vfs_reset(pci);
	if (s->running)
		s->reset_due = true;
	else
		engine_reset(s);
}

static bool
power_of_2_in(uint64_t val, uint64_t min, uint64_t max)
{
	return is_power_of_2(val) && val >= min && val <= max;
}

static bool
size_check(const char *name, uint64_t val, uint64_t min, uint64_t max, Error **errp)
{
	if (power_of_2_in(val, min, max))
		return true;
	error_setg(errp, "property %s: expected a power of two from %" PRIu64 " to %" PRIu64
		   ", found %" PRIu64, name, min, max, val);
	return false;
}

static bool
range_check(const char *name, uint64_t val, uint64_t min, uint64_t max, Error **errp)
{
	if (val >= min && val <= max)
		return true;
	error_setg(errp, "property %s: expected %" PRIu64 " to %" PRIu64 ", found %" PRIu64, name,
		   min, max, val);
	return false;
}

/* One of two words, of which the first is the default; gives whether it is the second. */
static bool
word_check(const char *name, const char *val, const char *first, const char *second,
	   bool *is_second, Error **errp)
{
	*is_second = val != NULL && strcmp(val, second) == 0;
	if (val == NULL || *is_second || strcmp(val, first) == 0)
		return true;
	error_setg(errp, "property %s: expected %s or %s, found '%s'", name, first, second, val);
	return false;
}

static bool
sriov_check(struct sdxi_pci *s, Error **errp)
{
	PCIDevice *pci = PCI_DEVICE(s);
	const unsigned int most = PCI_DEVFN_MAX - 1 - pci->devfn;

	if (s->props.sriov_vfs == 0)
		return true;
	if (pci_bus_is_root(pci_get_bus(pci))) {
		error_setg(errp, "property sriov-vfs: virtual functions need a function behind a "
			   "PCI Express root port, and this one is on the root bus");
		return false;
	}
	return range_check("sriov-vfs", s->props.sriov_vfs, 0, most, errp);
}

/* What properties say, as the core wants it. */
static bool
conf_make(struct sdxi_pci *s, Error **errp)
{
	const struct sdxi_pci_props *p = &s->props;

	sdxi_emu_conf_default(&s->conf);
	if (!range_check("max-cxt", p->max_cxt, 1, UINT16_MAX, errp) ||
	    !size_check("max-ring", p->max_ring, 1024, UINT64_C(1024) << 21, errp) ||
	    !size_check("max-buffer", p->max_buffer, 2 * MiB, 4 * GiB, errp) ||
	    !size_check("db-stride", p->db_stride, SDXI_DB_STRIDE_MIN, SDXI_DB_STRIDE_MIN << 7,
			errp) ||
	    !word_check("error", p->error, "stop", "continue", &s->conf.err_continue, errp) ||
	    !word_check("freedom", p->freedom, "none", "random", &s->conf.freedom, errp) ||
	    !range_check("flr-ms", p->flr_ms, 0, FLR_MS_MAX, errp) ||
	    !word_check("flr-reads", p->flr_reads, "zeros", "ones", &s->absent_ones, errp) ||
	    !range_check("vectors", p->vectors, 1, VECTORS_MAX, errp) || !sriov_check(s, errp))
		return false;
	s->conf.max_cxt = p->max_cxt;
	s->conf.max_ds_ring_sz = ctz64(p->max_ring / 1024);
	s->conf.max_buffer = ctz64(p->max_buffer / (2 * MiB));
	s->conf.db_stride = ctz64(p->db_stride / SDXI_DB_STRIDE_MIN);
	s->conf.seed = p->seed;
	/* A virtual function is one like its physical one, and its sfunc its number. [I] */
	if (is_vf(s)) {
		s->conf.sfunc = 1 + pcie_sriov_vf_number(PCI_DEVICE(s));
		s->conf.seed += s->conf.sfunc;
	}
	return true;
}

/* A VF is as its PF. */
static void
props_inherit(struct sdxi_pci *s)
{
	const struct sdxi_pci *pf = SDXI_PCI(pcie_sriov_get_pf(PCI_DEVICE(s)));

	g_free(s->props.error);
	g_free(s->props.freedom);
	g_free(s->props.flr_reads);
	g_free(s->fault);
	s->props = pf->props;
	s->props.error = g_strdup(pf->props.error);
	s->props.freedom = g_strdup(pf->props.freedom);
	s->props.flr_reads = g_strdup(pf->props.flr_reads);
	s->props.sriov_vfs = 0;
	s->fault = g_strdup(pf->fault);
}

static uint64_t
bar_db_needed(const struct sdxi_pci *s)
{
	return pow2ceil((s->conf.max_cxt + UINT64_C(1)) * s->props.db_stride);
}

static bool
bars_check(struct sdxi_pci *s, Error **errp)
{
	struct sdxi_pci_props *p = &s->props;

	if (p->bar_mmio_len == 0)
		p->bar_mmio_len = BAR_MMIO_LEN;
	if (p->bar_db_len == 0)
		p->bar_db_len = bar_db_needed(s);
	return size_check("x-bar0-size", p->bar_mmio_len, BAR_LEN_MIN, BAR_MMIO_LEN, errp) &&
	       size_check("x-bar2-size", p->bar_db_len, BAR_LEN_MIN, bar_db_needed(s), errp);
}

#define BAR_TYPE (PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_64)

static void
bar_register(struct sdxi_pci *s, int bar, MemoryRegion *mr)
{
	if (is_vf(s))
		pcie_sriov_vf_register_bar(PCI_DEVICE(s), bar, mr);
	else
		pci_register_bar(PCI_DEVICE(s), bar, BAR_TYPE, mr);
}

/* The table, and behind it the bits of what is pending, with half of the BAR each. */
static bool
msix_make(struct sdxi_pci *s, Error **errp)
{
	const uint32_t half = MAX(2048, pow2ceil(s->props.vectors * MSIX_ENTRY_LEN));
	PCIDevice *pci = PCI_DEVICE(s);
	unsigned int i;

	memory_region_init(&s->bar_msix, OBJECT(s), "sdxi-msix", 2 * half);
	if (msix_init(pci, s->props.vectors, &s->bar_msix, BAR_MSIX, 0, &s->bar_msix, BAR_MSIX,
		      half, 0, errp) < 0)
		return false;
	for (i = 0; i < s->props.vectors; i++)
		msix_vector_use(pci, i);
	return true;
}

static void
sriov_make(struct sdxi_pci *s)
{
	PCIDevice *pci = PCI_DEVICE(s);

	pcie_ari_init(pci, ARI_OFF, 0);
	pcie_sriov_pf_init(pci, SRIOV_OFF, TYPE_SDXI_PCI, s->props.device_id, s->props.sriov_vfs,
			   s->props.sriov_vfs, VF_OFFSET, VF_STRIDE);
	pcie_sriov_pf_init_vf_bar(pci, SDXI_PCI_BAR_MMIO, BAR_TYPE,
				  memory_region_size(&s->bar_mmio));
	pcie_sriov_pf_init_vf_bar(pci, SDXI_PCI_BAR_DB, BAR_TYPE, memory_region_size(&s->bar_db));
	pcie_sriov_pf_init_vf_bar(pci, BAR_MSIX, BAR_TYPE, memory_region_size(&s->bar_msix));
}

static bool
emu_make(struct sdxi_pci *s, Error **errp)
{
	int ret = sdxi_emu_create(&s->conf, &emu_ops, s, &s->emu);

	if (ret < 0) {
		error_setg_errno(errp, -ret, "the function cannot be made");
		return false;
	}
	s->raised = g_array_new(false, false, sizeof(uint16_t));
	s->bh = qemu_bh_new(engine_run, s);
	s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, engine_run, s);
	return s->fault == NULL || faults_inject(s, s->fault, errp);
}

/* Also of a function that has not become a whole one. */
static void
sdxi_pci_exit(PCIDevice *pci)
{
	struct sdxi_pci *s = SDXI_PCI(pci);

	if (pci->exp.sriov_cap != 0)
		pcie_sriov_pf_exit(pci);
	msix_uninit(pci, &s->bar_msix, &s->bar_msix);
	if (pci->exp.exp_cap != 0)
		pcie_cap_exit(pci);
	if (s->running)
		s->gone = true;
	else if (s->emu != NULL)
		engine_free(s);
}

static bool
function_make(struct sdxi_pci *s, Error **errp)
{
	PCIDevice *pci = PCI_DEVICE(s);

	if (!conf_make(s, errp) || !bars_check(s, errp) || !emu_make(s, errp))
		return false;
	pci_config_set_vendor_id(pci->config, s->props.vendor_id);
	pci_config_set_device_id(pci->config, s->props.device_id);
	/* There is nothing in IO space that could be enabled. */
	pci_word_test_and_clear_mask(pci->wmask + PCI_COMMAND, PCI_COMMAND_IO);
	if (pcie_endpoint_cap_init(pci, 0) < 0) {
		error_setg(errp, "there is no room for the PCI Express capability");
		return false;
	}
	if (s->props.flr)
		pcie_cap_flr_init(pci);
	memory_region_init_io(&s->bar_mmio, OBJECT(s), &mmio_ops, s, "sdxi-mmio",
			      s->props.bar_mmio_len);
	memory_region_init_io(&s->bar_db, OBJECT(s), &db_ops, s, "sdxi-doorbells",
			      s->props.bar_db_len);
	if (!msix_make(s, errp))
		return false;
	bar_register(s, SDXI_PCI_BAR_MMIO, &s->bar_mmio);
	bar_register(s, SDXI_PCI_BAR_DB, &s->bar_db);
	bar_register(s, BAR_MSIX, &s->bar_msix);
	if (s->props.sriov_vfs != 0)
		sriov_make(s);
	return true;
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
	if (is_vf(s)) {
		props_inherit(s);
		/* The PF says whether its VFs are in memory: vfs_remap(). */
		pci_word_test_and_clear_mask(pci->wmask + PCI_COMMAND, PCI_COMMAND_MEMORY);
		pcie_ari_init(pci, ARI_OFF, 0);
	}
	if (!function_make(s, errp))
		sdxi_pci_exit(pci);
}

static void
sdxi_pci_finalize(Object *obj)
{
	g_free(SDXI_PCI(obj)->fault);
}

static Property sdxi_pci_properties[] = {
	DEFINE_PROP_UINT16("vendor-id", struct sdxi_pci, props.vendor_id, VENDOR_ID),
	DEFINE_PROP_UINT16("device-id", struct sdxi_pci, props.device_id, DEVICE_ID),
	DEFINE_PROP_UINT32("max-cxt", struct sdxi_pci, props.max_cxt, 127),
	DEFINE_PROP_UINT64("max-ring", struct sdxi_pci, props.max_ring, 65536),
	DEFINE_PROP_SIZE("max-buffer", struct sdxi_pci, props.max_buffer, 4 * GiB),
	DEFINE_PROP_SIZE("db-stride", struct sdxi_pci, props.db_stride, SDXI_DB_STRIDE_MIN),
	DEFINE_PROP_STRING("error", struct sdxi_pci, props.error),
	DEFINE_PROP_STRING("freedom", struct sdxi_pci, props.freedom),
	DEFINE_PROP_UINT64("seed", struct sdxi_pci, props.seed, 0),
	DEFINE_PROP_UINT32("vectors", struct sdxi_pci, props.vectors, 4),
	DEFINE_PROP_BOOL("flr", struct sdxi_pci, props.flr, true),
	DEFINE_PROP_UINT32("flr-ms", struct sdxi_pci, props.flr_ms, 0),
	DEFINE_PROP_STRING("flr-reads", struct sdxi_pci, props.flr_reads),
	DEFINE_PROP_UINT32("sriov-vfs", struct sdxi_pci, props.sriov_vfs, 0),
	DEFINE_PROP_SIZE("x-bar0-size", struct sdxi_pci, props.bar_mmio_len, 0),
	DEFINE_PROP_SIZE("x-bar2-size", struct sdxi_pci, props.bar_db_len, 0),
	DEFINE_PROP_BOOL("x-stuck", struct sdxi_pci, props.stuck, false),
	DEFINE_PROP_END_OF_LIST(),
};

/* The core's state is its own. */
static const VMStateDescription sdxi_pci_vmstate = {
	.name = TYPE_SDXI_PCI,
	.unmigratable = 1,
};

static void
sdxi_pci_class_init(ObjectClass *klass, void *data)
{
	PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);
	DeviceClass *dc = DEVICE_CLASS(klass);

	pc->realize = sdxi_pci_realize;
	pc->exit = sdxi_pci_exit;
	pc->config_write = sdxi_pci_config_write;
	pc->class_id = SDXI_PCI_CLASS >> 8;
	dc->reset = sdxi_pci_reset;
	dc->vmsd = &sdxi_pci_vmstate;
	dc->desc = "SDXI function (Smart Data Accelerator Interface)";
	set_bit(DEVICE_CATEGORY_MISC, dc->categories);
	device_class_set_props(dc, sdxi_pci_properties);
	object_class_property_add_str(klass, "fault", fault_get, fault_set);
	object_class_property_set_description(klass, "fault", "Faults to inject, separated by ';'");
}

static const TypeInfo sdxi_pci_info = {
	.name = TYPE_SDXI_PCI,
	.parent = TYPE_PCI_DEVICE,
	.instance_size = sizeof(struct sdxi_pci),
	.instance_finalize = sdxi_pci_finalize,
	.class_init = sdxi_pci_class_init,
	.interfaces = (InterfaceInfo[]){ { INTERFACE_PCIE_DEVICE }, {} },
};

static void
sdxi_pci_register_types(void)
{
	type_register_static(&sdxi_pci_info);
}

type_init(sdxi_pci_register_types)
