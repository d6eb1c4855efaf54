/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _TEST_INJECT_H_
#define _TEST_INJECT_H_

/** @file
 * Fails the n-th allocation of the driver.
 *
 * Only calls of the plugins count: their dynamic symbol slots are redirected, so allocations of EAL
 * and the C library do not fail.
 */

#include <stdbool.h>

/** Whose calls: control operations run in the main thread, a function in its own threads. */
enum inject_whose {
	INJECT_NOBODYS,
	INJECT_MAINS,
	INJECT_OTHERS,
	INJECT_ANYBODYS,
};

/** Which call fails, and what happened. */
struct inject {
	enum inject_whose whose; /**< atomic */
	unsigned int fail;	 /**< atomic: number of the call that fails, from 1 */
	bool on;		 /**< and all calls after it */
	bool zones;		 /**< report physical IOVAs, so that memzones are used */
	unsigned int calls;	 /**< atomic: number of calls */
	unsigned int hits;	 /**< atomic: number of failed calls */
	const char *first;	 /**< name of the first failed function */
	long live;		 /**< atomic: heap blocks held by the driver */
	unsigned int sleeps;	 /**< of the main thread: long waits are made longer */
	unsigned int lines;	 /**< atomic: lines logged by the driver */
};

extern struct inject inject;

/**
 * Redirect the plugins' calls. The calling thread counts as the main thread from now on.
 *
 * @return 0, or -ENOENT (reason on stderr) if there is no plugin, or it calls an unknown allocator.
 */
int inject_begin(void);

/** From now on the call number @p fail fails, and with @p on all calls after it. */
void inject_arm(enum inject_whose whose, unsigned int fail, bool on);
void inject_disarm(void);

/** The errno that the driver returns when @p name fails; 0: it works without. */
int inject_code(const char *name);

#endif /* _TEST_INJECT_H_ */
