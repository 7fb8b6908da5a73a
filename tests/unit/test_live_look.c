/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_live_look.c - cli/live/live_look.c: what a worker asks just before it unbinds
 *
 * The function is a folder below a temporary one; between two looks the test changes it.
 */
#include "folders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/live/live.h"
#include "runtime/io/scan.h"

#define CARD "sys/bus/pci/devices/0000:01:00.0"
#define MODALIAS "pci:v00001002d00006608sv00001002sd00002120bc03sc00i00\n"

static struct live *l;

/* What the tested file calls of others. */
bool live_run(struct live *live, unsigned items, void (*item)(void *live, unsigned i))
{
	for (unsigned i = 0; i < items; i++)
		item(live, i);
	return true;
}

int cmd_complain(const char *format, ...)
{
	return *format ? CMD_FAILED : CMD_OK;
}

static bool is_on_host(const struct live *live, unsigned k)
{
	const char *driver = live->function[k].f->driver;

	return *driver && strcmp(driver, "vfio-pci") != 0;
}

/* An extended capability list with one entry, the serial number. */
static void put_config(unsigned char serial)
{
	char whole[512];
	unsigned char bytes[4096] = { [0x100] = 0x03, [0x102] = 0x01, [0x104] = serial };

	snprintf(whole, sizeof(whole), "%s/" CARD "/config", root);
	FILE *file = fopen(whole, "w");
	assert_non_null(file);
	fwrite(bytes, sizeof(bytes), 1, file);
	fclose(file);
}

static int start(void **state)
{
	struct inventory *inv;

	(void)state;
	strcpy(root, "/tmp/vgapass-look.XXXXXX");
	assert_non_null(mkdtemp(root));
	put_link(CARD, "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0");
	put("sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/modalias", MODALIAS);
	put_link("sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/subsystem", "/class/pci");
	put_config(0x11);
	put("proc/self/status", "Name:\tvgapass\nCapEff:\t000001ffffffffff\n");
	l = mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(l, MAP_FAILED);
	assert_int_equal(gather_roots(root, &l->host.roots), 0);
	inv = &l->host.run.inv;
	assert_int_equal(scan_functions(l->host.roots.root, inv), 0);
	assert_int_equal(inv->functions, 1);
	scan_details(l->host.roots.root, inv, 0, PCI_DETAIL_ALL);
	assert_true(inv->function[0].has_serial);
	assert_int_equal(inv->identity[0].path.hops, 2);
	l->verb = "bind";
	l->wants = is_on_host;
	l->n = 1;
	l->function[0].f = &inv->function[0];
	inv->function[0].driver = l->function[0].has;
	return 0;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	close(l->host.run.inv.devices);
	close(l->host.roots.root);
	close(l->host.roots.sys);
	close(l->host.roots.proc);
	munmap(l, sizeof(*l));
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

/* It had no driver when the machine was read, and has one that somebody uses now. */
static void late_driver(void **state)
{
	(void)state;
	assert_true(live_is_free(l));
	assert_false(l->function[0].wanted);
	put("proc/77/comm", "Xorg\n");
	put_link("proc/77/fd/3", "/dev/null");
	put("sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/drm/card1/dev", "1:3\n");
	put_link("sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/drm/card1/subsystem",
		 "/class/drm");
	assert_true(live_may_take(l, 0));
	put_link(CARD "/driver", "../../../../bus/pci/drivers/radeon");
	assert_false(live_is_free(l));
	assert_true(l->function[0].wanted);
	assert_string_equal(l->function[0].f->driver, "radeon");
	assert_false(l->stop);
	assert_false(live_may_take(l, 0));
	assert_true(l->stop);
	assert_string_equal(l->found.obstacle[0].text, "Xorg (pid 77) has /dev/null open: end it");
	/* Bound for the guest by now: nothing is to be taken away. */
	put_link(CARD "/driver", "../../../../bus/pci/drivers/vfio-pci");
	assert_true(live_is_free(l));
	assert_false(live_may_take(l, 0)); /* the others have been stopped */
}

static void cannot_see(void **state)
{
	(void)state;
	put("proc/self/status", "Name:\tvgapass\nCapEff:\t0000000000000000\n");
	assert_true(live_is_free(l)); /* no driver: nobody loses it */
	put_link(CARD "/driver", "../../../../bus/pci/drivers/radeon");
	assert_false(live_is_free(l));
	assert_false(live_may_take(l, 0));
	assert_non_null(l->found.blind);
}

/* A Thunderbolt card has been swapped since. */
static void another_function(void **state)
{
	(void)state;
	put_link(CARD "/driver", "../../../../bus/pci/drivers/radeon");
	assert_true(live_may_take(l, 0));
	put_config(0x12);
	assert_false(live_may_take(l, 0));
	assert_true(l->function[0].changed);
	l->stop = false;
	put_config(0x11);
	assert_true(live_may_take(l, 0));
	put(CARD "/modalias", "pci:v00001002d00006609sv00001002sd00002120bc03sc00i00\n");
	assert_false(live_is_free(l));
	put(CARD "/modalias", MODALIAS);
	assert_true(live_is_free(l));
	put("sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0/modalias", MODALIAS);
	put_link(CARD, "../../../devices/pci0000:00/0000:00:02.0/0000:01:00.0");
	put_config(0x11);
	assert_false(live_is_free(l));
	put_link(CARD, "nowhere");
	assert_false(live_is_free(l));
	assert_true(l->function[0].changed);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, start, end)
	const struct CMUnitTest tests[] = {
		TEST(late_driver), TEST(cannot_see), TEST(another_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
