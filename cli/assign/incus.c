/* SPDX-License-Identifier: GPL-2.0-or-later */
/* incus.c - commands of Incus, and of LXD with lxc in place of incus */
#include "assign.h"

#include <stdio.h>

#include "cli/cmd.h"

/* Devices of type pci, not gpu: at the guest's end Incus clears driver_override of what type gpu
 * takes along in a slot, and the host's sound driver takes it (device/gpu_physical.go,
 * postStop); of type pci it restores the driver that was there. */
int assign_incus(const struct assign *a)
{
	assign_names(a, "# ");
	puts("# For a virtual machine that is stopped; for LXD, lxc in place of incus.");
	for (unsigned i = 0; i < a->card->n; i++) {
		const struct pci_function *f = a->card->function[i];
		printf("incus config device add GUEST pci-%04x-%02x-%02x-%x pci "
		       "address=%04x:%02x:%02x.%x\n",
		       f->at.domain, f->at.bus, ASSIGN_SLOT(f), ASSIGN_FUNCTION(f),
		       f->at.domain, f->at.bus, ASSIGN_SLOT(f), ASSIGN_FUNCTION(f));
	}
	return CMD_OK;
}
