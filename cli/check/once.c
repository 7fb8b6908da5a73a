/* SPDX-License-Identifier: GPL-2.0-or-later */
/* once.c - can the next boot be asked something, and is it? */
#include <string.h>

#include "check.h"
#include "cli/once/once.h"
#include "hook/image/modules.h"

/* The line or the rule that makes boots look for what they are asked. */
static const char *place_of_wish(const struct check *c)
{
	const struct config *config = &c->host->run.config;

	for (unsigned i = 0; i < config->rules; i++)
		if (config->rule[i].profile == config_trial)
			return check_place(&config->rule[i].at);
	return "/etc/vgapass.conf";
}

static void say_no_means(struct check *c, const char *why)
{
	check_say(c, FINDING_WARNING, CODE_ONCE_IMPOSSIBLE, place_of_wish(c),
		  "is for boots that are asked something, and this machine has no place for it "
		  "(%s)", why);
	check_advise(c, "mend that, or remove the line");
}

/* A variable is seen by a kernel that has efivarfs. */
static void look_at_kernel(struct check *c, const struct kernel *k)
{
	static struct modules m;

	/* check_modules() says what is wrong with the index. */
	if (modules_open(&m, &c->host->roots, k->version))
		return;
	if (modules_add_token(&m)) {
		check_say(c, FINDING_WARNING, CODE_ONCE_UNSEEN, "", "kernel %s cannot see what it "
			  "is asked: %.*s", k->version, (int)strcspn(m.text, "\n"), m.text);
		check_advise(c, "install the kernel's module efivarfs");
	}
	modules_close(&m);
}

static void look_at_kernels(struct check *c)
{
	struct kernels kernels;

	kernels_find(c->host, &kernels);
	for (unsigned i = 0; i < kernels.n; i++)
		if (kernels_is_next(&kernels, i))
			look_at_kernel(c, &kernels.kernel[i]);
	kernels_free(&kernels);
}

static const char *words_of(const char *token)
{
	struct token asked;

	token_parse(slice_of(token), &asked);
	return asked.word == TOKEN_TRIAL ? "asks the next boot for a trial" :
	       asked.word == TOKEN_OFF ? "asks the next boot to bind nothing" :
					 "asks the next boot for another profile";
}

void check_once(struct check *c)
{
	const struct config *config = &c->host->run.config;
	char why[ONCE_WHY_MAX * 3], token[ONCE_TOKEN_MAX];
	const struct once_means *means = once_pending(&c->host->roots, token, sizeof(token));
	bool wanted = config_wants_token(config);

	if (means) {
		bool lost = means == &once_efi && !wanted;
		check_say(c, lost ? FINDING_WARNING : FINDING_NOTE, lost ? CODE_ONCE_LOST :
			  CODE_ONCE_ASKED, means->name, "%s%s", words_of(token), lost ?
			  ", which does not look: the configuration has neither next-boot=yes nor "
			  "a rule in [trial]" : "");
		check_run(c, "vgapass try --cancel");
	}
	if (!wanted)
		return;
	means = once_find(&c->host->roots, NULL, why, sizeof(why));
	if (!means)
		say_no_means(c, why);
	else if (means == &once_efi)
		look_at_kernels(c);
}
