/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evidence_group.c - members of IOMMU groups, who uses them, and their files; see evidence.h */
#include "evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/core/driver.h"
#include "runtime/io/path.h"
#include "runtime/io/sysfs.h"
#include "cli/live/in_use.h"
#include "cli/machine/group.h"
#include "cli/machine/whole_file.h"

#define FILE_MAX (16 << 20)
#define SHOWN_MAX 8 /* functions that evidence_each() looks at */

const char *evidence_name(const struct pci_function *f)
{
	static char name[4][PCI_ADDRESS_SIZE + 16];
	static unsigned turn;

	return text_make(name[turn = (turn + 1) % 4], sizeof(name[0]), "%pa [%pi]", &f->at, f);
}

char *evidence_read(const struct explanation *f, const char *path)
{
	char *text;
	ssize_t n = whole_file(f->host->roots.root, path, FILE_MAX, &text);

	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	return text;
}

static const struct pci_function *find_by_address(const struct inventory *inv,
						  const struct pci_address *at)
{
	for (unsigned i = 0; i < inv->functions; i++)
		if (!pci_compare(&inv->function[i].at, at))
			return &inv->function[i];
	return NULL;
}

/* Of a group, the function that guests are to have. */
static const struct pci_function *find_by_group(struct host *h, int64_t group)
{
	const struct inventory *inv = &h->run.inv;
	const struct pci_function *found = NULL;

	for (unsigned i = 0; i < inv->functions; i++) {
		const struct pci_function *f = &inv->function[i];
		bool wanted = driver_is_vfio(f->driver) || group_is_meant(host_entry(h, f));
		if (f->group != group || f->bridge || (found && !wanted))
			continue;
		found = f;
		if (wanted)
			break;
	}
	return found;
}

const struct pci_function *evidence_function(struct explanation *f)
{
	const struct inventory *inv = &f->host->run.inv;
	const struct capture *c = &f->capture;
	const struct pci_function *found;
	char at[PCI_ADDRESS_SIZE];

	if (f->host->run.input_error || (!c->has_address && c->group < 0))
		return NULL;
	if (!c->has_address) {
		if (!(found = find_by_group(f->host, c->group)))
			explain_say(f, "this machine has no function in an IOMMU group %lld now: "
				    "groups are numbered anew at each boot", (long long)c->group);
		return found;
	}
	if (!(found = find_by_address(inv, &c->at))) {
		pci_put_address(at, &c->at);
		explain_say(f, "%s is not on this machine now: the card has moved or gone, or the "
			    "text is from elsewhere", at);
	} else if (c->group >= 0 && found->group >= 0 && c->group != found->group)
		explain_say(f, "%s is in IOMMU group %d now, not %lld: groups are numbered anew at "
			    "each boot", evidence_name(found), (int)found->group,
			    (long long)c->group);
	return found;
}

void evidence_each(struct explanation *f,
		   void (*look)(struct explanation *f, const struct pci_function *function))
{
	const struct inventory *inv = &f->host->run.inv;
	const struct pci_function *one = evidence_function(f);
	unsigned n = 0;

	if (one)
		look(f, one);
	if (f->capture.has_address || f->capture.group >= 0)
		return;
	for (unsigned i = 0; i < inv->functions && n < SHOWN_MAX; i++) {
		const struct pci_function *function = &inv->function[i];
		if (driver_is_vfio(function->driver) ||
		    host_entry(f->host, function)->state == STATE_PLANNED) {
			look(f, function);
			n++;
		}
	}
}

/* --- groups */

static void say_member(struct explanation *f, const struct pci_function *m)
{
	static const char *const words[] = { [GROUP_FREE] = "", [GROUP_HELD] = ", which holds it",
		[GROUP_WANTED] = ", until one of the host's modules takes it" };
	enum group_member what = group_member_of(f->host, m, false);
	char name[HOST_NAME_MAX];

	if (!m->bridge)
		explain_say(f, "%s %s: on %s%s", evidence_name(m), host_device(f->host, m, name),
			    *m->driver ? m->driver : "no driver", words[what]);
}

/* The advice is that of group_judge(). A group that nothing holds after the next boot needs only
 * that boot. */
void evidence_group(struct explanation *f)
{
	const struct pci_function *one = evidence_function(f);
	const struct inventory *inv = &f->host->run.inv;
	struct group_words words;

	if (!one || one->group < 0)
		return;
	for (unsigned i = 0; i < inv->functions; i++)
		if (inv->function[i].group == one->group)
			say_member(f, &inv->function[i]);
	if (group_judge(f->host, one, NULL, &words) != GROUP_OPEN)
		finding_advise(&f->todo, words.advice);
	else if (group_list(f->host, one->group, GROUP_HELD, false, NULL))
		explain_fix(f, FIX_ADVICE, "reboot: the next boot gives every member to guests");
	else {
		explain_say(f, "IOMMU group %d is viable now", (int)one->group);
		explain_fix(f, FIX_ADVICE, "start the guest again");
	}
}

/* --- drivers and users */

static void say_driver(struct explanation *f, const struct pci_function *one)
{
	explain_say(f, "%s is on %s", evidence_name(one), *one->driver ? one->driver : "no driver");
}

static void say_users(struct explanation *f, const struct pci_function *one)
{
	static struct obstacles o;

	memset(&o, 0, sizeof(o));
	in_use_find(&f->host->roots, &one, 1, &o);
	for (unsigned i = 0; i < o.n && i < OBSTACLES_MAX; i++)
		explain_say(f, "%.*s", (int)o.obstacle[i].who, o.obstacle[i].text);
	if (o.blind)
		explain_say(f, "there may be more: %s", o.blind);
}

void evidence_user(struct explanation *f)
{
	const struct pci_function *one = evidence_function(f);

	if (!one)
		return;
	say_driver(f, one);
	say_users(f, one);
}

void evidence_driver(struct explanation *f)
{
	const struct pci_function *one = evidence_function(f);
	char at[PCI_ADDRESS_SIZE];

	if (!one)
		return;
	pci_put_address(at, &one->at);
	say_driver(f, one);
	if (driver_is_vfio(one->driver)) {
		say_users(f, one);
		return;
	}
	if (host_entry(f->host, one)->state != STATE_PLANNED)
		explain_fix(f, FIX_COMMAND, "vgapass add --apply %s", at);
	explain_fix(f, FIX_ADVICE, "reboot, or until then");
	explain_fix(f, FIX_COMMAND, "vgapass bind %s", at);
}

/* --- files in /dev/vfio */

void evidence_node(struct explanation *f)
{
	const struct pci_function *one = evidence_function(f);
	struct stat st;

	if (!one || one->group < 0)
		return;
	const char *path = path_make("vfio/%u", (unsigned)one->group);
	if (!fstatat(f->host->roots.dev, path, &st, AT_SYMLINK_NOFOLLOW))
		explain_say(f, "/dev/%s: mode %04o, owner %u, group %u", path, st.st_mode & 07777,
			    st.st_uid, st.st_gid);
	else
		explain_say(f, "/dev/%s: %s", path,
			    errno == ENOENT || errno == EBADF ? "no such file" : strerror(errno));
	say_driver(f, one);
	if (!driver_is_vfio(one->driver))
		evidence_driver(f);
	else
		say_users(f, one);
}
