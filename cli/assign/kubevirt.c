/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kubevirt.c - YAML for KubeVirt: the cluster's object and the guest */
#include "assign.h"

#include <stdio.h>

#include "cli/cmd.h"

static bool is_display(const struct pci_function *f)
{
	return PCI_CLASS_BASE(f->class) == PCI_BASE_DISPLAY;
}

/* A resource is one function for each IOMMU group (pkg/virt-handler/device-manager), so two
 * of one ID in a group cannot be had together. */
static int check_ids(const struct assign *a)
{
	const struct inventory *inv = &a->host->run.inv;
	char at[64], other[64];

	for (unsigned i = 0; i < a->card->n; i++) {
		const struct pci_function *f = a->card->function[i];
		for (unsigned k = 0; k < inv->functions; k++) {
			const struct pci_function *g = &inv->function[k];
			if (f == g || f->vendor != g->vendor || f->device != g->device)
				continue;
			text_make(at, sizeof(at), "%pa", &f->at);
			text_make(other, sizeof(other), "%pa", &g->at);
			if (f->group == g->group && card_has(a->card, g))
				return cmd_complain("%s: KubeVirt gives out one function of an "
						    "ID in an IOMMU group, not this one with %s: "
						    "use another --for", at, other);
			if (!card_has(a->card, g))
				cmd_complain("%s: KubeVirt chooses by ID: the guest may get %s "
					     "in its place, if that is on vfio-pci", at, other);
		}
	}
	return CMD_OK;
}

static bool is_repeated(const struct card *card, unsigned i)
{
	const struct pci_function *f = card->function[i];

	for (unsigned k = 0; k < i; k++)
		if (card->function[k]->vendor == f->vendor &&
		    card->function[k]->device == f->device)
			return true;
	return false;
}

/* The members of a guest's list "gpus" (the displays) or "hostDevices" (all others). */
static void print_devices(const struct assign *a, const char *list, bool displays)
{
	bool begun = false;

	for (unsigned i = 0; i < a->card->n; i++) {
		const struct pci_function *f = a->card->function[i];
		if (is_display(f) != displays)
			continue;
		if (!begun)
			printf("      %s:\n", list);
		printf("      - name: pci-%04x-%02x-%02x-%x\n        deviceName: "
		       "vgapass/%04x_%04x\n",
		       f->at.domain, f->at.bus, ASSIGN_SLOT(f), ASSIGN_FUNCTION(f), f->vendor,
		       f->device);
		begun = true;
	}
}

static void print_cluster(const struct assign *a)
{
	bool others = false;

	for (unsigned i = 0; i < a->card->n; i++)
		others |= !is_display(a->card->function[i]);
	puts("# For the cluster: kubectl edit -n kubevirt kubevirt kubevirt.");
	if (others)
		puts("# HostDevices must be one of "
		     "configuration.developerConfiguration.featureGates.");
	puts("apiVersion: kubevirt.io/v1\nkind: KubeVirt\n"
	     "metadata:\n  name: kubevirt\n  namespace: kubevirt\n"
	     "spec:\n  configuration:\n    permittedHostDevices:\n      pciHostDevices:");
	for (unsigned i = 0; i < a->card->n; i++) {
		const struct pci_function *f = a->card->function[i];
		if (!is_repeated(a->card, i))
			printf("      - pciVendorSelector: \"%04x:%04x\"\n"
			       "        resourceName: vgapass/%04x_%04x\n",
			       f->vendor, f->device, f->vendor, f->device);
	}
}

int assign_kubevirt(const struct assign *a)
{
	if (check_ids(a))
		return CMD_FAILED;
	assign_names(a, "# ");
	print_cluster(a);
	puts("---\n# For the guest. In a VirtualMachine this spec is below spec.template.");
	if (a->card->n > 1)
		puts("# The guest has each function in a slot of its own: KubeVirt has no choice "
		     "of that.");
	puts("apiVersion: kubevirt.io/v1\nkind: VirtualMachineInstance\n"
	     "spec:\n  domain:\n    devices:");
	print_devices(a, "gpus", true);
	print_devices(a, "hostDevices", false);
	return CMD_OK;
}
