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
#include "account.h"

#define LOCK_DIR "vgapass"
#define LOCK_NAME "conf.lock"
#define CMDLINE_NAME "cmdline" /* not a file: rules of the kernel command line */

/* Says why /etc cannot be written to. */
static void say_not_writable(const char *etc, int error)
{
	if (error == EROFS) {
		account_error("read-only", etc, "is on a read-only file system");
		account_fix(FIX_ADVICE, NULL, "remount it");
	} else if (error == ENOENT) {
		account_error("no-directory", etc, "no such directory");
		account_fix(FIX_ADVICE, NULL, "create it");
	} else if (error == EACCES || error == EPERM) {
		account_error("needs-root", etc, "needs root");
		account_fix(FIX_COMMAND, NULL, "%s", account_command(""));
	} else {
		account_error("no-directory", etc, "%s", strerror(error));
	}
}

/* False, said: the directory of the configuration cannot be written to. */
static bool may_write(const struct host *h)
{
	int etc = sysfs_dir(h->roots.root, "etc"), error = 0;

	if (etc < 0 || faccessat(etc, ".", W_OK, AT_EACCESS))
		error = etc < 0 ? -etc : errno;
	if (etc >= 0)
		close(etc);
	if (!error)
		return true;
	char *path = xasprintf("%s/etc", h->sysroot);
	say_not_writable(path, error);
	free(path);
	return false;
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
static int lock_configuration(struct conf_set *s, const struct host *h)
{
	int r = s->lock = open_lock(h);

	if (r >= 0)
		r = flock(s->lock, LOCK_EX | LOCK_NB) ? -errno : 0;
	if (r == -EWOULDBLOCK) {
		account_error("locked", "/etc/vgapass.conf", "another vgapass is changing it");
		account_fix(FIX_ADVICE, NULL, "wait for it");
	} else if (r) {
		account_error("locked", "/run/" LOCK_DIR "/" LOCK_NAME, "cannot be locked (%s)",
			      strerror(-r));
	}
	return r ? account_unchanged() : CMD_OK;
}

static bool is_of_file(const struct place *at)
{
	return strcmp(at->file, CMDLINE_NAME) != 0;
}

unsigned conf_set_errors(const struct host *h)
{
	const struct config *c = &h->run.config;
	static struct problem p;
	unsigned n = 0;

	for (unsigned i = 0; i < c->errors && i < CONFIG_ERRORS_MAX; i++) {
		if (!is_of_file(&c->error[i].at))
			continue;
		problem_get(h, i, &p);
		account_error("configuration", p.at, "%s", p.text);
		if (*p.fix)
			account_fix(FIX_EDIT, p.at, "%s", p.fix);
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

int conf_set_open(struct conf_set *s, struct host *h, const struct host_options *o,
		  bool look_only)
{
	s->lock = -1;
	s->files = 0;
	if (host_open(h, o) || (!look_only && !may_write(h)))
		return CMD_FAILED;
	if (conf_set_errors(h))
		return account_unchanged();
	if (h->run.input_error)
		return account_error("no-functions", "/sys/bus/pci/devices", "%s: is /sys mounted?",
				     strerror(-h->run.input_error));
	return CMD_OK;
}

int conf_set_read(struct conf_set *s, struct host *h, bool look_only)
{
	struct config *c = &h->run.config;

	if (!look_only && lock_configuration(s, h))
		return CMD_FAILED;
	gather_config(&h->roots, c);
	if (conf_set_errors(h))
		return account_unchanged();
	for (; s->files < c->files; s->files++) {
		int r = read_conf_file(h, &s->file[s->files], c->file[s->files]);
		if (r)
			return account_error("not-read", c->file[s->files], "%s", strerror(-r));
	}
	/* Of what has been read last, which is what is changed. */
	conf_set_plan(s, h, NULL);
	return conf_set_errors(h) ? account_unchanged() : CMD_OK;
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

struct conf_file *conf_set_file(struct conf_set *s, const char *name)
{
	unsigned i = 0;

	/* vgapass.conf comes first, the others in C order: as gather_config() has them. */
	while (i < s->files && strcmp(s->file[i].name, name) < 0)
		i++;
	if (i < s->files && !strcmp(s->file[i].name, name))
		return &s->file[i];
	if (s->files == CONFIG_FILES_MAX) {
		account_error("limit", name, "%u files are the limit", CONFIG_FILES_MAX);
		account_fix(FIX_ADVICE, NULL, "use an existing file");
		return NULL;
	}
	struct conf_file *f = &s->file[i];
	memmove(f + 1, f, (s->files - i) * sizeof(*f));
	s->files++;
	*f = (struct conf_file){ .text = xstrdup(""), .old = xstrdup("") };
	text_make(f->name, sizeof(f->name), "%s", name);
	return f;
}

void conf_set_plan_plainly(struct run *r, const char *profile)
{
	r->cmd = (struct cmdline){ .mode = MODE_ON };
	if (profile == config_trial)
		config_begin_trial(&r->config);
	else if (profile && config_find_profile(&r->config, slice_of(profile)))
		r->cmd.profile = slice_of(profile);
	plan_build(&r->config, &r->cmd, &r->inv, &r->plan);
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
	conf_set_plan_plainly(r, profile);
}

bool conf_file_take(struct conf_file *f, const struct text *new)
{
	if (new->cut || new->len > CONFIG_FILE_MAX) {
		account_error("limit", f->name, "would be larger than 64 KiB");
		account_fix(FIX_ADVICE, NULL, "use --file NAME");
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
	account_flush();
	for (unsigned i = 0; i < s->files && !account_is_json(); i++) {
		const struct conf_file *f = &s->file[i];
		if (!f->changed)
			continue;
		print_name("---", f, f->there);
		print_name("+++", f, !conf_file_goes(f));
		diff_print(stdout, (struct slice){ f->old, f->old_n },
			   (struct slice){ f->text, f->n });
	}
}
