/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs.c - the host itself needs some functions: disks, keyboard, network. To unlock an
 * encrypted root file system, a person must see the question and be able to type. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/live/in_use.h"
#include "cli/out/xalloc.h"

#define BLOCKS_MAX 16
#define NAME_LENGTH 64

/* Ways to unlock it without a person. */
#define UNLOCK "unlock it by a key file, TPM (systemd-cryptenroll) or network (dropbear, clevis)"

static void find_obstacles(const struct check *c, struct obstacles *ret)
{
	const struct host *h = c->host;

	in_use_by_plan(&h->roots, &h->run.inv, &h->run.plan, NULL, ret);
}

void check_host_needs(struct check *c)
{
	static struct obstacles found;

	find_obstacles(c, &found);
	for (unsigned i = 0; i < found.n && i < OBSTACLES_MAX; i++) {
		const struct obstacle *o = &found.obstacle[i];
		const struct plan_entry *e = host_entry(c->host, o->f);
		const char *fix = o->text + o->who + strspn(o->text + o->who, ": ");
		check_say(c, FINDING_ERROR, CODE_HOST_NEEDS, check_address(o->f), "%.*s, and %s",
			  (int)o->who, o->text,
			  e->state == STATE_PLANNED ?
				  "the next boot takes the function from the host" :
				  "a rule is about it");
		if (o->user == USER_ROOT || !*fix)
			check_edit(c, check_place(&e->rule->at), "remove the rule");
		else
			check_advise(c, "%s", fix);
	}
}

/* What is known of the root file system's encryption. */
struct lock {
	unsigned n;
	char block[BLOCKS_MAX][NAME_LENGTH]; /* those that / stands on, from the top: dm-1 dm-0 */
	char name[BLOCKS_MAX][NAME_LENGTH];  /* vg-root sda3_crypt; "": not mapped */
	char asked[CHECK_PLACE_MAX];         /* where it says that somebody is asked; "": nowhere */
	bool key;                            /* it needs nobody at keyboard and screen */
};

/* Static, as the functions that check_lines() calls take no argument of ours. */
static struct lock lock;

static void add_block(const struct check *c, const char *block)
{
	char *name = lock.name[lock.n];

	for (unsigned i = 0; i < lock.n; i++)
		if (!strcmp(lock.block[i], block))
			return;
	if (sysfs_read(c->host->roots.sys, path_make("class/block/%s/dm/name", block), name,
		       NAME_LENGTH) < 0)
		*name = '\0';
	name[strcspn(name, "\n")] = '\0';
	text_make(lock.block[lock.n++], NAME_LENGTH, "%s", block);
}

static int add_lower(const char *block, void *arg)
{
	if (lock.n < BLOCKS_MAX)
		add_block(arg, block);
	return 0;
}

struct mapped {
	const struct check *c;
	const char *name;
	char block[NAME_LENGTH];
};

static int look_at_mapped(const char *block, void *arg)
{
	struct mapped *m = arg;
	char name[NAME_LENGTH];

	if (sysfs_read(m->c->host->roots.sys, path_make("class/block/%s/dm/name", block), name,
		       sizeof(name)) < 0)
		return 0;
	name[strcspn(name, "\n")] = '\0';
	if (!strcmp(name, m->name))
		text_make(m->block, sizeof(m->block), "%s", block);
	return *m->block;
}

/* "22 1 253:1 / / rw - ext4 /dev/mapper/vg-root rw"; the number of a btrfs is its own. */
static void look_at_mount(struct check *c, const struct check_at *at, char *line)
{
	struct mapped m = { .c = c };
	char place[8], source[256];
	const char *rest = strstr(line, " - ");
	unsigned major, minor;

	(void)at;
	if (!rest || sscanf(line, "%*u %*u %u:%u %*s %7s", &major, &minor, place) != 3 ||
	    strcmp(place, "/") != 0 || sscanf(rest, " - %*s %255s", source) != 1)
		return;
	lock.n = 0;
	m.name = strrchr(source, '/') ? strrchr(source, '/') + 1 : source;
	if (sysfs_link(c->host->roots.sys, path_make("dev/block/%u:%u", major, minor), 0, m.block,
		       sizeof(m.block)) < 0)
		sysfs_list(c->host->roots.sys, "class/block", look_at_mapped, &m);
	if (*m.block)
		add_block(c, m.block);
}

static void find_blocks(struct check *c)
{
	char path[128];

	check_lines(c, "proc/self/mountinfo", look_at_mount);
	for (unsigned i = 0; i < lock.n; i++)
		sysfs_list(c->host->roots.sys,
			   text_make(path, sizeof(path), "class/block/%s/slaves", lock.block[i]),
			   add_lower, c);
}

/* True: these options unlock the device, so that no passphrase is typed. */
static bool has_key(const char *options)
{
	static const char *const words[] = { "tpm2-device=", "pkcs11-uri=", "fido2-device=" };
	const char *script = strstr(options, "keyscript=");

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(options, words[i]))
			return true;
	/* The script decrypt_keyctl asks for a passphrase, too; it caches the answer. */
	return script && !strstr(script, "keyctl");
}

/* True: the root file system is on the mapped device of this name in crypttab. */
static bool is_below_root(const char *name)
{
	for (unsigned i = 0; i < lock.n; i++)
		if (*name && !strcmp(lock.name[i], name))
			return true;
	return false;
}

static void add_entry(const struct check_at *at, const char *key, const char *options)
{
	if ((*key && strcmp(key, "none") != 0 && strcmp(key, "-") != 0) || has_key(options))
		lock.key = true;
	else
		text_make(lock.asked, sizeof(lock.asked), "%s", check_line(at->path, at->line));
}

/* "root UUID=0a1b none luks,initramfs": name, device, key, options */
static void look_at_entry(struct check *c, const struct check_at *at, char *line)
{
	char name[NAME_LENGTH] = "", key[256] = "", options[512] = "";

	(void)c;
	if (sscanf(line, "%63s %*s %255s %511s", name, key, options) < 1)
		return;
	if (is_below_root(name) || strstr(options, "initramfs") ||
	    strstr(options, "x-initrd.attach") || strstr(at->path, "initramfs"))
		add_entry(at, key, options);
}

static bool begins_with_one(const char *word, const char *const *with)
{
	for (; *with; with++)
		if (!strncmp(word, *with, strlen(*with)))
			return true;
	return false;
}

/* True for "console=ttyS0,115200", not for "console=tty0": the question can be answered there. */
static bool is_serial_console(const char *word)
{
	return !strncmp(word, "console=", 8) &&
	       (strncmp(word + 8, "tty", 3) != 0 || !strspn(word + 11, "0123456789"));
}

/* The words of dracut and systemd, of mkinitcpio's encrypt and of Debian's cryptsetup. */
static void look_at_words(struct check *c)
{
	static const char *const asks[] = { "rd.luks.uuid=", "rd.luks.name=", "luks.uuid=",
					    "luks.name=", "cryptdevice=", "cryptopts=", NULL };
	static const char *const keys[] = { "rd.luks.key=", "luks.key=", "cryptkey=", "rd.luks=0",
					    "rd.luks=no", "luks=0", "luks=no", NULL };
	char *copy = xstrdup(c->host->run.cmdline), *rest = copy, *word;

	while (rest && (word = check_word(&rest, " \t\n"))) {
		lock.key |= begins_with_one(word, keys) || has_key(word) || is_serial_console(word);
		if (!*lock.asked && begins_with_one(word, asks))
			snprintf(lock.asked, sizeof(lock.asked), "%.*s on the kernel command line",
				 (int)strcspn(word, "="), word);
	}
	free(copy);
}

/* Some image generators find the encrypted device by themselves: then no file mentions it. */
static void look_at_mapping(const struct check *c)
{
	char uuid[64];

	for (unsigned i = 0; i < lock.n && !*lock.asked; i++)
		if (sysfs_read(c->host->roots.sys,
			       path_make("class/block/%s/dm/uuid", lock.block[i]), uuid,
			       sizeof(uuid)) > 0 && !strncmp(uuid, "CRYPT-", 6))
			text_make(lock.asked, sizeof(lock.asked), "%s, which is encrypted",
				  lock.name[i]);
}

/* True: the next boot asks for a passphrase that can only be typed at the local keyboard:
 * there is no key file, no serial console, and no unlocking over the network. */
static bool is_locked(struct check *c)
{
	static const char *const others[] = { "etc/dropbear/initramfs/authorized_keys",
					      "etc/dropbear-initramfs/authorized_keys",
					      "etc/dropbear/root_key",
					      "usr/bin/clevis-luks-unlock" };

	lock = (struct lock){ 0 };
	find_blocks(c);
	check_lines(c, "etc/crypttab", look_at_entry);
	check_lines(c, "etc/crypttab.initramfs", look_at_entry);
	look_at_words(c);
	look_at_mapping(c);
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		lock.key |= check_exists(c, others[i]);
	return *lock.asked && !lock.key;
}

/* True: another display is on a host driver and stays there. */
static bool another_display_stays(const struct check *c)
{
	const struct inventory *inv = &c->host->run.inv;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (PCI_CLASS_BASE(f->class) == PCI_BASE_DISPLAY && !check_is_planned(c, f) &&
		    *f->driver && !driver_is_for_guests(f->driver))
			return true;
	}
	return false;
}

void check_passphrase(struct check *c)
{
	static struct obstacles found;
	const struct inventory *inv = &c->host->run.inv;

	find_obstacles(c, &found);
	for (unsigned i = 0; i < found.n && i < OBSTACLES_MAX; i++) {
		const struct obstacle *o = &found.obstacle[i];
		if (o->user != USER_KEYBOARD || !is_locked(c))
			continue;
		check_say(c, FINDING_ERROR, CODE_PASSPHRASE_UNTYPED, check_address(o->f), "nobody "
			  "can type the root file system's passphrase (%s), as a rule takes the "
			  "only keyboard", lock.asked);
		check_advise(c, "plug the keyboard into another controller, or " UNLOCK);
	}
	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		if (!f->boot_display || !check_is_planned(c, f) || another_display_stays(c) ||
		    !is_locked(c))
			continue;
		check_say(c, FINDING_ERROR, CODE_PASSPHRASE_UNSEEN, check_address(f), "nobody sees "
			  "the question for the root file system's passphrase (%s), as a rule "
			  "takes the only display", lock.asked);
		check_advise(c, UNLOCK ", or at a serial console (console=ttyS0)");
	}
}
