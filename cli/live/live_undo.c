/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_undo.c - giving functions back: see live.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/cmd.h"
#include "live.h"

int live_override(const struct live *l, const struct pci_function *f, const char *driver)
{
	/* A newline clears it. */
	return sysfs_write(l->host.run.inv.devices, path_function(f, "driver_override"),
			   *driver ? driver : "\n");
}

/* "resource1_resize" shows which sizes there are, and takes the logarithm of one: that of now
 * is the size of the file resource1 (drivers/pci/pci-sysfs.c). */
static bool read_size(const struct live *l, const struct pci_function *f, const char *name,
		      char value[256])
{
	static const char form[] = "resource#_resize";
	char file[] = "resource0";
	unsigned shift = 0;
	struct stat st;

	if (strlen(name) != sizeof(form) - 1 || strncmp(name, form, 8) != 0 ||
	    strcmp(name + 9, form + 9) != 0)
		return false;
	file[8] = name[8];
	*value = '\0';
	if (fstatat(l->host.run.inv.devices, path_function(f, file), &st, 0) ||
	    st.st_size < 1 << 20)
		return true;
	while (st.st_size >> 21 >> shift)
		shift++;
	snprintf(value, 256, "%u", shift);
	return true;
}

/* What writing an attribute would take it back to. False: that is not known. */
static bool read_value(const struct live *l, const struct pci_function *f, const char *name,
		       char value[256])
{
	if (read_size(l, f, name, value))
		return *value;
	if (sysfs_read(l->host.run.inv.devices, path_function(f, name), value, 256) < 0)
		return false;
	value[strcspn(value, "\n")] = '\0';
	return true;
}

/* The attributes that the function's rule writes: those of what goes along are its own. */
static unsigned attributes_of(const struct live *l, unsigned k)
{
	const struct plan_entry *e = host_entry(&l->host, l->function[k].f);

	return e->rule && !e->companion ? e->rule->attrs : 0;
}

void live_remember(struct live *l, unsigned k)
{
	struct live_function *one = &l->function[k];
	const struct plan_entry *e = host_entry(&l->host, one->f);

	for (unsigned i = 0; i < attributes_of(l, k); i++)
		one->attribute[i].known = read_value(l, one->f, e->rule->attr[i].name,
						     one->attribute[i].before);
}

/* A write may need that no driver has the function, as resizing a BAR does. */
static void restore_attributes(struct live *l, unsigned k)
{
	struct live_function *one = &l->function[k];
	const struct plan_entry *e = host_entry(&l->host, one->f);
	char value[256];

	for (unsigned i = 0; i < attributes_of(l, k); i++) {
		struct live_attribute *a = &one->attribute[i];
		const char *name = e->rule->attr[i].name;
		if (!a->known) {
			a->left = i < l->host.run.outcome[e - l->host.run.plan.entry].attr;
			continue;
		}
		if (read_value(l, one->f, name, value) && strcmp(value, a->before) != 0)
			sysfs_write(l->host.run.inv.devices, path_function(one->f, name),
				    *a->before ? a->before : "\n");
		a->left = !read_value(l, one->f, name, value) || strcmp(value, a->before) != 0;
	}
}

static void read_driver(const struct live *l, const struct pci_function *f,
			char driver[PCI_DRIVER_NAME])
{
	if (sysfs_link(l->host.run.inv.devices, path_function(f, "driver"), 0, driver,
		       PCI_DRIVER_NAME) < 0)
		*driver = '\0';
}

void live_give_back(struct live *l, unsigned k, bool as_it_was)
{
	struct live_function *one = &l->function[k];
	const char *driver = as_it_was ? one->f->driver : NULL;
	int sys = l->host.roots.sys, devices = l->host.run.inv.devices;
	char address[24];

	text_make(address, sizeof(address), "%pa", &one->f->at);
	live_override(l, one->f, as_it_was ? one->override : "");
	read_driver(l, one->f, one->driver);
	bool change = !driver || strcmp(one->driver, driver) != 0;
	if (change && *one->driver)
		sysfs_write(devices, path_function(one->f, "driver/unbind"), address);
	if (as_it_was)
		restore_attributes(l, k);
	if (change && !driver)
		host_load_candidates(&l->host, one->f);
	if (change && !driver)
		sysfs_write(sys, "bus/pci/drivers_probe", address);
	else if (change && *driver)
		sysfs_write(sys, path_make("bus/pci/drivers/%s/bind", driver), address);
	read_driver(l, one->f, one->driver);
	one->done = true;
}

static void read_framebuffer(const struct live *l, const char *device, char driver[64])
{
	if (sysfs_link(l->host.roots.sys, path_make("bus/platform/devices/%s/driver", device), 0,
		       driver, 64) < 0)
		*driver = '\0';
}

static int note_framebuffer(const char *name, void *live)
{
	struct live *l = live;
	struct live_framebuffer *next = &l->framebuffer[l->framebuffers];

	if (!strstr(name, "framebuffer") || l->framebuffers == LIVE_FRAMEBUFFERS_MAX)
		return 0;
	text_make(next->device, sizeof(next->device), "%s", name);
	read_framebuffer(l, name, next->driver);
	l->framebuffers += *next->driver != '\0';
	return 0;
}

void live_note_framebuffers(struct live *l)
{
	sysfs_list(l->host.roots.sys, "bus/platform/devices", note_framebuffer, l);
}

static void restore_framebuffers(const struct live *l)
{
	for (unsigned i = 0; i < l->framebuffers; i++) {
		const struct live_framebuffer *fb = &l->framebuffer[i];
		char driver[64];
		read_framebuffer(l, fb->device, driver);
		if (!*driver)
			sysfs_write(l->host.roots.sys,
				    path_make("bus/platform/drivers/%s/bind", fb->driver),
				    fb->device);
	}
}

/* The framebuffers last: by then no guest's driver has their memory. */
static void undo_item(void *live, unsigned k)
{
	struct live *l = live;

	if (k < l->n)
		live_give_back(l, k, !l->function[k].is_new);
	else
		restore_framebuffers(l);
}

/* Those that were bound before stay what they were too. */
static void say_undone(const struct live *l, unsigned k)
{
	const struct live_function *one = &l->function[k];
	const struct rule *rule = host_entry(&l->host, one->f)->rule;
	const char *was = *one->f->driver ? one->f->driver : "no driver";
	const char *is = *one->driver ? one->driver : "no driver";
	char at[64];

	text_make(at, sizeof(at), "%pa", &one->f->at);
	if (!one->done)
		cmd_complain("%s: the kernel has not returned from giving it back to %s: see the "
			     "kernel log", at, was);
	else if (one->is_new)
		cmd_complain("%s: left to the host, %s has it", at, is);
	else if (strcmp(was, is) != 0)
		cmd_complain("%s: not given back to %s, %s has it: see the "
			     "kernel log", at, was, is);
	else
		cmd_complain("%s: as before, %s has it", at, was);
	for (unsigned i = 0; one->done && i < attributes_of(l, k); i++)
		if (one->attribute[i].left)
			cmd_complain("%s: attr.%s was written and could not be restored", at,
				     rule->attr[i].name);
}

void live_undo(struct live *l)
{
	char driver[64];

	__atomic_store_n(&l->undone, true, __ATOMIC_SEQ_CST);
	live_run(l, l->n + 1, undo_item);
	for (unsigned k = 0; k < l->n; k++)
		say_undone(l, k);
	for (unsigned i = 0; i < l->framebuffers; i++) {
		read_framebuffer(l, l->framebuffer[i].device, driver);
		if (strcmp(driver, l->framebuffer[i].driver) != 0)
			cmd_complain("%s: the firmware's framebuffer is not back: reboot for a "
				     "console on it", l->framebuffer[i].device);
	}
}
