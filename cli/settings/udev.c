/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udev.c - rules of udev that bind functions, or remove them. */
#include "reader.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"

#define VALUES_MAX 512

/* What a key of a rule compares. */
enum key {
	KEY_ADDRESS,
	KEY_VENDOR,
	KEY_DEVICE,
	KEY_SUBVENDOR,
	KEY_SUBDEVICE,
	KEY_CLASS,
	KEY_ID,
	KEY_MODALIAS,
	KEY_DEVPATH,
	KEY_BOOT_VGA,
	KEYS
};

/* What the keys of a line compare with; values of a key have | between. */
struct match {
	struct slice value[KEYS];
	bool narrow; /* an ID or address alone does not say it: with != and patterns */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

/* The next KEY{attribute}OPERATOR"value" of a line. False: no more. */
static bool next_token(struct slice *rest, struct slice *key, struct slice *sign,
		       struct slice *value)
{
	while (rest->n && is_blank(*rest->p))
		rest->p++, rest->n--;
	*key = (struct slice){ rest->p, 0 };
	for (bool inside = false; rest->n && (inside || !strchr("=!+:\"", *rest->p)); key->n++) {
		inside = *rest->p == '{' || (inside && *rest->p != '}');
		rest->p++, rest->n--;
	}
	*sign = (struct slice){ rest->p, 0 };
	while (rest->n && *rest->p != '"')
		rest->p++, rest->n--, sign->n++;
	if (!rest->n)
		return false;
	slice_cut(rest, '"');
	*value = (struct slice){ rest->p, 0 };
	while (rest->n && (*rest->p != '"' || (value->n && rest->p[-1] == '\\')))
		rest->p++, rest->n--, value->n++;
	slice_cut(rest, '"');
	return true;
}

static enum key key_of(struct slice key)
{
	static const char names[] =
		"KERNEL|KERNELS|ENV{PCI_SLOT_NAME}|ATTR{vendor}|ATTRS{vendor}|ATTR{device}|"
		"ATTRS{device}|ATTR{subsystem_vendor}|ATTRS{subsystem_vendor}|"
		"ATTR{subsystem_device}|ATTRS{subsystem_device}|ATTR{class}|ATTRS{class}|"
		"ENV{PCI_ID}|ATTR{modalias}|ENV{MODALIAS}|DEVPATH|ATTR{boot_vga}|ATTRS{boot_vga}";
	static const unsigned char keys[] = {
		KEY_ADDRESS,   KEY_ADDRESS,   KEY_ADDRESS,   KEY_VENDOR,    KEY_VENDOR,
		KEY_DEVICE,    KEY_DEVICE,    KEY_SUBVENDOR, KEY_SUBVENDOR, KEY_SUBDEVICE,
		KEY_SUBDEVICE, KEY_CLASS,     KEY_CLASS,     KEY_ID,        KEY_MODALIAS,
		KEY_MODALIAS,  KEY_DEVPATH,   KEY_BOOT_VGA,  KEY_BOOT_VGA
	};
	unsigned i = slice_word(key, names);

	return i == SLICE_NO_WORD ? KEYS : (enum key)keys[i];
}

/* The value of a function's that a key compares, as sysfs and the kernel's events have it; "":
 * the function has none. */
static void put_value(char to[VALUES_MAX], enum key key, const struct pci_function *f)
{
	unsigned half[] = { f->vendor, f->device, f->subvendor, f->subdevice };

	*to = '\0';
	if (key == KEY_ADDRESS || key == KEY_DEVPATH)
		pci_put_address(to, &f->at);
	else if (key <= KEY_SUBDEVICE)
		snprintf(to, VALUES_MAX, "0x%04x", half[key - KEY_VENDOR]);
	else if (key == KEY_CLASS)
		snprintf(to, VALUES_MAX, "0x%06x", f->class);
	else if (key == KEY_ID)
		snprintf(to, VALUES_MAX, "%04X:%04X", f->vendor, f->device);
	else if (key == KEY_MODALIAS)
		snprintf(to, VALUES_MAX, "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X", f->vendor,
			 f->device, f->subvendor, f->subdevice, f->class >> 16,
			 f->class >> 8 & 0xff, f->class & 0xff);
	else if (f->class >> 8 == PCI_CLASS_VGA)
		snprintf(to, VALUES_MAX, "%u", f->boot_display);
}

/* True: one of the patterns "0x1e84|0x1b8[01]" matches the value. */
static bool matches(struct slice patterns, enum key key, const char *value)
{
	char one[VALUES_MAX];

	while (patterns.n) {
		struct slice pattern = slice_cut(&patterns, '|');
		/* The address is the last part of the path, "*" + "/0000:01:00.0". */
		while (key == KEY_DEVPATH && slice_has(pattern, '/'))
			slice_cut(&pattern, '/');
		text_make(one, sizeof(one), "%pv", &pattern);
		if (!fnmatch(one, value, FNM_CASEFOLD))
			return true;
	}
	return false;
}

/* True: the line is about the function, by the keys that are known here. */
static bool line_means(struct slice line, const struct pci_function *f)
{
	struct slice key, sign, value;
	char is[VALUES_MAX];

	while (next_token(&line, &key, &sign, &value)) {
		enum key k = key_of(slice_trimmed(key));
		bool equal = slice_is(slice_trimmed(sign), "==");
		if (k == KEYS || (!equal && !slice_is(slice_trimmed(sign), "!=")))
			continue;
		put_value(is, k, f);
		/* Of the drivers' KERNEL there is no address. */
		if (k == KEY_ADDRESS && !slice_has(value, ':') && !slice_has(value, '*'))
			continue;
		if (!*is || matches(value, k, is) != equal)
			return false;
	}
	return true;
}

static bool is_pattern(struct slice value)
{
	return slice_has(value, '[') || slice_has(value, '?') || slice_has(value, '*');
}

/* Classes may end in "*". */
static bool is_narrow(enum key key, struct slice value)
{
	if (key == KEY_CLASS && value.n && value.p[value.n - 1] == '*' && value.n > 4)
		value.n--;
	return key >= KEY_DEVPATH ||
	       (key != KEY_ADDRESS && key != KEY_MODALIAS && !slice_is(value, "*") &&
		is_pattern(value));
}

static void read_match(struct match *m, enum key key, bool equal, struct slice value)
{
	if (key == KEYS)
		return;
	m->narrow |= !equal || is_narrow(key, value);
	if (equal)
		m->value[key] = value;
	/* An address with more is narrower than either. */
	bool more = false;
	for (unsigned i = KEY_VENDOR; i < KEYS; i++)
		more |= m->value[i].n;
	m->narrow |= more && slice_has(m->value[KEY_ADDRESS], ':');
}

/* "0x10de" as "10de"; any as "ffffffff". */
static void add_half(struct text *t, struct slice value)
{
	uint64_t v;

	if (slice_starts(value, "0x"))
		value.p += 2, value.n -= 2;
	if (slice_hex(value, UINT16_MAX, &v))
		text_add(t, "%04x", (unsigned)v);
	else
		text_add(t, "ffffffff");
}

/* "0x0c0330" as "c0330:ffffff", "0x0c03*" as "c0300:ffff00". */
static void add_class(struct text *t, struct slice value)
{
	unsigned class = 0, mask = 0;

	if (slice_starts(value, "0x"))
		value.p += 2, value.n -= 2;
	for (unsigned i = 0; i < 6; i++) {
		bool given = i < value.n && slice_digit(value.p[i]) < 16;
		class = class << 4 | (given ? slice_digit(value.p[i]) : 0);
		mask = mask << 4 | (given ? 0xf : 0);
		if (!given)
			value.n = i;
	}
	text_add(t, ":%x:%x", class, mask);
}

/* One ID for each combination of the values. */
static void add_ids(struct reader *r, struct setting *s, const struct match *m)
{
	struct slice rest[KEYS], one[KEYS];
	char id[VALUES_MAX];
	struct text t;
	unsigned k;

	memcpy(rest, m->value, sizeof(rest));
	for (k = KEY_VENDOR; k <= KEY_CLASS; k++)
		one[k] = slice_cut(&rest[k], '|');
	do {
		text_start(&t, id, sizeof(id));
		for (k = KEY_VENDOR; k <= KEY_SUBDEVICE; k++) {
			if (k == KEY_SUBVENDOR && !one[KEY_SUBVENDOR].n && !one[KEY_SUBDEVICE].n &&
			    !one[KEY_CLASS].n)
				break;
			text_add(&t, k > KEY_VENDOR ? ":" : "");
			add_half(&t, one[k]);
		}
		if (one[KEY_CLASS].n)
			add_class(&t, one[KEY_CLASS]);
		reader_add_item(r, s, slice_of(id));
		/* The next combination: as digits of a number. */
		for (k = KEY_VENDOR; k <= KEY_CLASS && !rest[k].n; k++) {
			rest[k] = m->value[k];
			one[k] = slice_cut(&rest[k], '|');
		}
		if (k <= KEY_CLASS)
			one[k] = slice_cut(&rest[k], '|');
	} while (k <= KEY_CLASS);
}

static void add_list(struct reader *r, struct setting *s, struct slice values)
{
	while (values.n) {
		struct slice one = slice_cut(&values, '|');
		if (slice_has(one, ':'))
			reader_add_item(r, s, one);
	}
}

/* Adds the functions of now that the line means, and no line above it that leads past it. */
static void add_functions(struct reader *r, struct setting *s, struct slice line)
{
	const struct inventory *inv = &r->h->run.inv;
	char at[PCI_ADDRESS_SIZE];

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		struct slice guards = slice_of(r->guards);
		bool means = !pci_is_bridge(f) && line_means(line, f);
		while (means && guards.n)
			means = !line_means(slice_cut(&guards, '\n'), f);
		if (!means)
			continue;
		pci_put_address(at, &f->at);
		reader_add_item(r, s, slice_of(at));
	}
}

static void add_matches(struct reader *r, struct setting *s, const struct match *m)
{
	char id[VALUES_MAX];
	struct text t;

	if (m->narrow || *r->guards)
		add_functions(r, s, slice_of(r->text));
	if (!*s->items)
		add_list(r, s, m->value[KEY_ADDRESS]);
	if (m->narrow || *r->guards || *s->items)
		return;
	add_list(r, s, m->value[KEY_ID]);
	text_start(&t, id, sizeof(id));
	if (!*s->items && setting_id_of_alias(m->value[KEY_MODALIAS], &t))
		reader_add_item(r, s, slice_of(id));
	if (!*s->items &&
	    (m->value[KEY_VENDOR].n || m->value[KEY_DEVICE].n || m->value[KEY_CLASS].n))
		add_ids(r, s, m);
}

/* Keeps a line that leads past those behind it, ..., GOTO="end", until LABEL="end". */
static void read_goto(struct reader *r, struct slice line, struct slice key, struct slice value,
		      bool known)
{
	struct slice rest = slice_of(r->guards), one, k, sign, v;
	char *joined = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&joined, &n);

	if (!to)
		abort();
	while ((one = slice_cut(&rest, '\n')).n) {
		struct slice tokens = one;
		bool ends = false;
		while (slice_is(key, "LABEL") && next_token(&tokens, &k, &sign, &v))
			ends |= slice_is(slice_trimmed(k), "GOTO") && slice_equal(v, value);
		if (!ends)
			fprintf(to, "%.*s\n", (int)one.n, one.p);
	}
	if (slice_is(key, "GOTO") && known)
		fprintf(to, "%.*s\n", (int)line.n, line.p);
	if (fclose(to))
		abort();
	r->guards = reader_copy(r, (struct slice){ joined, n });
	free(joined);
}

/* The driver that a rule binds, where it says so. */
static const char *driver_of(struct reader *r, struct slice key, struct slice value)
{
	return slice_is(key, "ATTR{driver_override}") && value.n ? reader_copy(r, value) :
								   "vfio-pci";
}

/* ATTR{[drivers/pci:vfio-pci]bind}="$kernel", and new_id */
static bool is_driver_file(struct slice key)
{
	return slice_starts(key, "ATTR{[drivers/pci:") && slice_contains(key, "vfio") &&
	       (slice_contains(key, "]bind}") || slice_contains(key, "]new_id}"));
}

static void read_action(struct reader *r, const struct match *m, struct slice key,
			struct slice value)
{
	bool run = slice_starts(key, "RUN") || slice_is(key, "PROGRAM");
	struct setting *s;

	if (slice_is(key, "ATTR{driver_override}") || is_driver_file(key) ||
	    (run && reader_binds(value, slice_contains(value, "vfio")))) {
		s = reader_add(r, SETTING_BINDS, slice_of(r->text), slice_of(""),
			       "binds functions "
			       "beside the rules");
		s->driver = driver_of(r, key, value);
		reader_add_named(r, s, value, slice_contains(key, "new_id"));
		if (!*s->items)
			add_matches(r, s, m);
	} else if ((slice_is(key, "ATTR{remove}") && slice_is(value, "1")) ||
		   (run && slice_contains(value, "/remove"))) {
		s = reader_add(r, SETTING_REMOVES, slice_of(r->text), slice_of(""), "");
		reader_add_named(r, s, value, false);
		if (!*s->items)
			add_matches(r, s, m);
	} else if (run) {
		s = reader_add(r, SETTING_BINDS, slice_of(r->text), slice_of(""),
			       "binds functions "
			       "beside the rules");
		if (read_named_script(r, s, value))
			add_matches(r, s, m);
		else
			r->found->n--;
	}
}

static bool is_assignment(struct slice sign)
{
	return slice_is(sign, "=") || slice_is(sign, "+=") || slice_is(sign, ":=");
}

static void read_rule(struct reader *r, struct slice line)
{
	struct slice rest = line, key, sign, value;
	struct match m = { 0 };
	bool known = false;

	while (next_token(&rest, &key, &sign, &value)) {
		bool equal = slice_is(slice_trimmed(sign), "==");
		if (!equal && !slice_is(slice_trimmed(sign), "!="))
			continue;
		known |= key_of(slice_trimmed(key)) != KEYS;
		read_match(&m, key_of(slice_trimmed(key)), equal, value);
	}
	rest = line;
	while (next_token(&rest, &key, &sign, &value)) {
		key = slice_trimmed(key);
		if (slice_is(key, "GOTO") || slice_is(key, "LABEL"))
			read_goto(r, line, key, value, known);
		else if (is_assignment(slice_trimmed(sign)) || slice_is(key, "PROGRAM"))
			read_action(r, &m, key, value);
	}
}

static void read_rules(struct reader *r, const char *path)
{
	r->guards = "";
	if (!strstr(path, "vgapass") && !strstr(path, "driverctl"))
		reader_lines(r, path, JOIN_LINES, read_rule);
}

void read_udev(struct reader *r)
{
	static const char *const folders[] = { "etc/udev/rules.d",	     "run/udev/rules.d",
					       "usr/local/lib/udev/rules.d", "usr/lib/udev/rules.d",
					       "lib/udev/rules.d",	     NULL };

	r->source = SOURCE_UDEV;
	reader_folders(r, folders, ".rules", read_rules);
}
