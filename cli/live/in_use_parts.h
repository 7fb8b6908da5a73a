/* in_use_parts.h - what the parts of in_use.h share: each looks at nodes and adds obstacles. */
#pragma once

#include "in_use.h"
#include "nodes.h"

/* Adds an obstacle, printf-like. */
void in_use_add(struct obstacles *o, const struct pci_function *f, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* True: the node is of this subsystem. */
bool in_use_is(const struct node *node, const char *subsystem);

/* Calls each() with every line of a file below proc. */
void in_use_lines(const struct roots *roots, const char *path,
		  void (*each)(char *line, const struct nodes *nodes, struct obstacles *o),
		  const struct nodes *nodes, struct obstacles *o);

/* Disks that are mounted, swap space, a part of something else, or claimed in the kernel. */
void in_use_disks(const struct roots *roots, const struct nodes *nodes, struct obstacles *o);

/* What the kernel's own parts do with them, which no process has open: loop devices and what
 * is exported, interfaces in other network namespaces, what hangs on Thunderbolt. */
void in_use_kernel(const struct roots *roots, const struct nodes *nodes, struct obstacles *o);

/* Processes that have files of the nodes open or mapped, one obstacle for each. Sets o->blind. */
void in_use_process(const struct roots *roots, const struct nodes *nodes, struct obstacles *o);
