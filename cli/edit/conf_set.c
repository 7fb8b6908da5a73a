/* conf_set.c - see conf_set.h */
#define _GNU_SOURCE
#include "conf_set.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/core/plan_text.h"
#include "../../runtime/io/sysfs.h"
#include "../cmd.h"
#include "conf_edit.h"

#define CONF_DIR "vgapass.conf.d"
#define CMDLINE_NAME "cmdline" /* not a file: rules of vgapass.ids= */

static char *path_of(const struct host *h, const char *name)
{
	struct conf_path path;
	char *ret;

	if (asprintf(&ret, "%s/%s", h->sysroot, gather_conf_path(&path, name)) < 0)
		abort();
	return ret;
}

/* False, said: the folder of the configuration cannot be written to. */
static bool may_write(const char *etc, const char *verb)
{
	if (!faccessat(AT_FDCWD, etc, W_OK, AT_EACCESS))
		return true;
	if (errno == EROFS)
		cmd_complain("%s: %s is on a file system that is read-only: remount it", verb, etc);
	else if (errno == ENOENT)
		cmd_complain("%s: %s: there is no such folder: make it", verb, etc);
	else
		cmd_complain("%s: needs root: run sudo vgapass %s ...", verb, verb);
	return false;
}

/* 0, or CMD_FAILED, said. */
static int lock(struct conf_set *s, const struct host_options *o, const char *verb)
{
	char *etc;
	int ret = CMD_FAILED;

	if (asprintf(&etc, "%s/etc", o->sysroot ? o->sysroot : "") < 0)
		abort();
	if (may_write(etc, verb)) {
		s->lock = open(etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (s->lock < 0 || flock(s->lock, LOCK_EX | LOCK_NB))
			cmd_complain("%s: another vgapass is changing the configuration: wait "
				     "for it", verb);
		else
			ret = CMD_OK;
	}
	free(etc);
	return ret;
}

static bool is_of_file(const struct place *at)
{
	return strcmp(at->file, CMDLINE_NAME) != 0;
}

unsigned conf_set_errors(const struct host *h)
{
	const struct config *c = &h->run.config;
	unsigned n = 0;
	char at[PLAN_LINE_MAX];

	for (unsigned i = 0; i < c->errors && i < CONFIG_ERRORS_MAX; i++) {
		const struct config_error *e = &c->error[i];
		if (!is_of_file(&e->at))
			continue;
		cmd_complain("%s: %s", text_make(at, sizeof(at), "%p", &e->at), e->phrase);
		n++;
	}
	return n;
}

static int read_file(const struct host *h, struct conf_file *f, const char *name)
{
	struct conf_path path;

	text_make(f->name, sizeof(f->name), "%s", name);
	ssize_t n = sysfs_read_file(h->roots.root, gather_conf_path(&path, name), f->old,
				    sizeof(f->old));
	f->changed = false;
	f->there = n >= 0;
	f->n = f->old_n = n < 0 ? 0 : (size_t)n;
	memcpy(f->text, f->old, f->n);
	return n < 0 && n != -ENOENT ? (int)n : 0;
}

int conf_set_open(struct conf_set *s, struct host *h, const struct host_options *o,
		  const char *verb, bool look_only)
{
	const struct config *c = &h->run.config;

	s->lock = -1;
	s->files = 0;
	if (!look_only && lock(s, o, verb))
		return CMD_FAILED;
	if (host_open(h, o))
		return CMD_FAILED;
	if (conf_set_errors(h))
		return cmd_complain("%s: the configuration has errors, nothing is changed: "
				    "correct them first", verb);
	for (; s->files < c->files; s->files++) {
		int r = read_file(h, &s->file[s->files], c->file[s->files]);
		if (r)
			return cmd_complain("%s: %s: %s", verb, c->file[s->files], strerror(-r));
	}
	if (h->run.input_error)
		return cmd_complain("%s: the PCI functions cannot be listed (%s): is /sys mounted?",
				    verb, strerror(-h->run.input_error));
	return CMD_OK;
}

void conf_set_close(struct conf_set *s, struct host *h)
{
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
		cmd_complain("%s: %s: %u files are the limit: use one of those that are there",
			     verb, name, CONFIG_FILES_MAX);
		return NULL;
	}
	struct conf_file *f = &s->file[i];
	memmove(f + 1, f, (s->files - i) * sizeof(*f));
	s->files++;
	f->there = f->changed = false;
	f->n = f->old_n = 0;
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
	memcpy(f->text, new->buf, new->len);
	f->n = new->len;
	f->changed = true;
	return true;
}

void conf_set_diff(const struct conf_set *s)
{
	static char buf[4 * CONFIG_FILE_MAX];
	struct text t;

	for (unsigned i = 0; i < s->files; i++) {
		const struct conf_file *f = &s->file[i];
		if (!f->changed)
			continue;
		printf("--- %s%s\n+++ /etc/%s\n", f->there ? "/etc/" : "", f->there ? f->name :
		       "/dev/null", f->name);
		text_start(&t, buf, sizeof(buf));
		conf_edit_diff((struct slice){ f->old, f->old_n }, (struct slice){ f->text, f->n },
			       &t);
		fwrite(buf, 1, t.len, stdout);
	}
}

/* What stands for the file's owner and mode. */
static void owner_of(int dir, const char *name, struct stat *st)
{
	if (fstatat(dir, name, st, 0))
		*st = (struct stat){ .st_uid = geteuid(), .st_gid = getegid(), .st_mode = 0644 };
}

static int write_all(int fd, const char *text, size_t n)
{
	while (n) {
		ssize_t r = write(fd, text, n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		text += r;
		n -= (size_t)r;
	}
	return 0;
}

/* The temporary name is always the same, so that what a crash leaves is gone with the next
 * change. It is hidden and no *.conf, so that nothing reads it. 0, or -errno. */
static int replace(int dir, const char *name, const char *text, size_t n)
{
	char temporary[NAME_MAX + 1];
	struct stat st;
	int r = 0;

	owner_of(dir, name, &st);
	text_make(temporary, sizeof(temporary), ".%s.new", name);
	if (unlinkat(dir, temporary, 0) && errno != ENOENT)
		return -errno;
	int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (fchown(fd, st.st_uid, st.st_gid) || fchmod(fd, st.st_mode & 07777) ||
	    write_all(fd, text, n) || fsync(fd) || renameat(dir, temporary, dir, name) ||
	    fsync(dir))
		r = -errno;
	close(fd);
	if (r)
		unlinkat(dir, temporary, 0);
	return r;
}

/* The folder and name that a path leads to, through links: a file may be somebody's link into
 * a repository. `name` is a part of `path`, which is changed. -errno; -ELOOP: a link to nothing. */
static int open_folder(char **path, const char **name)
{
	struct stat st;
	char *target = realpath(*path, NULL);

	if (target) {
		free(*path);
		*path = target;
	} else if (errno != ENOENT || !lstat(*path, &st)) {
		return errno == ENOENT ? -ELOOP : -errno;
	}
	char *slash = strrchr(*path, '/');
	*slash = '\0';
	*name = slash + 1;
	int dir = open(**path ? *path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -errno : dir;
}

static int write_file(const struct host *h, const struct conf_file *f, const char *verb)
{
	char *path = path_of(h, f->name);
	const char *name = f->name;

	if (strchr(f->name, '/')) {
		char *folder = path_of(h, CONF_DIR);
		mkdir(folder, 0755);
		free(folder);
	}
	int dir = open_folder(&path, &name);
	int r = dir < 0 ? dir : replace(dir, name, f->text, f->n);
	if (r == -ELOOP)
		cmd_complain("%s: /etc/%s is a link to nothing: correct it", verb, f->name);
	else if ((r == -EACCES || r == -EPERM) && geteuid())
		cmd_complain("%s: needs root: run sudo vgapass %s ...", verb, verb);
	else if (r)
		cmd_complain("%s: /etc/%s cannot be written (%s): nothing is changed in it", verb,
			     f->name, strerror(-r));
	if (dir >= 0)
		close(dir);
	free(path);
	return r ? CMD_FAILED : CMD_OK;
}

int conf_set_write(const struct conf_set *s, const struct host *h, const char *verb)
{
	for (unsigned i = 0; i < s->files; i++)
		if (s->file[i].changed && write_file(h, &s->file[i], verb))
			return CMD_FAILED;
	return CMD_OK;
}
