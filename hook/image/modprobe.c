/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modprobe.c - see modprobe.h */
#include "modprobe.h"

#include <err.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "runtime/core/cmdline.h"
#include "runtime/core/driver.h"
#include "runtime/io/sysfs.h"

const char *const modprobe_dirs[MODPROBE_DIRS] = { "etc/modprobe.d", "run/modprobe.d",
						  "usr/local/lib/modprobe.d",
						  "usr/lib/modprobe.d", "lib/modprobe.d" };

bool folder_open(struct folder *f, int root, const char *name)
{
	int fd = sysfs_dir(root, name);

	*f = (struct folder){ .dir = fd < 0 ? NULL : fdopendir(fd) };
	snprintf(f->name, sizeof(f->name), "%s", name);
	return f->dir;
}

const char *folder_next(struct folder *f)
{
	struct dirent *entry = readdir(f->dir);

	free(f->path);
	f->path = NULL;
	if (entry && asprintf(&f->path, "%s/%s", f->name, entry->d_name) >= 0)
		return entry->d_name;
	closedir(f->dir);
	return NULL;
}

/* Returns true if the file that libkmod would open by this path is below the root. */
static bool is_below(int root, const char *path, const struct stat *opened)
{
	struct stat st;
	int fd = sysfs_open(root, path, O_PATH);
	bool same = fd >= 0 && !fstat(fd, &st) && st.st_dev == opened->st_dev &&
		    st.st_ino == opened->st_ino;

	if (fd >= 0)
		close(fd);
	return same;
}

static bool is_stranger(int root, const struct folder *f, const char *name)
{
	struct stat st;

	if (fstatat(dirfd(f->dir), name, &st, 0) || S_ISDIR(st.st_mode) ||
	    (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
		return false;
	return !S_ISREG(st.st_mode) || !is_below(root, f->path, &st);
}

char *modprobe_find_stranger(int root, const char *folder)
{
	char *found = NULL;
	struct folder f;

	if (!folder_open(&f, root, folder))
		return NULL;
	for (const char *name; (name = folder_next(&f));)
		if (!found && is_stranger(root, &f, name))
			found = strdup(f.path);
	return found;
}

/* Removes the last occurrence of the word from the options. */
static void drop_word(char *options, const char *word)
{
	size_t n = strlen(word);
	char *last = NULL;

	for (char *p = options; (p = strstr(p, word)); p++)
		if ((p == options || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			last = p;
	if (!last)
		return;
	memmove(last, last + n, strlen(last + n) + 1);
	if (*last == ' ')
		memmove(last, last + 1, strlen(last + 1) + 1);
	else if (last > options)
		last[-1] = '\0';
}

/* Returns the module's options of modprobe.d, to be freed. libkmod appends those of this machine's
 * /proc/cmdline (libkmod-config.c, kmod_config_parse_kcmdline()), which are removed here: the
 * machine that boots the image has a command line of its own, and vgapass-early reads it. */
static char *read_options(struct kmod_module *mod)
{
	static char cmdline[CMDLINE_MAX], words[CMDLINE_MAX];
	const char *from_kmod = kmod_module_get_options(mod);
	char *rest = words, *word, *options = strdup(from_kmod ? from_kmod : "");
	struct text t;
	FILE *f = fopen("/proc/cmdline", "re");

	if (!f || !options)
		return options;
	size_t n = fread(cmdline, 1, sizeof(cmdline) - 1, f);
	fclose(f);
	cmdline[n] = '\0';
	text_start(&t, words, sizeof(words));
	cmdline_module_params(slice_of(cmdline), slice_of(kmod_module_get_name(mod)), &t);
	while ((word = strsep(&rest, " ")))
		if (*word)
			drop_word(options, word);
	return options;
}

/* Returns the length of the first word, which ends at a blank outside of quotes. */
static size_t word_length(const char *p)
{
	bool quoted = false;
	size_t n = 0;

	for (; p[n] && (quoted || p[n] != ' '); n++)
		quoted ^= p[n] == '"';
	return n;
}

/* Removes the words "ids=..." from the options. Returns true if there was one. */
static bool drop_ids(char *options)
{
	bool dropped = false;
	char *p = options;

	while (*p) {
		size_t n = word_length(p), behind = n + (p[n] == ' ');
		if (strncmp(p + (*p == '"'), "ids=", 4) != 0) {
			p += behind;
			continue;
		}
		dropped = true;
		memmove(p, p + behind, strlen(p + behind) + 1);
		if (!*p && p > options)
			*--p = '\0';
	}
	return dropped;
}

char *modprobe_options(struct kmod_module *mod, bool *had_ids)
{
	char *options = read_options(mod);

	*had_ids = options && drop_ids(options);
	return options;
}

/* Reads a line with those that continue it: for libkmod, a line that ends in a backslash goes on in
 * the next one. Returns false at the end of the file. */
static bool read_joined(FILE *file, char **line, size_t *room)
{
	size_t n = 0, more_room = 0;
	char *more = NULL;
	ssize_t got;

	while ((got = getline(&more, &more_room, file)) >= 0) {
		if (n + (size_t)got >= *room) {
			*room = 2 * (n + (size_t)got) + 1;
			*line = realloc(*line, *room);
			if (!*line)
				err(1, "a line of modprobe.d");
		}
		memcpy(*line + n, more, (size_t)got + 1);
		n += (size_t)got;
		if (n < 2 || strcmp(*line + n - 2, "\\\n") != 0)
			break;
		n -= 2;
		(*line)[n] = '\0';
	}
	free(more);
	return n || got >= 0;
}

/* Returns true if the line is "options MODULE ... ids=...". */
static bool is_options_with_ids(char *line, const char *module)
{
	static const char blanks[] = " \t\n";
	char *rest, *word = strtok_r(line, blanks, &rest);

	if (!word || strcmp(word, "options") != 0)
		return false;
	word = strtok_r(NULL, blanks, &rest);
	if (!word || !module_same_name(slice_of(word), slice_of(module)))
		return false;
	while ((word = strtok_r(NULL, blanks, &rest)))
		if (!strncmp(word + (*word == '"'), "ids=", 4))
			return true;
	return false;
}

static bool gives_ids(int root, const char *path, const char *module)
{
	int fd = sysfs_open(root, path, O_RDONLY | O_NONBLOCK);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t room = 0;
	bool gives = false;

	while (file && !gives && read_joined(file, &line, &room))
		gives = is_options_with_ids(line, module);
	free(line);
	if (file)
		fclose(file);
	return gives;
}

char *modprobe_ids_file(int root, const char *module)
{
	struct folder f;
	char *found = NULL;

	for (unsigned i = 0; !found && i < MODPROBE_DIRS; i++) {
		if (!folder_open(&f, root, modprobe_dirs[i]))
			continue;
		for (const char *name; (name = folder_next(&f));) {
			size_t n = strlen(name);
			if (!found && n > 5 && !strcmp(name + n - 5, ".conf") &&
			    gives_ids(root, f.path, module))
				found = strdup(f.path);
		}
	}
	return found;
}
