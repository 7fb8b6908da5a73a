/* SPDX-License-Identifier: GPL-2.0-or-later */
/* match.h - which functions an item of a setting means. */
#pragma once

#include "cli/machine/host.h"
#include "runtime/core/driver.h"

/* An ID as vfio_pci_fill_ids() reads it (drivers/vfio/pci/vfio_pci.c). */
struct setting_id {
	unsigned vendor, device, subvendor, subdevice; /* SETTING_ID_ANY: any */
	unsigned class, mask;
};

#define SETTING_ID_ANY 0xffffffffu

/* vendor:device[:subvendor[:subdevice[:class[:mask]]]] in hex, any half as ffffffff or "*".
 * False: it is none. */
bool setting_parse_id(struct slice item, struct setting_id *ret);

/* As pci_match_one_device() compares (drivers/pci/pci.h). */
bool setting_id_matches(const struct setting_id *id, const struct pci_function *f);

/* The modalias pattern "pci:v000010DEd00001B81sv*sd*bc03sc00i00*" as an ID. False: it is none. */
bool setting_id_of_alias(struct slice pattern, struct text *id);

enum setting_form {
	FORM_ID,      /* 10de:1b81, with subsystem, class and mask behind it */
	FORM_ADDRESS, /* 0000:01:00.0, 01:00.*, 01:00.0|10de:1b81 of Unraid */
	FORM_PATH,    /* 01_00.0, 00_1c.0-00_00.0 of Qubes */
};

enum setting_form setting_form(struct slice item);

/* The function that an address or a path means. NULL: there is none, and *why. */
const struct pci_function *setting_function(const struct host *h, struct slice item,
					    const char **why);

/* True: one item means the function. */
bool setting_item_means(const struct host *h, struct slice item, const struct pci_function *f);

/* True: the kernel takes the value of a switch for "yes"; one without "=" has none. */
bool settings_turns_on(struct slice value);

/* True: a module of VFIO's, or pci-stub. */
bool settings_is_vfio(struct slice module);

/* True: of those, a module that may take functions by ids=: vfio-pci and its like, pci-stub. */
bool settings_takes_ids(struct slice module);
