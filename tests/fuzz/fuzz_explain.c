/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_explain.c - any bytes as a text to be explained: what is found does not depend on the pieces
 * in which the text is read, and each line that is shown is free of control characters. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/explain/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void expect(bool good)
{
	if (!good)
		abort();
}

/* Feeds the text in pieces of `step` bytes, each in memory of its own: ASan sees its end. */
static void feed(struct explain *e, const uint8_t *data, size_t n, size_t step)
{
	while (n) {
		size_t part = n < step ? n : step;
		char *exact = malloc(part);
		if (!exact)
			return;
		memcpy(exact, data, part);
		explain_feed(e, exact, part);
		free(exact);
		data += part;
		n -= part;
	}
	explain_end(e);
}

static void check_finding(const struct explanation *f, const struct explanation *same)
{
	expect(f->s == same->s && f->count == same->count && f->count);
	expect(!strcmp(f->line, same->line) && f->start == same->start);
	expect(f->start <= strlen(f->line) && strlen(f->line) <= EXPLAIN_LINE_MAX);
	expect(strlen(f->word) == f->capture.word.n);
	for (const char *p = f->line; *p; p++)
		expect((unsigned char)*p >= ' ' && *p != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct explain whole, bytes;

	if (!n)
		return 0;
	memset(&whole, 0, sizeof(whole));
	memset(&bytes, 0, sizeof(bytes));
	whole.records = bytes.records = data[0] & 1;
	whole.last_start = bytes.last_start = data[0] & 2;
	feed(&whole, data, n, n);
	feed(&bytes, data, n, 1 + data[0] % 7);
	expect(whole.n == bytes.n && whole.dropped == bytes.dropped);
	for (unsigned i = 0; i < whole.n; i++)
		check_finding(whole.finding[i], bytes.finding[i]);
	explain_free(&whole);
	explain_free(&bytes);
	return 0;
}
