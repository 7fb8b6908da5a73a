/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_receipt.c - any bytes as the receipt of the last boot, read and used as vgapass status does
 *
 * status looks into each function and adds members to it, which json-c answers by abort() where
 * the function is no object.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/machine/receipt_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const lists[] = { "functions", "rules", "strays", "problems" };
static const char *const members[] = { "address", "id",   "rule",   "state", "driver",
				       "was",     "text", "reason", "at" };

/* The bytes of all texts of a list. */
static size_t use(json_object *list, bool printable)
{
	size_t length = 0;

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		json_object *one = json_object_array_get_idx(list, i);
		json_object_object_add(one, "now", NULL);
		for (size_t k = 0; k < sizeof(members) / sizeof(members[0]); k++) {
			const char *text = receipt_text(one, members[k]);
			length += strlen(text);
			for (; printable && *text; text++)
				if ((unsigned char)*text < 0x20)
					abort();
		}
	}
	return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *why = NULL;
	size_t length = 0;
	json_object *receipt = receipt_parse((const char *)data, n, &why);

	if (!receipt != (why != NULL))
		abort();
	for (size_t i = 0; receipt && i < sizeof(lists) / sizeof(lists[0]); i++)
		length += use(receipt_list(receipt, lists[i]), false);
	/* No more text than came in: escapes are longer than what they stand for. */
	if (length > n || (receipt && !*receipt_text(receipt, "result")))
		abort();
	receipt_make_printable(receipt);
	for (size_t i = 0; receipt && i < sizeof(lists) / sizeof(lists[0]); i++)
		use(receipt_list(receipt, lists[i]), true);
	json_object_put(receipt);
	return 0;
}
