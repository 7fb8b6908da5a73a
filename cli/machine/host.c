/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host.c - see host.h */
#include "host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/path.h"
#include "runtime/io/scan.h"
#include "runtime/io/sysfs.h"
#include "hook/image/variants.h"
#include "cli/cmd.h"
#include "cli/once/once.h"
#include "cli/out/xalloc.h"
#include "receipt_read.h"

/* A boot menu has the word in an entry for one boot: that is the running one, not the next. */
static void forget_trial(char *cmdline)
{
	static const char word[] = "vgapass=" TRIAL_WORD;
	const size_t n = sizeof(word) - 1;

	for (char *p = cmdline; (p = strstr(p, word)); p += n)
		if ((p == cmdline || p[-1] == ' ') && (!p[n] || strchr(" \n", p[n])))
			memset(p, ' ', n);
}

static char *make_cmdline(const struct host *h, const struct host_options *o)
{
	char real[CMDLINE_MAX];
	struct cmdline running;
	const char *base = o->cmdline;

	if (!base) {
		if (sysfs_read_file(h->roots.proc, "cmdline", real, sizeof(real)) < 0)
			*real = '\0';
		cmdline_parse(slice_of(real), &running);
		if (!o->profile && !running.trial)
			return NULL;
		forget_trial(real);
		real[strcspn(real, "\n")] = '\0';
		base = real;
	}
	return xasprintf("%s%s%s", base, o->profile ? " vgapass=" : "",
			 o->profile ? o->profile : "");
}

/* --- the boot display, when a driver has long replaced the firmware's framebuffer */

struct drm {
	const struct host *h;
	struct pci_function *f;
};

/* Linux 6.17 and later: drivers/gpu/drm/drm_sysfs.c, boot_display_show(). */
static int look_at_drm(const char *name, void *arg)
{
	const struct drm *d = arg;
	char drm[PCI_ADDRESS_SIZE + 8], value[8];
	struct path p;

	text_make(drm, sizeof(drm), "%pa/drm/", &d->f->at);
	path_join(&p, drm, name, "/boot_display");
	if (sysfs_read(d->h->run.inv.devices, p.s, value, sizeof(value)) > 0 && *value == '1')
		d->f->boot_display = true;
	return 0;
}

/* What the last boot saw before any driver came. */
static void ask_receipt(json_object *receipt, struct pci_function *f)
{
	json_object *list = receipt_list(receipt, "functions"), *shown;
	char at[PCI_ADDRESS_SIZE], id[16];

	pci_put_address(at, &f->at);
	text_make(id, sizeof(id), "%pi", f);
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		json_object *o = json_object_array_get_idx(list, i);
		if (!strcmp(receipt_text(o, "address"), at) && !strcmp(receipt_text(o, "id"), id) &&
		    json_object_object_get_ex(o, "boot_display", &shown) &&
		    json_object_get_boolean(shown))
			f->boot_display = true;
	}
}

static void find_boot_display(struct host *h)
{
	const char *why;
	json_object *receipt = receipt_read(&h->roots, &why);

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		struct pci_function *f = &h->run.inv.function[i];
		if (PCI_CLASS_BASE(f->class) != PCI_BASE_DISPLAY)
			continue;
		sysfs_list(h->run.inv.devices, path_function(f, "drm"), look_at_drm,
			   &(struct drm){ h, f });
		if (receipt)
			ask_receipt(receipt, f);
	}
	json_object_put(receipt);
}

/* --- what appears later than the boot looks */

/* The function whose driver made the domain of f: above the last "pci10000:e0" of its place.
 * False: none. */
static bool find_maker(const struct host *h, const struct pci_function *f,
		       struct pci_address *ret)
{
	char target[512], *last = NULL;

	if (sysfs_link(h->run.inv.devices, path_make("%pa", &f->at), 1, target, sizeof(target)) < 0)
		return false;
	for (char *p = target; (p = strstr(p, "/pci")); p++)
		last = p;
	if (!last)
		return false;
	*last = '\0';
	const char *above = strrchr(target, '/');
	return above && pci_parse_address(slice_of(above + 1), ret, NULL);
}

enum host_later host_later(const struct host *h, const struct pci_function *f)
{
	struct pci_address maker;
	char text[16];

	if (f->at.domain > UINT16_MAX || find_maker(h, f, &maker))
		return HOST_BEHIND_VMD;
	if (f->is_virtual)
		return HOST_VIRTUAL;
	if (sysfs_read(h->run.inv.devices, path_function(f, "removable"), text,
		       sizeof(text)) > 0 && !strncmp(text, "removable", 9))
		return HOST_REMOVABLE;
	return HOST_NOT_LATER;
}

bool host_is_late(const struct host *h, const struct pci_function *f)
{
	enum host_later later = host_later(h, f);

	return later == HOST_BEHIND_VMD || later == HOST_VIRTUAL;
}

/* " (0000:00:0e.0)": the function that has it all behind it; "": which is not known. */
static const char *vmd_of(const struct host *h, const struct pci_function *f, char text[32])
{
	const struct inventory *inv = &h->run.inv;
	struct pci_address at;
	unsigned n = 0;

	*text = '\0';
	if (find_maker(h, f, &at))
		return text_make(text, 32, " (%pa)", &at);
	for (unsigned i = 0; i < inv->functions; i++)
		if (!strcmp(inv->function[i].driver, "vmd") && !n++)
			at = inv->function[i].at;
	return n == 1 ? text_make(text, 32, " (%pa)", &at) : text;
}

const struct pci_function *host_physical(const struct host *h, const struct pci_function *f,
					 unsigned *n)
{
	const struct inventory *inv = &h->run.inv;
	char target[PCI_ADDRESS_SIZE];
	struct pci_address at, vf;

	if (sysfs_link(inv->devices, path_function(f, "physfn"), 0, target, sizeof(target)) <= 0 ||
	    !pci_parse_address(slice_of(target), &at, NULL))
		return NULL;
	for (*n = 0; *n < CONFIG_VFS_MAX; ++*n)
		if (sysfs_link(inv->devices, path_make("%pa/virtfn%u", &at, *n), 0, target,
			       sizeof(target)) > 0 &&
		    pci_parse_address(slice_of(target), &vf, NULL) && !pci_compare(&vf, &f->at))
			break;
	for (unsigned i = 0; i < inv->functions; i++)
		if (!pci_compare(&inv->function[i].at, &at))
			return &inv->function[i];
	return NULL;
}

const struct plan_entry *host_promise(const struct host *h, const struct pci_function *f)
{
	return f->later && h->plan_of_all ? &h->plan_of_all->entry[f - h->run.inv.function] :
					    host_entry(h, f);
}

/* True: the rule for its physical function decides about it, which no driver of the host sees. */
static bool is_served(const struct host *h, const struct pci_function *f)
{
	unsigned n;
	const struct pci_function *physical = host_physical(h, f, &n);

	return physical && host_entry(h, physical)->state == STATE_SHARED;
}

const char *host_when(const struct host *h, const struct pci_function *f,
		      char text[HOST_NAME_MAX])
{
	enum host_later later = host_later(h, f);
	const struct pci_function *physical;
	unsigned n;

	*text = '\0';
	if (later == HOST_NOT_LATER)
		return text;
	if (later == HOST_BEHIND_VMD)
		return text_make(text, HOST_NAME_MAX, "when vmd is there");
	physical = later == HOST_VIRTUAL ? host_physical(h, f, &n) : NULL;
	return physical && *physical->driver ?
		text_make(text, HOST_NAME_MAX, "when %s is there", physical->driver) :
		text_make(text, HOST_NAME_MAX, "when it appears");
}

/* Adds what becomes of it then. */
static void add_promise(const struct host *h, const struct pci_function *f, struct text *t)
{
	const struct plan_entry *e = host_promise(h, f);
	char when[HOST_NAME_MAX];

	if (is_served(h, f))
		text_add(t, e->state == STATE_PLANNED ? "it goes to %s %s, and no driver of the "
			 "host has it before" : "the rule for its physical function leaves it",
			 e->driver, host_when(h, f, when));
	else if (e->state == STATE_PLANNED)
		text_add(t, "it goes to %s %s, unless a host driver has it first",
			 e->driver, host_when(h, f, when));
	else
		text_add(t, "a rule takes it then, or vgapass bind");
}

const char *host_later_text(const struct host *h, const struct pci_function *f,
			    char text[HOST_NAME_MAX])
{
	enum host_later later = host_later(h, f);
	const struct pci_function *physical;
	struct text t;
	char of[32];
	unsigned n;

	text_start(&t, text, HOST_NAME_MAX);
	if (later == HOST_NOT_LATER)
		return text;
	physical = later == HOST_VIRTUAL ? host_physical(h, f, &n) : NULL;
	if (later == HOST_BEHIND_VMD)
		text_add(&t, "it is behind VMD%s and comes after the boot has looked; ",
			 vmd_of(h, f, of));
	else if (later == HOST_REMOVABLE)
		text_add(&t, "it is behind an external port (Thunderbolt) and may come after "
			     "the boot has looked; ");
	else if (physical)
		text_add(&t, "it is a virtual function that the host's driver of %pa makes; ",
			 &physical->at);
	else
		text_add(&t, "it is a virtual function and comes after the boot has looked; ");
	add_promise(h, f, &t);
	if (later == HOST_BEHIND_VMD)
		text_add(&t, ": turn VMD off for its port in the firmware setup, or give a guest "
			     "the VMD function whole");
	else if (physical && !is_served(h, f))
		text_add(&t, ": vgapass add %pa --vfs N keeps the host's drivers off",
			 &physical->at);
	return text;
}

/* The boot reads what its rules need; people want to see it all, but for the number of virtual
 * functions, which only vfs= judges. The plan is the same. */
static void scan_all(struct host *h, const struct host_options *o)
{
	struct run *r = &h->run;

	if (!r->inv.functions && !r->input_error) {
		r->input_error = scan_functions(h->roots.root, &r->inv);
		if (r->input_error)
			r->inv.functions = 0;
	}
	const char *profile = config_find_profile(&r->config, r->cmd.profile);
	for (unsigned i = 0; i < r->inv.functions; i++) {
		unsigned needs = plan_needs(&r->config, profile, &r->inv.function[i]);
		scan_details(h->roots.root, &r->inv, i,
			     (PCI_DETAIL_ALL & ~PCI_DETAIL_VFS) |
			     ((o->vfs ? PCI_DETAIL_ALL : needs) & PCI_DETAIL_VFS));
	}
	find_boot_display(h);
	for (unsigned i = 0; i < r->inv.functions && o->as_boot; i++)
		r->inv.function[i].later = host_is_late(h, &r->inv.function[i]);
	plan_build(&r->config, &r->cmd, &r->inv, &r->plan);
}

/* The boot image will have a file that says which driver driver=auto is; here the same is found out
 * from the modules of the running kernel. */
static void add_variants(struct host *h)
{
	static struct variants v;
	static char text[CONFIG_FILE_MAX];
	struct run *r = &h->run;
	struct config *c = &r->config;
	char release[128];
	struct text t;

	if (!variants_are_wanted(c) || c->errors ||
	    sysfs_read_file(h->roots.proc, "sys/kernel/osrelease", release, sizeof(release)) < 0)
		return;
	release[strcspn(release, "\n")] = '\0';
	if (variants_read(&v, h->roots.root, release, c, &r->inv))
		return;
	text_start(&t, text, sizeof(text));
	variants_write(&v, &t, variants_room(c), NULL, NULL);
	config_parse(c, VARIANTS_FILE, text, t.len);
	plan_build(&r->config, &r->cmd, &r->inv, &r->plan);
}

char *host_file(const struct host *h, const char *path)
{
	char real[4096];

	if (!*h->sysroot)
		text_make(real, sizeof(real), "/%s", path);
	else if (sysfs_path(h->roots.root, path, real, sizeof(real)) < 0)
		return NULL;
	return xstrdup(real);
}

/* What the next boot finds. It looks for a variable only if its configuration says so. */
static void read_once(struct host *h)
{
	char token[ONCE_TOKEN_MAX];
	const struct once_means *means = once_pending(&h->roots, token, sizeof(token));

	gather_config(&h->roots, &h->run.config);
	if (!means || (means == &once_efi && !config_wants_token(&h->run.config)))
		return;
	token_parse(slice_of(token), &h->run.token);
	h->run.token.state = TOKEN_TAKEN;
	h->once_means = means->name;
}

int host_open(struct host *h, const struct host_options *o)
{
	h->sysroot = o->sysroot && strcmp(o->sysroot, "/") ? o->sysroot : "";
	if (gather_root(o->sysroot, &h->roots))
		return cmd_complain("%s: cannot be opened: name an existing directory", o->sysroot);
	int r = *h->sysroot ? sysfs_confine(h->roots.root) : 0;
	if (r)
		return cmd_complain("--sysroot: links in %s could lead to this host's files "
				    "(openat2: %s): use Linux 5.6 or later", o->sysroot,
				    strerror(-r));
	gather_mounts(&h->roots);
	host_open_names(h);
	h->cmdline = make_cmdline(h, o);
	if (o->once && !o->cmdline && !o->profile)
		read_once(h);
	gather_run(&h->roots, h->cmdline, &h->run);
	scan_all(h, o);
	add_variants(h);
	if (o->as_boot)
		host_plan_of_all(h);
	return CMD_OK;
}

void host_close(struct host *h)
{
	host_close_names(h);
	host_close_kmod(h);
	free(h->cmdline);
	free(h->plan_of_all);
	if (h->run.inv.devices > 0)
		close(h->run.inv.devices);
	if (h->roots.root > 0)
		close(h->roots.root);
	if (h->roots.sys > 0)
		close(h->roots.sys);
	if (h->roots.proc > 0)
		close(h->roots.proc);
	if (h->roots.dev > 0)
		close(h->roots.dev);
}

/* Writes what the rules for physical functions make of virtual ones, as io/sriov.c does it: a keep
 * rule for a virtual function wins. */
static void serve_virtual(const struct host *h, struct plan *p)
{
	const struct run *r = &h->run;
	unsigned n;

	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct pci_function *f = &r->inv.function[i];
		const struct pci_function *physical = f->is_virtual ? host_physical(h, f, &n) :
								      NULL;
		const struct plan_entry *by = physical ? &p->entry[physical - r->inv.function] :
							 NULL;
		struct plan_entry *e = &p->entry[i];
		if (!by || by->state != STATE_SHARED || e->state == STATE_KEPT)
			continue;
		const struct rule *rule = by->rule;
		*e = (struct plan_entry){ .state = STATE_NONE };
		if (!rule || !config_takes_vf(rule, n) ||
		    !strcmp(rule->driver, CONFIG_DRIVER_KEEP))
			continue;
		e->rule = rule;
		e->driver = plan_driver(&r->config, rule, f);
		e->state = STATE_PLANNED;
	}
}

const struct plan *host_plan_of_all(struct host *h)
{
	bool later[PCI_FUNCTIONS_MAX] = { false };
	struct run *r = &h->run;

	if (!h->plan_of_all)
		h->plan_of_all = xcalloc(1, sizeof(*h->plan_of_all));
	for (unsigned i = 0; i < r->inv.functions; i++) {
		later[i] = r->inv.function[i].later;
		r->inv.function[i].later = false;
	}
	plan_build(&r->config, &r->cmd, &r->inv, h->plan_of_all);
	serve_virtual(h, h->plan_of_all);
	for (unsigned i = 0; i < r->inv.functions; i++)
		r->inv.function[i].later = later[i];
	return h->plan_of_all;
}

bool host_has_no_iommu_mode(const struct host *h)
{
	return sysfs_exists(h->roots.sys, "module/vfio/parameters/enable_unsafe_noiommu_mode");
}

unsigned host_on_trial(const struct host *h, const struct rule *ret[PCI_FUNCTIONS_MAX])
{
	const struct run *r = &h->run;
	struct config *config = xmalloc(sizeof(*config));
	struct plan *plan = xmalloc(sizeof(*plan));
	unsigned n = 0;

	*config = r->config;
	config_begin_trial(config);
	plan_build(config, &r->cmd, &r->inv, plan);
	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct rule *rule = plan->entry[i].rule;
		/* The same rules in the same order. */
		bool is = rule && !rule->keep && !r->plan.entry[i].rule;
		ret[i] = is ? &r->config.rule[rule - config->rule] : NULL;
		n += is;
	}
	free(config);
	free(plan);
	return n;
}
