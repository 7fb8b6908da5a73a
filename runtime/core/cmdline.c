/* cmdline.c - see cmdline.h */
#include "cmdline.h"

/* The next word. Empty: no more, or a lone "--". */
static struct slice next_word(struct slice *rest)
{
	struct slice word = slice_next(rest, '"');

	if (slice_is(word, "--"))
		word.n = 0;
	return word;
}

static struct slice unquote(struct slice s)
{
	if (s.n && s.p[0] == '"') {
		s.p++, s.n--;
		if (s.n && s.p[s.n - 1] == '"')
			s.n--;
	}
	return s;
}

void cmdline_parse(struct slice text, struct cmdline *ret)
{
	const char *start = text.p;
	struct slice word;

	*ret = (struct cmdline){ .mode = MODE_ON };
	while ((word = next_word(&text)).n) {
		struct slice value = unquote(word), key = slice_cut(&value, '=');
		value = unquote(value);
		if (slice_is(key, "vgapass")) {
			unsigned mode = slice_word(value, MODE_WORDS);
			ret->mode = mode == SLICE_NO_WORD ? MODE_ON : (enum run_mode)mode;
			ret->profile = value;
			if (mode != SLICE_NO_WORD)
				ret->profile.n = 0;
		} else if (slice_is(key, "vgapass.ids")) {
			ret->ids = value;
			ret->ids_column = (uint32_t)(value.p - start) + 1;
		}
	}
}

static bool same_module(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if ((a.p[i] == '-' ? '_' : a.p[i]) != (b.p[i] == '-' ? '_' : b.p[i]))
			return false;
	return true;
}

void cmdline_module_params(struct slice text, struct slice module, struct text *params)
{
	struct slice word;

	while ((word = next_word(&text)).n) {
		struct slice param = unquote(word), name = slice_cut(&param, '.');
		if (!param.n || !same_module(name, module))
			continue;
		text_add(params, params->len ? " %v" : "%v", &param);
	}
}
