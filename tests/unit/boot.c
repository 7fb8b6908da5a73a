/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot.c - see boot.h */
#include "boot.h"
#include "fake_kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run boot;
struct work boot_work;

void boot_machine(void)
{
	static const struct fake_function functions[] = {
		{ "pci0000:00/0000:00:01.0", "8086:1901", "0000:0000", "60400", "pcieport", 1 },
		{ "pci0000:00/0000:00:02.0", "8086:1912", "17AA:30BE", "30000", "i915", 0 },
		{ "pci0000:00/0000:00:01.0/0000:01:00.0", "1002:6608", "1028:2120", "30000",
		  "radeon", 1 },
		{ "pci0000:00/0000:00:01.0/0000:01:00.1", "1002:AAB0", "1028:AAB0", "40300",
		  "snd_hda_intel", 1 },
		{ "pci0000:00/0000:00:1c.0/0000:02:00.0", "1B21:2142", "1043:86F0", "C0330",
		  "xhci_hcd", 2 },
	};

	fake_start();
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		fake_add_function(&functions[i]);
	fake_attr("0000:00:02.0", "boot_vga", "1\n");
	fake_attr("0000:01:00.0", "boot_vga", "0\n");
	fake_attr("0000:01:00.0", "reset_method", "flr bus\n");
	fake_attr("0000:01:00.0", "d3cold_allowed", "1\n");
	fake_file(MODULES_LIST, "vfio\nvfio_pci disable_vga=1\n");
	fake_add_module("vfio", NULL);
	fake_add_module("vfio_pci", "vfio-pci");
	fake_add_driver("pcieport");
}

void boot_mount(void)
{
#define DISK "devices/pci0000:00/0000:00:1c.0/0000:02:00.0/usb2/2-1/host0/block/sdb"
	fake_link("sys/class/block/sdb", "../../" DISK);
	fake_link("sys/class/block/sdb1", "../../" DISK "/sdb1");
	fake_file("sys/" DISK "/sdb1/partition", "1\n");
	fake_file("proc/self/mountinfo", "26 1 8:17 / /root rw - ext4 /dev/sdb1 rw\n");
	fake_file("dev/sdb", "");
	fake_claim("dev/sdb1");
	fake_guard("0000:02:00.0");
}

void boot_host_drivers(void)
{
	static const char *const drivers[] = { "i915", "radeon", "snd_hda_intel", "xhci_hcd" };

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		fake_add_driver(drivers[i]);
}

void boot_gather(const char *conf, const char *cmdline)
{
	const struct roots roots = { FAKE_ROOT, FAKE_SYS, FAKE_PROC, FAKE_DEV, false };

	fake_file("etc/vgapass.conf", conf);
	fake_file("proc/cmdline", cmdline);
	memset(&boot.plan, 0x5a, sizeof(boot.plan));
	memset(boot.outcome, 0, sizeof(boot.outcome));
	gather_run(&roots, NULL, &boot);
	boot_work = (struct work){ .run = &boot, .roots = roots };
}

void boot_claim(void)
{
	for (unsigned i = 0; i < 2 * boot.inv.functions; i++)
		apply_claim(&boot_work, i);
}

void boot_bind(void)
{
	const struct roots roots = { FAKE_ROOT, FAKE_SYS, FAKE_PROC, FAKE_DEV, false };

	boot.claim_us = 1;
	gather_drivers(&roots, &boot);
	unsigned items = apply_prepare(&boot_work);

	for (unsigned i = 0; i < items; i++)
		apply_item(&boot_work, i);
	unsigned held = apply_finish(&boot_work);
	boot_work.late = true;
	for (unsigned i = 0; held && i < boot.inv.functions; i++)
		apply_late(&boot_work, i);
	apply_finish(&boot_work);
}

void boot_run(const char *conf, const char *cmdline)
{
	boot_gather(conf, cmdline);
	if (boot.plan.state != PLAN_READY || boot.cmd.mode != MODE_ON ||
	    !(boot.plan.planned + boot.plan.shared))
		return;
	boot_claim();
	boot_bind();
}

static bool is_set(const char *address)
{
	const char *text = fake_attr_text(address, "driver_override");

	return text && strcmp(text, "(null)\n");
}

/* The plan's entry of a function; NULL: the boot has not seen it. */
static struct plan_entry *entry_of(const char *address)
{
	struct pci_address at;

	pci_parse_address(slice_of(address), &at, NULL);
	for (unsigned i = 0; i < boot.inv.functions; i++)
		if (!pci_compare(&boot.inv.function[i].at, &at))
			return &boot.plan.entry[i];
	return NULL;
}

const char *boot_complaint(const char *address)
{
	const char *driver = fake_driver_of(address);
	const struct plan_entry *e = entry_of(address);
	enum function_state state = e ? run_state(&boot, (unsigned)(e - boot.plan.entry)) :
		STATE_NONE;

	/* Who cannot see the disks cannot spare them. */
	if (fake_pulled() && !strstr(fake_failed(), "class/block") &&
	    strcmp(fake_failed(), "garbled read"))
		return "or another was taken with a mounted disk";
	if (!fake_attr_text(address, "driver_override"))
		return NULL; /* gone */
	if (!e || !e->rule || state == STATE_NONE || state == STATE_REFUSED ||
	    state == STATE_SHARED || (state == STATE_KEPT && e->rule->keep))
		return is_set(address) ? "has an override, but is none of the plan" : NULL;
	if (state == STATE_PLANNED)
		return boot.cmd.mode == MODE_ON && boot.plan.planned ? "is left undecided" : NULL;
	if (state == STATE_KEPT && (*driver || !is_set(address)))
		return "is said to be kept from drivers, and is not";
	if (state == STATE_BOUND && strcmp(driver, e->driver))
		return "is said to be bound, and is not";
	if (state == STATE_HELD && *driver)
		return "is said to be held, and has a driver";
	if (state == STATE_HELD && !is_set(address))
		return "is said to be held, and has no override";
	/* A rule to hold leaves the override, whoever could not be sent away. */
	if (state == STATE_FAILED && is_set(address) && !e->rule->hold &&
	    !strstr(fake_failed(), "driver_override=\n"))
		return "is given back, but has an override";
	return NULL;
}

struct plan_entry *boot_entry(const char *address)
{
	struct plan_entry *e = entry_of(address);

	if (e)
		return e;
	fprintf(stderr, "boot_entry: there is no %s\n", address);
	abort();
}

struct outcome *boot_outcome(const char *address)
{
	return &boot.outcome[boot_entry(address) - boot.plan.entry];
}

const char *boot_says(const char *address)
{
	static char line[PLAN_LINE_MAX];
	const struct plan_entry *e = entry_of(address);
	struct text t;

	if (!e || !e->rule)
		return "";
	text_start(&t, line, sizeof(line));
	words_function(&t, &boot, &boot.inv.function[e - boot.plan.entry], e);
	return strchr(line, ']') + 2;
}

bool boot_logged(const char *line, size_t *at)
{
	size_t n = strlen(line);

	for (const char *p = fake_log(); (p = strstr(p, line)); p++)
		if ((p == fake_log() || p[-1] == '\n') && p[n] == '\n') {
			if (at)
				*at = (size_t)(p - fake_log());
			return true;
		}
	return false;
}
