/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply.c - see apply.h */
#include "apply.h"
#include "disk.h"
#include "path.h"
#include "scan.h"
#include "sysfs.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>

#include "runtime/core/driver.h"

/* For 4 s a worker waits for what another process does with a module. */
#define TICK_MS 100
#define TICKS 40

/* 0: a driver meets a virtual function only by an override (drivers/pci/pci-driver.c,
 * pci_device_can_probe()). */
#define AUTOPROBE "sriov_drivers_autoprobe"
#define HELD_DIR "run/vgapass"
#define HELD_NAME "held-%pa"

/* One function in the hands of a worker. */
struct job {
	const struct work *w;
	unsigned i;
	int devices;
	struct pci_function *f;
	const struct plan_entry *e;
	struct outcome *o;
};

static struct job job_of(const struct work *w, unsigned i)
{
	struct run *r = w->run;

	return (struct job){ w, i, r->inv.devices, &r->inv.function[i], &r->plan.entry[i],
			     &r->outcome[i] };
}

/* Reads the name of the function's driver into the outcome, "" for none. Returns true if the
 * function is gone. */
static bool is_gone(const struct job *j)
{
	char *name = j->o->driver;

	if (sysfs_link(j->devices, path_function(j->f, "driver"), 0, name, PCI_DRIVER_NAME) >= 0)
		return false;
	*name = '\0';
	return !sysfs_exists(j->devices, path_function(j->f, ""));
}

static bool is_bound(const struct job *j)
{
	return !strcmp(j->o->driver, j->e->driver);
}

static int write_attribute(const struct job *j, const char *name, const char *value)
{
	return sysfs_write(j->devices, path_function(j->f, name), value);
}

static int write_address(const struct job *j, const char *path)
{
	char address[PCI_ADDRESS_SIZE];

	pci_put_address(address, &j->f->at);
	return sysfs_write(j->devices, path, address);
}

static int write_unbind(const struct job *j)
{
	return write_address(j, path_function(j->f, "driver/unbind"));
}

/* Records the failure. With on-failure=release the host's driver gets the function back now, or
 * when udev loads it. With hold, driver_override becomes a name that no driver has. This keeps
 * the rule's own driver off too, which may be registered only later. */
static void give_back(const struct job *j, enum reason reason)
{
	struct outcome *o = j->o;
	bool gone = is_gone(j);
	bool held = j->e->rule->hold && reason != REASON_IN_USE && !*j->o->driver &&
		    !write_attribute(j, "driver_override", "vgapass-hold");

	if (!held) {
		/* A newline clears it; an empty text would not be written
		 * (drivers/base/driver.c). */
		write_attribute(j, "driver_override", "\n");
		write_address(j, "../drivers_probe");
		is_gone(j);
	}
	if (gone) {
		o->error = 0;
		reason = REASON_GONE;
	}
	o->reason = (uint8_t)reason;
	o->state = held ? STATE_HELD : STATE_FAILED;
}

static void read_again(const struct job *j, enum pci_detail detail)
{
	j->f->known = 0;
	scan_details(j->w->roots.root, &j->w->run->inv, j->i, detail);
}

static bool lacks_group(const struct job *j)
{
	return j->f->group < 0 && !j->e->rule->iommu_ignore;
}

/* If the function had no IOMMU group, looks for one again. Without one, unbinds the function and
 * returns the reason. */
static enum reason demand_group(const struct job *j)
{
	if (!lacks_group(j))
		return REASON_NONE;
	read_again(j, PCI_DETAIL_GROUP);
	if (!lacks_group(j))
		return REASON_NONE;
	if (is_bound(j))
		write_unbind(j);
	return REASON_NO_GROUP;
}

static enum reason step_claim(const struct job *j)
{
	j->o->step = STEP_OVERRIDE;
	j->o->error = write_attribute(j, "driver_override", j->e->driver);
	return j->o->error ? REASON_OVERRIDE : REASON_NONE;
}

/* Returns false if the attribute lists the sizes that the BAR can have (bit n: 2^n MiB) without
 * this one; then writes the list as text into outcome.detail. */
static bool can_resize(const struct job *j, const struct rule_attr *a)
{
	const char *unit = "M\0G\0T\0P\0E\0Z\0Y";
	char mask[32];
	uint64_t sizes, size;
	struct text t;
	ssize_t n = sysfs_read(j->devices, path_function(j->f, a->name), mask, sizeof(mask));

	if (n <= 0 || !slice_hex((struct slice){ mask, (size_t)n - 1 }, UINT64_MAX, &sizes) ||
	    !slice_dec(slice_of(a->value), 63, &size) || sizes >> size & 1)
		return true;
	text_start(&t, j->o->detail, OUTCOME_DETAIL);
	for (size = 1; sizes; sizes >>= 1) {
		if (sizes & 1)
			text_add(&t, " %u%s", (unsigned)size, unit);
		size *= 2;
		if (size == 1024)
			size = 1, unit += 2;
	}
	return false;
}

/* Writes the attr. options of the rule. The result of each write is taken as it is, as reading
 * back shows something else: reset_method reads as a list of all methods, a size as a mask. */
static enum reason write_attrs(const struct job *j)
{
	struct outcome *o = j->o;

	*j->o->detail = '\0';
	/* They are for what the rule names, not for its companions. */
	for (o->attr = 0; o->attr < j->e->rule->attrs && !j->e->companion; o->attr++) {
		const struct rule_attr *a = &j->e->rule->attr[o->attr];
		struct slice name = slice_of(a->name);
		o->step = STEP_ATTR;
		/* The kernel splits at blanks, which a rule cannot contain. The text belongs to
		 * this run, so it may be changed in place. */
		for (char *p = (char *)a->value; slice_is(name, "reset_method") && *p; p++)
			if (*p == ',')
				*p = ' ';
		if (name.n == 16 && !strcmp(a->name + 9, "_resize") && !can_resize(j, a))
			return REASON_ATTR;
		o->error = write_attribute(j, a->name, a->value);
		if (o->error)
			return REASON_ATTR;
	}
	return REASON_NONE;
}

/* Removes the firmware's framebuffer from the memory of a boot display of class 0302 or 0380.
 * vfio-pci does that only for class 0300 (aperture_remove_conflicting_pci_devices()). */
static void release_framebuffer(const struct job *j)
{
	static const char names[][7] = { "efi", "vesa", "simple" };
	char device[24];

	if (!j->f->boot_display || j->f->class >> 8 == PCI_CLASS_VGA)
		return;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		sysfs_write(j->w->roots.sys,
			    path_make("bus/platform/drivers/%s-framebuffer/unbind", names[i]),
			    text_make(device, sizeof(device), "%s-framebuffer.0", names[i]));
}

/* First pass: writes what must be written before a driver takes the function. */
static enum reason step_prepare(const struct job *j)
{
	release_framebuffer(j);
	if (is_gone(j))
		return REASON_GONE;
	return *j->o->driver ? REASON_NONE : write_attrs(j);
}

/* Takes the function from the driver that holds it, unless a disk of it is in use. */
static enum reason unbind_holder(const struct job *j)
{
	struct outcome *o = j->o;

	if (disk_in_use(&j->w->roots, j->f, j->o->detail))
		return REASON_IN_USE;
	o->step = STEP_UNBIND;
	o->error = write_unbind(j);
	/* If the write failed because the driver let go in between, the link says so. */
	return o->error && (is_gone(j) || *j->o->driver) ? REASON_UNBIND : REASON_NONE;
}

/* Returns why nothing can be bound to the rule's driver yet, or REASON_NONE; REASON_HANG: modules
 * are being loaded. If it is late, the first functions wait for them for a while. The file "bind"
 * counts, as the driver's folder comes before the kernel looks for functions of the driver, and
 * this file after it (bus_add_driver()). */
static enum reason demand_driver(const struct job *j)
{
	const struct work *w = j->w;

	for (unsigned n = 0;; n++) {
		bool loading = w->run->loading; /* before the look, as it may end between the two */
		if (sysfs_exists(j->devices, path_make("../drivers/%s/bind", j->e->driver)))
			return REASON_NONE;
		if (!loading)
			return REASON_NO_DRIVER;
		w->run->waited |= n == TICKS;
		if (!w->late || w->run->waited)
			return REASON_HANG;
		poll(NULL, 0, TICK_MS);
	}
}

/* As demand_driver(). With driver=auto vfio-pci takes the place of a driver that did not load. */
static enum reason demand_any_driver(const struct job *j)
{
	struct plan_entry *e = &j->w->run->plan.entry[j->i];
	enum reason missing = demand_driver(j);

	if (missing != REASON_NO_DRIVER || e->driver == plan_vfio_pci ||
	    !slice_is(slice_of(e->rule->driver), config_auto))
		return missing;
	e->driver = plan_vfio_pci;
	j->o->reason = REASON_NO_DRIVER;
	missing = step_claim(j);
	return missing ? missing : demand_driver(j);
}

/* Last pass: the function was bound when the modules were loaded, or is bound now. One that a
 * driver holds, or that waits for the IOMMU, has to wait until it is late enough (see struct
 * work). */
static enum reason step_bind(const struct job *j)
{
	struct outcome *o = j->o;
	bool late = j->w->late;
	struct inventory *inv = &j->w->run->inv;
	enum reason reason;

	if (is_gone(j))
		return REASON_GONE;
	if (lacks_group(j) && !inv->has_iommu) {
		/* A module has brought the IOMMU by now, or never will. The group may come with
		 * the bind. */
		inv->iommu_known = false;
		reason = late ? demand_group(j) : REASON_NONE;
		if (!late || (reason && !inv->has_iommu))
			return reason;
	}
	if (!is_bound(j)) {
		enum reason missing = demand_any_driver(j);
		if (!late && (*j->o->driver || missing == REASON_HANG))
			return REASON_NONE;
		if (*j->o->driver) {
			reason = missing && !j->e->rule->hold ? missing : unbind_holder(j);
			if (!reason)
				reason = write_attrs(j);
			if (reason)
				return reason;
		}
		o->error = 0;
		if (missing)
			return missing;
		o->step = STEP_PROBE;
		/* The write waits for a probe that is running, and fails with EBUSY if that took
		 * the function. So only the link is proof. */
		o->error = write_address(j, path_make("../drivers/%s/bind", j->e->driver));
		is_gone(j);
	}
	reason = demand_group(j);
	if (reason)
		o->error = 0;
	else if (!is_bound(j))
		reason = REASON_PROBE;
	else
		o->state = STATE_BOUND;
	/* It stays where vfio-pci took the place of a driver that did not load. */
	if (o->state == STATE_BOUND && o->reason != REASON_NO_DRIVER)
		o->reason = REASON_NONE;
	return reason;
}

/* Second part of the claim: see apply_claim(). */
static enum reason step_let_go(const struct job *j)
{
	if (pci_kind(j->f) != PCI_VITAL || is_gone(j) || !*j->o->driver || is_bound(j))
		return REASON_NONE;
	/* Afterwards the old driver cannot be read any more. */
	read_again(j, PCI_DETAIL_DRIVER);
	unbind_holder(j);
	/* If this hung and the function counts as failed by now, no later step will bind it. */
	return run_state(j->w->run, j->i) == STATE_PLANNED ? REASON_NONE : step_bind(j);
}

uint32_t apply_clock_us(void)
{
	struct timeval t;

	gettimeofday(&t, NULL);
	return (uint32_t)t.tv_sec * 1000000u + (uint32_t)t.tv_usec;
}

/* Does one step with function i, if that is still to be bound and no other worker hangs in it. */
static void run_step(const struct work *w, unsigned i, enum reason (*step)(const struct job *j))
{
	struct job j = job_of(w, i);
	struct outcome *o = j.o;

	if (run_state(w->run, i) != STATE_PLANNED || o->step)
		return;
	/* The boot waits for the claim, so the clock is not read before its end. */
	uint32_t start = w->run->claim_us ? apply_clock_us() : 0;
	enum reason reason = step(&j);
	if (reason)
		give_back(&j, reason);
	else
		o->error = 0;
	/* If this function hangs before its next step, blame the loading of modules. */
	o->step = STEP_NONE;
	if (start)
		o->us += apply_clock_us() - start;
}

static const char *mark_path(const struct pci_address *at)
{
	return path_make(HELD_DIR "/" HELD_NAME, at);
}

void apply_forget_hold(const struct roots *roots, const struct pci_address *at)
{
	sysfs_unlink(roots->root, mark_path(at));
}

bool apply_is_held(const struct work *w, unsigned i)
{
	struct job j = job_of(w, i);

	j.o->held = sysfs_exists(w->roots.root, mark_path(&j.f->at));
	return j.o->held;
}

int apply_hold(const struct work *w, unsigned i)
{
	struct job j = job_of(w, i);
	char value[8], name[sizeof(HELD_NAME) + PCI_ADDRESS_SIZE];

	if (!apply_is_held(w, i)) {
		ssize_t n = sysfs_read(j.devices, path_function(j.f, AUTOPROBE), value,
				       sizeof(value));
		if (n < 0 || *value == '0')
			return n < 0 ? (int)n : 0;
		int error = sysfs_touch(w->roots.root, HELD_DIR,
					text_make(name, sizeof(name), HELD_NAME, &j.f->at));
		if (error)
			return error;
		j.o->held = true;
	}
	return write_attribute(&j, AUTOPROBE, "0");
}

void apply_unhold(const struct work *w, unsigned i)
{
	struct job j = job_of(w, i);

	if (!j.o->held)
		return;
	j.o->held = false;
	write_attribute(&j, AUTOPROBE, "1");
	apply_forget_hold(&w->roots, &j.f->at);
}

void apply_claim(void *work, unsigned i)
{
	const struct work *w = work;
	unsigned functions = w->run->inv.functions;

	if (i < functions && run_state(w->run, i) == STATE_SHARED)
		apply_hold(w, i);
	if (i < functions)
		run_step(w, i, step_claim);
	else
		run_step(w, i - functions, step_let_go);
}

void apply_late(void *work, unsigned i)
{
	run_step(work, i, step_bind);
}

/* Loads the module of a line "NAME [PARAM ...]" of the list, unless it is there already. If another
 * process is loading it, the kernel waits for that one; EBUSY: the other one failed, or the module
 * is on its way out (kernel/module/main.c, module_patient_check_exists()). */
static void load_module(const struct work *w, struct slice params)
{
	struct slice name = slice_cut(&params, ' ');
	char buf[1024];
	struct run *r = w->run;
	struct text t;

	if (sysfs_exists(w->roots.sys, path_make("module/%pv", &name)))
		return;
	text_start(&t, buf, sizeof(buf));
	text_add(&t, "%pv", &params);
	/* If a parameter is given twice the kernel keeps the last one: that of the command
	 * line. */
	cmdline_module_params(slice_of(r->cmdline), name, &t);
	/* Before the call, which may not come back. */
	if (!r->module_error)
		text_make(r->module, sizeof(r->module), "%pv", &name);
	unsigned n = 0;
	int error;
	do
		error = t.cut ? -E2BIG :
			sysfs_load_module(w->roots.root,
					  path_make(MODULES_DIR "/%pv.ko", &name), buf);
	while (error == -EBUSY && n++ < TICKS && !poll(NULL, 0, TICK_MS));
	if (error != -EEXIST && !r->module_error)
		r->module_error = error;
}

/* One worker loads all, one after the other, as a module may need those before it. */
static void load_modules(const struct work *w)
{
	struct slice list = slice_of(w->list);

	w->run->loading = true;
	while (list.n)
		load_module(w, slice_cut(&list, '\n'));
	w->run->loading = false;
}

unsigned apply_prepare(struct work *w)
{
	if (sysfs_read_file(w->roots.root, MODULES_LIST, w->list, sizeof(w->list)) < 0)
		w->list[0] = '\0';
	return 2 * w->run->inv.functions + 1;
}

void apply_item(void *work, unsigned item)
{
	const struct work *w = work;
	unsigned functions = w->run->inv.functions;

	if (item < functions)
		run_step(w, item, step_prepare);
	else if (item == functions)
		load_modules(w);
	else
		run_step(w, item - functions - 1, step_bind);
}

static void keep_other(const struct job *j, int32_t group, const char *driver)
{
	struct run *r = j->w->run;

	if (r->others < OTHERS_MAX) {
		struct other *o = &r->other[r->others];
		o->at = j->f->at;
		o->group = group;
		text_make(o->driver, sizeof(o->driver), "%s", driver);
	}
	r->others++;
}

/* Decides whether a guest can have the group of a bound function. The firmware's memory must stay
 * where it is (RMRR; drivers/iommu/iommu.c, require_direct), so a group with such memory is not
 * viable. */
static void look_at_group(const struct job *j)
{
	int32_t group = j->f->group;

	if (group < 0)
		return;
	j->o->viable = VIABLE_YES;
	if (sysfs_has_word(j->devices, path_function(j->f, "iommu_group/reserved_regions"),
			   "direct")) {
		j->o->viable = VIABLE_NO;
		keep_other(j, group, "firmware memory (RMRR)");
	}
}

/* Finds out whether a function that is not bound keeps its group from a guest. A header of type 1
 * or 2 does not, whatever the driver. A function without a driver may still get one of the
 * host's, unless it is held. */
static void look_at_other(const struct job *j)
{
	struct run *r = j->w->run;
	const char *driver = j->o->driver;
	bool seen = false;

	if (is_gone(j) || j->o->state == STATE_HELD)
		return;
	if (*driver && driver_shares_group(driver)) {
		/* Only a boot plans for all functions, so only a boot can call one a stray. */
		if (!j->o->state && r->claim_us && driver_is_for_guests(driver))
			keep_other(j, STRAY, driver);
		return;
	}
	read_again(j, PCI_DETAIL_GROUP);
	for (unsigned i = 0; j->f->group >= 0 && i < r->inv.functions; i++) {
		struct outcome *o = &r->outcome[i];
		if (run_state(r, i) != STATE_BOUND || r->inv.function[i].group != j->f->group)
			continue;
		if (!seen && sysfs_exists(j->devices, path_function(j->f, "secondary_bus_number")))
			return;
		if (!seen && *driver)
			keep_other(j, j->f->group, driver);
		seen = true;
		if (*driver)
			o->viable = VIABLE_NO;
		else if (o->viable == VIABLE_YES)
			o->viable = VIABLE_UNKNOWN;
	}
}

/* Ends a pass for a function. Returns true if it is left for the late pass. */
static bool settle_function(const struct job *j)
{
	struct outcome *o = j->o;

	if (o->state == STATE_BOUND && j->w->late)
		look_at_group(j);
	if (run_state(j->w->run, j->i) != STATE_PLANNED)
		return false;
	if (!o->step && !j->w->late)
		return true;
	o->state = STATE_FAILED;
	o->reason = REASON_HANG;
	o->error = 0;
	return false;
}

unsigned apply_finish(const struct work *w)
{
	unsigned held = 0, passes = w->late ? 2 : 1;

	/* The second pass needs to know of every function whether it is bound. */
	for (unsigned pass = 0; pass < passes; pass++)
		for (unsigned i = 0; i < w->run->inv.functions; i++) {
			struct job j = job_of(w, i);
			if (pass)
				look_at_other(&j);
			else
				held += settle_function(&j);
		}
	return held;
}
