/* apply.c - see apply.h */
#include "apply.h"
#include "path.h"
#include "sysfs.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>

/* One function in the hands of a worker. */
struct job {
	int sys;
	const struct pci_function *f;
	struct plan_entry *e;
};

/* The driver that the function is on: its name, "" for none. 0, or -ENODEV: gone. */
static int read_driver(int sys, const struct pci_function *f, char name[PCI_DRIVER_NAME])
{
	struct path p;

	if (sysfs_link(sys, path_function(&p, f, "driver"), 0, name, PCI_DRIVER_NAME) >= 0)
		return 0;
	name[0] = '\0';
	return sysfs_exists(sys, path_function(&p, f, "")) ? 0 : -ENODEV;
}

static int write_attribute(const struct job *j, const char *name, const char *value)
{
	struct path p;

	return sysfs_write(j->sys, path_function(&p, j->f, name), value);
}

static int probe(const struct job *j)
{
	struct path p;

	return sysfs_write(j->sys, "bus/pci/drivers_probe", path_address(&p, j->f));
}

/* With on-failure=release the host's driver gets the function back, if it is loaded; if
 * not, udev loads it later and it finds the function free. */
static void fail(const struct job *j, enum reason reason, int error)
{
	struct plan_entry *e = j->e;
	bool gone = read_driver(j->sys, j->f, e->driver), hold = e->rule->hold;

	if (!gone && !hold) {
		/* A newline clears it, an empty write would be none (drivers/base/driver.c). */
		write_attribute(j, "driver_override", "\n");
		probe(j);
		read_driver(j->sys, j->f, e->driver);
	}
	e->error = gone ? 0 : error;
	e->reason = gone ? REASON_GONE : (uint8_t)reason;
	e->state = !gone && hold && !*e->driver ? STATE_HELD : STATE_FAILED;
}

void apply_claim(void *work, unsigned i)
{
	const struct work *w = work;
	struct job j = { w->sys, &w->run->inv.function[i], &w->run->plan.entry[i] };

	if (j.e->state != STATE_PLANNED)
		return;
	j.e->step = STEP_OVERRIDE;
	int error = write_attribute(&j, "driver_override", j.e->rule->driver);
	if (error)
		fail(&j, REASON_OVERRIDE, error);
	j.e->step = STEP_NONE;
}

/* A newline may end what reads back, and the value may stand among others (reset_method
 * reads "flr bus" after "flr,bus" was written, and "flr" after "flr"). */
static bool reads_back(const struct job *j, const char *name, const char *value)
{
	char buf[4096];
	struct path p;
	ssize_t n = sysfs_read(j->sys, path_function(&p, j->f, name), buf, sizeof(buf));

	if (n < 0)
		return n == -EACCES || n == -EIO; /* written only, like "reset" */
	struct slice line = { buf, (size_t)n };
	line = slice_cut(&line, '\n');
	if (slice_is(line, value))
		return true;
	while (line.n)
		if (slice_is(slice_cut(&line, ' '), value))
			return true;
	return false;
}

/* False: one could not be written, and the function is decided as failed. */
static bool write_attrs(const struct job *j)
{
	struct plan_entry *e = j->e;

	/* Those of the rule are for what it names, not for what goes along. */
	for (e->attr = 0; e->attr < e->rule->attrs && !e->companion; e->attr++) {
		const struct rule_attr *a = &e->rule->attr[e->attr];
		e->step = STEP_ATTR;
		int error = write_attribute(j, a->name, a->value);
		if (error || !reads_back(j, a->name, a->value)) {
			fail(j, REASON_ATTR, error);
			return false;
		}
	}
	return true;
}

/* The firmware's framebuffer keeps the memory of a boot display of class 0302 or 0380: for
 * 0300 alone vfio-pci drives it away itself (aperture_remove_conflicting_pci_devices). */
static void release_framebuffer(const struct job *j)
{
	static const char names[][7] = { "efi", "vesa", "simple" };
	char device[24];
	struct path p;
	struct text t;

	if (!j->f->boot_display || j->f->class >> 8 == PCI_CLASS_VGA)
		return;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		text_start(&t, device, sizeof(device));
		text_add(&t, "%s-framebuffer", names[i]);
		path_join(&p, "bus/platform/drivers/", device, "/unbind");
		text_add(&t, ".0");
		sysfs_write(j->sys, p.s, device);
	}
}

/* First pass: what must be written before a driver can take the function. */
static void prepare(const struct job *j)
{
	release_framebuffer(j);
	if (read_driver(j->sys, j->f, j->e->driver))
		fail(j, REASON_GONE, 0);
	else if (!*j->e->driver)
		write_attrs(j);
	/* Until the modules are in, those are what it waits for. */
	j->e->step = STEP_NONE;
}

/* Last pass: bound by the modules' loading, or now. */
static void bind(const struct job *j)
{
	struct plan_entry *e = j->e;
	struct path p, at;
	int error;

	if (read_driver(j->sys, j->f, e->driver)) {
		fail(j, REASON_GONE, 0);
		return;
	}
	if (!strcmp(e->driver, e->rule->driver)) {
		e->state = STATE_BOUND;
		return;
	}
	bool there = sysfs_exists(j->sys, path_join(&p, "bus/pci/drivers/", e->rule->driver, ""));
	if (*e->driver && (there || e->rule->hold)) {
		e->step = STEP_UNBIND;
		error = sysfs_write(j->sys, path_function(&p, j->f, "driver/unbind"),
				    path_address(&at, j->f));
		/* It may have been let go of in between; the link tells. */
		if (error && (read_driver(j->sys, j->f, e->driver) || *e->driver)) {
			fail(j, REASON_UNBIND, error);
			return;
		}
		if (there && !write_attrs(j))
			return;
	}
	if (!there) {
		fail(j, REASON_NO_DRIVER, 0);
		return;
	}
	e->step = STEP_PROBE;
	error = probe(j);
	/* The write succeeds where the probe fails too: only the link is proof. */
	read_driver(j->sys, j->f, e->driver);
	if (!strcmp(e->driver, e->rule->driver))
		e->state = STATE_BOUND;
	else
		fail(j, REASON_PROBE, error);
}

/* "NAME [PARAM ...]" */
static void load_module(const struct work *w, unsigned line)
{
	struct slice list = slice_of(w->list), params;
	char buf[1024];
	struct run *r = w->run;
	struct path name, p;
	struct text t;

	do
		params = slice_cut(&list, '\n');
	while (line--);
	text_start(&t, name.s, PCI_DRIVER_NAME);
	struct slice word = slice_cut(&params, ' ');
	text_add(&t, "%v", &word);
	if (sysfs_exists(w->sys, path_join(&p, "module/", name.s, "")))
		return;
	text_start(&t, buf, sizeof(buf));
	text_add(&t, "%v", &params);
	/* Of a parameter given twice the kernel keeps the last: the command line's. */
	cmdline_module_params(slice_of(r->cmdline), word, &t);
	path_join(&p, MODULES_DIR "/", name.s, ".ko");
	int error = t.cut ? -E2BIG : sysfs_load_module(w->root, p.s, buf);
	if (error && error != -EEXIST && !r->module_error) {
		r->module_error = error;
		memcpy(r->module, name.s, sizeof(r->module));
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

uint32_t apply_clock_us(void)
{
	struct timeval t;

	gettimeofday(&t, NULL);
	return (uint32_t)t.tv_sec * 1000000u + (uint32_t)t.tv_usec;
}

void apply_item(void *work, unsigned item)
{
	const struct work *w = work;
	unsigned functions = w->run->inv.functions;

	if (item - functions < w->modules) {
		load_module(w, item - functions);
		return;
	}
	unsigned i = item < functions ? item : item - functions - w->modules;
	struct job j = { w->sys, &w->run->inv.function[i], &w->run->plan.entry[i] };
	uint32_t start = apply_clock_us();
	if (j.e->state != STATE_PLANNED)
		return;
	if (item < functions)
		prepare(&j);
	else
		bind(&j);
	j.e->us += apply_clock_us() - start;
}

struct group {
	const struct work *w;
	int32_t group;
	bool viable;
};

static bool starts_or_ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);

	return n >= m && (!memcmp(s, with, m) || !memcmp(s + n - m, with, m));
}

/* Drivers that leave a group to a guest: those of VFIO, and those that promise to do no DMA
 * of their own (driver_managed_dma in drivers/pci: pci-stub, pcieport and its kin). */
static bool is_harmless(const char *driver)
{
	return !*driver || starts_or_ends(driver, "vfio-pci") ||
	       starts_or_ends(driver, "vfio_pci") || starts_or_ends(driver, "pci-stub") ||
	       starts_or_ends(driver, "pcieport");
}

static int look_at_member(const char *name, void *arg)
{
	struct group *g = arg;
	struct run *r = g->w->run;
	struct blocker b = { .group = g->group };
	struct pci_function f;

	if (!pci_parse_address(slice_of(name), &f.at, NULL) ||
	    read_driver(g->w->sys, &f, b.driver) || is_harmless(b.driver))
		return 0;
	g->viable = false;
	b.at = f.at;
	if (r->blockers < BLOCKERS_MAX)
		r->blocker[r->blockers] = b;
	r->blockers++;
	return 0;
}

static void look_at_group(const struct work *w, unsigned i)
{
	const struct pci_function *f = w->run->inv.function;
	struct plan_entry *e = w->run->plan.entry;
	struct group g = { w, f[i].group, true };
	struct path p;
	struct text t;

	text_start(&t, p.s, sizeof(p.s));
	text_add(&t, "kernel/iommu_groups/%u/devices", (unsigned)g.group);
	sysfs_list(w->sys, p.s, look_at_member, &g);
	for (; i < w->run->inv.functions; i++)
		if (e[i].state == STATE_BOUND && f[i].group == g.group) {
			e[i].checked = true;
			e[i].viable = g.viable;
		}
}

void apply_finish(const struct work *w)
{
	const struct run *r = w->run;

	for (unsigned i = 0; i < r->inv.functions; i++) {
		struct plan_entry *e = &w->run->plan.entry[i];
		if (e->state == STATE_PLANNED) {
			e->state = STATE_FAILED;
			e->reason = REASON_HANG;
		}
		if (e->state == STATE_BOUND && !e->checked && r->inv.function[i].group >= 0)
			look_at_group(w, i);
	}
}
