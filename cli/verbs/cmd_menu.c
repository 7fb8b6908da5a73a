/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_menu.c - vgapass menu: entries of the boot menu for vgapass=off, a trial and each profile. */
#include <stdlib.h>

#include "cli/cmd.h"
#include "cli/edit/account.h"
#include "cli/menu/menu.h"

static void add_entry(struct menu *m, const char *kind, const char *word, const char *title)
{
	struct menu_entry *e = &m->entry[m->entries++];

	e->word = word;
	text_make(e->id, sizeof(e->id), "vgapass-%s%s", kind, word);
	text_make(e->title, sizeof(e->title), "%s", title);
}

static void list_entries(struct menu *m, const struct config *c)
{
	char title[sizeof(m->entry[0].title)];

	add_entry(m, "", "off", "without passthrough");
	add_entry(m, "", "trial", "trial of passthrough");
	for (unsigned i = 0; i < c->profiles; i++)
		add_entry(m, "profile-", c->profile[i],
			  text_make(title, sizeof(title), "profile %s", c->profile[i]));
}

static int say_no_menu(void)
{
	account_error("not-written", "", "no boot menu is found that entries can be added to: "
		      "GRUB's by grub-mkconfig, or loader/entries of systemd-boot");
	account_fix(FIX_ADVICE, NULL, "type vgapass=off behind the kernel's options at the menu of "
		    "the boot loader");
	return CMD_FAILED;
}

static int change_menus(struct menu *m)
{
	list_entries(m, &m->h->run.config);
	int grub = menu_grub(m), loader = menu_loader(m);

	if (!m->menus && !m->remove)
		return say_no_menu();
	if (grub || loader)
		return CMD_FAILED;
	if (m->dry_run)
		account_print("Nothing is written.\n");
	else if (!m->changes)
		account_print(m->remove ? "Nothing to remove.\n" :
					  "The menu is as it should be.\n");
	return CMD_OK;
}

static struct menu menu;
static struct host_options opt;
static bool json;

static const struct cmd_option options[] = {
	CMD_DRY_RUN(&menu.dry_run),
	CMD_JSON(&json),
	{ "remove", 0, NULL, "remove the entries", &menu.remove, NULL },
	CMD_SYSROOT(&opt.sysroot),
	{ "verbose", 'v', NULL, "show all that the tool prints", &menu.verbose, NULL },
	CMD_END,
};

static int run_menu(int argc, char **argv)
{
	static struct host h;

	if (cmd_no_arguments(&verb_menu, argc, argv))
		return CMD_USAGE;
	account_start(&verb_menu, json);
	menu.h = &h;
	int r = host_open(&h, &opt);
	if (!r)
		r = change_menus(&menu);
	r = account_end(r);
	host_close(&h);
	return r;
}

const struct cmd_verb verb_menu = {
	.name = "menu",
	.summary = "add entries to the boot menu: without passthrough, each profile",
	.arguments = "",
	.about = "Adds entries to the menu of the boot loader: one that boots without passthrough "
		 "(vgapass=off), one with a trial (vgapass=trial), and one with each profile "
		 "(vgapass=NAME). Each is a copy of the default entry, which stays the default. "
		 "GRUB gets a script in /etc/grub.d, systemd-boot and Fedora's GRUB get files in "
		 "loader/entries.",
	.options = options,
	.exits = "0 done, or there is nothing to do, 1 not done or not all, 2 usage.",
	.plural = "rules",
	.run = run_menu,
};
