/* SPDX-License-Identifier: GPL-2.0-or-later */
/* refusal.c - why a plan refuses a function, and the line of the configuration that allows it. */
#include "refusal.h"

#include <stdlib.h>
#include <string.h>

#include "cli/out/xalloc.h"
#include "iommu.h"
#include "runtime/core/words.h"
#include "runtime/io/sysfs.h"

/* Returns the rule's line without comment, to be freed. NULL: the rule is on the kernel command
 * line, or the file has changed meanwhile. */
static char *read_rule_line(const struct host *h, const struct rule *rule)
{
	static char text[CONFIG_FILE_MAX + 1];
	struct conf_path path;
	ssize_t n = sysfs_read_file(h->roots.root, gather_conf_path(&path, rule->at.file), text,
				    sizeof(text));
	struct slice rest = { text, n > 0 ? (size_t)n : 0 }, line = { 0 };

	for (uint32_t i = 0; i < rule->at.line && rest.n; i++)
		line = slice_cut(&rest, '\n');
	line = slice_cut(&line, '#');
	struct slice look = line, word = slice_next(&look, '\0');
	if (!word.n)
		return NULL;
	while (line.n && strchr(" \t\r", line.p[line.n - 1]))
		line.n--;
	return xstrndup(word.p, (size_t)(line.p + line.n - word.p));
}

/* Returns the rule's line with this option in place of another one of its name, to be freed. */
static char *with_option(const char *line, const char *option)
{
	size_t key = strcspn(option, "=") + 1;
	char *made = xstrdup("");
	struct slice rest = slice_of(line), word;

	while ((word = slice_next(&rest, '\0')).n) {
		if (word.n >= key && !memcmp(word.p, option, key))
			continue;
		char *longer = xasprintf("%s%s%.*s", made, *made ? " " : "", (int)word.n, word.p);
		free(made);
		made = longer;
	}
	char *ret = xasprintf("%s %s", made, option);
	free(made);
	return ret;
}

static void fix_rule(const struct host *h, const struct rule *rule, const char *option,
		     struct finding *to)
{
	char *line = read_rule_line(h, rule), place[PLAN_LINE_MAX];

	text_make(place, sizeof(place), "%pp", &rule->at);
	if (line) {
		char *changed = with_option(line, option);
		finding_fix(to, FIX_EDIT, place, "change to: %s", changed);
		free(changed);
	} else {
		finding_fix(to, FIX_EDIT, "/etc/vgapass.conf",
			    "write a rule for it with %s, instead of the one of %s", option, place);
	}
	free(line);
}

/* The line for the function that is in the place of the rule's: with its ID, and its subsystem if
 * the rule has one. */
static void fix_id(const struct host *h, const struct rule *rule, const struct pci_function *f,
		   struct finding *to)
{
	char *line = read_rule_line(h, rule), place[PLAN_LINE_MAX], option[32];
	size_t n = line ? strcspn(line, " \t") : 0;

	if (!line || rule->keep) {
		finding_fix(to, FIX_ADVICE, NULL, "correct its ID, or remove the rule");
		free(line);
		return;
	}
	char *made = xasprintf("%04x:%04x%s", f->vendor, f->device, line + n), *more = NULL;
	if (rule->given & RULE_SUBSYSTEM) {
		text_make(option, sizeof(option), "subsystem=%04x:%04x", f->subvendor,
			  f->subdevice);
		more = with_option(made, option);
	}
	finding_fix(to, FIX_EDIT, text_make(place, sizeof(place), "%pp", &rule->at),
		    "if that is the card, change to: %s", more ? more : made);
	free(more);
	free(made);
	free(line);
}

void refusal_fix_miss(const struct host *h, const struct rule *rule, const struct plan_miss *miss,
		      struct finding *to)
{
	char option[HOST_NAME_MAX + 8], path[HOST_NAME_MAX];

	if (miss->taken) {
		finding_fix(to, FIX_ADVICE, NULL, "remove one of both rules");
	} else if (miss->there) {
		fix_id(h, rule, miss->there, to);
	} else if (miss->same && rule->given & RULE_ADDRESS) {
		text_make(option, sizeof(option), "address=%pa", &miss->same->at);
		fix_rule(h, rule, option, to);
	} else if (miss->same && rule->given & RULE_PATH && *host_path(miss->same, path)) {
		text_make(option, sizeof(option), "path=%s", path);
		fix_rule(h, rule, option, to);
	} else {
		finding_fix(to, FIX_ADVICE, NULL,
			    "correct or remove the rule; vgapass list -a shows what there is");
	}
}

/* "path=00:1c.0/00.0", or where no path is known the address, which may change. */
static const char *location_of(const struct pci_function *f, char text[HOST_NAME_MAX])
{
	char path[HOST_NAME_MAX];

	if (*host_path(f, path))
		return text_make(text, HOST_NAME_MAX, "path=%s", path);
	return text_make(text, HOST_NAME_MAX, "address=%pa", &f->at);
}

/* A rule for one storage controller has its whole ID and its place. The first rule that matches
 * decides, so that a rule for many stays as it is. */
static void fix_identity(const struct host *h, const struct pci_function *f,
			 const struct rule *rule, struct finding *to)
{
	char text[HOST_NAME_MAX], place[PLAN_LINE_MAX];

	if (rule->vendor != PCI_ANY && rule->device != PCI_ANY) {
		fix_rule(h, rule, location_of(f, text), to);
		return;
	}
	finding_fix(to, FIX_EDIT, text_make(place, sizeof(place), "%pp", &rule->at),
		    "add above: %04x:%04x %s", f->vendor, f->device, location_of(f, text));
}

/* A companion that is no part of the card. */
static void fix_stranger(const struct pci_function *f, const struct rule *rule, bool display,
			 struct finding *to)
{
	char text[HOST_NAME_MAX], place[PLAN_LINE_MAX];

	if (display) {
		finding_fix(to, FIX_ADVICE, NULL,
			    "take=boot-display in the rule of the boot display lets both go");
		return;
	}
	text_make(place, sizeof(place), "%pp", &rule->at);
	finding_fix(to, FIX_EDIT, place, "add below: %04x:%04x %s", f->vendor, f->device,
		    location_of(f, text));
}

static void fix_several(const struct host *h, const struct rule *rule, struct finding *to)
{
	const struct config *c = &h->run.config;
	char option[32];

	/* Of another configuration nothing is counted. */
	if (rule >= c->rule && rule < c->rule + c->rules) {
		unsigned n = h->run.plan.networks[rule - c->rule];
		text_make(option, sizeof(option), "expect=%u", n);
		fix_rule(h, rule, option, to);
	}
	finding_fix(to, FIX_ADVICE, NULL,
		    "to take one of them, add its path=, address= or serial=");
}

static void fix_group(const struct host *h, struct finding *to)
{
	struct iommu_text t;

	if (iommu_is_on(h)) {
		finding_fix(to, FIX_ADVICE, NULL, "%s", iommu_fix_of_one(h));
		return;
	}
	iommu_explain(h, &t);
	finding_fix(to, FIX_ADVICE, NULL, "%s", t.fix);
}

/* True: the rule decides other functions too. */
static bool is_for_several(const struct host *h, const struct plan_entry *e)
{
	unsigned n = 0;

	for (unsigned i = 0; i < h->run.inv.functions; i++)
		n += h->run.plan.entry[i].rule == e->rule && !h->run.plan.entry[i].companion;
	return n > 1;
}

static void add_fixes(const struct host *h, const struct pci_function *f,
		      const struct plan_entry *e, bool display, struct finding *to)
{
	char text[HOST_NAME_MAX];

	switch (e->reason) {
	case REASON_NO_GROUP:
		fix_group(h, to);
		break;
	case REASON_BOOT_DISPLAY:
		fix_rule(h, e->rule, "take=boot-display", to);
		if (is_for_several(h, e))
			finding_fix(to, FIX_ADVICE, NULL, "or narrow the rule to the others");
		break;
	case REASON_IDENTITY:
		fix_identity(h, f, e->rule, to);
		break;
	case REASON_SEVERAL:
		fix_several(h, e->rule, to);
		break;
	case REASON_STRANGER:
		fix_stranger(f, e->rule, display, to);
		break;
	case REASON_EXPECT:
		text_make(text, sizeof(text), "expect=%u", e->matched);
		fix_rule(h, e->rule, text, to);
		finding_fix(to, FIX_ADVICE, NULL, "or narrow the rule");
		break;
	case REASON_BRIDGE:
		finding_fix(to, FIX_ADVICE, NULL, "narrow the rule, as with class=03 for displays");
		break;
	default:
		break;
	}
}

/* The engine's words are "WHAT: WHAT TO DO"; the fix says the latter better. */
static void add_reason(const struct host *h, const struct pci_function *f,
		       const struct plan_entry *e, struct text *t)
{
	struct iommu_text off;

	words_reason(t, &h->run, f, e);
	char *end = strstr(t->buf, ": ");
	if (end) {
		*end = '\0';
		t->len = (size_t)(end - t->buf);
	}
	if (e->reason == REASON_NO_GROUP && !iommu_is_on(h)) {
		iommu_explain(h, &off);
		text_add(t, "; %s", off.what);
	}
}

void findings_of_function(const struct host *h, const struct pci_function *f,
			  const struct plan_entry *e, struct findings *l)
{
	/* by enum reason */
	static const char *const codes[REASONS] = {
		[REASON_BRIDGE] = "refused-bridge",
		[REASON_NO_GROUP] = "refused-no-group",
		[REASON_BOOT_DISPLAY] = "refused-boot-display",
		[REASON_IDENTITY] = "refused-identity",
		[REASON_SEVERAL] = "refused-several",
		[REASON_STRANGER] = "refused-stranger",
		[REASON_EXPECT] = "refused-expect",
	};
	char at[PCI_ADDRESS_SIZE], buf[PLAN_LINE_MAX + HOST_NAME_MAX];
	struct text t;

	if (!e->rule || e->state != STATE_REFUSED)
		return;
	text_start(&t, buf, sizeof(buf));
	add_reason(h, f, e, &t);
	pci_put_address(at, &f->at);
	/* What is no part of the card is left to the host on purpose. */
	struct finding *to = findings_add(
		l, e->reason == REASON_STRANGER ? FINDING_WARNING : FINDING_ERROR,
		codes[e->reason] ? codes[e->reason] : "refused", at, "refused: %s", buf);
	add_fixes(h, f, e, strstr(buf, "boot display"), to);
}
