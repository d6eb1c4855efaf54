/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_LOCK_H_
#define _SDXI_LOCK_H_

/** @file A lock in memory that processes share, which survives a holder that dies. */

#include <errno.h>
#include <pthread.h>

struct sdxi_lock {
	pthread_mutex_t mutex;
};

/** Nobody may hold it. */
static inline int
sdxi_lock_init(struct sdxi_lock *lock)
{
	pthread_mutexattr_t attr;
	int ret;

	ret = pthread_mutexattr_init(&attr);
	if (ret != 0)
		return -ret;
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	ret = pthread_mutex_init(&lock->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return -ret;
}

/**
 * @return 0 if it was free, 1 if its holder has died, and it is held in both cases; -EBUSY.
 */
static inline int
sdxi_lock_try(struct sdxi_lock *lock)
{
	int ret = pthread_mutex_trylock(&lock->mutex);

	if (ret == EOWNERDEAD) {
		pthread_mutex_consistent(&lock->mutex);
		return 1;
	}
	return -ret;
}

static inline void
sdxi_lock_release(struct sdxi_lock *lock)
{
	pthread_mutex_unlock(&lock->mutex);
}

#endif /* _SDXI_LOCK_H_ */
