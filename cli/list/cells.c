/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cells.c - see cells.h */
#include "cells.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/core/words.h"
#include "cli/machine/function_json.h"

#define CELL_MAX (HOST_NAME_MAX > PLAN_LINE_MAX ? HOST_NAME_MAX : PLAN_LINE_MAX)

const struct column list_columns[] = {
	[LIST_ADDRESS] = { "ADDRESS", 0, SCOLS_FL_TREE, SCOLS_JSON_STRING, "PCI address" },
	[LIST_ID] = { "ID", 0, 0, SCOLS_JSON_STRING, "vendor:device" },
	[LIST_NAME] = { "NAME", 0.35, SCOLS_FL_TRUNC, SCOLS_JSON_STRING, "device in words" },
	[LIST_DRIVER] = { "DRIVER", 0, 0, SCOLS_JSON_STRING, "current driver" },
	[LIST_GROUP] = { "GROUP", 0, SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "IOMMU group" },
	[LIST_RULE] = { "RULE", 0, 0, SCOLS_JSON_STRING, "rule that decides: FILE:LINE" },
	[LIST_TARGET] = { "TARGET", 0, 0, SCOLS_JSON_STRING, "driver that the rule wants" },
	[LIST_PLAN] = { "PLAN", 0, 0, SCOLS_JSON_STRING,
			"next boot, or when it appears: bind, refused or keep" },
	[LIST_REASON_CODE] = { "REASON-CODE", 0, 0, SCOLS_JSON_STRING,
			       "why it is refused or kept, in one word" },
	[LIST_REASON] = { "REASON", 0.35, SCOLS_FL_TRUNC, SCOLS_JSON_STRING,
			  "why it is refused or kept" },
	[LIST_LATE] = { "LATE", 0, 0, SCOLS_JSON_BOOLEAN,
			"\"yes\" if it appears only after the boot has looked" },
	[LIST_BOOT] = { "BOOT", 0, 0, SCOLS_JSON_BOOLEAN, "\"yes\" for the boot display" },
	[LIST_USER] = { "USER", 0.25, SCOLS_FL_TRUNC, SCOLS_JSON_ARRAY_STRING,
			"guest or process that has it open; needs root" },
	[LIST_CODE] = { "CODE", 0, 0, SCOLS_JSON_STRING, "class code, as class= takes it" },
	[LIST_CLASS] = { "CLASS", 0.15, SCOLS_FL_TRUNC, SCOLS_JSON_STRING, "class in words" },
	[LIST_VENDOR] = { "VENDOR", 0.15, SCOLS_FL_TRUNC, SCOLS_JSON_STRING, "vendor in words" },
	[LIST_SUBSYSTEM] = { "SUBSYSTEM", 0, 0, SCOLS_JSON_STRING, "vendor:device of the board" },
	[LIST_SUBNAME] = { "SUBNAME", 0.25, SCOLS_FL_TRUNC, SCOLS_JSON_STRING, "board in words" },
	[LIST_REV] = { "REV", 0, 0, SCOLS_JSON_STRING, "revision, in hex" },
	[LIST_CANDIDATES] = { "CANDIDATES", 0.15, SCOLS_FL_TRUNC, SCOLS_JSON_ARRAY_STRING,
			      "host drivers that match it" },
	[LIST_RESET] = { "RESET", 0, 0, SCOLS_JSON_ARRAY_STRING, "reset methods, best first" },
	[LIST_PATH] = { "PATH", 0, 0, SCOLS_JSON_STRING, "place below bridges, as path= takes it" },
	[LIST_SLOT] = { "SLOT", 0, 0, SCOLS_JSON_STRING, "physical slot" },
	[LIST_SERIAL] = { "SERIAL", 0, 0, SCOLS_JSON_STRING, "serial number; needs root" },
	[LIST_NUMA] = { "NUMA", 0, SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "NUMA node" },
	[LIST_LINK] = { "LINK", 0, 0, SCOLS_JSON_STRING, "speed and lanes, now and best" },
	[LIST_BARS] = { "BARS", 0.15, SCOLS_FL_TRUNC, SCOLS_JSON_STRING,
			"sizes of memory BARs; * can be resized" },
	[LIST_ROM] = { "ROM", 0, 0, SCOLS_JSON_STRING,
		       "size of the ROM; \"shadow\": a copy in memory" },
	[LIST_VFS] = { "VFS", 0, 0, SCOLS_JSON_STRING, "virtual functions: USED/TOTAL" },
	[LIST_VF_OF] = { "VF-OF", 0, 0, SCOLS_JSON_STRING, "the function that it is a VF of" },
	{ NULL, 0, 0, 0, NULL },
};

static const char *address_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	(void)c;
	return text_make(buf, CELL_MAX, "%pa", &f->at);
}

static const char *id_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	(void)c;
	return text_make(buf, CELL_MAX, "%pi", f);
}

static const char *name_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	return host_device(c->h, f, buf);
}

static const char *driver_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	(void)c;
	(void)buf;
	return f->driver;
}

static const char *group_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	(void)c;
	return f->group < 0 ? "" : text_make(buf, CELL_MAX, "%u", (unsigned)f->group);
}

static const char *rule_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	const struct rule *rule = host_promise(c->h, f)->rule;

	return rule ? text_make(buf, CELL_MAX, "%pp", &rule->at) : "";
}

static const char *target_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	const struct plan_entry *e = host_promise(c->h, f);

	(void)buf;
	return e->rule && !e->rule->keep ? e->driver : "";
}

static const char *plan_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	const struct plan_entry *e = host_promise(c->h, f);

	(void)buf;
	return e->rule ? state_word(e->state) : "";
}

static const char *reason_code_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	const struct plan_entry *e = host_promise(c->h, f);
	struct slice code = reason_code(e->rule ? e->reason : REASON_NONE);

	return text_make(buf, CELL_MAX, "%pv", &code);
}

static const char *reason_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	const struct plan_entry *e = host_promise(c->h, f);
	struct text t;

	text_start(&t, buf, CELL_MAX);
	if (e->rule)
		words_reason(&t, &c->h->run, f, e);
	return buf;
}

static const char *late_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	(void)buf;
	return host_is_late(c->h, f) ? "yes" : "";
}

static const char *boot_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	(void)c;
	(void)buf;
	return f->boot_display ? "yes" : "";
}

static const char *user_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	return users_text(&c->users, f, buf);
}

static json_object *user_json(struct list_cells *c, const struct pci_function *f)
{
	return users_json(&c->users, f);
}

static const char *code_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	(void)c;
	return text_make(buf, CELL_MAX, "%02x%04x", f->class >> 16, f->class & 0xffff);
}

static const char *class_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	return host_class(c->h, f, buf);
}

static const char *vendor_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	return host_vendor(c->h, f, buf);
}

static const char *subsystem_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	(void)c;
	return f->subvendor || f->subdevice ? text_make(buf, CELL_MAX, "%04x:%04x", f->subvendor,
							f->subdevice) : "";
}

static const char *subname_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	return host_board(c->h, f, buf);
}

static const char *rev_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	int n = facts_revision(c->h, f);

	return n < 0 ? "" : text_make(buf, CELL_MAX, "%02x", (unsigned)n);
}

static const char *candidates_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	return host_candidates(c->h, f, buf);
}

static const char *reset_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	return host_resets(c->h, f, buf);
}

static const char *path_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	(void)c;
	return host_path(f, buf);
}

static const char *slot_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	(void)buf;
	return slots_name(&c->slots, f);
}

static const char *serial_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	(void)c;
	return host_serial(f, buf);
}

static const char *numa_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	int n = facts_numa(c->h, f);

	return n < 0 ? "" : text_make(buf, CELL_MAX, "%u", (unsigned)n);
}

/* "8.0 GT/s x4 of 8.0 GT/s x16" is "8.0 GT/s x4 of x16". */
static const char *link_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	struct link_speed l;
	struct text t;

	text_start(&t, buf, CELL_MAX);
	if (!facts_link(c->h, f, &l))
		return buf;
	text_add(&t, "%s GT/s x%u", l.speed, l.width);
	bool faster = strcmp(l.speed, l.best_speed) != 0, wider = l.width != l.best_width;
	if (faster || wider)
		text_add(&t, " of");
	if (faster)
		text_add(&t, " %s GT/s", l.best_speed);
	if (wider)
		text_add(&t, " x%u", l.best_width);
	return buf;
}

static json_object *link_json(struct list_cells *c, const struct pci_function *f)
{
	struct link_speed l;

	if (!facts_link(c->h, f, &l))
		return NULL;
	json_object *o = json_object_new_object();
	json_object_object_add(o, "speed", json_object_new_double_s(atof(l.speed), l.speed));
	json_set_number(o, "width", l.width);
	json_object_object_add(o, "max_speed",
			       json_object_new_double_s(atof(l.best_speed), l.best_speed));
	json_set_number(o, "max_width", l.best_width);
	return o;
}

static const char *bars_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	struct resources r;
	struct text t;
	char size[SIZE_TEXT_MAX];

	text_start(&t, buf, CELL_MAX);
	facts_resources(c->h, f, &r);
	for (unsigned i = 0; i < FACTS_BARS; i++)
		if (r.bar[i].size && !r.bar[i].is_io)
			text_add(&t, "%s%s%s", t.len ? "," : "", size_text(r.bar[i].size, size),
				 r.bar[i].can_resize ? "*" : "");
	return buf;
}

static json_object *bars_json(struct list_cells *c, const struct pci_function *f)
{
	struct resources r;

	if (!facts_resources(c->h, f, &r))
		return NULL;
	json_object *list = json_object_new_array();
	for (unsigned i = 0; i < FACTS_BARS; i++) {
		if (!r.bar[i].size)
			continue;
		json_object *o = json_object_new_object();
		json_set_number(o, "bar", i);
		json_set(o, "kind", r.bar[i].is_io ? "io" : "memory");
		json_set_number(o, "size", (long long)r.bar[i].size);
		json_set_flag(o, "resizable", r.bar[i].can_resize);
		json_object_array_add(list, o);
	}
	return list;
}

static const char *rom_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	struct resources r;
	char size[SIZE_TEXT_MAX];

	facts_resources(c->h, f, &r);
	return !r.rom ? "" : text_make(buf, CELL_MAX, "%s%s", size_text(r.rom, size),
				       r.is_shadow ? ",shadow" : "");
}

static json_object *rom_json(struct list_cells *c, const struct pci_function *f)
{
	struct resources r;

	if (!facts_resources(c->h, f, &r) || !r.rom)
		return NULL;
	json_object *o = json_object_new_object();
	json_set_number(o, "size", (long long)r.rom);
	json_set_flag(o, "shadow", r.is_shadow);
	return o;
}

static const char *vfs_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	unsigned used, total;

	return facts_vfs(c->h, f, &used, &total) ?
		text_make(buf, CELL_MAX, "%u/%u", used, total) : "";
}

static json_object *vfs_json(struct list_cells *c, const struct pci_function *f)
{
	unsigned used, total;

	if (!facts_vfs(c->h, f, &used, &total))
		return NULL;
	json_object *o = json_object_new_object();
	json_set_number(o, "used", used);
	json_set_number(o, "total", total);
	return o;
}

static const char *vf_of_cell(struct list_cells *c, const struct pci_function *f, char *buf)
{
	unsigned n;
	const struct pci_function *physical = f->is_virtual ? host_physical(c->h, f, &n) : NULL;

	return physical ? text_make(buf, CELL_MAX, "%pa", &physical->at) : "";
}

/* How a cell is made: its text, and its member in JSON, of the text where there is no other way. */
static const struct {
	const char *member;
	const char *(*text)(struct list_cells *c, const struct pci_function *f, char *buf);
	json_object *(*json)(struct list_cells *c, const struct pci_function *f);
} makers[] = {
	[LIST_ADDRESS] = { "address", address_cell, NULL },
	[LIST_ID] = { "id", id_cell, NULL },
	[LIST_NAME] = { "name", name_cell, NULL },
	[LIST_DRIVER] = { "driver", driver_cell, NULL },
	[LIST_GROUP] = { "group", group_cell, NULL },
	[LIST_RULE] = { "rule", rule_cell, NULL },
	[LIST_TARGET] = { "target", target_cell, NULL },
	[LIST_PLAN] = { "state", plan_cell, NULL },
	[LIST_REASON_CODE] = { "reason_code", reason_code_cell, NULL },
	[LIST_REASON] = { "reason", reason_cell, NULL },
	[LIST_LATE] = { "late", late_cell, NULL },
	[LIST_BOOT] = { "boot_display", boot_cell, NULL },
	[LIST_USER] = { "user", user_cell, user_json },
	[LIST_CODE] = { "class_code", code_cell, NULL },
	[LIST_CLASS] = { "class", class_cell, NULL },
	[LIST_VENDOR] = { "vendor", vendor_cell, NULL },
	[LIST_SUBSYSTEM] = { "subsystem", subsystem_cell, NULL },
	[LIST_SUBNAME] = { "subname", subname_cell, NULL },
	[LIST_REV] = { "rev", rev_cell, NULL },
	[LIST_CANDIDATES] = { "candidates", candidates_cell, NULL },
	[LIST_RESET] = { "reset", reset_cell, NULL },
	[LIST_PATH] = { "path", path_cell, NULL },
	[LIST_SLOT] = { "slot", slot_cell, NULL },
	[LIST_SERIAL] = { "serial", serial_cell, NULL },
	[LIST_NUMA] = { "numa", numa_cell, NULL },
	[LIST_LINK] = { "link", link_cell, link_json },
	[LIST_BARS] = { "bars", bars_cell, bars_json },
	[LIST_ROM] = { "rom", rom_cell, rom_json },
	[LIST_VFS] = { "vfs", vfs_cell, vfs_json },
	[LIST_VF_OF] = { "vf_of", vf_of_cell, NULL },
};

void cells_start(struct list_cells *c, struct host *h, const struct columns *columns,
		 const struct pci_function *const *f, unsigned n)
{
	*c = (struct list_cells){ .h = h, .columns = columns };
	if (columns_has(columns, LIST_USER))
		users_find(h, f, n, &c->users);
	if (columns_has(columns, LIST_SLOT))
		slots_find(h, &c->slots);
}

void cells_end(struct list_cells *c)
{
	users_free(&c->users);
	slots_free(&c->slots);
}

static void color_cells(struct list_cells *c, struct libscols_line *line,
			const struct pci_function *f)
{
	const struct plan_entry *e = host_entry(c->h, f);

	if (e->state == STATE_REFUSED) {
		table_color(line, c->columns, LIST_PLAN, color_warn());
	} else if (e->state == STATE_PLANNED && !strcmp(f->driver, e->driver)) {
		table_color(line, c->columns, LIST_PLAN, color_good());
		table_color(line, c->columns, LIST_DRIVER, color_good());
	}
}

void cells_set(struct list_cells *c, struct libscols_line *line, const struct pci_function *f)
{
	char buf[CELL_MAX];

	for (unsigned i = 0; i < c->columns->n; i++) {
		unsigned k = c->columns->chosen[i];
		table_set(line, c->columns, k, makers[k].text(c, f, buf));
	}
	color_cells(c, line, f);
}

json_object *cells_json(struct list_cells *c, const struct pci_function *f)
{
	json_object *o = json_object_new_object(), *common = function_json(c->h, f), *value;
	char buf[CELL_MAX];

	for (unsigned i = 0; i < c->columns->n; i++) {
		unsigned k = c->columns->chosen[i];
		if (json_object_object_get_ex(common, makers[k].member, &value))
			value = json_object_get(value);
		else if (makers[k].json)
			value = makers[k].json(c, f);
		else
			value = cell_json(&list_columns[k], makers[k].text(c, f, buf));
		json_object_object_add(o, makers[k].member, value);
	}
	json_object_put(common);
	return o;
}
