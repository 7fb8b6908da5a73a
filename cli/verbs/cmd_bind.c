/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_bind.c - vgapass bind: gives cards to their guests' driver now, as a boot would. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/core/driver.h"
#include "runtime/core/words.h"
#include "runtime/io/path.h"
#include "runtime/io/sriov.h"
#include "runtime/io/sysfs.h"
#include "cli/cmd.h"
#include "cli/live/live.h"
#include "cli/live/live_json.h"
#include "cli/machine/facts.h"
#include "cli/machine/problem.h"
#include "cli/out/xalloc.h"

/* As messages call the rules of this command. */
#define RULES_NAME "bind"

struct bind_options {
	bool dry_run, take_boot_display, no_iommu, json;
};

static const struct plan_entry *bind_entry(const struct live *l, unsigned k)
{
	return host_entry(&l->host, l->function[k].f);
}

/* It stays with the host, and is to get virtual functions. */
static bool is_shared(const struct live *l, unsigned k)
{
	return bind_entry(l, k)->state == STATE_SHARED;
}

/* "keep": virtual functions are to have none. */
static bool is_no_driver(const char *driver)
{
	return !strcmp(driver, CONFIG_DRIVER_KEEP);
}

static void print_function(struct live *l, unsigned k, FILE *to)
{
	char buf[PLAN_LINE_MAX];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	words_function(&t, &l->host.run, l->function[k].f, bind_entry(l, k));
	/* A rule that plan_others() made is in no file. */
	if (!strcmp(bind_entry(l, k)->rule->at.file, RULES_NAME))
		*strrchr(buf, '(') = '\0', buf[strlen(buf) - 1] = '\0';
	problem_error_words(buf, sizeof(buf));
	fprintf(to, "%s%s\n", to == stderr ? "vgapass: " : "", buf);
}

/* Errors of the configuration, modules, and strangers in the IOMMU groups. */
static void print_problems(const struct host *h)
{
	const char *line;

	for (unsigned k = 0; (line = problem_line(h, k)); k++)
		cmd_complain("%s", line);
}

/* A virtual function is what the rule for its physical one makes of it. */
static void plan_virtual(struct live *l, unsigned k, const struct bind_options *o)
{
	struct run *r = &l->host.run;
	const struct pci_function *f = l->function[k].f;
	struct plan_entry *e = &r->plan.entry[f - r->inv.function];
	unsigned n;
	const struct pci_function *physical = host_physical(&l->host, f, &n);
	const struct rule *rule = physical ? host_entry(&l->host, physical)->rule : NULL;

	if (e->rule || !rule || host_entry(&l->host, physical)->state != STATE_SHARED ||
	    !config_takes_vf(rule, n) || is_no_driver(rule->driver))
		return;
	*e = (struct plan_entry){ .state = STATE_PLANNED, .rule = rule,
				  .driver = plan_driver(&r->config, rule, f) };
	if (f->group == PCI_NO_GROUP && !rule->iommu_ignore && !o->no_iommu) {
		e->state = STATE_REFUSED;
		e->reason = REASON_NO_GROUP;
	}
}

/* A rule of its own for each function that no rule is about, in the language of the
 * configuration: so it has the same defaults and meets the same refusals. There is always room
 * for them, as they are a configuration of their own. */
static void plan_others(struct live *l, const struct bind_options *o)
{
	/* The plan of the caller points into it from here on. */
	static struct config *own;
	struct plan *plan = xcalloc(1, sizeof(*plan));
	const struct cmdline cmd = { .mode = MODE_ON };
	struct run *r = &l->host.run;
	char text[HOST_NAME_MAX + 256], path[HOST_NAME_MAX];

	own = xcalloc(1, sizeof(*own));
	config_start(own);
	const char *file = config_add_file(own, RULES_NAME);
	for (unsigned k = 0; k < l->n; k++) {
		const struct pci_function *f = l->function[k].f;
		if (bind_entry(l, k)->rule)
			continue;
		host_path(f, path);
		text_make(text, sizeof(text), "%pi address=%pa%s%s%s%s\n", f, &f->at,
			  *path ? " path=" : "", path,
			  o->take_boot_display ? " take=boot-display" : "",
			  o->no_iommu ? " iommu=ignore" : "");
		config_parse(own, file, text, strlen(text));
	}
	plan_build(own, &cmd, &r->inv, plan);
	for (unsigned k = 0; k < l->n; k++) {
		const ptrdiff_t i = l->function[k].f - r->inv.function;
		if (r->plan.entry[i].rule)
			continue;
		r->plan.entry[i] = plan->entry[i];
	}
	free(plan);
}

/* The plan of this command: by the rules of the configuration and those above, for these
 * cards alone. False, said: there is none. */
static bool make_plan(struct live *l, const struct bind_options *o)
{
	struct run *r = &l->host.run;
	bool meant[PCI_FUNCTIONS_MAX] = { false };

	/* vgapass=off and vgapass=dry-run are about the boot. */
	r->cmd.mode = MODE_ON;
	plan_build(&r->config, &r->cmd, &r->inv, &r->plan);
	for (unsigned k = 0; k < l->n; k++) {
		const struct rule *rule = bind_entry(l, k)->rule;
		struct rule *own = rule ? &r->config.rule[rule - r->config.rule] : NULL;
		if (own && o->take_boot_display)
			own->take_boot_display = 1;
		if (own && o->no_iommu)
			own->iommu_ignore = 1;
		meant[l->function[k].f - r->inv.function] = true;
	}
	plan_build(&r->config, &r->cmd, &r->inv, &r->plan);
	if (r->plan.state != PLAN_READY) {
		print_problems(&l->host);
		return false;
	}
	for (unsigned k = 0; k < l->n; k++)
		plan_virtual(l, k, o);
	plan_others(l, o);
	for (unsigned i = 0; i < r->inv.functions; i++)
		if (!meant[i])
			r->plan.entry[i] = (struct plan_entry){ .state = STATE_NONE };
	/* Rules about other functions are not what was asked. */
	for (unsigned i = 0; i < r->config.rules; i++)
		r->plan.matched[i] = 1;
	return true;
}

/* Its driver is to lose it. */
static bool is_to_lose_driver(const struct live *l, unsigned k)
{
	const char *driver = l->function[k].f->driver;

	return !is_shared(l, k) && *driver && strcmp(driver, bind_entry(l, k)->driver) != 0;
}

/* True, said: it cannot get its virtual functions now. Another number of them is never changed: the
 * kernel waits for their users then, however long that takes. */
static bool is_shared_refused(const struct live *l, unsigned k)
{
	const struct pci_function *f = l->function[k].f;
	unsigned vfs = bind_entry(l, k)->rule->vfs, used, total;
	struct obstacles users;
	char at[PCI_ADDRESS_SIZE];

	text_make(at, sizeof(at), "%pa", &f->at);
	if (!*f->driver)
		return cmd_complain("%s: no driver of the host has it, which could make virtual "
				    "functions: vgapass release %s", at, at);
	if (driver_is_for_guests(f->driver))
		return cmd_complain("%s: %s has it, which makes no virtual functions: vgapass "
				    "release %s", at, f->driver, at);
	if (!facts_vfs(&l->host, f, &used, &total) || !used || used == vfs)
		return false;
	in_use_virtual(&l->host.roots, f, &users);
	for (unsigned i = 0; i < users.n && i < OBSTACLES_MAX; i++)
		cmd_complain("%s: in use: %s", at, users.obstacle[i].text);
	return cmd_complain("%s: it has %u virtual functions, the rule says %u: write 0 to its "
			    "sriov_numvfs when nobody uses them", at, used, vfs);
}

/* True, said: the rules refuse a function. Then the card as a whole stays. */
static bool is_refused(struct live *l)
{
	unsigned refused = 0;
	char at[PCI_ADDRESS_SIZE];

	for (unsigned k = 0; k < l->n; k++) {
		const struct plan_entry *e = bind_entry(l, k);
		if (e->state == STATE_PLANNED ||
		    (is_shared(l, k) && !is_shared_refused(l, k)))
			continue;
		refused++;
		if (is_shared(l, k))
			continue;
		text_make(at, sizeof(at), "%pa", &l->function[k].f->at);
		if (e->reason == REASON_BOOT_DISPLAY)
			cmd_complain("%s: the boot display: --take-boot-display allows it this "
				     "once", at);
		else if (e->reason == REASON_NO_GROUP)
			cmd_complain("%s: no IOMMU group: see vgapass check iommu; --no-iommu "
				     "allows it this once", at);
		else
			print_function(l, k, stderr);
	}
	return refused;
}

static void load_item(void *live, unsigned k)
{
	struct live *l = live;
	struct run *r = &l->host.run;
	const char *driver = bind_entry(l, k)->driver;
	bool needless = is_no_driver(driver) ||
			(k && !strcmp(driver, bind_entry(l, k - 1)->driver));
	int error = needless ? 0 : host_load_driver(&l->host, driver);

	/* The name may be of no module: then the driver's own folder tells. */
	if (error && error != -ENOENT && !r->module_error) {
		r->module_error = error;
		text_make(r->module, sizeof(r->module), "%s", driver);
	}
}

/* False, said: a driver is not there. Nothing has been changed then. */
static bool load_drivers(struct live *l)
{
	struct run *r = &l->host.run;

	if (!live_run(l, l->n, load_item)) {
		cmd_complain("the kernel has not returned from loading modules: see the "
			     "kernel log");
		return false;
	}
	for (unsigned k = 0; k < l->n; k++) {
		const char *driver = bind_entry(l, k)->driver;
		if (is_no_driver(driver) ||
		    sysfs_exists(l->host.roots.sys, path_make("bus/pci/drivers/%s/bind", driver)))
			continue;
		if (r->module_error)
			print_problems(&l->host);
		cmd_complain("driver %s not found in this kernel: install its module, or name "
			     "another in the rule", driver);
		return false;
	}
	return true;
}

static unsigned function_number(const struct live *l, unsigned k)
{
	return (unsigned)(l->function[k].f - l->host.run.inv.function);
}

/* What hung comes back when all has been given back. */
static void give_back_if_late(struct live *l, unsigned k)
{
	if (__atomic_load_n(&l->undone, __ATOMIC_SEQ_CST))
		live_give_back(l, k, true);
}

static void claim_item(void *live, unsigned k)
{
	struct live *l = live;

	/* sriov_serve() does all of it. */
	if (is_shared(l, k))
		return;
	live_remember(l, k);
	apply_claim(&l->work, function_number(l, k));
	give_back_if_late(l, k);
}

/* First what must be written before a driver can take a function, for all of them; then each is
 * taken. */
static void apply_one_item(void *live, unsigned i)
{
	struct live *l = live;
	unsigned k = i % l->n;

	if (is_shared(l, k))
		return;
	if (i < l->n && !l->stop)
		apply_item(&l->work, function_number(l, k));
	else if (i >= l->n && live_may_take(l, k))
		apply_late(&l->work, function_number(l, k));
	give_back_if_late(l, k);
}

/* Once for each IOMMU group; strangers in others are problems. */
static void print_groups(struct live *l)
{
	for (unsigned k = 0; k < l->n; k++) {
		int32_t group = l->function[k].f->group;
		unsigned first = 0;
		while (l->function[first].f->group != group)
			first++;
		if (first == k && group >= 0 && !is_shared(l, k) &&
		    l->host.run.outcome[function_number(l, k)].viable != VIABLE_NO)
			printf("IOMMU group %d is ready for a guest\n", group);
	}
}

/* Has the k-th function's driver make virtual functions, and binds them. Those that its rule takes
 * are functions of this command from then on. */
static void serve_shared(struct live *l, unsigned k)
{
	struct run *r = &l->host.run;
	struct sriov *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		xalloc_fail(sizeof(*s));
	s->close_fd = l->lock;
	unsigned n = sriov_serve(s, &l->work, function_number(l, k));
	for (unsigned i = 0; i < n; i++) {
		const struct pci_function *f = &r->inv.function[s->vf[i]];
		unsigned known = 0;
		while (known < l->n && l->function[known].f != f)
			known++;
		if (known < l->n || !r->plan.entry[s->vf[i]].rule)
			continue;
		struct live_function *one = &l->function[l->n++];
		*one = (struct live_function){ .f = f, .is_new = true };
		text_make(one->has, sizeof(one->has), "%s", f->driver);
	}
	munmap(s, sizeof(*s));
}

static void serve_all(struct live *l)
{
	unsigned n = l->n;

	for (unsigned k = 0; k < n && !l->stop; k++)
		if (is_shared(l, k))
			serve_shared(l, k);
}

/* What was asked of the function is so. */
static bool is_as_asked(const struct live *l, unsigned k)
{
	unsigned state = run_state(&l->host.run, function_number(l, k));

	return state == STATE_BOUND || state == STATE_SHARED ||
	       (state == STATE_KEPT && !bind_entry(l, k)->rule->keep);
}

/* Does all steps. Returns how many are bound, and prints those that are, or that failed: all
 * that a step has been done with. */
static unsigned bind_all(struct live *l, bool json)
{
	bool begun[PCI_FUNCTIONS_MAX] = { false };
	unsigned bound = 0;

	/* Modules are loaded by now; the list of them is in boot images alone. */
	l->work.run = &l->host.run;
	l->work.roots = l->host.roots;
	l->work.late = true;
	apply_prepare(&l->work);
	l->stop = !live_run(l, l->n, claim_item);
	if (!l->stop)
		live_run(l, 2 * l->n, apply_one_item);
	serve_all(l);
	for (unsigned k = 0; k < l->n; k++) {
		const struct outcome *o = &l->host.run.outcome[function_number(l, k)];
		begun[k] = !l->stop || o->state || o->step;
	}
	apply_finish(&l->work);
	for (unsigned k = 0; k < l->n; k++)
		bound += is_as_asked(l, k);
	for (unsigned k = 0; k < l->n; k++)
		if (begun[k] && !(json && bound == l->n))
			print_function(l, k, bound == l->n ? stdout : stderr);
	return bound;
}

/* The driver that has the function now, as far as that was read. */
static const char *driver_now(const struct live *l, unsigned k)
{
	const struct outcome *o = &l->host.run.outcome[function_number(l, k)];

	return l->function[k].done ? l->function[k].driver :
	       o->state		   ? o->driver :
				     l->function[k].f->driver;
}

static void print_json(const struct live *l, enum live_done done)
{
	for (unsigned k = 0; k < l->n; k++)
		live_json_set(l, k, "bind", done, driver_now(l, k));
	live_json_print(l);
}

static int carry_out(struct live *l, bool json)
{
	live_begin();
	/* Loading may have taken long, and may have brought drivers. */
	if (!live_is_free(l))
		return CMD_FAILED;
	live_note_framebuffers(l);
	l->undoes = true;
	const unsigned bound = bind_all(l, json);
	bool good = bound == l->n;
	if (!good) {
		live_complain(l);
		live_undo(l);
	}
	if (json)
		print_json(l, good ? LIVE_DONE_YES : LIVE_DONE_NO);
	if (!good)
		return CMD_FAILED;
	if (!json)
		print_groups(l);
	print_problems(&l->host);
	return CMD_OK;
}

static int bind_cards(struct live *l, const struct bind_options *o)
{
	if (o->json)
		live_json_start(l);
	if (!make_plan(l, o) || is_refused(l) || !live_is_free(l))
		return CMD_FAILED;
	if (!o->dry_run)
		return load_drivers(l) ? carry_out(l, o->json) : CMD_FAILED;
	if (o->json)
		print_json(l, LIVE_DONE_UNKNOWN);
	for (unsigned k = 0; !o->json && k < l->n; k++)
		print_function(l, k, stdout);
	return CMD_OK;
}

static struct bind_options opt;

static const struct cmd_option options[] = {
	CMD_DRY_RUN(&opt.dry_run),
	CMD_JSON(&opt.json),
	{ "take-boot-display", 0, NULL, "allow the display that the firmware uses; the console "
	  "goes with it", &opt.take_boot_display, NULL },
	{ "no-iommu", 0, NULL, "allow functions that have no IOMMU group", &opt.no_iommu, NULL },
	CMD_END,
};

static int run_bind(int argc, char **argv)
{
	if (!argc)
		return cmd_misused(&verb_bind, "a card is required");
	const struct live_options lo = { .verb = "bind", .dry_run = opt.dry_run,
					 .wants = is_to_lose_driver };
	struct live *l = live_open(&lo, (unsigned)argc, argv);
	if (!l)
		return CMD_FAILED;
	int code = bind_cards(l, &opt);
	live_close(l);
	return code;
}

const struct cmd_verb verb_bind = {
	.name = "bind",
	.summary = "give a card to vfio-pci now",
	.arguments = "CARD ...",
	.about = "Binds all functions of the cards to vfio-pci, or to the driver of their rule,\n"
		 "now. CARD is an address, an ID or words of its name, see vgapass list.",
	.options = options,
	.notes = "A card in use is refused, and the user is named; so is every card where the\n"
		 "users cannot be seen, as in a container. If one function cannot be bound, the\n"
		 "others go back to the drivers that they had. A card with a vfs= rule stays with\n"
		 "the host, and its virtual functions are made and bound. The configuration is\n"
		 "not changed: for the next boot, use vgapass add.",
	.exits = "0 all are bound, 1 refused or failed, 2 usage.",
	.plural = "functions",
	.run = run_bind,
};
