/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scan.c - see scan.h */
#include "scan.h"
#include "path.h"
#include "sysfs.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool scan_parse_modalias(struct slice text, struct pci_function *f)
{
	/* IDs have 16 bits, printed as 32. */
	static const char form[] = "pci:v0000####d0000####sv0000####sd0000####bc##sc##i##";
	uint64_t v[2] = { 0, 0 };
	unsigned digits = 0;

	if (text.n < sizeof(form) - 1)
		return false;
	for (unsigned i = 0; i < sizeof(form) - 1; i++) {
		unsigned digit = slice_digit(text.p[i]);
		if (form[i] != '#' ? form[i] != text.p[i] : digit > 15)
			return false;
		if (form[i] == '#') {
			v[digits / 16] = v[digits / 16] << 4 | digit;
			digits++;
		}
	}
	f->vendor = (uint16_t)(v[0] >> 48);
	f->device = (uint16_t)(v[0] >> 32);
	f->subvendor = (uint16_t)(v[0] >> 16);
	f->subdevice = (uint16_t)v[0];
	f->class = (uint32_t)v[1];
	return true;
}

bool scan_parse_path(struct slice target, struct pci_path *ret)
{
	struct pci_path path = { .hops = 0 };
	struct pci_address at;

	while (target.n) {
		struct slice part = slice_cut(&target, '/'), bus = part;
		struct slice domain = slice_cut(&bus, ':');
		/* "pci0000:00". With VMD there is a second root below a function of the first. */
		if (domain.n > 3 && *domain.p == 'p') {
			domain.p += 3, domain.n -= 3;
			if (pci_parse_bus(domain, bus, &at))
				path = (struct pci_path){ at.domain, at.bus, 0, { 0 } };
		} else if (pci_parse_address(part, &at, NULL)) {
			if (path.hops == PCI_HOPS_MAX)
				return false;
			path.hop[path.hops++] = at.devfn;
		}
	}
	*ret = path;
	return path.hops;
}

/* Addresses as numbers in their order: domain, bus, device and function. */
struct listing {
	unsigned n;
	uint64_t key[PCI_FUNCTIONS_MAX];
};

static int list_address(const char *name, void *arg)
{
	struct listing *list = arg;
	struct pci_address at;

	if (!pci_parse_address(slice_of(name), &at, NULL))
		return 0;
	if (list->n == PCI_FUNCTIONS_MAX)
		return -E2BIG;
	list->key[list->n++] = scan_key(&at);
	return 0;
}

/* Shell sort: the kernel lists functions in no order, and there may be thousands. */
static void sort_keys(uint64_t *key, unsigned n)
{
	for (unsigned gap = n; (gap = gap == 2 ? 1 : gap * 5 / 11);)
		for (unsigned i = gap; i < n; i++) {
			uint64_t moving = key[i];
			unsigned to = i;
			for (; to >= gap && key[to - gap] > moving; to -= gap)
				key[to] = key[to - gap];
			key[to] = moving;
		}
}

void scan_function(struct inventory *inv, uint64_t key)
{
	struct pci_function *f = &inv->function[inv->functions];
	char text[128];

	*f = (struct pci_function){ .driver = inv->name[0], .group = -1,
				    .identity = &inv->identity[inv->functions],
				    .at = { (uint32_t)(key >> 16), (uint8_t)(key >> 8),
					    (uint8_t)key } };
	ssize_t n = sysfs_read(inv->devices, path_function(f, "modalias"), text, sizeof(text));
	if (n >= 0 && scan_parse_modalias((struct slice){ text, (size_t)n }, f))
		inv->functions++;
}

int scan_functions(int root, struct inventory *inv)
{
	static struct listing list;

	list.n = inv->functions = 0;
	inv->names = 1;
	inv->name[0][0] = '\0';
	inv->framebuffer_known = inv->iommu_known = inv->has_iommu = false;
	inv->devices = sysfs_dir(root, "sys/bus/pci/devices");
	if (inv->devices < 0)
		return inv->devices;
	int r = sysfs_list(inv->devices, NULL, list_address, &list);
	sort_keys(list.key, list.n);
	for (unsigned i = 0; !r && i < list.n; i++)
		scan_function(inv, list.key[i]);
	return r;
}

/* Each name is stored once. If the table is full, messages lack a name; nothing else depends on
 * it, as io/apply reads the link again. */
static void read_driver(struct inventory *inv, struct pci_function *f)
{
	char *name = inv->name[inv->names];
	unsigned i = 0;

	if (sysfs_link(inv->devices, path_function(f, "driver"), 0, name, PCI_DRIVER_NAME) <= 0)
		return;
	while (strcmp(inv->name[i], name))
		i++;
	if (i == PCI_DRIVERS_MAX)
		return;
	inv->names += i == inv->names;
	f->driver = inv->name[i];
}

/* The IOMMUs of x86 give every function its group before any driver runs, so a function without
 * one never gets one. Others do it when a function is probed (arm64 up to Linux 6.12). */
static int is_late_iommu(const char *name, void *arg)
{
	(void)arg;
	return slice_word((struct slice){ name, 4 }, "dmar|ivhd") == SLICE_NO_WORD;
}

/* Returns true if the machine has virtio-iommu, whose driver may be a module that is not
 * loaded. */
static bool is_virtio_iommu(int root, const struct inventory *inv)
{
	bool found = sysfs_exists(root, "sys/firmware/acpi/tables/VIOT");

	/* Machines without ACPI have it in the device tree: look for the device itself, whose ID
	 * is VIRTIO_ID_IOMMU + 0x1040. */
	for (unsigned i = 0; i < inv->functions && !found; i++)
		found = inv->function[i].vendor == 0x1af4 && inv->function[i].device == 0x1057;
	return found;
}

static void read_group(int root, struct inventory *inv, struct pci_function *f)
{
	char name[16];
	uint64_t group;
	ssize_t n = sysfs_link(inv->devices, path_function(f, "iommu_group"), 0, name,
			       sizeof(name));

	f->group = PCI_NO_GROUP;
	if (n > 0 && slice_dec(slice_of(name), INT32_MAX, &group)) {
		f->group = (int32_t)group;
		return;
	}
	if (!inv->iommu_known) {
		inv->iommu_known = true;
		inv->has_iommu = sysfs_list(root, "sys/class/iommu", is_late_iommu, NULL) > 0;
		inv->virtio_iommu = is_virtio_iommu(root, inv);
	}
	if (inv->has_iommu || inv->virtio_iommu)
		f->group = PCI_GROUP_LATER;
}

/* The kernel shows these numbers of what has a header of type 1 or 2, and nothing else
 * (drivers/pci/pci-sysfs.c, pci_bridge_attrs_are_visible()). Its config would tell as well, but
 * a read of that wakes the function up. */
static void read_header(int devices, struct pci_function *f)
{
	f->bridge = sysfs_exists(devices, path_function(f, "secondary_bus_number"));
}

/* Walks the extended capabilities to the serial number. Only root sees past byte 64, and a
 * conventional function has no more than 256: both end in no serial. */
static void read_serial(int devices, struct pci_function *f)
{
	unsigned offset = 0x100;
	uint8_t b[12];

	f->identity->serial = 0;
	/* 960: as many capabilities as fit, so a list in a loop ends too. */
	for (unsigned left = 960; left && offset >= 0x100 && offset <= 4096 - sizeof(b); left--) {
		if (sysfs_read_at(devices, path_function(f, "config"), b, sizeof(b), (off_t)offset))
			return;
		if (b[0] == 0x03 && b[1] == 0x00) {
			for (unsigned i = 8; i-- > 0;)
				f->identity->serial = f->identity->serial << 8 | b[4 + i];
			f->has_serial = true;
			return;
		}
		offset = ((unsigned)b[3] << 4 | b[2] >> 4) & ~3u;
	}
}

/* Where the reading of /proc/iomem is. */
struct map {
	struct pci_address owner, framebuffer;
	size_t inside; /* what is indented deeper than this lies in the owner's memory */
};

/* The firmware's framebuffer is BOOTFB, efifb, vesafb, simplefb, simpledrm, efidrm, vesadrm or
 * ofdrm. What a card's own driver has is not: bochs-drm. */
static bool is_framebuffer(struct slice name)
{
	return name.n > 3 && !slice_has(name, '-') &&
	       slice_word((struct slice){ name.p + name.n - 2, 2 }, "fb|FB|rm") != SLICE_NO_WORD;
}

static int look_at_map(struct slice name, void *arg)
{
	struct map *map = arg;
	struct slice line = name;
	size_t depth = (size_t)(slice_next(&line, '\0').p - name.p);

	slice_cut(&name, ':');
	slice_cut(&name, ' ');
	if (pci_parse_address(name, &map->owner, NULL))
		map->inside = depth;
	else if (depth <= map->inside)
		map->owner.domain = UINT32_MAX;
	if (map->owner.domain == UINT32_MAX || !is_framebuffer(name))
		return 0;
	map->framebuffer = map->owner;
	return 1;
}

/* Whose memory the firmware's framebuffer lies in, by /proc/iomem: a line of such a name below
 * a line that is named by an address. */
static void find_framebuffer(int root, struct inventory *inv)
{
	struct map map = { .owner.domain = UINT32_MAX, .framebuffer.domain = UINT32_MAX };

	sysfs_lines(root, "proc/iomem", look_at_map, &map);
	inv->framebuffer_known = true;
	inv->framebuffer = map.framebuffer;
}

static void read_display(int root, struct inventory *inv, struct pci_function *f)
{
	char value[8];

	if (PCI_CLASS_BASE(f->class) != PCI_BASE_DISPLAY)
		return;
	/* Only class 0300 has boot_vga, and only on x86 it is what the firmware drew on, if the
	 * firmware has not moved the memory since (drivers/pci/vgaarb.c). */
	f->boot_display = sysfs_read(inv->devices, path_function(f, "boot_vga"), value,
				     sizeof(value)) > 0 && value[0] == '1';
	if (f->boot_display)
		return;
	if (!inv->framebuffer_known)
		find_framebuffer(root, inv);
	f->boot_display = !pci_compare(&inv->framebuffer, &f->at);
}

static void read_path(int devices, struct pci_function *f)
{
	char target[512];

	f->identity->path.hops = 0;
	/* Without a slash behind it: that would name the folder, which is no link. */
	if (sysfs_link(devices, path_make("%pa", &f->at), 1, target, sizeof(target)) > 0)
		scan_parse_path(slice_of(target), &f->identity->path);
}

/* A read of sriov_totalvfs takes no lock, as one of sriov_numvfs does (drivers/pci/iov.c). */
static void read_vfs(int devices, struct pci_function *f)
{
	char text[8];
	uint64_t n = 0;
	ssize_t len = sysfs_read(devices, path_function(f, "sriov_totalvfs"), text, sizeof(text));

	if (len > 0)
		slice_dec((struct slice){ text, (size_t)len - 1 }, UINT16_MAX, &n);
	f->vfs = (uint16_t)n;
}

void scan_details(int root, struct inventory *inv, unsigned i, unsigned details)
{
	struct pci_function *f = &inv->function[i];

	details &= ~(unsigned)f->known;
	f->known |= (uint16_t)details;
	if (details & PCI_DETAIL_DRIVER)
		read_driver(inv, f);
	if (details & PCI_DETAIL_GROUP)
		read_group(root, inv, f);
	if (details & PCI_DETAIL_HEADER)
		read_header(inv->devices, f);
	if (details & PCI_DETAIL_DISPLAY)
		read_display(root, inv, f);
	if (details & PCI_DETAIL_PATH)
		read_path(inv->devices, f);
	if (details & PCI_DETAIL_SERIAL)
		read_serial(inv->devices, f);
	if (details & PCI_DETAIL_VIRTUAL)
		f->is_virtual = sysfs_exists(inv->devices, path_function(f, "physfn"));
	if (details & PCI_DETAIL_VFS)
		read_vfs(inv->devices, f);
}
