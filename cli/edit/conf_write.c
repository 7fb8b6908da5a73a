/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf_write.c - see conf_write.h */
#include "conf_write.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runtime/io/replace.h"
#include "runtime/io/sysfs.h"
#include "cli/cmd.h"
#include "cli/out/xalloc.h"
#include "account.h"

#define DIRECTORY "vgapass.conf.d"
#define ACCESS_LIST "system.posix_acl_access"
#define LINKS_MAX 40 /* as path_lookup does (fs/namei.c) */
#define PATH_SIZE 4096
#define NAME_SIZE 256
#define ATTRIBUTE_MAX 65536 /* XATTR_SIZE_MAX, XATTR_LIST_MAX */

/* A file that is to be replaced, where links lead to: it may be somebody's in a repository. */
struct target {
	const struct conf_file *f;
	int dir;
	char name[NAME_SIZE];
	char temporary[NAME_SIZE];
	struct statx is; /* stx_mode 0: it is not there */
	bool linked, made;
};

struct targets {
	int etc;
	bool made_directory;
	unsigned n;
	struct target target[CONFIG_FILES_MAX];
};

/* 0, or -errno; -ENOLINK: a link leads to nothing. */
static int follow_links(int root, struct target *t)
{
	char path[PATH_SIZE], parent[PATH_SIZE], link[PATH_SIZE];
	struct conf_path start;

	text_make(path, sizeof(path), "%s", gather_conf_path(&start, t->f->name));
	for (unsigned hops = 0; hops <= LINKS_MAX; hops++) {
		char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
		text_make(parent, sizeof(parent), "%s", path);
		parent[name - path] = '\0';
		if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
			return -EISDIR;
		if (strlen(name) >= sizeof(t->name))
			return -ENAMETOOLONG;
		t->dir = sysfs_open(root, *parent ? parent : ".", O_RDONLY | O_DIRECTORY);
		if (t->dir < 0)
			return t->dir == -ENOENT && hops ? -ENOLINK : t->dir;
		ssize_t n = readlinkat(t->dir, name, link, sizeof(link) - 1);
		int error = errno;
		if (n < 0 && error == EINVAL)
			error = 0;
		if (n < 0) {
			text_make(t->name, sizeof(t->name), "%s", name);
			return error == ENOENT ? (hops ? -ENOLINK : 0) : -error;
		}
		close(t->dir);
		t->dir = -1;
		t->linked = true;
		link[n] = '\0';
		size_t before = *link == '/' ? 0 : strlen(parent);
		if (before + strlen(link) >= sizeof(path))
			return -ENAMETOOLONG;
		text_make(path, sizeof(path), "%s%s", *link == '/' ? "" : parent,
			  link + (*link == '/' ? strspn(link, "/") : 0));
	}
	return -ELOOP;
}

static const char *kind_of(mode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode) ? "device" : S_ISFIFO(mode) ? "FIFO" :
	       S_ISDIR(mode) ? "directory" : "socket";
}

/* Returns the file as messages name it. Valid until the next call. */
static const char *place_of(const struct conf_file *f)
{
	static char at[sizeof(f->name) + 8];

	return text_make(at, sizeof(at), "/etc/%s", f->name);
}

static int refuse_target(const struct target *t, const char *what, const char *way_out)
{
	account_error("not-replaceable", place_of(t->f), "%s", what);
	account_fix(FIX_ADVICE, NULL, "%s", way_out);
	return account_unchanged();
}

/* Refuses a target that cannot be replaced. Returns CMD_OK, or CMD_FAILED after printing why. */
static int look_at_target(struct target *t)
{
	char what[128];
	struct stat left;

	text_make(t->temporary, sizeof(t->temporary), ".%s.new", t->name);
	if (!fstatat(t->dir, t->temporary, &left, AT_SYMLINK_NOFOLLOW) && S_ISDIR(left.st_mode)) {
		text_make(what, sizeof(what), "cannot be written, as %s beside it is a directory",
			  t->temporary);
		return refuse_target(t, what, "remove that directory");
	}
	if (statx(t->dir, t->name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &t->is)) {
		t->is.stx_mode = 0;
		return errno == ENOENT ? CMD_OK :
					 refuse_target(t, strerror(errno), "see what it is");
	}
	if (!S_ISREG(t->is.stx_mode)) {
		text_make(what, sizeof(what), "is a %s%s", t->linked ? "link to a " : "",
			  kind_of(t->is.stx_mode));
		return refuse_target(t, what, "make it a file, or use --file NAME");
	}
	if (t->is.stx_attributes & STATX_ATTR_MOUNT_ROOT)
		return refuse_target(t, "is mounted there, so it cannot be replaced",
			      "change it where it comes from");
	if (t->is.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND))
		return refuse_target(t, "is marked as not to be changed",
				     "take that off with chattr -ia");
	if (t->is.stx_nlink > 1 && !conf_file_goes(t->f))
		account_warning("hard-links", place_of(t->f),
				"is one of %u hard links to its text: the others keep the old one",
				t->is.stx_nlink);
	return CMD_OK;
}

static int say_not_written(const struct target *t, int error)
{
	if ((error == -EACCES || error == -EPERM) && geteuid()) {
		account_error("needs-root", place_of(t->f), "needs root");
		account_fix(FIX_COMMAND, NULL, "%s", account_command(""));
	} else {
		account_error("not-written", place_of(t->f), "cannot be written (%s)",
			      strerror(-error));
	}
	return account_unchanged();
}

/* Adds the target of a file. Returns CMD_OK, or CMD_FAILED after printing the reason. A missing
 * directory is made only if `write`. */
static int find_target(struct targets *all, const struct conf_file *f, const struct host *h,
		       bool write)
{
	struct target *t = &all->target[all->n];

	*t = (struct target){ .f = f, .dir = -1 };
	if (strchr(f->name, '/') && faccessat(all->etc, DIRECTORY, F_OK, AT_SYMLINK_NOFOLLOW)) {
		if (!write)
			return CMD_OK;
		if (mkdirat(all->etc, DIRECTORY, 0755)) {
			account_error("not-written", "/etc/" DIRECTORY, "cannot be made (%s)",
				      strerror(errno));
			return account_unchanged();
		}
		all->made_directory = true;
	}
	all->n++;
	int r = follow_links(h->roots.root, t);
	if (r == -ENOLINK)
		return refuse_target(t, "is a link to nothing", "correct it");
	if (r == -ENOENT)
		return refuse_target(t, "has no directory, as /etc/" DIRECTORY " is a link to "
				     "nothing", "correct it");
	if (r == -EISDIR)
		return refuse_target(t, "is a link to a directory", "correct it");
	return r ? say_not_written(t, r) : look_at_target(t);
}

static int find_all(struct targets *all, const struct conf_set *s, const struct host *h,
		    bool write)
{
	int r = CMD_OK;

	all->n = 0;
	all->made_directory = false;
	all->etc = sysfs_dir(h->roots.root, "etc");
	for (unsigned i = 0; i < s->files && !r; i++)
		if (s->file[i].changed)
			r = find_target(all, &s->file[i], h, write);
	return r;
}

/* Closes all targets, and removes what an unfinished change has made. */
static void forget_all(struct targets *all)
{
	for (unsigned i = 0; i < all->n; i++) {
		struct target *t = &all->target[i];
		if (t->made)
			unlinkat(t->dir, t->temporary, 0);
		if (t->dir >= 0)
			close(t->dir);
	}
	/* It stays where there is a file in it. */
	if (all->made_directory)
		unlinkat(all->etc, DIRECTORY, AT_REMOVEDIR);
	if (all->etc >= 0)
		close(all->etc);
}

static void warn_not_kept(const struct target *t, const char *what, int error)
{
	account_warning("not-kept", place_of(t->f), "its %s cannot be kept (%s)", what,
			strerror(error));
}

/* Hashes and signatures are about the old text: the kernel makes new ones. */
static bool is_of_text(const char *name)
{
	return !strcmp(name, "security.ima") || !strcmp(name, "security.evm");
}

/* Extended attributes, which access lists and the label of SELinux are as well. */
static void keep_attributes(const struct target *t, int from, int to)
{
	char *names = xmalloc(3 * ATTRIBUTE_MAX), *is = names + ATTRIBUTE_MAX,
		*now = is + ATTRIBUTE_MAX;
	ssize_t size = flistxattr(from, names, ATTRIBUTE_MAX);

	/* The new file got the default list of its directory. */
	if (fgetxattr(from, ACCESS_LIST, NULL, 0) < 0)
		fremovexattr(to, ACCESS_LIST);
	for (char *name = names; name < names + size; name += strlen(name) + 1) {
		ssize_t n = is_of_text(name) ? -1 : fgetxattr(from, name, is, ATTRIBUTE_MAX);
		if (n < 0 || (fgetxattr(to, name, now, ATTRIBUTE_MAX) == n &&
			      !memcmp(is, now, (size_t)n)))
			continue;
		if (fsetxattr(to, name, is, (size_t)n, 0))
			warn_not_kept(t, name, errno);
	}
	free(names);
}

/* Keeps owner, mode and attributes. A file system without them (FAT, a shared directory) is no
 * reason to refuse the change: what is lost is printed. */
static void keep_owner(const struct target *t, int fd)
{
	mode_t mode = t->is.stx_mode ? t->is.stx_mode & 07777 : 0644;
	struct stat st;
	int error = 0;

	if (!t->is.stx_mode) {
		fchmod(fd, mode);
		return;
	}
	if (fchown(fd, t->is.stx_uid, t->is.stx_gid))
		error = errno;
	if (error && !fstat(fd, &st) &&
	    (st.st_uid != t->is.stx_uid || st.st_gid != t->is.stx_gid))
		warn_not_kept(t, "owner", error);
	int from = openat(t->dir, t->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (from >= 0) {
		keep_attributes(t, from, fd);
		close(from);
	}
	error = fchmod(fd, mode) ? errno : 0;
	if (error && !fstat(fd, &st) && (st.st_mode & 07777) != mode)
		warn_not_kept(t, "mode", error);
}

/* The temporary name is always the same, so that what a crash leaves is gone with the next
 * change. It is hidden and no *.conf, so that nothing reads it. 0, or -errno. */
static int write_temporary(struct target *t)
{
	if (unlinkat(t->dir, t->temporary, 0) && errno != ENOENT)
		return -errno;
	int fd = openat(t->dir, t->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	t->made = true;
	int r = replace_write(fd, (struct slice){ t->f->text, t->f->n });
	if (!r)
		keep_owner(t, fd);
	if (!r && fsync(fd))
		r = -errno;
	if (close(fd) && !r)
		r = -errno;
	return r;
}

/* Replaces all files. The terminal's signals are blocked, so that they do not leave one file
 * changed and the next not. Returns CMD_OK, or CMD_FAILED after printing the reason. */
static int replace_all(struct targets *all)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	sigset_t set, before;
	unsigned done = 0;
	int error = 0;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaddset(&set, ends[i]);
	sigprocmask(SIG_BLOCK, &set, &before);
	for (; done < all->n && !error; done += !error) {
		struct target *t = &all->target[done];
		if (conf_file_goes(t->f) ? unlinkat(t->dir, t->name, 0) :
					   renameat(t->dir, t->temporary, t->dir, t->name))
			error = errno;
		else
			t->made = false;
	}
	for (unsigned i = 0; i < done; i++) {
		const struct target *t = &all->target[i];
		if (fsync(t->dir))
			account_warning("not-synced", place_of(t->f),
					"is changed, but its directory cannot be synced (%s): a "
					"power cut may undo it", strerror(errno));
		account_print("/etc/%s is %s\n", t->f->name,
			      conf_file_goes(t->f) ? "removed" : "written");
		account_written();
	}
	/* A signal that ends the command now comes after these lines. */
	fflush(stdout);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (!error)
		return CMD_OK;
	if (!done)
		return say_not_written(&all->target[0], -error);
	account_error("not-written", place_of(all->target[done].f),
		      "cannot be replaced (%s), what is written above stays", strerror(error));
	for (unsigned i = done; i < all->n; i++)
		account_error("not-written", place_of(all->target[i].f), "is not changed");
	return CMD_FAILED;
}

static int write_targets(struct targets *all, const struct conf_set *s, const struct host *h)
{
	char which[256], at[264];

	for (unsigned i = 0; i < all->n; i++) {
		struct target *t = &all->target[i];
		int r = conf_file_goes(t->f) ? 0 : write_temporary(t);
		if (r)
			return say_not_written(t, r);
	}
	if (!conf_set_is_current(s, h, which)) {
		account_error("changed-meanwhile", text_make(at, sizeof(at), "/etc/%s", which),
			      "was changed meanwhile");
		account_fix(FIX_COMMAND, NULL, "%s", account_command(""));
		return account_unchanged();
	}
	return replace_all(all);
}

int conf_write_check(const struct conf_set *s, const struct host *h)
{
	struct targets *all = xmalloc(sizeof(*all));
	int r = find_all(all, s, h, false);

	forget_all(all);
	free(all);
	return r;
}

int conf_write(const struct conf_set *s, const struct host *h)
{
	/* If the reader of stdout has gone, nothing is done. */
	account_flush();
	if (fflush(stdout) || ferror(stdout))
		return account_unchanged();
	signal(SIGPIPE, SIG_IGN);
	struct targets *all = xmalloc(sizeof(*all));
	int r = find_all(all, s, h, true);
	if (!r)
		r = write_targets(all, s, h);
	forget_all(all);
	free(all);
	return r;
}
