/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - vgapass-early, the program in the boot image.
 *
 *  1. Read the configuration and the kernel command line. Take the token of this boot, if there
 *     may be one. Read the functions; build the plan.
 *  2. If nothing is to be bound: say why, leave the receipt, end.
 *  3. Set driver_override on every function of the plan. The verb `claim` ends here.
 *  4. Write attributes, load modules, bind, read the result back; io/apply.h has the order and
 *     the reasons for it.
 *  5. Look at the IOMMU groups, write the kernel log and the receipt.
 *
 * In the background, functions that a driver holds and the IOMMU groups are left for the end of
 * early boot. Storage and USB controllers that are held at step 3 are freed right then. `wait` is
 * that end: it connects to a socket whose address is not in the file system, which works when
 * /run is full or missing, and which the kernel closes however the binding process ends.
 */
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
#include "runtime/io/token.h"

#define WAIT_MS 10000
#define EXIT_FAILED 1
#define EXIT_USAGE 2

/* Options are in the manual, as this text is in every boot image. */
#define USAGE "usage: vgapass-early claim|bind|wait\n"

/* The words of the command line, in the order of enum word. */
#define WORDS "claim|bind|wait|--background|--sysroot|--cmdline"
enum word { CLAIM, BIND, WAIT, BACKGROUND, SYSROOT, CMDLINE };

struct options {
	const char *sysroot, *cmdline;
	unsigned verb; /* enum word */
	bool background;
};

/* All that workers share with their parent. */
struct shared {
	struct work work;
	struct run run;
	struct token token; /* what a worker took */
	struct progress take, claim, bind, late;
	uint32_t start; /* by apply_clock_us() */
	bool background;
};

static enum log_level level_of(enum function_state s)
{
	if (s == STATE_FAILED || s == STATE_HELD)
		return LOG_IS_ERROR;
	return s == STATE_REFUSED ? LOG_IS_WARNING : LOG_IS_INFO;
}

/* Logs what is decided and not logged yet; if `last`, all of it. */
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
	char buf[PLAN_LINE_MAX];
	const char *line;
	struct text t;

	text_start(&t, buf, sizeof(buf));
	words_token(&t, r);
	if (*buf)
		log_line(real, r->token.state > TOKEN_TAKEN ? LOG_IS_ERROR : LOG_IS_INFO, "%s",
			 buf);
	for (unsigned k = 0; (line = words_problem_line(r, k)); k++)
		log_line(real, r->plan.state == PLAN_READY ? LOG_IS_WARNING : LOG_IS_ERROR, "%s",
			 line);
}

/* Writes the kernel log and the receipt: the final ones if `last`, else those of what is known by
 * now. Returns the exit code. */
static int write_report(struct shared *s, int dir, bool last)
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
	if (error) {
		log_line(real, LOG_IS_ERROR, "/run/vgapass/receipt.json was not written "
					     "(error %u): this log is all there is",
			 (unsigned)-error);
		/* Without it vgapass-late does nothing. */
		for (unsigned i = 0; i < r->inv.functions; i++)
			apply_unhold(&s->work, i);
	}
	bool fine = slice_word(slice_of(result), "failed|partial|error") == SLICE_NO_WORD;
	return fine ? 0 : EXIT_FAILED;
}

/* `wait` meets `bind` at this abstract address: the leading NUL keeps it out of the file
 * system. */
#define ADDRESS "\0vgapass-bind"
#define ADDRESS_SIZE (offsetof(struct sockaddr, sa_data) + sizeof(ADDRESS) - 1)
static const struct sockaddr address = { AF_UNIX, ADDRESS };

static int do_wait(const struct roots *roots)
{
	struct pollfd p = { .fd = socket(AF_UNIX, SOCK_STREAM, 0), .events = POLLIN };

	if (connect(p.fd, &address, ADDRESS_SIZE))
		return 0; /* no process is binding */
	int r = poll(&p, 1, WAIT_MS);
	if (!r)
		log_line(roots->real, LOG_IS_ERROR,
			 "not all is bound after 10 s: boot goes on");
	return r ? 0 : EXIT_FAILED;
}

/* Does all that follows the claim; the boot does not wait for it. listener: the socket of `wait`,
 * or -1. Returns the exit code. */
static int bind_claimed(struct shared *s, int listener)
{
	struct run *r = &s->run;
	struct crew crew = { .item = apply_item, .item_arg = &s->work, .idle = s->background,
			     .hurry_fd = listener, .close_fd = listener };
	struct pollfd asked = { .fd = listener, .events = POLLIN };
	sigset_t no_signals;

	r->claim_us = apply_clock_us() - s->start;
	gather_drivers(&s->work.roots, r);
	int dir = receipt_dir(&s->work.roots);
	crew.items = apply_prepare(&s->work);
	crew.slow = r->inv.functions + 1; /* up to the modules */
	supervise(&s->bind, &crew);
	unsigned held = apply_finish(&s->work);
	if (s->background) {
		write_report(s, dir, false);
		/* However long this takes, the keyboard stays at a prompt or in a shell. Signals
		 * are let through here only, where no function is between two drivers. */
		sigemptyset(&no_signals);
		ppoll(&asked, 1, NULL, &no_signals);
	}
	s->work.late = true;
	crew.items = held ? r->inv.functions : 0;
	crew.slow = 0;
	crew.item = apply_late;
	crew.idle = false;
	supervise(&s->late, &crew);
	apply_finish(&s->work);
	return write_report(s, dir, true);
}

/* Runs in the worker that finished the last claim, or in its replacement. */
static void bind_in_background(void *shared)
{
	struct shared *s = shared;
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	if (listener >= 0 && bind(listener, &address, ADDRESS_SIZE)) {
		close(listener);
		listener = -1;
	}
	listen(listener, 4);
	supervise_ready(&s->claim);
	bind_claimed(s, listener);
}

/* At the switch to the real root systemd sends these to all processes that are left. A function
 * must not be left between two drivers. */
static void block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

static void take_variable(void *shared, unsigned item)
{
	struct shared *s = shared;

	(void)item;
	token_take_variable(&s->work.roots, &s->token);
}

/* Takes the token of this boot, before anything is bound by it; also in a boot that is off, so
 * that no later boot is a surprise. */
static void take_token(struct shared *s)
{
	struct run *r = &s->run;
	const struct crew crew = { .items = 1, .item = take_variable, .item_arg = s,
				   .hurry_fd = -1, .close_fd = -1 };

	token_take_credential(&s->work.roots, &r->token);
	if (config_wants_token(&r->config) && s->work.roots.real) {
		/* Whoever comes back later than this writes to what nobody reads. */
		if (supervise(&s->take, &crew))
			r->token.state = TOKEN_HUNG;
		else if (!r->token.word)
			r->token = s->token;
	}
	token_leave(&s->work.roots, &r->token);
}

/* The verbs bind and claim. Claim is the part of a bind that the boot waits for: tests/bench
 * measures it alone, so it reads no clock and leaves no receipt. */
static int do_bind(const struct options *o, struct shared *s)
{
	struct run *r = &s->run;
	struct crew crew = { .item = apply_claim, .item_arg = &s->work,
			     .then = o->background ? bind_in_background : NULL, .then_arg = s,
			     .hurry_fd = -1, .close_fd = -1 };

	if (o->verb == BIND)
		s->start = apply_clock_us();
	block_signals();
	gather_mounts(&s->work.roots);
	gather_config(&s->work.roots, &r->config);
	gather_cmdline(&s->work.roots, o->cmdline, r);
	take_token(s);
	gather_plan(&s->work.roots, r);
	bool binds = r->plan.state == PLAN_READY && r->cmd.mode == MODE_ON &&
		     r->plan.planned + r->plan.shared;
	s->work.run = r;
	s->background = o->background;
	if (binds) {
		crew.items = 2 * r->inv.functions;
		supervise(&s->claim, &crew);
	}
	if (o->verb == CLAIM || (binds && o->background))
		return 0;
	if (binds)
		return bind_claimed(s, -1);
	r->claim_us = apply_clock_us() - s->start;
	gather_drivers(&s->work.roots, r);
	return write_report(s, receipt_dir(&s->work.roots), true);
}

/* In a boot image of initramfs-tools, links to this program take the place of two scripts, as a
 * shell would take longer to start than this program runs. Returns true if it was called by one
 * of their names: scripts/init-top/00-vgapass (bind --background) or scripts/init-bottom/vgapass
 * (wait). */
static bool is_boot_script(const char *path, struct options *o)
{
	struct slice rest = slice_of(path), name;

	do
		name = slice_cut(&rest, '/');
	while (rest.n);
	unsigned script = slice_word(name, "00-vgapass|vgapass");
	o->background = !script;
	o->verb = script ? WAIT : BIND;
	return script != SLICE_NO_WORD;
}

static bool parse_arguments(char **argv, struct options *o)
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
	struct options o = { .sysroot = NULL };
	struct roots roots;

	if (argc && is_boot_script(*argv, &o)) {
		/* initramfs-tools calls scripts with `prereqs` to sort them, on the running host
		 * too. */
		if (argc > 1)
			return 0;
	} else if (!argc || !parse_arguments(argv, &o)) {
		ssize_t n = write(STDERR_FILENO, USAGE, sizeof(USAGE) - 1);
		return n < 0 ? EXIT_FAILED : EXIT_USAGE;
	}
	int e = gather_root(o.sysroot, &roots);
	if (e) {
		log_line(roots.real, LOG_IS_ERROR, "%s cannot be opened (error %u)",
			 o.sysroot ? o.sysroot : "/", (unsigned)-e);
		return EXIT_USAGE;
	}
	if (o.verb == WAIT)
		return do_wait(&roots);
	/* Untouched pages are never allocated, so a run takes only what its host needs. */
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED) {
		log_line(roots.real, LOG_IS_ERROR, "no memory");
		return EXIT_FAILED;
	}
	s->work.roots = roots;
	return do_bind(&o, s);
}
