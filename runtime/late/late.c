/* SPDX-License-Identifier: GPL-2.0-or-later */
/* late.c - see late.h */
#include "late.h"
#include "booted.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h> /* renameat() */
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/core/words.h"
#include "runtime/io/path.h"
#include "runtime/io/receipt.h"
#include "runtime/io/replace.h"
#include "runtime/io/scan.h"
#include "runtime/io/sysfs.h"
#include "runtime/io/token.h"

/* For 2 s a function is asked again whether it takes a driver. */
#define TICK_MS 100
#define TICKS 20

#define DEVICES "bus/pci/devices/"
#define FILE_NAME_SIZE (PCI_ADDRESS_SIZE + sizeof(".json.new"))
#define FILE_MAX 16384 /* bytes of a function's file: a place and a reason, all escaped */
#define INDENT (sizeof("\n    ") - 1) /* of an object in the receipt's list */

/* Reads IDs and class; uevent would take the function's lock. */
static bool read_id(const struct late *l, const struct pci_address *at, struct pci_function *f)
{
	char text[128];
	ssize_t n = sysfs_read(l->work.roots.sys, path_make(DEVICES "%pa/modalias", at), text,
			       sizeof(text));

	return n >= 0 && scan_parse_modalias((struct slice){ text, (size_t)n }, f);
}

/* Returns true if a rule takes others along, whatever their ID is. */
static bool takes_along(const struct config *c)
{
	for (unsigned i = 0; i < c->rules; i++)
		if (c->rule[i].with)
			return true;
	return false;
}

/* Returns true if a rule has the ID of f; with `leads`, one that takes others along. */
static bool is_named(const struct config *c, const struct pci_function *f, bool leads)
{
	for (unsigned i = 0; i < c->rules; i++) {
		const struct rule *r = &c->rule[i];
		if ((r->vendor == PCI_ANY || r->vendor == f->vendor) &&
		    (r->device == PCI_ANY || r->device == f->device) && (r->with || !leads))
			return true;
	}
	return false;
}

static bool is_lead(const struct late *l, const struct pci_address *at)
{
	struct pci_function f;

	return read_id(l, at, &f) && is_named(&l->run.config, &f, true);
}

static int look_at_member(const char *name, void *late)
{
	struct pci_address at;

	return pci_parse_address(slice_of(name), &at, NULL) && is_lead(late, &at);
}

/* Returns true if a function in the slot or in the IOMMU group may take the one there along. */
static bool is_beside_lead(struct late *l, const struct pci_address *function)
{
	struct pci_address at = *function;

	for (unsigned i = 0; i < 8; i++) {
		at.devfn = (uint8_t)((function->devfn & ~7u) | i);
		if (is_lead(l, &at))
			return true;
	}
	return sysfs_list(l->work.roots.sys,
			  path_make(DEVICES "%pa/iommu_group/devices", function), look_at_member,
			  l) > 0;
}

bool late_asks(struct late *l, const char *cmdline)
{
	struct run *r = &l->run;
	struct pci_function f;

	l->dir = -EBADF;
	l->start = apply_clock_us();
	l->image = booted_is_image(&l->work.roots);
	if (!booted_config(&l->work.roots, &r->config))
		return false;
	gather_cmdline(&l->work.roots, cmdline, r);
	token_read(&l->work.roots, &r->token);
	if (r->cmd.mode == MODE_OFF || r->token.word == TOKEN_OFF || r->config.errors ||
	    !read_id(l, &l->at, &f))
		return false;
	return is_named(&r->config, &f, false) ||
	       (takes_along(&r->config) && is_beside_lead(l, &l->at));
}

/* Returns the directory fd of LATE_DIR, or -errno. */
static int open_dir(const struct late *l)
{
	int run = receipt_dir(&l->work.roots);

	if (run < 0)
		return run;
	int dir = mkdirat(run, LATE_DIR, 0755) && errno != EEXIST ? -errno : 0;
	if (!dir)
		dir = sysfs_dir(run, LATE_DIR);
	close(run);
	return dir;
}

bool late_plan(struct late *l)
{
	struct run *r = &l->run;
	struct plan *p = &r->plan;
	bool found = false;

	l->work.run = r;
	gather_plan(&l->work.roots, r);
	for (unsigned i = 0; i < r->inv.functions; i++) {
		if (!pci_compare(&r->inv.function[i].at, &l->at)) {
			l->i = i;
			found = p->entry[i].rule;
			l->served = sriov_is_served(&l->work, i);
		}
	}
	if (!found || l->served)
		return false;
	for (unsigned i = 0; i < r->inv.functions; i++)
		if (i != l->i)
			p->entry[i] = (struct plan_entry){ .state = STATE_NONE };
	gather_drivers(&l->work.roots, r);
	l->dir = open_dir(l);
	return true;
}

bool late_is_virtual(const struct late *l)
{
	return sysfs_exists(l->work.roots.sys, path_make(DEVICES "%pa/physfn", &l->at));
}

bool late_is_planned(const struct late *l)
{
	return l->run.cmd.mode == MODE_ON && run_state(&l->run, l->i) == STATE_PLANNED;
}

/* --- the steps */

static const char *rule_driver(const struct late *l)
{
	return l->run.plan.entry[l->i].driver;
}

static bool is_registered(const struct late *l)
{
	return sysfs_exists(l->work.roots.sys,
			    path_make("bus/pci/drivers/%s/bind", rule_driver(l)));
}

/* Runs modprobe(8), which knows the modules of the running system and their order. */
static void run_modprobe(struct run *r, const char *driver)
{
	static const char *const programs[] = { "/sbin/modprobe", "/usr/bin/modprobe" };
	char *const environment[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	char *const arguments[] = { (char *)"modprobe", (char *)"-q", (char *)"--",
				    (char *)driver, NULL };

	r->loading = true;
	text_make(r->module, sizeof(r->module), "%s", driver);
	pid_t pid = fork();
	for (unsigned i = 0; !pid && i < sizeof(programs) / sizeof(programs[0]); i++)
		execve(programs[i], arguments, environment);
	if (!pid)
		_exit(1);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	r->loading = false;
}

/* If the boot had nothing to bind, it has loaded no modules. */
static void load_driver(struct late *l)
{
	if (is_registered(l))
		return;
	if (l->image) {
		apply_prepare(&l->work);
		apply_item(&l->work, l->run.inv.functions);
	} else if (l->work.roots.real) {
		run_modprobe(&l->run, rule_driver(l));
		/* What driver=auto falls back to. */
		if (!is_registered(l))
			run_modprobe(&l->run, plan_vfio_pci);
	}
}

void late_load(void *late, unsigned item)
{
	(void)item;
	load_driver(late);
}

bool late_is_shared(const struct late *l)
{
	if (l->run.cmd.mode != MODE_ON || run_state(&l->run, l->i) != STATE_SHARED ||
	    !sysfs_exists(l->work.roots.sys, path_make(DEVICES "%pa/driver", &l->at)))
		return false;
	/* The file is written when all is done. */
	return !late_has_file(l) ||
	       !sysfs_exists(l->work.roots.sys, path_make(DEVICES "%pa/virtfn0", &l->at));
}

void late_hold(struct late *l)
{
	if (l->run.cmd.mode == MODE_ON && run_state(&l->run, l->i) == STATE_SHARED &&
	    !late_has_file(l) &&
	    !sysfs_exists(l->work.roots.sys, path_make(DEVICES "%pa/driver", &l->at)))
		apply_claim(&l->work, l->i);
}

/* A driver that has it by now is the next one, so the virtual functions are its. Without one the
 * old driver has left them behind, and they are served already. */
void late_hold_again(struct late *l)
{
	if (l->run.cmd.mode != MODE_ON || run_state(&l->run, l->i) != STATE_SHARED ||
	    (!sysfs_exists(l->work.roots.sys, path_make(DEVICES "%pa/driver", &l->at)) &&
	     sysfs_exists(l->work.roots.sys, path_make(DEVICES "%pa/virtfn0", &l->at))))
		return;
	late_forget(l);
	apply_claim(&l->work, l->i);
}

/* Writes driver_override. After that no driver of the host can come, so the one that has the
 * function by now is the one that it is taken from. */
static void claim_function(struct late *l)
{
	struct pci_function *f = &l->run.inv.function[l->i];

	apply_claim(&l->work, l->i);
	f->known &= (uint8_t)~PCI_DETAIL_DRIVER;
	f->driver = l->run.inv.name[0];
	scan_details(l->work.roots.root, &l->run.inv, l->i, PCI_DETAIL_DRIVER);
}

/* How long the function is there, in milliseconds: since then its power is accounted for
 * (drivers/pci/pci.c, pci_pm_init()). Nothing else tells when the kernel found it. */
static bool read_age(const struct late *l, uint32_t *ret)
{
	static const char *const names[] = { "active", "suspended" };
	uint64_t sum = 0, ms;
	char text[24];

	for (unsigned i = 0; i < 2; i++) {
		ssize_t n = sysfs_read(l->work.roots.sys,
				       path_make(DEVICES "%pa/power/runtime_%s_time", &l->at,
						 names[i]), text, sizeof(text));
		if (n < 2 || !slice_dec((struct slice){ text, (size_t)n - 1 }, UINT32_MAX, &ms))
			return false;
		sum += ms;
	}
	*ret = (uint32_t)sum;
	return sum <= UINT32_MAX;
}

/* A function that has just been found refuses every driver until the kernel itself has looked for
 * one (drivers/pci/bus.c, pci_bus_add_device(), match_driver). */
static void bind_function(struct late *l)
{
	const struct pci_function *f = &l->run.inv.function[l->i];
	char address[PCI_ADDRESS_SIZE];
	int error = -ENODEV;

	pci_put_address(address, &f->at);
	for (unsigned n = 0; error == -ENODEV && n < TICKS; n++) {
		if (n)
			poll(NULL, 0, TICK_MS);
		if (!sysfs_exists(l->work.roots.sys, path_make(DEVICES "%pa", &f->at)) ||
		    sysfs_exists(l->work.roots.sys, path_make(DEVICES "%pa/driver", &f->at)))
			break;
		error = sysfs_write(l->work.roots.sys,
				    path_make("bus/pci/drivers/%s/bind", rule_driver(l)), address);
	}
	apply_late(&l->work, l->i);
	if (*f->driver && run_state(&l->run, l->i) == STATE_BOUND)
		l->host_known = read_age(l, &l->host_ms);
}

void late_item(void *late, unsigned item)
{
	struct late *l = late;

	l->work.late = true;
	switch (item) {
	case 0:
		claim_function(l);
		break;
	case 1:
		apply_item(&l->work, l->i);
		break;
	case 2:
		if (run_state(&l->run, l->i) == STATE_PLANNED)
			load_driver(l);
		break;
	default:
		if (run_state(&l->run, l->i) == STATE_PLANNED)
			bind_function(l);
		/* If this took longer than anybody waits, it is the last word. */
		late_write(l, l->i);
	}
}

void late_finish(struct late *l)
{
	l->work.late = true;
	apply_finish(&l->work);
}

/* --- what is known */

static const char *file_name(char buf[FILE_NAME_SIZE], const struct pci_address *at,
			     const char *end)
{
	return text_make(buf, FILE_NAME_SIZE, "%pa.json%s", at, end);
}

int late_write(struct late *l, unsigned i)
{
	const struct pci_function *f = &l->run.inv.function[i];
	char name[FILE_NAME_SIZE], temporary[FILE_NAME_SIZE];
	char buf[FILE_MAX], physical[PCI_ADDRESS_SIZE];
	bool is_timed = !*f->driver || (i == l->i && l->host_known);
	struct text t;

	text_start(&t, buf, sizeof(buf));
	if (i == l->i)
		l->run.outcome[i].us = apply_clock_us() - l->start;
	receipt_fill_function(&t, "", &l->run, i);
	t.len -= t.len < 2 ? 0 : 2; /* more members follow */
	if (sysfs_link(l->run.inv.devices, path_function(f, "physfn"), 0, physical,
		       sizeof(physical)) > 0)
		text_add(&t, ", \"vf_of\": \"%s\"", physical);
	text_add(&t, ", \"late\": true, \"host_ms\": ");
	text_add(&t, is_timed ? "%u }\n" : "null }\n", i == l->i ? l->host_ms : 0);
	if (l->dir < 0 || t.cut)
		return t.cut ? -E2BIG : l->dir;
	return replace_file(l->dir, file_name(name, &f->at, ""),
			    file_name(temporary, &f->at, ".new"),
			    (struct slice){ buf + INDENT, t.len - INDENT });
}

void late_announce(const struct late *l, unsigned i)
{
	/* Unlike a read of it, this takes no lock (drivers/base/core.c, uevent_store()). */
	sysfs_write(l->run.inv.devices, path_function(&l->run.inv.function[i], "uevent"),
		    "change");
}

/* Returns the text of a member of the object, as JSON has it; "": there is none. A quote within a
 * text has a backslash before it, so the name is found as a name only. */
static struct slice member(struct slice object, const char *name)
{
	char key[24];
	const char *found = strstr(object.p, text_make(key, sizeof(key), "\"%s\": \"", name));
	struct slice value = { object.p, 0 };

	if (!found || found >= object.p + object.n)
		return value;
	value.p = found + slice_of(key).n;
	while (value.p[value.n] && value.p[value.n] != '"')
		value.n += value.p[value.n] == '\\' && value.p[value.n + 1] ? 2 : 1;
	return value;
}

/* Finds the object of the function: a line of the text. */
static struct late_known find_function(const char *text, const struct pci_address *at)
{
	char start[sizeof("{ \"address\": \"\",") + PCI_ADDRESS_SIZE];
	struct late_known known = { .state = slice_of(""), .rule = slice_of("") };

	text = strstr(text, text_make(start, sizeof(start), "{ \"address\": \"%pa\",", at));
	if (!text)
		return known;
	struct slice line = slice_nth(slice_of(text), '\n', 0);
	return (struct late_known){ member(line, "state"), member(line, "rule"),
				    member(line, "id"), member(line, "driver") };
}

struct late_known late_read(const struct late *l)
{
	static char text[RECEIPT_MAX];
	int at = l->work.roots.root;

	if (sysfs_read_file(at, path_make("run/vgapass/" LATE_DIR "/%pa.json", &l->at), text,
			    sizeof(text)) < 0 &&
	    sysfs_read_file(at, BOOTED_RECEIPT, text, sizeof(text)) < 0)
		*text = '\0';
	return find_function(text, &l->at);
}

bool late_is_current(const struct late *l, const struct late_known *known)
{
	char driver[PCI_DRIVER_NAME], id[16];
	struct pci_function f;

	if (!known->state.n || !read_id(l, &l->at, &f) ||
	    !slice_is(known->id, text_make(id, sizeof(id), "%pi", &f)))
		return false;
	if (!slice_is(known->state, "bound"))
		return true;
	return sysfs_link(l->work.roots.sys, path_make(DEVICES "%pa/driver", &l->at), 0, driver,
			  sizeof(driver)) > 0 && slice_is(known->driver, driver);
}

bool late_has_file(const struct late *l)
{
	return sysfs_exists(l->work.roots.root, path_make("run/vgapass/" LATE_DIR "/%pa.json",
							  &l->at));
}

void late_forget(const struct late *l)
{
	char name[FILE_NAME_SIZE];
	int dir = sysfs_dir(l->work.roots.root, "run/vgapass/" LATE_DIR);

	if (dir < 0)
		return;
	if (!sysfs_exists(l->work.roots.sys, path_make(DEVICES "%pa/physfn", &l->at)))
		unlinkat(dir, file_name(name, &l->at, ""), 0);
	close(dir);
}

static void make_mark(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd >= 0)
		close(fd);
}

/* "0x1002:0x6608", as the rule writes $attr{vendor}:$attr{device}. */
static void mark_id(int dir, uint32_t vendor, uint32_t device)
{
	char name[sizeof("0x1002:0x6608")];

	if (vendor == PCI_ANY)
		make_mark(dir, LATE_ALL);
	else
		make_mark(dir, text_make(name, sizeof(name), device == PCI_ANY ?
					 "0x%04x:" LATE_ANY : "0x%04x:0x%04x", (unsigned)vendor,
					 (unsigned)device));
}

/* Those that are there and may be taken along. What comes later may have any ID. */
static void mark_companions(struct late *l, int dir)
{
	struct inventory *inv = &l->run.inv;

	make_mark(dir, LATE_NEW);
	if (scan_functions(l->work.roots.root, inv))
		make_mark(dir, LATE_ALL);
	for (unsigned i = 0; i < inv->functions; i++)
		if (is_beside_lead(l, &inv->function[i].at))
			mark_id(dir, inv->function[i].vendor, inv->function[i].device);
	close(inv->devices);
	inv->devices = -EBADF;
	inv->functions = 0;
}

/* The directory gets its name when it is whole. Others that make it at the same time make the
 * same files. */
void late_mark(struct late *l)
{
	const struct config *c = &l->run.config;

	/* In an image the rule calls the program for every function. */
	if (l->image || sysfs_exists(l->work.roots.root, "run/vgapass/" LATE_ASK))
		return;
	int run = receipt_dir(&l->work.roots);
	if (run < 0)
		return;
	mkdirat(run, LATE_ASK ".new", 0755);
	int dir = sysfs_dir(run, LATE_ASK ".new");
	for (unsigned i = 0; i < c->rules; i++)
		mark_id(dir, c->rule[i].vendor, c->rule[i].device);
	if (dir >= 0 && takes_along(c))
		mark_companions(l, dir);
	if (dir >= 0) {
		close(dir);
		renameat(run, LATE_ASK ".new", run, LATE_ASK);
	}
	close(run);
}
