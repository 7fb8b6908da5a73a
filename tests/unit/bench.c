/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench.c - see bench.h */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run bench;

void bench_start(void)
{
	memset(&bench, 0, sizeof(bench));
	bench.inv.names = 1;
}

struct pci_function *bench_add(const char *address, const char *id, uint32_t class)
{
	unsigned i = bench.inv.functions++;
	struct pci_function *f = &bench.inv.function[i];
	uint32_t vendor, device;

	*f = (struct pci_function){
		.driver = "", .class = class, .known = PCI_DETAIL_ALL, .group = 100 + (int)i,
		.identity = &bench.inv.identity[i]
	};
	if (!pci_parse_address(slice_of(address), &f->at, NULL) ||
	    !pci_parse_id(slice_of(id), &vendor, &device)) {
		fprintf(stderr, "bench_add: %s %s\n", address, id);
		abort();
	}
	/* On the root bus, or behind a port of it. */
	f->identity->path = f->at.bus ?
		(struct pci_path){ f->at.domain, 0, 2, { (f->at.bus & 31) << 3, f->at.devfn } } :
		(struct pci_path){ f->at.domain, 0, 1, { f->at.devfn } };
	f->vendor = (uint16_t)vendor;
	f->device = (uint16_t)device;
	return f;
}

void bench_config(const char *conf)
{
	config_start(&bench.config);
	config_parse(&bench.config, config_add_file(&bench.config, "c"), conf, strlen(conf));
}

void bench_plan(const char *conf, const char *cmdline)
{
	struct run *r = &bench;

	bench_config(conf);
	snprintf(r->cmdline, sizeof(r->cmdline), "%s", cmdline);
	cmdline_parse(slice_of(r->cmdline), &r->cmd);
	if (r->cmd.ids.n)
		config_parse_ids(&r->config, "cmdline", r->cmd.ids, r->cmd.ids_column);
	memset(r->outcome, 0, sizeof(r->outcome));
	plan_build(&r->config, &r->cmd, &r->inv, &r->plan);
}

struct plan_entry *bench_entry(const char *address)
{
	struct pci_address at;

	if (pci_parse_address(slice_of(address), &at, NULL))
		for (unsigned i = 0; i < bench.inv.functions; i++)
			if (!pci_compare(&at, &bench.inv.function[i].at))
			return &bench.plan.entry[i];
	fprintf(stderr, "bench_entry: there is no %s\n", address);
	abort();
}

struct outcome *bench_outcome(const char *address)
{
	return &bench.outcome[bench_entry(address) - bench.plan.entry];
}

const char *bench_says(const char *address)
{
	static char line[PLAN_LINE_MAX];
	const struct plan_entry *e = bench_entry(address);
	struct text t;

	if (!e->rule)
		return "";
	text_start(&t, line, sizeof(line));
	words_function(&t, &bench, &bench.inv.function[e - bench.plan.entry], e);
	return strchr(line, ']') + 2;
}

const char *bench_problem(unsigned k)
{
	static char all[2 * PLAN_LINE_MAX + 2];
	char at_buf[PLAN_LINE_MAX], what_buf[PLAN_LINE_MAX];
	struct text at, what;

	text_start(&at, at_buf, sizeof(at_buf));
	text_start(&what, what_buf, sizeof(what_buf));
	if (!words_problem(&bench, k, &at, &what))
		return "";
	snprintf(all, sizeof(all), "%s%s%s", at_buf, *at_buf ? ": " : "", what_buf);
	return all;
}
