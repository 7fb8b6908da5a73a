/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verbs.c - the table of the verbs; see cli/cmd.h. */
#include "cli/cmd.h"

const struct cmd_verb *const cmd_verbs[] = {
	&verb_status, &verb_list, &verb_plan, &verb_check, &verb_explain,
	&verb_add, &verb_remove, &verb_import,
	&verb_try, &verb_confirm, &verb_off, &verb_profile, &verb_menu,
	&verb_bind, &verb_release,
	&verb_assign, &verb_report, NULL,
};
