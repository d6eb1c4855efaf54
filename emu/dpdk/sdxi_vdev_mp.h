/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_VDEV_MP_H_
#define _SDXI_VDEV_MP_H_

/**
 * @file
 * The doorbells of an emulated function, which lives in the primary process: memory that secondary
 * processes map at the same address.
 */

#include <stddef.h>

#include <rte_eal.h>

/** Doorbells as a process has them mapped. */
struct sdxi_vdev_db {
	int fd;	   /**< in the primary process; -1: none */
	void *va;  /**< NULL: not mapped */
	size_t len; /**< bytes */
};

/**
 * Make the memory; pages that nobody touches cost none.
 *
 * @return 0, or a negative errno that has been logged, with nothing to be freed.
 */
int sdxi_vdev_db_create(struct sdxi_vdev_db *db, const char *name, size_t len);

/** Unmap it. Other processes keep their mappings. */
void sdxi_vdev_db_free(struct sdxi_vdev_db *db);

/** Name under which the primary process answers sdxi_vdev_db_attach() over rte_mp. */
#define SDXI_VDEV_MP "dma_sdxi_emu"

/** The device that such a request names; NULL if it is no such request. */
const char *sdxi_vdev_mp_device(const struct rte_mp_msg *msg);

/** Answer such a request. @p db is NULL if there is no such function. */
int sdxi_vdev_mp_answer(const struct sdxi_vdev_db *db, const void *peer);

/**
 * In a secondary process, map the doorbells of a function.
 *
 * @return 0, or a negative errno that has been logged.
 */
int sdxi_vdev_db_attach(struct sdxi_vdev_db *db, const char *name);

#endif /* _SDXI_VDEV_MP_H_ */
