/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics.c - see metrics.h */
#include "metrics.h"

#include <stdio.h>
#include <string.h>

#include "runtime/core/words.h"

static void print_family(const char *name, const char *help)
{
	printf("# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* Label values are UTF-8. A name of a file can hold any byte, so what is not ASCII becomes "?". */
static void print_label(const char *name, const char *value)
{
	printf("%s=\"", name);
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;
		if (c == '\n')
			fputs("\\n", stdout);
		else if (c == '\\' || c == '"')
			printf("\\%c", c);
		else
			putchar(c < ' ' || c > '~' ? '?' : c);
	}
	putchar('"');
}

static void print_bound(const char *address, const char *id, const char *rule, const char *driver,
			bool bound)
{
	fputs("vgapass_function_bound{", stdout);
	print_label("address", address);
	putchar(',');
	print_label("id", id);
	putchar(',');
	print_label("rule", rule);
	putchar(',');
	print_label("driver", driver);
	printf("} %d\n", bound);
}

/* The functions that rules take, in this boot or later. */
static void print_functions(const struct host *h)
{
	char at[PCI_ADDRESS_SIZE], id[16], rule[PLAN_LINE_MAX];

	for (unsigned i = 0; i < h->run.inv.functions; i++) {
		const struct pci_function *f = &h->run.inv.function[i];
		const struct plan_entry *e = host_promise(h, f);
		if (e->state != STATE_PLANNED && e->state != STATE_REFUSED)
			continue;
		pci_put_address(at, &f->at);
		print_bound(at, text_make(id, sizeof(id), "%pi", f),
			    text_make(rule, sizeof(rule), "%pp", &e->rule->at), e->driver,
			    !strcmp(f->driver, e->driver));
	}
}

/* Those that the boot has bound, and that are gone. */
static void print_gone(const struct last_boot *b)
{
	for (size_t i = 0; i < last_boot_functions(b); i++) {
		json_object *f = last_boot_function(b, i);
		if (!last_boot_now(b, f) && !strcmp(receipt_text(f, "state"), "bound"))
			print_bound(receipt_text(f, "address"), receipt_text(f, "id"),
				    receipt_text(f, "rule"), receipt_text(f, "driver"), false);
	}
}

/* One sample for each result, of which one is 1, so that a change of it is no change of labels. */
static void print_result(const struct last_boot *b)
{
	static const char *const results[] = { "ok", "partial", "refused", "failed", "error",
					       "nothing", "off", "dry-run" };
	const char *result = b->receipt ? receipt_text(b->receipt, "result") : "";
	bool dry = b->receipt && !strcmp(receipt_text(b->receipt, "mode"), "dry-run");

	print_family("vgapass_boot_result", "Result of the last boot; all are 0 if it is unknown.");
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		const char *word = dry ? "dry-run" : result;
		printf("vgapass_boot_result{result=\"%s\"} %d\n", results[i],
		       !strcmp(word, results[i]));
	}
}

static void print_seconds(const struct last_boot *b, const char *member, const char *name,
			  const char *help)
{
	json_object *us;

	if (!b->receipt || !json_object_object_get_ex(b->receipt, member, &us))
		return;
	long long n = json_object_get_int64(us);
	if (n < 0)
		return;
	print_family(name, help);
	printf("%s %lld.%06lld\n", name, n / 1000000, n % 1000000);
}

void metrics_print(const struct last_boot *b, const struct findings *l, bool good)
{
	print_family("vgapass_good", "Whether all is as the rules say.");
	printf("vgapass_good %d\n", good);
	print_family("vgapass_function_bound",
		     "Whether the driver of its rule has the function now.");
	print_functions(b->host);
	print_gone(b);
	print_result(b);
	print_seconds(b, "took_us", "vgapass_boot_seconds", "Time that vgapass took in the boot.");
	print_family("vgapass_findings", "Problems that vgapass status shows.");
	printf("vgapass_findings{level=\"error\"} %u\n", l->count[FINDING_ERROR]);
	printf("vgapass_findings{level=\"warning\"} %u\n", l->count[FINDING_WARNING]);
}
