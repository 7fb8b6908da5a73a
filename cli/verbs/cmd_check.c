/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_check.c - vgapass check: everything that can go wrong, each with its fix. Changes
 * nothing. */
#include <json-c/json.h>
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
	const char *good; /* said with -v where it finds nothing; "": nothing is */
} topics[] = {
	{ "config", check_files, "only root can write the configuration" },
	{ "config", check_rules, "each rule is well formed and matches something" },
	{ "config", check_later, "no rule is about what appears later than the boot looks" },
	{ "config", check_kinds, "no rule takes a second card by its ID alone" },
	{ "config", check_refused, "no function is refused" },
	{ "iommu", check_iommu, "the IOMMU is on" },
	{ "iommu", check_no_group, "no function lacks an IOMMU group" },
	{ "iommu", check_groups, "no other device blocks an IOMMU group" },
	{ "iommu", check_reserved, "the firmware keeps no memory through a card" },
	{ "iommu", check_late_iommu, "no IOMMU group comes too late for the boot" },
	{ "iommu", check_remapping, "nothing is wrong with interrupt remapping" },
	{ "images", check_images, "no boot image is older than the configuration" },
	{ "modules", check_modules, "each kernel has the modules of the rules" },
	{ "modules", check_signatures, "the kernel takes the modules" },
	{ "elsewhere", check_settings, "no setting elsewhere conflicts with the rules" },
	{ "cards", check_reset, "each function can be reset" },
	{ "cards", check_drivers, "each function is on the driver that its rule says" },
	{ "cards", check_binders, "nothing but the rules gives functions to guests" },
	{ "cards", check_display, "" },
	{ "cards", check_framebuffer, "no framebuffer of the firmware's holds memory of a card" },
	{ "host", check_host_needs, "no rule takes what the host itself needs" },
	{ "host", check_passphrase, "no rule stands between a passphrase and who types it" },
	{ "guests", check_kvm, "KVM is available" },
	{ "guests", check_kvm_access, "KVM can be opened" },
	{ "guests", check_group_files, "the groups of the cards can be opened" },
};

static void print_json(const struct check *c)
{
	puts(json_object_to_json_string_ext(c->findings, JSON_C_TO_STRING_PRETTY |
							 JSON_C_TO_STRING_NOSLASHESCAPE));
}

static const char *get(json_object *o, const char *name)
{
	return json_object_get_string(json_object_object_get(o, name));
}

static void print_finding(json_object *o)
{
	const char *level = get(o, "level"), *at = get(o, "at"), *fix = get(o, "fix");
	const char *color = *level == 'e' ? color_bad() : *level == 'w' ? color_warn() :
									 color_good();

	printf("%s%-7s%s  %s: %s%s%s%s%s\n", color, level, color_off(), get(o, "topic"), at,
	       *at ? ": " : "", get(o, "text"), *fix ? ": " : "", fix);
}

static void print_text(const struct check *c)
{
	for (size_t i = 0; i < json_object_array_length(c->findings); i++)
		print_finding(json_object_array_get_idx(c->findings, i));
	if (!c->count[CHECK_ERROR] && !c->count[CHECK_WARNING])
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
	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
		if (!is_chosen(topics[i].name, argc, argv))
			continue;
		unsigned before = c->count[CHECK_WARNING] + c->count[CHECK_ERROR];
		c->topic = topics[i].name;
		topics[i].run(c);
		if (c->count[CHECK_WARNING] + c->count[CHECK_ERROR] == before &&
		    *topics[i].good)
			check_say(c, CHECK_OK, "", "%s\n", topics[i].good);
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
	struct check c = { .host = host, .verbose = verbose };

	if (check_topics(argc, argv))
		return CMD_USAGE;
	if (host_open(host, &opt)) {
		host_close(host);
		free(host);
		return CMD_FAILED;
	}
	plan_anyway(host);
	c.findings = json_object_new_array();
	run_topics(&c, argc, argv);
	if (json)
		print_json(&c);
	else
		print_text(&c);
	json_object_put(c.findings);
	host_close(host);
	free(host);
	return c.count[CHECK_ERROR] ? CMD_FAILED : c.count[CHECK_WARNING] ? CMD_WARNINGS : CMD_OK;
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
	.run = run_check,
};
