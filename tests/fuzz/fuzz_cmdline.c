/* fuzz_cmdline.c - any bytes as a kernel command line */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/core/cmdline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Inside the text, or nothing. */
static void check(struct slice s, const char *text, size_t n)
{
	if (s.n && (s.p < text || s.p + s.n > text + n))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n ? n : 1), params[64];
	struct cmdline c;
	struct text t;

	if (!text)
		return 0;
	memcpy(text, data, n);
	cmdline_parse((struct slice){ text, n }, &c);
	check(c.profile, text, n);
	check(c.ids, text, n);
	if (c.mode > MODE_DRY_RUN)
		abort();
	if (c.ids.n && text + c.ids_column - 1 != c.ids.p)
		abort();
	text_start(&t, params, sizeof(params));
	cmdline_module_params((struct slice){ text, n }, slice_of("vfio-pci"), &t);
	if (t.len >= sizeof(params) || params[t.len])
		abort();
	free(text);
	return 0;
}
