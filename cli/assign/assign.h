/* SPDX-License-Identifier: GPL-2.0-or-later */
/* assign.h - the texts that hand a card to a guest, one file for each software that runs guests.
 *
 * Each text goes to the standard output, with comments that say where to put it.
 */
#pragma once

#include "cli/machine/card.h"
#include "cli/machine/mdev.h"

/* Options of the verb that only some forms have. */
enum assign_option {
	ASSIGN_MACHINE = 1 << 0,
	ASSIGN_SINGLE = 1 << 1,
	ASSIGN_MAPPING = 1 << 2,
	ASSIGN_POOL = 1 << 3,
	ASSIGN_MDEV = 1 << 4,
};

struct assign {
	struct host *host;
	const struct card *card; /* what goes to the guest, of the card that is meant */
	unsigned slot;           /* --guest-slot, or the form's own */
	bool pc;                 /* --machine pc: a guest of i440fx, which has no PCI Express */
	const struct pci_function *single; /* --single: this function alone; NULL: all */
	const char *mapping;     /* --mapping NAME; NULL: none */
	bool pool;               /* --pool: all cards that are equal to this one */
	const struct mdev *mdev; /* --mdev: this share of a card, which is then `card` as far as
				    it is a PCI function; NULL: the card itself */
};

struct assign_form {
	const char *name;                  /* --for NAME */
	unsigned options;                  /* enum assign_option: those that it has */
	unsigned slot, slot_min, slot_max; /* its --guest-slot; slot_max 0: it has none */
	bool only_vfio_pci;                /* it takes no function from a variant driver */
	const char *help;                  /* what is printed, for --help */
	/* Returns CMD_OK, or CMD_FAILED after printing the reason. */
	int (*print)(const struct assign *a);
};

extern const struct assign_form assign_forms[]; /* ends with a NULL name */

/* On a guest's machine pc, slots of its only bus. Below are those of the machine itself. */
#define ASSIGN_PC_SLOT_MIN 3
#define ASSIGN_PC_SLOT_MAX 31

int assign_libvirt(const struct assign *a);
int assign_qemu(const struct assign *a);
int assign_container(const struct assign *a);
int assign_proxmox(const struct assign *a);
int assign_kubevirt(const struct assign *a);
int assign_ravada(const struct assign *a);
int assign_incus(const struct assign *a);
int assign_cloud_hypervisor(const struct assign *a);

/* --- what the forms share */

#define ASSIGN_SLOT(f) ((unsigned)(f)->at.devfn >> 3)
#define ASSIGN_FUNCTION(f) ((unsigned)(f)->at.devfn & 7)

/* The function's number in the guest's slot. */
unsigned assign_number(const struct card *card, unsigned i);

/* Prints "Mediated device UUID (TYPE) of", and the function that it is a share of. */
void assign_mdev_name(const struct assign *a, const char *before);

/* Prints a line "0000:01:00.0 [1002:6608] VGA compatible controller: Oland" for each function.
 * Neither XML nor SQL has "--" in a comment, so no line has it. */
void assign_names(const struct assign *a, const char *before);

/* The driver that gives the function to guests: now, or else after the next boot. */
const char *assign_driver(const struct assign *a, const struct pci_function *f);

/* True: a function is on a variant of vfio-pci, like mlx5_vfio_pci. */
bool assign_has_variant(const struct assign *a);

/* QEMU's options for the card, with `between` in front of each but the first. */
void assign_qemu_words(const struct assign *a, const char *between);

/* Calls `print` once for each IOMMU group of the card. */
void assign_each_group(const struct assign *a, void (*print)(unsigned group));

/* libvirt's XML for function i, without a place in the guest. */
#define ASSIGN_HOSTDEV_MAX 512
const char *assign_hostdev(char buf[ASSIGN_HOSTDEV_MAX], const struct card *card, unsigned i);
