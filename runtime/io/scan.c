/* scan.c - see scan.h */
#include "scan.h"
#include "path.h"
#include "sysfs.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool scan_parse_modalias(struct slice text, struct pci_function *f)
{
	/* pci:v00001002d00006608sv00001028sd00002120bc03sc00i00: where each number is. IDs
	 * have 16 bits, printed as 32. */
	static const struct { uint8_t at, digits; } numbers[] = {
		{ 9, 4 }, { 18, 4 }, { 28, 4 }, { 38, 4 }, { 44, 2 }, { 48, 2 }, { 51, 2 },
	};
	uint32_t v[7];

	if (text.n < 53 || !slice_is((struct slice){ text.p, 9 }, "pci:v0000"))
		return false;
	for (unsigned i = 0; i < 7; i++) {
		size_t digits = numbers[i].digits;
		int64_t n = slice_digits((struct slice){ text.p + numbers[i].at, digits }, digits);
		if (n < 0)
			return false;
		v[i] = (uint32_t)n;
	}
	f->vendor = (uint16_t)v[0];
	f->device = (uint16_t)v[1];
	f->subvendor = (uint16_t)v[2];
	f->subdevice = (uint16_t)v[3];
	f->class = v[4] << 16 | v[5] << 8 | v[6];
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

struct scanner {
	int devices;
	struct inventory *inv;
};

static int add_function(const char *name, void *arg)
{
	struct scanner *s = arg;
	struct inventory *inv = s->inv;
	char text[128];

	ssize_t n = sysfs_read(s->devices, path_make("%s/modalias", name), text, sizeof(text));
	struct pci_function f = { .group = -1 };
	if (n < 0 || !scan_parse_modalias((struct slice){ text, (size_t)n }, &f) ||
	    !pci_parse_address(slice_of(name), &f.at, NULL))
		return 0;
	if (inv->functions == PCI_FUNCTIONS_MAX)
		return -E2BIG;
	f.driver = inv->name[0];
	inv->function[inv->functions++] = f;
	return 0;
}

/* Shell's sort: the kernel lists functions in no order, and there may be thousands. */
static void sort(struct pci_function *f, unsigned n)
{
	for (unsigned gap = n; (gap = gap == 2 ? 1 : gap * 5 / 11);)
		for (unsigned i = gap; i < n; i++) {
			struct pci_function moving = f[i];
			unsigned to = i;
			for (; to >= gap && pci_compare(&f[to - gap].at, &moving.at) > 0; to -= gap)
				f[to] = f[to - gap];
			f[to] = moving;
		}
}

int scan_functions(int sys, struct inventory *inv)
{
	struct scanner s = { .devices = sysfs_dir(sys, "bus/pci/devices"), .inv = inv };

	inv->functions = 0;
	inv->names = 1;
	inv->name[0][0] = '\0';
	if (s.devices < 0)
		return s.devices;
	int r = sysfs_list(s.devices, ".", add_function, &s);
	close(s.devices);
	sort(inv->function, inv->functions);
	return r;
}

/* Names are kept once. With a full table one is missing in a message, nothing else, as
 * whoever acts reads the link again. */
static void read_driver(int sys, struct inventory *inv, struct pci_function *f)
{
	char *name = inv->name[inv->names];
	unsigned i = 0;

	if (sysfs_link(sys, path_function(f, "driver"), 0, name, PCI_DRIVER_NAME) <= 0)
		return;
	while (strcmp(inv->name[i], name))
		i++;
	if (i == PCI_DRIVERS_MAX)
		return;
	inv->names += i == inv->names;
	f->driver = inv->name[i];
}

static void read_group(int sys, struct pci_function *f)
{
	char name[16];
	uint64_t group;
	ssize_t n = sysfs_link(sys, path_function(f, "iommu_group"), 0, name, sizeof(name));

	f->group = -1;
	if (n > 0 && slice_dec(slice_of(name), INT32_MAX, &group))
		f->group = (int32_t)group;
}

static bool read_config(int sys, const struct pci_function *f, unsigned offset, uint8_t *b,
			size_t n)
{
	return !sysfs_read_at(sys, path_function(f, "config"), b, n, (off_t)offset);
}

static void read_header(int sys, struct pci_function *f)
{
	uint8_t type;

	/* 0x0e: bit 7 says multifunction, the rest is the type; 1 and 2 are bridges. */
	if (read_config(sys, f, 0x0e, &type, 1))
		f->bridge = (type & 0x7f) == 1 || (type & 0x7f) == 2;
}

/* Walks the extended capabilities to the serial number. Only root sees past byte 64, and a
 * conventional function has no more than 256: both end in no serial. */
static void read_serial(int sys, struct pci_function *f)
{
	unsigned offset = 0x100;
	uint8_t b[12];

	/* 960: as many capabilities as fit, so a list in a loop ends too. */
	for (unsigned left = 960; left && offset >= 0x100 && offset <= 4096 - sizeof(b); left--) {
		if (!read_config(sys, f, offset, b, sizeof(b)))
			return;
		if (b[0] == 0x03 && b[1] == 0x00) {
			f->serial = 0;
			for (unsigned i = 8; i-- > 0;)
				f->serial = f->serial << 8 | b[4 + i];
			f->has_serial = true;
			return;
		}
		offset = ((unsigned)b[3] << 4 | b[2] >> 4) & ~3u;
	}
}

/* Whose memory the firmware's framebuffer lies in, by /proc/iomem: a line of one of these
 * names below a line that is named by an address. */
static bool owns_framebuffer(int proc, const struct pci_function *f)
{
	/* A map larger than this is cut: then boot_vga alone decides. */
	static char map[65536];
	struct pci_address owner = { .domain = UINT32_MAX };
	size_t inside = 0;
	ssize_t n = sysfs_read_file(proc, "iomem", map, sizeof(map));
	struct slice rest = { map, n >= 0 ? (size_t)n : n == -E2BIG ? sizeof(map) : 0 };

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
		if (slice_word(name, "BOOTFB|efifb|vesafb|simplefb") != SLICE_NO_WORD)
			return !pci_compare(&owner, &f->at);
	}
	return false;
}

static void read_display(int sys, int proc, struct pci_function *f)
{
	char value[8];

	if (PCI_CLASS_BASE(f->class) != PCI_BASE_DISPLAY)
		return;
	/* Only class 0300 has boot_vga; a 0302 or 0380 can be the console's all the same. */
	ssize_t n = sysfs_read(sys, path_function(f, "boot_vga"), value, sizeof(value));
	f->boot_display = n > 0 ? value[0] == '1' : owns_framebuffer(proc, f);
}

static void read_path(int sys, struct pci_function *f)
{
	char target[512];

	/* Without a slash behind it: that would name the folder, which is no link. */
	if (sysfs_link(sys, path_make("bus/pci/devices/%a", &f->at), 1, target, sizeof(target)) > 0)
		scan_parse_path(slice_of(target), &f->path);
}

void scan_details(int sys, int proc, struct inventory *inv, unsigned i, unsigned details)
{
	struct pci_function *f = &inv->function[i];

	details &= ~(unsigned)f->known;
	f->known |= (uint8_t)details;
	if (details & PCI_DETAIL_DRIVER)
		read_driver(sys, inv, f);
	if (details & PCI_DETAIL_GROUP)
		read_group(sys, f);
	if (details & PCI_DETAIL_HEADER)
		read_header(sys, f);
	if (details & PCI_DETAIL_DISPLAY)
		read_display(sys, proc, f);
	if (details & PCI_DETAIL_PATH)
		read_path(sys, f);
	if (details & PCI_DETAIL_SERIAL)
		read_serial(sys, f);
}
