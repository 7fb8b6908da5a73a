/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmdline.c - see cmdline.h */
#include "cmdline.h"
#include "driver.h"

static struct slice unquote(struct slice s)
{
	if (s.n && s.p[0] == '"') {
		s.p++, s.n--;
		if (s.n && s.p[s.n - 1] == '"')
			s.n--;
	}
	return s;
}

/* Words of a recovery boot, which gets the host as it is without vgapass: those of systemd
 * (src/basic/proc-cmdline.c, runlevel_to_target()) and sysvinit (src/init.c, main()), those with
 * which dracut and initramfs-tools start a shell, and the one in Ubuntu's boot menu. */
#define RECOVERY                                                                     \
	"single|s|S|1|-s|-b|rescue|emergency|recovery|rd.rescue|rd.emergency|rd.break|break"

#define KEYS "vgapass|vgapass.ids|--|systemd.unit|rd.systemd.unit|" RECOVERY
enum key { OURS, IDS, END, UNIT, RD_UNIT, RECOVERIES };

#define VALUES MODE_WORDS "|rescue.target|emergency.target|" TRIAL_WORD
enum { TARGETS = MODE_DRY_RUN + 1, TRIAL = TARGETS + 2 };

void cmdline_parse(struct slice text, struct cmdline *ret)
{
	const char *start = text.p;
	bool is_init = false;
	struct slice word;

	*ret = (struct cmdline){ .mode = MODE_ON };
	while ((word = slice_next(&text, '"')).n) {
		struct slice value = unquote(word);
		unsigned key = slice_word(slice_cut(&value, '='), KEYS);
		if (key == SLICE_NO_WORD)
			continue;
		value = unquote(value);
		unsigned known = slice_word(value, VALUES);
		if (key >= RECOVERIES || ((key == UNIT || key == RD_UNIT) && known - TARGETS < 2))
			ret->recovery = word;
		if (ret->recovery.n || (key == OURS && known == MODE_OFF))
			ret->mode = MODE_OFF;
		is_init |= key == END;
		if (is_init)
			continue;
		if (key == IDS) {
			ret->ids = value;
			ret->ids_column = (uint32_t)(value.p - start) + 1;
		} else if (key == OURS && known == MODE_DRY_RUN) {
			ret->mode = ret->mode == MODE_OFF ? MODE_OFF : MODE_DRY_RUN;
		} else if (key == OURS && known == TRIAL) {
			ret->trial = true;
		} else if (key == OURS && known != MODE_OFF) {
			ret->profile = value;
			ret->profile.n = known == MODE_ON ? 0 : value.n;
		}
	}
}

bool cmdline_next_rule(struct slice *text, struct slice *ret)
{
	struct slice word;

	while ((word = slice_next(text, '"')).n && !slice_is(word, "--")) {
		*ret = unquote(word);
		if (!slice_is(slice_cut(ret, '='), "vgapass.rule"))
			continue;
		*ret = unquote(*ret);
		if (ret->n)
			return true;
	}
	return false;
}

void cmdline_module_params(struct slice text, struct slice module, struct text *params)
{
	struct slice word;

	while ((word = slice_next(&text, '"')).n && !slice_is(word, "--")) {
		struct slice param = unquote(word), name = slice_cut(&param, '.');
		struct slice value = unquote(param);
		if (!param.n || !module_same_name(name, module) ||
		    slice_is(slice_cut(&value, '='), "ids"))
			continue;
		/* Quotes stay, as the kernel splits the parameters once more. */
		param.n = (size_t)(word.p + word.n - param.p);
		text_add(params, "%s%s%pv", params->len ? " " : "", *word.p == '"' ? "\"" : "",
			 &param);
	}
}
