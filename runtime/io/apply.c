/* apply.c - see apply.h */
#include "apply.h"
#include "path.h"
#include "sysfs.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>

/* One function in the hands of a worker. */
struct job {
	int sys, devices;
	bool late;
	const struct pci_function *f;
	struct plan_entry *e;
};

/* Reads the name of the driver that the function is on into e->driver, "" for none. True:
 * the function is gone. */
static bool is_gone(const struct job *j)
{
	char *name = j->e->driver;

	if (sysfs_link(j->devices, path_function(j->f, "driver"), 0, name, PCI_DRIVER_NAME) >= 0)
		return false;
	*name = '\0';
	return !sysfs_exists(j->devices, path_function(j->f, ""));
}

static int write_attribute(const struct job *j, const char *name, const char *value)
{
	return sysfs_write(j->devices, path_function(j->f, name), value);
}

static int probe(const struct job *j)
{
	char address[PCI_ADDRESS_SIZE];

	pci_put_address(address, &j->f->at);
	return sysfs_write(j->devices, "../drivers_probe", address);
}

/* With on-failure=release the host's driver gets the function back, if it is loaded; if
 * not, udev loads it later and it finds the function free. With hold it gets the name of no
 * driver, which keeps off the rule's own too: that one may be registered only later. */
static void fail(const struct job *j, enum reason reason)
{
	struct plan_entry *e = j->e;
	bool gone = is_gone(j);
	bool held = e->rule->hold && !*e->driver &&
		    !write_attribute(j, "driver_override", "vgapass-hold");

	if (!held) {
		/* A newline clears it, an empty write would be none (drivers/base/driver.c). */
		write_attribute(j, "driver_override", "\n");
		probe(j);
		is_gone(j);
	}
	if (gone) {
		e->error = 0;
		reason = REASON_GONE;
	}
	e->reason = (uint8_t)reason;
	e->state = held ? STATE_HELD : STATE_FAILED;
}

static enum reason claim(const struct job *j)
{
	j->e->step = STEP_OVERRIDE;
	j->e->error = write_attribute(j, "driver_override", j->e->rule->driver);
	return j->e->error ? REASON_OVERRIDE : REASON_NONE;
}

/* A newline may end what reads back, and the value may stand among others (reset_method
 * reads "flr bus" after "flr,bus" was written, and "flr" after "flr"). */
static bool reads_back(const struct job *j, const char *name, const char *value)
{
	char buf[4096];
	ssize_t n = sysfs_read(j->devices, path_function(j->f, name), buf, sizeof(buf));

	if (n < 0)
		return n == -EACCES || n == -EIO; /* written only, like "reset" */
	struct slice text = { buf, (size_t)n }, line = slice_cut(&text, '\n');
	bool same = slice_is(line, value);
	while (!same && line.n)
		same = slice_is(slice_cut(&line, ' '), value);
	return same;
}

static enum reason write_attrs(const struct job *j)
{
	struct plan_entry *e = j->e;

	/* Those of the rule are for what it names, not for what goes along. */
	for (e->attr = 0; e->attr < e->rule->attrs && !e->companion; e->attr++) {
		const struct rule_attr *a = &e->rule->attr[e->attr];
		e->step = STEP_ATTR;
		e->error = write_attribute(j, a->name, a->value);
		if (e->error || !reads_back(j, a->name, a->value))
			return REASON_ATTR;
	}
	return REASON_NONE;
}

/* The firmware's framebuffer keeps the memory of a boot display of class 0302 or 0380: for
 * 0300 alone vfio-pci drives it away itself (aperture_remove_conflicting_pci_devices). */
static void release_framebuffer(const struct job *j)
{
	static const char names[][7] = { "efi", "vesa", "simple" };
	char device[24];

	if (!j->f->boot_display || j->f->class >> 8 == PCI_CLASS_VGA)
		return;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		sysfs_write(j->sys,
			    path_make("bus/platform/drivers/%s-framebuffer/unbind", names[i]),
			    text_make(device, sizeof(device), "%s-framebuffer.0", names[i]));
}

/* First pass: what must be written before a driver can take the function. */
static enum reason prepare(const struct job *j)
{
	release_framebuffer(j);
	if (is_gone(j))
		return REASON_GONE;
	return *j->e->driver ? REASON_NONE : write_attrs(j);
}

static bool is_bound(const struct job *j)
{
	return !strcmp(j->e->driver, j->e->rule->driver);
}

/* Last pass: bound by the modules' loading, or now; one that a driver holds, when it is late
 * enough (see apply_late()). */
static enum reason bind(const struct job *j)
{
	struct plan_entry *e = j->e;

	if (is_gone(j))
		return REASON_GONE;
	if (is_bound(j)) {
		e->state = STATE_BOUND;
		return REASON_NONE;
	}
	if (*e->driver && !j->late)
		return REASON_NONE;
	bool there = sysfs_exists(j->sys, path_make("bus/pci/drivers/%s", e->rule->driver));
	if (*e->driver && (there || e->rule->hold)) {
		e->step = STEP_UNBIND;
		char address[PCI_ADDRESS_SIZE];
		pci_put_address(address, &j->f->at);
		e->error = write_attribute(j, "driver/unbind", address);
		/* It may have been let go of in between; the link tells. */
		if (e->error && (is_gone(j) || *e->driver))
			return REASON_UNBIND;
		if (there && write_attrs(j))
			return REASON_ATTR;
	}
	e->error = 0;
	if (!there)
		return REASON_NO_DRIVER;
	e->step = STEP_PROBE;
	e->error = probe(j);
	/* The write succeeds where the probe fails too: only the link is proof. */
	is_gone(j);
	if (!is_bound(j))
		return REASON_PROBE;
	e->state = STATE_BOUND;
	return REASON_NONE;
}

uint32_t apply_clock_us(void)
{
	struct timeval t;

	gettimeofday(&t, NULL);
	return (uint32_t)t.tv_sec * 1000000u + (uint32_t)t.tv_usec;
}

/* Does one thing with function i if that is still to be bound. */
static void run_step(const struct work *w, unsigned i, enum reason (*step)(const struct job *j))
{
	struct plan_entry *e = &w->run->plan.entry[i];
	struct job j = { w->sys, w->run->inv.devices, w->late, &w->run->inv.function[i], e };

	if (e->state != STATE_PLANNED)
		return;
	/* A claim is what the boot waits for: nothing looks at the clock there. */
	uint32_t start = step == claim ? 0 : apply_clock_us();
	enum reason reason = step(&j);
	if (reason)
		fail(&j, reason);
	else
		e->error = 0;
	/* Until its next turn, the modules are what it waits for. */
	e->step = STEP_NONE;
	if (start)
		e->us += apply_clock_us() - start;
}

void apply_claim(void *work, unsigned i)
{
	run_step(work, i, claim);
}

void apply_late(void *work, unsigned i)
{
	run_step(work, i, bind);
}

/* "NAME [PARAM ...]" */
static void load_module(const struct work *w, unsigned line)
{
	struct slice params = slice_nth(slice_of(w->list), '\n', line);
	struct slice name = slice_cut(&params, ' ');
	char buf[1024];
	struct run *r = w->run;
	struct text t;

	if (sysfs_exists(w->sys, path_make("module/%v", &name)))
		return;
	text_start(&t, buf, sizeof(buf));
	text_add(&t, "%v", &params);
	/* Of a parameter given twice the kernel keeps the last: the command line's. */
	cmdline_module_params(slice_of(r->cmdline), name, &t);
	int error = t.cut ? -E2BIG :
		    sysfs_load_module(w->root, path_make(MODULES_DIR "/%v.ko", &name), buf);
	if (error && error != -EEXIST && !r->module_error) {
		r->module_error = error;
		text_make(r->module, sizeof(r->module), "%v", &name);
	}
}

unsigned apply_prepare(struct work *w)
{
	if (sysfs_read_file(w->root, MODULES_LIST, w->list, sizeof(w->list)) < 0)
		w->list[0] = '\0';
	w->modules = 0;
	for (const char *p = w->list; *p; p++)
		w->modules += *p == '\n';
	return 2 * w->run->inv.functions + w->modules;
}

void apply_item(void *work, unsigned item)
{
	const struct work *w = work;
	unsigned functions = w->run->inv.functions;

	if (item < functions)
		run_step(w, item, prepare);
	else if (item - functions < w->modules)
		load_module(w, item - functions);
	else
		run_step(w, item - functions - w->modules, bind);
}

struct group {
	const struct work *w;
	int32_t group;
	bool viable;
};

static int look_at_member(const char *name, void *arg)
{
	struct group *g = arg;
	struct run *r = g->w->run;
	struct pci_function f;
	char driver[PCI_DRIVER_NAME];
	struct plan_entry e = { .driver = driver };
	struct job j = { g->w->sys, r->inv.devices, true, &f, &e };

	if (!pci_parse_address(slice_of(name), &f.at, NULL) || is_gone(&j) ||
	    apply_is_harmless(slice_of(driver)))
		return 0;
	g->viable = false;
	if (r->blockers < BLOCKERS_MAX) {
		struct blocker *b = &r->blocker[r->blockers];
		b->group = g->group;
		b->at = f.at;
		memcpy(b->driver, driver, sizeof(b->driver));
	}
	r->blockers++;
	return 0;
}

static void look_at_group(const struct work *w, unsigned i)
{
	const struct pci_function *f = w->run->inv.function;
	struct group g = { w, f[i].group, true };

	sysfs_list(w->sys, path_make("kernel/iommu_groups/%u/devices", (unsigned)g.group),
		   look_at_member, &g);
	for (; i < w->run->inv.functions; i++) {
		struct plan_entry *e = &w->run->plan.entry[i];
		if (e->state == STATE_BOUND && f[i].group == g.group) {
			e->checked = true;
			e->viable = g.viable;
		}
	}
}

unsigned apply_finish(const struct work *w)
{
	const struct run *r = w->run;
	unsigned held = 0;

	for (unsigned i = 0; i < r->inv.functions; i++) {
		struct plan_entry *e = &w->run->plan.entry[i];
		if (e->state == STATE_PLANNED && (e->step || w->late)) {
			e->state = STATE_FAILED;
			e->reason = REASON_HANG;
			e->error = 0;
		}
		held += e->state == STATE_PLANNED;
		if (e->state == STATE_BOUND && w->late && !e->checked &&
		    r->inv.function[i].group >= 0)
			look_at_group(w, i);
	}
	return held;
}
