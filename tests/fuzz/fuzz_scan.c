/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_scan.c - any bytes as what the kernel shows: modalias, path, address, ID */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/text.h"
#include "runtime/io/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_modalias(struct slice text)
{
	struct pci_function f;

	memset(&f, 0, sizeof(f));
	scan_parse_modalias(text, &f);
	if (f.class > 0xffffff)
		abort();
}

static void check_path(struct slice text)
{
	struct pci_path path = { .hops = 0 };

	if (scan_parse_path(text, &path) && (!path.hops || path.hops > PCI_HOPS_MAX))
		abort();
}

/* What was read is written as what is read again as the same. */
static void check_address(struct slice text)
{
	struct pci_address at, again;
	char buf[32];
	struct text t;

	if (!pci_parse_address(text, &at, NULL))
		return;
	text_start(&t, buf, sizeof(buf));
	text_add(&t, "%pa", &at);
	if (!pci_parse_address(slice_of(buf), &again, NULL) || pci_compare(&at, &again))
		abort();
}

static void check_id(struct slice text)
{
	uint32_t vendor, device;

	if (pci_parse_id(text, &vendor, &device) && (vendor > PCI_ANY || device > PCI_ANY))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *exact = malloc(n ? n : 1);
	struct slice text = { exact, n };

	if (!exact)
		return 0;
	memcpy(exact, data, n);
	check_modalias(text);
	check_path(text);
	check_address(text);
	check_id(text);
	free(exact);
	return 0;
}
