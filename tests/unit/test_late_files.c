/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_late_files.c - runtime/late/late.c: its files below run/vgapass, in real directories */
#include "folders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/late/booted.c" // NOLINT(bugprone-suspicious-include)
#include "runtime/late/late.c"   // NOLINT(bugprone-suspicious-include)

#define CARD "0000:01:00.0"
#define MODALIAS "pci:v00001002d00006608sv00001028sd00002120bc03sc00i00\n"

#define OTHER(device) "pci:v000010DEd0000" device "sv00001028sd00002120bc03sc00i00\n"

static struct late late;

static int start(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test_late_files-XXXXXX");
	assert_non_null(mkdtemp(root));
	put("proc/cmdline", "quiet\n");
	put("sys/bus/pci/devices/" CARD "/modalias", MODALIAS);
	put("run/vgapass/receipt.json", "{\n  \"mode\": \"on\",\n  \"functions\": [ ] }\n");
	return 0;
}

static int stop(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

/* Returns whether rules may be about the card. */
static bool asks(const char *conf)
{
	char text[512];

	snprintf(text, sizeof(text), "# /etc/vgapass.conf\n%s", conf);
	put("run/vgapass/booted.conf", text);
	memset(&late, 0, sizeof(late));
	assert_int_equal(gather_roots(root, &late.work.roots), 0);
	pci_parse_address(slice_of(CARD), &late.at, NULL);
	return late_asks(&late, NULL);
}

static bool is_there(const char *path)
{
	return sysfs_exists(late.work.roots.root, path);
}

static void remove_below(const char *path)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s/%s", root, path);
	assert_int_equal(system(command), 0);
}

static void expect_marks(const char *conf, const char *marks, const char *none)
{
	char path[64];

	remove_below("run/vgapass/ask");
	asks(conf);
	late_mark(&late);
	late_mark(&late);
	assert_true(is_there("run/vgapass/ask"));
	assert_false(is_there("run/vgapass/ask.new"));
	for (struct slice rest = slice_of(marks); rest.n;) {
		struct slice mark = slice_cut(&rest, ' ');
		if (!is_there(text_make(path, sizeof(path), "run/vgapass/ask/%pv", &mark)))
			fail_msg("%s: no %s", conf, path);
	}
	if (is_there(text_make(path, sizeof(path), "run/vgapass/ask/%s", none)))
		fail_msg("%s: %s", conf, path);
}

/* The udev rule reads vendor and device as sysfs has them. */
static void marks_the_ids(void **state)
{
	(void)state;
	expect_marks("1002:6608\nkeep 10de:000a path=00:01.0/00.0\n", "0x1002:0x6608 0x10de:0x000a",
		     "all");
	expect_marks("1002:*\n10de:000a\n", "0x1002:any 0x10de:0x000a", "all");
	expect_marks("*:6608\n", "all", "new");
	/* What a rule takes along is marked if it is there: in the slot, or in the group. */
	put("sys/bus/pci/devices/0000:01:00.7/modalias", OTHER("0008"));
	put("sys/bus/pci/devices/0000:01:01.0/modalias", OTHER("0009"));
	put("sys/bus/pci/devices/0000:02:00.0/modalias", OTHER("000A"));
	expect_marks("1002:6608 with=slot\n", "new 0x1002:0x6608 0x10de:0x0008", "all");
	expect_marks("1002:6608 with=slot\n", "new", "0x10de:0x0009");
	expect_marks("1002:6608\n", "0x1002:0x6608", "new");
	put_folder("sys/kernel/iommu_groups/7/devices/" CARD);
	put_link("sys/bus/pci/devices/0000:02:00.0/iommu_group",
		 "../../../../kernel/iommu_groups/7");
	expect_marks("1002:6608 with=group\n", "new 0x10de:0x000a", "0x10de:0x0009");
	/* A boot that was off asks of none. */
	put("proc/cmdline", "vgapass=off\n");
	expect_marks("1002:6608\n", "", "all");
	put("proc/cmdline", "quiet\n");
}

static void leaves_no_mark_in_the_image(void **state)
{
	(void)state;
	put("usr/lib/vgapass/modules", "");
	remove_below("run/vgapass/ask");
	asks("1002:6608\n");
	late_mark(&late);
	assert_false(is_there("run/vgapass/ask"));
}

static void writes_and_forgets(void **state)
{
	static const char file[] = "run/vgapass/late/" CARD ".json";

	(void)state;
	assert_true(asks("1002:6608\n"));
	assert_true(late_plan(&late));
	assert_false(late_has_file(&late));
	assert_int_equal(late_write(&late, late.i), 0);
	assert_true(late_has_file(&late) && is_there(file));
	assert_true(slice_is(late_read(&late).state, "refused")); /* it has no IOMMU group */
	assert_true(slice_is(late_read(&late).rule, "/etc/vgapass.conf:1"));
	late_forget(&late);
	assert_false(is_there(file));
	late_forget(&late);
	/* That of a virtual function stays until it is gone. */
	put(file, "{ }\n");
	put_link("sys/bus/pci/devices/" CARD "/physfn", "../0000:02:00.0");
	put_folder("sys/bus/pci/devices/0000:02:00.0");
	late_forget(&late);
	assert_true(is_there(file));
	/* No directory can be made: the error is told. */
	remove_below("run/vgapass");
	put("run/vgapass", "");
	assert_int_equal(open_dir(&late), -ENOTDIR);
}

/* What was asked for this boot is there for the programs that come after vgapass-early. */
static void leaves_the_token(void **state)
{
	const struct token none = { .word = TOKEN_NONE },
			   stuck = { .word = TOKEN_TRIAL, .state = TOKEN_STUCK, .error = -EROFS },
			   games = { .word = TOKEN_PROFILE, .state = TOKEN_TAKEN,
				     .profile = "games" };
	static const char file[] = "run/vgapass/token";
	struct token back;
	struct roots *roots = &late.work.roots;
	char text[64];

	(void)state;
	assert_int_equal(gather_roots(root, roots), 0);
	assert_int_equal(token_leave(roots, &none), 0);
	assert_int_equal(token_leave(roots, &stuck), 0);
	assert_false(is_there(file));
	int in = dup(0);
	close(0);
	int r = token_leave(roots, &games);
	int zero = fcntl(0, F_GETFD);
	assert_int_equal(dup2(in, 0), 0);
	close(in);
	assert_int_equal(r, 0);
	assert_int_equal(zero, -1); /* what was opened is closed */
	assert_int_equal(sysfs_read(roots->root, file, text, sizeof(text)), 16);
	assert_string_equal(text, "1 profile games\n");
	token_read(roots, &back);
	assert_int_equal(back.word, TOKEN_PROFILE);
	assert_string_equal(back.profile, "games");
	/* Errors are told. */
	put_folder("run/vgapass/token.new");
	assert_int_equal(token_leave(roots, &games), -EEXIST);
	remove_below("run");
	assert_int_equal(token_leave(roots, &games), -ENOENT);
}

/* Behind VMD a domain has five digits. */
static void takes_any_domain(void **state)
{
	static const char disk[] = "sys/bus/pci/devices/10000:e1:00.0/";
	char path[64];

	(void)state;
	put(text_make(path, sizeof(path), "%smodalias", disk), OTHER("0007"));
	put(text_make(path, sizeof(path), "%ssriov_drivers_autoprobe", disk), "1\n");
	asks("10de:0007 address=10000:e1:00.0 vfs=2\n");
	assert_true(pci_parse_address(slice_of("10000:e1:00.0"), &late.at, NULL));
	assert_true(late_asks(&late, NULL) && late_plan(&late));
	assert_int_equal(late_write(&late, late.i), 0);
	assert_true(is_there("run/vgapass/late/10000:e1:00.0.json"));
	assert_true(slice_is(late_read(&late).id, "10de:0007"));
	assert_int_equal(apply_hold(&late.work, late.i), 0);
	assert_true(is_there("run/vgapass/held-10000:e1:00.0"));
	apply_unhold(&late.work, late.i);
	assert_false(is_there("run/vgapass/held-10000:e1:00.0"));
	late_forget(&late);
	assert_false(is_there("run/vgapass/late/10000:e1:00.0.json"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(marks_the_ids),
		TEST(leaves_no_mark_in_the_image),
		TEST(writes_and_forgets),
		TEST(takes_any_domain),
		TEST(leaves_the_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
