/* SPDX-License-Identifier: GPL-2.0-or-later */
/* variants.c - see variants.h */
#include "variants.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/plan.h"
#include "runtime/io/sysfs.h"

#define PREFIX "alias vfio_pci:"

static bool is_auto(const struct rule *r)
{
	return !r->keep && r->profile != config_auto && !strcmp(r->driver, CONFIG_DRIVER_AUTO);
}

bool variants_are_wanted(const struct config *c)
{
	bool wanted = false;

	for (unsigned i = 0; i < c->rules; i++) {
		if (c->rule[i].profile == config_auto &&
		    strcmp(c->rule[i].at.file, VARIANTS_FILE) != 0)
			return false;
		wanted |= is_auto(&c->rule[i]);
	}
	return wanted;
}

/* Reads a field of an alias: its name, and "*" or so many hex digits. Returns false if it has
 * another form. A wildcard counts, and leaves PCI_ANY. */
static bool take_field(struct slice *s, const char *name, unsigned digits, unsigned *wildcards,
		       uint32_t *ret)
{
	size_t n = strlen(name);

	if (s->n <= n || memcmp(s->p, name, n) != 0)
		return false;
	*s = (struct slice){ s->p + n, s->n - n };
	bool any = *s->p == '*';
	int64_t value = any ? PCI_ANY : s->n < digits ? -1 :
			slice_digits((struct slice){ s->p, digits }, digits);
	n = any ? 1 : digits;
	if (value < 0 || (!any && value > UINT16_MAX))
		return false;
	*wildcards += any;
	*s = (struct slice){ s->p + n, s->n - n };
	*ret = (uint32_t)value;
	return true;
}

/* Reads "v000015B3d0000101Esv*sd*bc*sc*i*". Returns false if it has another form, or if no rule can
 * say the same: a subclass of any class. */
static bool parse_alias(struct slice s, struct variant *v)
{
	struct rule *r = &v->rule;
	uint32_t code[3] = { 0, 0, 0 };
	unsigned digits = 0;

	if (!take_field(&s, "v", 8, &v->wildcards, &r->vendor) ||
	    !take_field(&s, "d", 8, &v->wildcards, &r->device) ||
	    !take_field(&s, "sv", 8, &v->wildcards, &r->subvendor) ||
	    !take_field(&s, "sd", 8, &v->wildcards, &r->subdevice) ||
	    !take_field(&s, "bc", 2, &v->wildcards, &code[0]) ||
	    !take_field(&s, "sc", 2, &v->wildcards, &code[1]) ||
	    !take_field(&s, "i", 2, &v->wildcards, &code[2]) || s.n)
		return false;
	while (digits < 3 && code[digits] != PCI_ANY)
		r->class = r->class << 8 | code[digits++];
	for (unsigned i = digits; i < 3; i++)
		if (code[i] != PCI_ANY)
			return false;
	r->class_digits = (uint8_t)(2 * digits);
	if (digits)
		r->given |= RULE_CLASS;
	if (!(r->subvendor & r->subdevice & PCI_ANY))
		r->given |= RULE_SUBSYSTEM;
	return true;
}

struct reader {
	struct variants *v;
	bool full;
};

static int read_line(struct slice line, void *arg)
{
	struct reader *reader = arg;
	struct variants *v = reader->v;
	const size_t n = sizeof(PREFIX) - 1;

	if (line.n < n || memcmp(line.p, PREFIX, n) != 0)
		return 0;
	if (v->n == VARIANTS_MAX) {
		reader->full = true;
		return 1;
	}
	struct slice module = { line.p + n, line.n - n };
	struct slice alias = slice_cut(&module, ' ');
	struct variant *to = &v->variant[v->n];
	*to = (struct variant){ .wildcards = 0 };
	if (!module.n || module.n > CONFIG_NAME_MAX || !parse_alias(alias, to))
		return 0;
	memcpy(to->module, module.p, module.n);
	memcpy(to->driver, module.p, module.n);
	/* vfio_pci has an alias for all functions. It is what is left. */
	v->n += strcmp(to->module, "vfio_pci") != 0;
	return 0;
}

static int compare_wildcards(const void *a, const void *b)
{
	const struct variant *one = a, *other = b;

	return one->wildcards != other->wildcards ? (int)one->wildcards - (int)other->wildcards :
						    strcmp(one->module, other->module);
}

static bool halves_meet(uint32_t a, uint32_t b)
{
	return (a | b) & PCI_ANY || a == b;
}

/* Returns true if some function may match both. A rule without subsystem= has 0 there. */
static bool rules_meet(const struct rule *a, const struct rule *b, bool vendor_alone)
{
	const uint32_t both = a->given & b->given;
	unsigned digits = a->class_digits < b->class_digits ? a->class_digits : b->class_digits;

	if (!halves_meet(a->vendor, b->vendor))
		return false;
	if (vendor_alone)
		return true;
	if (both & RULE_CLASS && ((a->class >> 4 * (a->class_digits - digits)) ^
				  (b->class >> 4 * (b->class_digits - digits))) &
				 ~((a->class_open | b->class_open) >> (24 - 4 * digits)))
		return false;
	return halves_meet(a->device, b->device) &&
	       (!(both & RULE_SUBSYSTEM) || (halves_meet(a->subvendor, b->subvendor) &&
					     halves_meet(a->subdevice, b->subdevice)));
}

/* Returns true if the machine has a function that the rule names, by what its modalias says; and
 * that matches `also`, if that is not NULL. */
static bool machine_has(const struct inventory *inv, const struct rule *r, const struct rule *also)
{
	struct rule named = *r;

	named.given &= RULE_SUBSYSTEM | RULE_CLASS;
	for (unsigned i = 0; inv && i < inv->functions; i++)
		if (plan_rule_matches(&named, &inv->function[i]) &&
		    (!also || plan_rule_matches(also, &inv->function[i])))
			return true;
	return false;
}

static bool is_wanted(const struct variant *v, const struct config *c, const struct inventory *inv)
{
	for (unsigned i = 0; i < c->rules; i++) {
		const struct rule *r = &c->rule[i];
		if (is_auto(r) && (!r->vfs && machine_has(inv, r, NULL) ?
					      machine_has(inv, r, &v->rule) :
					      rules_meet(r, &v->rule, r->vfs)))
			return true;
	}
	return false;
}

int variants_read(struct variants *v, int root, const char *kernel, const struct config *c,
		  const struct inventory *inv)
{
	struct reader reader = { .v = v };
	char path[512];

	v->n = 0;
	snprintf(path, sizeof(path), "lib/modules/%s/modules.alias", kernel);
	int r = sysfs_lines(root, path, read_line, &reader);
	qsort(v->variant, v->n, sizeof(v->variant[0]), compare_wildcards);
	for (unsigned i = 0; i < v->n; i++)
		v->variant[i].wanted = is_wanted(&v->variant[i], c, inv);
	return reader.full ? -E2BIG : r < 0 ? r : 0;
}

unsigned variants_room(const struct config *c)
{
	/* Names of modules are short, and there are few. */
	const uint32_t names = 4096;

	return c->files < CONFIG_FILES_MAX && c->text_used + names <= CONFIG_TEXT_MAX ?
		       CONFIG_RULES_MAX - c->rules : 0;
}

static void write_half(struct text *t, uint32_t half)
{
	if (half & PCI_ANY)
		text_add(t, "*");
	else
		text_add(t, "%04x", (unsigned)half);
}

static void write_rule(struct text *t, const struct rule *r, const char *driver)
{
	write_half(t, r->vendor);
	text_add(t, ":");
	write_half(t, r->device);
	if (r->given & RULE_SUBSYSTEM) {
		text_add(t, " subsystem=");
		write_half(t, r->subvendor);
		text_add(t, ":");
		write_half(t, r->subdevice);
	}
	if (r->given & RULE_CLASS) {
		text_add(t, " class=");
		for (unsigned shift = 4u * r->class_digits; shift; shift -= 8)
			text_add(t, "%02x", (unsigned)(r->class >> (shift - 8) & 0xff));
	}
	text_add(t, " driver=%s\n", driver);
}

static bool is_in(const struct variant *v)
{
	return v->wanted && !v->error;
}

/* Makes *ret match what both match. */
static void intersect(const struct rule *a, const struct rule *b, struct rule *ret)
{
	*ret = *a;
	ret->vendor = a->vendor & PCI_ANY ? b->vendor : a->vendor;
	ret->device = a->device & PCI_ANY ? b->device : a->device;
	ret->subvendor = a->subvendor & PCI_ANY ? b->subvendor : a->subvendor;
	ret->subdevice = a->subdevice & PCI_ANY ? b->subdevice : a->subdevice;
	ret->given |= b->given;
	if (b->class_digits > a->class_digits) {
		ret->class = b->class;
		ret->class_digits = b->class_digits;
	}
}

void variants_write(const struct variants *v, struct text *t, unsigned room,
		    void (*said)(const struct variant *a, const struct variant *b, void *arg),
		    void *arg)
{
	unsigned first = 0;
	struct rule both;

	text_add(t, "[auto]\n");
	for (unsigned i = 0; i < v->n; i++) {
		const struct variant *a = &v->variant[i];
		/* Before those with as few wildcards: where two of them meet. */
		for (; first < v->n && first <= i; first++)
			if (v->variant[first].wildcards == a->wildcards)
				break;
		for (unsigned k = i + 1; first == i && k < v->n &&
					 v->variant[k].wildcards == a->wildcards; k++)
			for (unsigned l = first; l < k; l++) {
				const struct variant *x = &v->variant[l], *y = &v->variant[k];
				if (!is_in(x) || !is_in(y) || !strcmp(x->module, y->module) ||
				    !rules_meet(&x->rule, &y->rule, false) || !room)
					continue;
				intersect(&x->rule, &y->rule, &both);
				write_rule(t, &both, "vfio-pci");
				room--;
				if (said)
					said(x, y, arg);
			}
		/* One for all functions has as many wildcards as vfio-pci's. */
		if (is_in(a) && room && a->wildcards < 7) {
			write_rule(t, &a->rule, a->driver);
			room--;
		}
	}
}
