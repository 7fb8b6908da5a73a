/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live.c - see live.h */
#include "live.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/io/path.h"
#include "runtime/io/receipt.h"
#include "runtime/io/sysfs.h"
#include "cli/cmd.h"
#include "cli/out/xalloc.h"

/* On top of SUPERVISE_GIVE_UP_MS: some drivers take seconds to load their firmware. */
#define PATIENCE_MS 10000
#define TICK_MS 50

/* Held as long as the process lives; workers that hang do not keep it. What is in the file tells
 * them who had it last. */
static int take_lock(void)
{
	struct roots roots;
	int dir = gather_root(NULL, &roots) ? -1 : receipt_dir(&roots);
	int fd = dir < 0 ? -1 :
		openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (dir >= 0)
		close(dir);
	if (roots.root >= 0)
		close(roots.root);
	if (fd < 0)
		cmd_complain("/run/vgapass/lock: cannot be created: is /run writable?");
	else if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	else
		cmd_complain("another vgapass is changing drivers: wait until it has ended");
	if (fd >= 0)
		close(fd);
	return -1;
}

static void add_card(struct live *l, const struct card *card)
{
	struct pci_function *all = l->host.run.inv.function;

	for (unsigned i = 0; i < card->n; i++) {
		unsigned k = 0;
		while (k < l->n && l->function[k].f != card->function[i])
			k++;
		if (k < l->n)
			continue;
		struct live_function *one = &l->function[l->n++];
		one->f = card->function[i];
		text_make(one->has, sizeof(one->has), "%s", one->f->driver);
		all[one->f - all].driver = one->has;
	}
}

/* By a worker: whose driver hangs does not answer, as the kernel takes its lock for that. */
static void read_override(void *live, unsigned k)
{
	struct live *l = live;
	struct live_function *one = &l->function[k];
	char *override = one->override;

	if (sysfs_read(l->host.run.inv.devices, path_function(one->f, "driver_override"), override,
		       PCI_DRIVER_NAME) < 0)
		*override = '\0';
	override[strcspn(override, "\n")] = '\0';
	if (!strcmp(override, "(null)"))
		*override = '\0';
	one->done = true;
}

/* False, said: a function of the cards hangs. */
static bool read_overrides(struct live *l)
{
	bool all = live_run(l, l->n, read_override);
	char at[64];

	for (unsigned k = 0; k < l->n; k++) {
		if (!l->function[k].done)
			cmd_complain("%s: a driver hangs and keeps its lock: see the kernel log, "
				     "reboot", text_make(at, sizeof(at), "%pa",
							 &l->function[k].f->at));
		l->function[k].done = false;
	}
	return all;
}

static bool find_cards(struct live *l, unsigned cards, char **card)
{
	const struct host_options o = { 0 };
	struct card one;

	if (host_open(&l->host, &o))
		return false;
	if (l->host.run.input_error) {
		cmd_complain("the PCI functions cannot be listed: is /sys mounted?");
		return false;
	}
	for (unsigned i = 0; i < cards; i++) {
		if (!card_pick(&l->host, card[i], &one))
			return false;
		add_card(l, &one);
	}
	host_open_kmod(&l->host);
	return read_overrides(l);
}

struct live *live_open(const struct live_options *o, unsigned cards, char **card)
{
	if (geteuid()) {
		char words[1024];
		struct text t;
		text_start(&t, words, sizeof(words));
		for (unsigned i = 0; i < cards; i++)
			text_add(&t, " %s", card[i]);
		cmd_complain("only root can change drivers: run sudo vgapass %s%s", o->verb,
			     words);
		return NULL;
	}
	struct live *l = mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			      -1, 0);
	if (l == MAP_FAILED)
		xalloc_fail(sizeof(*l));
	l->parent = getpid();
	l->verb = o->verb;
	l->wants = o->wants;
	l->lock = -1;
	if (!o->dry_run)
		l->lock = take_lock();
	if (l->lock >= 0 && pwrite(l->lock, &l->parent, sizeof(l->parent), 0) < 0)
		cmd_complain("/run/vgapass/lock: cannot be written: is /run full?");
	if ((o->dry_run || l->lock >= 0) && find_cards(l, cards, card))
		return l;
	live_close(l);
	return NULL;
}

void live_close(struct live *l)
{
	host_close(&l->host);
	if (l->lock >= 0)
		close(l->lock);
	munmap(l, sizeof(*l));
}

static struct {
	void (*item)(void *live, unsigned i);
} task;

/* A worker that hangs must not keep the terminal or the pipe of whoever called, nor get what
 * the terminal sends to its parent. */
static void go_apart(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	setpgid(0, 0);
}

/* The parent has been killed half-way, and nobody else will undo that; unless another command
 * has begun since, which knows better. */
static void leave_if_alone(struct live *l)
{
	pid_t last = 0;

	if (!l->undoes || l->undone || getppid() == l->parent)
		return;
	int lock = take_lock();
	if (lock >= 0 && pread(lock, &last, sizeof(last), 0) == sizeof(last) && last == l->parent)
		for (unsigned k = 0; k < l->n; k++)
			live_give_back(l, k, !l->function[k].is_new);
	_exit(1);
}

static void run_task(void *live, unsigned i)
{
	static bool is_apart;
	struct live *l = live;

	if (getpid() == l->parent) {
		task.item(live, i);
		return;
	}
	if (!is_apart)
		go_apart();
	is_apart = true;
	leave_if_alone(l);
	task.item(live, i);
	leave_if_alone(l);
}

void live_begin(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGTSTP, SIGTTIN,
				       SIGTTOU, SIGUSR1, SIGUSR2, SIGALRM };

	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
}

bool live_run(struct live *l, unsigned items, void (*item)(void *live, unsigned i))
{
	const struct crew crew = { .items = items, .slow = items, .item = run_task, .item_arg = l,
				   .hurry_fd = -1, .close_fd = l->lock };

	task.item = item;
	/* What is in the buffer would be printed by each worker that ends. */
	fflush(stdout);
	assert(l->runs < LIVE_RUNS_MAX);
	/* A worker of an earlier run that comes back late must not take items of this one. */
	struct progress *p = &l->progress[l->runs++];
	supervise(p, &crew);
	for (unsigned ms = 0; ms < PATIENCE_MS; ms += TICK_MS) {
		if (*(volatile unsigned *)&p->done >= items)
			return true;
		usleep(TICK_MS * 1000);
	}
	return false;
}
