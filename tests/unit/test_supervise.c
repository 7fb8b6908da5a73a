/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_supervise.c - runtime/io/supervise.c, with real processes */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fake_kernel.h"
#include "runtime/io/supervise.h"

/* --- watch_tick(): what is decided after each tick */

static const struct crew four = { .items = 4 };

/* Returns how many ticks in a row are spent waiting, or `max`. */
static unsigned count_waits(struct watch *w, const struct crew *c, const struct progress *p,
			    unsigned max, enum watch_result *result)
{
	unsigned n = 0;

	while (n < max && (*result = watch_tick(w, c, p, false, false)) == WATCH_WAIT)
		n++;
	return n;
}

static void expect_ticks(struct watch w, const struct crew *c, struct progress p, unsigned ticks,
			 enum watch_result then)
{
	enum watch_result result = WATCH_WAIT;

	assert_int_equal(count_waits(&w, c, &p, 1000, &result), ticks - 1);
	assert_int_equal(result, then);
}

static void starts_another_worker(void **state)
{
	const struct crew slow = { .items = 4, .slow = 2 };
	const unsigned stall = SUPERVISE_STALL_MS / SUPERVISE_TICK_MS,
		       patience = SUPERVISE_SLOW_MS / SUPERVISE_TICK_MS;
	const struct watch w = { .hurry = true, .started = 1 };

	(void)state;
	expect_ticks(w, &four, (struct progress){ .next = 1 }, stall, WATCH_START_WORKER);
	expect_ticks(w, &slow, (struct progress){ .next = 1 }, patience, WATCH_START_WORKER);
	expect_ticks(w, &slow, (struct progress){ .next = 2 }, patience, WATCH_START_WORKER);
	expect_ticks(w, &slow, (struct progress){ .next = 3, .done = 1 }, stall + 1,
		     WATCH_START_WORKER);
}

/* Nothing is left to take, or the limit of workers is reached: wait, and give up in the end. */
static void starts_no_needless_worker(void **state)
{
	const unsigned ticks = SUPERVISE_GIVE_UP_MS / SUPERVISE_TICK_MS;
	struct watch w = { .hurry = true, .started = 1 };

	(void)state;
	expect_ticks(w, &four, (struct progress){ .next = 4 }, ticks, WATCH_GIVE_UP);
	w.started = SUPERVISE_WORKERS_MAX;
	expect_ticks(w, &four, (struct progress){ .next = 1 }, ticks, WATCH_GIVE_UP);
	w.started--;
	expect_ticks(w, &four, (struct progress){ .next = 1 },
		     SUPERVISE_STALL_MS / SUPERVISE_TICK_MS, WATCH_START_WORKER);
}

static void counts_from_the_last_progress(void **state)
{
	const unsigned stall = SUPERVISE_STALL_MS / SUPERVISE_TICK_MS;
	struct watch w = { .hurry = true, .started = 1 };
	struct progress p = { .next = 1 };
	enum watch_result result;

	(void)state;
	assert_int_equal(count_waits(&w, &four, &p, stall - 1, &result), stall - 1);
	p = (struct progress){ .next = 2, .done = 1 };
	assert_int_equal(count_waits(&w, &four, &p, stall, &result), stall);
	assert_int_equal(watch_tick(&w, &four, &p, false, false), WATCH_START_WORKER);
}

static void replaces_dead_workers(void **state)
{
	const struct progress begun = { .next = 1 }, taken = { .next = 4, .done = 3 };
	struct watch w = { .hurry = false, .started = 1 };

	(void)state;
	/* at once, and without haste too */
	assert_int_equal(watch_tick(&w, &four, &begun, false, true), WATCH_START_WORKER);
	assert_int_equal(watch_tick(&w, &four, &taken, false, true), WATCH_GIVE_UP);
	assert_false(w.hurry);
}

static void do_then(void *arg)
{
	(void)arg;
}

/* With `then`, one more worker is started to do it; after that there is nothing to try. */
static void follows_what_hangs(void **state)
{
	const struct crew followed = { .items = 4, .then = do_then };
	const unsigned ticks = SUPERVISE_GIVE_UP_MS / SUPERVISE_TICK_MS;
	const struct progress p = { .next = 4, .done = 3 };
	struct watch w = { .hurry = true, .started = 1, .seen = 3 };
	enum watch_result result;

	(void)state;
	assert_int_equal(count_waits(&w, &followed, &p, 1000, &result), ticks - 1);
	assert_int_equal(result, WATCH_START_WORKER);
	assert_true(w.last);
	assert_int_equal(count_waits(&w, &followed, &p, 1000, &result), ticks - 1);
	assert_int_equal(result, WATCH_GIVE_UP);
}

/* While workers are idle nobody is replaced for being slow. */
static void begins_to_hurry(void **state)
{
	const unsigned idle = SUPERVISE_IDLE_MS / SUPERVISE_TICK_MS,
		       stall = SUPERVISE_STALL_MS / SUPERVISE_TICK_MS;
	const struct progress p = { .next = 1 };
	struct watch w = { .started = 1 };
	enum watch_result result;

	(void)state;
	assert_int_equal(count_waits(&w, &four, &p, idle - 1, &result), idle - 1);
	assert_false(w.hurry);
	assert_int_equal(watch_tick(&w, &four, &p, false, false), WATCH_WAIT);
	assert_true(w.hurry);
	assert_int_equal(count_waits(&w, &four, &p, 1000, &result), stall - 1);
	w = (struct watch){ .started = 1 };
	assert_int_equal(watch_tick(&w, &four, &p, true, false), WATCH_WAIT);
	assert_true(w.hurry);
}

/* What workers share with this process. */
static struct shared {
	struct progress progress;
	unsigned seen[16], order;
	enum { WORKS, DIES, HANGS } third; /* what becomes of the worker of item 3 */
	pid_t hanging, follower, worker;   /* 0: none */
	bool may_end, has_ended;
	int priority, last_priority; /* of the worker: the highest number seen, and the last */
	unsigned watch_ms;
	bool leads; /* the worker is a session of its own */
	char log[512]; /* what it wrote */
} * shared;

static int start_workers(void **state)
{
	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return shared == MAP_FAILED ? -1 : 0;
}

static int stop_workers(void **state)
{
	(void)state;
	if (shared->hanging > 0)
		kill(shared->hanging, SIGKILL);
	return munmap(shared, sizeof(*shared));
}

static bool no_pipe;

int pipe2(int ends[2], int flags)
{
	if (!no_pipe)
		return (int)syscall(SYS_pipe2, ends, flags);
	errno = EMFILE;
	return -1;
}

static void do_nothing(int number)
{
	(void)number;
}

static void item(void *arg, unsigned i)
{
	struct shared *s = arg;

	s->seen[i] = ++s->order;
	s->worker = getpid();
	if (i == 3 && s->third == DIES)
		_exit(1);
	if (i == 3 && s->third == HANGS) {
		s->hanging = getpid();
		signal(SIGUSR1, do_nothing);
		while (s->third == HANGS)
			pause();
	}
}

static unsigned run_items(unsigned n)
{
	const struct crew crew = { .items = n, .item = item, .item_arg = shared, .hurry_fd = -1,
				   .close_fd = -1 };

	shared->progress = (struct progress){ .next = 0 };
	return supervise(&shared->progress, &crew);
}

static void does_each_item_once(void **state)
{
	(void)state;
	assert_int_equal(run_items(16), 0);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(shared->seen[i], i + 1);
	assert_int_equal(run_items(0), 0);
	assert_int_equal(shared->order, 16);
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The last item wakes the caller, which does not wait for the next tick; and no file is left
 * open. */
static void returns_at_once(void **state)
{
	int64_t best = INT64_MAX;
	int before = dup(0), after;

	(void)state;
	close(before);
	for (unsigned i = 0; i < 8; i++) {
		int64_t start = now_us();
		assert_int_equal(run_items(4), 0);
		if (now_us() - start < best)
			best = now_us() - start;
	}
	assert_true(best < SUPERVISE_TICK_MS * 1000 / 2);
	after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

/* Each tick finds out then, and no file of others is taken for the pipe. */
static void works_without_a_pipe(void **state)
{
	(void)state;
	no_pipe = true;
	unsigned left = run_items(4);
	no_pipe = false;
	assert_int_equal(left, 0);
	assert_int_equal(shared->order, 4);
	assert_true(fcntl(0, F_GETFD) >= 0);
	assert_true(fcntl(1, F_GETFD) >= 0);
}

static void survives_a_dead_worker(void **state)
{
	(void)state;
	shared->third = DIES;
	assert_int_equal(run_items(16), 1);
	assert_int_equal(shared->order, 16);
}

/* Item 0 takes as long as it may, and nothing else is begun meanwhile. */
static void takes_its_time(void *arg, unsigned i)
{
	struct shared *s = arg;

	if (!i) {
		usleep(1000 * s->watch_ms);
		s->has_ended = true;
	}
	s->order += s->has_ended;
}

static void waits_for_what_is_slow(void **state)
{
	struct crew crew = { .items = 4, .item = takes_its_time, .item_arg = shared, .hurry_fd = -1,
			     .close_fd = -1 };

	(void)state;
	shared->watch_ms = SUPERVISE_STALL_MS / 10;
	assert_int_equal(supervise(&shared->progress, &crew), 0);
	assert_int_equal(shared->order, 4);
	shared->progress = (struct progress){ .next = 0 };
	shared->has_ended = false;
	shared->watch_ms = SUPERVISE_STALL_MS * 2;
	crew.slow = 1;
	assert_int_equal(supervise(&shared->progress, &crew), 0);
	assert_int_equal(shared->order, 8);
}

/* Where no process is to be had the caller does it, and keeps its files. */
static void works_without_a_worker(void **state)
{
	const struct rlimit none = { 0, 0 };
	struct crew crew = { .items = 16, .item = item, .item_arg = shared, .hurry_fd = -1 };
	int status = -1;
	pid_t child = fork();

	(void)state;
	if (!child) {
		crew.close_fd = dup(1);
		if (setrlimit(RLIMIT_NPROC, &none) || (!geteuid() && setuid(65534)))
			_exit(2);
		unsigned left = supervise(&shared->progress, &crew);
		bool wrong = left || shared->worker != getpid();
		_exit(wrong || fcntl(crew.close_fd, F_GETFD) < 0 ? 1 : 3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_int_equal(shared->order, 16);
}

static void looks_at_a_file(void *arg, unsigned fd)
{
	struct shared *s = arg;

	s->seen[fd] = fcntl((int)fd, F_GETFD) < 0 ? 2 : 1;
}

/* Without a console the listening socket of the caller may be the file 0. */
static void closes_a_file_in_workers(void **state)
{
	struct crew crew = { .items = 3, .item = looks_at_a_file, .item_arg = shared,
			     .hurry_fd = -1 };

	(void)state;
	for (crew.close_fd = -1; crew.close_fd < 3; crew.close_fd++) {
		shared->progress = (struct progress){ .next = 0 };
		assert_int_equal(supervise(&shared->progress, &crew), 0);
		for (int fd = 0; fd < 3; fd++)
			assert_int_equal(shared->seen[fd], fd == crew.close_fd ? 2 : 1);
	}
}

/* The rest is done by another worker; then nobody waits any longer. */
static void gives_a_hanging_worker_up(void **state)
{
	(void)state;
	shared->third = HANGS;
	assert_int_equal(run_items(16), 1);
	assert_int_equal(shared->order, 16);
	assert_true(shared->hanging > 0);
	assert_int_equal(kill(shared->hanging, 0), 0);
}

/* --- what goes on behind the last item */

static void follows(void *arg)
{
	struct shared *s = shared;

	/* It gets an argument of its own. */
	if (arg != &s->may_end)
		return;
	s->follower = getpid();
	supervise_ready(&s->progress);
	/* The caller is let go at once, and this is only found out later. */
	for (unsigned ms = 0; ms < 5000 && !s->may_end; ms++)
		usleep(1000);
	s->has_ended = true;
}

static unsigned run_followed(void)
{
	const struct crew crew = { .items = 16, .item = item, .item_arg = shared,
				   .then = follows, .then_arg = &shared->may_end,
				   .hurry_fd = -1, .close_fd = -1 };

	return supervise(&shared->progress, &crew);
}

static void wait_for_follower(void)
{
	shared->may_end = true;
	for (unsigned ms = 0; ms < 5000 && !shared->has_ended; ms++)
		usleep(1000);
	assert_true(shared->has_ended);
}

static void goes_on_in_the_worker(void **state)
{
	(void)state;
	assert_int_equal(run_followed(), 0);
	assert_false(shared->has_ended);
	assert_true(shared->follower > 0 && shared->follower != getpid());
	wait_for_follower();
}

/* Where an item does not come back, somebody else goes on, and nobody else when it does. */
static void goes_on_after_a_hang(void **state)
{
	(void)state;
	shared->third = HANGS;
	assert_int_equal(run_followed(), 1);
	assert_int_equal(shared->order, 16);
	pid_t follower = shared->follower;
	assert_true(follower > 0 && follower != shared->hanging);
	wait_for_follower();
	shared->third = WORKS;
	kill(shared->hanging, SIGUSR1);
	usleep(200000);
	assert_int_equal(shared->follower, follower);
	shared->hanging = 0;
}

/* --- who takes what nobody else wants */

static int priority_of_worker(void)
{
	return getpriority(PRIO_PROCESS, (id_t)shared->worker);
}

static void waits_for_a_word(void *arg, unsigned i)
{
	struct shared *s = arg;

	(void)i;
	s->worker = getpid();
	s->priority = s->last_priority = 0;
	s->leads = getsid(0) == getpid();
	snprintf(s->log, sizeof(s->log), "%s", fake_log());
	/* It is the caller that gives and takes. */
	for (unsigned ms = 0; ms < s->watch_ms && (s->priority < 19 || s->last_priority); ms++) {
		usleep(1000);
		s->last_priority = priority_of_worker();
		if (s->priority < s->last_priority)
			s->priority = s->last_priority;
	}
}

/* Returns true if the log says that the group of the worker got this nice value. */
static bool weighs(const char *log, const char *nice)
{
	char line[64];

	snprintf(line, sizeof(line), "/proc/%d/autogroup=%s\n", (int)shared->worker, nice);
	return strstr(log, line);
}

/* Idle until somebody connects, or until nothing has been done for a while. */
static void hurries_when_somebody_waits(void **state)
{
	int pair[2];
	struct crew crew = { .items = 1, .item = waits_for_a_word, .item_arg = shared, .idle = true,
			     .close_fd = -1 };

	(void)state;
	if (geteuid())
		skip(); /* only root may give priority back */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[0], "", 1), 1);
	crew.hurry_fd = pair[1];
	/* Too short for what comes by itself. */
	shared->watch_ms = SUPERVISE_IDLE_MS / 2;
	assert_int_equal(supervise(&shared->progress, &crew), 0);
	assert_int_equal(shared->last_priority, 0);
	assert_true(weighs(fake_log(), "0"));
	close(pair[0]);
	close(pair[1]);
	shared->progress = (struct progress){ .next = 0 };
	crew.hurry_fd = -1;
	shared->watch_ms = 3 * SUPERVISE_IDLE_MS;
	assert_int_equal(supervise(&shared->progress, &crew), 0);
	assert_int_equal(shared->priority, 19);
	assert_int_equal(shared->last_priority, 0);
	assert_int_equal(shared->progress.hurried, 1);
	assert_true(shared->leads);
	assert_true(weighs(shared->log, "19"));
	assert_false(weighs(shared->log, "0"));
	assert_true(weighs(fake_log(), "0"));
	/* One that begins when the caller hurries already undoes what it did to itself. */
	shared->progress = (struct progress){ .hurried = 1 };
	shared->watch_ms = 1;
	assert_int_equal(supervise(&shared->progress, &crew), 0);
	assert_true(weighs(shared->log, "0"));
	/* Whom nobody asked to be idle is left as it is. */
	shared->progress = (struct progress){ .next = 0 };
	crew.idle = false;
	shared->watch_ms = 1;
	assert_int_equal(supervise(&shared->progress, &crew), 0);
	assert_false(shared->leads);
	assert_false(weighs(shared->log, "19"));
}

#define WORKERS(name) cmocka_unit_test_setup_teardown(name, start_workers, stop_workers)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_another_worker),
		cmocka_unit_test(starts_no_needless_worker),
		cmocka_unit_test(counts_from_the_last_progress),
		cmocka_unit_test(replaces_dead_workers),
		cmocka_unit_test(follows_what_hangs),
		cmocka_unit_test(begins_to_hurry),
		WORKERS(does_each_item_once),
		WORKERS(returns_at_once),
		WORKERS(works_without_a_pipe),
		WORKERS(survives_a_dead_worker),
		WORKERS(waits_for_what_is_slow),
		WORKERS(works_without_a_worker),
		WORKERS(closes_a_file_in_workers),
		WORKERS(gives_a_hanging_worker_up),
		WORKERS(goes_on_in_the_worker),
		WORKERS(goes_on_after_a_hang),
		WORKERS(hurries_when_somebody_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
