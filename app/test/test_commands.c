/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/*
 * Administrative commands that the driver sends in error-free operation, counted by type in the
 * administrative ring: CXT_UPD, never seen to work on hardware, must not be among them.
 */

#include <rte_common.h>

#include "sdxi_internal.h"
#include "test_driver_util.h"

#define VCHANS 4

/* Counts commands since the activation, before the ring wraps: the function clears only vl. */
static void
expect_commands(const struct sdxi_dev *dev, unsigned int starts, unsigned int stops)
{
	unsigned int count[256] = { 0 }, i;

	assert_in_range(dev->admin_index, 1, dev->admin.ring_sz - 1);
	for (i = 0; i < dev->admin_index; i++) {
		const uint8_t *dsc = (const uint8_t *)&dev->admin.desc[i];

		assert_int_equal(dsc[2], 2);
		count[dsc[1]]++;
	}
	for (i = 0; i < RTE_DIM(count); i++)
		assert_int_equal(count[i], i == 3 ? starts : i == 4 || i == 6 ? stops : 0);
}

static void
test_no_errors(void **state)
{
	const int16_t id = td_probe(TD_NAME(0), *state);
	const struct sdxi_dev *dev = rte_dma_fp_objs[id].dev_private;
	unsigned int round, i;

	for (round = 0; round < 3; round++) {
		td_up(id, VCHANS, 64);
		expect_commands(dev, 1, 0);
		for (i = 0; i < 10 * VCHANS; i++)
			td_one_copy(id, i % VCHANS, i / VCHANS);
		expect_commands(dev, 1, 0);
		assert_int_equal(rte_dma_stop(id), 0);
		expect_commands(dev, 1, 1);
	}
}

int
main(int argc, char **argv)
{
	char order[] = "order=random", in[] = "order=in";
	const struct CMUnitTest tests[] = {
		TD_TEST_WITH(test_no_errors, "in order", in),
		TD_TEST_WITH(test_no_errors, "random order", order),
	};

	RTE_SET_USED(argc);
	if (!td_eal_init_linked(argv[0], 64))
		return 1;
	return TD_RUN("commands", tests, NULL);
}
