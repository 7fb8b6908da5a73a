/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cloud_hypervisor.c - an option of cloud-hypervisor's command line: docs/vfio.md there */
#include "assign.h"

#include <stdio.h>

#include "cli/cmd.h"

/* The comments come last, as with QEMU. The guest has each function in a slot of its own. */
int assign_cloud_hypervisor(const struct assign *a)
{
	printf("--device");
	for (unsigned i = 0; i < a->card->n; i++) {
		const struct pci_function *f = a->card->function[i];
		printf(" path=/sys/bus/pci/devices/%04x:%02x:%02x.%x/", f->at.domain, f->at.bus,
		       ASSIGN_SLOT(f), ASSIGN_FUNCTION(f));
	}
	puts("\n# The last words of cloud-hypervisor's command: one --device has all paths.");
	assign_names(a, "# ");
	return CMD_OK;
}
