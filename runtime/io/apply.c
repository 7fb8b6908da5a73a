/* apply.c - see apply.h */
#include "apply.h"
#include "disk.h"
#include "path.h"
#include "scan.h"
#include "sysfs.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>

/* One function in the hands of a worker. */
struct job {
	const struct work *w;
	bool late;
	int devices;
	struct pci_function *f;
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

static bool is_bound(const struct job *j)
{
	return !strcmp(j->e->driver, j->e->rule->driver);
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

/* No driver has this name: it keeps off the rule's own too, which may be registered later. */
static int hold(const struct job *j)
{
	return write_attribute(j, "driver_override", "vgapass-hold");
}

/* With on-failure=release the host's driver gets the function back, if it is loaded; if
 * not, udev loads it later and it finds the function free. */
static void fail(const struct job *j, enum reason reason)
{
	struct plan_entry *e = j->e;
	bool gone = is_gone(j);
	bool held = e->rule->hold && !*e->driver && !hold(j);

	if (!held) {
		/* A newline clears it, an empty write would be none (drivers/base/driver.c). */
		write_attribute(j, "driver_override", "\n");
		write_address(j, "../drivers_probe");
		is_gone(j);
	}
	if (gone) {
		e->error = 0;
		reason = REASON_GONE;
	}
	e->reason = (uint8_t)reason;
	e->state = held ? STATE_HELD : STATE_FAILED;
}

static bool lacks_group(const struct job *j)
{
	return j->f->group < 0 && !j->e->rule->iommu_ignore;
}

/* Looks whether it has one by now. */
static bool still_lacks_group(const struct job *j)
{
	struct inventory *inv = &j->w->run->inv;

	if (!lacks_group(j))
		return false;
	j->f->known &= (uint8_t)~PCI_DETAIL_GROUP;
	scan_details(-1, inv, (unsigned)(j->f - inv->function), PCI_DETAIL_GROUP);
	return lacks_group(j);
}

/* The IOMMU comes with a module of the host. A driver that probes before is refused, and
 * vfio-pci has taken the console away by then. */
static bool awaits_iommu(const struct job *j)
{
	return lacks_group(j) && !j->w->run->inv.has_iommu;
}

static enum reason claim(const struct job *j)
{
	struct plan_entry *e = j->e;

	e->step = STEP_OVERRIDE;
	e->error = awaits_iommu(j) ? hold(j) :
				     write_attribute(j, "driver_override", e->rule->driver);
	return e->error ? REASON_OVERRIDE : REASON_NONE;
}

static char *detail_of(const struct job *j)
{
	struct plan *p = &j->w->run->plan;

	return p->detail[j->e - p->entry];
}

/* False: the file shows which sizes the BAR can have (bit n: 2^n MiB), and this is none. */
static bool can_resize(const struct job *j, const struct rule_attr *a)
{
	char text[32];
	uint64_t mask, size;
	struct text t;

	if (sysfs_read(j->devices, path_function(j->f, a->name), text, sizeof(text)) < 0 ||
	    !slice_hex(slice_nth(slice_of(text), '\n', 0), UINT64_MAX, &mask) ||
	    !slice_dec(slice_of(a->value), 63, &size) || mask >> size & 1)
		return true;
	text_start(&t, detail_of(j), PLAN_DETAIL);
	for (unsigned n = 0; n < 64; n++)
		if (mask >> n & 1)
			text_add(&t, n < 10 ? " %uM" : n < 20 ? " %uG" : " %uT", 1u << n % 10);
	return false;
}

/* What the write says holds: reset_method reads as a list, a size as a mask. */
static enum reason write_attrs(const struct job *j)
{
	struct plan_entry *e = j->e;
	char value[256];

	/* Those of the rule are for what it names, not for what goes along. */
	for (e->attr = 0; e->attr < e->rule->attrs && !e->companion; e->attr++) {
		const struct rule_attr *a = &e->rule->attr[e->attr];
		struct slice name = slice_of(a->name);
		e->step = STEP_ATTR;
		*detail_of(j) = '\0';
		if (name.n == 16 && !strcmp(a->name + 9, "_resize") && !can_resize(j, a))
			return REASON_ATTR;
		text_make(value, sizeof(value), "%s", a->value);
		/* The kernel splits at blanks, which no rule can have. */
		for (char *p = value; slice_is(name, "reset_method") && *p; p++)
			if (*p == ',')
				*p = ' ';
		e->error = write_attribute(j, a->name, value);
		if (e->error)
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
		sysfs_write(j->w->roots.sys,
			    path_make("bus/platform/drivers/%s-framebuffer/unbind", names[i]),
			    text_make(device, sizeof(device), "%s-framebuffer.0", names[i]));
}

/* Storage, SD and USB controllers: there may be a disk behind them. */
static bool is_early(const struct pci_function *f)
{
	uint32_t class = f->class >> 8;

	return PCI_CLASS_BASE(f->class) == PCI_BASE_STORAGE || class == PCI_CLASS_USB ||
	       class == PCI_CLASS_SD;
}

/* First pass: what must be written before a driver can take the function. */
static enum reason prepare(const struct job *j)
{
	release_framebuffer(j);
	if (is_gone(j))
		return REASON_GONE;
	return *j->e->driver ? REASON_NONE : write_attrs(j);
}

/* Takes it from the driver that holds it. */
static enum reason unbind(const struct job *j)
{
	struct plan_entry *e = j->e;

	if (disk_in_use(&j->w->roots, j->f, detail_of(j), PLAN_DETAIL))
		return REASON_IN_USE;
	e->step = STEP_UNBIND;
	e->error = write_unbind(j);
	/* It may have been let go of in between; the link tells. */
	if (e->error && (is_gone(j) || *e->driver))
		return REASON_UNBIND;
	e->error = 0;
	return REASON_NONE;
}

/* Last pass: bound by the modules' loading, or now; one that a driver holds, when it is late
 * enough (see apply_late()). */
static enum reason bind(const struct job *j)
{
	struct plan_entry *e = j->e;
	const char *driver = e->rule->driver;
	bool awaits = awaits_iommu(j);
	int error = 0;

	if (is_gone(j))
		return REASON_GONE;
	if (!is_bound(j)) {
		if ((*e->driver || awaits) && !j->late)
			return REASON_NONE;
		if (awaits && still_lacks_group(j))
			return REASON_NO_GROUP;
		bool there = sysfs_exists(j->devices, path_make("../drivers/%s", driver));
		if (*e->driver && (there || e->rule->hold)) {
			enum reason reason = unbind(j);
			if (!reason && there)
				reason = write_attrs(j);
			if (reason)
				return reason;
		}
		if (!there)
			return REASON_NO_DRIVER;
		if (awaits && claim(j))
			return REASON_OVERRIDE;
		e->step = STEP_PROBE;
		/* It waits for a probe that is running, and says EBUSY where that took it: only the
		 * link is proof. */
		error = write_address(j, path_make("../drivers/%s/bind", driver));
		is_gone(j);
	}
	if (still_lacks_group(j)) {
		if (is_bound(j))
			write_unbind(j);
		return REASON_NO_GROUP;
	}
	e->error = error;
	if (!is_bound(j))
		return REASON_PROBE;
	e->reason = REASON_NONE;
	e->state = STATE_BOUND;
	return REASON_NONE;
}

/* Behind the claims: see apply_claim(). */
static enum reason let_go(const struct job *j)
{
	struct inventory *inv = &j->w->run->inv;

	if (!is_early(j->f) || is_gone(j) || !*j->e->driver || is_bound(j))
		return REASON_NONE;
	/* Nobody can tell afterwards who had it. */
	scan_details(-1, inv, (unsigned)(j->f - inv->function), PCI_DETAIL_DRIVER);
	unbind(j);
	/* If the kernel has taken too long it was given up: nobody else comes back to it. */
	return j->e->state == STATE_PLANNED ? REASON_NONE : bind(j);
}

uint32_t apply_clock_us(void)
{
	struct timeval t;

	gettimeofday(&t, NULL);
	return (uint32_t)t.tv_sec * 1000000u + (uint32_t)t.tv_usec;
}

/* Does one thing with function i if that is still to be bound, and nobody is hanging in it. */
static void run_step(const struct work *w, unsigned i, enum reason (*step)(const struct job *j))
{
	struct plan_entry *e = &w->run->plan.entry[i];
	struct job j = { w, w->late, w->run->inv.devices, &w->run->inv.function[i], e };

	if (e->state != STATE_PLANNED || e->step)
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
	const struct work *w = work;
	unsigned functions = w->run->inv.functions;

	if (i < functions)
		run_step(w, i, claim);
	else
		run_step(w, i - functions, let_go);
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

	if (sysfs_exists(w->roots.sys, path_make("module/%v", &name)))
		return;
	text_start(&t, buf, sizeof(buf));
	text_add(&t, "%v", &params);
	/* Of a parameter given twice the kernel keeps the last: the command line's. */
	cmdline_module_params(slice_of(r->cmdline), name, &t);
	int error = t.cut ? -E2BIG :
		    sysfs_load_module(w->roots.root, path_make(MODULES_DIR "/%v.ko", &name), buf);
	if (error && error != -EEXIST && !r->module_error) {
		r->module_error = error;
		text_make(r->module, sizeof(r->module), "%v", &name);
	}
}

unsigned apply_prepare(struct work *w)
{
	if (sysfs_read_file(w->roots.root, MODULES_LIST, w->list, sizeof(w->list)) < 0)
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

/* What the plan has made of the function at an address. */
static enum function_state state_at(const struct run *r, const struct pci_address *at)
{
	for (unsigned i = 0; i < r->inv.functions; i++)
		if (!pci_compare(&r->inv.function[i].at, at))
			return r->plan.entry[i].state;
	return STATE_NONE;
}

struct group {
	const struct work *w;
	struct blocker b; /* as it will be, if this is one */
	enum viability viable;
};

static void block(struct group *g)
{
	struct run *r = g->w->run;

	g->viable = VIABLE_NO;
	if (r->blockers < BLOCKERS_MAX)
		r->blocker[r->blockers] = g->b;
	r->blockers++;
}

/* Whatever a function with a header of type 1 or 2 is on, it is no obstacle. One without a
 * driver may get one of the host's yet, unless it is held. */
static int look_at_member(const char *name, void *arg)
{
	struct group *g = arg;
	const struct run *r = g->w->run;
	struct pci_function f;
	struct plan_entry e = { .driver = g->b.driver };
	struct job j = { g->w, true, r->inv.devices, &f, &e };

	if (!pci_parse_address(slice_of(name), &f.at, NULL) || is_gone(&j))
		return 0;
	struct slice driver = slice_of(e.driver);
	if ((driver.n && apply_is_harmless(driver)) ||
	    sysfs_exists(j.devices, path_function(&f, "secondary_bus_number")))
		return 0;
	g->b.at = f.at;
	if (driver.n)
		block(g);
	else if (g->viable == VIABLE_YES && state_at(r, &f.at) != STATE_HELD)
		g->viable = VIABLE_UNKNOWN;
	return 0;
}

static void look_at_group(const struct work *w, unsigned i)
{
	const struct pci_function *f = w->run->inv.function;
	struct group g = { w, { f[i].group, f[i].at, "" }, VIABLE_YES };
	int sys = w->roots.sys;
	char text[4097];

	/* Memory that must stay where it is (RMRR; drivers/iommu/iommu.c, require_direct). */
	if (sysfs_read(sys, path_make("kernel/iommu_groups/%u/reserved_regions",
				      (unsigned)g.b.group), text, sizeof(text)) > 0) {
		struct slice rest = slice_of(text);
		while (rest.n && g.viable == VIABLE_YES)
			if (slice_is(slice_nth(slice_cut(&rest, '\n'), ' ', 2), "direct"))
				block(&g);
	}
	sysfs_list(sys, path_make("kernel/iommu_groups/%u/devices", (unsigned)g.b.group),
		   look_at_member, &g);
	for (; i < w->run->inv.functions; i++) {
		struct plan_entry *e = &w->run->plan.entry[i];
		if (e->state == STATE_BOUND && f[i].group == g.b.group)
			e->viable = (uint8_t)g.viable;
	}
}

struct on_driver {
	struct run *r;
	const char *name;
};

static int look_at_function(const char *name, void *arg)
{
	const struct on_driver *d = arg;
	struct run *r = d->r;
	struct pci_address at;

	if (!pci_parse_address(slice_of(name), &at, NULL))
		return 0;
	enum function_state state = state_at(r, &at);
	if (state == STATE_PLANNED || state >= STATE_BOUND)
		return 0;
	if (r->strays < STRAYS_MAX) {
		struct stray *s = &r->stray[r->strays];
		s->at = at;
		text_make(s->driver, sizeof(s->driver), "%s", d->name);
	}
	r->strays++;
	return 0;
}

/* Each driver of the rules once, but those of the host. */
static void find_strays(const struct work *w)
{
	const struct rule *rule = w->run->config.rule;

	for (unsigned i = 0, k; i < w->run->config.rules; i++) {
		struct on_driver d = { w->run, rule[i].driver };
		for (k = 0; strcmp(rule[k].driver, d.name);)
			k++;
		if (k == i && apply_is_harmless(slice_of(d.name)) && strcmp(d.name, "pcieport"))
			sysfs_list(w->roots.sys, path_make("bus/pci/drivers/%s", d.name),
				   look_at_function, &d);
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
		if (e->state == STATE_BOUND && w->late && !e->viable &&
		    r->inv.function[i].group >= 0)
			look_at_group(w, i);
	}
	if (w->late)
		find_strays(w);
	return held;
}
