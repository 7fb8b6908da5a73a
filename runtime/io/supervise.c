/* supervise.c - see supervise.h */
#ifndef __KLIBC__
#define _DEFAULT_SOURCE
#endif
#include "supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS 100

static void on_tick(int signal)
{
	(void)signal; /* it is enough that waitpid() comes back */
}

static void set_ticks(unsigned ms)
{
	struct itimerval every = { .it_interval = { 0, (int)ms * 1000 },
				   .it_value = { 0, (int)ms * 1000 } };
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = ms ? on_tick : SIG_IGN;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

static void work(struct progress *p, unsigned items, void (*item)(void *arg, unsigned i),
		 void *arg)
{
	unsigned i;

	while ((i = __atomic_fetch_add(&p->next, 1, __ATOMIC_SEQ_CST)) < items) {
		item(arg, i);
		__atomic_fetch_add(&p->done, 1, __ATOMIC_SEQ_CST);
	}
}

unsigned supervise(struct progress *p, unsigned items, unsigned slow,
		   void (*item)(void *arg, unsigned i), void *arg, int not_for_workers)
{
	unsigned started = 0, idle = 0, seen = 0;
	bool start = true;

	p->next = p->done = 0;
	set_ticks(TICK_MS);
	while (p->done < items) {
		if (start) {
			pid_t pid = fork();
			if (!pid) {
				if (not_for_workers >= 0)
					close(not_for_workers);
				work(p, items, item, arg);
				_exit(0);
			}
			if (pid < 0) /* no process to be had: unguarded is better than not */
				work(p, items, item, arg);
			started++;
		}
		/* Who ended may be one that an earlier call left behind: what is done counts. */
		start = false;
		if (waitpid(-1, NULL, 0) > 0)
			continue;
		if (errno == ECHILD) {
			/* One that died left its item undone, and others may be untouched. */
			start = p->next < items && started < SUPERVISE_WORKERS_MAX;
			if (start)
				continue;
			break;
		}
		idle = p->done == seen ? idle + 1 : 0;
		seen = p->done;
		if (idle * TICK_MS >= SUPERVISE_GIVE_UP_MS)
			break;
		unsigned patience = p->next <= slow ? SUPERVISE_SLOW_MS : SUPERVISE_STALL_MS;
		start = p->next < items && started < SUPERVISE_WORKERS_MAX && idle &&
			idle * TICK_MS % patience == 0;
	}
	set_ticks(0);
	return items - p->done;
}
