/* rebuild.c - see rebuild.h */
#define _GNU_SOURCE
#include "rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../cmd.h"

/* Whoever has update-initramfs makes images by it: Debian's dracut brings one along that calls
 * dracut. */
static const struct tool {
	const char *name;
	const char *argument[4];
	const char *command;
} tools[] = {
	{ "update-initramfs", { "-u", "-k", "all" }, "update-initramfs -u -k all" },
	{ "dracut", { "--regenerate-all", "--force" }, "dracut --regenerate-all --force" },
	{ "mkinitcpio", { "-P" }, "mkinitcpio -P" },
};

static const char *const folders[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin" };

/* The tool and, without the sysroot, its path, to be freed. */
static const struct tool *find(const struct host *h, char **path)
{
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		for (size_t k = 0; k < sizeof(folders) / sizeof(folders[0]); k++) {
			if (asprintf(path, "%s%s/%s", h->sysroot, folders[k], tools[i].name) < 0)
				abort();
			bool there = !faccessat(AT_FDCWD, *path, X_OK, AT_EACCESS);
			if (there)
				memmove(*path, *path + strlen(h->sysroot),
					strlen(*path) - strlen(h->sysroot) + 1);
			if (there)
				return &tools[i];
			free(*path);
		}
	*path = NULL;
	return NULL;
}

const char *rebuild_command(const struct host *h)
{
	char *path;
	const struct tool *tool = find(h, &path);

	free(path);
	return tool ? tool->command : "";
}

const char *rebuild_advice(const struct host *h)
{
	const char *command = rebuild_command(h);

	return *command ? command : "rebuild the boot images";
}

int rebuild_run(const struct host *h, const char *verb)
{
	char *path;
	const struct tool *tool = find(h, &path);
	const char *const argv[] = { tool ? tool->name : NULL, tool ? tool->argument[0] : NULL,
				     tool ? tool->argument[1] : NULL,
				     tool ? tool->argument[2] : NULL, NULL };
	int status = -1;

	if (!tool)
		return cmd_complain("%s: neither update-initramfs nor dracut nor mkinitcpio is "
				    "there: rebuild the boot images yourself", verb);
	printf("running %s\n", tool->command);
	fflush(stdout);
	pid_t child = fork();
	if (!child) {
		if (!*h->sysroot || (!chroot(h->sysroot) && !chdir("/")))
			execv(path, (char *const *)argv);
		_exit(127);
	}
	free(path);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
		return CMD_OK;
	int code = child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : CMD_FAILED;
	cmd_complain("%s: %s ended with %d: the old boot images stay, the configuration is "
		     "changed", verb, tool->command, code);
	return code;
}

int rebuild_end(const struct host *h, const char *verb, bool apply)
{
	if (apply) {
		int code = rebuild_run(h, verb);
		if (!code)
			puts("the boot images have it: reboot");
		return code;
	}
	printf("to have it at the next boot: %s, and reboot\n", rebuild_advice(h));
	return CMD_OK;
}
