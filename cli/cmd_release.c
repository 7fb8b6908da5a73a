/* cmd_release.c - vgapass release: gives cards back to the host's own drivers now. */
#include <string.h>

#include "cmd.h"
#include "live/live.h"

static const char help[] =
	"usage: vgapass release [OPTION ...] CARD ...\n\n"
	"Takes all functions of the cards from vfio-pci, or from the driver of their\n"
	"rule, and has the host's own drivers take them, now. CARD is an address, an ID\n"
	"or words of its name, see vgapass list.\n\n"
	"  --dry-run  shows what would be done, does nothing\n\n"
	"A card that a guest has is refused, and the process is named. The configuration\n"
	"stays: at the next boot its rules hold, until vgapass remove.\n\n"
	"Exit code: 0 the host has them, 1 refused or failed, 2 usage.\n";

/* True: it is not the host's own driver that has it. */
static bool is_taken(const struct host *h, const struct live_function *one)
{
	const struct plan_entry *e = host_entry(h, one->f);
	const char *driver = one->f->driver;

	return strstr(driver, "vfio") || !strcmp(driver, "pci-stub") ||
	       (e->rule && !e->rule->keep && !strcmp(driver, e->rule->driver));
}

static void release_item(void *live, unsigned k)
{
	struct live *l = live;

	if (l->function[k].wanted)
		live_give_back(l, k, false);
}

static int say(struct live *l, struct live_function *one)
{
	char at[64], from[PCI_DRIVER_NAME + 8] = "", names[HOST_NAME_MAX];
	const char *was = one->f->driver;

	text_make(at, sizeof(at), "%a [%i]", &one->f->at, one->f);
	if (*was)
		text_make(from, sizeof(from), " from %s", was);
	if (!one->wanted) {
		printf("%s is the host's already, %s has it\n", at, was);
		return CMD_OK;
	}
	if (!one->done)
		return cmd_complain("%s: the kernel has not come back from releasing it%s: see the "
				    "kernel log", at, from);
	if (*one->driver && !strcmp(one->driver, was))
		return cmd_complain("%s: %s has taken it again: does %s.ids= or new_id name its "
				    "ID?", at, was, was);
	if (!*one->driver && *host_candidates(&l->host, one->f, names))
		return cmd_complain("%s: released%s, but no driver has taken it, though %s can: see "
				    "the kernel log", at, from, names);
	if (*one->driver)
		printf("%s released%s, %s has it now\n", at, from, one->driver);
	else
		printf("%s released%s, the host has no driver for it\n", at, from);
	return CMD_OK;
}

static int release_cards(struct live *l, bool dry_run)
{
	struct live_function *end = l->function + l->n;
	char at[64];
	int code = CMD_OK;

	for (struct live_function *one = l->function; one < end; one++)
		one->wanted = !*one->f->driver || is_taken(&l->host, one);
	if (live_in_use(l))
		return CMD_FAILED;
	if (!dry_run)
		live_run(l, l->n, release_item);
	for (struct live_function *one = l->function; one < end; one++) {
		if (!dry_run || !one->wanted)
			code |= say(l, one);
		else
			printf("%s to be released%s%s\n",
			       text_make(at, sizeof(at), "%a [%i]", &one->f->at, one->f),
			       *one->f->driver ? " from " : "", one->f->driver);
	}
	return code;
}

int cmd_release(int argc, char **argv)
{
	struct live_options o = { .verb = "release" };
	const struct cmd_option options[] = {
		{ .name = "dry-run", .letter = 'n', .flag = &o.dry_run },
		{ .name = NULL },
	};
	int first = cmd_options(argc, argv, options, help);

	if (first < 0)
		return -1 - first;
	if (first == argc) {
		cmd_complain("release: which card: see vgapass release --help");
		return CMD_USAGE;
	}
	struct live *l = live_open(&o, (unsigned)(argc - first), argv + first);
	if (!l)
		return CMD_FAILED;
	int code = release_cards(l, o.dry_run);
	live_close(l);
	return code;
}
