/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_VDEV_MP_H_
#define _SDXI_VDEV_MP_H_

/**
 * @file
 * What the processes share of an emulated function, which lives in the primary one: its doorbells,
 * to which all of them store, and a mailbox for what else the others ask of it.
 *
 * The function is gone for good, for the other processes, as soon as its thread has ended, in
 * whatever way: it then writes nothing any more, its registers read as all ones, as those of a
 * device that has left the bus do, and what is written to them is lost.
 */

#include <stdbool.h>
#include <stddef.h>

#include <rte_eal.h>

#include "sdxi_dev.h"

struct sdxi_vdev_mailbox;

/* The primary process. */

/** The shared memory of one function. */
struct sdxi_vdev_shm {
	int fd;
	struct sdxi_vdev_mailbox *mailbox; /**< at the beginning of the mapping; NULL: none */
	size_t len;			   /**< bytes mapped */
	void *db;			   /**< doorbells */
	size_t db_len;
};

/**
 * Make the memory; that of doorbells which nobody touches costs none.
 *
 * @return 0, or a negative errno that has been logged, with nothing to be freed.
 */
int sdxi_vdev_shm_create(struct sdxi_vdev_shm *shm, const char *name, size_t db_len);

/** Other processes keep their mappings. */
void sdxi_vdev_shm_free(struct sdxi_vdev_shm *shm);

/* To be called by the function's thread. */

/** The function answers from here on, until sdxi_vdev_shm_leave() or the thread's end. */
void sdxi_vdev_shm_enter(struct sdxi_vdev_shm *shm);
void sdxi_vdev_shm_leave(struct sdxi_vdev_shm *shm);

/**
 * Do what another process asks for, if one does. Cheap if not.
 *
 * @param fn
 *   As this process reaches the function.
 */
bool sdxi_vdev_shm_serve(struct sdxi_vdev_shm *shm, const struct sdxi_fn *fn);

/** Name under which the primary process answers sdxi_vdev_remote_attach() over rte_mp. */
#define SDXI_VDEV_MP "dma_sdxi_emu"

/** The device that such a request is about; NULL if it is none. */
const char *sdxi_vdev_mp_device(const struct rte_mp_msg *msg);

/**
 * Answer such a request.
 *
 * @param shm
 *   NULL: there is no such function.
 */
int sdxi_vdev_mp_answer(const struct sdxi_vdev_shm *shm, const void *peer);

/* Secondary processes. */

/** A function that lives in the primary process. */
struct sdxi_vdev_remote {
	char name[RTE_DEV_NAME_MAX_LEN];
	struct sdxi_vdev_mailbox *mailbox;
	size_t len;
	void *db; /**< at the primary's address */
	size_t db_len;
};

/** opaque is a struct sdxi_vdev_remote. */
extern const struct sdxi_fn_ops sdxi_vdev_remote_ops;

/**
 * Find a function in the primary process.
 *
 * @return 0, or a negative errno that has been logged.
 */
int sdxi_vdev_remote_attach(const char *name, struct sdxi_vdev_remote **remote);
void sdxi_vdev_remote_detach(struct sdxi_vdev_remote *remote);

#endif /* _SDXI_VDEV_MP_H_ */
