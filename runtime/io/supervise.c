/* SPDX-License-Identifier: GPL-2.0-or-later */
/* supervise.c - see supervise.h */
#ifndef __KLIBC__
#endif
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS 100
#define NICEST 19

/* A byte in it is a word from a worker to the one that waits. Workers keep both ends, as one
 * that is late may write when nobody listens. */
static int word[2];

void supervise_ready(struct progress *p)
{
	p->ready = 1;
	/* Where it fails the next tick finds out. */
	if (write(word[1], "", 1) < 0)
		errno = 0;
}

static void follow(struct progress *p, const struct crew *c)
{
	if (!c->then)
		supervise_ready(p);
	else if (!__atomic_exchange_n(&p->followed, 1, __ATOMIC_SEQ_CST))
		c->then(c->arg);
}

static void work(struct progress *p, const struct crew *c)
{
	unsigned i;

	while ((i = __atomic_fetch_add(&p->next, 1, __ATOMIC_SEQ_CST)) < c->items) {
		c->item(c->arg, i);
		if (__atomic_add_fetch(&p->done, 1, __ATOMIC_SEQ_CST) == c->items) {
			follow(p, c);
			break;
		}
	}
}

/* `last`: it goes on behind items that have not come back. */
static pid_t start_worker(struct progress *p, const struct crew *c, bool last)
{
	pid_t pid = fork();

	if (pid > 0)
		return pid;
	if (!pid && c->waiter >= 0)
		close(c->waiter);
	/* Where there is no process to be had, unguarded is better than not. */
	work(p, c);
	if (last)
		follow(p, c);
	if (!pid)
		_exit(0);
	return pid;
}

/* True: no worker is left. */
static bool are_gone(void)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0);
	return pid < 0;
}

unsigned supervise(struct progress *p, const struct crew *c)
{
	unsigned started = 0, idle = 0, seen = 0;
	bool start = true, last = false, hurry = !c->idle;
	pid_t pid = 0;

	if (pipe2(word, O_CLOEXEC))
		word[0] = word[1] = -1;
	struct pollfd wait[2] = { { .fd = word[0], .events = POLLIN },
				  { .fd = hurry ? -1 : c->waiter, .events = POLLIN } };
	while (c->then ? !p->ready : p->done < c->items) {
		if (start) {
			pid = start_worker(p, c, last);
			started++;
			/* Not by itself: it must not come behind the word to hurry. */
			if (!hurry)
				setpriority(PRIO_PROCESS, pid, NICEST);
		}
		start = false;
		if (poll(wait, 2, TICK_MS) > 0 && !wait[1].revents)
			continue;
		idle = p->done == seen ? idle + 1 : 0;
		seen = p->done;
		if (!hurry && (wait[1].revents || idle * TICK_MS >= SUPERVISE_IDLE_MS)) {
			setpriority(PRIO_PROCESS, pid, 0);
			wait[1].fd = -1;
			hurry = true;
			idle = 0;
		}
		unsigned patience = p->next <= c->slow ? SUPERVISE_SLOW_MS : SUPERVISE_STALL_MS;
		bool untouched = p->next < c->items && started < SUPERVISE_WORKERS_MAX;
		/* One that died left its item undone. Who ended may be one that an earlier call left
		 * behind: what is done counts. */
		bool gone = are_gone();
		if (untouched)
			start = gone || (hurry && idle && idle * TICK_MS % patience == 0);
		if ((gone && !untouched) || idle * TICK_MS >= SUPERVISE_GIVE_UP_MS) {
			if (last || !c->then)
				break;
			last = start = true;
			idle = 0;
		}
	}
	close(word[0]);
	close(word[1]);
	return c->items - p->done;
}
