/* SPDX-License-Identifier: GPL-2.0-or-later */
/* facts.c - see facts.h */
#include "facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/out/xalloc.h"

/* include/linux/ioport.h */
#define IORESOURCE_IO 0x100
#define IORESOURCE_MEM 0x200
#define IORESOURCE_ROM_SHADOW 0x2

const char *size_text(uint64_t size, char text[SIZE_TEXT_MAX])
{
	const char *unit = "BKMGTPE";

	while (size && !(size & 1023) && unit[1]) {
		size >>= 10;
		unit++;
	}
	/* Sizes of BARs are powers of two, so nothing is lost. */
	snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 "%.1s", size, *unit == 'B' ? "" : unit);
	return text;
}

/* An attribute without its newline. Returns false if it cannot be read. */
static bool read_fact(const struct host *h, const struct pci_function *f, const char *name,
		      char *value, size_t cap)
{
	if (sysfs_read(h->run.inv.devices, path_function(f, name), value, cap) <= 0)
		return false;
	value[strcspn(value, "\n")] = '\0';
	return true;
}

/* A number of an attribute, decimal or with 0x in front; negative: it has none. */
static int read_fact_number(const struct host *h, const struct pci_function *f, const char *name)
{
	char value[32], *end;

	if (!read_fact(h, f, name, value, sizeof(value)))
		return -1;
	long n = strtol(value, &end, 0);
	return end == value || *end || n < 0 || n > INT32_MAX ? -1 : (int)n;
}

int facts_revision(const struct host *h, const struct pci_function *f)
{
	int n = read_fact_number(h, f, "revision");

	return n > UINT8_MAX ? -1 : n;
}

int facts_numa(const struct host *h, const struct pci_function *f)
{
	return read_fact_number(h, f, "numa_node");
}

/* "8.0 GT/s PCIe"; "Unknown" where there is no link. */
static bool read_fact_speed(const struct host *h, const struct pci_function *f, const char *name,
			    char speed[16])
{
	char value[64];

	if (!read_fact(h, f, name, value, sizeof(value)))
		return false;
	size_t n = strspn(value, "0123456789.");
	snprintf(speed, 16, "%.*s", (int)n, value);
	return n && n < 16 && !strncmp(value + n, " GT/s", 5);
}

bool facts_link(const struct host *h, const struct pci_function *f, struct link_speed *ret)
{
	char state[16];

	/* The link's state is in config space, and to read that the kernel would wake it
	 * (drivers/pci/access.c, pci_config_pm_runtime_get()). */
	if (read_fact(h, f, "power_state", state, sizeof(state)) && !strcmp(state, "D3cold"))
		return false;
	int width = read_fact_number(h, f, "current_link_width");
	int best = read_fact_number(h, f, "max_link_width");
	if (width <= 0 || !read_fact_speed(h, f, "current_link_speed", ret->speed))
		return false;
	ret->width = (unsigned)width;
	ret->best_width = best >= width && best <= 32 ? (unsigned)best : ret->width;
	if (!read_fact_speed(h, f, "max_link_speed", ret->best_speed))
		memcpy(ret->best_speed, ret->speed, sizeof(ret->best_speed));
	return true;
}

/* The start, end and flags of a resource; drivers/pci/pci-sysfs.c, resource_show(). */
static uint64_t read_resource(struct slice *rest, uint64_t *flags)
{
	struct slice line = slice_cut(rest, '\n');
	uint64_t start, end;
	char text[64];

	snprintf(text, sizeof(text), "%.*s", (int)line.n, line.p);
	if (sscanf(text, "%" SCNx64 " %" SCNx64 " %" SCNx64, &start, &end, flags) != 3 ||
	    !(*flags & (IORESOURCE_IO | IORESOURCE_MEM)) || end <= start)
		return 0;
	return end - start + 1;
}

bool facts_resources(const struct host *h, const struct pci_function *f, struct resources *ret)
{
	char text[4096], name[24];
	uint64_t flags = 0;

	*ret = (struct resources){ .rom = 0 };
	if (sysfs_read(h->run.inv.devices, path_function(f, "resource"), text, sizeof(text)) <= 0)
		return false;
	struct slice rest = slice_of(text);
	for (unsigned i = 0; i < FACTS_BARS; i++) {
		struct bar *bar = &ret->bar[i];
		bar->size = read_resource(&rest, &flags);
		bar->is_io = bar->size && flags & IORESOURCE_IO;
		snprintf(name, sizeof(name), "resource%u_resize", i);
		bar->can_resize = bar->size && sysfs_exists(h->run.inv.devices,
							    path_function(f, name));
	}
	ret->rom = read_resource(&rest, &flags);
	ret->is_shadow = ret->rom && flags & IORESOURCE_ROM_SHADOW;
	return true;
}

static int count_vf(const char *name, void *arg)
{
	*(unsigned *)arg += !strncmp(name, "virtfn", 6);
	return 0;
}

bool facts_vfs(const struct host *h, const struct pci_function *f, unsigned *used, unsigned *total)
{
	int n = read_fact_number(h, f, "sriov_totalvfs");

	*used = 0;
	if (n <= 0)
		return false;
	*total = (unsigned)n;
	sysfs_list(h->run.inv.devices, path_function(f, ""), count_vf, used);
	return true;
}

struct slot_search {
	const struct host *h;
	struct slots *slots;
};

/* drivers/pci/slot.c, address_read_file(): "0000:01:00", or "0000:01" of a slot whose device is not
 * known. */
static int add_slot(const char *name, void *arg)
{
	struct slot_search *s = arg;
	struct slots *l = s->slots;
	struct path p;
	char at[PCI_ADDRESS_SIZE];

	path_join(&p, "bus/pci/slots/", name, "/address");
	if (sysfs_read(s->h->roots.sys, p.s, at, sizeof(at)) <= 0)
		return 0;
	at[strcspn(at, "\n")] = '\0';
	l->slot = xreallocarray(l->slot, l->n + 1, sizeof(*l->slot));
	memcpy(l->slot[l->n].at, at, sizeof(at));
	l->slot[l->n++].name = xstrdup(name);
	return 0;
}

void slots_find(const struct host *h, struct slots *ret)
{
	*ret = (struct slots){ .n = 0 };
	sysfs_list(h->roots.sys, "bus/pci/slots", add_slot, &(struct slot_search){ h, ret });
}

void slots_free(struct slots *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->slot[i].name);
	free(l->slot);
	*l = (struct slots){ .n = 0 };
}

const char *slots_name(const struct slots *l, const struct pci_function *f)
{
	char at[PCI_ADDRESS_SIZE];

	pci_put_address(at, &f->at);
	*strrchr(at, '.') = '\0';
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->slot[i].at, at))
			return l->slot[i].name;
	return "";
}
