/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rebuild.c - see rebuild.h */
#include "rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cmd.h"
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

/* --- running the tool */

/* One output of the tool. */
struct speech {
	int fd;   /* stdout or stderr */
	int from; /* what the tool writes into; -1: into fd itself */
	int to;   /* the tool's end */
};

/* Opens a pipe between the tool and fd, so that the tool does not end half-way where the reader of
 * fd is gone or the disk is full. A terminal is left to the tool itself. */
static void open_speech(struct speech *s, int fd)
{
	int pair[2];

	*s = (struct speech){ fd, -1, -1 };
	if (!isatty(fd) && !pipe2(pair, O_CLOEXEC)) {
		s->from = pair[0];
		s->to = pair[1];
	}
}

/* Passes on what is there. */
static void pass_on(struct speech *s)
{
	char buf[4096];
	ssize_t n = read(s->from, buf, sizeof(buf));

	for (ssize_t done = 0, r; done < n; done += r) {
		r = write(s->fd, buf + done, (size_t)(n - done));
		if (r < 0 && errno != EINTR)
			break;
		r = r < 0 ? 0 : r;
	}
	if (n > 0 || (n < 0 && errno == EINTR))
		return;
	close(s->from);
	s->from = -1;
}

/* Passes on what the tool prints until it ends. Returns waitpid()'s status. Does not wait for
 * programs that the tool leaves running. */
static int listen_to(pid_t child, struct speech speech[2])
{
	bool ended = false;
	int status = -1;

	while (speech[0].from >= 0 || speech[1].from >= 0) {
		struct pollfd fds[] = { { .fd = speech[0].from, .events = POLLIN },
					{ .fd = speech[1].from, .events = POLLIN } };
		int n = poll(fds, 2, ended ? 0 : 100);
		for (int i = 0; n > 0 && i < 2; i++)
			if (fds[i].revents)
				pass_on(&speech[i]);
		if (n == 0 && ended)
			break;
		ended = ended || waitpid(child, &status, WNOHANG) == child;
	}
	while (!ended && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	for (int i = 0; i < 2; i++)
		if (speech[i].from >= 0)
			close(speech[i].from);
	return status;
}

/* Runs the program below the root. Returns waitpid()'s status, or -1. */
static int run_program(const struct host *h, const char *path, char *const *argv)
{
	struct speech speech[2];
	int status = -1;

	fflush(stdout);
	open_speech(&speech[0], STDOUT_FILENO);
	open_speech(&speech[1], STDERR_FILENO);
	pid_t child = fork();
	if (!child) {
		signal(SIGPIPE, SIG_DFL);
		for (int i = 0; i < 2; i++)
			if (speech[i].to >= 0)
				dup2(speech[i].to, speech[i].fd);
		if (!*h->sysroot || (!chroot(h->sysroot) && !chdir("/")))
			execv(path, argv);
		_exit(127);
	}
	for (int i = 0; i < 2; i++)
		if (speech[i].to >= 0)
			close(speech[i].to);
	if (child > 0)
		status = listen_to(child, speech);
	return status;
}

/* Returns the exit code of a command, after printing that it failed. */
static int run_step(const struct host *h, const char *verb, const struct rebuild_step *step)
{
	const struct rebuild_plan alone = { .n = 1, .step = (struct rebuild_step *)step };
	char text[4096], path[128];
	struct text t;

	text_start(&t, text, sizeof(text));
	rebuild_plan_text(&alone, &t);
	if (!rebuild_find_program(h, step->word[0], path, sizeof(path)))
		return cmd_complain("%s: %s is not installed: run %s yourself", verb,
				    step->word[0], text);
	printf("running %s\n", text);
	int status = run_program(h, path, step->word);
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : CMD_FAILED;
	/* It may have made some of them. */
	if (code && !step->may_fail)
		cmd_complain("%s: %s ended with %d: the configuration is changed, boot images may "
			     "still be the old ones: see what it says", verb, text, code);
	return step->may_fail ? CMD_OK : code;
}

static int run_plan(const struct host *h, const char *verb, const struct rebuild_plan *plan)
{
	int code = CMD_OK;

	if (plan->unsupported)
		return cmd_complain("%s: %s: the configuration is changed, no boot image "
				    "is\n%s", verb, plan->unsupported, plan->instead);
	if (!plan->n)
		return cmd_complain("%s: update-initramfs, dracut and mkinitcpio not found: "
				    "rebuild the boot images yourself", verb);
	if (plan->unmounted)
		return cmd_complain("%s: /%s is not mounted, so the boot images are not rebuilt\n"
				    "mount it, and run vgapass %s --apply again", verb,
				    plan->unmounted, verb);
	for (unsigned i = 0; !code && i < plan->n; i++)
		code = run_step(h, verb, &plan->step[i]);
	return code;
}

/* --- looking into the images afterwards */

/* Returns whether the image holds the configuration, after printing what is wrong with it. */
static bool look_at_result(const struct host *h, const char *verb, const struct kernel *k,
			   const struct boot_image *image)
{
	char text[IMAGE_TEXT_MAX];
	enum image_state state = image_look(h, k, image, text);

	if (state != IMAGE_GOOD)
		cmd_complain("%s: /%s: %s\n%s, and reboot", verb, image->path, text,
			     rebuild_advice_for(h, k->version, image));
	return state == IMAGE_GOOD;
}

/* Returns whether a boot image is made for the kernel, after printing that its entry names none. */
static bool look_at_entry(const struct host *h, const char *verb, const struct kernel *k)
{
	if (k->images || !k->bare_entry || image_is_idle(h))
		return true;
	cmd_complain("%s: /%s: boots kernel %s without a boot image, so nothing binds before the "
		     "drivers load\nname its image there, and reboot", verb,
		     k->bare_entry, k->version);
	return false;
}

/* Says how it is where no image is known. Returns CMD_OK only if none has to hold anything: the
 * exit code 0 means that the next boot has the configuration. */
static int say_unknown(const struct host *h, const char *verb)
{
	if (image_is_idle(h)) {
		puts("The boot images are rebuilt, and no rule needs them.");
		return CMD_OK;
	}
	return cmd_complain("%s: the boot images are rebuilt, but which image boots is not known, "
			    "so none was looked into\nsee what vgapass check images says, and "
			    "after the reboot vgapass status", verb);
}

static int look_at_results(const struct host *h, const char *verb)
{
	struct kernels kernels;
	unsigned images = 0, good = 0;

	kernels_find(h, &kernels);
	for (unsigned i = 0; i < kernels.n; i++) {
		const struct kernel *k = &kernels.kernel[i];
		if (!kernels_is_next(&kernels, i))
			continue;
		images += !look_at_entry(h, verb, k);
		for (unsigned n = 0; n < k->images; n++, images++)
			good += look_at_result(h, verb, k, &k->image[n]);
	}
	kernels_free(&kernels);
	if (good < images)
		return CMD_FAILED;
	if (!images)
		return say_unknown(h, verb);
	puts("The boot images are up to date. Reboot to apply.");
	return CMD_OK;
}

/* The configuration of *h is that from before the change. */
static int look_afterwards(const char *sysroot, const char *verb)
{
	static struct host now;
	const struct host_options o = { .sysroot = *sysroot ? sysroot : NULL };
	int code = host_open(&now, &o);

	if (!code)
		code = look_at_results(&now, verb);
	host_close(&now);
	return code;
}

int rebuild_run(const struct host *h, const char *verb)
{
	struct rebuild_plan plan;
	struct kernels kernels;

	kernels_find(h, &kernels);
	rebuild_plan(h, &kernels, NULL, &plan);
	int code = run_plan(h, verb, &plan);
	if (!code && plan.later)
		puts("The new deployment holds them. Reboot to apply.");
	else if (!code)
		code = look_afterwards(h->sysroot, verb);
	rebuild_plan_free(&plan);
	kernels_free(&kernels);
	return code;
}

/* The change is made: a reader who is gone does not undo it. */
static void end_speech(const char *verb)
{
	if (!fflush(stdout) && !ferror(stdout))
		return;
	cmd_complain("warning: %s: stdout cannot be written (%s): the change is made all "
		     "the same", verb, strerror(errno));
	__fpurge(stdout);
	clearerr(stdout);
}

int rebuild_end(const struct host *h, const char *verb, bool apply)
{
	int code = apply ? rebuild_run(h, verb) : CMD_OK;
	const char *text, *instead;

	if (!apply && rebuild_unsupported(h, &text, &instead))
		printf("%s\n%s\n", text, instead);
	else if (!apply)
		printf("To apply: %s, and reboot\n", rebuild_advice(h));
	end_speech(verb);
	return code;
}
