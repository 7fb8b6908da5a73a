/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evidence_reset.c - resets, power and interrupts of a function; see evidence.h */
#include "evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/driver.h"
#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"

static const char *read_attribute(const struct explanation *f, const struct pci_function *one,
				  const char *name, char value[64])
{
	if (sysfs_read(f->host->run.inv.devices, path_function(one, name), value, 64) < 0)
		*value = '\0';
	value[strcspn(value, "\n")] = '\0';
	return value;
}

/* Functions of its slot that keep VFIO from a reset of the slot or bus. */
static void say_others(struct explanation *f, const struct pci_function *one)
{
	const struct inventory *inv = &f->host->run.inv;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *g = &inv->function[i];
		if (g != one && pci_same_slot(&g->at, &one->at) && !driver_is_vfio(g->driver))
			explain_say(f, "%s of the same slot is on %s, IOMMU group %d",
				    evidence_name(g), *g->driver ? g->driver : "no driver",
				    (int)g->group);
	}
}

/* A function that has left the bus reads as ones. */
static void say_presence(struct explanation *f, const struct pci_function *one)
{
	unsigned char id[4];

	if (!sysfs_read_at(f->host->run.inv.devices, path_function(one, "config"), id, 4, 0))
		explain_say(f, id[0] == 0xff && id[1] == 0xff ?
			    "%s does not answer now: its configuration space reads ff" :
			    "%s answers now", evidence_name(one));
}

static void say_reset(struct explanation *f, const struct pci_function *one)
{
	char resets[HOST_NAME_MAX];

	host_resets(f->host, one, resets);
	explain_say(f, *resets ? "%s has these ways of reset: %s" : "%s has no way of reset%s",
		    evidence_name(one), resets);
	say_others(f, one);
}

void evidence_reset(struct explanation *f)
{
	const struct pci_function *one = evidence_function(f);

	if (!one)
		return;
	say_presence(f, one);
	say_reset(f, one);
}

void evidence_power(struct explanation *f)
{
	const struct pci_function *one = evidence_function(f);
	char state[64], cold[64];

	if (!one)
		return;
	if (*read_attribute(f, one, "power_state", state))
		explain_say(f, "%s is in %s, d3cold_allowed is %s", evidence_name(one), state,
			    read_attribute(f, one, "d3cold_allowed", cold));
	say_presence(f, one);
	say_reset(f, one);
}

/* The line of an interrupt in /proc/interrupts, without its counts: "16: IO-APIC 16-fasteoi
 * vfio-intx(0000:01:00.0), ehci_hcd". */
static void say_interrupt(struct explanation *f, struct slice text, long long number)
{
	char head[32], words[512];
	uint64_t count;
	struct text t;

	snprintf(head, sizeof(head), "%lld:", number);
	while (text.n) {
		struct slice line = slice_cut(&text, '\n'), word = slice_next(&line, '"');
		if (!slice_is(word, head))
			continue;
		text_start(&t, words, sizeof(words));
		while ((word = slice_next(&line, '"')).n)
			if (t.len || !slice_dec(word, UINT64_MAX, &count))
				text_add(&t, " %pv", &word);
		explain_say(f, "/proc/interrupts: %s%s", head, words);
	}
}

void evidence_interrupt(struct explanation *f)
{
	const struct pci_function *one = evidence_function(f);
	char *text = evidence_read(f, "proc/interrupts"), irq[64];
	long long number = f->capture.number;

	if (one && number < 0 && *read_attribute(f, one, "irq", irq))
		number = atoll(irq);
	if (text && number >= 0)
		say_interrupt(f, slice_of(text), number);
	free(text);
}
