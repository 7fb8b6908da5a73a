/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_pe.c - hook/image/pe.c: sections of PE files made by hand, and of one that systemd's stub
 * and objcopy make; damaged and cut. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hook/image/cpio.h"
#include "hook/image/pe.h"

#define STUB "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
#define PE_AT 0x80
#define OPTIONAL 160
#define TABLE_AT (PE_AT + 24 + OPTIONAL)
#define ALIGN 0x200

/* A section to write: what it holds, and what its header says if that is other than true. */
struct part {
	const char *name, *data;
	size_t n;
	uint32_t memory, size, at; /* 0: as they are */
};

static unsigned char file[1 << 16];
static size_t file_size;
static int fd;

static void put16(size_t at, uint32_t value)
{
	file[at] = value & 255;
	file[at + 1] = value >> 8 & 255;
}

static void put32(size_t at, uint32_t value)
{
	put16(at, value);
	put16(at + 2, value >> 16);
}

/* Writes `file` into fd. */
static void save(size_t n)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, file, n, 0), n);
}

static void make(const struct part *part, size_t n)
{
	size_t at = (TABLE_AT + n * 40 + ALIGN - 1) / ALIGN * ALIGN;

	memset(file, 0, sizeof(file));
	memcpy(file, "MZ", 2);
	put32(60, PE_AT);
	memcpy(file + PE_AT, "PE\0\0", 4);
	put16(PE_AT + 6, (uint32_t)n);
	put16(PE_AT + 20, OPTIONAL);
	for (size_t i = 0; i < n; i++) {
		size_t head = TABLE_AT + i * 40, raw = (part[i].n + ALIGN - 1) / ALIGN * ALIGN;
		memcpy(file + head, part[i].name, strnlen(part[i].name, 8));
		put32(head + 8, part[i].memory ? part[i].memory : (uint32_t)part[i].n);
		put32(head + 16, part[i].size ? part[i].size : (uint32_t)raw);
		put32(head + 20, part[i].at ? part[i].at : (uint32_t)at);
		memcpy(file + at, part[i].data, part[i].n);
		at += raw;
	}
	file_size = at;
	save(at);
}

#define TEXT(name, text) { name, text, sizeof(text) - 1, 0, 0, 0 }

static const struct part unified[] = {
	TEXT(".text", "code"),
	TEXT(".osrel", "ID=debian\n"),
	TEXT(".cmdline", "root=/dev/sda1 quiet \n"),
	TEXT(".uname", "6.1.0-56-amd64"),
	TEXT(".linux", "MZ kernel"),
	TEXT(".initrd", "archive"),
	TEXT(".cmdline", "a second one"),
};

static void expect_text(unsigned profile, const char *name, const char *expected)
{
	char *text = NULL;
	ssize_t n = pe_text(fd, profile, name, &text);

	if (n < 0)
		fail_msg("%s: %zd", name, n);
	assert_int_equal(n, strlen(expected));
	assert_string_equal(text, expected);
	free(text);
}

static int find_error(unsigned profile, const char *name)
{
	struct pe_section s = { 1, 2 };
	int r = pe_find(fd, profile, name, &s);

	if (r) {
		assert_int_equal(s.at, 1);
		assert_int_equal(s.size, 2);
	}
	return r;
}

static void finds_sections(void **state)
{
	struct pe_section s;

	(void)state;
	make(unified, COUNT(unified));
	expect_text(0, ".cmdline", "root=/dev/sda1 quiet");
	expect_text(0, ".uname", "6.1.0-56-amd64");
	assert_int_equal(pe_find(fd, 0, ".initrd", &s), 0);
	assert_int_equal(s.size, 7); /* without the zeros behind */
	assert_memory_equal(file + s.at, "archive", 7);
	assert_int_equal(find_error(0, ".init"), -ENOENT);
	assert_int_equal(find_error(0, ".initrdx"), -ENOENT);
	assert_int_equal(find_error(0, ".initrd-and-more"), -ENOENT);
	assert_int_equal(find_error(1, ".cmdline"), -ENOENT);
}

/* A name of eight bytes has no NUL. */
static void finds_names_of_eight_bytes(void **state)
{
	const struct part part[] = { TEXT(".cmdlines", "x"), TEXT(".profiles", "y") };

	(void)state;
	make(part, COUNT(part));
	expect_text(0, ".cmdline", "x");
	expect_text(0, ".profile", "y");
}

static void prefers_the_profile(void **state)
{
	const struct part part[] = {
		TEXT(".cmdline", "common"), TEXT(".uname", "6.1"),	TEXT(".profile", "ID=main"),
		TEXT(".profile", "ID=off"), TEXT(".cmdline", "off"),	TEXT(".cmdline", "never"),
		TEXT(".profile", "ID=new"), TEXT(".cmdline", "newest"), TEXT(".uname", "7.2"),
	};

	(void)state;
	make(part, COUNT(part));
	expect_text(0, ".cmdline", "common");
	expect_text(0, ".profile", "ID=main");
	expect_text(1, ".cmdline", "off");
	expect_text(1, ".uname", "6.1");
	expect_text(1, ".profile", "ID=off");
	expect_text(2, ".cmdline", "newest");
	expect_text(2, ".uname", "7.2");
	assert_int_equal(find_error(3, ".cmdline"), -ENOENT);
	assert_int_equal(find_error(UINT32_MAX, ".cmdline"), -ENOENT);
}

/* What memory has more of than the file is not in the file, and an empty section is none. */
static void takes_the_smaller_size(void **state)
{
	const struct part part[] = {
		{ ".cmdline", "", 0, 0, 0, 0 },
		{ ".cmdline", "here", 4, 0x10000, ALIGN, 0 },
		{ ".uname", "", 0, 0x10000, 0, 0 },
	};
	struct pe_section s;

	(void)state;
	make(part, COUNT(part));
	expect_text(0, ".cmdline", "here");
	assert_int_equal(pe_find(fd, 0, ".cmdline", &s), 0);
	assert_int_equal(s.size, ALIGN);
	expect_text(0, ".uname", "");
}

static void refuses_sections_outside_of_the_file(void **state)
{
	static const uint32_t wrong[][3] = {
		{ UINT32_MAX, UINT32_MAX, 0 },
		{ 1, 1, UINT32_MAX },
		{ UINT32_MAX, UINT32_MAX, UINT32_MAX },
		{ 4096, 4096, 0x300 },
	};
	struct part part[] = { TEXT(".text", "code"), TEXT(".initrd", "archive") };

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		part[1].memory = wrong[i][0];
		part[1].size = wrong[i][1];
		part[1].at = wrong[i][2];
		make(part, COUNT(part));
		assert_int_equal(find_error(0, ".initrd"), -EBADMSG);
		/* The others can be read. */
		expect_text(0, ".text", "code");
	}
}

static void refuses_long_text(void **state)
{
	static char data[PE_TEXT_MAX + 1];
	const struct part part[] = { { ".cmdline", "", 0, 0, 0, 0x200 } };
	char *text = data;

	(void)state;
	make(part, 1);
	memset(data, 'x', sizeof(data));
	assert_int_equal(pwrite(fd, data, sizeof(data), ALIGN), sizeof(data));
	for (uint32_t more = 0; more < 2; more++) {
		put32(TABLE_AT + 8, PE_TEXT_MAX + more);
		put32(TABLE_AT + 16, PE_TEXT_MAX + more);
		assert_int_equal(pwrite(fd, file, ALIGN, 0), ALIGN);
		assert_int_equal(pe_text(fd, 0, ".cmdline", &text), more ? -EFBIG : (int)PE_TEXT_MAX);
		if (!more)
			free(text);
	}
}

static void refuses_what_is_no_pe_file(void **state)
{
	(void)state;
	save(0);
	assert_int_equal(find_error(0, ".initrd"), -ENOEXEC);
	make(unified, COUNT(unified));
	file[0] = 'L';
	save(file_size);
	assert_int_equal(find_error(0, ".initrd"), -ENOEXEC);
	file[0] = 'M';
	file[PE_AT] = 'N';
	save(file_size);
	assert_int_equal(find_error(0, ".initrd"), -ENOEXEC);
	file[PE_AT] = 'P';
	put32(60, UINT32_MAX);
	save(file_size);
	assert_int_equal(find_error(0, ".initrd"), -EBADMSG);
	put32(60, PE_AT);
	put16(PE_AT + 6, UINT16_MAX);
	save(file_size);
	assert_int_equal(find_error(0, ".initrd"), -EBADMSG);
}

static void refuses_cut_files(void **state)
{
	(void)state;
	make(unified, 6);
	for (size_t n = file_size - ALIGN + 7; n-- > 64;) {
		save(n);
		assert_int_equal(find_error(0, ".initrd"), -EBADMSG);
	}
}

/* --- a boot image in a section */

static bool wants(const char *name, void *arg)
{
	(void)arg;
	return !strcmp(name, "etc/vgapass.conf");
}

static int found(const char *name, const void *data, size_t n, void *arg)
{
	(void)name;
	snprintf(arg, 64, "%.*s", (int)n, (const char *)data);
	return 0;
}

/* Runs a command whose output becomes the archive that *ret_size bytes of the result hold. */
static size_t run(const char *command, char *to, size_t cap)
{
	FILE *pipe = popen(command, "r");

	assert_non_null(pipe);
	size_t n = fread(to, 1, cap, pipe);
	assert_int_equal(pclose(pipe), 0);
	return n;
}

#define MAKE_ARCHIVE \
	"d=$(mktemp -d) && cd $d && mkdir etc && echo 1002:6608 >etc/vgapass.conf && " \
	"find . | cpio -o -H newc --quiet | %s; rm -r $d"

static void reads_the_boot_image_in_it(void **state)
{
	static const char *const packers[] = { "cat", "gzip", "zstd" };
	static char archive[8192];

	(void)state;
	for (size_t i = 0; i < COUNT(packers); i++) {
		char command[512], seen[64] = "";
		const struct cpio_visitor v = { wants, found, seen };
		snprintf(command, sizeof(command), MAKE_ARCHIVE, packers[i]);
		struct part part[] = { TEXT(".linux", "kernel"),
				       { ".initrd", archive, 0, 0, 0, 0 },
				       TEXT(".cmdline", "070701 no archive") };
		part[1].n = run(command, archive, sizeof(archive));
		make(part, COUNT(part));
		assert_int_equal(cpio_read_fd(fd, &v, NULL), 0);
		assert_string_equal(seen, "1002:6608\n");
		/* It ends where the section says. */
		make(part, 1);
		assert_int_equal(cpio_read_fd(fd, &v, NULL), -ENODATA);
		part[1].memory = (uint32_t)part[1].n / 2;
		make(part, COUNT(part));
		assert_int_equal(cpio_read_fd(fd, &v, NULL), -EBADMSG);
	}
}

static void reads_what_objcopy_and_the_stub_make(void **state)
{
	char name[] = "/tmp/vgapass-test-XXXXXX", command[1024], seen[64] = "";
	const struct cpio_visitor v = { wants, found, seen };

	(void)state;
	if (access(STUB, R_OK) || system("objcopy --version >/dev/null 2>&1"))
		skip();
	assert_non_null(mkdtemp(name));
	snprintf(command, sizeof(command),
		 "cd %s && mkdir etc && echo 1002:6608 >etc/vgapass.conf && "
		 "find etc | cpio -o -H newc --quiet | gzip >initrd && echo kernel >linux && "
		 "echo 'quiet vgapass=off' >cmdline && echo 6.1.0-56-amd64 >uname && objcopy "
		 "--add-section .cmdline=cmdline --change-section-vma .cmdline=0x30000 "
		 "--add-section .uname=uname --change-section-vma .uname=0x31000 "
		 "--add-section .linux=linux --change-section-vma .linux=0x2000000 "
		 "--add-section .initrd=initrd --change-section-vma .initrd=0x3000000 "
		 STUB " unified.efi", name);
	assert_int_equal(system(command), 0);
	close(fd);
	snprintf(command, sizeof(command), "%s/unified.efi", name);
	fd = open(command, O_RDWR);
	assert_true(fd >= 0);
	expect_text(0, ".cmdline", "quiet vgapass=off");
	expect_text(0, ".uname", "6.1.0-56-amd64");
	expect_text(0, ".linux", "kernel");
	assert_int_equal(cpio_read(command, &v), 0);
	assert_string_equal(seen, "1002:6608\n");
	snprintf(command, sizeof(command), "rm -r %s", name);
	assert_int_equal(system(command), 0);
}

static int start(void **state)
{
	(void)state;
	fd = memfd_create("pe", MFD_CLOEXEC);
	return fd < 0 ? -1 : 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_sections),
		cmocka_unit_test(finds_names_of_eight_bytes),
		cmocka_unit_test(prefers_the_profile),
		cmocka_unit_test(takes_the_smaller_size),
		cmocka_unit_test(refuses_sections_outside_of_the_file),
		cmocka_unit_test(refuses_long_text),
		cmocka_unit_test(refuses_what_is_no_pe_file),
		cmocka_unit_test(refuses_cut_files),
		cmocka_unit_test(reads_the_boot_image_in_it),
		cmocka_unit_test(reads_what_objcopy_and_the_stub_make),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
