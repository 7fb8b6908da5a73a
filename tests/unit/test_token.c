/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_token.c - what was asked for one boot: runtime/core/token.h and runtime/io/token.h */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "boot.h"
#include "fake_kernel.h"
#include "runtime/io/token.h"

#define ATTRIBUTES "\7\0\0\0"
#define VARIABLE(text) ATTRIBUTES text, sizeof(ATTRIBUTES text) - 1

static const struct roots roots = { FAKE_ROOT, FAKE_SYS, FAKE_PROC, FAKE_DEV, true };

static void reads_tokens(void **state)
{
	static const struct {
		const char *text;
		enum token_word word;
		const char *profile;
	} cases[] = {
		{ "1 trial\n", TOKEN_TRIAL, "" },
		{ "1 off\n", TOKEN_OFF, "" },
		{ "1 profile games\n", TOKEN_PROFILE, "games" },
		/* half of one is none */
		{ "", TOKEN_NONE, "" }, { "\n", TOKEN_NONE, "" }, { "1", TOKEN_NONE, "" },
		{ "1 tri", TOKEN_NONE, "" }, { "1 trial", TOKEN_NONE, "" },
		{ "1 profile games", TOKEN_NONE, "" },
		/* nor is anything else */
		{ "1 \n", TOKEN_NONE, "" }, { "1\n", TOKEN_NONE, "" },
		{ "trial\n", TOKEN_NONE, "" },
		{ "2 trial\n", TOKEN_NONE, "" }, { "1 Trial\n", TOKEN_NONE, "" },
		{ "1 trial now\n", TOKEN_NONE, "" }, { "1 trial \n1", TOKEN_NONE, "" },
		{ "1 trial\n\n", TOKEN_NONE, "" }, { "1  trial\n", TOKEN_NONE, "" },
		{ "1 off\nx", TOKEN_NONE, "" }, { "1 profile\n", TOKEN_NONE, "" },
		{ "1 profile \n", TOKEN_NONE, "" }, { "1 trial\r\n", TOKEN_NONE, "" },
		{ "1 profile 123456789012345678901234567890123456789012345678901234567890123\n",
		  TOKEN_PROFILE,
		  "123456789012345678901234567890123456789012345678901234567890123" },
		{ "1 profile 1234567890123456789012345678901234567890123456789012345678901234\n",
		  TOKEN_NONE, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = strlen(cases[i].text);
		char *exact = malloc(n ? n : 1), back[TOKEN_MAX];
		struct token t;
		struct text text;
		assert_non_null(exact);
		memcpy(exact, cases[i].text, n);
		token_parse((struct slice){ exact, n }, &t);
		if (t.word != cases[i].word || strcmp(t.profile, cases[i].profile))
			fail_msg("%s: %d %s", cases[i].text, t.word, t.profile);
		text_start(&text, back, sizeof(back));
		if (t.word)
			token_text(&text, &t);
		if (t.word)
			assert_string_equal(back, cases[i].text);
		free(exact);
	}
}

static void take(struct token *t)
{
	*t = (struct token){ .word = TOKEN_NONE };
	token_take_variable(&roots, t);
}

static void takes_the_variable(void **state)
{
	struct token t;

	(void)state;
	boot_machine();
	fake_add_module("efivarfs", NULL);
	fake_efi(TOKEN_VARIABLE, VARIABLE("1 trial\n"), FAKE_DELETABLE);
	take(&t);
	assert_int_equal(t.word, TOKEN_TRIAL);
	assert_int_equal(t.state, TOKEN_TAKEN);
	assert_int_equal(t.from, TOKEN_EFI);
	assert_int_equal(t.error, 0);
	assert_false(fake_has_variable());
	assert_string_equal(fake_log(),
			    "load efivarfs\n"
			    "mount efivarfs\n"
			    "unlink sys/firmware/efi/efivars/" TOKEN_VARIABLE "\n"
			    "umount /sys/firmware/efi/efivars\n"
			    "mount efivarfs\n"
			    "umount /sys/firmware/efi/efivars\n");
	take(&t);
	assert_int_equal(t.word, TOKEN_NONE);
	assert_int_equal(t.state, TOKEN_ABSENT);
}

static void does_not_count_what_stays(void **state)
{
	struct token t;

	(void)state;
	boot_machine();
	fake_efi(TOKEN_VARIABLE, VARIABLE("1 trial\n"), FAKE_READ_ONLY);
	take(&t);
	assert_int_equal(t.word, TOKEN_TRIAL);
	assert_int_equal(t.state, TOKEN_STUCK);
	assert_int_equal(t.error, -EROFS);
	assert_int_equal(token_counts(&t), TOKEN_NONE);
	fake_efi(TOKEN_VARIABLE, VARIABLE("1 profile a\n"), FAKE_STUBBORN);
	take(&t);
	assert_int_equal(t.state, TOKEN_STUCK);
	assert_int_equal(t.error, -EEXIST);
	assert_int_equal(token_counts(&t), TOKEN_NONE);
	/* A boot without passthrough is always right. */
	fake_efi(TOKEN_VARIABLE, VARIABLE("1 off\n"), FAKE_READ_ONLY);
	take(&t);
	assert_int_equal(t.state, TOKEN_STUCK);
	assert_int_equal(token_counts(&t), TOKEN_OFF);
}

/* Whatever is in the variable, it is not left for another boot. */
static void deletes_what_is_no_token(void **state)
{
	static char big[200];
	struct token t;

	(void)state;
	boot_machine();
	memset(big, 'x', sizeof(big));
	fake_efi(TOKEN_VARIABLE, VARIABLE("1 tri"), FAKE_DELETABLE);
	take(&t);
	assert_int_equal(t.word, TOKEN_NONE);
	assert_int_equal(t.state, TOKEN_ABSENT);
	assert_false(fake_has_variable());
	fake_efi(TOKEN_VARIABLE, big, sizeof(big), FAKE_DELETABLE);
	take(&t);
	assert_int_equal(t.state, TOKEN_ABSENT);
	assert_false(fake_has_variable());
	/* What a failed write leaves in efivarfs: fs/efivarfs/file.c, efivarfs_file_write() */
	fake_efi(TOKEN_VARIABLE, "", 0, FAKE_DELETABLE);
	take(&t);
	assert_int_equal(t.state, TOKEN_ABSENT);
	assert_false(fake_has_variable());
}

/* What somebody else has mounted stays so. */
static void unmounts_its_own_only(void **state)
{
	struct token t;

	(void)state;
	boot_machine();
	fake_efi(TOKEN_VARIABLE, VARIABLE("1 trial\n"), FAKE_DELETABLE);
	fake_fail(3, EBUSY, true);
	take(&t);
	assert_non_null(strstr(fake_failed(), "mount"));
	assert_int_equal(t.word, TOKEN_TRIAL);
	assert_int_equal(t.state, TOKEN_TAKEN);
	assert_false(fake_has_variable());
	assert_null(strstr(fake_log(), "umount"));
}

static void asks_nothing_without_efi(void **state)
{
	struct token t;

	(void)state;
	boot_machine();
	fake_fail(0, 0, false);
	take(&t);
	assert_int_equal(t.state, TOKEN_ABSENT);
	assert_int_equal(fake_calls(), 1);
	assert_string_equal(fake_log(), "");
}

/* Each call fails, before or after it has done its work; power goes at each call: a trial that
 * counts is gone from the firmware. */
static void never_counts_what_is_there(void **state)
{
	static const int errors[] = { EIO, ENODEV, ENOENT, EPERM, EROFS, EACCES, EBUSY, ENOMEM };
	unsigned calls, armed = 0, n = 0;
	struct token t;

	(void)state;
	boot_machine();
	fake_efi(TOKEN_VARIABLE, VARIABLE("1 trial\n"), FAKE_DELETABLE);
	fake_fail(0, 0, false);
	take(&t);
	calls = fake_calls();
	assert_int_equal(calls, 10);
	for (unsigned call = 1; call <= calls; call++)
		for (size_t i = 0; i < 2 * COUNT(errors); i++, n++) {
			boot_machine();
			fake_efi(TOKEN_VARIABLE, VARIABLE("1 trial\n"), FAKE_DELETABLE);
			fake_fail(call, errors[i / 2], i % 2);
			take(&t);
			armed += token_counts(&t) == TOKEN_TRIAL;
			if (token_counts(&t) != TOKEN_NONE && fake_has_variable())
				fail_msg("call %u, error %d: %s", call, errors[i / 2],
					 fake_failed());
		}
	/* Loading the module and the last umount may fail; and a look that says "not there". */
	assert_in_range(armed, 1, n / 2);
}

static void leaves_it_for_later_programs(void **state)
{
	struct token t = { .word = TOKEN_PROFILE, .state = TOKEN_TAKEN, .profile = "games" }, back;

	(void)state;
	boot_machine();
	fake_file(TOKEN_FILE, "1 profile games\n");
	token_read(&roots, &back);
	assert_int_equal(back.word, t.word);
	assert_int_equal(back.state, TOKEN_TAKEN);
	assert_string_equal(back.profile, "games");
	fake_remove(TOKEN_FILE);
	token_read(&roots, &back);
	assert_int_equal(back.word, TOKEN_NONE);
	fake_file(TOKEN_FILE, "1 off");
	token_read(&roots, &back);
	assert_int_equal(back.word, TOKEN_NONE);
	assert_int_equal(back.state, TOKEN_ABSENT);
}

static void a_credential_only_turns_off(void **state)
{
	struct token t = { .word = TOKEN_NONE };

	(void)state;
	boot_machine();
	token_take_credential(&roots, &t);
	assert_int_equal(t.word, TOKEN_NONE);
	fake_file(".extra/global_credentials/vgapass.off.cred", "1 trial\n");
	token_take_credential(&roots, &t);
	assert_int_equal(t.word, TOKEN_OFF);
	assert_int_equal(t.from, TOKEN_CREDENTIAL);
	assert_int_equal(token_counts(&t), TOKEN_OFF);
	fake_remove(".extra/global_credentials");
	fake_file(".extra/credentials/vgapass.off.cred", "");
	t = (struct token){ .word = TOKEN_NONE };
	token_take_credential(&roots, &t);
	assert_int_equal(t.word, TOKEN_OFF);
}

#define TRIAL "8086:1912\n[trial]\n1002:6608\n1002:aab0\n[profile a]\n1b21:2142 path=00:1c.0/00.0\n"

static void boot_with(const char *conf, const char *cmdline, struct token token)
{
	boot_machine();
	boot.token = token;
	boot_run(conf, cmdline);
	boot.token = (struct token){ .word = TOKEN_NONE };
}

static void a_trial_holds_where_it_is_armed(void **state)
{
	const struct token none = { .word = TOKEN_NONE },
			   trial = { .word = TOKEN_TRIAL, .state = TOKEN_TAKEN },
			   stuck = { .word = TOKEN_TRIAL, .state = TOKEN_STUCK, .error = -EROFS },
			   off = { .word = TOKEN_OFF, .state = TOKEN_TAKEN },
			   stays_off = { .word = TOKEN_OFF, .state = TOKEN_STUCK };
	static const struct {
		const char *cmdline, *card;
		int token;
	} cases[] = {
		{ "", "", 0 },
		{ "", "vfio-pci", 1 },
		{ "", "", 2 },
		{ "", "", 3 },
		{ "", "", 4 },
		{ "vgapass=trial", "vfio-pci", 0 },
		{ "vgapass=trial vgapass=off", "", 0 },
		{ "vgapass=off", "", 1 },
		{ "single", "", 1 },
		{ "vgapass=a", "", 0 },
		{ "vgapass=a", "vfio-pci", 1 },
		{ "vgapass=a vgapass=trial", "vfio-pci", 0 },
		{ "vgapass=trial", "", 3 },
		{ "vgapass=trial", "", 4 },
		{ "vgapass=dry-run", "", 1 },
	};
	const struct token tokens[] = { none, trial, stuck, off, stays_off };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		boot_with(TRIAL, cases[i].cmdline, tokens[cases[i].token]);
		if (strcmp(fake_driver_of("0000:01:00.0"), cases[i].card))
			fail_msg("%s, token %d: %s", cases[i].cmdline, cases[i].token,
				 fake_driver_of("0000:01:00.0"));
	}
	boot_with(TRIAL, "vgapass=a", trial);
	assert_string_equal(fake_driver_of("0000:02:00.0"), "vfio-pci");
	boot_with(TRIAL, "", trial);
	assert_string_equal(fake_driver_of("0000:02:00.0"), "");
}

static void chooses_the_profile(void **state)
{
	static const char conf[] = "profile=a\n[profile a]\n1002:6608\n[profile b]\n1002:aab0\n";
	const struct token none = { .word = TOKEN_NONE },
			   b = { .word = TOKEN_PROFILE, .state = TOKEN_TAKEN, .profile = "b" };

	(void)state;
	boot_with(conf, "", none);
	assert_string_equal(fake_driver_of("0000:01:00.0"), "vfio-pci");
	assert_string_equal(fake_driver_of("0000:01:00.1"), "");
	boot_with(conf, "vgapass=b", none);
	assert_string_equal(fake_driver_of("0000:01:00.0"), "");
	assert_string_equal(fake_driver_of("0000:01:00.1"), "vfio-pci");
	boot_with(conf, "vgapass=on", none);
	assert_string_equal(fake_driver_of("0000:01:00.0"), "");
	assert_string_equal(fake_driver_of("0000:01:00.1"), "");
	boot_with(conf, "", b);
	assert_string_equal(fake_driver_of("0000:01:00.0"), "");
	assert_string_equal(fake_driver_of("0000:01:00.1"), "vfio-pci");
	boot_with("profile=c\n[profile a]\n1002:6608\n", "", none);
	assert_int_equal(boot.plan.state, PLAN_UNKNOWN_PROFILE);
	assert_string_equal(words_problem_line(&boot, 0),
			    "no profile is named c, nothing is bound: correct profile=");
}

static const char *said(struct token token, bool trial)
{
	static char buf[PLAN_LINE_MAX];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	boot.token = token;
	boot.cmd.trial = trial;
	words_token(&t, &boot);
	boot.token = (struct token){ .word = TOKEN_NONE };
	boot.cmd.trial = false;
	return buf;
}

static void says_what_was_asked(void **state)
{
	const struct token none = { .word = TOKEN_NONE };

	(void)state;
	assert_string_equal(said(none, false), "");
	assert_string_equal(said(none, true), "in this boot only: trial");
	assert_string_equal(said((struct token){ TOKEN_TRIAL, TOKEN_EFI, TOKEN_TAKEN, 0, "" },
				 false),
			    "in this boot only: trial");
	assert_string_equal(said((struct token){ TOKEN_PROFILE, TOKEN_EFI, TOKEN_TAKEN, 0, "a" },
				 false),
			    "in this boot only: profile a");
	assert_string_equal(said((struct token){ TOKEN_TRIAL, TOKEN_EFI, TOKEN_STUCK, -EROFS, "" },
				 false),
			    "the EFI variable for \"trial\" cannot be deleted (error 30): "
			    "it does not count");
	assert_string_equal(said((struct token){ TOKEN_OFF, TOKEN_EFI, TOKEN_STUCK, -EROFS, "" },
				 false),
			    "the EFI variable for \"off\" cannot be deleted (error 30): "
			    "nothing is bound");
	assert_string_equal(said((struct token){ TOKEN_NONE, TOKEN_EFI, TOKEN_HUNG, 0, "" }, false),
			    "the EFI firmware does not answer: no trial");
	assert_string_equal(said((struct token){ TOKEN_OFF, TOKEN_CREDENTIAL, TOKEN_TAKEN, 0, "" },
				 false),
			    "a credential says off: nothing is bound");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_tokens),
		cmocka_unit_test(takes_the_variable),
		cmocka_unit_test(does_not_count_what_stays),
		cmocka_unit_test(deletes_what_is_no_token),
		cmocka_unit_test(unmounts_its_own_only),
		cmocka_unit_test(asks_nothing_without_efi),
		cmocka_unit_test(never_counts_what_is_there),
		cmocka_unit_test(leaves_it_for_later_programs),
		cmocka_unit_test(a_credential_only_turns_off),
		cmocka_unit_test(a_trial_holds_where_it_is_armed),
		cmocka_unit_test(chooses_the_profile),
		cmocka_unit_test(says_what_was_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
