/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_boot.c - any bytes as configuration, command line, list of modules and attributes of a
 * whole boot on the fake kernel: what is said of each function in the end must be true.
 *
 * Bytes 0x1e stand between: switches (late, refusing, mounted), configuration, command line, iomem,
 * list of modules; then attributes, "0NAME=VALUE" for the first of the functions below.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/boot.h"
#include "tests/unit/fake_kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define SEPARATOR 0x1e

static const struct {
	const char *address, *dir;
} functions[] = {
	{ "0000:01:00.0", "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/" },
	{ "0000:01:00.1", "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1/" },
	{ "0000:00:02.0", "sys/devices/pci0000:00/0000:00:02.0/" },
	{ "0000:02:00.0", "sys/devices/pci0000:00/0000:00:1c.0/0000:02:00.0/" },
	{ "0000:00:01.0", "sys/devices/pci0000:00/0000:00:01.0/" },
};

#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

/* The kernel's own, which the fake one must be right about. */
#define NOT_MINE "driver_override|driver|iommu_group|remove|rescan"

static void set_attribute(struct slice field)
{
	size_t which = field.n ? (size_t)(unsigned char)*field.p - '0' : FUNCTIONS;
	char path[256], name[32];

	if (which >= FUNCTIONS)
		return;
	field.p++, field.n--;
	struct slice key = slice_cut(&field, '=');
	if (!key.n || key.n >= sizeof(name) || slice_word(key, NOT_MINE) != SLICE_NO_WORD)
		return;
	for (size_t i = 0; i < key.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz_0123456789", key.p[i]) || !key.p[i])
			return;
	snprintf(path, sizeof(path), "%s%.*s", functions[which].dir, (int)key.n, key.p);
	fake_bytes(path, field.p, field.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char text[CONFIG_FILE_MAX + 2];
	struct slice rest = { (const char *)data, n };
	struct slice switches = slice_cut(&rest, SEPARATOR), conf = slice_cut(&rest, SEPARATOR);
	char cmdline[4096];

	boot_machine();
	if (slice_has(switches, 'l'))
		boot_host_drivers();
	if (slice_has(switches, 'r'))
		fake_refuse("vfio-pci");
	if (slice_has(switches, 'm'))
		boot_mount();
	fake_fail(0, 0, false);
	struct slice words = slice_cut(&rest, SEPARATOR);
	text_make(cmdline, sizeof(cmdline), "%pv", &words);
	struct slice iomem = slice_cut(&rest, SEPARATOR), list = slice_cut(&rest, SEPARATOR);
	fake_bytes("proc/iomem", iomem.p, iomem.n);
	if (list.n)
		fake_bytes(MODULES_LIST, list.p, list.n);
	while (rest.n)
		set_attribute(slice_cut(&rest, SEPARATOR));
	boot_run(text_make(text, sizeof(text), "%pv", &conf), cmdline);
	run_result(&boot);
	for (size_t i = 0; i < FUNCTIONS; i++) {
		const char *why = boot_complaint(functions[i].address);
		boot_says(functions[i].address);
		if (why) {
			fprintf(stderr, "%s %s\n%s", functions[i].address, why, fake_log());
			abort();
		}
	}
	return 0;
}
