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
		unsigned digit = text_digit(text.p[i]);
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
		/* "pci0000:00". VMD hangs a second root below a function of the first. */
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

static int add_name(const char *name, void *arg)
{
	struct listing *list = arg;
	struct pci_address at;

	if (!pci_parse_address(slice_of(name), &at, NULL))
		return 0;
	if (list->n == PCI_FUNCTIONS_MAX)
		return -E2BIG;
	list->key[list->n++] = (uint64_t)at.domain << 16 | at.bus << 8 | at.devfn;
	return 0;
}

/* Shell's sort: the kernel lists functions in no order, and there may be thousands. */
static void sort(uint64_t *key, unsigned n)
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

static void add_function(struct inventory *inv, uint64_t key)
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
	inv->framebuffer_known = inv->has_iommu = false;
	inv->devices = sysfs_dir(root, "sys/bus/pci/devices");
	if (inv->devices < 0)
		return inv->devices;
	int r = sysfs_list(inv->devices, NULL, add_name, &list);
	sort(list.key, list.n);
	for (unsigned i = 0; !r && i < list.n; i++)
		add_function(inv, list.key[i]);
	return r;
}

/* Names are kept once. With a full table one is missing in a message, nothing else, as
 * whoever acts reads the link again. */
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

static void read_group(int devices, struct pci_function *f)
{
	char name[16];
	uint64_t group;
	ssize_t n = sysfs_link(devices, path_function(f, "iommu_group"), 0, name, sizeof(name));

	f->group = -1;
	if (n > 0 && slice_dec(slice_of(name), INT32_MAX, &group))
		f->group = (int32_t)group;
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

/* Whose memory the firmware's framebuffer lies in, by /proc/iomem: a line of one of these
 * names below a line that is named by an address. */
static void find_framebuffer(int root, struct inventory *inv)
{
	/* A map larger than this is cut: then boot_vga alone decides. */
	static char map[65536];
	struct pci_address owner = { .domain = UINT32_MAX };
	size_t inside = 0;
	ssize_t n = sysfs_read_file(root, "proc/iomem", map, sizeof(map));
	struct slice rest = { map, n >= 0 ? (size_t)n : n == -E2BIG ? sizeof(map) : 0 };

	inv->framebuffer_known = true;
	inv->framebuffer.domain = UINT32_MAX;
	while (rest.n) {
		struct slice name = slice_cut(&rest, '\n'), line = name;
		size_t depth = (size_t)(slice_next(&line, '\0').p - name.p);
		slice_cut(&name, ':');
		slice_cut(&name, ' ');
		/* What is indented deeper lies inside. */
		if (pci_parse_address(name, &owner, NULL))
			inside = depth;
		else if (depth <= inside)
			owner.domain = UINT32_MAX;
		if (slice_word(name, "BOOTFB|efifb|vesafb|simplefb") != SLICE_NO_WORD) {
			inv->framebuffer = owner;
			return;
		}
	}
}

static void read_display(int root, struct inventory *inv, struct pci_function *f)
{
	char value[8];

	if (PCI_CLASS_BASE(f->class) != PCI_BASE_DISPLAY)
		return;
	/* Only class 0300 has boot_vga; a 0302 or 0380 can be the console's all the same. */
	ssize_t n = sysfs_read(inv->devices, path_function(f, "boot_vga"), value, sizeof(value));
	if (n <= 0 && !inv->framebuffer_known)
		find_framebuffer(root, inv);
	f->boot_display = n > 0 ? value[0] == '1' : !pci_compare(&inv->framebuffer, &f->at);
}

static void read_path(int devices, struct pci_function *f)
{
	char target[512];

	f->identity->path.hops = 0;
	/* Without a slash behind it: that would name the folder, which is no link. */
	if (sysfs_link(devices, path_make("%a", &f->at), 1, target, sizeof(target)) > 0)
		scan_parse_path(slice_of(target), &f->identity->path);
}

void scan_details(int root, struct inventory *inv, unsigned i, unsigned details)
{
	struct pci_function *f = &inv->function[i];

	details &= ~(unsigned)f->known;
	f->known |= (uint8_t)details;
	if (details & PCI_DETAIL_DRIVER)
		read_driver(inv, f);
	if (details & PCI_DETAIL_GROUP)
		read_group(inv->devices, f);
	if (details & PCI_DETAIL_HEADER)
		read_header(inv->devices, f);
	if (details & PCI_DETAIL_DISPLAY)
		read_display(root, inv, f);
	if (details & PCI_DETAIL_PATH)
		read_path(inv->devices, f);
	if (details & PCI_DETAIL_SERIAL)
		read_serial(inv->devices, f);
}
