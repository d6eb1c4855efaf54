/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _TEST_VDEV_H_
#define _TEST_VDEV_H_

/** @file Access to the emulated function of a device, for tests with the driver linked in. */

#include <errno.h>

#include <rte_dmadev_pmd.h>

#include "sdxi_internal.h"
#include "sdxi_vdev.h"

/** The function of a device in this process by name, or NULL. */
static inline const struct sdxi_fn *
td_vdev_fn(const char *name)
{
	const int id = rte_dma_get_dev_id_by_name(name);

	return id < 0 ? NULL : &((const struct sdxi_dev *)rte_dma_fp_objs[id].dev_private)->fn;
}

/** sdxi_vdev_call() for a device by name. Returns -ENODEV if it is not in this process. */
static inline int
td_vdev_call(const char *name, void (*call)(struct sdxi_emu *emu, void *arg), void *arg)
{
	const struct sdxi_fn *fn = td_vdev_fn(name);

	if (fn == NULL)
		return -ENODEV;
	sdxi_vdev_call(fn, call, arg);
	return 0;
}

struct td_vdev_injection {
	const struct sdxi_emu_fault *fault;
	int ret;
};

/* Called with the function's locks held: it must not fail the test. */
static inline void
td_vdev_inject_cb(struct sdxi_emu *emu, void *arg)
{
	struct td_vdev_injection *injection = arg;

	if (injection->fault != NULL)
		injection->ret = sdxi_emu_inject(emu, injection->fault);
	else
		sdxi_emu_inject_clear(emu);
}

/** Inject a fault into the function of a device by name; NULL removes all. Returns 0 or -errno. */
static inline int
td_vdev_inject(const char *name, const struct sdxi_emu_fault *fault)
{
	struct td_vdev_injection injection = { .fault = fault };
	const int ret = td_vdev_call(name, td_vdev_inject_cb, &injection);

	return ret != 0 ? ret : injection.ret;
}

#endif /* _TEST_VDEV_H_ */
