/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evidence_host.c - IOMMU, modules and limits of the host; see evidence.h */
#include "evidence.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/machine/group.h"
#include "cli/machine/iommu.h"

void evidence_iommu(struct explanation *f)
{
	struct iommu_text t;
	const struct pci_function *one = evidence_function(f);

	if (f->host->run.input_error)
		return;
	if (!iommu_is_on(f->host)) {
		iommu_explain(f->host, &t);
		explain_say(f, "%s", t.what);
		explain_fix(f, FIX_ADVICE, "%s", t.fix);
		return;
	}
	if (one && one->group < 0) {
		explain_say(f, "%s has no IOMMU group, other functions have theirs",
			    evidence_name(one));
		explain_fix(f, FIX_ADVICE, "%s", iommu_fix_of_one(f->host));
	} else {
		explain_say(f, "the IOMMU is on now");
		evidence_module(f);
	}
}

/* With interrupt remapping, names of interrupt controllers begin with IR-. */
void evidence_remapping(struct explanation *f)
{
	char *text = evidence_read(f, "proc/interrupts");

	if (text)
		explain_say(f, strstr(text, " IR-") ? "interrupt remapping is on now" :
						      "interrupt remapping is off now");
	free(text);
}

static void say_reserved(struct explanation *f, const struct pci_function *one)
{
	if (group_is_reserved(f->host, one->group))
		explain_say(f, "%s: the firmware keeps memory through IOMMU group %d (RMRR)",
			    evidence_name(one), (int)one->group);
}

void evidence_reserved(struct explanation *f)
{
	evidence_each(f, say_reserved);
	evidence_remapping(f);
}

/* The first line of a file that begins with `head`, without it and its blanks. */
static void say_line(struct explanation *f, const char *path, const char *head)
{
	char *text = evidence_read(f, path);

	for (struct slice rest = slice_of(text ? text : ""); rest.n;) {
		struct slice line = slice_cut(&rest, '\n');
		if (line.n < strlen(head) || strncmp(line.p, head, strlen(head)) != 0)
			continue;
		explain_say(f, "/%s: %.*s", path, (int)line.n, line.p);
		break;
	}
	free(text);
}

void evidence_memlock(struct explanation *f)
{
	say_line(f, "proc/self/limits", "Max locked memory");
	say_line(f, "proc/meminfo", "MemTotal:");
}

void evidence_entries(struct explanation *f)
{
	char *text = evidence_read(f, "sys/module/vfio_iommu_type1/parameters/dma_entry_limit");

	if (text)
		explain_say(f, "dma_entry_limit of vfio_iommu_type1 is %s", text);
	free(text);
}

/* Built-in modules have a directory below module/, too, where they have parameters. */
void evidence_module(struct explanation *f)
{
	static const char *const modules[] = { "vfio", "vfio_pci", "vfio_iommu_type1" };

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (!sysfs_exists(f->host->roots.sys, path_make("module/%s", modules[i])))
			explain_say(f, "the module %s is not loaded", modules[i]);
	if (!sysfs_exists(f->host->roots.dev, "vfio/vfio"))
		explain_say(f, "/dev/vfio/vfio: no such file");
}

void evidence_kvm(struct explanation *f)
{
	char *cpu = evidence_read(f, "proc/cpuinfo");

	if (cpu && strstr(cpu, "flags"))
		explain_say(f, strstr(cpu, " vmx") || strstr(cpu, " svm") ?
			    "the CPU shows virtualization" :
			    "the CPU shows no virtualization: the firmware has it off, or it has "
			    "none");
	explain_say(f, sysfs_exists(f->host->roots.dev, "kvm") ? "/dev/kvm exists now" :
								 "/dev/kvm: no such file");
	free(cpu);
}
