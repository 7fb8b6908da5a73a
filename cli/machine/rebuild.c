/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rebuild.c - see rebuild.h */
#include "rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/out/ascii.h"
#include "cli/out/xalloc.h"
#include "image_look.h"
#include "rebuild_plan.h"

const char *rebuild_advice_for(const struct host *h, const char *kernel,
			       const struct boot_image *image)
{
	static char buf[8192];
	struct rebuild_plan plan;
	struct kernels kernels;
	struct text t;

	text_start(&t, buf, sizeof(buf));
	kernels_find(h, &kernels);
	rebuild_plan(h, &kernels, kernel, &plan);
	if (image && rebuild_obstacle(h, &plan, image, &t))
		text_add(&t, ", then run ");
	if (plan.unsupported)
		text_add(&t, "%s", plan.instead);
	else if (plan.n)
		rebuild_plan_text(&plan, &t);
	else
		text_add(&t, "rebuild the boot images");
	rebuild_plan_free(&plan);
	kernels_free(&kernels);
	return buf;
}

const char *rebuild_advice(const struct host *h)
{
	return rebuild_advice_for(h, NULL, NULL);
}

bool rebuild_unsupported(const struct host *h, const char **text, const char **instead)
{
	struct rebuild_plan plan;
	struct kernels kernels;

	kernels_find(h, &kernels);
	rebuild_plan(h, &kernels, NULL, &plan);
	*text = plan.unsupported;
	*instead = plan.instead;
	rebuild_plan_free(&plan);
	kernels_free(&kernels);
	return *text;
}

/* --- what the tool prints */

#define LAST_LINES 15  /* that are shown when it fails */
#define LINE_LENGTH 512
#define SILENCE 10 /* seconds without a line until one says that it still works */

/* The tool while it runs. */
struct tool {
	const struct rebuild_how *how;
	int from;               /* its stdout and stderr; -1: they are ours, or closed */
	char line[LINE_LENGTH]; /* the one that is coming in */
	size_t n;
	char last[LAST_LINES][LINE_LENGTH]; /* a ring of what it printed */
	unsigned lines;
	time_t start, shown; /* shown: when the last line was shown */
};

static time_t seconds_now(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* True: it names an image, or says what is wrong. */
static bool is_worth_showing(const char *line)
{
	static const char *const words[] = {
		"initrd", "initramfs-", ".img", ".efi", "warning", "error", "fail", "not found",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (ascii_find(line, words[i]))
			return true;
	return !strncmp(line, "W: ", 3) || !strncmp(line, "E: ", 3);
}

/* A terminal obeys control characters. */
static void put_line(FILE *to, const char *line)
{
	fputs("  ", to);
	for (; *line; line++)
		fputc(((unsigned char)*line < ' ' && *line != '\t') || *line == 0x7f ? '?' : *line,
		      to);
	fputc('\n', to);
	fflush(to);
}

static void end_line(struct tool *t)
{
	t->line[t->n] = '\0';
	t->n = 0;
	memcpy(t->last[t->lines++ % LAST_LINES], t->line, LINE_LENGTH);
	if (!t->how->verbose && !is_worth_showing(t->line))
		return;
	put_line(t->how->to, t->line);
	t->shown = seconds_now();
}

/* Takes in what is there. */
static void hear(struct tool *t)
{
	char buf[4096];
	ssize_t n = read(t->from, buf, sizeof(buf));

	for (ssize_t i = 0; i < n; i++) {
		/* Progress bars return to the start of the line. */
		if (buf[i] == '\n' || (buf[i] == '\r' && t->n))
			end_line(t);
		else if (buf[i] != '\r' && t->n < LINE_LENGTH - 1)
			t->line[t->n++] = buf[i];
	}
	if (n > 0 || (n < 0 && errno == EINTR))
		return;
	close(t->from);
	t->from = -1;
}

/* So that a long run does not look dead. */
static void break_silence(struct tool *t)
{
	time_t now = seconds_now();

	if (now - t->shown < SILENCE)
		return;
	fprintf(t->how->to, "  still at work after %ld s\n", (long)(now - t->start));
	fflush(t->how->to);
	t->shown = now;
}

/* Takes in what the tool prints until it ends. Returns waitpid()'s status. Does not wait for
 * programs that the tool leaves running. */
static int listen_to(pid_t child, struct tool *t)
{
	bool ended = false;
	int status = -1;

	while (t->from >= 0) {
		struct pollfd fd = { .fd = t->from, .events = POLLIN };
		int n = poll(&fd, 1, ended ? 0 : 100);
		if (n > 0)
			hear(t);
		else if (ended)
			break;
		break_silence(t);
		ended = ended || waitpid(child, &status, WNOHANG) == child;
	}
	while (!ended && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (t->n)
		end_line(t);
	if (t->from >= 0)
		close(t->from);
	return status;
}

/* --- running it */

/* Runs the program below the root. Its output goes through us, so that it does not end half-way
 * where the reader of ours is gone or the disk is full. Returns waitpid()'s status, or -1. */
static int run_program(const struct host *h, const char *path, char *const *argv, struct tool *t)
{
	int status = -1, pair[2] = { -1, -1 };

	/* All of it on a terminal: the tool itself draws there. */
	bool direct = t->how->verbose && isatty(fileno(t->how->to));
	fflush(t->how->to);
	if (!direct && pipe2(pair, O_CLOEXEC))
		return -1;
	t->from = pair[0];
	t->start = t->shown = seconds_now();
	pid_t child = fork();
	if (!child) {
		signal(SIGPIPE, SIG_DFL);
		dup2(direct ? fileno(t->how->to) : pair[1], STDOUT_FILENO);
		if (!direct)
			dup2(pair[1], STDERR_FILENO);
		if (!*h->sysroot || (!chroot(h->sysroot) && !chdir("/")))
			execv(path, argv);
		_exit(127);
	}
	if (!direct)
		close(pair[1]);
	if (child > 0)
		status = listen_to(child, t);
	else if (!direct)
		close(pair[0]);
	return status;
}

/* Shows the end of what a tool printed that has failed, but for what is on the screen. */
static void show_last(const struct tool *t)
{
	unsigned first = t->lines > LAST_LINES ? t->lines - LAST_LINES : 0;

	if (t->how->verbose || first == t->lines)
		return;
	cmd_complain("the last lines of what it printed:");
	for (unsigned i = first; i < t->lines; i++)
		put_line(stderr, t->last[i % LAST_LINES]);
}

static const struct rebuild_task images_task = {
	.doing = "Rebuilding the boot images",
	.left = "the configuration is changed, boot images may still be the old ones",
};

/* Adds why a tool failed. Returns CMD_FAILED. */
static int say_failed(const struct rebuild_task *task, const char *text, int status,
		      struct findings *l)
{
	char how[64];

	if (WIFSIGNALED(status))
		text_make(how, sizeof(how), "was ended by signal %u", (unsigned)WTERMSIG(status));
	else if (WIFEXITED(status))
		text_make(how, sizeof(how), "ended with %u", (unsigned)WEXITSTATUS(status));
	else
		text_make(how, sizeof(how), "cannot be run");
	/* It may have made some of them. */
	finding_fix(findings_add(l, FINDING_ERROR, "rebuild-failed", "", "%s %s: %s", text, how,
				 task->left),
		    FIX_COMMAND, NULL, "%s", text);
	return CMD_FAILED;
}

/* Returns CMD_OK, or CMD_FAILED and a finding. */
static int run_step(const struct host *h, const struct rebuild_how *how,
		    const struct rebuild_task *task, const struct rebuild_step *step,
		    struct findings *l)
{
	const struct rebuild_plan alone = { .n = 1, .step = (struct rebuild_step *)step };
	struct tool *t = xcalloc(1, sizeof(*t));
	char command[4096], path[128];
	struct text text;

	text_start(&text, command, sizeof(command));
	rebuild_plan_text(&alone, &text);
	if (!rebuild_find_program(h, step->word[0], path, sizeof(path))) {
		finding_fix(findings_add(l, FINDING_ERROR, "no-generator", "",
					 "%s is not installed", step->word[0]),
			    FIX_COMMAND, NULL, "%s", command);
		free(t);
		return CMD_FAILED;
	}
	fprintf(how->to, "%s: %s\n", task->doing, command);
	t->how = how;
	int status = run_program(h, path, step->word, t);
	bool failed = (!WIFEXITED(status) || WEXITSTATUS(status)) && !step->may_fail;
	time_t seconds = seconds_now() - t->start;
	if (failed)
		show_last(t);
	else if (seconds)
		fprintf(how->to, "  done in %ld s\n", (long)seconds);
	free(t);
	return failed ? say_failed(task, command, status, l) : CMD_OK;
}

int rebuild_run(const struct host *h, const struct rebuild_how *how,
		const struct rebuild_task *task, const char *const *words, struct findings *l)
{
	struct rebuild_step step = { .n = 0 };

	for (; words[step.n] && step.n < STEP_WORDS_MAX; step.n++)
		step.word[step.n] = (char *)words[step.n];
	return run_step(h, how, task, &step, l);
}

static int run_plan(const struct host *h, const struct rebuild_how *how,
		    const struct rebuild_plan *plan, struct findings *l)
{
	int code = CMD_OK;

	if (plan->unsupported) {
		finding_fix(findings_add(l, FINDING_ERROR, "no-generator", "", "%s: the "
					 "configuration is changed, no boot image is",
					 plan->unsupported),
			    FIX_ADVICE, NULL, "%s", plan->instead);
		return CMD_FAILED;
	}
	if (!plan->n) {
		finding_fix(findings_add(l, FINDING_ERROR, "no-generator", "",
					 "update-initramfs, dracut and mkinitcpio not found"),
			    FIX_ADVICE, NULL, "rebuild the boot images yourself");
		return CMD_FAILED;
	}
	if (plan->unmounted) {
		char *at = xasprintf("/%s", plan->unmounted);
		struct finding *f = findings_add(l, FINDING_ERROR, "not-mounted", at, "is not "
						 "mounted, so the boot images are not rebuilt");
		finding_fix(f, FIX_COMMAND, NULL, "mount %s", at);
		finding_fix(f, FIX_ADVICE, NULL, "then run this command again, with --apply");
		free(at);
		return CMD_FAILED;
	}
	for (unsigned i = 0; !code && i < plan->n; i++)
		code = run_step(h, how, &images_task, &plan->step[i], l);
	return code;
}

/* --- looking into the images afterwards */

static void say_reboot(const struct rebuild_how *how, const char *state)
{
	fprintf(how->to, "%s. Reboot%s%s to apply.\n", state,
		how->profile ? " with vgapass=" : "", how->profile ? how->profile : "");
}

/* Returns whether the image holds the configuration; or adds what is wrong with it. */
static bool look_at_result(const struct host *h, const struct kernel *k,
			   const struct boot_image *image, struct findings *l)
{
	char text[IMAGE_TEXT_MAX];

	if (image_look(h, k, image, text) == IMAGE_GOOD)
		return true;
	char *at = xasprintf("/%s", image->path);
	finding_fix(findings_add(l, FINDING_ERROR, "image-stale", at, "%s", text),
		    FIX_ADVICE, NULL, "%s, and reboot", rebuild_advice_for(h, k->version, image));
	free(at);
	return false;
}

/* Returns whether a boot image is made for the kernel; or adds that its entry names none. */
static bool look_at_entry(const struct host *h, const struct kernel *k, struct findings *l)
{
	if (k->images || !k->bare_entry || image_is_idle(h))
		return true;
	char *at = xasprintf("/%s", k->bare_entry);
	finding_fix(findings_add(l, FINDING_ERROR, "image-missing", at, "boots kernel %s without a "
				 "boot image, so nothing binds before the drivers load",
				 k->version),
		    FIX_EDIT, at, "name its image, and reboot");
	free(at);
	return false;
}

/* Says how it is where no image is known. Returns CMD_OK only if none has to hold anything: the
 * exit code 0 means that the next boot has the configuration. */
static int say_unknown(const struct host *h, const struct rebuild_how *how, struct findings *l)
{
	if (image_is_idle(h)) {
		fputs("The boot images are rebuilt, and no rule needs them.\n", how->to);
		return CMD_OK;
	}
	struct finding *f = findings_add(l, FINDING_ERROR, "image-unknown", "", "the boot images "
					 "are rebuilt, but which image boots is not known, so none "
					 "was looked into");
	finding_fix(f, FIX_COMMAND, NULL, "vgapass check images");
	finding_fix(f, FIX_ADVICE, NULL, "after the reboot: vgapass status");
	return CMD_FAILED;
}

static int look_at_results(const struct host *h, const struct rebuild_how *how,
			   struct findings *l)
{
	struct kernels kernels;
	unsigned images = 0, good = 0;

	kernels_find(h, &kernels);
	for (unsigned i = 0; i < kernels.n; i++) {
		const struct kernel *k = &kernels.kernel[i];
		if (!kernels_is_next(&kernels, i))
			continue;
		images += !look_at_entry(h, k, l);
		for (unsigned n = 0; n < k->images; n++, images++)
			good += look_at_result(h, k, &k->image[n], l);
	}
	kernels_free(&kernels);
	if (good < images)
		return CMD_FAILED;
	if (!images)
		return say_unknown(h, how, l);
	say_reboot(how, "The boot images are up to date");
	return CMD_OK;
}

/* The configuration of *h is that from before the change. */
static int look_afterwards(const char *sysroot, const struct rebuild_how *how, struct findings *l)
{
	static struct host now;
	const struct host_options o = { .sysroot = *sysroot ? sysroot : NULL };
	int code = host_open(&now, &o);

	if (!code)
		code = look_at_results(&now, how, l);
	host_close(&now);
	return code;
}

static int rebuild_images(const struct host *h, const struct rebuild_how *how, struct findings *l)
{
	struct rebuild_plan plan;
	struct kernels kernels;

	kernels_find(h, &kernels);
	rebuild_plan(h, &kernels, NULL, &plan);
	int code = run_plan(h, how, &plan, l);
	if (!code && plan.later)
		say_reboot(how, "The new deployment holds them");
	else if (!code)
		code = look_afterwards(h->sysroot, how, l);
	rebuild_plan_free(&plan);
	kernels_free(&kernels);
	return code;
}

/* The change is made: a reader who is gone does not undo it. */
static void end_speech(struct findings *l)
{
	if (!fflush(stdout) && !ferror(stdout))
		return;
	findings_add(l, FINDING_WARNING, "not-printed", "", "stdout cannot be written (%s): the "
		     "change is made all the same", strerror(errno));
	__fpurge(stdout);
	clearerr(stdout);
}

int rebuild_end(const struct host *h, const struct rebuild_how *how, struct findings *l)
{
	int code = how->apply ? rebuild_images(h, how, l) : CMD_OK;
	const char *text, *instead;

	if (!how->apply && rebuild_unsupported(h, &text, &instead))
		fprintf(how->to, "%s\n%s\n", text, instead);
	else if (!how->apply)
		fprintf(how->to, "To apply: %s, and reboot%s%s\n", rebuild_advice(h),
			how->profile ? " with vgapass=" : "", how->profile ? how->profile : "");
	end_speech(l);
	return code;
}
