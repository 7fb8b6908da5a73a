/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evidence.h - what this machine has to say of a message, one function each kind of evidence. */
#pragma once

#include "explain.h"

/* Returns the function that the message is about, by its address or group; NULL, which is in the
 * evidence if the message has one of them: this machine has none. */
const struct pci_function *evidence_function(struct explanation *f);

/* "0000:01:00.0 [1002:6608]", in one of four buffers that are used in turn. */
const char *evidence_name(const struct pci_function *f);

/* Calls look() for the function of the message, or if it has none for each that is or will be on
 * a driver for guests. */
void evidence_each(struct explanation *f, void (*look)(struct explanation *f,
						    const struct pci_function *function));

/* A file of the machine, without its last newline; NULL: it cannot be read. To be freed. */
char *evidence_read(const struct explanation *f, const char *path);

/* evidence_group.c: members of IOMMU groups, who uses them, their files in /dev/vfio */
evidence_fn evidence_group, evidence_user, evidence_node, evidence_driver;
/* evidence_memory.c: memory of a function: who holds it, ROM, boot display */
evidence_fn evidence_bar, evidence_bar_space, evidence_rom, evidence_display;
/* evidence_reset.c: resets, power, interrupts */
evidence_fn evidence_reset, evidence_power, evidence_interrupt;
/* evidence_host.c: IOMMU, modules, limits of the host */
evidence_fn evidence_iommu, evidence_remapping, evidence_reserved, evidence_memlock,
	evidence_entries, evidence_module, evidence_kvm;
