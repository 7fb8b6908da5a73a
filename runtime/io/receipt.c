/* SPDX-License-Identifier: GPL-2.0-or-later */
/* receipt.c - see receipt.h */
#include "receipt.h"
#include "path.h"
#include "replace.h"
#include "sysfs.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/core/words.h"

#ifndef VGAPASS_VERSION
#error "the Makefile gives VGAPASS_VERSION"
#endif

/* The name of each file until it is whole; one is written after the other. */
#define TEMPORARY "receipt.json.new"

static int replace_text(int dir, const char *name, const struct text *t)
{
	struct slice text = { t->buf, t->len };

	return t->cut ? -E2BIG : replace_file(dir, name, TEMPORARY, text);
}

/* Adds a line of /proc/sys/kernel as a member; "" if it cannot be read. */
static void add_kernel(struct text *t, const struct roots *roots, const char *name,
		       const char *path)
{
	char value[128];

	if (sysfs_read_file(roots->proc, path, value, sizeof(value)) < 0)
		value[0] = '\0';
	value[slice_nth(slice_of(value), '\n', 0).n] = '\0';
	text_add(t, ",\n  %pj: %pj", name, value);
}

static int take_first(const char *name, void *buf)
{
	text_make(buf, 16, "%s", name);
	return 1;
}

void receipt_fill_function(struct text *t, const char *comma, const struct run *r, unsigned i)
{
	const struct pci_function *f = &r->inv.function[i];
	const struct plan_entry *e = &r->plan.entry[i];
	const struct outcome *o = &r->outcome[i];
	enum function_state state = run_state(r, i);
	static const char words[][8] = { "null", "false", "true" }; /* of enum viability */
	char place[PLAN_LINE_MAX], reason[PLAN_LINE_MAX];
	struct text why;

	text_start(&why, reason, sizeof(reason));
	words_reason(&why, r, f, e);
	text_add(t, "%s\n    { \"address\": \"%pa\", \"id\": \"%pi\", \"rule\": %pj, "
		    "\"state\": %pj, \"driver\": %pn, \"was\": %pn, \"group\": ", comma, &f->at, f,
		 text_make(place, sizeof(place), "%pp", &e->rule->at), state_word(state),
		 o->state ? o->driver : f->driver, f->driver);
	text_add(t, f->group < 0 ? "null" : "%u", (unsigned)f->group);
	/* "-1": the machine has no nodes, or does not tell. */
	ssize_t n = sysfs_read(r->inv.devices, path_function(f, "numa_node"), place, 16);
	if (n > 0 && *place != '-') {
		place[n - 1] = '\0';
		text_add(t, ", \"numa_node\": %s", place);
	}
	/* The device file is an option of the kernel (CONFIG_VFIO_DEVICE_CDEV); the directory is
	 * not. */
	if (sysfs_list(r->inv.devices, path_function(f, "vfio-dev"), take_first, place) > 0 &&
	    sysfs_exists(r->inv.devices, path_make("%pa/vfio-dev/%s/dev", &f->at, place)))
		text_add(t, ", \"cdev\": \"/dev/vfio/devices/%s\"", place);
	text_add(t, ", \"viable\": %s, \"boot_display\": %s, \"reason\": %pn, \"reason_code\": ",
		 words[o->viable], words[VIABLE_NO + f->boot_display], reason);
	struct slice code = reason_code(o->reason ? o->reason : e->reason);
	text_add(t, code.n ? "\"%pv\", \"us\": %u }" : "null%pv, \"us\": %u }", &code, o->us);
}

static void add_once(struct text *t, const struct run *r)
{
	const struct token *token = &r->token;
	const char *word = token_word(r->cmd.trial && !token->word ? TOKEN_TRIAL : token->word);
	/* in the order of enum token_from, and of enum token_state */
	const char *from = token->state ? "efi-variable|credential" : "cmdline";
	const char *states = "taken|taken|stuck|hung";
	struct slice where = slice_nth(slice_of(from), '|', token->from);
	struct slice state = slice_nth(slice_of(states), '|', token->state);

	if (!word && !token->state)
		text_add(t, "null");
	else
		text_add(t, "{ \"word\": %pn, \"from\": \"%pv\", \"state\": \"%pv\", "
			    "\"error\": %u }", word ? word : token->profile, &where, &state,
			 (unsigned)-token->error);
}

/* Returns what comes before element k of a list. */
static const char *comma(unsigned k)
{
	return k ? "," : "";
}

void receipt_fill(struct text *t, const struct roots *roots, const struct run *r)
{
	const struct plan *p = &r->plan;
	char at_buf[PLAN_LINE_MAX], what_buf[PLAN_LINE_MAX];
	struct text at, what;
	unsigned k = 0;

	text_add(t, "{\n  \"version\": 1,\n  \"vgapass\": \"" VGAPASS_VERSION "\"");
	add_kernel(t, roots, "kernel", "sys/kernel/osrelease");
	add_kernel(t, roots, "boot_id", "sys/kernel/random/boot_id");
	text_add(t, ",\n  \"mode\": %pj,\n  \"profile\": %pn,\n  \"result\": %pj,"
		    "\n  \"claim_us\": %u,\n  \"took_us\": %u,\n  \"once\": ",
		 mode_word(r->cmd.mode), p->profile ? p->profile : "", run_result(r), r->claim_us,
		 r->took_us);
	add_once(t, r);
	text_add(t, ",\n  \"functions\": [");
	for (unsigned i = 0; i < r->inv.functions; i++)
		if (p->entry[i].rule)
			receipt_fill_function(t, comma(k++), r, i);
	text_add(t, " ],\n  \"rules\": [");
	for (unsigned i = 0; i < r->config.rules; i++)
		text_add(t, "%s\n    { \"at\": %pj, \"matched\": %u }", comma(i),
			 text_make(at_buf, sizeof(at_buf), "%pp", &r->config.rule[i].at),
			 p->matched[i]);
	text_add(t, " ],\n  \"strays\": [");
	k = 0;
	for (unsigned i = 0; i < r->others && i < OTHERS_MAX; i++)
		if (r->other[i].group == STRAY)
			text_add(t, "%s\n    { \"address\": \"%pa\", \"driver\": %pj }", comma(k++),
				 &r->other[i].at, r->other[i].driver);
	text_add(t, " ],\n  \"problems\": [");
	for (k = 0;; k++) {
		text_start(&at, at_buf, sizeof(at_buf));
		text_start(&what, what_buf, sizeof(what_buf));
		if (!words_problem(r, k, &at, &what))
			break;
		text_add(t, "%s\n    { \"at\": %pn, \"text\": %pj }", comma(k), at_buf, what_buf);
	}
	text_add(t, " ]\n}\n");
}

void receipt_fill_booted(struct text *t, const struct roots *roots, const struct run *r)
{
	struct conf_path path;

	_Static_assert(RECEIPT_MAX > CONFIG_FILES_MAX * (CONFIG_FILE_MAX + 4096), "each has room");
	for (unsigned i = 0; i < r->config.files; i++) {
		/* The name begins a line, also behind a file whose last line has no end. */
		if (t->len && t->buf[t->len - 1] != '\n')
			text_add(t, "\n");
		text_add(t, "# /%s\n", gather_conf_path(&path, r->config.file[i]));
		ssize_t n = sysfs_read_file(roots->root, path.s, t->buf + t->len,
					    CONFIG_FILE_MAX + 1);
		if (n > 0)
			t->len += (size_t)n;
	}
}

int receipt_dir(const struct roots *roots)
{
	if (mkdirat(roots->root, "run/vgapass", 0755) && errno != EEXIST)
		return -errno;
	return sysfs_dir(roots->root, "run/vgapass");
}

int receipt_write(const struct roots *roots, int dir, const struct run *r)
{
	/* Untouched pages are never allocated. */
	static char buf[RECEIPT_MAX];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	receipt_fill(&t, roots, r);
	int error = replace_text(dir, "receipt.json", &t);
	if (error)
		return error;
	text_start(&t, buf, sizeof(buf));
	receipt_fill_booted(&t, roots, r);
	return replace_text(dir, "booted.conf", &t);
}
