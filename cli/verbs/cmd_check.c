/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_check.c - vgapass check: everything that can go wrong, each with its fix. Changes
 * nothing. */
#include <stdlib.h>
#include <string.h>

#include "cli/check/check.h"
#include "cli/cmd.h"
#include "cli/out/near.h"
#include "cli/out/table.h"
#include "cli/out/xalloc.h"

static const struct topic {
	const char *name;
	check_fn *run;
	enum check_code code; /* of what -v says where it finds nothing; its meaning is the text */
} topics[] = {
	{ "config", check_files, CODE_GOOD_FILES },
	{ "config", check_rules, CODE_GOOD_RULES },
	{ "config", check_later, CODE_GOOD_LATER },
	{ "config", check_kinds, CODE_GOOD_KINDS },
	{ "config", check_refused, CODE_GOOD_REFUSED },
	{ "config", check_once, CODE_GOOD_ONCE },
	{ "iommu", check_iommu, CODE_GOOD_IOMMU },
	{ "iommu", check_no_group, CODE_GOOD_NO_GROUP },
	{ "iommu", check_groups, CODE_GOOD_GROUPS },
	{ "iommu", check_reserved, CODE_GOOD_RESERVED },
	{ "iommu", check_late_iommu, CODE_GOOD_LATE_IOMMU },
	{ "iommu", check_remapping, CODE_GOOD_REMAPPING },
	{ "images", check_images, CODE_GOOD_IMAGES },
	{ "modules", check_modules, CODE_GOOD_MODULES },
	{ "modules", check_signatures, CODE_GOOD_SIGNATURES },
	{ "elsewhere", check_settings, CODE_GOOD_SETTINGS },
	{ "cards", check_reset, CODE_GOOD_RESET },
	{ "cards", check_drivers, CODE_GOOD_DRIVERS },
	{ "cards", check_binders, CODE_GOOD_BINDERS },
	{ "cards", check_virtual, CODE_GOOD_VFS },
	{ "cards", check_mediated, CODE_GOOD_MEDIATED },
	{ "cards", check_display, CODES },
	{ "cards", check_framebuffer, CODE_GOOD_FRAMEBUFFER },
	{ "host", check_host_needs, CODE_GOOD_NEEDS },
	{ "host", check_passphrase, CODE_GOOD_PASSPHRASE },
	{ "guests", check_kvm, CODE_GOOD_KVM },
	{ "guests", check_kvm_access, CODE_GOOD_KVM_ACCESS },
	{ "guests", check_group_files, CODE_GOOD_GROUP_FILES },
};

static void print_json(const struct findings *found)
{
	json_object *o = json_document("findings", findings_json(found));

	json_set_number(o, "errors", found->count[FINDING_ERROR]);
	json_set_number(o, "warnings", found->count[FINDING_WARNING]);
	json_print(o);
}

static void print_text(const struct check *c)
{
	const char *count = findings_count(&c->found);

	findings_print(&c->found);
	if (*count)
		printf("%s.%s\n", count, c->unread ? " Run as root to check everything." : "");
	else
		printf("%sok%s       nothing is wrong\n", color_good(), color_off());
}

static bool is_chosen(const char *topic, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!strcmp(topic, argv[i]))
			return true;
	return !argc;
}

static void run_topics(struct check *c, int argc, char **argv)
{
	const unsigned *count = c->found.count;

	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
		if (!is_chosen(topics[i].name, argc, argv))
			continue;
		unsigned before = count[FINDING_WARNING] + count[FINDING_ERROR];
		c->found.topic = topics[i].name;
		topics[i].run(c);
		if (count[FINDING_WARNING] + count[FINDING_ERROR] == before &&
		    topics[i].code != CODES)
			check_say(c, FINDING_OK, topics[i].code, "", "%s",
				  check_meaning(topics[i].code));
	}
}

static const struct { const char *name, *help; } subjects[] = {
	{ "config", "rules that are wrong, match nothing or are refused" },
	{ "iommu", "the IOMMU, its groups, interrupt remapping" },
	{ "images", "boot images that are older than the configuration" },
	{ "modules", "kernels without VFIO, modules that Secure Boot does not let in" },
	{ "elsewhere", "settings of the boot loader, modprobe.d and others that fight, or are "
		       "needless" },
	{ "cards", "functions without reset, or not on the driver that their rule says" },
	{ "host", "what the host needs and would lose: disks, the only keyboard, the network, the "
		  "question for a passphrase" },
	{ "guests", "KVM, and what a guest of an ordinary user lacks" },
};

static bool get_topic(unsigned i, struct cmd_word *ret)
{
	if (i >= sizeof(subjects) / sizeof(subjects[0]))
		return false;
	*ret = (struct cmd_word){ subjects[i].name, subjects[i].help };
	return true;
}

static const struct cmd_words words[] = { { "TOPIC", "Topics", get_topic }, CMD_WORDS_END };

static int check_topics(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		struct near near;
		bool known = false;
		near_start(&near, argv[i]);
		for (size_t k = 0; k < sizeof(subjects) / sizeof(subjects[0]); k++) {
			known |= !strcmp(subjects[k].name, argv[i]);
			near_try(&near, subjects[k].name);
		}
		if (!known)
			return cmd_misused(&verb_check, "%s: no such topic%s", argv[i],
					   near_hint(&near, ""));
	}
	return CMD_OK;
}

/* The checks are about a boot that does its work, whatever this one was told. */
static void plan_anyway(struct host *h)
{
	struct run *r = &h->run;

	if (r->cmd.mode != MODE_OFF)
		return;
	r->cmd.mode = MODE_ON;
	plan_build(&r->config, &r->cmd, &r->inv, &r->plan);
}

static struct host_options opt = { .as_boot = true };
static bool verbose, json;

static const struct cmd_option options[] = {
	{ "verbose", 'v', NULL, "also show what is right", &verbose, NULL },
	CMD_JSON(&json),
	CMD_PROFILE(&opt.profile),
	CMD_CMDLINE(&opt.cmdline),
	CMD_SYSROOT(&opt.sysroot),
	CMD_END,
};

static int run_check(int argc, char **argv)
{
	struct host *host = xcalloc(1, sizeof(*host));
	struct check c = { .host = host };

	if (check_topics(argc, argv))
		return CMD_USAGE;
	if (host_open(host, &opt)) {
		host_close(host);
		free(host);
		return CMD_FAILED;
	}
	plan_anyway(host);
	run_topics(&c, argc, argv);
	if (!verbose)
		findings_drop(&c.found, FINDING_OK);
	findings_merge(&c.found);
	if (json)
		print_json(&c.found);
	else
		print_text(&c);
	int code = c.found.count[FINDING_ERROR]	  ? CMD_FAILED :
		   c.found.count[FINDING_WARNING] ? CMD_WARNINGS :
						    CMD_OK;
	findings_free(&c.found);
	host_close(host);
	free(host);
	return code;
}

const struct cmd_verb verb_check = {
	.name = "check",
	.summary = "find what keeps cards from guests, each with its fix",
	.arguments = "[TOPIC ...]",
	.about = "Looks for all that keeps a function from a guest, and says what to do about\n"
		 "each. It changes nothing. Run it as root: without, it says what it could not\n"
		 "read.",
	.options = options,
	.words = words,
	.exits = "0 fine, 1 errors, 2 usage, 3 warnings only.",
	.plural = "findings",
	.run = run_check,
};
