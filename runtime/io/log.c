/* log.c - see log.h */
#include "log.h"

#include <fcntl.h>
#include <unistd.h>

#include "../core/plan_text.h"

void log_line(bool real, enum log_level level, const char *format, ...)
{
	char buf[2 * PLAN_LINE_MAX];
	struct text t;
	va_list args;
	int fd = real ? open("/dev/kmsg", O_WRONLY | O_CLOEXEC) : -1;

	text_start(&t, buf, sizeof(buf) - 1);
	text_add(&t, fd >= 0 ? "<%u>vgapass: " : "vgapass: ", level);
	va_start(args, format);
	text_vadd(&t, format, args);
	va_end(args);
	buf[t.len++] = '\n';
	/* Nobody is left to tell where this fails. */
	if (write(fd >= 0 ? fd : STDERR_FILENO, buf, t.len) < 0)
		t.len = 0;
	if (fd >= 0)
		close(fd);
}
