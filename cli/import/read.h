/* SPDX-License-Identifier: GPL-2.0-or-later */
/* read.h - what other ways to keep functions for guests say on this machine, and where. */
#pragma once

#include "cli/machine/host.h"

enum finding_kind {
	FOUND_ID,        /* an ID as vfio-pci.ids= takes it */
	FOUND_ADDRESS,   /* 0000:01:00.0, or 01:00.0|10de:1b81 of Unraid */
	FOUND_QUBES,     /* 01_00.0, or a path below bridges, 00_1c.0-00_00.0 */
	FOUND_BLACKLIST, /* modules, with commas between */
	FOUND_LINE,      /* nothing but what can be deleted */
};

#define FINDING_ITEM_MAX 256
#define FINDING_PLACE_MAX 160

struct finding {
	enum finding_kind kind;
	unsigned line;   /* 0: the file as a whole */
	char file[128];  /* "" for the kernel command line of now */
	char what[512];  /* that can be deleted: as it stands there, or how it is done */
	char item[FINDING_ITEM_MAX];   /* of it, what kind is about */
	char driver[64]; /* that it binds, "" for vfio-pci */
	bool left_out;   /* no rule does what it does, so it has to stay: for the caller */
};

#define FINDINGS_MAX 1024

struct findings {
	unsigned n; /* counted all, kept up to FINDINGS_MAX */
	unsigned unread; /* files that are there and could not be read */
	struct finding finding[FINDINGS_MAX];
};

/* Reads the kernel command line and where it comes from (GRUB, kernel-install), modprobe.d,
 * lists of modules, driverctl, and what Unraid and TrueNAS keep, in this order but for the
 * first, which comes last. Files that are not there say nothing; those
 * that cannot be read are said. */
void import_read(const struct host *h, struct findings *ret);

/* "/etc/default/grub:9", or in words. */
const char *finding_place(const struct finding *f, char buf[FINDING_PLACE_MAX]);

/* Prints what of the findings can be deleted when the plan in h->run holds: but for what was
 * left out, and blacklists of modules that want none of the functions taken. */
void import_advise(struct host *h, const struct findings *found);
