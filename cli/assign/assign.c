/* SPDX-License-Identifier: GPL-2.0-or-later */
/* assign.c - see assign.h */
#include "assign.h"

#include <stdio.h>
#include <string.h>

#include "runtime/core/driver.h"
#include "ready.h"

const struct assign_form assign_forms[] = {
	{ "libvirt", ASSIGN_MACHINE | ASSIGN_SINGLE | ASSIGN_MDEV, 10, 1, 255, false,
	  "XML for the domain", assign_libvirt },
	{ "qemu", ASSIGN_MACHINE | ASSIGN_MDEV, 10, 1, 255, false,
	  "options of the command line, quoted for a shell", assign_qemu },
	{ "container", ASSIGN_MACHINE, 10, 1, 255, false,
	  "a compose file for QEMU in a container", assign_container },
	{ "proxmox", ASSIGN_MACHINE | ASSIGN_MAPPING, 0, 0, 15, false,
	  "a line of VMID.conf", assign_proxmox },
	{ "kubevirt", 0, 0, 0, 0, true,
	  "YAML for the KubeVirt object and for the guest", assign_kubevirt },
	{ "ravada", ASSIGN_POOL | ASSIGN_MDEV, 0, 0, 0, false,
	  "SQL that adds a host device", assign_ravada },
	{ "incus", 0, 0, 0, 0, true,
	  "commands, also for LXD", assign_incus },
	{ "cloud-hypervisor", 0, 0, 0, 0, false,
	  "an option of the command line", assign_cloud_hypervisor },
	{ NULL, 0, 0, 0, 0, false, NULL, NULL },
};

/* It is the one that the function has on the host, as drivers of one card find each other by
 * that. Functions are counted from 0 where the card begins elsewhere, as no guest looks for
 * others in a slot without function 0, and where the card has more than one slot. */
unsigned assign_number(const struct card *card, unsigned i)
{
	bool same = !ASSIGN_FUNCTION(card->function[0]);

	for (unsigned k = 1; k < card->n; k++)
		same &= pci_same_slot(&card->function[k]->at, &card->function[0]->at);
	return same ? ASSIGN_FUNCTION(card->function[i]) : i;
}

void assign_names(const struct assign *a, const char *before)
{
	char line[3 * HOST_NAME_MAX], class[HOST_NAME_MAX], name[HOST_NAME_MAX];

	for (unsigned i = 0; i < a->card->n; i++) {
		const struct pci_function *f = a->card->function[i];
		text_make(line, sizeof(line), "%pa [%pi] %s: %s", &f->at, f,
			  host_class(a->host, f, class), host_name(a->host, f, name));
		for (char *p = line; (p = strstr(p, "--")); p++)
			p[1] = ' ';
		printf("%s%s\n", before, line);
	}
}

void assign_mdev_name(const struct assign *a, const char *before)
{
	printf("%sMediated device %s%s%s%s%s\n", before, a->mdev->uuid,
	       *a->mdev->type ? " (" : "", a->mdev->type, *a->mdev->type ? ")" : "",
	       a->card->n ? " of" : "");
	assign_names(a, before);
}

const char *assign_driver(const struct assign *a, const struct pci_function *f)
{
	return driver_is_vfio(f->driver) ? f->driver : ready_planned(a->host, f);
}

bool assign_has_variant(const struct assign *a)
{
	for (unsigned i = 0; i < a->card->n; i++)
		if (strcmp(assign_driver(a, a->card->function[i]), "vfio-pci") != 0)
			return true;
	return false;
}

void assign_each_group(const struct assign *a, void (*print)(unsigned group))
{
	for (unsigned i = 0; i < a->card->n; i++) {
		int32_t group = a->card->function[i]->group;
		bool again = false;
		for (unsigned k = 0; k < i; k++)
			again |= a->card->function[k]->group == group;
		if (!again)
			print((unsigned)group);
	}
}
