/* SPDX-License-Identifier: GPL-2.0-or-later */
/* elsewhere.c - settings outside of vgapass.conf that fight with the rules, or are needless. */
#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out/xalloc.h"
#include "cli/settings/settings.h"
#include "hook/image/modules.h"
#include "runtime/io/sysfs.h"

#define NAMES_MAX 512

/* Where a setting is, for check_say(). */
const char *check_where(const struct setting *s)
{
	return s->source == SOURCE_RUNNING ? "/proc/cmdline" : check_line(s->file, s->line);
}

/* What a setting is called in a sentence. */
static const char *name_of(const struct setting *s, char buf[NAMES_MAX])
{
	struct slice rest = slice_of(s->words), key = slice_cut(&rest, '=');

	switch (s->source) {
	case SOURCE_MODPROBE:
		return "options ids= (left out of the boot image)";
	case SOURCE_ALIAS:
		return text_make(buf, NAMES_MAX, "an alias that gives functions to %s", s->driver);
	case SOURCE_LIST:
		return "ids=";
	case SOURCE_UNRAID:
		return "BIND= of Unraid";
	case SOURCE_TRUENAS:
		return "the list of isolated GPUs";
	default:
		return text_make(buf, NAMES_MAX, "%pv", &key);
	}
}

/* What is so only of a boot by an entry that has not been chosen. */
static const char *where_only(const struct setting *s, char buf[NAMES_MAX])
{
	return *s->entry ? text_make(buf, NAMES_MAX, " (only in the boot entry %s)", s->entry) : "";
}

/* The functions that a setting means and that are planned, or are not; bridges go to no guest.
 * Returns how many. */
static unsigned list_meant(const struct check *c, const struct setting *s, bool planned,
			   char names[NAMES_MAX])
{
	const struct inventory *inv = &c->host->run.inv;
	unsigned n = 0;
	struct text t;

	text_start(&t, names, NAMES_MAX);
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!pci_is_bridge(f) && check_is_planned(c, f) == planned &&
		    setting_means(c->host, s, f))
			text_add(&t, "%s%pa", n++ ? ", " : "", &f->at);
	}
	return n;
}

/* The steps that remove the setting. */
void check_remove(struct check *c, const struct setting *s)
{
	struct setting_fix fix;

	setting_fix(c->host, s, &fix);
	if (fix.target == SETTING_BOOTLINE)
		check_bootline(c, "%s", fix.edit);
	else if (fix.target == SETTING_SCREEN)
		check_advise(c, "%s", fix.edit);
	else if (*fix.edit)
		check_edit(c, check_where(s), "%s", fix.edit);
	if (*fix.command)
		check_run(c, "%s", fix.command);
}

/* --- what gives functions to guests */

static void judge_override(struct check *c, const struct setting *s)
{
	const struct inventory *inv = &c->host->run.inv;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!check_is_planned(c, f) || !setting_means(c->host, s, f))
			continue;
		bool same = !strcmp(s->driver, host_entry(c->host, f)->driver);
		check_say(c, same ? FINDING_WARNING : FINDING_ERROR,
			  same ? CODE_OVERRIDE_NEEDLESS : CODE_OVERRIDE_FIGHTS, check_where(s),
			  "driverctl gives %s to %s, which is %s", s->items, s->driver,
			  same ? "needless, as a rule does" :
				 "against the rule, and late in the boot");
		check_remove(c, s);
	}
}

static void judge_gives(struct check *c, const struct setting *s)
{
	char others[NAMES_MAX], name[NAMES_MAX], only[NAMES_MAX];

	if (s->source == SOURCE_DRIVERCTL) {
		judge_override(c, s);
	} else if (list_meant(c, s, false, others)) {
		check_say(c, *s->entry ? FINDING_WARNING : FINDING_ERROR, CODE_SETTING_FIGHTS,
			  check_where(s), "%s takes all functions of its IDs, also %s, which no "
			  "rule takes%s", name_of(s, name), others, where_only(s, only));
		check_remove(c, s);
		check_advise(c, "or make rules of it: vgapass import");
	} else {
		check_say(c, FINDING_WARNING, CODE_SETTING_NEEDLESS, check_where(s), "%s is "
			  "needless, as the rules say which functions are taken%s",
			  name_of(s, name), where_only(s, only));
		check_remove(c, s);
	}
}

static void judge_binds(struct check *c, const struct setting *s)
{
	char names[NAMES_MAX], others[NAMES_MAX];
	unsigned planned = list_meant(c, s, true, names);

	if (list_meant(c, s, false, others)) {
		check_say(c, FINDING_WARNING, CODE_SCRIPT_BINDS, check_where(s),
			  "%s, also %s, which no rule takes", s->why, others);
		check_remove(c, s);
		check_advise(c, "or make rules of it: vgapass import");
	} else {
		check_say(c, FINDING_WARNING, CODE_SCRIPT_BINDS, check_where(s), "%s%s%s", s->why,
			  planned ? ": " : "", names);
		check_remove(c, s);
	}
}

/* A rule has bound them long before, and the host's drivers are not to get them back. */
static void judge_guests(struct check *c, const struct setting *s)
{
	char names[NAMES_MAX];

	if (!list_meant(c, s, true, names))
		return;
	check_say(c, FINDING_WARNING, CODE_HOOK_BINDS, check_where(s),
		  "%s, also %s, which a rule takes at boot", s->why, names);
	check_remove(c, s);
}

static void judge_removes(struct check *c, const struct setting *s)
{
	char names[NAMES_MAX];

	if (!list_meant(c, s, true, names))
		return;
	check_say(c, FINDING_ERROR, CODE_SETTING_REMOVES, check_where(s),
		  "removes %s from the PCI bus, which the rules take", names);
	check_remove(c, s);
}

/* Without a rule nothing fights, and what works is left alone. */
static void judge_without_rules(struct check *c, const struct setting *s)
{
	char names[NAMES_MAX];

	if (s->kind == SETTING_WRONG && *s->items) {
		check_say(c, FINDING_WARNING, CODE_SETTING_WRONG, check_where(s), "%s %s", s->words,
			  s->why);
		check_advise(c, "vgapass add makes a rule if it is meant");
	}
	if (s->kind != SETTING_GIVES && s->kind != SETTING_BINDS)
		return;
	list_meant(c, s, false, names);
	check_say(c, FINDING_WARNING, CODE_SETTING_WITHOUT_RULE, check_where(s),
		  "gives functions to guests (%s), and no rule does",
		  *names    ? names :
		  *s->items ? s->items :
		  *s->words ? s->words :
			      "none by name");
	check_run(c, "vgapass import");
}

/* --- VFIO's modules, in lists and with options */

bool check_lacks_module(const struct check *c, const char *module)
{
	struct kernels kernels;
	struct modules m;
	bool gone = false;

	kernels_find(c->host, &kernels);
	if (kernels.n &&
	    !modules_open(&m, &c->host->roots, kernels.kernel[kernels.n - 1].version)) {
		gone = modules_add(&m, module) == -ENOENT;
		modules_close(&m);
	}
	kernels_free(&kernels);
	return gone;
}

/* vfio_virqfd was made part of vfio in 6.2: services and image generators complain of it. */
static void judge_loads(struct check *c, const struct setting *s)
{
	if (check_lacks_module(c, s->items)) {
		check_say(c, FINDING_WARNING, CODE_MODULE_GONE, check_where(s),
			  "the newest kernel has no module %s, which fails or warns at each boot",
			  s->items);
		check_edit(c, check_where(s), "remove %s", s->items);
	} else {
		check_say(c, FINDING_OK, CODE_MODULE_LISTED, check_where(s),
			  "%s may stay; the boot image loads what the rules need", s->items);
	}
}

struct wanted {
	struct slice module;
	bool found;
};

/* "kernel/drivers/vfio/pci/vfio-pci.ko" */
static int look_for_module(struct slice line, void *arg)
{
	struct wanted *w = arg;

	while (slice_has(line, '/'))
		slice_cut(&line, '/');
	struct slice name = slice_cut(&line, '.');
	w->found = module_same_name(name, w->module);
	return w->found;
}

/* The newest kernel, if the module is built into it; to be freed. NULL: it is not. */
static char *find_builtin(const struct check *c, const char *module)
{
	struct kernels kernels;
	struct wanted w = { slice_of(module), false };
	char path[CHECK_PLACE_MAX], *ret = NULL;

	kernels_find(c->host, &kernels);
	if (kernels.n) {
		const char *version = kernels.kernel[kernels.n - 1].version;
		text_make(path, sizeof(path), "lib/modules/%s/modules.builtin", version);
		sysfs_lines(c->host->roots.root, path, look_for_module, &w);
		ret = w.found ? xstrdup(version) : NULL;
	}
	kernels_free(&kernels);
	return ret;
}

/* True: the kernel command line has MODULE.OPTION; '-' and '_' are the same in both names. */
static bool cmdline_has_option(const char *cmdline, const char *module, struct slice option)
{
	struct slice rest = slice_of(cmdline), word, value = option;
	struct slice name = slice_cut(&value, '=');

	while ((word = slice_next(&rest, '"')).n) {
		struct slice before = slice_cut(&word, '.'), its = slice_cut(&word, '=');
		if (module_same_name(before, slice_of(module)) && module_same_name(its, name) &&
		    slice_equal(word, value))
			return true;
	}
	return false;
}

/* modprobe(8) reads options, and never loads what is built in. */
static void judge_options(struct check *c, const struct setting *s)
{
	char *kernel = s->source == SOURCE_MODPROBE ? find_builtin(c, s->driver) : NULL;
	struct slice rest = slice_of(s->items), option;
	char words[NAMES_MAX], module[PCI_DRIVER_NAME];
	struct text t;

	text_make(module, sizeof(module), "%s", s->driver);
	for (char *p = module; *p; p++)
		*p = *p == '-' ? '_' : *p;
	text_start(&t, words, sizeof(words));
	while (kernel && (option = slice_next(&rest, '"')).n) {
		if (!cmdline_has_option(c->host->run.cmdline, s->driver, option))
			text_add(&t, "%s%s.%pv", t.len ? " " : "", module, &option);
	}
	if (t.len) {
		check_say(c, FINDING_WARNING, CODE_OPTION_IGNORED, check_where(s),
			  "%s is built into kernel %s, so %s has no effect here", s->driver,
			  kernel, s->items);
		check_bootline(c, "add %s to", words);
	}
	free(kernel);
}

/* --- the rest */

/* WORDS, `between`, and why. */
static void say_words(struct check *c, enum finding_level level, enum check_code code,
		      const struct setting *s, const char *between)
{
	char only[NAMES_MAX];

	check_say(c, level, code, check_where(s), "%s%s%s%s", s->words, between, s->why,
		  where_only(s, only));
}

static void judge_stops(struct check *c, const struct setting *s)
{
	bool stops = s->kind == SETTING_STOPS;
	enum check_code code = stops ? CODE_VFIO_STOPPED : CODE_VFIO_HINDERED;

	if (*s->entry && !strncmp(s->words, "vgapass=", 8)) {
		say_words(c, FINDING_OK, CODE_VGAPASS_OFF_ENTRY, s, ": ");
	} else if (s->source == SOURCE_LIST) {
		check_say(c, stops ? FINDING_ERROR : FINDING_WARNING, code, check_where(s), "%s",
			  s->why);
		check_remove(c, s);
		check_rebuild(c, NULL, NULL);
	} else {
		say_words(c, stops && !*s->entry ? FINDING_ERROR : FINDING_WARNING, code, s, ": ");
		check_remove(c, s);
	}
}

static void judge_blacklist(struct check *c, const struct setting *s)
{
	char only[NAMES_MAX];

	if (!setting_is_for_rules(c->host, s))
		return;
	check_say(c, FINDING_WARNING, CODE_BLACKLIST_NEEDLESS, check_where(s),
		  "%s is needless, as rules keep host drivers off, and may hurt other cards%s",
		  s->words, where_only(s, only));
	check_remove(c, s);
}

static void judge_needless(struct check *c, const struct setting *s)
{
	say_words(c, FINDING_WARNING, CODE_SETTING_NEEDLESS, s, " is needless: ");
	check_remove(c, s);
}

static void judge_wrong(struct check *c, const struct setting *s)
{
	say_words(c, FINDING_WARNING, CODE_SETTING_WRONG, s, " ");
	check_remove(c, s);
}

static void judge_risk(struct check *c, const struct setting *s)
{
	say_words(c, FINDING_OK, CODE_RISK_TAKEN, s, " ");
	check_advise(c, "it may stay where you trust the guests");
	judge_options(c, s);
}

static void judge_setting(struct check *c, const struct setting *s)
{
	static void (*const judges[])(struct check *c, const struct setting *s) = {
		[SETTING_GIVES] = judge_gives,       [SETTING_BINDS] = judge_binds,
		[SETTING_GUESTS] = judge_guests,
		[SETTING_REMOVES] = judge_removes,   [SETTING_BLACKLIST] = judge_blacklist,
		[SETTING_LOADS] = judge_loads,       [SETTING_NEEDLESS] = judge_needless,
		[SETTING_OPTIONS] = judge_options,   [SETTING_STOPS] = judge_stops,
		[SETTING_HINDERS] = judge_stops,     [SETTING_WRONG] = judge_wrong,
		[SETTING_RISK] = judge_risk,
	};

	judges[s->kind](c, s);
}

static void say_unread(struct check *c, const struct setting *s)
{
	check_say(c, FINDING_WARNING, CODE_FILE_UNREADABLE, check_where(s), "cannot be read (%s)",
		  s->why);
	if (s->denied)
		check_as_root(c);
	else
		check_advise(c, "look at it yourself");
}

void check_settings(struct check *c)
{
	const struct slice *recovery = &c->host->run.cmd.recovery;
	struct settings found;

	settings_read(c->host, &found);
	for (unsigned i = 0; i < found.n; i++) {
		const struct setting *s = &found.list[i];
		if (s->kind == SETTING_UNREAD)
			say_unread(c, s);
		else if (s->kind == SETTING_SHARES)
			continue;
		else if (check_is_idle(c))
			judge_without_rules(c, s);
		else
			judge_setting(c, s);
	}
	check_shares(c, &found);
	settings_free(&found);
	if (recovery->n) {
		check_say(c, FINDING_WARNING, CODE_RECOVERY_BOOT, "/proc/cmdline",
			  "%.*s asks for a recovery boot, which binds nothing", (int)recovery->n,
			  recovery->p);
		check_advise(c, "reboot without it to have the rules hold");
	}
}
