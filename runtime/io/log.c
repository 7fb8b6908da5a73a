/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.c - see log.h */
#include "log.h"

#include <fcntl.h>
#include <unistd.h>

#include "runtime/core/text.h"

/* devkmsg_write() refuses a line of more than 976 bytes (LOG_LINE_MAX), so a longer one is
 * cut. */
#define LINE_MAX 960

void log_line(bool real, enum log_level level, const char *format, ...)
{
	char buf[LINE_MAX];
	size_t from = 0;
	struct text t;
	va_list args;
	int fd = real ? open("/dev/kmsg", O_WRONLY | O_CLOEXEC) : -1;

	text_start(&t, buf, sizeof(buf) - 1);
	text_add(&t, "<%u>vgapass: ", level);
	if (fd < 0) {
		fd = STDERR_FILENO;
		from = 3; /* without "<N>" */
	}
	va_start(args, format);
	text_vadd(&t, format, args);
	va_end(args);
	buf[t.len++] = '\n';
	/* If this fails there is no place left for a message. */
	if (write(fd, buf + from, t.len - from) < 0)
		t.len = 0;
	if (fd != STDERR_FILENO)
		close(fd);
}
