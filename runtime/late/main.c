/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - vgapass-late, which hook/udev/60-vgapass.rules calls for a PCI function.
 *
 *   device ADDRESS   the kernel has found the function just now: decide, and bind it
 *   event ADDRESS    it got a driver, or somebody triggers events for all functions: go on only
 *                    where the function is not decided, or an earlier call did not end
 *   unbind ADDRESS   its driver has let go of it
 *   gone ADDRESS     the kernel has removed it
 *
 * The first two print what is known of the function, as properties for udev. Nothing is printed
 * of a function that no rule is about. udev loads the module of a host's driver after it has read
 * all its rules, so that driver comes after this program, unless it was loaded before.
 */
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "late.h"

#include "runtime/core/words.h"
#include "runtime/io/log.h"

#define EXIT_FAILED 1
#define EXIT_USAGE 2

#define USAGE "usage: vgapass-late device|event|unbind|gone ADDRESS\n"

/* The words of the command line, in the order of enum word. */
#define WORDS "device|event|unbind|gone|--sysroot|--cmdline"
enum word { DEVICE, EVENT, UNBIND, GONE, SYSROOT, CMDLINE };

struct options {
	const char *sysroot, *cmdline;
	struct pci_address at;
	unsigned verb; /* enum word */
	bool has_address;
};

static void print_known(const struct late_known *known)
{
	char buf[PLAN_LINE_MAX];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	text_add(&t, "VGAPASS_STATE=%pv\nVGAPASS_RULE=%pv\n", &known->state, &known->rule);
	/* If this fails, nobody reads it. */
	if (write(STDOUT_FILENO, buf, t.len) < 0)
		t.len = 0;
}

static enum log_level level_of(enum function_state s)
{
	if (s == STATE_FAILED || s == STATE_HELD)
		return LOG_IS_ERROR;
	return s == STATE_REFUSED ? LOG_IS_WARNING : LOG_IS_INFO;
}

/* Logs what has become of function i, and the error of writing its file. */
static void log_function(const struct late *l, unsigned i, int error)
{
	const struct run *r = &l->run;
	bool real = l->work.roots.real;
	char buf[PLAN_LINE_MAX];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	words_function(&t, r, &r->inv.function[i], &r->plan.entry[i]);
	log_line(real, level_of(run_state(r, i)), "%s", buf);
	if (error)
		log_line(real, LOG_IS_ERROR, "/run/vgapass/" LATE_DIR "/%pa.json was not written "
					     "(error %u)", &r->inv.function[i].at,
			 (unsigned)-error);
}

/* Logs the problems that are the machine's: of modules, and of IOMMU groups. Those of the
 * configuration are the boot's. */
static void log_problems(const struct late *l)
{
	const struct run *r = &l->run;
	bool real = l->work.roots.real;
	char at_buf[PLAN_LINE_MAX], what_buf[PLAN_LINE_MAX];
	struct text at, what;
	struct pci_address place;

	for (unsigned k = 0;; k++) {
		text_start(&at, at_buf, sizeof(at_buf));
		text_start(&what, what_buf, sizeof(what_buf));
		if (!words_problem(r, k, &at, &what))
			break;
		if (!at.len || pci_parse_address(slice_of(at_buf), &place, NULL))
			log_line(real, LOG_IS_WARNING, at.len ? "%s: %s" : "%s%s", at_buf,
				 what_buf);
	}
}

/* At a shutdown systemd sends these to all that udev has started. A function must not be left
 * between two drivers. */
static void block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

/* Has the function's driver make virtual functions, and binds them. */
static void serve_function(struct late *l)
{
	struct crew crew = { .items = 1, .slow = 1, .item = late_load, .item_arg = l,
			     .hurry_fd = -1, .close_fd = STDOUT_FILENO };

	block_signals();
	supervise(&l->progress, &crew);
	l->sriov.close_fd = STDOUT_FILENO;
	unsigned n = sriov_serve(&l->sriov, &l->work, l->i);
	late_finish(l);
	for (unsigned k = 0; k < n; k++) {
		unsigned i = l->sriov.vf[k];
		if (!l->run.plan.entry[i].rule)
			continue;
		log_function(l, i, late_write(l, i));
		late_announce(l, i);
	}
}

/* Decides about the function and binds it. */
static void take_function(struct late *l)
{
	/* udev waits until the last process has closed the pipe that it reads. */
	struct crew crew = { .items = LATE_ITEMS, .slow = LATE_SLOW, .item = late_item,
			     .item_arg = l, .hurry_fd = -1, .close_fd = STDOUT_FILENO };
	char place[PLAN_LINE_MAX];

	if (!late_plan(l)) {
		if (!l->served)
			late_forget(l);
		return;
	}
	bool shared = run_state(&l->run, l->i) == STATE_SHARED, serves = late_is_shared(l);
	if (serves)
		serve_function(l);
	else if (shared)
		late_hold(l);
	if (late_is_planned(l)) {
		/* If this ends too early, the next event finds the word "bind". */
		late_write(l, l->i);
		block_signals();
		supervise(&l->progress, &crew);
		late_finish(l);
	}
	/* Without its driver nothing can be done yet: the event of that comes. */
	if (!shared || serves) {
		log_function(l, l->i, late_write(l, l->i));
		log_problems(l);
	}
	print_known(&(struct late_known){
		.state = slice_of(state_word(run_state(&l->run, l->i))),
		.rule = slice_of(text_make(place, sizeof(place), "%pp",
					   &l->run.plan.entry[l->i].rule->at)) });
}

/* The function was there before: by then the boot or an earlier call has decided, or was ended
 * before it could. Whoever releases a function must not lose it again by an event. */
static void look_again(struct late *l, bool asks)
{
	struct late_known known = late_read(l);
	/* In an image, what the boot's own receipt has as planned is still vgapass-early's: it
	 * takes from drivers only behind udev's end. */
	bool begun = (slice_is(known.state, state_word(STATE_PLANNED)) &&
		      (!l->image || late_has_file(l))) ||
		     slice_is(known.state, state_word(STATE_SHARED));

	begun &= l->run.cmd.mode == MODE_ON;
	if (asks && (begun || (!known.state.n && !l->image)))
		take_function(l);
	else if (late_is_current(l, &known))
		print_known(&known);
}

static void do_verb(const struct options *o, struct late *l)
{
	l->at = o->at;
	bool asks = o->verb != GONE && late_asks(l, o->cmdline);
	if (o->verb != GONE)
		late_mark(l);
	if (o->verb == GONE)
		apply_forget_hold(&l->work.roots, &l->at);
	/* The file of a virtual function may come of the rule for its physical one. */
	if (o->verb == UNBIND && asks && late_plan(l))
		late_hold_again(l);
	else if (!asks && o->verb == DEVICE && late_is_virtual(l))
		look_again(l, false);
	else if (!asks && (o->verb == DEVICE || o->verb == GONE))
		late_forget(l);
	else if (o->verb == DEVICE)
		take_function(l);
	else if (o->verb == EVENT && (asks || late_has_file(l)))
		look_again(l, asks);
}

static bool parse_arguments(char **argv, struct options *o)
{
	*o = (struct options){ .verb = SLICE_NO_WORD };
	while (*++argv) {
		struct slice argument = slice_of(*argv);
		unsigned word = slice_word(argument, WORDS);
		if (word == SYSROOT && argv[1])
			o->sysroot = *++argv;
		else if (word == CMDLINE && argv[1])
			o->cmdline = *++argv;
		else if (word <= GONE && o->verb == SLICE_NO_WORD)
			o->verb = word;
		else if (!o->has_address && pci_parse_address(argument, &o->at, NULL))
			o->has_address = true;
		else
			return false;
	}
	return o->verb <= GONE && o->has_address;
}

int main(int argc, char **argv)
{
	struct options o = { .sysroot = NULL };
	struct roots roots;

	if (!argc || !parse_arguments(argv, &o)) {
		ssize_t n = write(STDERR_FILENO, USAGE, sizeof(USAGE) - 1);
		return n < 0 ? EXIT_FAILED : EXIT_USAGE;
	}
	int e = gather_root(o.sysroot, &roots);
	if (e) {
		log_line(roots.real, LOG_IS_ERROR, "%s cannot be opened (error %u)",
			 o.sysroot ? o.sysroot : "/", (unsigned)-e);
		return EXIT_USAGE;
	}
	gather_mounts(&roots);
	struct late *l = mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l == MAP_FAILED) {
		log_line(roots.real, LOG_IS_ERROR, "no memory");
		return EXIT_FAILED;
	}
	l->work.roots = roots;
	do_verb(&o, l);
	/* udev would drop the properties of a program that fails. */
	return 0;
}
