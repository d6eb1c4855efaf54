/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#ifndef _SDXI_REGS_H_
#define _SDXI_REGS_H_

/* Register offsets from the specification, independent of the driver's. */
#define CTL0	0x00000
#define CTL2	0x00010
#define STS0	0x00100
#define CAP0	0x00200
#define CAP1	0x00208
#define VERSION	0x00210
#define CXT_L2	0x10000
#define RKEY	0x10100
#define ERR_CTL	0x20000
#define ERR_STS	0x20008
#define ERR_CFG	0x20010
#define ERR_WRT	0x20020
#define ERR_RD	0x20028

#endif /* _SDXI_REGS_H_ */
