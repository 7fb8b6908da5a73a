/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake_kernel.h - a kernel of text: the calls of runtime/io/sysfs.h on a tree in memory.
 *
 * Linked in place of runtime/io/sysfs.c. It does what the real one does with driver_override,
 * drivers_probe, unbind and the loading of modules (drivers/base/dd.c, drivers/pci), and what
 * the real one does not do on demand: any call can fail, any function can vanish.
 * Paths here begin at the root: "sys/bus/pci/drivers_probe", "etc/vgapass.conf".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Directory fds for the code under test; those that it opens itself are real and may be
 * closed. */
enum { FAKE_ROOT = 1000, FAKE_SYS, FAKE_PROC, FAKE_DEV, FAKE_DEVICES };

#define FAKE_FUNCTIONS_MAX 4200

/* Forgets everything: an empty sys with the PCI bus, no function, no driver. */
void fake_start(void);

void fake_file(const char *path, const char *text);
void fake_bytes(const char *path, const void *bytes, size_t n);
void fake_link(const char *path, const char *target);
void fake_fifo(const char *path); /* nobody writes to it, so it reads as empty */
void fake_remove(const char *path);

/* A file's text or a link's target; NULL: neither. Links on the way are followed. */
const char *fake_text(const char *path);

struct fake_function {
	const char *path;      /* below sys/devices: "pci0000:00/0000:00:01.0/0000:01:00.0" */
	const char *id;        /* "1002:6608" */
	const char *subsystem; /* the same */
	const char *class;     /* "30000" */
	const char *native;    /* the host's driver for it, NULL: there is none */
	int group;             /* IOMMU group, -1: none */
};

void fake_add_function(const struct fake_function *f);

/* Gives a function up to `total` virtual ones, each with its ID, driver and a group of its own, at
 * the same bus from device 1 on: 01:01.0, 01:01.1, ... They come and go by sriov_numvfs, as
 * drivers/pci/iov.c does it. */
void fake_add_virtual(const char *address, unsigned total, const char *id, const char *native);

/* An attribute of a function, by the function's address. */
void fake_attr(const char *address, const char *name, const char *text);
const char *fake_attr_text(const char *address, const char *name);

/* The name of the function's driver by its link; "" for none. */
const char *fake_driver_of(const char *address);

/* Registers a driver: what wants it and is free is bound. */
void fake_add_driver(const char *name);

/* A module file of the boot image, and the driver that loading it registers; NULL: none. */
void fake_add_module(const char *name, const char *driver);

/* From now on: the driver's probe fails; somebody has claimed this block device, "dev/sda1". */
void fake_refuse(const char *driver);
void fake_claim(const char *path);

/* Whoever takes this function from its driver is remembered: true, that has happened. */
void fake_guard(const char *address);
bool fake_pulled(void);

/* While a write to this path, as the code under test gives it, has not come back; or before the
 * kernel knows the module whose file this is. */
void fake_on_write(const char *path, void (*meanwhile)(void));

/* The machine has EFI, and a variable with this file below sys/firmware/efi/efivars; NULL: none. It
 * can be seen where efivarfs is mounted. */
enum fake_variable {
	FAKE_DELETABLE,
	FAKE_READ_ONLY, /* somebody has mounted efivarfs so */
	FAKE_STUBBORN,  /* the firmware says that it is deleted, and it is not */
};

void fake_efi(const char *file, const void *bytes, size_t n, enum fake_variable how);
bool fake_has_variable(void);

/* The function gets an IOMMU group: now, or with the next probe of a driver. */
void fake_add_group(const char *address, int group);
void fake_probe_adds_group(const char *address, int group);

/* The function goes, as by hot-unplug: now, or when the call with this number comes. */
void fake_vanish(const char *address);
void fake_vanish_at(unsigned call, const char *address);

/* The call with this number, if it reads, gets nothing, half of it, or as much as it can
 * take of bytes 0xff or of digits. */
enum fake_garble { GARBLE_EMPTY, GARBLE_SHORT, GARBLE_NOISE, GARBLE_LONG, GARBLES };

void fake_garble_at(unsigned call, enum fake_garble how);

/* The call with this number (from 1; 0: none) gives -error, and `late`: after it has done
 * its work all the same. */
void fake_fail(unsigned call, int error, bool late);

/* Calls since fake_start() or fake_fail(); the one that was made to fail, "" for none. */
unsigned fake_calls(void);
const char *fake_failed(void);

/* Each write and each load since fake_start(), a line each: "PATH=TEXT", "load NAME PARAMS".
 * Newlines in TEXT show as "\n". Paths are as the code under test gave them. */
const char *fake_log(void);
