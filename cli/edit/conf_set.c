/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf_set.c - see conf_set.h */
#include "conf_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/core/words.h"
#include "runtime/io/sysfs.h"
#include "cli/cmd.h"
#include "cli/machine/problem.h"
#include "cli/machine/whole_file.h"
#include "cli/out/diff.h"
#include "cli/out/xalloc.h"

#define LOCK_DIR "vgapass"
#define LOCK_NAME "conf.lock"
#define CMDLINE_NAME "cmdline" /* not a file: rules of vgapass.ids= */

/* False, said: the folder of the configuration cannot be written to. */
static bool may_write(const struct host *h, const char *verb)
{
	const char *root = h->sysroot;
	int etc = sysfs_dir(h->roots.root, "etc");

	if (etc < 0 || faccessat(etc, ".", W_OK, AT_EACCESS)) {
		int error = etc < 0 ? -etc : errno;
		if (error == EROFS)
			cmd_complain("%s: %s/etc is on a file system that is read-only: remount "
				     "it", verb, root);
		else if (error == ENOENT)
			cmd_complain("%s: %s/etc: no such directory: create it", verb, root);
		else if (error == EACCES || error == EPERM)
			cmd_complain("%s: needs root: run sudo vgapass %s ...", verb, verb);
		else
			cmd_complain("%s: %s/etc: %s", verb, root, strerror(error));
		if (etc >= 0)
			close(etc);
		return false;
	}
	close(etc);
	return true;
}

/* A file that only root can open, so that nobody else can hold the lock; and one that can be
 * written, which NFS wants. -errno */
static int open_lock(const struct host *h)
{
	if (mkdirat(h->roots.root, "run", 0755) && errno != EEXIST)
		return -errno;
	int run = sysfs_dir(h->roots.root, "run"), dir = -1, fd = -1;
	if (run < 0)
		return run;
	if (!mkdirat(run, LOCK_DIR, 0755) || errno == EEXIST)
		dir = openat(run, LOCK_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir >= 0)
		fd = openat(dir, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int error = errno;
	close(run);
	if (dir >= 0)
		close(dir);
	return fd < 0 ? -error : fd;
}

/* 0, or CMD_FAILED, said. */
static int lock_configuration(struct conf_set *s, const struct host *h, const char *verb)
{
	int r = s->lock = open_lock(h);

	if (r >= 0)
		r = flock(s->lock, LOCK_EX | LOCK_NB) ? -errno : 0;
	if (r == -EWOULDBLOCK)
		return cmd_complain("%s: another vgapass is changing the configuration: wait for "
				    "it", verb);
	if (r)
		return cmd_complain("%s: /run/" LOCK_DIR "/" LOCK_NAME " cannot be locked (%s): "
				    "nothing is changed", verb, strerror(-r));
	return CMD_OK;
}

static bool is_of_file(const struct place *at)
{
	return strcmp(at->file, CMDLINE_NAME) != 0;
}

unsigned conf_set_errors(const struct host *h)
{
	const struct config *c = &h->run.config;
	unsigned n = 0;

	for (unsigned i = 0; i < c->errors && i < CONFIG_ERRORS_MAX; i++) {
		if (!is_of_file(&c->error[i].at))
			continue;
		cmd_complain("%s", problem_line(h, i));
		n++;
	}
	return n;
}

/* Fills *f, which owns nothing yet. Returns 0 or -errno; a missing file is an empty one. */
static int read_conf_file(const struct host *h, struct conf_file *f, const char *name)
{
	struct conf_path path;
	char target[8];
	int root = h->roots.root;

	*f = (struct conf_file){ .there = false };
	text_make(f->name, sizeof(f->name), "%s", name);
	ssize_t n = whole_file(root, gather_conf_path(&path, name), CONFIG_FILE_MAX, &f->old);
	ssize_t link = sysfs_link(root, path.s, 1, target, sizeof(target));
	f->linked = link >= 0 || link == -E2BIG;
	f->there = n >= 0 || n == -ENODEV;
	if (n < 0)
		f->old = xstrdup("");
	f->n = f->old_n = n < 0 ? 0 : (size_t)n;
	f->text = xmalloc(f->n + 1);
	memcpy(f->text, f->old, f->n + 1);
	/* conf_set_errors() prints the engine's error for what is not a regular file. */
	return n < 0 && n != -ENOENT && n != -ENODEV ? (int)n : 0;
}

static void free_conf_file(struct conf_file *f)
{
	free(f->text);
	free(f->old);
}

static int complain_of_errors(const char *verb)
{
	return cmd_complain("%s: the configuration has errors, nothing is changed: correct them "
			    "first", verb);
}

int conf_set_open(struct conf_set *s, struct host *h, const struct host_options *o,
		  const char *verb, bool look_only)
{
	s->lock = -1;
	s->files = 0;
	if (host_open(h, o) || (!look_only && !may_write(h, verb)))
		return CMD_FAILED;
	if (conf_set_errors(h))
		return complain_of_errors(verb);
	if (h->run.input_error)
		return cmd_complain("%s: the PCI functions cannot be listed (%s): is /sys mounted?",
				    verb, strerror(-h->run.input_error));
	return CMD_OK;
}

int conf_set_read(struct conf_set *s, struct host *h, const char *verb, bool look_only)
{
	struct config *c = &h->run.config;

	if (!look_only && lock_configuration(s, h, verb))
		return CMD_FAILED;
	gather_config(&h->roots, c);
	if (conf_set_errors(h))
		return complain_of_errors(verb);
	for (; s->files < c->files; s->files++) {
		int r = read_conf_file(h, &s->file[s->files], c->file[s->files]);
		if (r)
			return cmd_complain("%s: %s: %s", verb, c->file[s->files], strerror(-r));
	}
	/* Of what has been read last, which is what is changed. */
	conf_set_plan(s, h, NULL);
	return conf_set_errors(h) ? complain_of_errors(verb) : CMD_OK;
}

/* True: the file's text is still that which was read. */
static bool is_current(const struct host *h, const struct conf_file *known)
{
	struct conf_file f;
	bool current = !read_conf_file(h, &f, known->name) && f.there == known->there &&
		       f.old_n == known->old_n && !memcmp(f.old, known->old, f.old_n);

	free_conf_file(&f);
	return current;
}

/* The first file that differs; NULL: none does. The names of both lists are sorted alike. */
static const char *find_changed(const struct conf_set *s, const struct host *h,
				const struct config *now)
{
	unsigned k = 0;

	for (unsigned i = 0; i < s->files; i++) {
		const struct conf_file *known = &s->file[i];
		const char *name = k < now->files ? now->file[k] : NULL;
		int order = name ? strcmp(name, known->name) : 1;
		if (order < 0)
			return name;
		if (!known->there && order)
			continue;
		if (order || !is_current(h, known))
			return known->name;
		k++;
	}
	return k < now->files ? now->file[k] : NULL;
}

bool conf_set_is_current(const struct conf_set *s, const struct host *h, char which[256])
{
	struct config *now = xmalloc(sizeof(*now));

	gather_config(&h->roots, now);
	const char *changed = find_changed(s, h, now);
	text_make(which, 256, "%s", changed ? changed : "");
	free(now);
	return !changed;
}

void conf_set_close(struct conf_set *s, struct host *h)
{
	for (unsigned i = 0; i < s->files; i++)
		free_conf_file(&s->file[i]);
	host_close(h);
	if (s->lock >= 0)
		close(s->lock);
}

struct conf_file *conf_set_file(struct conf_set *s, const char *name, const char *verb)
{
	unsigned i = 0;

	/* vgapass.conf comes first, the others in C order: as gather_config() has them. */
	while (i < s->files && strcmp(s->file[i].name, name) < 0)
		i++;
	if (i < s->files && !strcmp(s->file[i].name, name))
		return &s->file[i];
	if (s->files == CONFIG_FILES_MAX) {
		cmd_complain("%s: %s: %u files are the limit: use an existing one",
			     verb, name, CONFIG_FILES_MAX);
		return NULL;
	}
	struct conf_file *f = &s->file[i];
	memmove(f + 1, f, (s->files - i) * sizeof(*f));
	s->files++;
	*f = (struct conf_file){ .text = xstrdup(""), .old = xstrdup("") };
	text_make(f->name, sizeof(f->name), "%s", name);
	return f;
}

void conf_set_plan(const struct conf_set *s, struct host *h, const char *profile)
{
	struct run *r = &h->run;

	config_start(&r->config);
	for (unsigned i = 0; i < s->files; i++) {
		const struct conf_file *f = &s->file[i];
		const char *name = config_add_file(&r->config, f->name);
		if (name)
			config_parse(&r->config, name, f->text, f->n);
	}
	r->cmd = (struct cmdline){ .mode = MODE_ON };
	if (profile && config_find_profile(&r->config, slice_of(profile)))
		r->cmd.profile = slice_of(profile);
	plan_build(&r->config, &r->cmd, &r->inv, &r->plan);
}

bool conf_file_take(struct conf_file *f, const struct text *new, const char *verb)
{
	if (new->cut || new->len > CONFIG_FILE_MAX) {
		cmd_complain("%s: %s would be larger than 64 KiB: use --file NAME", verb, f->name);
		return false;
	}
	f->text = xreallocarray(f->text, new->len + 1, 1);
	memcpy(f->text, new->buf, new->len);
	f->n = new->len;
	f->changed = true;
	return true;
}

bool conf_file_goes(const struct conf_file *f)
{
	return f->there && !f->linked && !f->n && strchr(f->name, '/');
}

static void print_name(const char *sign, const struct conf_file *f, bool there)
{
	printf("%s %s%s\n", sign, there ? "/etc/" : "/dev/null", there ? f->name : "");
}

void conf_set_diff(const struct conf_set *s)
{
	for (unsigned i = 0; i < s->files; i++) {
		const struct conf_file *f = &s->file[i];
		if (!f->changed)
			continue;
		print_name("---", f, f->there);
		print_name("+++", f, !conf_file_goes(f));
		diff_print(stdout, (struct slice){ f->old, f->old_n },
			   (struct slice){ f->text, f->n });
	}
}
