/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_conf_edit.c - adding to and taking from any configuration that is right: it stays right,
 * all other rules stay as they are and where they are, and what was added comes off without a
 * trace. The first byte says what is done, the rest is the text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/edit/conf_edit.h"
#include "runtime/core/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define CAP (CONFIG_FILE_MAX + 4096)

static struct config before, after;
static char changed[CAP], again[CAP];

static void expect(bool good)
{
	if (!good)
		abort();
}

static bool read_config(struct config *c, struct slice text)
{
	config_start(c);
	config_parse(c, config_add_file(c, "f"), text.p, text.n);
	return !c->errors;
}

static bool same_name(const char *a, const char *b)
{
	return (!a && !b) || (a && b && !strcmp(a, b));
}

static bool same_rule(const struct rule *a, const struct rule *b)
{
	struct rule x = *a, y = *b;

	if (!same_name(a->profile, b->profile) || strcmp(a->driver, b->driver))
		return false;
	for (unsigned i = 0; i < a->attrs && a->attrs == b->attrs; i++)
		if (strcmp(a->attr[i].name, b->attr[i].name) ||
		    strcmp(a->attr[i].value, b->attr[i].value))
			return false;
	x.at = y.at = (struct place){ .file = NULL };
	return x.vendor == y.vendor && x.device == y.device && x.subvendor == y.subvendor &&
	       x.subdevice == y.subdevice && x.given == y.given && x.class == y.class &&
	       x.serial == y.serial && x.expect == y.expect && x.keep == y.keep &&
	       x.with == y.with && x.iommu_ignore == y.iommu_ignore &&
	       x.take_boot_display == y.take_boot_display && x.hold == y.hold &&
	       x.required == y.required && x.attrs == y.attrs;
}

/* All rules of `before`, in their order, and two more at `first`, of the profile. */
static void check_added(const char *profile, uint32_t first)
{
	unsigned k = 0, new = 0;

	expect(after.rules == before.rules + 2);
	for (unsigned i = 0; i < after.rules; i++) {
		const struct rule *r = &after.rule[i];
		if (r->at.line != first && r->at.line != first + 1) {
			expect(same_rule(r, &before.rule[k++]));
			continue;
		}
		expect(r->vendor == 0x1002 && same_name(r->profile, profile));
		new++;
	}
	expect(new == 2);
}

static unsigned count_lines(struct slice text)
{
	unsigned n = 0;

	for (; text.n; n++)
		slice_cut(&text, '\n');
	return n;
}

static void add(struct slice text, const char *profile)
{
	struct text t, u;
	bool made = profile && !config_find_profile(&before, slice_of(profile));

	text_start(&t, changed, sizeof(changed));
	uint32_t first = conf_edit_add(text, profile, slice_of("1002:6608  # x\n1002:aab0"), &t);
	expect(!t.cut);
	if (before.rules + 2 > CONFIG_RULES_MAX || (made && before.profiles == CONFIG_PROFILES_MAX))
		return;
	if (!read_config(&after, (struct slice){ t.buf, t.len })) {
		/* Names have filled their room. */
		expect(made && before.text_used + 2 > CONFIG_TEXT_MAX);
		return;
	}
	check_added(profile, first);
	/* And the empty line above them, if there is a new one. */
	const struct conf_change lines[] = { { first, NULL }, { first + 1, NULL },
					     { first - 1, NULL } };
	bool apart = !made && count_lines((struct slice){ t.buf, t.len }) == count_lines(text) + 3;
	text_start(&u, again, sizeof(again));
	conf_edit_change((struct slice){ t.buf, t.len }, lines, apart ? 3 : 2, &u);
	/* A lone CR at the end of the file is all that may go with it. */
	if (!made && !(text.n && text.p[text.n - 1] == '\r'))
		expect(slice_equal(text, (struct slice){ u.buf, u.len }));
}

/* Takes every rule away whose number has this bit. */
static void take(struct slice text, unsigned bit)
{
	static struct conf_change lines[CONFIG_RULES_MAX];
	unsigned n = 0, k = 0;
	struct text t;

	for (unsigned i = 0; i < before.rules; i++)
		if (i >> bit & 1)
			lines[n++] = (struct conf_change){ before.rule[i].at.line, NULL };
	text_start(&t, changed, sizeof(changed));
	conf_edit_change(text, lines, n, &t);
	expect(read_config(&after, (struct slice){ t.buf, t.len }));
	expect(after.rules == before.rules - n && after.profiles == before.profiles);
	for (unsigned i = 0; i < before.rules; i++)
		if (!(i >> bit & 1))
			expect(same_rule(&before.rule[i], &after.rule[k++]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const profiles[] = { NULL, "a", "b" };

	if (!n || n > CONFIG_FILE_MAX)
		return 0;
	/* Not NUL-terminated, and ASan sees its end. */
	char *exact = malloc(n);
	if (!exact)
		return 0;
	memcpy(exact, data + 1, n - 1);
	struct slice text = { exact, n - 1 };
	if (read_config(&before, text)) {
		add(text, profiles[data[0] % 3]);
		take(text, data[0] % 8);
	}
	free(exact);
	return 0;
}
