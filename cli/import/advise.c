/* SPDX-License-Identifier: GPL-2.0-or-later */
/* advise.c - what can go once the rules are there; see read.h */
#include <stdio.h>
#include <string.h>

#include "read.h"

#include "runtime/core/driver.h"

const char *finding_place(const struct finding *f, char buf[FINDING_PLACE_MAX])
{
	struct place at = { f->file, f->line, 0 };

	return *f->file ? text_make(buf, FINDING_PLACE_MAX, "%pp", &at) : "the kernel command line";
}

/* True: one of the modules wants a function that the rules take. */
static bool concerns(struct host *h, const char *modules)
{
	char names[HOST_NAME_MAX];
	const struct run *run = &h->run;

	for (unsigned i = 0; i < run->inv.functions; i++) {
		const struct pci_function *f = &run->inv.function[i];
		if (run->plan.entry[i].state != STATE_PLANNED)
			continue;
		struct slice wanted = slice_of(host_candidates(h, f, names));
		struct slice driver = slice_of(f->driver);
		do {
			struct slice rest = slice_of(modules), one = slice_cut(&wanted, ',');
			while (rest.n) {
				struct slice module = slice_cut(&rest, ',');
				if (module.n && (module_same_name(module, one) ||
						 module_same_name(module, driver)))
					return true;
			}
		} while (wanted.n);
	}
	return false;
}

/* True: of what stands at this place, something is no rule, so it has to stay. */
static bool has_to_stay(const struct findings *found, const struct finding *f)
{
	for (unsigned i = 0; i < found->n && i < FINDINGS_MAX; i++) {
		const struct finding *g = &found->finding[i];
		if (g->left_out && g->line == f->line && !strcmp(f->file, g->file) &&
		    !strcmp(f->what, g->what))
			return true;
	}
	return false;
}

/* True: the words stand in a file as well, or have been said. */
static bool is_said(const struct findings *found, unsigned k)
{
	const struct finding *f = &found->finding[k];

	for (unsigned i = 0; i < k; i++) {
		const struct finding *g = &found->finding[i];
		if (!strcmp(f->what, g->what) &&
		    (!*f->file || (!strcmp(f->file, g->file) && f->line == g->line)))
			return true;
	}
	return false;
}

void import_advise(struct host *h, const struct findings *found)
{
	bool some = false;
	char at[FINDING_PLACE_MAX];

	for (unsigned i = 0; i < found->n && i < FINDINGS_MAX; i++) {
		const struct finding *f = &found->finding[i];
		if (is_said(found, i) || has_to_stay(found, f) ||
		    (f->kind == FOUND_BLACKLIST && !concerns(h, f->item)))
			continue;
		if (!some)
			puts("with these rules can be deleted:");
		some = true;
		printf("  %s: %s%s\n", finding_place(f, at), f->what,
		       f->kind == FOUND_BLACKLIST ? "  (unless other hardware needs it)" : "");
	}
}
