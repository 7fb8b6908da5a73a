/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wrap.c - see wrap.h */
#include "wrap.h"

#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ascii.h"

void wrap_print(FILE *to, unsigned at, unsigned indent, unsigned width, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, " \n");
		unsigned shown = utf8_columns(text, n);
		if (at > indent && at + shown > width) {
			fprintf(to, "\n%*s", (int)indent, "");
			at = indent;
		}
		fwrite(text, 1, n, to);
		at += shown;
		text += n;
		if (*text == '\n') {
			/* An empty line has no blanks. */
			fprintf(to, "\n%*s", text[1] && text[1] != '\n' ? (int)indent : 0, "");
			at = indent;
			text++;
		} else if (*text) {
			n = strspn(text, " ");
			/* Several blanks are meant so; at the end of a line they are dropped. */
			size_t next = strcspn(text + n, " \n");
			if (at + n + utf8_columns(text + n, next) <= width) {
				fprintf(to, "%*s", (int)n, "");
				at += (unsigned)n;
			} else {
				fprintf(to, "\n%*s", (int)indent, "");
				at = indent;
			}
			text += n;
		}
	}
	fputc('\n', to);
}

static unsigned width_of(int fd)
{
	struct winsize size;

	if (!isatty(fd))
		return UINT_MAX;
	/* A serial console does not know; libsmartcols takes 80 then. */
	return ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
}

unsigned wrap_width(void)
{
	return width_of(STDOUT_FILENO);
}

unsigned wrap_error_width(void)
{
	return width_of(STDERR_FILENO);
}
