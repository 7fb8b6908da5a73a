/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_loader_parse.c - cli/machine/loader_parse.c: entries of boot loaders as people have them */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/machine/loader_parse.h"

static char seen[4096];

static void print_entry(FILE *out, const struct loader_entry *e)
{
	fprintf(out, "%u", e->line);
	if (e->version)
		fprintf(out, " version=%s", e->version);
	if (e->kernel.path)
		fprintf(out, " kernel=%s", e->kernel.path);
	for (unsigned i = 0; i < e->initrds; i++)
		fprintf(out, " initrd=%s", e->initrd[i].path);
	for (unsigned i = 0; i < e->options; i++)
		fprintf(out, " %u:[%s]", e->option[i].line, e->option[i].text);
	fputc('\n', out);
}

static void free_entry(struct loader_entry *e)
{
	for (unsigned i = 0; i < e->initrds; i++)
		free(e->initrd[i].path);
	for (unsigned i = 0; i < e->options; i++)
		free(e->option[i].text);
	free(e->file);
	free(e->version);
	free(e->machine);
	free(e->kernel.path);
	free(e->initrd);
	free(e->option);
}

/* The entries of a text, one a line: LINE, what it has, LINE:[OPTIONS] of each line of options. */
static const char *entries_of(loader_parser *parse, const char *text)
{
	char *copy = strdup(text);
	struct loader l = { .n = 0 };
	FILE *out = fmemopen(seen, sizeof(seen), "w");

	assert_non_null(copy);
	assert_non_null(out);
	parse(&l, "file", copy);
	for (unsigned i = 0; i < l.n; i++) {
		print_entry(out, &l.entry[i]);
		free_entry(&l.entry[i]);
	}
	free(l.entry);
	free(copy);
	fclose(out);
	return seen;
}

static void reads_grub(void **state)
{
	(void)state;
	assert_string_equal(entries_of(loader_parse_grub,
		"set default=0\n# linux /no\n"
		"menuentry 'Debian, with Linux 6.1' --class debian {\n"
		"\tlinux\t/boot/vmlinuz-6.1 root=UUID=x ro  quiet\n"
		"\tinitrd\t/boot/ucode.img /boot/initrd.img-6.1\n"
		"}\n"
		"submenu 'more' {\n\tmenuentry 'b' {\n"
		"\t\tlinuxefi ($root)\"/@/boot/my kernel\" a=\"b c\"\n"
		"\t\tinitrdefi '/@/boot/i'\n\t}\n}\n"
		"menuentry 'shell' {\n\tchainloader /shell.efi\n\tinitrd /none\n}\n"),
		"4 kernel=/boot/vmlinuz-6.1 initrd=/boot/ucode.img initrd=/boot/initrd.img-6.1 "
		"4:[root=UUID=x ro  quiet]\n"
		"9 kernel=/@/boot/my kernel initrd=/@/boot/i 9:[a=\"b c\"]\n");
	assert_string_equal(entries_of(loader_parse_grub,
		"menuentry 'Xen' {\n"
		"\tmultiboot2\t/boot/xen-4.17.gz placeholder dom0_mem=1G\n"
		"\tmodule2\t/boot/vmlinuz-6.1 placeholder root=/dev/x\n"
		"\tmodule2\t--nounzip   /boot/initrd.img-6.1\n}\n"),
		"3 kernel=/boot/vmlinuz-6.1 initrd=/boot/initrd.img-6.1 3:[placeholder "
		"root=/dev/x]\n");
	assert_string_equal(entries_of(loader_parse_grubenv,
		"# GRUB Environment Block\nsaved_entry=x\nkernelopts=root=/dev/x vga=1 \n####"),
		"3 3:[root=/dev/x vga=1]\n");
}

static void reads_loader_entries(void **state)
{
	(void)state;
	assert_string_equal(entries_of(loader_parse_bls,
		"title Debian\r\nversion 6.1.0\r\nlinux\t\\EFI\\Pop\\vmlinuz.efi\r\n"
		"initrd /ucode.img\r\ninitrd /initrd.img $tuned_initrd\r\n"
		"# options no\r\noptions root=/dev/x\r\noptions\tquiet\r\nlinux-x /no\r\n"),
		"0 version=6.1.0 kernel=/EFI/Pop/vmlinuz.efi initrd=/ucode.img initrd=/initrd.img "
		"7:[root=/dev/x] 8:[quiet]\n");
	assert_string_equal(entries_of(loader_parse_bls, "efi /EFI/Linux/a.efi"),
			    "0 kernel=/EFI/Linux/a.efi\n");
	assert_string_equal(entries_of(loader_parse_bls, ""), "0\n");
}

static void reads_extlinux(void **state)
{
	(void)state;
	assert_string_equal(entries_of(loader_parse_extlinux,
		"DEFAULT l0\nAPPEND root=/dev/g initrd=/g\nlabel l0\n  menu label Debian\n"
		"  Linux ../vmlinuz-6.1\n  INITRD ../u.img,../initrd.img-6.1\n  append ro quiet\n"
		"LABEL l1\n  kernel /vmlinuz\nLABEL l2\n  KERNEL /memtest\n  APPEND -\n"),
		"3 kernel=../vmlinuz-6.1 initrd=../u.img initrd=../initrd.img-6.1 7:[ro quiet]\n"
		"8 kernel=/vmlinuz initrd=/g 2:[root=/dev/g initrd=/g]\n"
		"10 kernel=/memtest 12:[]\n");
}

static void reads_limine(void **state)
{
	(void)state;
	assert_string_equal(entries_of(loader_parse_limine,
		"timeout: 3\n/+Arch\n//Linux\n    protocol: linux\n"
		"    path: boot():/m/linux/vmlinuz-linux#0a1b\n    cmdline: root=UUID=x rw\n"
		"    MODULE_PATH: uuid(1-2):/m/linux/initramfs-linux\n"),
		"2\n3 kernel=/m/linux/vmlinuz-linux initrd=/m/linux/initramfs-linux "
		"6:[root=UUID=x rw]\n");
	assert_string_equal(entries_of(loader_parse_limine,
		"TIMEOUT=5\n:Arch\n  PROTOCOL=linux\n  KERNEL_PATH=boot:///vmlinuz-linux\n"
		"  CMDLINE=root=/dev/x a=b\n  MODULE_PATH=boot:///initramfs-linux.img\n"),
		"2 kernel=/vmlinuz-linux initrd=/initramfs-linux.img 5:[root=/dev/x a=b]\n");
}

static void reads_refind(void **state)
{
	(void)state;
	assert_string_equal(entries_of(loader_parse_refind,
		"timeout 5\nmenuentry \"Arch Linux\" {\n  volume x\n  loader /boot/vmlinuz-linux\n"
		"  initrd \\boot\\initramfs-linux.img\n  options \"root=/dev/x rw\"\n"
		"  submenuentry \"single\" {\n    add_options \"single\"\n  }\n}\n"),
		"2 kernel=/boot/vmlinuz-linux initrd=/boot/initramfs-linux.img "
		"6:[root=/dev/x rw] 8:[single]\n");
	assert_string_equal(entries_of(loader_parse_refind_linux,
		"\"Boot\" \"root=/dev/x initrd=\\boot\\initramfs-%v.img a=\"\"b "
		"c\"\"\"\n\n\"none\"\n"),
		"1 initrd=/boot/initramfs-%v.img "
		"1:[root=/dev/x initrd=\\boot\\initramfs-%v.img a=\"b c\"]\n");
}

/* Whatever the text, each parser ends and stays within it. */
static void bears_anything(void **state)
{
	static loader_parser *const parsers[] = {
		loader_parse_grub, loader_parse_grubenv, loader_parse_bls, loader_parse_extlinux,
		loader_parse_limine, loader_parse_refind, loader_parse_refind_linux,
	};
	static const char *const texts[] = {
		"", "\n", "#", "\\", "\"", "'", "linux", "linux ", "linux --", "initrd x",
		"linux '\\", "linux \"a\\", "options", "append", "label", "append -\nlabel",
		"label x\ninitrd ,,", "/", ":", "/\npath:", "menuentry", "menuentry x\ninitrd",
		"\"a\" \"initrd=", "\"\"\"", "\"a\" \"\"\"", "menuentry x\noptions \"\"\"",
		"linux (hd0", "linux ()", "module x", "multiboot x\nmodule", "kernelopts=",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(parsers); i++)
		for (size_t k = 0; k < COUNT(texts); k++)
			entries_of(parsers[i], texts[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_grub),	  cmocka_unit_test(reads_loader_entries),
		cmocka_unit_test(reads_extlinux), cmocka_unit_test(reads_limine),
		cmocka_unit_test(reads_refind),	  cmocka_unit_test(bears_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
