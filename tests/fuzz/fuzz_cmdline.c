/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_cmdline.c - any bytes as a kernel command line */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/cmdline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Inside the text, or nothing. */
static void check(struct slice s, const char *text, size_t n)
{
	if (s.n && (s.p < text || s.p + s.n > text + n))
		abort();
}

/* One word turns all off, wherever it stands. */
static void check_off(struct slice text, enum run_mode mode)
{
	struct slice word;

	while ((word = slice_next(&text, '"')).n)
		if (slice_is(word, "vgapass=off") && mode != MODE_OFF)
			abort();
}

/* As the kernel splits it, there is no ids= in it. */
static void check_params(struct slice params)
{
	struct slice word;

	while ((word = slice_next(&params, '"')).n) {
		if (*word.p == '"')
			word.p++, word.n--;
		if (slice_is(slice_cut(&word, '='), "ids"))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n ? n : 1), params[256];
	struct cmdline c;
	struct slice rest, rule;
	struct text t;

	if (!text)
		return 0;
	memcpy(text, data, n);
	cmdline_parse((struct slice){ text, n }, &c);
	check(c.profile, text, n);
	check(c.ids, text, n);
	if (c.mode > MODE_DRY_RUN)
		abort();
	check_off((struct slice){ text, n }, c.mode);
	if (c.ids.n && text + c.ids_column - 1 != c.ids.p)
		abort();
	rest = (struct slice){ text, n };
	while (cmdline_next_rule(&rest, &rule)) {
		check(rule, text, n);
		check(rest, text, n);
		if (!rule.n)
			abort();
	}
	text_start(&t, params, sizeof(params));
	cmdline_module_params((struct slice){ text, n }, slice_of("vfio-pci"), &t);
	if (t.len >= sizeof(params) || params[t.len])
		abort();
	if (!t.cut)
		check_params((struct slice){ params, t.len });
	free(text);
	return 0;
}
