/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gather.c - see gather.h */
#include "gather.h"
#include "scan.h"
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CONF_FILE "vgapass.conf"
#define CONF_DIR "vgapass.conf.d"
#define CMDLINE_NAME "cmdline" /* what messages call the place of vgapass.rule= */

#define E_KIND "not a regular file: replace it by one, or remove it"
#define E_READ "cannot be read: make it a file that root can read"
#define E_LIST "cannot be listed: make it a directory that root can read"
#define E_BIG "larger than 64 KiB: move rules to vgapass.conf.d"
#define E_CMDLINE "cannot be read or is longer than 16 KiB: nothing is bound"

const char *gather_conf_path(struct conf_path *p, const char *name)
{
	return text_make(p->s, sizeof(p->s), "etc/%s", name);
}

int gather_root(const char *sysroot, struct roots *ret)
{
	ret->root = sysfs_dir(AT_FDCWD, sysroot ? sysroot : "/");
	ret->sys = ret->proc = ret->dev = -EBADF;
	ret->real = !sysroot || !strcmp(sysroot, "/");
	return ret->root < 0 ? ret->root : 0;
}

void gather_mounts(struct roots *roots)
{
	roots->sys = sysfs_dir(roots->root, "sys");
	roots->proc = sysfs_dir(roots->root, "proc");
	roots->dev = sysfs_dir(roots->root, "dev");
}

/* Reads a file, if there is one. Returns false if no more files can be added. A link to nothing
 * is a file that cannot be read: its rules are missing, and nobody would notice. */
static bool read_conf_file(const struct roots *roots, struct config *c, const char *name)
{
	static char text[CONFIG_FILE_MAX + 1];
	struct conf_path path;
	ssize_t n = sysfs_regular(roots->root, gather_conf_path(&path, name));

	if (n == -ENOENT && sysfs_link(roots->root, path.s, 0, text, sizeof(text)) < 0)
		return true;
	const char *file = config_add_file(c, name);
	if (!file)
		return false;
	if (!n)
		n = sysfs_read_file(roots->root, path.s, text, sizeof(text));
	if (n >= 0)
		config_parse(c, file, text, (size_t)n);
	else
		config_fail(c, (struct place){ .file = file },
			    n == -E2BIG ? E_BIG : n == -ENODEV ? E_KIND : E_READ);
	return true;
}

/* Finds the *.conf file that is next in C order. */
struct next_name {
	char after[256];
	char s[256]; /* "": none */
};

static int look_at_name(const char *name, void *arg)
{
	struct next_name *next = arg;
	size_t n = strlen(name);

	if (n >= 6 && !strcmp(name + n - 5, ".conf") && *name != '.' &&
	    strcmp(name, next->after) > 0 && (!*next->s || strcmp(name, next->s) < 0))
		text_make(next->s, sizeof(next->s), "%s", name);
	return 0;
}

/* The last file: in the boot image, the drivers of driver=auto (hook/image/variants.h). */
static const char auto_file[] = "vgapass.auto";

void gather_config(const struct roots *roots, struct config *c)
{
	struct next_name next;
	char path[sizeof(CONF_DIR "/") + sizeof(next.s)];
	const char *name = CONF_FILE;

	config_start(c);
	next.s[0] = '\0';
	while (read_conf_file(roots, c, name) && name != auto_file) {
		memcpy(next.after, next.s, sizeof(next.s));
		next.s[0] = '\0';
		int r = sysfs_list(roots->root, "etc/" CONF_DIR, look_at_name, &next);
		if (r < 0 && r != -ENOENT)
			config_fail(c, (struct place){ .file = CONF_DIR }, E_LIST);
		name = next.s[0] ? text_make(path, sizeof(path), CONF_DIR "/%s", next.s) :
				   auto_file;
	}
}

void gather_cmdline(const struct roots *roots, const char *cmdline, struct run *r)
{
	struct slice rest, rule;
	struct text t;
	bool whole;

	text_start(&t, r->cmdline, sizeof(r->cmdline));
	if (cmdline) {
		text_add(&t, "%s", cmdline);
		whole = !t.cut;
	} else {
		/* It has one line, which one read gets whole (fs/proc/cmdline.c). */
		whole = sysfs_read(roots->root, "proc/cmdline", t.buf, t.cap) >= 0;
	}
	if (!whole) {
		/* It may contain vgapass=off, so nothing may be bound. */
		r->cmdline[0] = '\0';
		config_fail(&r->config, (struct place){ .file = CMDLINE_NAME }, E_CMDLINE);
	}
	cmdline_parse(slice_of(r->cmdline), &r->cmd);
	if (r->cmd.ids.n)
		config_parse_ids(&r->config, CMDLINE_NAME, r->cmd.ids, r->cmd.ids_column);
	rest = slice_of(r->cmdline);
	while (cmdline_next_rule(&rest, &rule))
		config_parse_rule(&r->config, CMDLINE_NAME, rule,
				  (uint32_t)(rule.p - r->cmdline) + 1);
}

/* In two rounds, as the details of the first tell which functions go along. */
static void gather_details(const struct roots *roots, struct run *r, const char *profile)
{
	struct inventory *inv = &r->inv;

	for (unsigned i = 0; i < inv->functions; i++)
		scan_details(roots->root, inv, i,
			     plan_needs(&r->config, profile, &inv->function[i]));
	for (unsigned i = 0; i < inv->functions; i++)
		for (unsigned k = 0; k < inv->functions && inv->function[i].known & PLAN_LEADS; k++)
			if (plan_may_follow(&inv->function[i], &inv->function[k]))
				scan_details(roots->root, inv, k, PLAN_FOLLOWS);
}

void gather_drivers(const struct roots *roots, struct run *r)
{
	for (unsigned i = 0; i < r->inv.functions; i++)
		if (r->plan.entry[i].rule)
			scan_details(roots->root, &r->inv, i, PCI_DETAIL_DRIVER);
}

void gather_run(const struct roots *roots, const char *cmdline, struct run *r)
{
	gather_config(roots, &r->config);
	gather_cmdline(roots, cmdline, r);
	gather_plan(roots, r);
}

/* A token is younger than the words of the command line, which stand in a file for most boots.
 * Only what turns vgapass off beats it. */
static void obey_token(struct run *r)
{
	enum token_word word = token_counts(&r->token);

	if (word == TOKEN_OFF)
		r->cmd.mode = MODE_OFF;
	if (word == TOKEN_PROFILE)
		r->cmd.profile = slice_of(r->token.profile);
	if (r->cmd.trial || word == TOKEN_TRIAL)
		config_begin_trial(&r->config);
}

void gather_plan(const struct roots *roots, struct run *r)
{
	obey_token(r);
	if (r->inv.devices > 0)
		close(r->inv.devices);
	r->inv.devices = -EBADF;
	r->inv.functions = 0;
	r->others = 0;
	r->input_error = r->module_error = 0;
	r->loading = r->waited = false;
	/* Without anything to do, no function is read. */
	if (r->cmd.mode != MODE_OFF && !r->config.errors && r->config.rules) {
		const char *profile = config_find_profile(&r->config,
							  plan_profile(&r->config, &r->cmd));
		r->input_error = scan_functions(roots->root, &r->inv);
		if (r->input_error)
			r->inv.functions = 0;
		gather_details(roots, r, profile);
	}
	plan_build(&r->config, &r->cmd, &r->inv, &r->plan);
}
