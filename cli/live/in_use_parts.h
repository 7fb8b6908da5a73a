/* SPDX-License-Identifier: GPL-2.0-or-later */
/* in_use_parts.h - what the parts of in_use.h share: each looks at devices and adds obstacles. */
#pragma once

#include "in_use.h"
#include "nodes.h"

/* Adds an obstacle, printf-like: who, a newline, and what to do. */
void in_use_add(struct obstacles *o, const struct pci_function *f, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What the obstacle added last is. */
void in_use_mark(struct obstacles *o, enum user user);

/* True: the node is of this subsystem. */
bool in_use_is(const struct node *node, const char *subsystem);

/* Calls each() with every line of a file below `at`, which may be missing. */
void in_use_lines(int at, const char *path, void (*each)(char *line, void *arg), void *arg);

/* The functions whose users are looked for. */
struct in_use_of {
	const struct pci_function *const *f;
	unsigned n;
};

/* A device of a class, and the function below which it lies. */
struct member {
	const struct pci_function *f; /* NULL: none of those looked for */
	char *path; /* as its link in the class says: "../../devices/.../net/eno1" */
};

struct members {
	size_t n;
	struct member *member;
};

/* All devices of a class: "net" */
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

/* Disks that are mounted, swap space or a part of something else; with `claims` also those
 * that the kernel lets nobody open for himself, which is found out by opening them, and those
 * that a loop device stands on, which nothing uses. */
void in_use_disks(const struct roots *roots, const struct in_use_of *of, bool claims,
		  struct obstacles *o);

/* Network interfaces that the host is reached by, or that others stand on. */
void in_use_networks(const struct roots *roots, const struct in_use_of *of, struct obstacles *o);

/* True: a default route, of the lowest metric of its family, goes by this interface or by one
 * that stands on it. */
bool in_use_has_default_route(const struct roots *roots, const char *interface);

/* What the kernel's own parts do with them, which no process has open: what is exported,
 * interfaces in other network namespaces, what hangs on Thunderbolt. */
void in_use_kernel(const struct roots *roots, const struct nodes *nodes, struct obstacles *o);

/* Processes that have files of the nodes open or mapped, one obstacle for each. Sets o->blind. */
void in_use_process(const struct roots *roots, const struct nodes *nodes, struct obstacles *o);
