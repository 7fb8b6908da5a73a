/* SPDX-License-Identifier: GPL-2.0-or-later */
/* saved.c - see saved.h */
#include "saved.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/sysfs.h"
#include "cli/machine/mdev.h"
#include "cli/machine/smmu.h"
#include "cli/machine/whole_file.h"
#include "cli/out/ascii.h"
#include "cli/out/xalloc.h"

#define TEXT_MAX (1 << 20)
#define LINK_MAX 512
#define DEVICES "sys/bus/pci/devices"
#define CONFIG_SIZE 4096

/* Configuration space: PCI 3.0, 6.7, and PCI Express 3.0, 7.9 and 7.12 */
#define STATUS 0x06
#define STATUS_CAPABILITIES 0x10
#define CAPABILITIES 0x34
#define CAPABILITY_VPD 0x03
#define EXTENDED 0x100
#define EXTENDED_SERIAL 0x0003

struct saver {
	FILE *to;
	const struct host *h;
	struct scrub *scrub;
	void (*missing)(const char *path, const char *why, void *arg);
	void *arg;
};

/* The file's text, to be freed. Negative: there is none, which `missing` is told of unless it is
 * not there. */
static ssize_t read_text(const struct saver *s, const char *path, char **text)
{
	ssize_t n = whole_file(s->h->roots.root, path, TEXT_MAX, text);

	if (n < 0 && n != -ENOENT && n != -ENOTDIR)
		s->missing(path, whole_file_error(n), s->arg);
	return n;
}

/* Zeros in the middle and at the end are left out, "@OFFSET" goes over them. */
static void put_bytes(const struct saver *s, const char *path, const unsigned char *bytes, size_t n)
{
	size_t at = 0;

	fprintf(s->to, "bytes %s", path);
	for (size_t i = 0, end; i < n; i = end) {
		bool some = false;
		end = i + 16 < n ? i + 16 : n;
		for (size_t k = i; k < end; k++)
			some |= bytes[k] != 0;
		if (!some)
			continue;
		if (at != i)
			fprintf(s->to, " @%zx", i);
		fputc(' ', s->to);
		for (size_t k = i; k < end; k++)
			fprintf(s->to, "%02x", bytes[k]);
		at = end;
	}
	if (at != n)
		fprintf(s->to, " @%zx", n);
	fputc('\n', s->to);
}

static bool is_plain(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\t') ||
		    text[i] == 0x7f)
			return false;
	return utf8_is_valid(text, n);
}

/* As one line: a backslash and a newline are escaped. */
static void put_text(const struct saver *s, const char *path, const char *text, size_t n)
{
	if (!is_plain(text, n)) {
		put_bytes(s, path, (const unsigned char *)text, n);
		return;
	}
	fprintf(s->to, "file %s ", path);
	for (size_t i = 0; i < n; i++)
		if (text[i] == '\n' || text[i] == '\\')
			fputs(text[i] == '\n' ? "\\n" : "\\\\", s->to);
		else
			fputc(text[i], s->to);
	fputc('\n', s->to);
}

static void save_text(const struct saver *s, const char *path, bool scrubbed)
{
	char *text, *changed = NULL;
	ssize_t n = read_text(s, path, &text);

	if (n >= 0 && scrubbed) {
		size_t size = scrub_text(s->scrub, text, (size_t)n, &changed);
		put_text(s, path, changed, size);
	} else if (n >= 0) {
		put_text(s, path, text, (size_t)n);
	}
	free(changed);
	free(text);
}

static void save_link(const struct saver *s, const char *path)
{
	char target[LINK_MAX];
	ssize_t n = sysfs_link(s->h->roots.root, path, 1, target, sizeof(target));

	if (n > 0 && !strpbrk(target, " \n"))
		fprintf(s->to, "link %s %s\n", path, target);
}

static uint32_t get_word(const unsigned char *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* Replaces the device serial number, a stand-in for the next who looks for it. */
static void hide_serial(const struct saver *s, unsigned char config[CONFIG_SIZE])
{
	unsigned at = EXTENDED;

	/* As many as there can be: a damaged list may be a circle. */
	for (unsigned i = 0; i < CONFIG_SIZE / 8 && at >= EXTENDED && at <= CONFIG_SIZE - 12; i++) {
		uint32_t head = get_word(config + at);
		if ((head & 0xffff) == EXTENDED_SERIAL) {
			uint64_t serial = (uint64_t)get_word(config + at + 8) << 32 |
					  get_word(config + at + 4);
			serial = scrub_serial(s->scrub, serial);
			for (unsigned k = 0; k < 8; k++)
				config[at + 4 + k] = (unsigned char)(serial >> 8 * k);
			return;
		}
		at = head >> 20 & 0xffc;
	}
}

/* What was last read of the vital product data, which has serial numbers. */
static void hide_vpd(unsigned char config[CONFIG_SIZE])
{
	unsigned at = config[STATUS] & STATUS_CAPABILITIES ? config[CAPABILITIES] & 0xfc : 0;

	for (unsigned i = 0; i < 64 && at >= 0x40; i++, at = config[at + 1] & 0xfc)
		if (config[at] == CAPABILITY_VPD)
			memset(config + at + 4, 0, 4);
}

static void save_config(const struct saver *s, const char *path)
{
	unsigned char config[CONFIG_SIZE] = { 0 };
	char *text;
	ssize_t n = read_text(s, path, &text);

	if (n < 0)
		return;
	if (n > CONFIG_SIZE)
		n = CONFIG_SIZE;
	memcpy(config, text, (size_t)n);
	free(text);
	hide_serial(s, config);
	hide_vpd(config);
	put_bytes(s, path, config, (size_t)n);
	if (n == 64 && geteuid())
		s->missing(path, "its first 64 bytes alone", s->arg);
}

/* The links to its virtual functions: vf= counts by their numbers. */
static void save_virtual(const struct saver *s, const char *below)
{
	bool found = true;

	for (unsigned k = 0; found && k < CONFIG_VFS_MAX; k++) {
		char *path = xasprintf("sys%s/virtfn%u", below, k);
		found = sysfs_exists(s->h->roots.root, path);
		if (found)
			save_link(s, path);
		free(path);
	}
}

/* `place` is its directory below sys, where the link in bus/pci/devices leads. */
static void save_function(const struct saver *s, const char *name)
{
	static const char *const texts[] = { "modalias", "boot_vga", "secondary_bus_number",
					     "reset_method", "removable", "sriov_totalvfs" };
	static const char *const links[] = { "driver", "iommu_group", "physfn" };
	char *link = xasprintf(DEVICES "/%s", name), target[LINK_MAX];
	ssize_t n = sysfs_link(s->h->roots.root, link, 1, target, sizeof(target));
	const char *below = n > 0 ? strstr(target, "/devices/") : NULL;

	if (!below)
		below = "";
	for (size_t i = 0; *below && i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *path = xasprintf("sys%s/%s", below, texts[i]);
		save_text(s, path, false);
		free(path);
	}
	for (size_t i = 0; *below && i < sizeof(links) / sizeof(links[0]); i++) {
		char *path = xasprintf("sys%s/%s", below, links[i]);
		save_link(s, path);
		free(path);
	}
	if (*below) {
		char *path = xasprintf("sys%s/config", below);
		save_link(s, link);
		save_virtual(s, below);
		save_config(s, path);
		free(path);
	}
	free(link);
}

/* A device of /sys: its link leads to a directory in that of its parent. */
static void save_share(const struct saver *s, const char *uuid, const char *shown)
{
	static const char *const links[] = { "mdev_type", "iommu_group" };
	char *device = xasprintf("sys/bus/mdev/devices/%s", uuid), target[LINK_MAX], link[LINK_MAX];
	ssize_t n = sysfs_link(s->h->roots.root, device, 1, target, sizeof(target));
	char *below = n > 0 ? strstr(target, "/devices/") : NULL;

	free(device);
	if (!below || strpbrk(target, " \n"))
		return;
	*strrchr(below, '/') = '\0';
	fprintf(s->to, "link sys/bus/mdev/devices/%s ../../..%s/%s\n", shown, below, shown);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		char *path = xasprintf("sys%s/%s/%s", below, uuid, links[i]);
		if (sysfs_link(s->h->roots.root, path, 1, link, sizeof(link)) > 0)
			fprintf(s->to, "link sys%s/%s/%s %s\n", below, shown, links[i], link);
		free(path);
	}
}

/* Mediated devices, and what mdevctl knows of them. */
static void save_mediated(const struct saver *s)
{
	char path[3 * MDEV_NAME_MAX], uuid[MDEV_UUID_SIZE];
	struct mdevs all;

	mdevs_read(s->h, &all);
	for (unsigned i = 0; i < all.n; i++) {
		struct mdev *m = &all.list[i];
		scrub_uuid(s->scrub, m->uuid, uuid);
		if (m->exists)
			save_share(s, m->uuid, uuid);
		if (!m->defined || strpbrk(m->parent, " \n"))
			continue;
		memcpy(m->uuid, uuid, sizeof(uuid));
		fprintf(s->to, "file %s {\"mdev_type\": \"%s\", \"start\": \"%s\"}\n",
			mdev_definition(m, path) + 1, m->type, m->at_boot ? "auto" : "manual");
	}
	mdevs_free(&all);
}

/* Names of a directory, sorted; sysfs_list() cannot be called from within a call of it. */
struct names {
	size_t n;
	char **name;
};

static int add_name(const char *name, void *arg)
{
	struct names *all = arg;

	all->name = xreallocarray(all->name, all->n + 1, sizeof(*all->name));
	all->name[all->n++] = xstrdup(name);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Calls save(s, name) for each entry of a directory, in order. */
static void save_each(const struct saver *s, const char *path,
		      void (*save)(const struct saver *s, const char *name))
{
	struct names all = { 0, NULL };

	sysfs_list(s->h->roots.root, path, add_name, &all);
	if (all.n)
		qsort(all.name, all.n, sizeof(*all.name), compare_names);
	for (size_t i = 0; i < all.n; i++) {
		save(s, all.name[i]);
		free(all.name[i]);
	}
	free(all.name);
}

static void save_iommu(const struct saver *s, const char *name)
{
	char *path = xasprintf("sys/class/iommu/%s", name);

	save_link(s, path);
	free(path);
}

/* "PCI Bus 0000:00", "0000:01:00.0", "efifb", "simpledrm": who owns the firmware's framebuffer. */
static bool is_of_display(const char *owner, size_t n)
{
	struct pci_address at;

	if (n > 7 && !strncmp(owner, "PCI Bus", 7))
		return true;
	if (pci_parse_address((struct slice){ owner, n }, &at, NULL))
		return true;
	return n >= 2 && !memchr(owner, '-', n) &&
	       (!strncmp(owner + n - 2, "fb", 2) || !strncmp(owner + n - 2, "FB", 2) ||
		!strncmp(owner + n - 2, "rm", 2));
}

static void save_iomem(const struct saver *s)
{
	char *text;
	ssize_t n = read_text(s, "proc/iomem", &text);

	if (n < 0)
		return;
	fputs("file proc/iomem ", s->to);
	for (struct slice rest = { text, (size_t)n }; rest.n;) {
		struct slice line = slice_cut(&rest, '\n');
		const char *owner = memmem(line.p, line.n, " : ", 3);
		if (owner && is_of_display(owner + 3, (size_t)(line.p + line.n - owner - 3)))
			fprintf(s->to, "%.*s\\n", (int)line.n, line.p);
	}
	fputc('\n', s->to);
	free(text);
}

static bool starts_with(struct slice line, const char *word)
{
	size_t n = strlen(word);

	return line.n >= n && !memcmp(line.p, word, n);
}

/* Of the processors, the maker, and whether it is a virtual machine's. */
static void save_cpu(const struct saver *s)
{
	struct slice maker = { "", 0 }, flags = { "", 0 };
	char *text;
	ssize_t n = read_text(s, "proc/cpuinfo", &text);

	for (struct slice rest = { text, n > 0 ? (size_t)n : 0 }; rest.n;) {
		struct slice line = slice_cut(&rest, '\n');
		if (!maker.n && (starts_with(line, "vendor_id") ||
				 starts_with(line, "CPU implementer")))
			maker = line;
		if (!flags.n && starts_with(line, "flags"))
			flags = line;
	}
	bool guest = flags.n && memmem(flags.p, flags.n, " hypervisor", 11);
	if (maker.n || guest)
		fprintf(s->to, "file proc/cpuinfo %.*s%s%s\n", (int)maker.n, maker.p,
			maker.n ? "\\n" : "", guest ? "flags\t\t: hypervisor\\n" : "");
	free(text);
}

/* What smmu.c finds, in few words: no more of the device tree, nor of the table. */
static void save_firmware(const struct saver *s)
{
	static const char *const tables[] = { "DMAR", "IVRS", "VIOT" };
	const int sys = s->h->roots.sys;
	const char *board = smmu_is_guest(sys) ? "linux,dummy-virt" : "board";
	enum smmu smmu = smmu_in_firmware(sys);

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		char *path = xasprintf("sys/firmware/acpi/tables/%s", tables[i]);
		if (sysfs_exists(s->h->roots.root, path))
			fprintf(s->to, "file %s %s\n", path, tables[i]);
		free(path);
	}
	if (sysfs_exists(sys, "firmware/acpi/tables/IORT")) {
		fputs("bytes sys/firmware/acpi/tables/IORT 49 4f 52 54", s->to);
		/* One node of type 4, or none. */
		if (smmu == SMMU_SHOWN)
			fputs(" @24 01 @28 30 @30 04 10 @40", s->to);
		else if (smmu == SMMU_NONE)
			fputs(" @28 30 @30", s->to);
		fputc('\n', s->to);
	}
	if (!smmu_device_tree(sys))
		return;
	fprintf(s->to, "file sys/firmware/devicetree/base/compatible %s\n", board);
	if (smmu == SMMU_SHOWN)
		fputs("file sys/firmware/devicetree/base/pcie/iommu-map \n", s->to);
}

static void save_conf(const struct saver *s, const char *name)
{
	size_t n = strlen(name);
	char *path = xasprintf("etc/vgapass.conf.d/%s", name);

	if (n > 5 && !strcmp(name + n - 5, ".conf") && !strpbrk(name, " \n"))
		save_text(s, path, true);
	free(path);
}

void saved_write(FILE *to, const struct host *h, struct scrub *scrub,
		 void (*missing)(const char *path, const char *why, void *arg), void *arg)
{
	const struct saver s = { to, h, scrub, missing, arg };

	save_text(&s, "etc/vgapass.conf", true);
	save_each(&s, "etc/vgapass.conf.d", save_conf);
	save_text(&s, "proc/cmdline", true);
	save_text(&s, "proc/sys/kernel/osrelease", false);
	save_each(&s, "sys/class/iommu", save_iommu);
	/* What says that the machine has an IOMMU, and of which kind. */
	save_firmware(&s);
	save_iomem(&s);
	save_cpu(&s);
	save_each(&s, DEVICES, save_function);
	save_mediated(&s);
}
