/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _TEST_LE_H_
#define _TEST_LE_H_

/** @file
 * Access to the little-endian words of SDXI's tables and descriptors, for tests and fuzzers of the
 * emulated function, which do not use DPDK.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t
le16(uint16_t v)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap16(v) : v;
}

static inline uint32_t
le32(uint32_t v)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(v) : v;
}

static inline uint64_t
le64(uint64_t v)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(v) : v;
}

/* Store a number of any size in native byte order. */
static inline void
number_put(void *at, size_t size, uint64_t val)
{
	const size_t skip = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(val) - size : 0;

	memcpy(at, (const uint8_t *)&val + skip, size);
}

#endif /* _TEST_LE_H_ */
