/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_unpack.c - hook/image/unpack.c: module files, uncompressed */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "hook/image/unpack.h"

#define SIZE 3000000 /* more than the first buffer, of a megabyte */

static unsigned char plain[SIZE], packed[SIZE + 65536];
static char name[64];

static int start(void **state)
{
	uint32_t x = 1;
	int fd;

	(void)state;
	for (size_t i = 0; i < SIZE; i++) {
		x = x * 1664525 + 1013904223;
		plain[i] = (unsigned char)(x >> 24 & (i % 7 ? 15 : 255));
	}
	memcpy(plain, "\177ELF", 4);
	strcpy(name, "/tmp/vgapass-test-XXXXXX");
	fd = mkstemp(name);
	return fd < 0 ? -1 : close(fd);
}

static int stop(void **state)
{
	(void)state;
	return unlink(name);
}

static size_t pack_xz(size_t n)
{
	size_t to = 0;

	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, plain, n, packed, &to,
						 sizeof(packed)),
			 LZMA_OK);
	return to;
}

static size_t pack_zstd(size_t n)
{
	size_t to = ZSTD_compress(packed, sizeof(packed), plain, n, 1);

	assert_false(ZSTD_isError(to));
	return to;
}

static size_t pack_gzip(size_t n)
{
	z_stream z = { .next_in = plain,
		       .avail_in = (uInt)n,
		       .next_out = packed,
		       .avail_out = sizeof(packed) };

	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static size_t (*const packers[])(size_t n) = { pack_xz, pack_zstd, pack_gzip };

static void write_file(const void *data, size_t n)
{
	FILE *file = fopen(name, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, n, file), n);
	fclose(file);
}

static void expect_plain(size_t n)
{
	unsigned char *data = NULL;
	size_t size = 0;

	assert_int_equal(unpack_file(AT_FDCWD, name, &data, &size), 0);
	assert_int_equal(size, n);
	assert_memory_equal(data, plain, n);
	free(data);
}

static void expect_error(int error)
{
	unsigned char *data = plain;
	size_t size = 42;

	int r = unpack_file(AT_FDCWD, name, &data, &size);
	if (!r)
		free(data);
	assert_int_equal(r, error);
	assert_ptr_equal(data, plain);
	assert_int_equal(size, 42);
}

static void copies_what_is_not_packed(void **state)
{
	static const size_t sizes[] = { 1, 3, 4096, SIZE };

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		write_file(plain, sizes[i]);
		expect_plain(sizes[i]);
	}
	write_file("", 0);
	expect_plain(0);
}

static void unpacks(void **state)
{
	static const size_t sizes[] = { 1, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, SIZE };

	(void)state;
	for (size_t p = 0; p < COUNT(packers); p++)
		for (size_t i = 0; i < COUNT(sizes); i++) {
			write_file(packed, packers[p](sizes[i]));
			expect_plain(sizes[i]);
		}
}

/* Packed files that are joined, with zeros between or without, are unpacked as one. */
static void unpacks_all_parts(void **state)
{
	static const size_t paddings[] = { 0, 4 };

	(void)state;
	for (size_t p = 0; p < COUNT(packers); p++)
		for (size_t i = 0; i < COUNT(paddings); i++) {
			size_t n = packers[p](3000);
			FILE *file = fopen(name, "wb");
			assert_non_null(file);
			fwrite(packed, 1, n, file);
			fwrite("\0\0\0", 1, paddings[i], file);
			memmove(plain, plain + 3000, 3000);
			n = packers[p](3000);
			fwrite(packed, 1, n, file);
			fclose(file);
			unsigned char *data = NULL;
			size_t size = 0;
			assert_int_equal(unpack_file(AT_FDCWD, name, &data, &size), 0);
			assert_int_equal(size, 6000);
			assert_memory_equal(data + 3000, plain, 3000);
			free(data);
		}
}

/* Nothing may follow the last part, not even what may in a boot image. */
static void refuses_strangers_behind(void **state)
{
	static const char *const strangers[] = { "x", "070701", "~Module signature appended~\n" };

	(void)state;
	for (size_t p = 0; p < COUNT(packers); p++)
		for (size_t i = 0; i < COUNT(strangers); i++) {
			size_t n = packers[p](5000), m = strlen(strangers[i]);
			memcpy(packed + n, strangers[i], m);
			write_file(packed, n + m);
			expect_error(-EBADMSG);
		}
}

/* A file that is cut anywhere is damaged. */
static void refuses_cut_files(void **state)
{
	(void)state;
	for (size_t p = 0; p < COUNT(packers); p++) {
		size_t n = packers[p](5000);
		for (size_t cut = 6; cut < n; cut += 1 + n / 50) {
			write_file(packed, cut);
			expect_error(-EBADMSG);
		}
		write_file(packed, n - 1);
		expect_error(-EBADMSG);
	}
}

/* Whichever byte is wrong, nothing crashes. */
static void survives_damage(void **state)
{
	(void)state;
	for (size_t p = 0; p < COUNT(packers); p++) {
		size_t n = packers[p](5000);
		for (size_t i = 6; i < n; i += 1 + n / 100) {
			unsigned char *data, old = packed[i];
			size_t size;
			packed[i] ^= 0x55;
			write_file(packed, n);
			packed[i] = old;
			int r = unpack_file(AT_FDCWD, name, &data, &size);
			assert_true(!r || r == -EBADMSG || r == -ENOMEM);
			if (!r)
				free(data);
		}
	}
}

static void refuses_what_is_no_file(void **state)
{
	unsigned char *data;
	size_t size;

	(void)state;
	assert_int_equal(unpack_file(AT_FDCWD, "/nowhere", &data, &size), -ENOENT);
	assert_int_equal(unpack_file(AT_FDCWD, "/tmp", &data, &size), -EIO);
	assert_int_equal(unpack_file(AT_FDCWD, "/dev/null", &data, &size), -EIO);
	assert_int_equal(truncate(name, ((off_t)256 << 20) + 1), 0);
	expect_error(-EFBIG);
	/* A FIFO without a writer. */
	assert_int_equal(unlink(name) || mkfifo(name, 0600), 0);
	expect_error(-EIO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(copies_what_is_not_packed), TEST(unpacks),
		TEST(unpacks_all_parts),	 TEST(refuses_strangers_behind),
		TEST(refuses_cut_files),	 TEST(survives_damage),
		TEST(refuses_what_is_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
