/* SPDX-License-Identifier: GPL-2.0-or-later */
/* obstacle.c - see obstacle.h */
#include "obstacle.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/io/sysfs.h"

void obstacle_add(struct obstacles *o, const struct pci_function *f, const char *format, ...)
{
	va_list arguments;

	if (o->n < OBSTACLES_MAX) {
		struct obstacle *next = &o->obstacle[o->n];
		char text[sizeof(next->text)];
		va_start(arguments, format);
		vsnprintf(text, sizeof(text), format, arguments);
		va_end(arguments);
		const char *fix = strchr(text, '\n');
		*next = (struct obstacle){ .f = f };
		next->who = (unsigned)(fix ? fix - text : (ptrdiff_t)strlen(text));
		snprintf(next->text, sizeof(next->text), "%.*s%s%s", (int)next->who, text,
			 fix ? ": " : "", fix ? fix + 1 : "");
	}
	o->n++;
}

void obstacle_mark(struct obstacles *o, enum user user)
{
	if (o->n <= OBSTACLES_MAX)
		o->obstacle[o->n - 1].user = user;
}

static int compare_obstacles(const void *a, const void *b)
{
	const struct obstacle *x = a, *y = b;
	int by_function = pci_compare(&x->f->at, &y->f->at);

	return by_function ? by_function : strverscmp(x->text, y->text);
}

void obstacle_sort(struct obstacles *o)
{
	qsort(o->obstacle, o->n < OBSTACLES_MAX ? o->n : OBSTACLES_MAX, sizeof(o->obstacle[0]),
	      compare_obstacles);
}

void obstacle_lines(int at, const char *path, void (*each)(char *line, void *arg), void *arg)
{
	int fd = sysfs_open(at, path, O_RDONLY | O_NONBLOCK);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0)
		each(line, arg);
	free(line);
	if (file)
		fclose(file);
}
