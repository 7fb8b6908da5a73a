/* SPDX-License-Identifier: GPL-2.0-or-later */
/* members.h - the devices of a class ("net", "input"), and the functions that they lie below. */
#pragma once

#include "runtime/io/gather.h"

/* The functions whose users are looked for. */
struct in_use_of {
	const struct pci_function *const *f;
	unsigned n;
};

/* A device of a class. */
struct member {
	const struct pci_function *f; /* that it lies below; NULL: none of those looked for */
	char *path; /* as its link in the class says: "../../devices/.../net/eno1" */
};

struct members {
	size_t n;
	struct member *member;
};

/* All devices of a class, sorted by name; to be given back with members_free(). */
void members_find(const struct roots *roots, const char *class, const struct in_use_of *of,
		  struct members *ret);
void members_free(struct members *m);

/* "eno1" */
const char *member_name(const struct member *m);

/* True: it is made of others, or of nothing: a bridge, dm-0, a loop. */
bool member_is_virtual(const struct member *m);

/* An attribute of a class's device without its newline; "" where it cannot be read. */
const char *class_attribute(const struct roots *roots, const char *class, const char *name,
			    const char *attribute, char value[256]);
