/* in_use_process.h - the part of in_use.h that is about processes. */
#pragma once

#include "in_use.h"
#include "nodes.h"

/* Adds an obstacle, printf-like. */
void in_use_add(struct obstacles *o, const struct pci_function *f, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds the processes that have files of the nodes open, one obstacle for each. */
void in_use_process(const struct roots *roots, const struct nodes *nodes, struct obstacles *o);
