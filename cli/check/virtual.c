/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtual.c - rules with vfs=: can the driver of the function make its virtual functions? */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/machine/facts.h"
#include "cli/machine/kernel_log.h"
#include "cli/machine/receipt_read.h"
#include "cli/out/xalloc.h"
#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"

/* --- the kernel's own words */

/* What drivers/pci/iov.c says behind the function's address, in the words of Linux 2.6.30 to 7.2.
 * It says nothing about ARI itself: without it, virtual functions take bus numbers that the
 * firmware has not kept free, which is the second line, in older kernels the third. The driver
 * "does not support SR-IOV configuration via sysfs"; in older kernels it "does not", in still
 * older ones it "doesn't", "support SRIOV configuration". */
static const struct sign {
	const char *words;
	const char *what, *fix, *other;
} signs[] = {
	{ "not enough MMIO resources for SR-IOV",
	  "the firmware has left no memory addresses for them",
	  "turn Above 4G Decoding and SR-IOV on in the firmware setup",
	  "or add pci=realloc to the kernel command line" },
	{ " out of range of [bus ",
	  "the firmware has left no bus numbers for them",
	  "turn ARI and SR-IOV on in the firmware setup",
	  "or write a smaller vfs= to the rule" },
	{ "SR-IOV: bus number out of range",
	  "the firmware has left no bus numbers for them",
	  "turn ARI and SR-IOV on in the firmware setup",
	  "or write a smaller vfs= to the rule" },
	{ "support SR-IOV configuration via sysfs",
	  "its driver makes none",
	  "use another driver, or another version of this one", NULL },
	{ "support SRIOV configuration via sysfs",
	  "its driver makes none",
	  "use another driver, or another version of this one", NULL },
	{ "VFs already enabled. Disable before enabling",
	  "others existed already when they were to be made",
	  "look for what makes them: max_vfs= in modprobe.d, or a service", NULL },
};

struct log_text {
	char *text;
	size_t n;
};

static void add_log(const char *data, size_t n, void *arg)
{
	struct log_text *log = arg;

	log->text = xreallocarray(log->text, log->n + n + 1, 1);
	memcpy(log->text + log->n, data, n);
	log->n += n;
	log->text[log->n] = '\0';
}

/* Returns the kernel's log since it started, as far as its buffer reaches; to be freed. NULL: it
 * cannot be read. */
static char *read_log(struct check *c)
{
	struct log_text log = { NULL, 0 };
	int fd = kernel_log_open(c->host);

	if (fd < 0) {
		c->unread |= geteuid() != 0;
		return NULL;
	}
	kernel_log_read(fd, true, add_log, &log);
	close(fd);
	return log.text;
}

/* Returns the last of the signs that a line about the function has; NULL: there is none. */
static const struct sign *find_sign(const char *log, const struct pci_function *f)
{
	const struct sign *found = NULL;
	char at[PCI_ADDRESS_SIZE + 2], line[512];

	text_make(at, sizeof(at), "%pa:", &f->at);
	for (const char *next; log && *log; log = next) {
		size_t n = strcspn(log, "\n");
		next = log + n + (log[n] == '\n');
		text_make(line, sizeof(line), "%pv", &(struct slice){ log, n });
		const char *words = strstr(line, at);
		for (size_t i = 0; words && i < sizeof(signs) / sizeof(signs[0]); i++)
			if (strstr(words, signs[i].words))
				found = &signs[i];
	}
	return found;
}

/* --- each function that is to have some */

/* What vgapass-late, or the boot, has written about it: "" if it has not failed. */
static const char *find_failure(json_object *receipt, const struct pci_function *f)
{
	json_object *list = receipt ? receipt_list(receipt, "functions") : NULL;
	const char *at = check_address(f);

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		json_object *o = json_object_array_get_idx(list, i);
		if (!strcmp(receipt_text(o, "address"), at) &&
		    !strcmp(receipt_text(o, "state"), "failed"))
			return receipt_text(o, "reason");
	}
	return "";
}

/* Without a driver nothing makes them. */
static void say_no_driver(struct check *c, const struct pci_function *f)
{
	char names[HOST_NAME_MAX];
	const char *modules = host_candidates(c->host, f, names);

	check_say(c, *modules ? FINDING_WARNING : FINDING_ERROR, CODE_VF_DRIVER_MISSING,
		  check_address(f), "has no driver%s, and only its driver can make virtual "
		  "functions", *modules ? "" : ", as this kernel has none for it");
	if (*modules) {
		check_run(c, "modprobe %.*s", (int)strcspn(modules, ","), modules);
		check_advise(c, "look in dmesg for why it has none");
	} else {
		check_advise(c, "install the driver of the host, often in a package of its own");
	}
}

static void say_too_few(struct check *c, const struct pci_function *f, const struct sign *sign,
			const char *reason)
{
	unsigned wanted = host_entry(c->host, f)->rule->vfs;

	if (!sign && !*reason)
		return;
	check_say(c, FINDING_ERROR, CODE_VF_FAILED, check_address(f),
		  "its %u virtual functions could not be made: %s", wanted,
		  sign ? sign->what : reason);
	if (!sign)
		check_run(c, "dmesg | grep %s", check_address(f));
	else
		check_advise(c, "%s", sign->fix);
	if (sign && sign->other)
		check_advise(c, "%s", sign->other);
}

/* The kernel changes the number only by way of 0, which takes them from their users. */
static void say_other_number(struct check *c, const struct pci_function *f, unsigned n)
{
	const struct rule *rule = host_entry(c->host, f)->rule;

	check_say(c, FINDING_ERROR, CODE_VF_NUMBER, check_address(f),
		  "has %u virtual functions, which something else made; its rule has vfs=%u", n,
		  rule->vfs);
	check_edit(c, check_place(&rule->at), "write vfs=%u, if that is right", n);
	check_advise(c, "or remove what makes them: max_vfs= in modprobe.d, or what writes "
		     "sriov_numvfs");
}

static void check_function(struct check *c, const struct pci_function *f, json_object *receipt,
			   const char *log)
{
	unsigned used = 0, total = 0, wanted = host_entry(c->host, f)->rule->vfs;

	if (!facts_vfs(c->host, f, &used, &total) || used == wanted)
		return;
	const struct sign *sign = find_sign(log, f);
	if (used)
		say_other_number(c, f, used);
	else if (!*f->driver)
		say_no_driver(c, f);
	else
		say_too_few(c, f, sign, find_failure(receipt, f));
}

/* --- what makes others at each boot */

/* A line of a setting that makes them: "sriov_numvfs" of udev, systemd, sysfsutils and scripts,
 * max_vfs= of older drivers. */
static bool makes_virtual(struct slice line)
{
	while (line.n && (*line.p == ' ' || *line.p == '\t'))
		line.p++, line.n--;
	return line.n && *line.p != '#' &&
	       (memmem(line.p, line.n, "sriov_numvfs", 12) ||
		memmem(line.p, line.n, "max_vfs=", 8));
}

struct places {
	struct check *c;
	const char *folder;
	char path[CHECK_PLACE_MAX];
	unsigned line;
};

static int look_at_line(struct slice line, void *arg)
{
	struct places *p = arg;

	p->line++;
	if (!makes_virtual(line))
		return 0;
	check_say(p->c, FINDING_WARNING, CODE_VF_ELSEWHERE, check_line(p->path, p->line),
		  "makes virtual functions, as rules with vfs= do");
	check_edit(p->c, check_line(p->path, p->line), "remove it, if it is about the same card");
	return 0;
}

static void look_at_file(struct places *p, const char *path)
{
	text_make(p->path, sizeof(p->path), "%s", path);
	p->line = 0;
	sysfs_lines(p->c->host->roots.root, path, look_at_line, p);
}

/* Nothing here calls sysfs_list() again. */
static int look_at_entry(const char *name, void *arg)
{
	struct places *p = arg;
	char path[CHECK_PLACE_MAX];

	text_make(path, sizeof(path), "%s/%s", p->folder, name);
	if (!sysfs_regular(p->c->host->roots.root, path))
		look_at_file(p, path);
	return 0;
}

static void look_elsewhere(struct check *c)
{
	static const char *const folders[] = { "etc/udev/rules.d", "etc/modprobe.d",
					       "etc/systemd/system", "etc/sysfs.d",
					       "etc/tmpfiles.d", "etc/network/interfaces.d" };
	static const char *const files[] = { "etc/sysfs.conf", "etc/rc.local",
					     "etc/network/interfaces" };
	struct places p = { .c = c };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		p.folder = folders[i];
		sysfs_list(c->host->roots.root, p.folder, look_at_entry, &p);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		look_at_file(&p, files[i]);
}

/* What the rule refuses, as the function cannot have so many, is of the topic config. */
void check_virtual(struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;
	json_object *receipt = NULL;
	const char *why;
	char *log = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (host_entry(c->host, f)->state != STATE_SHARED)
			continue;
		if (!n++) {
			receipt = receipt_read(&c->host->roots, &why);
			log = read_log(c);
		}
		check_function(c, f, receipt, log);
	}
	if (n)
		look_elsewhere(c);
	json_object_put(receipt);
	free(log);
}
