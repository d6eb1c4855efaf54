/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _TEST_INJECT_H_
#define _TEST_INJECT_H_

/**
 * @file
 * The n-th allocation of the driver's fails.
 *
 * Only the plugins' own calls are counted: those in their tables of what the linker has bound are
 * led here, so EAL's and the C library's own never fail.
 */

#include <stdbool.h>

/** Whose calls: control operations' are the main thread's, the function has threads of its own. */
enum inject_whose {
	INJECT_NOBODYS,
	INJECT_MAINS,
	INJECT_OTHERS,
	INJECT_ANYBODYS,
};

/** What is to fail, and what did. */
struct inject {
	enum inject_whose whose; /**< atomic */
	unsigned int fail;	 /**< atomic: number of the call that fails, from 1 */
	bool on;		 /**< and all after it */
	bool zones;		 /**< IOVAs are said to be physical: memzones are taken */
	unsigned int calls;	 /**< atomic: so far */
	unsigned int hits;	 /**< atomic: those that failed */
	const char *first;	 /**< name of the first one */
	long live;		 /**< atomic: C heap elements that the driver holds */
	unsigned int sleeps;	 /**< of the main thread's: where they last they are made longer */
	unsigned int lines;	 /**< atomic: of the log, the driver's */
};

extern struct inject inject;

/**
 * Lead the plugins' calls here. The calling thread is the main thread from now on.
 *
 * @return
 *   0, or -ENOENT: there is no plugin, or it calls an allocator that is not known here, which is
 *   said on stderr.
 */
int inject_begin(void);

/** From now on the call number @p fail, and with @p on all after it, fails. */
void inject_arm(enum inject_whose whose, unsigned int fail, bool on);
void inject_disarm(void);

/** The errno that the driver passes on when @p name fails; 0: it does without. */
int inject_code(const char *name);

#endif /* _TEST_INJECT_H_ */
