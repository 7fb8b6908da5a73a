/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folders.h - a machine as files: sys, proc and the like below a temporary directory. */
#pragma once

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#define UNUSED __attribute__((unused)) /* not every test needs each of these */

static char root[64]; /* mkdtemp() has made it */

/* Makes the directories above the last component of `path`, which begins with `root`. */
static UNUSED void make_folders(char *path)
{
	for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
}

/* A file of n bytes, and the directories above it. */
static UNUSED void put_bytes(const char *path, const char *text, size_t n)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	make_folders(whole);
	FILE *file = fopen(whole, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	fclose(file);
}

static UNUSED void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

/* A link in place of what was there. */
static UNUSED void put_link(const char *path, const char *target)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	make_folders(whole);
	unlink(whole);
	assert_int_equal(symlink(target, whole), 0);
}

static UNUSED void put_folder(const char *path)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s/%s/", root, path);
	make_folders(whole);
}
