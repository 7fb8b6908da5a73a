/* config.c - the configuration: who can write it, what is wrong with it, what it asks for in
 * vain. In the engine's own words. */
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/core/plan_text.h"
#include "../../runtime/io/sysfs.h"

/* The files name drivers that root loads, so nobody else may write them. The owner of / is
 * root, also where --sysroot is somebody's copy. */
static void look_at_owner(struct check *c, const char *path)
{
	struct stat st, top;
	int fd = sysfs_open(c->host->roots.root, path, O_PATH);
	bool known = fd >= 0 && !fstat(fd, &st) && !fstat(c->host->roots.root, &top);

	if (fd >= 0)
		close(fd);
	if (!known)
		return;
	if (st.st_uid != top.st_uid)
		check_say(c, CHECK_ERROR, check_line(path, 0), "belongs to user %u, and names drivers that are "
			  "loaded as root\nchown root:root /%s", st.st_uid, path);
	if (st.st_mode & S_IWOTH || (st.st_mode & S_IWGRP && st.st_gid != top.st_gid))
		check_say(c, CHECK_ERROR, check_line(path, 0), "others than root can write it, and it names "
			  "drivers that are loaded as root\nchmod go-w /%s", path);
}

void check_files(struct check *c)
{
	const struct config *config = &c->host->run.config;
	struct conf_path path;

	look_at_owner(c, "etc/vgapass.conf.d");
	for (unsigned i = 0; i < config->files; i++)
		if (check_exists(c, gather_conf_path(&path, config->file[i])))
			look_at_owner(c, path.s);
}

/* "what: remedy" as the two, where there is a remedy in it. */
static void say_phrase(struct check *c, enum check_level level, const char *at, char *phrase,
		       const char *otherwise)
{
	char *colon = strstr(phrase, ": ");

	if (colon)
		*colon = '\0';
	check_say(c, level, at, "%s\n%s", phrase, colon ? colon + 2 : otherwise);
}

void check_rules(struct check *c)
{
	const struct run *r = &c->host->run;
	char at_buf[PLAN_LINE_MAX], what_buf[PLAN_LINE_MAX], place[PLAN_LINE_MAX + 8];
	struct text at, what;
	bool broken = r->config.errors;

	if (check_is_idle(c))
		check_say(c, CHECK_WARNING, "/etc/vgapass.conf", "has no rule, so no function is "
			  "kept for guests\nwrite one, such as 1002:6608 (man vgapass.conf)");
	for (unsigned k = 0;; k++) {
		text_start(&at, at_buf, sizeof(at_buf));
		text_start(&what, what_buf, sizeof(what_buf));
		if (!plan_text_problem(r, k, &at, &what))
			return;
		bool in_file = !strncmp(at_buf, "vgapass.conf", 12);
		text_make(place, sizeof(place), "%s%s", in_file ? "/etc/" : "", at_buf);
		bool bad = broken || r->input_error || !in_file;
		say_phrase(c, bad ? CHECK_ERROR : CHECK_WARNING, place, what_buf,
			   bad ? "correct it: until then no rule holds" :
				 "correct the rule or take it out; lspci -nn lists what there is");
	}
}

/* What the plan refuses for want of an IOMMU group is of the topic iommu. */
void check_refused(struct check *c)
{
	const struct run *r = &c->host->run;
	char buf[PLAN_LINE_MAX], phrase[PLAN_LINE_MAX + CHECK_PLACE_MAX];
	struct text t;

	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct pci_function *f = &r->inv.function[i];
		const struct plan_entry *e = &r->plan.entry[i];
		if (e->state != STATE_REFUSED || e->reason == REASON_NO_GROUP)
			continue;
		text_start(&t, buf, sizeof(buf));
		plan_text_reason(&t, r, f, e);
		text_make(phrase, sizeof(phrase), "%s is refused, %s", check_address(f), buf);
		say_phrase(c, CHECK_ERROR, check_place(&e->rule->at), phrase,
			   "see man vgapass.conf");
	}
}
