/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hint.c - see hint.h */
#include "hint.h"

#include <errno.h>
#include <string.h>

#include "runtime/core/words.h"
#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/cmd.h"
#include "cli/out/finding.h"
#include "iommu.h"
#include "mdev.h"
#include "problem.h"

int hint_input(const struct host *h)
{
	if (h->run.input_error == -E2BIG)
		return cmd_complain("/sys/bus/pci/devices: more than %u functions: that is more "
				    "than vgapass can handle", PCI_FUNCTIONS_MAX);
	return cmd_complain("/sys/bus/pci/devices: %s: see whether /sys is mounted",
			    strerror(-h->run.input_error));
}

void hint_iommu(const struct host *h)
{
	struct findings l = { .n = 0 };
	struct iommu_text t;

	if (!h->run.inv.functions || iommu_is_on(h))
		return;
	iommu_explain(h, &t);
	struct finding *f = findings_add(&l, FINDING_NOTE, "", "", "%s%s", t.what,
					 iommu_is_xens(h) ? "" :
					 ", so no function can go to a guest");
	finding_advise(f, t.fix);
	finding_complain(f);
	findings_free(&l);
}

void hint_mediated(const struct host *h)
{
	const struct mdev *one;
	struct mdevs all;

	mdevs_read(h, &all);
	for (unsigned i = 0; all.n && i < h->run.inv.functions; i++) {
		unsigned n = mdevs_of(h, &all, &h->run.inv.function[i], &one);
		if (n)
			cmd_note("%s has %u mediated device%s: vgapass assign --mdev %s",
				 one->parent, n, n > 1 ? "s" : "", one->uuid);
	}
	mdevs_free(&all);
}

const char *hint_off(const struct run *r, char text[HOST_NAME_MAX])
{
	if (r->token.word == TOKEN_OFF)
		return text_make(text, HOST_NAME_MAX, "vgapass off --next-boot asks for it");
	if (!r->cmd.recovery.n)
		return text_make(text, HOST_NAME_MAX, "vgapass=off is on the kernel command line");
	return text_make(text, HOST_NAME_MAX, "%pv on the kernel command line asks for a "
			 "recovery boot", &r->cmd.recovery);
}

void hint_plan(const struct host *h)
{
	enum plan_state state = h->run.plan.state;
	char why[HOST_NAME_MAX];

	if (state == PLAN_OFF)
		cmd_complain("%s: no rule holds", hint_off(&h->run, why));
	else if (state == PLAN_UNKNOWN_PROFILE || problem_denied(h))
		cmd_complain("%s", problem_line(h, 0));
	else if (state != PLAN_READY)
		cmd_complain("the configuration has errors, so no rule applies: see vgapass plan");
}

/* Every function has 256 bytes; the kernel shows 64 of them to all. */
static bool is_hidden(const struct host *h, const struct pci_function *f)
{
	char byte;

	return sysfs_read_at(h->run.inv.devices, path_function(f, "config"), &byte, 1, 64) < 0;
}

bool hint_is_serial_hidden(const struct host *h, bool shown)
{
	const struct run *r = &h->run;

	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct pci_function *f = &r->inv.function[i];
		if ((shown || plan_needs(&r->config, r->plan.profile, f) & PCI_DETAIL_SERIAL) &&
		    is_hidden(h, f))
			return true;
	}
	return false;
}

void hint_serials(const struct host *h, bool shown)
{
	if (hint_is_serial_hidden(h, shown))
		cmd_note("serial numbers cannot be read%s: run as root",
			 shown ? "" : ", and a rule has one");
}
