/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udev.c - rules of udev that bind functions, or remove them. */
#include "reader.h"

#include <string.h>

#include "match.h"

#define VALUES_MAX 512

/* What the rules' keys of a line compare with; values of a key have | between. */
struct match {
	struct slice kernel, vendor, device, subvendor, subdevice, class, id, modalias;
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

static void read_match(struct match *m, struct slice key, struct slice value)
{
	static const char names[] =
		"KERNEL|KERNELS|ATTR{vendor}|ATTRS{vendor}|ATTR{device}|"
		"ATTRS{device}|ATTR{subsystem_vendor}|ATTRS{subsystem_vendor}|"
		"ATTR{subsystem_device}|ATTRS{subsystem_device}|ATTR{class}|ATTRS{class}|"
		"ENV{PCI_SLOT_NAME}|ENV{PCI_SLOT_NAME}|ENV{PCI_ID}|ENV{PCI_ID}|ATTR{modalias}|"
		"ENV{MODALIAS}";
	struct slice *const to[] = { &m->kernel,    &m->vendor,	   &m->device,
				     &m->subvendor, &m->subdevice, &m->class,
				     &m->kernel,    &m->id,	   &m->modalias };
	unsigned i = slice_word(key, names);

	if (i != SLICE_NO_WORD)
		*to[i / 2] = value;
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
	struct slice devices = m->device;
	char id[VALUES_MAX];
	struct text t;

	do {
		struct slice device = slice_cut(&devices, '|'), classes = m->class;
		do {
			struct slice class = slice_cut(&classes, '|');
			text_start(&t, id, sizeof(id));
			add_half(&t, m->vendor);
			text_add(&t, ":");
			add_half(&t, device);
			if (m->subvendor.n || m->subdevice.n || class.n) {
				text_add(&t, ":");
				add_half(&t, m->subvendor);
				text_add(&t, ":");
				add_half(&t, m->subdevice);
			}
			if (class.n)
				add_class(&t, class);
			reader_add_item(r, s, slice_of(id));
		} while (classes.n);
	} while (devices.n);
}

static void add_matches(struct reader *r, struct setting *s, const struct match *m)
{
	struct slice kernels = m->kernel;
	char id[VALUES_MAX];
	struct text t;

	while (kernels.n) {
		struct slice one = slice_cut(&kernels, '|');
		if (slice_has(one, ':'))
			reader_add_item(r, s, one);
	}
	if (!*s->items && m->id.n)
		reader_add_item(r, s, m->id);
	text_start(&t, id, sizeof(id));
	if (!*s->items && setting_id_of_alias(m->modalias, &t))
		reader_add_item(r, s, slice_of(id));
	if (!*s->items && (m->vendor.n || m->device.n || m->class.n))
		add_ids(r, s, m);
}

static bool binds(struct slice command)
{
	return slice_contains(command, "driver_override") || slice_contains(command, "/new_id") ||
	       slice_contains(command, "vfio-pci/bind") ||
	       slice_contains(command, "driverctl set-override");
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

	if (slice_is(key, "ATTR{driver_override}") || (run && binds(value)) ||
	    is_driver_file(key)) {
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

	while (next_token(&rest, &key, &sign, &value))
		if (slice_is(slice_trimmed(sign), "=="))
			read_match(&m, slice_trimmed(key), value);
	rest = line;
	while (next_token(&rest, &key, &sign, &value))
		if (is_assignment(slice_trimmed(sign)) || slice_is(slice_trimmed(key), "PROGRAM"))
			read_action(r, &m, slice_trimmed(key), value);
}

static void read_rules(struct reader *r, const char *path)
{
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
