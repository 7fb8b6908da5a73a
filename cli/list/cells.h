/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cells.h - the columns of vgapass list, as text and as members of JSON. */
#pragma once

#include "cli/machine/facts.h"
#include "cli/machine/host.h"
#include "cli/machine/users.h"
#include "cli/out/table.h"

/* In the order of JSON: first what every verb says of a function. */
enum list_column {
	LIST_ADDRESS, LIST_ID, LIST_NAME, LIST_DRIVER, LIST_GROUP, LIST_RULE, LIST_TARGET,
	LIST_PLAN, LIST_REASON_CODE, LIST_REASON, LIST_LATE, LIST_BOOT, LIST_USER,
	LIST_CODE, LIST_CLASS,
	LIST_VENDOR, LIST_SUBSYSTEM, LIST_SUBNAME, LIST_REV, LIST_CANDIDATES, LIST_RESET,
	LIST_PATH, LIST_SLOT, LIST_SERIAL, LIST_NUMA, LIST_LINK, LIST_BARS, LIST_ROM, LIST_VFS,
	LIST_VF_OF,
};

extern const struct column list_columns[];

/* What the cells are made of. */
struct list_cells {
	struct host *h;
	const struct columns *columns;
	struct users users; /* these where the column is chosen */
	struct slots slots;
};

/* Reads what is read once for all n functions. cells_end() is needed afterwards. */
void cells_start(struct list_cells *c, struct host *h, const struct columns *columns,
		 const struct pci_function *const *f, unsigned n);
void cells_end(struct list_cells *c);

/* Sets the chosen cells of a line; others cost nothing. */
void cells_set(struct list_cells *c, struct libscols_line *line, const struct pci_function *f);

/* Returns an object with a member for each chosen column. */
json_object *cells_json(struct list_cells *c, const struct pci_function *f);
