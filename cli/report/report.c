/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.c - see report.h
 *
 * A section begins with a line "==== NAME". Lines of its text that begin so get a blank in front.
 */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "runtime/io/receipt.h"
#include "runtime/io/sysfs.h"
#include "cli/cmd.h"
#include "cli/machine/rebuild.h"
#include "cli/machine/whole_file.h"
#include "cli/out/ascii.h"
#include "cli/out/diff.h"
#include "cli/out/xalloc.h"
#include "run_verb.h"
#include "saved.h"
#include "scrub.h"

#define MARK "===="
#define LOG_MAX (16 << 20) /* the kernel's largest log buffer by default is 1 MB */

struct maker {
	const struct host *h;
	const struct host_options *o;
	struct scrub *scrub;
	FILE *to, *missing;
};

static void note_missing(const char *path, const char *why, void *arg)
{
	const struct maker *m = arg;

	fprintf(m->missing, "/%s: %s\n", path, why);
}

static void begin(const struct maker *m, const char *name)
{
	fprintf(m->to, "\n" MARK " %s\n", name);
}

/* A terminal, a mail and a web page are to show the same: no control characters, UTF-8 alone. */
static void put_line(const struct maker *m, struct slice line)
{
	bool good = utf8_is_valid(line.p, line.n);
	char *ascii = NULL;

	if (line.n >= sizeof(MARK) - 1 && !memcmp(line.p, MARK, sizeof(MARK) - 1))
		fputc(' ', m->to);
	if (!good) {
		ascii = xmalloc(line.n);
		for (size_t i = 0; i < line.n; i++)
			ascii[i] = (char)((unsigned char)line.p[i] < 0x80 ? line.p[i] : '?');
		line.p = ascii;
	}
	diff_put(m->to, line);
	free(ascii);
}

/* Puts a text with its stand-ins. */
static void put_text(const struct maker *m, const char *text, size_t n)
{
	char *changed;
	size_t size = scrub_text(m->scrub, text, n, &changed);

	for (struct slice rest = { changed, size }; rest.n;)
		put_line(m, slice_cut(&rest, '\n'));
	free(changed);
}

static void put_file(const struct maker *m, const char *path, size_t max)
{
	char *text;
	ssize_t n = whole_file(m->h->roots.root, path, max, &text);

	if (n >= 0)
		put_text(m, text, (size_t)n);
	else if (n == -ENOENT || n == -ENOTDIR)
		fputs("(no such file)\n", m->to);
	else
		note_missing(path, whole_file_error(n), (void *)m);
	free(text);
}

/* One line "NAME: what the file says". */
static void put_value(const struct maker *m, const char *name, const char *path)
{
	char *text, *line;
	ssize_t n = whole_file(m->h->roots.root, path, 4096, &text);

	if (n > 0) {
		line = xasprintf("%s: %.*s", name, (int)strcspn(text, "\n"), text);
		put_text(m, line, strlen(line));
		free(line);
	}
	free(text);
}

static void put_system_name(const struct maker *m)
{
	static const char name[] = "PRETTY_NAME=";
	char *text;

	if (whole_file(m->h->roots.root, "etc/os-release", 65536, &text) < 0 &&
	    whole_file(m->h->roots.root, "usr/lib/os-release", 65536, &text) < 0)
		return;
	const char *found = strstr(text, name);
	if (found)
		fprintf(m->to, "system: %.*s\n", (int)strcspn(found + sizeof(name) - 1, "\n"),
			found + sizeof(name) - 1);
	free(text);
}

static void put_versions(const struct maker *m)
{
	struct utsname uts;

	begin(m, "versions");
	fprintf(m->to, "vgapass: " VGAPASS_VERSION "\n");
	put_value(m, "kernel", "proc/sys/kernel/osrelease");
	put_value(m, "kernel version", "proc/sys/kernel/version");
	if (!uname(&uts))
		fprintf(m->to, "processor: %s\n", uts.machine);
	put_system_name(m);
	put_value(m, "system vendor", "sys/class/dmi/id/sys_vendor");
	put_value(m, "system name", "sys/class/dmi/id/product_name");
	put_value(m, "board vendor", "sys/class/dmi/id/board_vendor");
	put_value(m, "board name", "sys/class/dmi/id/board_name");
	put_value(m, "firmware", "sys/class/dmi/id/bios_version");
	put_value(m, "firmware date", "sys/class/dmi/id/bios_date");
	fprintf(m->to, "boot images: %s\n", rebuild_advice(m->h));
}

static void put_configuration(const struct maker *m)
{
	const struct config *c = &m->h->run.config;
	struct conf_path path;

	begin(m, "configuration");
	for (unsigned i = 0; i < c->files; i++) {
		fprintf(m->to, "# /%s\n", gather_conf_path(&path, c->file[i]));
		put_file(m, path.s, CONFIG_FILE_MAX);
	}
}

/* Reads the kernel's log: a record for each read(2), the last of which gives EAGAIN, and EPIPE
 * where records have been overwritten meanwhile (Documentation/ABI/testing/dev-kmsg). */
static char *read_log(int fd, size_t *n)
{
	size_t cap = 1 << 16;
	char *text = xmalloc(cap);
	ssize_t r;

	*n = 0;
	do {
		if (cap - *n < 16384)
			text = xreallocarray(text, cap *= 2, 1);
		r = read(fd, text + *n, cap - *n);
		*n += r > 0 ? (size_t)r : 0;
	} while ((r > 0 || (r < 0 && (errno == EPIPE || errno == EINTR))) && *n < LOG_MAX);
	return text;
}

/* "6,339,5140900,-;vgapass: ..." as "[    5.140900] vgapass: ..."; lines that are ours alone. */
static void put_record(const struct maker *m, struct slice line)
{
	struct slice head = slice_cut(&line, ';'), priority = slice_cut(&head, ',');
	struct slice number = slice_cut(&head, ','), time = slice_cut(&head, ',');
	uint64_t us;

	(void)priority, (void)number;
	if (!memmem(line.p, line.n, "vgapass", 7) && !memmem(line.p, line.n, "vfio", 4))
		return;
	if (!slice_dec(time, UINT64_MAX, &us))
		us = 0;
	char *text = xasprintf("[%5llu.%06llu] %.*s", (unsigned long long)(us / 1000000),
			       (unsigned long long)(us % 1000000), (int)line.n, line.p);
	put_text(m, text, strlen(text));
	free(text);
}

static void put_log(const struct maker *m)
{
	size_t n;
	int fd = sysfs_open(m->h->roots.root, "dev/kmsg", O_RDONLY | O_NONBLOCK);

	begin(m, "kernel log");
	if (fd < 0) {
		if (fd == -ENOENT)
			fputs("(no such file)\n", m->to);
		else
			note_missing("dev/kmsg", strerror(-fd), (void *)m);
		return;
	}
	char *text = read_log(fd, &n);
	for (struct slice rest = { text, n }; rest.n;)
		put_record(m, slice_cut(&rest, '\n'));
	free(text);
	close(fd);
}

/* What the program itself says: the words of a verb, without --sysroot. */
static void put_verb(const struct maker *m, const struct cmd_verb *verb, const char *option)
{
	const char *argv[6] = { verb->name, NULL };
	unsigned k = 1;
	char end[64];
	size_t n;

	if (option)
		argv[k++] = option;
	char *name = xasprintf("vgapass %s%s%s", verb->name, option ? " " : "",
			       option ? option : "");
	if (m->o->sysroot) {
		argv[k++] = "--sysroot";
		argv[k++] = m->o->sysroot;
	}
	begin(m, name);
	char *text = run_verb(verb, argv, &n, end);
	put_text(m, text, n);
	fprintf(m->to, "(%s)\n", end);
	free(text);
	free(name);
}

static void put_sections(const struct maker *m)
{
	put_versions(m);
	put_configuration(m);
	begin(m, "kernel command line");
	put_file(m, "proc/cmdline", 1 << 20);
	begin(m, "receipt");
	put_file(m, "run/vgapass/receipt.json", RECEIPT_MAX);
	put_log(m);
	put_verb(m, &verb_list, "-a");
	put_verb(m, &verb_plan, NULL);
	put_verb(m, &verb_status, NULL);
	put_verb(m, &verb_check, "--json");
	begin(m, "tree");
	saved_write(m->to, m->h, m->scrub, note_missing, (void *)m);
}

static void add_host_names(const struct maker *m)
{
	static const char *const paths[] = { "proc/sys/kernel/hostname", "etc/hostname" };
	char *text;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (whole_file(m->h->roots.root, paths[i], 65536, &text) > 0)
			scrub_add_host(m->scrub, text);
		free(text);
	}
}

static FILE *open_text(char **text, size_t *n)
{
	FILE *to = open_memstream(text, n);

	if (!to)
		xalloc_fail(65536);
	return to;
}

static void close_text(FILE *to)
{
	if (fclose(to))
		xalloc_fail(65536);
}

void report_make(const struct host *h, const struct host_options *o, bool full, struct report *ret)
{
	struct maker m = { .h = h, .o = o, .scrub = scrub_new(full) };
	char *sections;
	size_t n, missing;

	m.missing = open_text(&ret->missing, &missing);
	m.to = open_text(&sections, &n);
	add_host_names(&m);
	put_sections(&m);
	close_text(m.to);
	close_text(m.missing);
	FILE *to = open_text(&ret->text, &ret->n);
	fprintf(to, "vgapass report, format 1\n\n%s\n%s%s",
		full ? "Nothing is replaced in it: it has serial numbers, UUIDs and the host's "
		       "name." :
		       "Serial numbers, MAC addresses, UUIDs and the host's name are replaced: "
		       "the same\none by the same stand-in. Names of users, guests and disks are "
		       "not. Read it\nbefore you send it.",
		missing ? "\nNot in it, as it could not be read:\n" : "", ret->missing);
	fwrite(sections, 1, n, to);
	close_text(to);
	free(sections);
	scrub_free(m.scrub);
}
