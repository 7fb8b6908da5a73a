/* SPDX-License-Identifier: GPL-2.0-or-later */
/* supervise.c - see supervise.h */
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "path.h"
#include "sysfs.h"

#define NICEST 19

/* A pipe. A worker writes a byte to wake the process that waits in supervise(). Workers keep both
 * ends open: one that is late may write when nobody reads any more, and must not get SIGPIPE. */
static int wake[2];

void supervise_ready(struct progress *p)
{
	p->ready = 1;
	/* If this fails, the next tick finds out. */
	if (write(wake[1], "", 1) < 0)
		errno = 0;
}

static void do_follow(struct progress *p, const struct crew *c)
{
	if (!c->then)
		supervise_ready(p);
	else if (!__atomic_exchange_n(&p->followed, 1, __ATOMIC_SEQ_CST))
		c->then(c->then_arg);
}

static void take_items(struct progress *p, const struct crew *c)
{
	unsigned i;

	while ((i = __atomic_fetch_add(&p->next, 1, __ATOMIC_SEQ_CST)) < c->items) {
		c->item(c->item_arg, i);
		if (__atomic_add_fetch(&p->done, 1, __ATOMIC_SEQ_CST) == c->items) {
			do_follow(p, c);
			break;
		}
	}
}

/* Where the kernel groups processes by session (kernel/sched/autogroup.c), as its default is, a
 * nice value counts only within a group, and each unit of systemd is one. So the worker becomes a
 * group, whose nice value is another one: it counts against other groups. */
static void weigh_group(pid_t pid, const char *nice)
{
	sysfs_write(AT_FDCWD, path_make("/proc/%u/autogroup", (unsigned)pid), nice);
}

static void become_idle(const struct progress *p)
{
	setsid();
	weigh_group(getpid(), "19");
	/* The parent may have looked for the group before it was there. */
	if (__atomic_load_n(&p->hurried, __ATOMIC_SEQ_CST))
		weigh_group(getpid(), "0");
}

static void hurry_worker(struct progress *p, pid_t pid)
{
	setpriority(PRIO_PROCESS, pid, 0);
	__atomic_store_n(&p->hurried, 1, __ATOMIC_SEQ_CST);
	weigh_group(pid, "0");
}

/* Starts a worker. With `last` it does `then` even if items are not finished. */
static pid_t start_worker(const struct watch *w, struct progress *p, const struct crew *c)
{
	pid_t pid = fork();

	if (pid > 0) {
		/* If the worker did this, it could undo what the parent sets when it hurries. */
		if (!w->hurry)
			setpriority(PRIO_PROCESS, pid, NICEST);
		return pid;
	}
	if (!pid && c->close_fd >= 0)
		close(c->close_fd);
	if (!pid && !w->hurry)
		become_idle(p);
	/* If no process can be had, it is better to work unguarded than not at all. */
	take_items(p, c);
	if (w->last)
		do_follow(p, c);
	if (!pid)
		_exit(0);
	return pid;
}

/* Returns true if no worker is left. */
static bool workers_are_gone(void)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0);
	return pid < 0;
}

static bool has_idled(const struct watch *w, unsigned ms)
{
	return w->idle * SUPERVISE_TICK_MS >= ms;
}

static enum watch_result give_items_up(struct watch *w, const struct crew *c)
{
	if (w->last || !c->then)
		return WATCH_GIVE_UP;
	w->last = true;
	w->idle = 0;
	return WATCH_START_WORKER;
}

enum watch_result watch_tick(struct watch *w, const struct crew *c, const struct progress *p,
			     bool asked, bool gone)
{
	unsigned patience = p->next <= c->slow ? SUPERVISE_SLOW_MS : SUPERVISE_STALL_MS;
	bool can_go_on = p->next < c->items && w->started < SUPERVISE_WORKERS_MAX;

	w->idle = p->done == w->seen ? w->idle + 1 : 0;
	w->seen = p->done;
	if (!w->hurry && (asked || has_idled(w, SUPERVISE_IDLE_MS))) {
		w->hurry = true;
		w->idle = 0;
	}
	/* All are gone: one died, and left its item undone. That need not be one of this call, as
	 * an earlier call may have left some behind; so the number of finished items counts. */
	if ((gone && !can_go_on) || has_idled(w, SUPERVISE_GIVE_UP_MS))
		return give_items_up(w, c);
	if (!can_go_on)
		return WATCH_WAIT;
	bool stalls = w->hurry && w->idle && w->idle * SUPERVISE_TICK_MS % patience == 0;
	return gone || stalls ? WATCH_START_WORKER : WATCH_WAIT;
}

unsigned supervise(struct progress *p, const struct crew *c)
{
	struct watch w = { .hurry = !c->idle };
	enum watch_result result = WATCH_START_WORKER;
	pid_t pid = 0;

	if (pipe2(wake, O_CLOEXEC))
		wake[0] = wake[1] = -1;
	while (result != WATCH_GIVE_UP && (c->then ? !p->ready : p->done < c->items)) {
		struct pollfd wait[2] = { { .fd = wake[0], .events = POLLIN },
					  { .fd = w.hurry ? -1 : c->hurry_fd, .events = POLLIN } };
		bool hurried = w.hurry;
		if (result == WATCH_START_WORKER) {
			pid = start_worker(&w, p, c);
			w.started++;
		}
		result = WATCH_WAIT;
		if (poll(wait, 2, SUPERVISE_TICK_MS) > 0 && !wait[1].revents)
			continue;
		result = watch_tick(&w, c, p, wait[1].revents, workers_are_gone());
		if (w.hurry && !hurried)
			hurry_worker(p, pid);
	}
	close(wake[0]);
	close(wake[1]);
	return c->items - p->done;
}
