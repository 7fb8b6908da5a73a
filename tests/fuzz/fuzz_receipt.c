/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_receipt.c - any bytes as the receipt of the last boot, read as vgapass status does it */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/machine/receipt_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const lists[] = { "functions", "rules", "problems" };
static const char *const members[] = { "address", "id",   "rule",   "state", "driver",
				       "was",     "text", "reason", "at" };

/* Whatever a list holds: a text that ends, or none. */
static size_t walk(json_object *list)
{
	size_t length = 0;

	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		for (size_t k = 0; k < sizeof(members) / sizeof(members[0]); k++)
			length += strlen(receipt_text(json_object_array_get_idx(list, i), members[k]));
	return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1);
	size_t length = 0;

	if (!text)
		return 0;
	memcpy(text, data, n);
	text[n] = '\0';
	json_object *receipt = receipt_parse(text);
	for (size_t i = 0; receipt && i < sizeof(lists) / sizeof(lists[0]); i++)
		length += walk(receipt_list(receipt, lists[i]));
	/* No more text than came in: escapes are longer than what they stand for. */
	if (length > n || (receipt && !*receipt_text(receipt, "result")))
		abort();
	json_object_put(receipt);
	free(text);
	return 0;
}
