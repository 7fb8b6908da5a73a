/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_plan.c - any configuration against any machine: plan, words and promises
 *
 * Input: a command line, a newline, functions of 16 bytes each behind one byte that counts
 * them, and the rest is the configuration.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define FUNCTION_BYTES 16

static struct run run;

/* Few values for much, so that functions and rules meet. */
static struct pci_function function_of(const uint8_t *b, unsigned i)
{
	static const uint32_t classes[] = { 0x030000, 0x040300, 0x0c0330, 0x010802,
					    0x060400, 0x020000, 0x038000, 0x000000, 0x080501,
					    0x068000, 0x060100, 0x040100, 0x028000, 0x010601,
					    0x0c0500, 0x060000 };

	return (struct pci_function){
		.driver = b[0] & 1 ? "nouveau" : "",
		/* the second as behind VMD */
		.at = { b[1] & 1 ? 0x10000 : 0, (uint8_t)(i >> 3), (uint8_t)(i & 7) },
		.vendor = b[2] & 1 ? 0x1002 : 0x10de,
		.device = (uint16_t)(0x6600 + (b[3] & 3)),
		.subvendor = (uint16_t)(b[4] & 1),
		.subdevice = (uint16_t)(b[5] & 1),
		.class = classes[b[6] & 15],
		.known = PCI_DETAIL_ALL,
		.bridge = (b[7] & 7) == 1,
		.boot_display = (b[8] & 3) == 1,
		.has_serial = b[9] & 1,
		.group = (b[11] & 7) + PCI_GROUP_LATER,
		.is_virtual = b[0] & 2,
		.vfs = b[1] & 2 ? 4 : 0,
		.identity = &run.inv.identity[i],
	};
}

static bool is_of_class(const struct pci_function *f, unsigned class)
{
	return f->class >> 8 == class;
}

static bool is_storage_or_usb(const struct pci_function *f)
{
	return f->class >> 16 == 0x01 || is_of_class(f, 0x0805) || is_of_class(f, 0x0c03);
}

/* The rule says which function it is, and no other that is there then can be it. */
static bool is_identified(const struct pci_function *f, const struct rule *r)
{
	if (r->vendor == PCI_ANY || r->device == PCI_ANY)
		return false;
	if (r->given & RULE_PATH)
		return true;
	if (!(r->given & RULE_SERIAL))
		return false;
	for (unsigned i = 0; i < run.inv.functions; i++) {
		const struct pci_function *g = &run.inv.function[i];
		if (g != f && g->vendor == f->vendor && g->device == f->device && g->has_serial &&
		    g->identity->serial == f->identity->serial &&
		    (g->at.domain < 0x10000 || f->at.domain >= 0x10000))
			return false;
	}
	return true;
}

/* By its place the lead takes f along. */
static bool takes_along(const struct pci_function *lead, const struct pci_function *f,
			const struct rule *r)
{
	return r->with == WITH_SLOT ? pci_same_slot(&f->at, &lead->at) &&
					      lead->identity->path.hops > 1 :
				      f->group >= 0 && f->group == lead->group;
}

/* A card that goes to the guest, and takes f along, has f as one of its functions. */
static bool is_part_of_card(const struct pci_function *f, const struct rule *r)
{
	for (unsigned i = 0; i < run.inv.functions; i++) {
		const struct pci_function *lead = &run.inv.function[i];
		const struct plan_entry *e = &run.plan.entry[i];
		if (e->rule == r && e->state == STATE_PLANNED && !e->companion &&
		    lead->at.domain == f->at.domain && lead->at.bus == f->at.bus &&
		    lead->at.devfn >> 3 == f->at.devfn >> 3 && lead->vendor == f->vendor &&
		    lead->identity->path.hops > 1 && takes_along(lead, f, r))
			return true;
	}
	return false;
}

/* Some function that the rule names takes f along. */
static bool has_lead(const struct pci_function *f, const struct rule *r)
{
	for (unsigned i = 0; i < run.inv.functions; i++) {
		const struct plan_entry *e = &run.plan.entry[i];
		if (e->rule == r && e->state == STATE_PLANNED && !e->companion &&
		    takes_along(&run.inv.function[i], f, r))
			return true;
	}
	return false;
}

/* The boot display of f's card stays, and with it the group. */
static bool is_of_host_display(const struct pci_function *f, const struct rule *r)
{
	for (unsigned i = 0; i < run.inv.functions && r->with == WITH_GROUP; i++) {
		const struct pci_function *g = &run.inv.function[i];
		const struct rule *its = run.plan.entry[i].rule;
		if (g->boot_display && its && !its->take_boot_display &&
		    g->at.domain == f->at.domain && g->at.bus == f->at.bus &&
		    g->at.devfn >> 3 == f->at.devfn >> 3)
			return true;
	}
	return false;
}

static void check_companion(const struct pci_function *f, const struct plan_entry *e)
{
	bool guarded = is_storage_or_usb(f) || f->class >> 16 == 0x02;
	bool of_other = guarded && !is_part_of_card(f, e->rule);
	bool of_display = is_of_host_display(f, e->rule);

	if (f->is_virtual || e->rule->with == WITH_FUNCTION || !has_lead(f, e->rule))
		abort();
	if (of_other && e->reason != REASON_STRANGER)
		abort();
	if (e->reason == REASON_STRANGER && !of_other && !of_display)
		abort();
	if (of_display && e->state == STATE_PLANNED)
		abort();
}

/* What holds for every plan, whatever is configured. */
static void check_entry(const struct pci_function *f, const struct plan_entry *e)
{
	if ((e->state == STATE_NONE) != !e->rule || e->state > STATE_KEPT)
		abort();
	if (!e->rule)
		return;
	if ((e->state == STATE_KEPT) != (e->rule->keep != 0) ||
	    (e->state == STATE_PLANNED) != (e->reason == REASON_NONE))
		abort();
	if (e->companion)
		check_companion(f, e);
	if (e->state != STATE_PLANNED)
		return;
	if (f->bridge || is_of_class(f, 0x0600) || is_of_class(f, 0x0601) || is_of_class(f, 0x0604))
		abort();
	if (f->group == PCI_NO_GROUP && !e->rule->iommu_ignore)
		abort();
	if (f->boot_display && !e->rule->take_boot_display)
		abort();
	if (!e->companion && is_storage_or_usb(f) && !is_identified(f, e->rule))
		abort();
	if (!e->companion && f->class >> 16 == 0x02 && !e->rule->expect &&
	    !(e->rule->given & RULE_LOCATION))
		for (unsigned i = 0; i < run.inv.functions; i++)
			if (&run.inv.function[i] != f && run.inv.function[i].class >> 16 == 0x02 &&
			    run.plan.entry[i].rule == e->rule && !run.plan.entry[i].companion)
				abort();
}

static void check_plan(void)
{
	const struct plan *p = &run.plan;
	unsigned planned = 0, refused = 0, strangers = 0;

	for (unsigned i = 0; i < run.inv.functions; i++) {
		const struct plan_entry *e = &p->entry[i];
		check_entry(&run.inv.function[i], e);
		planned += e->state == STATE_PLANNED;
		refused += e->state == STATE_REFUSED;
		strangers += e->reason == REASON_STRANGER;
	}
	if (planned != p->planned || refused != p->refused || strangers != p->strangers)
		abort();
	if (planned && (p->state != PLAN_READY || run.config.errors || run.cmd.mode == MODE_OFF))
		abort();
}

static void check_words(void)
{
	char at_buf[PLAN_LINE_MAX], what_buf[PLAN_LINE_MAX];
	struct text at, what;

	for (unsigned i = 0; i < run.inv.functions; i++) {
		text_start(&what, what_buf, sizeof(what_buf));
		if (run.plan.entry[i].rule)
			words_function(&what, &run, &run.inv.function[i],
					   &run.plan.entry[i]);
		if (what.cut)
			abort();
	}
	for (unsigned k = 0;; k++) {
		text_start(&at, at_buf, sizeof(at_buf));
		text_start(&what, what_buf, sizeof(what_buf));
		if (!words_problem(&run, k, &at, &what))
			break;
		if (!what.len || k > CONFIG_ERRORS_MAX + CONFIG_RULES_MAX + 1)
			abort();
	}
	if (!*run_result(&run))
		abort();
}

/* As io/gather.c asks, in two rounds. */
static unsigned needs_of(unsigned k)
{
	const struct pci_function *f = &run.inv.function[k];
	unsigned needs = plan_needs(&run.config, run.plan.profile, f);

	for (unsigned i = 0; i < run.config.rules; i++) {
		const struct rule *r = &run.config.rule[i];
		if ((r->vendor == PCI_ANY || r->vendor == f->vendor) &&
		    (r->device == PCI_ANY || r->device == f->device) &&
		    !config_may_ask(&run.config, f->vendor, f->device))
			abort();
	}
	for (unsigned i = 0; i < run.inv.functions; i++) {
		const struct pci_function *lead = &run.inv.function[i];
		if (plan_needs(&run.config, run.plan.profile, lead) & PLAN_LEADS &&
		    plan_may_follow(lead, f))
			needs |= PLAN_FOLLOWS;
	}
	return needs;
}

/* What a plan does not need, and so is never read, must not matter to it. */
static void check_needs(void)
{
	static struct plan whole;
	static unsigned needed[PCI_FUNCTIONS_MAX];

	whole = run.plan;
	for (unsigned i = 0; i < run.inv.functions; i++)
		needed[i] = needs_of(i);
	for (unsigned i = 0; i < run.inv.functions; i++) {
		struct pci_function *f = &run.inv.function[i];
		unsigned needs = needed[i];
		if (!(needs & PCI_DETAIL_GROUP))
			f->group = PCI_NO_GROUP;
		f->is_virtual &= !!(needs & PCI_DETAIL_VIRTUAL);
		f->bridge &= !!(needs & PCI_DETAIL_HEADER);
		f->boot_display &= !!(needs & PCI_DETAIL_DISPLAY);
		f->has_serial &= !!(needs & PCI_DETAIL_SERIAL);
		if (!(needs & PCI_DETAIL_VFS))
			f->vfs = 0;
		if (!(needs & PCI_DETAIL_PATH))
			f->identity->path.hops = 0;
	}
	plan_build(&run.config, &run.cmd, &run.inv, &run.plan);
	for (unsigned i = 0; i < run.inv.functions; i++) {
		const struct plan_entry *now = &run.plan.entry[i], *then = &whole.entry[i];
		if (now->rule != then->rule || now->state != then->state ||
		    now->reason != then->reason)
			abort();
	}
	for (unsigned i = 0; i < run.config.rules; i++)
		if (run.plan.alone[i] != whole.alone[i])
			abort();
}

static void read_input(const char *text, size_t n)
{
	struct slice rest = { text, n }, line = slice_cut(&rest, '\n');
	unsigned functions = rest.n ? *(const uint8_t *)rest.p : 0;

	if (line.n >= CMDLINE_MAX)
		line.n = CMDLINE_MAX - 1;
	memcpy(run.cmdline, line.p, line.n);
	run.cmdline[line.n] = '\0';
	cmdline_parse(slice_of(run.cmdline), &run.cmd);
	if (rest.n)
		rest.p++, rest.n--;
	run.inv.functions = 0;
	while (functions-- && rest.n >= FUNCTION_BYTES) {
		unsigned i = run.inv.functions++;
		const uint8_t *b = (const uint8_t *)rest.p;
		run.inv.function[i] = function_of(b, i);
		run.inv.identity[i] = (struct pci_identity){
			.serial = b[10] & 3,
			.path = { 0, b[12] & 1, b[13] & 3, { b[14] & 9, b[15] & 9 } },
		};
		rest.p += FUNCTION_BYTES;
		rest.n -= FUNCTION_BYTES;
	}
	config_start(&run.config);
	config_parse(&run.config, config_add_file(&run.config, "f"), rest.p, rest.n);
	if (run.cmd.ids.n)
		config_parse_ids(&run.config, "cmdline", run.cmd.ids, run.cmd.ids_column);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n ? n : 1);

	if (!text)
		return 0;
	memcpy(text, data, n);
	read_input(text, n);
	plan_build(&run.config, &run.cmd, &run.inv, &run.plan);
	check_plan();
	check_words();
	check_needs();
	free(text);
	return 0;
}
