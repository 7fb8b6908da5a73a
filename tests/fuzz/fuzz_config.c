/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_config.c - any bytes as a configuration file, and again as vgapass.ids= and vgapass.rule= */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct config *c)
{
	const char *end = c->text + CONFIG_TEXT_MAX;

	if (c->rules > CONFIG_RULES_MAX || c->profiles > CONFIG_PROFILES_MAX ||
	    c->files > CONFIG_FILES_MAX || c->text_used > CONFIG_TEXT_MAX)
		abort();
	for (unsigned i = 0; i < c->rules; i++) {
		const struct rule *r = &c->rule[i];
		if (r->vendor > PCI_ANY || r->device > PCI_ANY || r->path.hops > PCI_HOPS_MAX ||
		    r->expect > PCI_FUNCTIONS_MAX || r->attrs > CONFIG_ATTRS_MAX ||
		    r->with > WITH_GROUP || strlen(r->driver) > CONFIG_NAME_MAX)
			abort();
		/* Everything that lasts has been copied. */
		for (unsigned k = 0; k < r->attrs; k++)
			if (r->attr[k].name < c->text || r->attr[k].name >= end ||
			    r->attr[k].value < c->text || r->attr[k].value >= end)
				abort();
		/* No rule takes everything, and none names a module in a driver's place. */
		uint32_t narrows = r->given & ~(uint32_t)RULE_BOOT_DISPLAY;
		if (r->subvendor == PCI_ANY && r->subdevice == PCI_ANY)
			narrows &= ~(uint32_t)RULE_SUBSYSTEM;
		if (r->vendor == PCI_ANY && r->device == PCI_ANY && !r->keep && !narrows)
			abort();
		if (!strcmp(r->driver, "vfio_pci") || !strcmp(r->driver, "pci_stub"))
			abort();
		/* No rule has a list of virtual functions that it does not make. */
		if (r->vfs > CONFIG_VFS_MAX ||
		    (r->vf && (r->vf < c->text || r->vf >= end)) ||
		    (!r->keep && r->vf && config_list_has(r->vf, r->vfs, 0) > 1))
			abort();
		if (r->profile == config_trial && !config_wants_token(c))
			abort();
		if (r->profile && r->profile != config_auto && r->profile != config_trial &&
		    (r->profile < c->text || r->profile >= end))
			abort();
	}
	if (c->chosen && (c->chosen < c->text || c->chosen >= end))
		abort();
	for (unsigned i = 0; i < c->errors && i < CONFIG_ERRORS_MAX; i++)
		if (!c->error[i].phrase || !c->error[i].at.line || !c->error[i].at.column)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct config c;
	/* Not NUL-terminated, and ASan sees its end. */
	char *exact = malloc(n ? n : 1);

	if (!exact)
		return 0;
	memcpy(exact, data, n);
	config_start(&c);
	const char *file = config_add_file(&c, "f");
	config_parse(&c, file, exact, n);
	config_parse(&c, file, exact, n);
	check(&c);
	config_start(&c);
	config_parse_ids(&c, "f", (struct slice){ exact, n }, 1);
	check(&c);
	config_start(&c);
	config_parse_rule(&c, "f", (struct slice){ exact, n }, 1);
	check(&c);
	if (c.rules + c.errors != 1)
		abort();
	free(exact);
	return 0;
}
