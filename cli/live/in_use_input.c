/* SPDX-License-Identifier: GPL-2.0-or-later */
/* in_use_input.c - the only keyboard; see in_use_parts.h */
#include <stdlib.h>
#include <string.h>

#include "in_use_parts.h"

/* As udev does it: the keys Esc to S, 1 to 31, are all there. */
static bool is_keyboard(const char *keys)
{
	const char *last = strrchr(keys, ' ');

	return (strtoul(last ? last + 1 : keys, NULL, 16) & 0xfffffffe) == 0xfffffffe;
}

/* A keyboard over Bluetooth comes from a process (BlueZ, by uhid), wherever its adapter is: it
 * goes if all adapters go. NULL: it stays, or there is no adapter. */
static const struct pci_function *find_adapter(const struct members *adapters)
{
	for (size_t i = 0; i < adapters->n; i++)
		if (!adapters->member[i].f)
			return NULL;
	return adapters->n ? adapters->member[0].f : NULL;
}

/* The function by which a keyboard is had; NULL: it is none, or it stays. */
static const struct pci_function *function_of_keyboard(const struct member *m,
						       const struct members *adapters)
{
	return strstr(m->path, "/uhid/0005:") ? find_adapter(adapters) : m->f;
}

/* One of several keyboards may go, and a mouse: a guest is to have something to type on. */
void in_use_keyboards(const struct roots *roots, const struct in_use_of *of, struct obstacles *o)
{
	struct members all = { 0 }, adapters = { 0 };
	const struct pci_function *f, *last = NULL;
	bool stays = false;
	char value[256];
	size_t n = 0;

	members_find(roots, "input", of, &all);
	members_find(roots, "bluetooth", of, &adapters);
	for (size_t i = 0; i < all.n; i++) {
		struct member *m = &all.member[i];
		if (strncmp(member_name(m), "input", 5) != 0 ||
		    !is_keyboard(class_attribute(roots, "input", member_name(m), "capabilities/key",
						 value)))
			continue;
		stays |= !function_of_keyboard(m, &adapters);
		/* Keyboards come to the front. */
		const struct member keyboard = *m;
		*m = all.member[n];
		all.member[n++] = keyboard;
	}
	/* One for each function: a keyboard may be several devices. */
	for (size_t i = 0; !stays && i < n; i++) {
		f = function_of_keyboard(&all.member[i], &adapters);
		if (f != last) {
			obstacle_add(o, f, "the host's only keyboard is on it, %s\nplug it "
				     "in elsewhere",
				     class_attribute(roots, "input", member_name(&all.member[i]),
						     "name", value));
			obstacle_mark(o, USER_KEYBOARD);
		}
		last = f;
	}
	members_free(&adapters);
	members_free(&all);
}
