/* live.c - see live.h */
#define _GNU_SOURCE
#include "live.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../runtime/io/path.h"
#include "../../runtime/io/receipt.h"
#include "../../runtime/io/sysfs.h"
#include "../cmd.h"
#include "in_use.h"

/* On top of SUPERVISE_GIVE_UP_MS: some drivers take seconds to load their firmware. */
#define PATIENCE_MS 10000
#define TICK_MS 50

/* Held as long as the process lives; workers that hang do not keep it. */
static int take_lock(const struct roots *roots)
{
	int dir = receipt_dir(roots);
	int fd = dir < 0 ? -1 : openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (dir >= 0)
		close(dir);
	if (fd < 0)
		cmd_complain("/run/vgapass/lock: cannot be made: is /run writable?");
	else if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	else
		cmd_complain("another vgapass is changing drivers: wait until it has ended");
	if (fd >= 0)
		close(fd);
	return -1;
}

static void choose(struct live *l, const struct card *card)
{
	for (unsigned i = 0; i < card->n; i++) {
		unsigned k = 0;
		while (k < l->n && l->function[k].f != card->function[i])
			k++;
		l->function[k].f = card->function[i];
		l->n += k == l->n;
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
				     "reboot", text_make(at, sizeof(at), "%a",
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
		choose(l, &one);
	}
	host_open_kmod(&l->host);
	return read_overrides(l);
}

struct live *live_open(const struct live_options *o, unsigned cards, char **card)
{
	struct roots roots;

	if (geteuid()) {
		cmd_complain("%s: only root can change drivers: use sudo", o->verb);
		return NULL;
	}
	struct live *l = mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			      -1, 0);
	if (l == MAP_FAILED) {
		cmd_complain("no memory");
		return NULL;
	}
	l->parent = getpid();
	l->lock = -1;
	if (!o->dry_run) {
		gather_roots(NULL, &roots);
		l->lock = take_lock(&roots);
	}
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

bool live_in_use(const struct live *l)
{
	static struct obstacles found;
	const struct pci_function *f[PCI_FUNCTIONS_MAX];
	unsigned n = 0;
	char at[64];

	for (unsigned i = 0; i < l->n; i++)
		if (l->function[i].wanted)
			f[n++] = l->function[i].f;
	in_use_find(&l->host.roots, f, n, &found);
	for (unsigned i = 0; i < found.n && i < OBSTACLES_MAX; i++)
		cmd_complain("%s: in use: %s",
			     text_make(at, sizeof(at), "%a", &found.obstacle[i].f->at),
			     found.obstacle[i].text);
	if (found.n > OBSTACLES_MAX)
		cmd_complain("and %u more", found.n - OBSTACLES_MAX);
	return found.n;
}

static struct {
	void (*item)(void *live, unsigned i);
} task;

/* A worker that hangs must not keep the terminal or the pipe of whoever called. */
static void run_task(void *live, unsigned i)
{
	static bool is_apart;
	const struct live *l = live;

	if (!is_apart && getpid() != l->parent) {
		int null = open("/dev/null", O_RDWR);
		for (int fd = 0; null >= 0 && fd < 3; fd++)
			dup2(null, fd);
		if (null > 2)
			close(null);
		is_apart = true;
	}
	task.item(live, i);
}

bool live_run(struct live *l, unsigned items, void (*item)(void *live, unsigned i))
{
	/* Half a change is worse than a whole one; what hangs, ends by itself. */
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	const struct crew crew = { .items = items, .slow = items, .item = run_task, .arg = l,
				   .waiter = l->lock };

	for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		signal(ends[i], SIG_IGN);
	task.item = item;
	/* What is in the buffer would be printed by each worker that ends. */
	fflush(stdout);
	if (l->runs == LIVE_RUNS_MAX)
		abort();
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

static void read_driver(const struct live *l, const struct pci_function *f,
			char driver[PCI_DRIVER_NAME])
{
	if (sysfs_link(l->host.run.inv.devices, path_function(f, "driver"), 0, driver,
		       PCI_DRIVER_NAME) < 0)
		*driver = '\0';
}

void live_give_back(struct live *l, unsigned k, bool as_it_was)
{
	struct live_function *one = &l->function[k];
	const char *driver = as_it_was ? one->f->driver : NULL;
	const char *override = as_it_was ? one->override : "";
	int sys = l->host.roots.sys, devices = l->host.run.inv.devices;
	char address[24];

	text_make(address, sizeof(address), "%a", &one->f->at);
	/* A newline clears it. */
	sysfs_write(devices, path_function(one->f, "driver_override"), *override ? override : "\n");
	read_driver(l, one->f, one->driver);
	if (!driver || strcmp(one->driver, driver) != 0) {
		if (*one->driver)
			sysfs_write(devices, path_function(one->f, "driver/unbind"), address);
		if (!driver)
			host_load_candidates(&l->host, one->f);
		if (!driver)
			sysfs_write(sys, "bus/pci/drivers_probe", address);
		else if (*driver)
			sysfs_write(sys, path_make("bus/pci/drivers/%s/bind", driver), address);
		read_driver(l, one->f, one->driver);
	}
	one->done = true;
}
