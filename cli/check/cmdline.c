/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmdline.c - words of the kernel command line that fight with the rules or are needless, in
 * the boot loader's configuration and on the one that runs. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 64

/* What was found in a file need not be said of the running command line again. */
static struct {
	unsigned n;
	char *word[WORDS_MAX];
} said;

static bool was_said(const char *word)
{
	for (unsigned i = 0; i < said.n; i++)
		if (!strcmp(said.word[i], word))
			return true;
	return false;
}

/* True: the list with commas between has a driver of the host's. */
static bool has_host_driver(const struct check *c, const char *list)
{
	char copy[512], *rest = copy, *name;

	text_make(copy, sizeof(copy), "%s", list);
	while ((name = check_word(&rest, ",")))
		if (check_is_host_driver(c, name))
			return true;
	return false;
}

/* "nouveau.blacklist=1", "i915.modeset=0": of a driver that the rules keep away anyway. */
static bool is_drivers(const struct check *c, const char *word)
{
	const char *dot = strchr(word, '.');
	char name[64];

	if (!dot || (size_t)(dot - word) >= sizeof(name))
		return false;
	text_make(name, (size_t)(dot - word) + 1, "%s", word);
	return check_is_host_driver(c, name) &&
	       (!strncmp(dot, ".blacklist=", 11) || !strcmp(dot, ".modeset=0"));
}

static const char *value_of(const char *word)
{
	const char *equal = strchr(word, '=');

	return equal ? equal + 1 : "";
}

static bool begins(const char *word, const char *with)
{
	return !strncmp(word, with, strlen(with));
}

/* Why the word is needless; NULL: it is not. */
static const char *why_needless(const struct check *c, const char *word)
{
	if (begins(word, "rd.driver.pre=") && strstr(word, "vfio"))
		return "the boot image loads VFIO by itself";
	if ((begins(word, "rd.driver.blacklist=") || begins(word, "modprobe.blacklist=") ||
	     begins(word, "module_blacklist=")) && has_host_driver(c, value_of(word)))
		return "the rules keep the host's drivers off their functions, and other cards may "
		       "want them";
	if (is_drivers(c, word))
		return "the rules keep the host's drivers off their functions, and other cards may "
		       "want them";
	if ((begins(word, "video=") && strstr(word, "fb:off")) ||
	    !strcmp(word, "initcall_blacklist=sysfb_init"))
		return "the firmware's framebuffer leaves a card that is taken by itself, and the "
		       "host has no picture early in the boot";
	if (!strcmp(word, "nomodeset"))
		return "it keeps drivers off the host's own display, too";
	return NULL;
}

static bool is_ids(const char *word)
{
	return begins(word, "vfio-pci.ids=") || begins(word, "vfio_pci.ids=") ||
	       begins(word, "pci-stub.ids=") || begins(word, "pci_stub.ids=");
}

/* True: it turns vgapass off, or VFIO. */
static bool look_at_switch(struct check *c, const char *at, const char *word, const char *fix)
{
	if (!strcmp(word, "vgapass=off"))
		check_say(c, CHECK_ERROR, at, "vgapass=off: the boot binds nothing\n%s", fix);
	else if (!strcmp(word, "vgapass=dry-run"))
		check_say(c, CHECK_WARNING, at, "vgapass=dry-run: the boot only says what it would "
			  "bind\n%s", fix);
	else if (begins(word, "module_blacklist=") && strstr(word, "vfio"))
		check_say(c, CHECK_ERROR, at, "%s keeps VFIO from loading\n%s", word, fix);
	else
		return false;
	return true;
}

static void look_at_word(struct check *c, const char *at, const char *word, const char *fix)
{
	const char *why = why_needless(c, word);
	char name[32];

	if (look_at_switch(c, at, word, fix))
		return;
	text_make(name, sizeof(name), "%s", word);
	name[strcspn(name, "=")] = '\0';
	if (is_ids(word))
		check_say_ids(c, at, name, value_of(word), fix);
	else if (begins(word, "vfio_pci,") || begins(word, "vfio-pci,") || begins(word, "vfio,"))
		check_say(c, CHECK_WARNING, at, "%s has a comma for a dot, so nothing reads it\n%s",
			  word, fix);
	else if (why)
		check_say(c, CHECK_WARNING, at, "%s is needless: %s\n%s", word, why, fix);
	else if (begins(word, "pcie_acs_override="))
		check_say(c, CHECK_OK, at, "%s makes groups that the hardware does not: a guest may "
			  "reach what it should not\nmay stay where you trust the guests", word);
	else if (strstr(word, "allow_unsafe_interrupts=1"))
		check_say(c, CHECK_OK, at, "%s lets a guest send any interrupt\nmay stay where you "
			  "trust the guests", word);
}

static const char *how_to_apply(const struct check *c, const char *path)
{
	if (strstr(path, "grub"))
		return check_exists(c, "usr/sbin/update-grub") ?
			"take it out and run update-grub" :
			"take it out and run grub-mkconfig -o /boot/grub/grub.cfg (grub2-mkconfig)";
	if (strstr(path, "loader/entries"))
		return "take it out (grubby --update-kernel=ALL --remove-args=... where there is "
		       "grubby)";
	if (check_exists(c, "etc/kernel/proxmox-boot-uuids"))
		return "take it out and run proxmox-boot-tool refresh";
	return "take it out and run kernel-install add-all";
}

/* The words of the line, of which one is the variable's name with what follows '='. */
static void look_at_line(struct check *c, const struct check_at *at, char *line)
{
	char *word;

	if (strstr(at->path, "grub") && strncmp(line, "GRUB_CMDLINE_LINUX", 18) != 0)
		return;
	if (strstr(at->path, "grub"))
		line += strcspn(line, "=") + (strchr(line, '=') ? 1 : 0);
	while ((word = check_word(&line, " \t\"'"))) {
		if (said.n < WORDS_MAX && !was_said(word) && (said.word[said.n] = strdup(word)))
			said.n++;
		look_at_word(c, check_line(at->path, at->line), word, how_to_apply(c, at->path));
	}
}

void check_cmdline(struct check *c)
{
	char *copy = strdup(c->host->run.cmdline), *rest = copy, *word;
	char fix[512];

	check_lines(c, "etc/default/grub", look_at_line);
	check_folder(c, "etc/default/grub.d", ".cfg", look_at_line);
	check_lines(c, "etc/kernel/cmdline", look_at_line);
	check_folder(c, "boot/loader/entries", ".conf", look_at_line);
	text_make(fix, sizeof(fix), "take it out of %s, and reboot", check_boot_loader(c));
	while (copy && (word = check_word(&rest, " \t\n")))
		if (!was_said(word))
			look_at_word(c, "/proc/cmdline", word, fix);
	free(copy);
	if (c->host->run.cmd.recovery.n)
		check_say(c, CHECK_WARNING, "/proc/cmdline", "%.*s asks for a recovery boot, which "
			  "binds nothing\nreboot without it to have the rules hold",
			  (int)c->host->run.cmd.recovery.n, c->host->run.cmd.recovery.p);
	while (said.n)
		free(said.word[--said.n]);
}
