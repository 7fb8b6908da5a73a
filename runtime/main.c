/* main.c - vgapass-early, the program in the boot image.
 *
 *  1. Read the configuration, the kernel command line and the functions; build the plan.
 *  2. Nothing to bind: say why, leave the receipt, done.
 *  3. Set driver_override on every function of the plan. `claim` ends here.
 *  4. Attributes, modules, bind, read back; see io/apply.h for the order and its reasons.
 *  5. Look at the IOMMU groups, write the kernel log and the receipt.
 *
 * In the background, what a driver holds and the groups are left for the end of early boot.
 * `wait` is that end: it asks by a socket without a name in the file system, which works
 * with /run full or missing, and the kernel closes it however the binding process ends.
 */
#ifndef __KLIBC__
#define _DEFAULT_SOURCE
#endif
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/plan_text.h"
#include "io/apply.h"
#include "io/gather.h"
#include "io/log.h"
#include "io/receipt.h"
#include "io/supervise.h"

#define WAIT_MS 10000
#define END_MS 120000 /* an early boot without `wait` gets what is left then */
#define EXIT_FAILED 1
#define EXIT_USAGE 2

/* Options are in the manual: this text is in every boot image. */
#define USAGE "usage: vgapass-early claim|bind|wait\n"

/* Words of the command line, and each one's place among them. */
#define WORDS "claim|bind|wait|--background|--sysroot|--cmdline"
enum word { CLAIM, BIND, WAIT, BACKGROUND, SYSROOT, CMDLINE };

struct options {
	const char *sysroot, *cmdline;
	unsigned verb; /* enum word */
	bool background;
};

/* All that workers share with their parent. */
struct shared {
	struct run run;
	struct work work;
	struct progress progress;
};

static enum log_level level_of(enum function_state s)
{
	if (s == STATE_FAILED || s == STATE_HELD)
		return LOG_IS_ERROR;
	return s == STATE_REFUSED ? LOG_IS_WARNING : LOG_IS_INFO;
}

/* What has not been said yet and is decided. */
static void say_functions(bool real, struct run *r, bool last)
{
	char buf[PLAN_LINE_MAX];
	struct text t;

	for (unsigned i = 0; i < r->inv.functions; i++) {
		struct plan_entry *e = &r->plan.entry[i];
		if (!e->rule || e->said || (e->state == STATE_PLANNED && !last))
			continue;
		e->said = true;
		text_start(&t, buf, sizeof(buf));
		plan_text_function(&t, r, &r->inv.function[i], e);
		log_line(real, level_of(e->state), "%s", buf);
	}
}

static void say_problems(bool real, const struct run *r)
{
	const char *line;

	for (unsigned k = 0; (line = plan_text_problem_line(r, k)); k++)
		log_line(real, r->plan.state == PLAN_READY ? LOG_IS_WARNING : LOG_IS_ERROR, "%s",
			 line);
}

/* Kernel log and receipt, the last or one on the way. The exit code. */
static int report(const struct roots *roots, int dir, struct run *r, uint32_t start, bool last)
{
	const char *result = run_result(r);

	r->took_us = apply_clock_us() - start;
	say_functions(roots->real, r, last);
	if (last)
		say_problems(roots->real, r);
	if (last && (r->config.rules || r->plan.state != PLAN_READY))
		log_line(roots->real, LOG_IS_INFO, "mode %s, result %s, %u ms",
			 mode_word(r->cmd.mode), result, r->took_us / 1000);
	int error = dir < 0 ? dir : receipt_write(roots, dir, r);
	if (error)
		log_line(roots->real, LOG_IS_ERROR, "/run/vgapass/receipt.json was not written "
						    "(error %u): this log is all there is",
			 (unsigned)-error);
	bool fine = slice_word(slice_of(result), "failed|partial|error") == SLICE_NO_WORD;
	return fine ? 0 : EXIT_FAILED;
}

/* A socket on which `do_what` has been called with the address where who waits meets who
 * binds: behind a NUL, so that it is outside the file system. -1: that failed. */
static int open_wait_socket(int (*do_what)(int, const struct sockaddr *, socklen_t))
{
	static const struct sockaddr address = { AF_UNIX, "\0vgapass-bind" };
	const socklen_t n = offsetof(struct sockaddr, sa_data) + sizeof("\0vgapass-bind") - 1;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd >= 0 && do_what(fd, &address, n)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int do_wait(const struct roots *roots)
{
	struct pollfd p = { .fd = open_wait_socket(connect), .events = POLLIN };

	if (p.fd < 0)
		return 0; /* nobody is binding */
	int r = poll(&p, 1, WAIT_MS);
	if (!r)
		log_line(roots->real, LOG_IS_ERROR,
			 "not all is bound after 10 s: boot goes on");
	return r ? 0 : EXIT_FAILED;
}

static int do_bind(const struct options *o, const struct roots *roots, struct shared *s)
{
	struct run *r = &s->run;
	uint32_t start = apply_clock_us();
	struct pollfd waiter = { .fd = -1, .events = POLLIN };
	int dir = receipt_dir(roots);

	gather_run(roots, o->cmdline, r);
	if (r->plan.state != PLAN_READY || r->cmd.mode != MODE_ON || !r->plan.planned)
		return report(roots, dir, r, start, true);
	s->work.run = r;
	s->work.root = roots->root;
	s->work.sys = roots->sys;
	if (o->background) {
		waiter.fd = open_wait_socket(bind);
		listen(waiter.fd, 4);
	}
	supervise(&s->progress, r->inv.functions, 0, apply_claim, &s->work, waiter.fd);
	if (o->verb == CLAIM || (o->background && fork() > 0))
		return 0;
	unsigned items = apply_prepare(&s->work);
	/* A module wants the one before it: another worker is no help until much later. */
	supervise(&s->progress, items, r->inv.functions + s->work.modules, apply_item, &s->work,
		  waiter.fd);
	apply_finish(&s->work);
	if (waiter.fd >= 0) {
		report(roots, dir, r, start, false);
		uint32_t pause = apply_clock_us();
		poll(&waiter, 1, END_MS);
		start += apply_clock_us() - pause;
	}
	s->work.late = true;
	supervise(&s->progress, r->inv.functions, 0, apply_late, &s->work, waiter.fd);
	apply_finish(&s->work);
	return report(roots, dir, r, start, true);
}

static bool parse_options(char **argv, struct options *o)
{
	*o = (struct options){ .verb = SLICE_NO_WORD };
	while (*++argv) {
		unsigned word = slice_word(slice_of(*argv), WORDS);
		if (word == SYSROOT && argv[1])
			o->sysroot = *++argv;
		else if (word == CMDLINE && argv[1])
			o->cmdline = *++argv;
		else if (word == BACKGROUND)
			o->background = true;
		else if (word <= WAIT && o->verb == SLICE_NO_WORD)
			o->verb = word;
		else
			return false;
	}
	return o->verb == BIND || (o->verb <= WAIT && !o->background);
}

int main(int argc, char **argv)
{
	struct options o;
	struct roots roots;

	(void)argc;
	if (!parse_options(argv, &o))
		return write(STDERR_FILENO, USAGE, sizeof(USAGE) - 1) < 0 ? EXIT_FAILED : EXIT_USAGE;
	int e = gather_roots(o.sysroot, &roots);
	if (e) {
		roots.real = !o.sysroot;
		log_line(roots.real, LOG_IS_ERROR, "%s cannot be opened (error %u)",
			 o.sysroot ? o.sysroot : "/", (unsigned)-e);
		return EXIT_USAGE;
	}
	if (o.verb == WAIT)
		return do_wait(&roots);
	/* Pages that are never touched are never there: a run takes what its host needs. */
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED) {
		log_line(roots.real, LOG_IS_ERROR, "no memory");
		return EXIT_FAILED;
	}
	return do_bind(&o, &roots, s);
}
