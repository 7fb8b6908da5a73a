/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_image.c - hook/image/cpio.c: files out of boot images of every packer, in any number of
 * segments, damaged and cut. */
#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/image/cpio.h"

#define LARGE ((size_t)20 << 20) /* more than two blocks of lz4, and than what is read ahead */

/* Commands that pack a file's text from stdin; the first leaves it plain. */
static const char *const packers[] = { "cat",	  "gzip -1n", "xz -1 --check=crc32", "lzma -1",
				       "zstd -1", "lz4 -l",   "bzip2 -1",	     "lzop -1" };
#define PACKERS COUNT(packers)

static char folder[] = "/tmp/vgapass-test-XXXXXX";
static char archive[64], image[64];
static unsigned inode;

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...)
{
	char *command = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&command, format, args) < 0)
		fail();
	va_end(args);
	if (system(command))
		fail_msg("%s", command);
	free(command);
}

static int start(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(archive, sizeof(archive), "%s/archive", folder);
	snprintf(image, sizeof(image), "%s/image", folder);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	shell("rm -r %s", folder);
	return 0;
}

/* --- writing archives */

static void add_inode(FILE *f, const char *name, unsigned mode, unsigned links, const void *data,
		      size_t n)
{
	size_t name_size = strlen(name) + 1;

	fprintf(f, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", inode, mode, 0, 0,
		links, 0, n, 8, 1, 0, 0, name_size, 0);
	fwrite(name, 1, name_size, f);
	fwrite("\0\0\0", 1, -(110 + name_size) & 3, f);
	fwrite(data, 1, n, f);
	fwrite("\0\0\0", 1, -n & 3, f);
}

static void add(FILE *f, const char *name, const char *text)
{
	inode++;
	add_inode(f, name, S_IFREG | 0644, 1, text, strlen(text));
}

static FILE *begin(void)
{
	FILE *f = fopen(archive, "wb");

	assert_non_null(f);
	return f;
}

static void end(FILE *f)
{
	add_inode(f, "TRAILER!!!", 0, 1, "", 0);
	assert_int_equal(fclose(f), 0);
}

/* Puts the archive behind what the image has already, and zeros behind that. */
static void append(const char *packer, unsigned zeros)
{
	shell("%s <%s >>%s && head -c %u /dev/zero >>%s", packer, archive, image, zeros, image);
}

static void small(const char *name, const char *text)
{
	FILE *f = begin();

	add(f, name, text);
	end(f);
}

/* --- reading them */

static char seen[4096]; /* "name=text name=text ..." in the order of the finding */
static size_t large;

static bool wants(const char *name, void *arg)
{
	(void)arg;
	return strncmp(name, "no", 2) != 0;
}

static int found(const char *name, const void *data, size_t n, void *arg)
{
	size_t used = strlen(seen);

	(void)arg;
	if (n > 64) {
		large = n;
		for (size_t i = 0; i < n; i++)
			if (((const unsigned char *)data)[i] != (unsigned char)(i * i >> 8))
				return -EPROTO;
	} else {
		snprintf(seen + used, sizeof(seen) - used, "%s=%s ", name,
			 data ? (const char *)data : "(none)");
	}
	return 0;
}

static int read_image(void)
{
	const struct cpio_visitor v = { wants, found, NULL };

	*seen = '\0';
	large = 0;
	return cpio_read(image, &v);
}

static void expect(const char *what)
{
	assert_int_equal(read_image(), 0);
	assert_string_equal(seen, what);
}

static void fresh(void)
{
	unlink(image);
}

/* --- the tests */

static void test_packers(void **state)
{
	(void)state;
	for (size_t i = 0; i < PACKERS; i++) {
		fresh();
		small("etc/vgapass.conf", "1002:6608");
		append(packers[i], 0);
		expect("etc/vgapass.conf=1002:6608 ");
	}
}

static void test_large(void **state)
{
	unsigned char *data = malloc(LARGE);
	const size_t size = LARGE / 3; /* below what is wanted at most */

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < LARGE; i++)
		data[i] = (unsigned char)(i * i >> 8);
	FILE *f = begin();
	add_inode(f, "no/large", S_IFREG, 1, data, LARGE);
	inode++;
	add_inode(f, "large", S_IFREG, 1, data, size);
	add(f, "last", "x");
	end(f);
	free(data);
	for (size_t i = 0; i < PACKERS; i++) {
		fresh();
		append(packers[i], 0);
		expect("last=x ");
		assert_int_equal(large, size);
	}
}

/* What is beyond the limit is told without data. */
static void test_too_large(void **state)
{
	char *data = calloc(1, CPIO_FILE_MAX + 1);

	(void)state;
	FILE *f = begin();
	add_inode(f, "huge", S_IFREG, 1, data, CPIO_FILE_MAX + 1);
	add_inode(f, "dir", S_IFDIR, 2, "", 0);
	add_inode(f, "link", S_IFLNK, 1, "to", 2);
	end(f);
	free(data);
	fresh();
	append("cat", 0);
	expect("huge=(none) dir=(none) link=to ");
}

/* Microcode in front, zeros, the packed one, zeros, the same packer or the next one. */
static void test_segments(void **state)
{
	(void)state;
	for (size_t i = 0; i < PACKERS; i++)
		for (size_t k = i; k < i + 2; k++) {
			fresh();
			small("kernel/x86", "code");
			append("cat", 380);
			small("./etc/a", "old");
			append(packers[i], 3);
			small("/etc/a", "new");
			append(packers[k % PACKERS], 512);
			expect("kernel/x86=code etc/a=old etc/a=new ");
		}
}

/* Packed archives without a byte between, but for lz4, which has no end of its own. */
static void test_close_segments(void **state)
{
	(void)state;
	for (size_t i = 0; i < PACKERS; i++) {
		fresh();
		small("a", "1");
		append(packers[i], strcmp(packers[i], "lz4 -l") ? 0 : 4);
		small("b", "2");
		append("gzip", 0);
		small("c", "3");
		append("cat", 0);
		expect("a=1 b=2 c=3 ");
	}
}

/* Two archives in one packed segment. */
static void test_archives_in_segment(void **state)
{
	(void)state;
	small("a", "1");
	shell("cp %s %s.a && head -c 100 /dev/zero >>%s.a", archive, archive, archive);
	small("b", "2");
	shell("cat %s >>%s.a && mv %s.a %s", archive, archive, archive, archive);
	fresh();
	append("gzip", 0);
	expect("a=1 b=2 ");
}

static void test_hard_links(void **state)
{
	(void)state;
	FILE *f = begin();
	inode++;
	add_inode(f, "a", S_IFREG, 3, "", 0);
	add_inode(f, "b", S_IFREG, 3, "", 0);
	add_inode(f, "no", S_IFREG, 3, "text", 4);
	inode++;
	add_inode(f, "empty", S_IFREG, 2, "", 0);
	add_inode(f, "no-empty", S_IFREG, 2, "", 0);
	end(f);
	fresh();
	append("xz --check=crc32", 0);
	assert_int_equal(read_image(), 0);
	assert_non_null(strstr(seen, "a=text "));
	assert_non_null(strstr(seen, "b=text "));
	assert_non_null(strstr(seen, "empty= "));
	assert_null(strstr(seen, "no"));
}

/* Whichever name comes with the data, all have it, as cpio -i and the kernel unpack them. */
static void test_names_of_one_file(void **state)
{
	/* In each order: the wanted names, what they hold, and one that is not wanted. */
	static const struct {
		const char *name[3];
		int with_data;
	} cases[] = {
		{ { "a", "b", "no" }, 2 }, { { "a", "no", "b" }, 2 }, { { "no", "a", "b" }, 2 },
		{ { "a", "b", "no" }, 0 }, { { "a", "no", "b" }, 0 }, { { "no", "a", "b" }, 0 },
		{ { "a", "b", "no" }, 1 }, { { "a", "no", "b" }, 1 }, { { "no", "a", "b" }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		FILE *f = begin();
		inode++;
		for (int k = 0; k < 3; k++)
			add_inode(f, cases[i].name[k], S_IFREG | 0644, 3, "text",
				  k == cases[i].with_data ? 4 : 0);
		end(f);
		fresh();
		append("cat", 0);
		assert_int_equal(read_image(), 0);
		if (strlen(seen) != 14 || !strstr(seen, "a=text ") || !strstr(seen, "b=text "))
			fail_msg("case %zu: %s", i, seen);
		shell("cd %s && rm -f a b no && cpio -i --quiet <image && "
		      "test $(cat a):$(cat b):$(cat no) = text:text:text", folder);
	}
}

/* Of files with several names so many are remembered, and then it is said that more were there. */
static void test_many_files_with_names(void **state)
{
	char name[16];

	(void)state;
	for (int empty = 0; empty < 2; empty++) {
		FILE *f = begin();
		for (int i = 0; i < 300; i++) {
			inode++;
			snprintf(name, sizeof(name), "no%d", i);
			add_inode(f, name, S_IFREG, 2, "text", 4);
		}
		inode++;
		add_inode(f, "a", S_IFREG, 2, "", 0);
		if (!empty)
			add_inode(f, "b", S_IFREG, 2, "text", 4);
		end(f);
		fresh();
		append("cat", 0);
		assert_int_equal(read_image(), empty ? -E2BIG : 0);
	}
}

/* Bytes that this process has read so far. */
static unsigned long long bytes_read(void)
{
	unsigned long long n = 0;
	FILE *f = fopen("/proc/self/io", "re");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "rchar: %llu", &n), 1);
	fclose(f);
	return n;
}

static int read_until(const char *last, unsigned long long *ret_bytes)
{
	const struct cpio_visitor v = { wants, found, NULL };
	unsigned long long before = bytes_read();

	*seen = '\0';
	int r = cpio_read_until(image, &v, last);
	*ret_bytes = bytes_read() - before;
	return r;
}

/* Random bytes behind the last wanted name, so that no packer makes them fewer. */
static void make_long_archive(const char *first, const char *second, size_t n)
{
	unsigned char *data = malloc(n);
	FILE *f = begin(), *random = fopen("/dev/urandom", "re");

	assert_true(data && random);
	assert_int_equal(fread(data, 1, n, random), n);
	fclose(random);
	add(f, first, "1");
	add(f, second, "2");
	inode++;
	add_inode(f, "no/large", S_IFREG, 1, data, n);
	add(f, "z", "3");
	end(f);
	free(data);
}

static void test_ends_early(void **state)
{
	unsigned long long bytes = 0;

	(void)state;
	for (size_t i = 0; i < PACKERS; i++) {
		bool lz4 = !strcmp(packers[i], "lz4 -l");
		fresh();
		small("kernel/x86", "code"); /* microcode in front ends nothing */
		append("cat", 12);
		make_long_archive("./a", "./k", lz4 ? LARGE : LARGE / 4);
		append(packers[i], 0);
		assert_int_equal(read_until(NULL, &bytes), 0);
		assert_string_equal(seen, "kernel/x86=code a=1 k=2 z=3 ");
		assert_true(bytes > LARGE / 4);
		assert_int_equal(read_until("k0", &bytes), 0);
		assert_string_equal(seen, "kernel/x86=code a=1 k=2 ");
		/* One block has been read, and of lz4, whose blocks have 8 MiB, two. */
		if (bytes > (lz4 ? (size_t)17 << 20 : (size_t)2 << 20))
			fail_msg("%s: %llu", packers[i], bytes);
		/* "z" is wanted, so all must be read. */
		assert_int_equal(read_until("z", &bytes), 0);
		assert_string_equal(seen, "kernel/x86=code a=1 k=2 z=3 ");
	}
}

/* Names in another order say nothing of those that follow, nor does an archive without any. */
static void test_does_not_end_too_early(void **state)
{
	unsigned long long bytes = 0;

	(void)state;
	fresh();
	small("no", "x");
	append("gzip", 0);
	make_long_archive("k", "a", LARGE / 4);
	append("gzip", 0);
	assert_int_equal(read_until("k0", &bytes), 0);
	assert_string_equal(seen, "k=1 a=2 z=3 ");
	/* A name whose data has not come yet. */
	FILE *f = begin();
	add(f, "a", "1");
	inode++;
	add_inode(f, "b", S_IFREG, 2, "", 0);
	add_inode(f, "no", S_IFREG, 2, "text", 4);
	end(f);
	fresh();
	append("cat", 0);
	assert_int_equal(read_until("k0", &bytes), 0);
	assert_string_equal(seen, "a=1 b=text ");
}

static size_t size_of_image(void)
{
	struct stat st;

	assert_int_equal(stat(image, &st), 0);
	return (size_t)st.st_size;
}

/* Cut anywhere: an error, but where only zeros or a check sum are missing. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < PACKERS; i++) {
		fresh();
		small("etc/vgapass.conf", "1002:6608");
		append(packers[i], 0);
		for (size_t n = size_of_image(); n-- > 0;) {
			assert_int_equal(truncate(image, (off_t)n), 0);
			int r = read_image();
			if (r && r != -EBADMSG)
				fail_msg("%s: %d at %zu", packers[i], r, n);
			if (!r)
				assert_string_equal(seen, "etc/vgapass.conf=1002:6608 ");
		}
		assert_int_equal(read_image(), -EBADMSG);
	}
}

/* Any byte another: no crash, and no file that the archive does not have. */
static void test_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < PACKERS; i++) {
		fresh();
		small("etc/vgapass.conf", "1002:6608");
		append(packers[i], 0);
		FILE *f = fopen(image, "r+b");
		assert_non_null(f);
		setbuf(f, NULL);
		for (long n = (long)size_of_image(); n-- > 0;) {
			fseek(f, n, SEEK_SET);
			int c = fgetc(f);
			fseek(f, n, SEEK_SET);
			fputc(c ^ 0xff, f);
			read_image();
			fseek(f, n, SEEK_SET);
			fputc(c, f);
		}
		fclose(f);
		expect("etc/vgapass.conf=1002:6608 ");
	}
}

/* A file that says to be of four gigabytes is not believed, one that is them is not read. */
static void test_bomb(void **state)
{
	(void)state;
	FILE *f = begin();
	fprintf(f, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, S_IFREG, 0, 0, 1, 0,
		0xfffffff0, 0, 0, 0, 0, 2, 0);
	fwrite("a\0", 1, 2, f);
	fclose(f);
	fresh();
	append("cat", 0);
	assert_int_equal(read_image(), -EBADMSG);
	fresh();
	shell("{ cat %s; head -c 5G /dev/zero; } | zstd -1 >%s", archive, image);
	assert_int_equal(read_image(), -EFBIG);
}

static void test_no_image(void **state)
{
	const struct cpio_visitor v = { wants, found, NULL };

	(void)state;
	fresh();
	assert_int_equal(cpio_read(image, &v), -ENOENT);
	assert_int_equal(cpio_read(folder, &v), -EINVAL);
	shell(": >%s", image);
	assert_int_equal(read_image(), -EBADMSG);
	shell("head -c 4096 /dev/zero >%s", image);
	assert_int_equal(read_image(), -EBADMSG);
	shell("echo no image >%s", image);
	assert_int_equal(read_image(), -EBADMSG);
	small("a", "1");
	append("gzip", 0);
	assert_int_equal(read_image(), -EBADMSG);
}

/* found() ends the reading. */
static int give_up(const char *name, const void *data, size_t n, void *arg)
{
	(void)name;
	(void)data;
	(void)n;
	return *(int *)arg;
}

static void test_found_fails(void **state)
{
	int code = -EXFULL;
	const struct cpio_visitor v = { wants, give_up, &code };

	(void)state;
	fresh();
	small("a", "1");
	append("gzip", 0);
	assert_int_equal(cpio_read(image, &v), -EXFULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packers),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_close_segments),
		cmocka_unit_test(test_archives_in_segment),
		cmocka_unit_test(test_hard_links),
		cmocka_unit_test(test_names_of_one_file),
		cmocka_unit_test(test_many_files_with_names),
		cmocka_unit_test(test_ends_early),
		cmocka_unit_test(test_does_not_end_too_early),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_no_image),
		cmocka_unit_test(test_found_fails),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
