/* cmd_status.c - vgapass status: what the last boot did, against what is so now. */
#include <stdio.h>
#include <string.h>

#include "../runtime/io/path.h"
#include "../runtime/io/sysfs.h"
#include "cmd.h"
#include "receipt_read.h"

static const char help[] =
	"usage: vgapass status [--verify] [--json] [--sysroot DIR]\n\n"
	"Shows what the last boot did with each function, and what has changed since.\n\n"
	"  --verify        says only what is wrong, for scripts and units\n"
	"  --json          the receipt as it is\n"
	"  --sysroot DIR   the machine whose /run and /sys are below DIR\n\n"
	"Exit code: 0 all is as the rules want it, 1 it is not, 2 usage.\n";

struct options {
	const char *sysroot;
	bool verify, json;
};

/* The driver that the function is on now, "" for none. */
static const char *driver_now(const struct roots *roots, const char *address,
			      char driver[PCI_DRIVER_NAME])
{
	struct path p;

	path_join(&p, "bus/pci/devices/", address, "/driver");
	if (roots->sys < 0 || sysfs_link(roots->sys, p.s, 0, driver, PCI_DRIVER_NAME) < 0)
		*driver = '\0';
	return driver;
}

/* True: what the boot left is still so. */
static bool show_function(const struct roots *roots, const struct options *o, json_object *f)
{
	char now[PCI_DRIVER_NAME];
	const char *address = receipt_text(f, "address"), *state = receipt_text(f, "state");
	const char *then = receipt_text(f, "driver"), *reason = receipt_text(f, "reason");
	bool changed = !strcmp(state, "bound") &&
		       strcmp(driver_now(roots, address, now), then) != 0;

	if (changed)
		printf("%s [%s] was bound to %s by the boot and is on %s now (%s)\n", address,
		       receipt_text(f, "id"), then, *now ? now : "no driver",
		       receipt_text(f, "rule"));
	else if (!o->verify)
		printf("%s [%s] %s%s%s%s%s (%s)\n", address, receipt_text(f, "id"), state,
		       strcmp(state, "bound") ? "" : " to ", strcmp(state, "bound") ? "" : then,
		       *reason ? ": " : "", reason, receipt_text(f, "rule"));
	return !changed;
}

static void show_problems(json_object *receipt)
{
	json_object *list = receipt_list(receipt, "problems");

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		json_object *p = json_object_array_get_idx(list, i);
		const char *at = receipt_text(p, "at");
		printf("%s%s%s\n", at, *at ? ": " : "", receipt_text(p, "text"));
	}
}

/* True: a rule of the configuration says required=yes. */
static bool is_required(const struct roots *roots)
{
	static struct config config;

	gather_config(roots, &config);
	for (unsigned i = 0; i < config.rules; i++)
		if (config.rule[i].required)
			return true;
	return false;
}

/* The boot has judged: a rule with required=yes that is not fulfilled makes its result
 * "failed". A boot that was told to do nothing has judged nothing. */
static int show_receipt(const struct roots *roots, const struct options *o, json_object *receipt)
{
	json_object *list = receipt_list(receipt, "functions");
	const char *result = receipt_text(receipt, "result");
	bool good = strcmp(result, "failed") && strcmp(result, "error");

	if (strcmp(receipt_text(receipt, "mode"), "on") && is_required(roots))
		good = false;
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		good &= show_function(roots, o, json_object_array_get_idx(list, i));
	if (!o->verify || !good) {
		show_problems(receipt);
		printf("the last boot's result: %s (vgapass=%s)\n", result,
		       receipt_text(receipt, "mode"));
	}
	return good ? CMD_OK : CMD_FAILED;
}

/* Without a receipt nothing is proven; that matters where a rule requires it. */
static int judge_without(const struct roots *roots, const struct options *o, const char *why)
{
	bool bad = !o->verify || is_required(roots);

	if (bad)
		cmd_complain("%s", why);
	return bad ? CMD_FAILED : CMD_OK;
}

int cmd_status(int argc, char **argv)
{
	struct options o = { .verify = false };
	const struct cmd_option options[] = {
		{ .name = "verify", .flag = &o.verify },
		{ .name = "json", .flag = &o.json },
		{ .name = "sysroot", .text = &o.sysroot },
		{ .name = NULL },
	};
	struct roots roots;
	const char *why;
	int r = cmd_options(argc, argv, options, help);

	if (r < 0)
		return -1 - r;
	if (r < argc) {
		cmd_complain("status: %s: it takes no arguments: see vgapass status --help", argv[r]);
		return CMD_USAGE;
	}
	if (gather_roots(o.sysroot, &roots))
		return cmd_complain("%s: cannot be opened: name an existing folder", o.sysroot);
	json_object *receipt = receipt_read(&roots, &why);
	if (!receipt)
		return judge_without(&roots, &o, why);
	if (o.json) {
		puts(json_object_to_json_string_ext(receipt, JSON_C_TO_STRING_PRETTY));
		r = CMD_OK;
	} else {
		r = show_receipt(&roots, &o, receipt);
	}
	json_object_put(receipt);
	return r;
}
