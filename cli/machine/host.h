/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host.h - the machine as the verbs see it: a run of the engine over all of its functions, and
 * their names.
 */
#pragma once

#include "runtime/io/gather.h"

struct host_names;
struct kmod_ctx;

/* The options --sysroot, --cmdline and --profile of a verb. */
struct host_options {
	const char *sysroot; /* the machine whose /etc, /sys, /proc, ... are below it; NULL: / */
	const char *cmdline; /* a kernel command line in place of proc/cmdline; NULL: that */
	const char *profile; /* vgapass=PROFILE behind it; NULL: as it is */
	bool vfs;            /* functions are asked how many virtual ones they can have */
	bool once;           /* the plan is that of the next boot, which may be asked something */
	bool as_boot;        /* the plan leaves out what appears later than the boot looks */
};

struct host {
	struct roots roots;
	const char *sysroot; /* "" for / : what comes before a path */
	struct run run;      /* functions with all their details, and the plan of the next boot */
	char *cmdline;       /* made of the options; NULL: proc/cmdline */
	struct host_names *names; /* of pci.ids, read when one is asked for */
	struct kmod_ctx *kmod; /* of the kernel that runs; NULL: host_open_kmod() opens it */
	bool no_kmod;          /* it has tried to */
	struct plan *plan_of_all;
	const char *once_means; /* that has a token for the next boot, which h->run.token is, with
				   host_options.once; NULL: none has */
};

/* Reads the machine into *h, which must be zeroed memory. It is large, but most of it is never
 * touched. Returns CMD_OK, or CMD_FAILED after printing the reason. Functions that cannot be read
 * are an error in h->run, not of this call. host_close() must follow in both cases. */
int host_open(struct host *h, const struct host_options *o);

void host_close(struct host *h);

/* The path of a file of the machine, for a library that opens it: no link has led out of the
 * sysroot. To be freed; NULL: no such file. */
char *host_file(const struct host *h, const char *path);

/* bytes that hold any name from pci.ids, with its vendor's */
#define HOST_NAME_MAX 512

/* "Advanced Micro Devices, Inc. [AMD/ATI] Oland GL [FirePro W2100]", by the pci.ids below the
 * sysroot or else the host's; vendor and device in hex where it does not know. */
const char *host_name(const struct host *h, const struct pci_function *f,
		      char name[HOST_NAME_MAX]);

/* Its two parts. */
const char *host_vendor(const struct host *h, const struct pci_function *f,
			char name[HOST_NAME_MAX]);
const char *host_device(const struct host *h, const struct pci_function *f,
			char name[HOST_NAME_MAX]);

/* "VGA compatible controller", in the same way. */
const char *host_class(const struct host *h, const struct pci_function *f,
		       char name[HOST_NAME_MAX]);

/* "Micro-Star International Co., Ltd. [MSI] GeForce GTX 1080 GAMING X": the board, by its
 * subsystem's IDs. "": it has none. */
const char *host_board(const struct host *h, const struct pci_function *f,
		       char name[HOST_NAME_MAX]);

/* "00:01.0/00.0", as path= takes it; "": not known. */
const char *host_path(const struct pci_function *f, char path[HOST_NAME_MAX]);

/* "00-11-22-33-44-55-66-77", as serial= takes it; "": none. */
const char *host_serial(const struct pci_function *f, char serial[HOST_NAME_MAX]);

/* Ways to reset it, with commas between, as the kernel tries them: "flr,bus". "": none. */
const char *host_resets(const struct host *h, const struct pci_function *f,
			char resets[HOST_NAME_MAX]);

/* The entry of the plan for one of h->run's functions. */
static inline const struct plan_entry *host_entry(const struct host *h,
						  const struct pci_function *f)
{
	return &h->run.plan.entry[f - h->run.inv.function];
}

/* Functions that appear after the boot has looked: a driver of the host makes them, or they are
 * plugged in. */
enum host_later {
	HOST_NOT_LATER,
	HOST_BEHIND_VMD, /* in a domain that the driver vmd makes */
	HOST_VIRTUAL,    /* a virtual function (SR-IOV) */
	HOST_REMOVABLE,  /* behind Thunderbolt and the like: it may be there in time */
};

enum host_later host_later(const struct host *h, const struct pci_function *f);

/* Returns true if the boot never sees it: it is behind VMD, or virtual. */
bool host_is_late(const struct host *h, const struct pci_function *f);

/* Returns the physical function of a virtual one, which is its virtfnN with N = *n; NULL. */
const struct pci_function *host_physical(const struct host *h, const struct pci_function *f,
					 unsigned *n);

/* Returns what becomes of f, in this boot or when it appears: its entry of the plan, or that of
 * host_plan_of_all() for one that appears later. h was opened as_boot. */
const struct plan_entry *host_promise(const struct host *h, const struct pci_function *f);

/* "when igb is there", "when it appears"; "": the boot binds it. */
const char *host_when(const struct host *h, const struct pci_function *f,
		      char text[HOST_NAME_MAX]);

/* Why it appears later, what vgapass-late does with it then, and what can be done, for a sentence;
 * "": it does not. */
const char *host_later_text(const struct host *h, const struct pci_function *f,
			    char text[HOST_NAME_MAX]);

/* Names of the modules that match the function, with commas between. "": there are none, or the
 * kernel's modules cannot be read. */
const char *host_candidates(struct host *h, const struct pci_function *f,
			    char names[HOST_NAME_MAX]);

/* For an h that was opened as_boot: the plan of a boot that sees all functions, to tell the
 * rules of those that appear later. A virtual function has the entry that the rule for its physical
 * one gives it. Valid until the next call. */
const struct plan *host_plan_of_all(struct host *h);

/* True: the kernel has VFIO's mode without an IOMMU, so that iommu=ignore makes sense. */
bool host_has_no_iommu_mode(const struct host *h);

/* Opens h->kmod; false: there are no modules, or their index is damaged, which is said. The calls
 * around here do it by themselves. A process whose workers share *h must call it before there are
 * workers, as memory of one worker is not that of another. */
bool host_open_kmod(struct host *h);

/* Parts of host_open() and host_close(). */
void host_open_names(struct host *h);
void host_close_names(struct host *h);
void host_close_kmod(struct host *h);

/* Loads the module of a driver with all that it needs, as modprobe(8) does; for a function,
 * the modules that want it, as udev does. 0, or -errno: -ENOENT, the kernel has none. */
int host_load_driver(struct host *h, const char *driver);
int host_load_candidates(struct host *h, const struct pci_function *f);

/* Finds what only a trial boot takes: ret, parallel to the inventory, gets the rules of [trial] for
 * functions that h's plan has no rule for, else NULL. Returns how many there are. */
unsigned host_on_trial(const struct host *h, const struct rule *ret[PCI_FUNCTIONS_MAX]);
