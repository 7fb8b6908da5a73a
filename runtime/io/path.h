/* path.h - paths below /sys, built without stdio. */
#pragma once

#include "../core/pci.h"

/* holds a function's directory and an attribute's or driver's longest name */
struct path {
	char s[192];
};

/* a, b and c one after the other. The text of *p. */
const char *path_join(struct path *p, const char *a, const char *b, const char *c);

/* "0000:01:00.0": how the kernel's files name the function */
const char *path_address(struct path *p, const struct pci_function *f);

/* "bus/pci/devices/0000:01:00.0/" and `rest`, an attribute's name or "" */
const char *path_function(struct path *p, const struct pci_function *f, const char *rest);
