/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pci.h - PCI functions and the inventory of them, for every layer.
 *
 * Pure: no I/O, no heap, no messages. io/scan.h says where the kernel shows each value. A
 * function is what has one address; a card usually has several.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

/* Sizes of fixed tables. Exceeding one is an error, never a silent cut. */
#define PCI_FUNCTIONS_MAX 4096
#define PCI_DRIVERS_MAX 256  /* distinct names of bound drivers */
#define PCI_DRIVER_NAME 64   /* bytes with the NUL; the kernel's MODULE_NAME_LEN is 56 */
#define PCI_HOPS_MAX 16      /* bridges above a function, itself included */

/* 0000:01:00.0. The domain has 16 bits on bare metal, more behind VMD and Hyper-V. */
struct pci_address {
	uint32_t domain;
	uint8_t bus;
	uint8_t devfn; /* device << 3 | function */
};

/* The place of a function without bus numbers, which change: the root bus, the device on it, then
 * one device.function below each bridge. */
struct pci_path {
	uint32_t domain;
	uint8_t bus;
	uint8_t hops; /* 0: not known */
	uint8_t hop[PCI_HOPS_MAX];
};

/* What distinguishes two functions with equal IDs. Few rules ask for it. */
struct pci_identity {
	struct pci_path path;
	uint64_t serial; /* PCIe Device Serial Number capability, where has_serial */
};

/* What can be read of a function beyond its modalias; each costs at least one system call. */
enum pci_detail {
	PCI_DETAIL_GROUP = 1 << 0,
	PCI_DETAIL_HEADER = 1 << 1,
	PCI_DETAIL_DISPLAY = 1 << 2,
	PCI_DETAIL_PATH = 1 << 3,
	PCI_DETAIL_SERIAL = 1 << 4,
	PCI_DETAIL_DRIVER = 1 << 5,
	PCI_DETAIL_VIRTUAL = 1 << 6,
	PCI_DETAIL_VFS = 1 << 7,
	PCI_DETAIL_ALL = (1 << 8) - 1,
	PCI_MARK = 1 << 8, /* no detail, but a mark of whoever asks, kept beside them */
};

/* pci_function.group of a function without an IOMMU group. */
enum { PCI_NO_GROUP = -1, PCI_GROUP_LATER = -2 /* it may get one: see io/scan.h */ };

struct pci_function {
	const char *driver; /* its bound driver, in inventory.name; "": none, or not read */
	struct pci_address at;
	uint16_t vendor, device;
	uint16_t subvendor, subdevice;
	uint32_t class;      /* 24 bits: base class, subclass, interface */
	uint16_t known;      /* enum pci_detail: which of the following were read */
	bool bridge;         /* header type 1 or 2 */
	bool boot_display;   /* the firmware drew its picture on it */
	bool has_serial;
	int32_t group;       /* IOMMU group, negative: none */
	bool is_virtual;     /* SR-IOV: a driver of the host has created it */
	uint16_t vfs;        /* SR-IOV: so many virtual functions it can have (sriov_totalvfs) */
	bool later;          /* set by a caller: the boot does not see it, so no rule is about it */
	struct pci_identity *identity; /* in inventory.identity; `known` says what is valid */
};

/* Untouched pages are never allocated, so sparse data has a table of its own. */
struct inventory {
	unsigned functions, names;
	int devices; /* directory fd of bus/pci/devices, for io/; negative: not open */
	bool iommu_known;
	bool has_iommu; /* an IOMMU is active: a function may get a group when it is probed */
	bool virtio_iommu; /* a module may add an IOMMU */
	bool framebuffer_known;
	struct pci_address framebuffer; /* the function that owns the framebuffer's memory */
	struct pci_function function[PCI_FUNCTIONS_MAX]; /* in the order of their addresses */
	struct pci_identity identity[PCI_FUNCTIONS_MAX]; /* parallel to it */
	char name[PCI_DRIVERS_MAX + 1][PCI_DRIVER_NAME]; /* name[0] is ""; the last is scratch */
};

#define PCI_CLASS_BASE(class) ((class) >> 16)
#define PCI_BASE_STORAGE 0x01
#define PCI_BASE_NETWORK 0x02
#define PCI_BASE_DISPLAY 0x03
#define PCI_BASE_BRIDGE 0x06
#define PCI_CLASS_SD 0x0805  /* class >> 8 */
#define PCI_CLASS_USB 0x0c03 /* class >> 8 */
#define PCI_CLASS_VGA 0x0300 /* class >> 8 */

#define PCI_ANY 0x10000u /* a 16-bit half of an ID that is "*" */

/* Reads "1002:6608": four hex digits each, or "*". Returns false for anything else. */
bool pci_parse_id(struct slice s, uint32_t *vendor, uint32_t *device);

/* Reads "01.0"; if `any` is not NULL also "01.*", which sets it. Returns false for anything
 * else. */
bool pci_parse_devfn(struct slice s, uint8_t *devfn, bool *any);

/* Reads "0000" and "01": a domain of 4 to 8 digits and a bus. Leaves at->devfn alone. */
bool pci_parse_bus(struct slice domain, struct slice bus, struct pci_address *at);

/* Reads "0000:01:00.0" or "01:00.0", the domain with 4 to 8 digits; `any` as above. */
bool pci_parse_address(struct slice s, struct pci_address *at, bool *any);

/* bytes that hold an address with its NUL */
#define PCI_ADDRESS_SIZE 20

/* Writes "0000:01:00.0" and a NUL; the domain has at least 4 digits. Returns the place of the
 * NUL. */
char *pci_put_address(char to[PCI_ADDRESS_SIZE], const struct pci_address *at);

/* Returns true for a bridge to PCI or CardBus, a host bridge or an ISA bridge. Other functions of
 * class 06 are devices: an NVSwitch is 0680. */
static inline bool pci_is_bridge(const struct pci_function *f)
{
	unsigned class = f->class >> 8;

	return f->bridge || class == 0x0600 || class == 0x0601 || class == 0x0604;
}

/* Functions that the host may be unable to do without. */
enum pci_kind {
	PCI_OTHER,
	PCI_NETWORK, /* the host may be reached through it */
	PCI_VITAL,   /* storage, SD or USB: may have the root disk or the keyboard */
};

enum pci_kind pci_kind(const struct pci_function *f);

static inline bool pci_same_slot(const struct pci_address *a, const struct pci_address *b)
{
	return a->domain == b->domain && a->bus == b->bus && a->devfn >> 3 == b->devfn >> 3;
}

/* Returns <0, 0 or >0 in the order of domain, bus, device, function. */
static inline int pci_compare(const struct pci_address *a, const struct pci_address *b)
{
	if (a->domain != b->domain)
		return a->domain < b->domain ? -1 : 1;
	return (a->bus << 8 | a->devfn) - (b->bus << 8 | b->devfn);
}
