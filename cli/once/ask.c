/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ask.c - see ask.h */
#include "ask.h"

#include <stdlib.h>
#include <string.h>

#include "cli/edit/account.h"
#include "cli/machine/next_boot.h"
#include "cli/machine/rebuild.h"
#include "cli/out/xalloc.h"
#include "within.h"

#define FILE_OF_WITHIN "/" WITHIN_FILE

/* Adds what a token asks: "a trial", "without passthrough", "with the profile games". */
static void add_words(struct text *t, const char *token)
{
	struct token asked;

	token_parse(slice_of(token), &asked);
	if (asked.word == TOKEN_PROFILE)
		text_add(t, "with the profile %s", asked.profile);
	else
		text_add(t, asked.word == TOKEN_TRIAL ? "a trial" : "without passthrough");
}

int once_say_not_armed(void)
{
	account_error("not-armed", "", "the next boot is the host's own: it is asked nothing");
	return CMD_FAILED;
}

/* A boot looks for a variable only if its configuration says so, which is that of its image. True:
 * the next boot does not look, which is said. */
static bool say_not_looked_for(const struct host *h)
{
	struct next_image image;

	if (config_wants_token(&h->run.config)) {
		next_image_look(h, &image, account_findings());
		bool looks = image.state == NEXT_CURRENT || image.state == NEXT_UNKNOWN;
		next_image_free(&image);
		return !looks;
	}
	account_error("next-boot-off", "/etc/vgapass.conf", "does not let boots look for what is "
		      "asked of one of them");
	account_fix(FIX_EDIT, "/etc/vgapass.conf", "add a line next-boot=yes");
	account_fix(FIX_COMMAND, NULL, "%s", rebuild_advice(h));
	return true;
}

/* Returns the means of the machine; NULL, said: it has none. A boot that does not look for the
 * variable can still be an entry of a menu, which has its word on its command line. The rules of a
 * trial that are to come make boots look. */
static const struct once_means *find_means(const struct host *h, const struct once *once)
{
	char why[ONCE_WHY_MAX * 3];
	const struct once_means *means = NULL;

	if (!config_wants_token(&h->run.config) && strcmp(once->token, ONCE_TRIAL) != 0)
		means = once_find(&h->roots, &once_efi, why, sizeof(why));
	if (!means)
		means = once_find(&h->roots, NULL, why, sizeof(why));
	if (!means) {
		account_error("no-means", "", "this machine has no place for what only the next "
			      "boot is to know (%s)", why);
		account_fix(FIX_ADVICE, NULL, "add a word such as vgapass=off by hand in the menu "
			    "of the boot loader");
	}
	return means;
}

static int say_failed(const struct once_means *means, const char *why)
{
	return account_error("not-armed", means->name, "%s", why);
}

int once_prepare(const struct host *h, const struct once *once)
{
	const struct once_means *means = find_means(h, once);
	const char *obstacle = once->within ? within_obstacle(&h->roots) : NULL;
	char why[ONCE_WHY_MAX];

	if (!means)
		return CMD_FAILED;
	if (obstacle) {
		account_error("no-within", "", "--within: %s, so nothing would reboot the machine",
			      obstacle);
		return CMD_FAILED;
	}
	if (once_arm(&h->roots, means, means->probe ? means->probe : once->token, why,
		     sizeof(why)) ||
	    means->cancel(&h->roots, why, sizeof(why)))
		return say_failed(means, why);
	return CMD_OK;
}

/* Leaves the token. The file of --within comes first: with it, a boot that is no trial does nothing
 * but remove it. 0, or CMD_FAILED after printing the reason. */
static int leave_token(const struct host *h, const struct once_means *means,
		       const struct once *once)
{
	char why[ONCE_WHY_MAX];
	int error = once->within ? within_write(&h->roots, once->within) :
				   within_remove(&h->roots);

	if (error)
		return account_error("not-armed", FILE_OF_WITHIN, "%s", strerror(-error));
	if (!once_arm(&h->roots, means, once->token, why, sizeof(why)))
		return CMD_OK;
	within_remove(&h->roots);
	return say_failed(means, why);
}

static void say_armed(const struct once *once)
{
	char what[128];
	struct text t;

	text_start(&t, what, sizeof(what));
	add_words(&t, once->token);
	/* Text has it as the last line; a finding would be printed first. */
	if (account_is_json())
		account_note("next-boot-asked", "", "the next boot is %s", what);
	account_print("The next boot is %s, the one after it as ever. Reboot.\n", what);
	if (strcmp(once->token, ONCE_TRIAL) != 0)
		return;
	if (once->within)
		account_print_wrapped("In it, vgapass confirm keeps the rules for good; if nobody "
				      "does within %u s, it reboots by itself.\n", once->within);
	else
		account_print_wrapped("In it, vgapass confirm keeps the rules for good.\n");
}

int once_ask(const struct host *h, const struct once *once)
{
	const struct once_means *means = find_means(h, once);

	if (!means)
		return once_say_not_armed();
	if (leave_token(h, means, once))
		return once_say_not_armed();
	say_armed(once);
	return CMD_OK;
}

/* Takes back what the next boot is asked, and says what that was. Returns CMD_OK, or CMD_FAILED
 * after printing the reason. */
static int take_back(const struct host *h, const struct once *once)
{
	char token[ONCE_TOKEN_MAX], why[ONCE_WHY_MAX], what[128];
	const struct once_means *means = once_pending(&h->roots, token, sizeof(token));
	int n = once_cancel(&h->roots, why, sizeof(why));
	struct text t;

	(void)once;
	if (n < 0)
		return account_error("not-cancelled", means ? means->name : "", "%s", why);
	within_remove(&h->roots);
	text_start(&t, what, sizeof(what));
	if (means)
		add_words(&t, token);
	if (means)
		account_print("The next boot is as ever: it was to be %s.\n", what);
	else
		account_print("Nothing is asked of the next boot.\n");
	return CMD_OK;
}

static int run_with(const struct cmd_verb *verb, const struct host_options *o,
		    int (*run)(const struct host *h, const struct once *once),
		    const struct once *once)
{
	struct host *h = xcalloc(1, sizeof(*h));

	account_start(verb, once->json);
	int r = host_open(h, o);
	if (!r)
		r = run(h, once);
	r = account_end(r);
	host_close(h);
	free(h);
	return r;
}

static int ask(const struct host *h, const struct once *once)
{
	const struct once_means *means = find_means(h, once);

	if (!means || (means == &once_efi && say_not_looked_for(h)))
		return once_say_not_armed();
	return once_ask(h, once);
}

int once_run(const struct cmd_verb *verb, const struct host_options *o, const struct once *once)
{
	return run_with(verb, o, ask, once);
}

int once_run_cancel(const struct cmd_verb *verb, const struct host_options *o, bool json)
{
	const struct once none = { .json = json };

	return run_with(verb, o, take_back, &none);
}
