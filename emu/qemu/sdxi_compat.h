/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

/* sdxi_pci.c is written for QEMU 10.2. This is what 7.2, 10.0 and newer ones have otherwise. */

#if __has_include("hw/core/qdev-properties.h") /* 11.0 */
#include "hw/core/qdev-properties.h"
#else
#include "hw/qdev-properties.h"
#endif

#if __has_include("system/memory.h") /* 10.1 */
typedef const void sdxi_class_data;
#else
typedef void sdxi_class_data;
#endif

#if __has_include("system/runstate.h") /* 10.0 */
#include "system/runstate.h"
#define SDXI_PROPS_END
#else
#include "sysemu/runstate.h"
#define memory_access_is_direct(mr, is_write, attrs) (memory_access_is_direct)(mr, is_write)
#define migrate_add_blocker(reason, errp) migrate_add_blocker(*(reason), errp)
#define migrate_del_blocker(reason) (migrate_del_blocker(*(reason)), error_free(*(reason)))
#define device_class_set_legacy_reset(dc, func) ((dc)->reset = (func))
#define pcie_ari_init(pci, off) (pcie_ari_init)(pci, off, 0)
#define pcie_sriov_pf_init(pci, off, name, id, init_vfs, vfs, first, stride, errp) \
	((pcie_sriov_pf_init)(pci, off, name, id, init_vfs, vfs, first, stride), true)
#define pci_register_bar(pci, bar, type, mr) (pci_is_vf(pci) ? \
	pcie_sriov_vf_register_bar(pci, bar, mr) : pci_register_bar(pci, bar, type, mr))
#define device_class_set_props(dc, props) device_class_set_props(dc, (Property *)(props))
#define SDXI_PROPS_END DEFINE_PROP_END_OF_LIST()

static inline void
pcie_sriov_pf_reset(PCIDevice *pf)
{
	uint8_t *cap = pf->config + pf->exp.sriov_cap;
	unsigned int bar;

	if (pf->exp.sriov_cap == 0)
		return;
	pcie_sriov_pf_disable_vfs(pf);
	pci_set_word(cap + PCI_SRIOV_CTRL, 0);
	pci_set_word(cap + PCI_SRIOV_NUM_VF, 0);
	pci_set_word(cap + PCI_SRIOV_SYS_PGSIZE, 1);
	for (bar = 0; bar < PCI_NUM_REGIONS - 1; bar += 2)
		pci_set_quad(cap + PCI_SRIOV_BAR + bar * 4, pf->exp.sriov_pf.vf_bar_type[bar]);
}
#endif
