/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smmu.c - see smmu.h */
#include "smmu.h"

#include <endian.h>
#include <glob.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out/xalloc.h"
#include "runtime/io/sysfs.h"

#define TREE "firmware/devicetree/base/"
#define IORT "firmware/acpi/tables/IORT"
#define IORT_MAX (1 << 20)

/* include/acpi/actbl2.h, struct acpi_table_iort and struct acpi_iort_node */
enum { IORT_NODES = 36, IORT_FIRST = 40, IORT_HEADER = 48 };
enum { NODE_TYPE = 0, NODE_LENGTH = 1, NODE_HEADER = 16 };
enum { TYPE_SMMU = 3, TYPE_SMMU_V3 = 4 };

/* The table is there without an SMMU too, for interrupts. */
static enum smmu smmu_in_nodes(const unsigned char *table, size_t n)
{
	uint32_t nodes, at;
	uint16_t length;

	if (n < IORT_HEADER)
		return SMMU_UNKNOWN;
	memcpy(&nodes, table + IORT_NODES, sizeof(nodes));
	memcpy(&at, table + IORT_FIRST, sizeof(at));
	size_t place = le32toh(at);
	for (nodes = le32toh(nodes); nodes; nodes--) {
		if (place > n || n - place < NODE_HEADER)
			return SMMU_UNKNOWN;
		const unsigned char *node = table + place;
		if (node[NODE_TYPE] == TYPE_SMMU || node[NODE_TYPE] == TYPE_SMMU_V3)
			return SMMU_SHOWN;
		memcpy(&length, node + NODE_LENGTH, sizeof(length));
		if (le16toh(length) < NODE_HEADER)
			return SMMU_UNKNOWN;
		place += le16toh(length);
	}
	return SMMU_NONE;
}

static enum smmu smmu_in_iort(int sys)
{
	unsigned char *table = xmalloc(IORT_MAX);
	ssize_t n = sysfs_read_file(sys, IORT, (char *)table, IORT_MAX);
	enum smmu smmu = n < 0 ? SMMU_UNKNOWN : smmu_in_nodes(table, (size_t)n);

	free(table);
	return smmu;
}

static bool tree_has(int sys, const char *pattern)
{
	char *path = xasprintf("/proc/self/fd/%d/" TREE "%s", sys, pattern);
	glob_t found;
	bool has = !glob(path, GLOB_NOSORT, NULL, &found);

	if (has)
		globfree(&found);
	free(path);
	return has;
}

bool smmu_device_tree(int sys)
{
	return sysfs_exists(sys, TREE "compatible");
}

/* A root complex of PCI says by iommu-map which IOMMU its functions pass. It lies at the top, or
 * on a bus of the board. */
static enum smmu smmu_in_tree(int sys)
{
	static const char *const places[] = { "pci*/", "*/pci*/", "*/*/pci*/" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char *pattern = xasprintf("%siommu-map", places[i]);
		bool has = tree_has(sys, pattern);
		free(pattern);
		if (has)
			return SMMU_SHOWN;
	}
	return SMMU_NONE;
}

enum smmu smmu_in_firmware(int sys)
{
	if (sysfs_exists(sys, IORT))
		return smmu_in_iort(sys);
	return smmu_device_tree(sys) ? smmu_in_tree(sys) : SMMU_UNKNOWN;
}

bool smmu_is_guest(int sys)
{
	char text[64] = "";

	/* hw/arm/virt.c of QEMU; it names itself the maker in DMI. */
	if (sysfs_read_file(sys, TREE "compatible", text, sizeof(text)) > 0 &&
	    !strcmp(text, "linux,dummy-virt"))
		return true;
	*text = '\0';
	sysfs_read(sys, "class/dmi/id/sys_vendor", text, sizeof(text));
	return !strncmp(text, "QEMU", 4);
}
