/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot.h - a whole boot in this process: the work of vgapass-early on the fake kernel. */
#pragma once

#include "runtime/core/words.h"
#include "runtime/io/apply.h"
#include "runtime/io/gather.h"

/* The run of the boot, and the list of modules with it. */
extern struct run boot;
extern struct work boot_work;

/* The machine: 00:02.0 with i915, the card 01:00.0 (radeon) and 01:00.1 (snd_hda_intel) in
 * group 1, the USB controller 02:00.0 (xhci_hcd) in group 2. Modules vfio and vfio_pci are
 * in the image; no driver is loaded yet. */
void boot_machine(void);

/* A disk of the USB controller, with a mounted partition: whoever takes that is complained of. */
void boot_mount(void);

/* Drivers of the host that have come before vgapass. */
void boot_host_drivers(void);

/* The steps of vgapass-early, one after the other. */
void boot_gather(const char *conf, const char *cmdline);
void boot_claim(void);
void boot_bind(void);

/* All of them. */
void boot_run(const char *conf, const char *cmdline);

/* What is said of a function, behind its address and ID; "" for nothing. */
const char *boot_says(const char *address);
struct plan_entry *boot_entry(const char *address);
struct outcome *boot_outcome(const char *address);

/* Why the function is not as it should be after a boot, whatever went wrong in it; NULL: it
 * is. What is said of it must be true, and no override may be left that no rule wants. */
const char *boot_complaint(const char *address);

/* True: the line is in the kernel's log of writes and loads. Its place in *at if not NULL. */
bool boot_logged(const char *line, size_t *at);
