/* SPDX-License-Identifier: GPL-2.0-or-later */
/* booted.c - see booted.h */
#include "booted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook/image/variants.h"
#include "runtime/io/receipt.h"
#include "runtime/io/sysfs.h"
#include "cli/out/diff.h"
#include "cli/out/xalloc.h"
#include "whole_file.h"

/* The files one after the other. They are compared as one text: where one ends, a comment
 * line of a user's own may look the same. */
struct booted {
	char *then, *now;
	size_t then_n, now_n;
};

struct booted *booted_read(const struct roots *roots, const struct run *r)
{
	/* receipt_fill_booted() wants room for the largest file behind each name. */
	const size_t size = (r->config.files + 1) * (CONFIG_FILE_MAX + 4096);
	struct booted b;
	struct text t;
	ssize_t n = whole_file(roots->root, "run/vgapass/booted.conf", RECEIPT_MAX, &b.then);

	if (n < 0)
		return NULL;
	/* The last file is of the boot image alone. */
	char *own = strstr(b.then, "# /etc/" VARIANTS_FILE "\n");
	b.then_n = own ? (size_t)(own - b.then) : (size_t)n;
	b.now = xmalloc(size);
	text_start(&t, b.now, size);
	receipt_fill_booted(&t, roots, r);
	b.now_n = t.len;
	struct booted *ret = xmalloc(sizeof(*ret));
	*ret = b;
	return ret;
}

void booted_free(struct booted *b)
{
	if (b) {
		free(b->then);
		free(b->now);
	}
	free(b);
}

bool booted_is_same(const struct booted *b)
{
	return slice_equal((struct slice){ b->then, b->then_n },
			   (struct slice){ b->now, b->now_n });
}

static bool is_name(struct slice line)
{
	static const char start[] = "# /etc/vgapass.conf";

	return line.n >= sizeof(start) - 1 && !memcmp(line.p, start, sizeof(start) - 1);
}

/* What is printed, and how much of it. */
struct printer {
	unsigned lines, left_out, changes;
	struct slice name; /* of the file that the next line is in, until it is printed */
};

static void print_line(char sign, struct slice line, void *arg)
{
	struct printer *p = arg;

	if (sign == ' ') {
		if (is_name(line))
			p->name = line;
		return;
	}
	p->changes++;
	if (p->name.n) {
		fputs("  ", stdout);
		diff_put(stdout, p->name);
		p->name.n = 0;
	}
	if (!p->lines) {
		p->left_out++;
		return;
	}
	p->lines--;
	printf("  %c", sign);
	diff_put(stdout, line);
}

void booted_print(const struct booted *b, unsigned lines)
{
	struct printer p = { .lines = lines };

	diff_lines((struct slice){ b->then, b->then_n }, (struct slice){ b->now, b->now_n },
		   print_line, &p);
	if (p.left_out)
		printf("  and %u more lines\n", p.left_out);
	if (!p.changes)
		puts("  the line ends alone");
}
