/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images.c - boot images: do they hold what is configured and installed now? */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook/image/cpio.h"
#include "hook/image/modules.h"
#include "runtime/io/apply.h"
#include "runtime/io/sysfs.h"

#define SEEN_MAX 256
#define EARLY "usr/lib/vgapass/vgapass-early"
#define EARLY_SIZE_MAX ((size_t)4 << 20)

/* What an image holds of vgapass. */
struct seen {
	unsigned n;
	struct seen_file {
		char *name, *data;
		size_t size;
	} file[SEEN_MAX];
};

struct image {
	struct check *c;
	const struct kernel *kernel;
	const char *path;
	enum check_level level; /* of an image that is not what it should be */
	struct seen seen;
};

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static bool wants(const char *name, void *arg)
{
	(void)arg;
	return strstr(name, "vgapass") || !strcmp(name, "scripts/init-top/ORDER") ||
	       ends_with(name, "/hooks/cmdline/00-bind.sh");
}

static struct seen_file *find(struct seen *seen, const char *name)
{
	for (unsigned i = 0; i < seen->n; i++)
		if (!strcmp(seen->file[i].name, name))
			return &seen->file[i];
	return NULL;
}

/* A later file of the same name stands for the earlier one. */
static int keep(const char *name, const void *data, size_t n, void *arg)
{
	struct seen *seen = arg;
	struct seen_file *f = find(seen, name);

	if (!f && seen->n == SEEN_MAX)
		return -E2BIG;
	if (!f) {
		f = &seen->file[seen->n];
		*f = (struct seen_file){ .name = strdup(name) };
		if (!f->name)
			return -ENOMEM;
		seen->n++;
	}
	free(f->data);
	f->data = malloc(n + 1);
	if (!f->data)
		return -ENOMEM;
	if (n)
		memcpy(f->data, data, n);
	f->data[n] = '\0';
	f->size = n;
	return 0;
}

static void forget(struct seen *seen)
{
	for (unsigned i = 0; i < seen->n; i++) {
		free(seen->file[i].name);
		free(seen->file[i].data);
	}
	seen->n = 0;
}

/* Adds to a list of what is wrong. */
static void add_wrong(struct text *t, const char *what, const char *how)
{
	text_add(t, "%s%s%s", t->len ? ", " : "", what, how);
}

/* --- the configuration, vgapass-early, the modules: the same as now? */

static void compare_file(struct image *i, const char *name, const char *shown, size_t max,
			 struct text *wrong)
{
	const struct seen_file *f = find(&i->seen, name);
	char *now = malloc(max);

	if (!now)
		abort();
	ssize_t n = sysfs_read_file(i->c->host->roots.root, name, now, max);
	if (!f)
		add_wrong(wrong, shown, " is not in it");
	else if (n >= 0 && ((size_t)n != f->size || memcmp(now, f->data, f->size)))
		add_wrong(wrong, shown, " is another");
	free(now);
}

static void compare_config(struct image *i, struct text *wrong)
{
	const struct config *c = &i->c->host->run.config;
	struct conf_path path;

	for (unsigned k = 0; k < c->files; k++)
		if (check_exists(i->c, gather_conf_path(&path, c->file[k])))
			compare_file(i, path.s, c->file[k], CONFIG_FILE_MAX + 1, wrong);
	for (unsigned k = 0; k < i->seen.n; k++) {
		const char *name = i->seen.file[k].name;
		bool is_conf = !strcmp(name, "etc/vgapass.conf") ||
			       (!strncmp(name, "etc/vgapass.conf.d/", 19) && ends_with(name, ".conf"));
		if (is_conf && !check_exists(i->c, name))
			add_wrong(wrong, name + 4, " is no more");
	}
}

static void compare_modules(struct image *i, struct text *wrong)
{
	struct seen_file *f = find(&i->seen, MODULES_LIST);
	char list[MODULES_LIST_MAX];
	static struct modules m;
	struct text t;

	text_start(&t, list, sizeof(list));
	/* What a kernel lacks is of the topic modules. */
	if (!i->c->host->run.config.errors &&
	    !modules_open(&m, &i->c->host->roots, i->kernel->version)) {
		modules_add_drivers(&m, &i->c->host->run.config);
		modules_list(&m, &t);
		if (!f || strcmp(f->data, list) != 0)
			add_wrong(wrong, "the list of modules and their options",
				  f ? " is another" : " is not in it");
		modules_close(&m);
	}
}

/* --- is vgapass-early started, and before udev? */

/* True: udev is not before it. */
static bool is_ordered(struct image *i)
{
	struct seen_file *order = find(&i->seen, "scripts/init-top/ORDER");
	const char *us = order ? strstr(order->data, "/00-vgapass ") : NULL;
	const char *udev = order ? strstr(order->data, "/udev ") : NULL;

	return us && (!udev || us < udev);
}

static bool is_wanted(const struct image *i, const char *unit)
{
	char end[256];

	text_make(end, sizeof(end), "/sysinit.target.wants%s", strrchr(unit, '/'));
	for (unsigned k = 0; k < i->seen.n; k++)
		if (ends_with(i->seen.file[k].name, end))
			return true;
	return false;
}

/* A script of initramfs-tools, or a link that stands in its place; a unit of systemd, or a hook
 * of dracut or mkinitcpio. */
static bool is_started(struct image *i)
{
	for (unsigned k = 0; k < i->seen.n; k++) {
		const struct seen_file *f = &i->seen.file[k];
		if (!f->size || (!strstr(f->data, "vgapass-early bind") &&
				 !(ends_with(f->name, "init-top/00-vgapass") &&
				   ends_with(f->data, "/vgapass-early"))))
			continue;
		if (!strncmp(f->name, "scripts/", 8) ? is_ordered(i) :
		    ends_with(f->name, ".service") ? is_wanted(i, f->name) : true)
			return true;
	}
	return false;
}

static void judge(struct image *i)
{
	struct check *c = i->c;
	const char *at = check_line(i->path, 0), *fix = check_rebuild(c, i->kernel->version);
	char buf[1024];
	struct text wrong;

	if (check_is_idle(c)) {
		if (i->seen.n && find(&i->seen, EARLY))
			check_say(c, CHECK_WARNING, at, "still holds vgapass, but there is no rule any "
				  "more\n%s, and reboot", fix);
		return;
	}
	if (!find(&i->seen, EARLY)) {
		check_say(c, i->level, at, "has nothing of vgapass in it\n%s, and reboot", fix);
		return;
	}
	text_start(&wrong, buf, sizeof(buf));
	compare_config(i, &wrong);
	if (check_exists(c, EARLY))
		compare_file(i, EARLY, "vgapass-early", EARLY_SIZE_MAX, &wrong);
	compare_modules(i, &wrong);
	if (!is_started(i))
		add_wrong(&wrong, "nothing in it starts vgapass-early before udev", "");
	if (wrong.len)
		check_say(c, i->level, at, "is not what is configured now: %s\n%s, and reboot", buf,
			  fix);
	else
		check_say(c, CHECK_OK, at, "holds the configuration of now\n");
}

static void look_at_image(struct image *i)
{
	const struct cpio_visitor visitor = { wants, keep, &i->seen };
	char *path = check_path(i->c, i->path);
	const char *at = check_line(i->path, 0);
	int r = cpio_read(path, &visitor);

	free(path);
	if (!r)
		judge(i);
	else if (r == -EACCES || r == -EPERM)
		check_say(i->c, CHECK_WARNING, at, "cannot be read, so what it holds is not known\nrun "
			  "vgapass check as root");
	else if (r == -EBADMSG || r == -EFBIG || r == -EINVAL)
		check_say(i->c, i->level, at, "is damaged, or no boot image\n%s",
			  check_rebuild(i->c, i->kernel->version));
	else
		check_say(i->c, CHECK_WARNING, at, "cannot be read (%s)\nrun vgapass check again",
			  strerror(-r));
	forget(&i->seen);
}

/* What boots next is the kernel that runs, or the newest one. */
static void look_at_kernel(struct check *c, const struct kernel *k, bool newest)
{
	enum check_level level = k->runs || newest ? CHECK_ERROR : CHECK_WARNING;

	for (unsigned j = 0; j < k->images; j++) {
		static struct image i;
		i = (struct image){ c, k, k->image[j], level, { .n = 0 } };
		look_at_image(&i);
	}
	if (!k->images && !check_is_idle(c))
		check_say(c, level, "", "kernel %s has no boot image in /boot, so nothing binds before "
			  "the drivers load\n%s", k->version, check_rebuild(c, k->version));
}

void check_images(struct check *c)
{
	static struct kernels kernels;

	if (faccessat(c->host->roots.root, "boot", R_OK | X_OK, 0) && errno == EACCES) {
		check_say(c, CHECK_WARNING, "/boot", "cannot be read, so what the boot images hold is "
			  "not known\nrun vgapass check as root");
		return;
	}
	if (!check_is_idle(c) && !check_exists(c, EARLY))
		check_say(c, CHECK_ERROR, "/" EARLY, "is not there: it does the work at boot\ninstall "
			  "vgapass again");
	kernels_find(c, &kernels);
	for (unsigned i = 0; i < kernels.n; i++)
		look_at_kernel(c, &kernels.kernel[i], i + 1 == kernels.n);
	kernels_free(&kernels);
}
