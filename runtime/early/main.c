/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - vgapass-early, the program in the boot image.
 *
 *  1. Read the configuration, the kernel command line and the functions; build the plan.
 *  2. Nothing to bind: say why, leave the receipt, done.
 *  3. Set driver_override on every function of the plan. `claim` ends here.
 *  4. Attributes, modules, bind, read back; see io/apply.h for the order and its reasons.
 *  5. Look at the IOMMU groups, write the kernel log and the receipt.
 *
 * In the background, what a driver holds and the groups are left for the end of early boot;
 * but storage and USB controllers that are held already at 3 are freed right then.
 * `wait` is that end: it asks by a socket without a name in the file system, which works
 * with /run full or missing, and the kernel closes it however the binding process ends.
 */
#ifndef __KLIBC__
#endif
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/core/words.h"
#include "runtime/io/apply.h"
#include "runtime/io/gather.h"
#include "runtime/io/log.h"
#include "runtime/io/receipt.h"
#include "runtime/io/supervise.h"

#define WAIT_MS 10000
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
	struct work work; /* first, as it is what their items get */
	struct run run;
	struct progress claim, bind, late;
	uint32_t start; /* on apply_clock_us() */
	bool background;
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
		const struct plan_entry *e = &r->plan.entry[i];
		enum function_state state = run_state(r, i);
		if (!e->rule || r->outcome[i].said || (state == STATE_PLANNED && !last))
			continue;
		r->outcome[i].said = true;
		text_start(&t, buf, sizeof(buf));
		words_function(&t, r, &r->inv.function[i], e);
		log_line(real, level_of(state), "%s", buf);
	}
}

static void say_problems(bool real, const struct run *r)
{
	const char *line;

	for (unsigned k = 0; (line = words_problem_line(r, k)); k++)
		log_line(real, r->plan.state == PLAN_READY ? LOG_IS_WARNING : LOG_IS_ERROR, "%s",
			 line);
}

/* Kernel log and receipt, the last or one on the way. The exit code. */
static int report(struct shared *s, int dir, bool last)
{
	struct run *r = &s->run;
	bool real = s->work.roots.real;
	const char *result = run_result(r);

	if (!r->took_us)
		r->took_us = apply_clock_us() - s->start;
	say_functions(real, r, last);
	if (last)
		say_problems(real, r);
	if (last && (r->config.rules || r->plan.state != PLAN_READY))
		log_line(real, LOG_IS_INFO, "mode %s, result %s, the boot waited %u us",
			 mode_word(r->cmd.mode), result, r->claim_us);
	int error = dir < 0 ? dir : receipt_write(&s->work.roots, dir, r);
	if (error)
		log_line(real, LOG_IS_ERROR, "/run/vgapass/receipt.json was not written "
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

/* What nobody waits for: all behind the claim. The exit code. */
static int bind_claimed(struct shared *s, int waiter)
{
	struct run *r = &s->run;
	struct crew crew = { .item = apply_item, .arg = s, .idle = s->background,
			     .waiter = waiter };
	struct pollfd asked = { .fd = waiter, .events = POLLIN };
	sigset_t no_signals;

	sigemptyset(&no_signals);

	r->claim_us = apply_clock_us() - s->start;
	gather_drivers(&s->work.roots, r);
	int dir = receipt_dir(&s->work.roots);
	crew.items = apply_prepare(&s->work);
	/* A module wants the one before it: another worker is no help until much later. */
	crew.slow = r->inv.functions + s->work.modules;
	supervise(&s->bind, &crew);
	unsigned held = apply_finish(&s->work);
	if (s->background) {
		report(s, dir, false);
		/* However long it takes: at a prompt or in a shell the keyboard stays. Whoever ends
		 * this program now ends it between two changes. */
		ppoll(&asked, 1, NULL, &no_signals);
	}
	s->work.late = true;
	crew.items = held ? r->inv.functions : 0;
	crew.slow = 0;
	crew.item = apply_late;
	crew.idle = false;
	supervise(&s->late, &crew);
	apply_finish(&s->work);
	return report(s, dir, true);
}

/* By the worker that did the last claim, or who took its place. */
static void go_on(void *shared)
{
	struct shared *s = shared;
	int waiter = open_wait_socket(bind);

	listen(waiter, 4);
	supervise_ready(&s->claim);
	bind_claimed(s, waiter);
}

static int do_bind(const struct options *o, struct shared *s)
{
	struct run *r = &s->run;
	struct crew crew = { .item = apply_claim, .arg = s, .waiter = -1 };

	sigset_t signals;

	if (o->verb == BIND)
		s->start = apply_clock_us();
	/* systemd's, to all that is left at its switch to the real root: no function may be left
	 * between two drivers. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	gather_mounts(&s->work.roots);
	gather_run(&s->work.roots, o->cmdline, r);
	if (r->plan.state != PLAN_READY || r->cmd.mode != MODE_ON || !r->plan.planned) {
		if (o->verb == CLAIM)
			s->start = apply_clock_us();
		r->claim_us = apply_clock_us() - s->start;
		gather_drivers(&s->work.roots, r);
		return report(s, receipt_dir(&s->work.roots), true);
	}
	s->work.run = r;
	s->background = o->background;
	crew.items = 2 * r->inv.functions;
	if (o->background)
		crew.then = go_on;
	supervise(&s->claim, &crew);
	return o->verb == CLAIM || o->background ? 0 : bind_claimed(s, -1);
}

/* In a boot image of initramfs-tools this program itself stands in place of two scripts: a
 * shell that starts it would take longer than it does. */
static bool stands_in(const char *path, struct options *o)
{
	struct slice rest = slice_of(path), name;

	do
		name = slice_cut(&rest, '/');
	while (rest.n);
	unsigned script = slice_word(name, "00-vgapass|vgapass");
	if (script == SLICE_NO_WORD)
		return false;
	o->background = !script;
	o->verb = script ? WAIT : BIND;
	return true;
}

static bool parse_options(char **argv, struct options *o)
{
	*o = (struct options){ .verb = SLICE_NO_WORD };
	if (stands_in(*argv, o))
		return true;
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

	if (!argc || !parse_options(argv, &o))
		return write(STDERR_FILENO, USAGE, sizeof(USAGE) - 1) < 0 ? EXIT_FAILED : EXIT_USAGE;
	int e = gather_root(o.sysroot, &roots);
	if (e) {
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
	s->work.roots = roots;
	return do_bind(&o, s);
}
