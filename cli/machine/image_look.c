/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image_look.c - see image_look.h */
#include "image_look.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/out/xalloc.h"
#include "hook/image/cpio.h"
#include "hook/image/modules.h"
#include "runtime/io/apply.h"
#include "runtime/io/sysfs.h"

#define EARLY "usr/lib/vgapass/vgapass-early" /* its place in the image, on every system */
#define LATE "usr/lib/vgapass/vgapass-late"
#define UDEV_RULE "60-vgapass.rules"
#define LAST "usr/lib/vgapass/~" /* behind all names of a good image, in the order of bytes */
#define EARLY_SIZE_MAX ((size_t)4 << 20)

/* What an image holds of vgapass. */
struct seen {
	unsigned n;
	struct seen_file {
		char *name, *data;
		size_t size;
	} *file;
};

struct look {
	const struct host *h;
	const struct kernel *kernel;
	struct seen seen;
};

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

bool image_is_idle(const struct host *h)
{
	const struct config *c = &h->run.config;

	return !c->rules && !c->cmdline_rules && !c->errors;
}

/* Finds the vgapass-early that a hook copies: it lies beside the vgapass-image that the hook calls.
 * Returns false if the hook is not found. */
static bool find_by_hook(const struct host *h, const char *hook, char *to, size_t cap)
{
	static char text[16 << 10];
	char *end, *from;

	if (sysfs_read_file(h->roots.root, hook, text, sizeof(text)) < 0)
		return false;
	end = strstr(text, "/vgapass-image ");
	for (from = end; from && from > text && !strchr(" \t\n\"'", from[-1]);)
		from--;
	if (!from || *from != '/')
		return false;
	text_make(to, cap, "%pv/vgapass-early",
		  &(struct slice){ from + 1, (size_t)(end - from - 1) });
	return sysfs_exists(h->roots.root, to);
}

/* The program may be installed below another prefix: where the hooks take it from, or beside the
 * command's directory. */
const char *image_early(const struct host *h)
{
	static char beside[PATH_MAX + 40];
	char self[PATH_MAX];
	static const char *const usual[] = { EARLY, "usr/local/lib/vgapass/vgapass-early" };
	static const char *const hooks[] = { "usr/share/initramfs-tools/hooks/vgapass",
					     "usr/lib/dracut/modules.d/50vgapass/module-setup.sh",
					     "usr/lib/initcpio/install/vgapass" };

	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		if (find_by_hook(h, hooks[i], beside, sizeof(beside)))
			return beside;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	for (int up = 0; up < 2 && strrchr(self, '/'); up++)
		*strrchr(self, '/') = '\0';
	text_make(beside, sizeof(beside), "%s/lib/vgapass/vgapass-early", self);
	if (!*h->sysroot && *beside == '/' && sysfs_exists(h->roots.root, beside + 1))
		return beside + 1;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (sysfs_exists(h->roots.root, usual[i]))
			return usual[i];
	return NULL;
}

/* --- what an image holds */

static bool is_wanted_file(const char *name, void *arg)
{
	(void)arg;
	return strstr(name, "vgapass") || !strcmp(name, "scripts/init-top/ORDER") ||
	       ends_with(name, "/hooks/cmdline/00-bind.sh");
}

static struct seen_file *find_seen(const struct seen *seen, const char *name)
{
	for (unsigned i = 0; i < seen->n; i++)
		if (!strcmp(seen->file[i].name, name))
			return &seen->file[i];
	return NULL;
}

static struct seen_file *add_seen(struct seen *seen, const char *name)
{
	seen->file = xreallocarray(seen->file, seen->n + 1, sizeof(*seen->file));
	seen->file[seen->n] = (struct seen_file){ .name = xstrdup(name) };
	return &seen->file[seen->n++];
}

/* A later file of the same name stands for the earlier one. */
static int keep_file(const char *name, const void *data, size_t n, void *arg)
{
	struct seen *seen = arg;
	struct seen_file *f = find_seen(seen, name);
	char *copy = xmalloc(n + 1);

	if (!f)
		f = add_seen(seen, name);
	if (n)
		memcpy(copy, data, n);
	copy[n] = '\0';
	free(f->data);
	f->data = copy;
	f->size = n;
	return 0;
}

static void free_seen(struct seen *seen)
{
	for (unsigned i = 0; i < seen->n; i++) {
		free(seen->file[i].name);
		free(seen->file[i].data);
	}
	free(seen->file);
}

/* --- is it the same as now? */

/* Adds to a list of what is wrong. */
static void add_wrong(struct text *t, const char *what, const char *how)
{
	text_add(t, "%s%s%s", t->len ? ", " : "", what, how);
}

/* Compares a file of the image with that of the system. */
static void compare_file(const struct look *l, const char *name, const char *installed,
			 const char *shown, size_t max, struct text *wrong)
{
	const struct seen_file *f = find_seen(&l->seen, name);
	char *now = xmalloc(max);
	ssize_t n = sysfs_read_file(l->h->roots.root, installed, now, max);
	if (!f)
		add_wrong(wrong, shown, " is not in it");
	else if (n >= 0 && ((size_t)n != f->size || memcmp(now, f->data, f->size)))
		add_wrong(wrong, shown, " is another");
	free(now);
}

static void compare_config(const struct look *l, struct text *wrong)
{
	const struct config *c = &l->h->run.config;
	int root = l->h->roots.root;
	struct conf_path path;

	for (unsigned k = 0; k < c->files; k++)
		if (sysfs_exists(root, gather_conf_path(&path, c->file[k])))
			compare_file(l, path.s, path.s, c->file[k], CONFIG_FILE_MAX + 1, wrong);
	for (unsigned k = 0; k < l->seen.n; k++) {
		const char *name = l->seen.file[k].name;
		bool is_conf = !strcmp(name, "etc/vgapass.conf") ||
			       (!strncmp(name, "etc/vgapass.conf.d/", 19) &&
				ends_with(name, ".conf"));
		if (is_conf && !sysfs_exists(root, name))
			add_wrong(wrong, name + 4, " is no more");
	}
}

static void compare_modules(const struct look *l, struct text *wrong)
{
	const struct seen_file *f = find_seen(&l->seen, MODULES_LIST);
	char list[MODULES_LIST_MAX];
	static struct modules m;
	struct text t;

	text_start(&t, list, sizeof(list));
	/* What a kernel lacks is of the topic modules. */
	if (!l->h->run.config.errors && !modules_open(&m, &l->h->roots, l->kernel->version)) {
		modules_add_drivers(&m, &l->h->run.config, &l->h->run.inv);
		modules_list(&m, &t);
		if (!f || !f->data || strcmp(f->data, list) != 0)
			add_wrong(wrong, "the list of modules and their options",
				  f ? " is another" : " is not in it");
		modules_close(&m);
	}
}

/* True: a rule is about functions that appear after vgapass-early has looked. */
static bool has_late_rule(const struct host *h)
{
	const struct config *c = &h->run.config;
	const struct inventory *inv = &h->run.inv;

	for (unsigned i = 0; i < c->rules; i++) {
		if (c->rule[i].vfs)
			return true;
		for (unsigned k = 0; k < inv->functions; k++)
			if (!c->rule[i].keep && host_is_late(h, &inv->function[k]) &&
			    plan_rule_matches(&c->rule[i], &inv->function[k]))
				return true;
	}
	return false;
}

/* vgapass-late, which is installed beside vgapass-early, and the udev rule that calls it. */
static void compare_late(const struct look *l, const char *early, struct text *wrong)
{
	char path[PATH_MAX];
	unsigned k = 0;

	text_make(path, sizeof(path), "%pv/vgapass-late",
		  &(struct slice){ early, (size_t)(strrchr(early, '/') - early) });
	if (!sysfs_exists(l->h->roots.root, path) || !has_late_rule(l->h))
		return;
	compare_file(l, LATE, path, "vgapass-late", EARLY_SIZE_MAX, wrong);
	while (k < l->seen.n && !ends_with(l->seen.file[k].name, "/udev/rules.d/" UDEV_RULE))
		k++;
	if (k == l->seen.n)
		add_wrong(wrong, "the udev rule " UDEV_RULE, " is not in it");
}

/* --- is vgapass-early started, and before udev? */

/* True: udev is not before it. */
static bool is_ordered(const struct look *l)
{
	const struct seen_file *order = find_seen(&l->seen, "scripts/init-top/ORDER");
	const char *us = order ? strstr(order->data, "/00-vgapass ") : NULL;
	const char *udev = order ? strstr(order->data, "/udev ") : NULL;

	return us && (!udev || us < udev);
}

static bool is_wanted_unit(const struct look *l, const char *unit)
{
	char end[256];

	text_make(end, sizeof(end), "/sysinit.target.wants%s", strrchr(unit, '/'));
	for (unsigned k = 0; k < l->seen.n; k++)
		if (ends_with(l->seen.file[k].name, end))
			return true;
	return false;
}

/* A script of initramfs-tools, or a link that stands in its place; a unit of systemd, or a hook
 * of dracut or mkinitcpio. */
static bool is_started(const struct look *l)
{
	for (unsigned k = 0; k < l->seen.n; k++) {
		const struct seen_file *f = &l->seen.file[k];
		if (!f->size || (!strstr(f->data, "vgapass-early bind") &&
				 !(ends_with(f->name, "init-top/00-vgapass") &&
				   ends_with(f->data, "/vgapass-early"))))
			continue;
		if (!strncmp(f->name, "scripts/", 8) ? is_ordered(l) :
		    ends_with(f->name, ".service") ? is_wanted_unit(l, f->name) : true)
			return true;
	}
	return false;
}

/* --- the whole */

static enum image_state compare_image(const struct look *l, char text[IMAGE_TEXT_MAX])
{
	const char *early = image_early(l->h);
	char buf[IMAGE_TEXT_MAX - 64];
	struct text wrong;

	text_start(&wrong, buf, sizeof(buf));
	compare_config(l, &wrong);
	if (early)
		compare_file(l, EARLY, early, "vgapass-early", EARLY_SIZE_MAX, &wrong);
	if (early)
		compare_late(l, early, &wrong);
	compare_modules(l, &wrong);
	if (!is_started(l))
		add_wrong(&wrong, "nothing in it starts vgapass-early before udev", "");
	text_make(text, IMAGE_TEXT_MAX, wrong.len ? "is not what is configured now: %s" :
						    "holds the current configuration", buf);
	return wrong.len ? IMAGE_OTHER : IMAGE_GOOD;
}

static enum image_state judge_image(const struct look *l, char text[IMAGE_TEXT_MAX])
{
	bool holds = find_seen(&l->seen, EARLY), idle = image_is_idle(l->h);

	if (holds && !idle)
		return compare_image(l, text);
	text_make(text, IMAGE_TEXT_MAX, "%s", !holds ? "has nothing of vgapass in it" :
				       "still holds vgapass, but no rule is left");
	return holds ? IMAGE_LEFT : idle ? IMAGE_GOOD : IMAGE_WITHOUT;
}

static enum image_state say_error(int error, char text[IMAGE_TEXT_MAX])
{
	if (error == -EACCES || error == -EPERM) {
		text_make(text, IMAGE_TEXT_MAX, "cannot be read, so what it holds is not known");
		return IMAGE_DENIED;
	}
	if (error == -EBADMSG || error == -EFBIG || error == -EINVAL) {
		text_make(text, IMAGE_TEXT_MAX, "is damaged, or no boot image");
		return IMAGE_DAMAGED;
	}
	text_make(text, IMAGE_TEXT_MAX, "cannot be read (%s)", strerror(-error));
	return IMAGE_FAILED;
}

/* Returns 0, or -errno. A unified kernel image without .initrd boots with no image: it has nothing
 * of vgapass. */
static int read_part(const struct host *h, const char *part, const struct cpio_visitor *v,
		     const char *last)
{
	char *path = host_file(h, part);
	int r = path ? cpio_read_until(path, v, last) : -ENOENT;

	free(path);
	return r == -ENODATA ? 0 : r;
}

/* Reads the parts of an image up to the name `last` of each, and says what they are. */
static enum image_state look_until(struct look *l, const struct boot_image *image,
				   const char *last, char text[IMAGE_TEXT_MAX])
{
	const struct cpio_visitor visitor = { is_wanted_file, keep_file, &l->seen };
	int r = 0;

	l->seen = (struct seen){ .n = 0 };
	for (unsigned i = 0; !r && i < image->parts; i++)
		r = read_part(l->h, image->part[i], &visitor, last);
	enum image_state state = r ? say_error(r, text) : judge_image(l, text);
	free_seen(&l->seen);
	return state;
}

enum image_state image_look(const struct host *h, const struct kernel *k,
			    const struct boot_image *image, char text[IMAGE_TEXT_MAX])
{
	struct look l = { .h = h, .kernel = k };
	const char *slash = strrchr(image->path, '/');

	if (!image->found) {
		text_make(text, IMAGE_TEXT_MAX, "is not found, and /%s boots it", image->entry);
		return IMAGE_MISSING;
	}
	if (!strncmp(slash ? slash + 1 : image->path, "booster-", 8) && !image_is_idle(h)) {
		text_make(text, IMAGE_TEXT_MAX, "is made by booster, which cannot put vgapass into "
			  "it: booster is not supported");
		return IMAGE_BOOSTER;
	}
	/* What starts vgapass-early may lie behind it: in var/lib/dracut, or in a later archive. */
	enum image_state state = look_until(&l, image, LAST, text);
	return state == IMAGE_WITHOUT || state == IMAGE_OTHER ? look_until(&l, image, NULL, text) :
								state;
}
