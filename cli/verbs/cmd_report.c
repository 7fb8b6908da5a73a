/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_report.c - vgapass report: one text file that has what a bug report needs. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/out/json.h"
#include "cli/out/xalloc.h"
#include "cli/report/report.h"

/* Returns CMD_OK, or CMD_FAILED after printing the reason. */
static int write_file(const char *path, const struct report *r, bool force, bool full)
{
	/* What stands under the name may be somebody's link. */
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK |
			    (force ? O_TRUNC : O_EXCL), full ? 0600 : 0644);
	size_t done = 0;
	ssize_t n = 0;

	if (fd < 0 && errno == EEXIST)
		return cmd_complain("%s exists: name another file, or use --force",
				    path);
	if (fd < 0)
		return cmd_complain("%s cannot be written (%s): name another file", path,
				    strerror(errno));
	/* A file that was there keeps its mode. */
	bool good = !full || !fchmod(fd, 0600);
	while (good && done < r->n && ((n = write(fd, r->text + done, r->n - done)) > 0 ||
				       (n < 0 && errno == EINTR)))
		done += n > 0 ? (size_t)n : 0;
	int error = errno;
	if ((close(fd) || done < r->n) && !force)
		unlink(path);
	if (done < r->n)
		return cmd_complain("%s cannot be written (%s): name another file", path,
				    strerror(error));
	return CMD_OK;
}

/* "vgapass-report-2026-11-28.txt" */
static char *default_name(void)
{
	time_t now = time(NULL);
	struct tm tm;
	char date[32] = "";

	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "-%Y-%m-%d", &tm);
	return xasprintf("vgapass-report%s.txt", date);
}

/* path: "-" for standard output, where the text is a member. */
static void print_json(const char *path, const struct report *r, bool full)
{
	json_object *files = json_object_new_array(), *missing = json_object_new_array();
	json_object *file = json_object_new_object();
	bool out = !strcmp(path, "-");

	json_set(file, "path", out ? NULL : path);
	json_set_number(file, "size", (long long)r->n);
	json_set_flag(file, "full", full);
	json_object_object_add(file, "text", out ? json_text(r->text, r->n) : NULL);
	json_object_array_add(files, file);
	for (size_t n, at = 0; r->missing && r->missing[at]; at += n + 1) {
		n = strcspn(r->missing + at, "\n");
		json_object_array_add(missing, json_text(r->missing + at, n));
	}
	json_object *o = json_document("files", files);
	json_object_object_add(o, "missing", missing);
	json_print(o);
}

static void say_missing(const char *missing)
{
	if (!*missing)
		return;
	cmd_complain("not in it, because it could not be read%s:",
		     geteuid() ? ": run as root to read all" : "");
	for (size_t n; *missing; missing += n + 1) {
		n = strcspn(missing, "\n");
		cmd_complain("  %.*s", (int)n, missing);
	}
}

static struct host_options opt = { .as_boot = true };
static bool full, force, json;

static const struct cmd_option options[] = {
	{ "full", 0, NULL, "replace nothing", &full, NULL },
	{ "force", 0, NULL, "overwrite FILE", &force, NULL },
	CMD_JSON(&json),
	CMD_SYSROOT(&opt.sysroot),
	CMD_END,
};

/* Returns CMD_OK, or CMD_FAILED after printing the reason. */
static int put_report(const char *name, const struct report *r)
{
	bool out = !strcmp(name, "-");

	if (!out && write_file(name, r, force, full))
		return CMD_FAILED;
	if (json)
		print_json(name, r, full);
	else if (out)
		fwrite(r->text, 1, r->n, stdout);
	else
		printf("%s is written: read it before you send it\n", name);
	if (!json)
		say_missing(r->missing);
	return CMD_OK;
}

static int run_report(int argc, char **argv)
{
	if (argc > 1)
		return cmd_misused(&verb_report, "%s: unexpected argument", argv[1]);
	struct host *host = xcalloc(1, sizeof(*host));
	struct report r = { NULL, 0, NULL };
	int code = host_open(host, &opt);
	char *name = argc ? xstrdup(argv[0]) : default_name();
	if (!code) {
		report_make(host, &opt, full, &r);
		code = put_report(name, &r);
	}
	free(r.text);
	free(r.missing);
	free(name);
	host_close(host);
	free(host);
	return code;
}

const struct cmd_verb verb_report = {
	.name = "report",
	.summary = "write what a bug report needs into one text file",
	.arguments = "[FILE]",
	.about = "Writes what a bug report needs into one text file: versions, configuration,\n"
		 "kernel command line, receipt, kernel log lines of vgapass and VFIO, what list,\n"
		 "plan, status and check say, and what vgapass reads of the PCI functions. Serial\n"
		 "numbers, MAC addresses, UUIDs and the host's name are replaced. Without FILE it\n"
		 "is vgapass-report-DATE.txt in the current directory; - is standard output.",
	.options = options,
	.notes = "As root it has more in it: it says what it could not read.",
	.exits = "0 it is written, 1 it is not, 2 usage.",
	.plural = "files",
	.run = run_report,
};
