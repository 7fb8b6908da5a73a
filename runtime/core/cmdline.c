/* cmdline.c - see cmdline.h */
#include "cmdline.h"

static struct slice unquote(struct slice s)
{
	if (s.n && s.p[0] == '"') {
		s.p++, s.n--;
		if (s.n && s.p[s.n - 1] == '"')
			s.n--;
	}
	return s;
}

/* Who boots to mend the host wants it as it is. systemd's words (src/basic/proc-cmdline.c,
 * runlevel_to_target()), sysvinit's (src/init.c, main()), dracut's and initramfs-tools', and
 * the one of Ubuntu's boot menu. */
static bool is_recovery(struct slice key, struct slice value)
{
	return slice_word(key, "single|s|S|1|-s|-b|rescue|emergency|recovery|"
			       "rd.rescue|rd.emergency|rd.break|break") != SLICE_NO_WORD ||
	       (slice_word(key, "systemd.unit|rd.systemd.unit") != SLICE_NO_WORD &&
		slice_word(value, "rescue.target|emergency.target") != SLICE_NO_WORD);
}

void cmdline_parse(struct slice text, struct cmdline *ret)
{
	const char *start = text.p;
	bool is_init = false, dry = false, off = false;
	struct slice word;

	*ret = (struct cmdline){ .mode = MODE_ON };
	while ((word = slice_next(&text, '"')).n) {
		struct slice value = unquote(word), key = slice_cut(&value, '=');
		value = unquote(value);
		bool is_ours = slice_is(key, "vgapass");
		unsigned mode = is_ours ? slice_word(value, MODE_WORDS) : SLICE_NO_WORD;
		off |= mode == MODE_OFF || is_recovery(key, value);
		is_init |= slice_is(word, "--");
		if (is_init)
			continue;
		dry |= mode == MODE_DRY_RUN;
		if (is_ours && (mode == SLICE_NO_WORD || mode == MODE_ON))
			ret->profile = mode == MODE_ON ? (struct slice){ value.p, 0 } : value;
		if (slice_is(key, "vgapass.ids")) {
			ret->ids = value;
			ret->ids_column = (uint32_t)(value.p - start) + 1;
		}
	}
	if (off)
		ret->profile.n = 0;
	ret->mode = off ? MODE_OFF : dry ? MODE_DRY_RUN : MODE_ON;
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

	while ((word = slice_next(&text, '"')).n && !slice_is(word, "--")) {
		struct slice param = unquote(word), name = slice_cut(&param, '.'), value = param;
		if (!param.n || !same_module(name, module) ||
		    slice_is(slice_cut(&value, '='), "ids"))
			continue;
		text_add(params, params->len ? " %v" : "%v", &param);
	}
}
