/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_once_menu.c - cli/once/grub.c, loader.c, menu_id.c: one-shot entries of boot menus, in real
 * directories */
#include "folders.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/once/menu_id.h"
#include "runtime/io/sysfs.h"

#define PROFILE "1 profile a-b\n"
#define HEADER "# GRUB Environment Block\n"
#define CFG "load_env\nif [ \"${next_entry}\" ] ; then\nfi\n"
#define ENTRIES "menuentry 'x, y' --id 'vgapass-off' {\n" \
		"menuentry 'x' --id 'vgapass-profile-a-b' {\n"
#define MOUNTS "/dev/sda1 / btrfs rw 0 0\n/dev/sda2 /boot ext4 rw 0 0\n/dev/sda3 /bo zfs rw 0 0\n"
#define SUFFIX "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define EFIVARS "sys/firmware/efi/efivars/"

static struct roots roots;
static char why[ONCE_WHY_MAX], token[ONCE_TOKEN_MAX];

static int start(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test_once_menu-XXXXXX");
	assert_non_null(mkdtemp(root));
	put("sys/x", "");
	put("dev/x", "");
	put("proc/cmdline", "BOOT_IMAGE=/vmlinuz quiet\n");
	put("proc/mounts", MOUNTS);
	put("boot/grub/grub.cfg", CFG ENTRIES);
	assert_int_equal(gather_roots(root, &roots), 0);
	return 0;
}

static int stop(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

/* A block of n bytes with these variables. */
static void put_block(const char *variables, size_t n)
{
	char block[2048], text[1024];

	memset(block, '#', sizeof(block));
	int len = snprintf(text, sizeof(text), HEADER "%s", variables);
	memcpy(block, text, (size_t)len);
	put_bytes("boot/grub/grubenv", block, n);
}

static void expect_block(const char *variables, size_t n)
{
	char have[2049], want[2049], text[1024];
	ssize_t size = sysfs_read_file(roots.root, "boot/grub/grubenv", have, sizeof(have));

	memset(want, '#', sizeof(want));
	int len = snprintf(text, sizeof(text), HEADER "%s", variables);
	memcpy(want, text, (size_t)len);
	assert_int_equal(size, n);
	assert_memory_equal(have, want, n);
}

static void expect_refused(const struct once_means *m, const char *part)
{
	*why = '\0';
	assert_false(m->there(&roots, why, sizeof(why)));
	if (!strstr(why, part))
		fail_msg("\"%s\" is not in \"%s\"", part, why);
}

static void test_ids(void **state)
{
	char id[MENU_ID_MAX];

	(void)state;
	assert_int_equal(menu_id_of("1 trial\n", id), 0);
	assert_string_equal(id, "vgapass-trial");
	assert_int_equal(menu_id_of(PROFILE, id), 0);
	assert_string_equal(id, "vgapass-profile-a-b");
	assert_int_equal(menu_id_of("1 trial", id), -EINVAL);
	static const char *const ours[] = { "vgapass-profile-a-b", "-vgapass-profile-a-b.conf",
					    "~vgapass-profile-a-b", "k.efi@vgapass-profile-a-b" };
	for (size_t i = 0; i < COUNT(ours); i++) {
		assert_int_equal(menu_id_token(slice_of(ours[i]), token, sizeof(token)), 1);
		assert_string_equal(token, PROFILE);
	}
	static const char *const others[] = { "", "-", "0", "vgapass-", "vgapass-on", "x.efi@",
					      "vgapass-profile-", "debian-6.1.conf", "vgapass" };
	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_equal(menu_id_token(slice_of(others[i]), token, sizeof(token)), 0);
}

/* Only next_entry changes, in place. */
static void test_grub(void **state)
{
	const struct once_means *m = &once_grub;
	struct stat before, after;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/boot/grub/grubenv", root);
	put_block("saved_entry=0\nnext_entry=\nkernelopts=a=b # c\n", 1024);
	assert_int_equal(stat(path, &before), 0);
	assert_true(m->there(&roots, why, sizeof(why)));
	assert_int_equal(m->pending(&roots, token, sizeof(token)), 0);
	assert_int_equal(m->arm(&roots, PROFILE, why, sizeof(why)), 0);
	expect_block("saved_entry=0\nkernelopts=a=b # c\nnext_entry=vgapass-profile-a-b\n", 1024);
	assert_int_equal(m->arm(&roots, ONCE_OFF, why, sizeof(why)), 0);
	expect_block("saved_entry=0\nkernelopts=a=b # c\nnext_entry=vgapass-off\n", 1024);
	assert_int_equal(m->pending(&roots, token, sizeof(token)), 1);
	assert_string_equal(token, ONCE_OFF);
	assert_int_equal(m->arm(&roots, ONCE_TRIAL, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "no entry vgapass-trial: vgapass menu"));
	assert_int_equal(m->cancel(&roots, why, sizeof(why)), 0);
	expect_block("saved_entry=0\nkernelopts=a=b # c\n", 1024);
	assert_int_equal(m->cancel(&roots, why, sizeof(why)), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

/* What another program has asked of the next boot is not ours to cancel. */
static void test_grub_of_others(void **state)
{
	(void)state;
	put_block("next_entry=windows\n", 1024);
	assert_int_equal(once_grub.pending(&roots, token, sizeof(token)), 0);
	assert_int_equal(once_grub.cancel(&roots, why, sizeof(why)), 0);
	expect_block("next_entry=windows\n", 1024);
}

static void test_grub_refuses(void **state)
{
	const struct once_means *m = &once_grub;

	(void)state;
	expect_refused(m, "/boot/grub/grubenv is not there: grub-editenv ");
	put_block("", 1024);
	put("proc/mounts", "/dev/sda1 / btrfs rw 0 0\n");
	expect_refused(m, "GRUB cannot write /boot/grub/grubenv on btrfs");
	put("proc/mounts", "/dev/sda1 / ext4 rw 0 0\n/dev/md0 /boot ext4 rw 0 0\n");
	expect_refused(m, "on /dev/md0");
	put("proc/mounts", "/dev/mapper/a-b / ext4 rw 0 0\n");
	expect_refused(m, "on /dev/mapper/a-b");
	put("proc/mounts", "");
	expect_refused(m, "on an unknown file system");
	put("proc/mounts", MOUNTS);
	assert_true(m->there(&roots, why, sizeof(why)));
	put("boot/grub/grub.cfg", CFG);
	expect_refused(m, "no entries for this: vgapass menu");
	put("boot/grub/grub.cfg", ENTRIES);
	expect_refused(m, "/boot/grub/grub.cfg does not look at next_entry");
	put("boot/grub/grub.cfg", CFG ENTRIES);
	put("proc/cmdline", "initrd=x quiet\n");
	expect_refused(m, "GRUB has not booted this machine");
}

/* Whatever is in the file, nothing is written that does not fit. */
static void test_grub_bad_blocks(void **state)
{
	char many[1000];

	(void)state;
	memset(many, 'x', sizeof(many));
	many[1] = '=';
	many[990] = '\n';
	many[991] = '\0';
	put_block(many, 1024);
	assert_int_equal(once_grub.arm(&roots, PROFILE, why, sizeof(why)), -ENOSPC);
	expect_block(many, 1024);
	/* The longest that fits. */
	size_t room = 1024 - strlen(HEADER) - strlen("next_entry=vgapass-off\n");
	many[room - 1] = '\n';
	many[room] = '\0';
	put_block(many, 1024);
	assert_int_equal(once_grub.arm(&roots, ONCE_OFF, why, sizeof(why)), 0);
	put("boot/grub/grubenv", "next_entry=x\n");
	assert_int_equal(once_grub.arm(&roots, ONCE_OFF, why, sizeof(why)), -EINVAL);
	assert_int_equal(once_grub.pending(&roots, token, sizeof(token)), -EINVAL);
	put("boot/grub/grubenv", "");
	assert_int_equal(once_grub.arm(&roots, ONCE_OFF, why, sizeof(why)), -EINVAL);
}

/* Fedora: entries are files, and so their names are IDs. */
static void test_grub_with_blscfg(void **state)
{
	(void)state;
	put_block("", 1024);
	put("boot/grub/grub.cfg", CFG "blscfg\n");
	expect_refused(&once_grub, "no entries for this");
	put("boot/loader/entries/~vgapass-off.conf", "");
	assert_true(once_grub.there(&roots, why, sizeof(why)));
	assert_int_equal(once_grub.arm(&roots, ONCE_OFF, why, sizeof(why)), 0);
	expect_block("next_entry=~vgapass-off\n", 1024);
	assert_int_equal(once_grub.pending(&roots, token, sizeof(token)), 1);
	assert_string_equal(token, ONCE_OFF);
}

/* --- systemd-boot */

/* Texts with a newline behind each, which becomes a NUL. */
static void put_variable(const char *name, const char *texts)
{
	char path[128], buf[1024] = { 7 };
	size_t n = 4;

	for (; *texts; n += 2, texts++)
		buf[n] = *texts == '\n' ? '\0' : *texts;
	snprintf(path, sizeof(path), EFIVARS "%s" SUFFIX, name);
	put_bytes(path, buf, n);
}

static void expect_one_shot(const char *id)
{
	char have[256], want[256] = { 7 };
	ssize_t n = sysfs_read_file(roots.root, EFIVARS "LoaderEntryOneShot" SUFFIX, have,
				    sizeof(have));
	size_t len = 4;

	for (; *id; len += 2)
		want[len] = *id++;
	assert_int_equal(n, len + 2);
	assert_memory_equal(have, want, len + 2);
}

static void test_loader(void **state)
{
	const struct once_means *m = &once_loader;

	(void)state;
	expect_refused(m, "systemd-boot has not booted this machine");
	put_variable("LoaderInfo", "GRUB 2.12\n");
	expect_refused(m, "systemd-boot has not booted this machine");
	put_variable("LoaderInfo", "systemd-boot 257.9\n");
	expect_refused(m, "no entries for this at the last boot: vgapass menu, and reboot");
	put_variable("LoaderEntries", "arch.conf\n-vgapass-off.conf\nvgapass-profile-a-b.conf\n");
	assert_true(m->there(&roots, why, sizeof(why)));
	assert_int_equal(m->pending(&roots, token, sizeof(token)), 0);
	assert_int_equal(m->arm(&roots, ONCE_OFF, why, sizeof(why)), 0);
	expect_one_shot("-vgapass-off.conf");
	assert_int_equal(m->arm(&roots, "1 profile A-b\n", why, sizeof(why)), 0);
	expect_one_shot("vgapass-profile-a-b.conf");
	assert_int_equal(m->pending(&roots, token, sizeof(token)), 1);
	assert_string_equal(token, PROFILE);
	assert_int_equal(m->arm(&roots, ONCE_TRIAL, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "no entry vgapass-trial at the last boot"));
	assert_int_equal(m->cancel(&roots, why, sizeof(why)), 0);
	assert_int_equal(m->pending(&roots, token, sizeof(token)), 0);
	assert_false(sysfs_exists(roots.root, EFIVARS "LoaderEntryOneShot" SUFFIX));
	assert_int_equal(m->cancel(&roots, why, sizeof(why)), 0);
}

/* A profile of the unified kernel image that has booted, rather than of another one. */
static void test_loader_unified(void **state)
{
	(void)state;
	put_variable("LoaderInfo", "systemd-boot 257.9\n");
	put_variable("LoaderEntries", "a.efi\na.efi@vgapass-off\nb.efi\nb.efi@vgapass-off\n");
	put_variable("LoaderEntrySelected", "b.efi\n");
	assert_int_equal(once_loader.arm(&roots, ONCE_OFF, why, sizeof(why)), 0);
	expect_one_shot("b.efi@vgapass-off");
	put_variable("LoaderEntrySelected", "a.efi@main\n");
	assert_int_equal(once_loader.arm(&roots, ONCE_OFF, why, sizeof(why)), 0);
	expect_one_shot("a.efi@vgapass-off");
}

static void test_loader_of_others(void **state)
{
	(void)state;
	put_variable("LoaderEntryOneShot", "windows.conf\n");
	assert_int_equal(once_loader.pending(&roots, token, sizeof(token)), 0);
	assert_int_equal(once_loader.cancel(&roots, why, sizeof(why)), 0);
	expect_one_shot("windows.conf");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		IN_FOLDER(test_grub),
		IN_FOLDER(test_grub_of_others),
		IN_FOLDER(test_grub_refuses),
		IN_FOLDER(test_grub_bad_blocks),
		IN_FOLDER(test_grub_with_blscfg),
		IN_FOLDER(test_loader),
		IN_FOLDER(test_loader_unified),
		IN_FOLDER(test_loader_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
