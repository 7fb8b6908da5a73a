/* SPDX-License-Identifier: GPL-2.0-or-later */
/* users.h - which guests and processes have functions open now. */
#pragma once

#include "cli/out/json.h"
#include "host.h"

struct user_of {
	const struct pci_function *f;
	long pid;
	char *process;
	char *guest; /* "": it is none, or has no name */
};

struct users {
	bool known; /* false: the open files of some processes cannot be seen */
	size_t n;
	struct user_of *user;
};

/* Finds the users of n functions: of one on a driver for guests, who has its VFIO group or device
 * open; of others, who has what the driver made of it, /dev/dri/card0. It goes once through all
 * processes. users_free() is needed afterwards. */
void users_find(const struct host *h, const struct pci_function *const *f, unsigned n,
		struct users *ret);
void users_free(struct users *u);

/* "guest win11 (pid 812), Xorg (pid 900)", cut where it does not fit; "": there is none. */
const char *users_text(const struct users *u, const struct pci_function *f,
		       char text[HOST_NAME_MAX]);

/* A list of { pid, process, guest }; NULL: none is known, and some processes cannot be seen. */
json_object *users_json(const struct users *u, const struct pci_function *f);
