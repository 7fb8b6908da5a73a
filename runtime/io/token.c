/* SPDX-License-Identifier: GPL-2.0-or-later */
/* token.c - see token.h */
#include "token.h"

#include <errno.h>
#include <unistd.h>

#include "receipt.h"
#include "replace.h"
#include "sysfs.h"

#define EFI "sys/firmware/efi"
#define EFIVARS EFI "/efivars"
#define MOUNT_POINT "/" EFIVARS
#define VARIABLE EFIVARS "/" TOKEN_VARIABLE

/* Both paths are systemd-stub's (systemd-stub(7)): for this image, and for all of them. */
#define CREDENTIAL "credentials/vgapass.off.cred"

void token_take_credential(const struct roots *roots, struct token *ret)
{
	if (sysfs_exists(roots->root, ".extra/" CREDENTIAL) ||
	    sysfs_exists(roots->root, ".extra/global_" CREDENTIAL))
		*ret = (struct token){ .word = TOKEN_OFF, .from = TOKEN_CREDENTIAL,
				       .state = TOKEN_TAKEN };
}

/* Returns 0 if the variable is gone, or -errno. The kernel makes its file immutable, as it does
 * not know what the firmware would say (fs/efivarfs/inode.c, efivarfs_get_inode()). */
static int delete_variable(const struct roots *roots)
{
	int error = sysfs_mutable(roots->root, VARIABLE);

	if (!error)
		error = sysfs_unlink(roots->root, VARIABLE);
	return error;
}

/* A file system that is mounted anew asks the firmware what there is. If somebody else has it
 * mounted as well, it stays the same one: then the firmware's answer to the deletion must do. */
static int remount(void)
{
	int error = sysfs_umount(MOUNT_POINT);

	return error ? error : sysfs_mount(MOUNT_POINT, "efivarfs");
}

void token_take_variable(const struct roots *roots, struct token *ret)
{
	char buf[TOKEN_ATTRIBUTES + TOKEN_MAX];
	struct token found = { .word = TOKEN_NONE };

	/* Without variables that work, the mount fails with ENODEV; only a BIOS has no such
	 * directory. */
	if (!sysfs_exists(roots->root, EFI))
		return;
	/* ENOENT: it is built in. EEXIST: it is loaded. The mount tells. */
	sysfs_load_module(roots->root, TOKEN_MODULE, "");
	int unmounted = sysfs_mount(MOUNT_POINT, "efivarfs");
	ssize_t n = sysfs_read(roots->root, VARIABLE, buf, sizeof(buf));
	if (n > TOKEN_ATTRIBUTES)
		token_parse((struct slice){ buf + TOKEN_ATTRIBUTES,
					    (size_t)n - TOKEN_ATTRIBUTES }, &found);
	if (n >= 0 || n == -E2BIG) {
		found.error = delete_variable(roots);
		if (!found.error && !unmounted)
			found.error = remount();
		if (!found.error && sysfs_exists(roots->root, VARIABLE))
			found.error = -EEXIST;
		found.state = found.error ? TOKEN_STUCK : TOKEN_TAKEN;
	}
	if (!unmounted)
		sysfs_umount(MOUNT_POINT);
	if (found.word)
		*ret = found;
}

int token_leave(const struct roots *roots, const struct token *token)
{
	char buf[TOKEN_MAX];
	struct text t;

	if (token_counts(token) == TOKEN_NONE)
		return 0;
	int dir = receipt_dir(roots);
	if (dir < 0)
		return dir;
	text_start(&t, buf, sizeof(buf));
	token_text(&t, token);
	int r = replace_file(dir, "token", "token.new", (struct slice){ buf, t.len });
	close(dir);
	return r;
}

void token_read(const struct roots *roots, struct token *ret)
{
	char buf[TOKEN_MAX];
	ssize_t n = sysfs_read(roots->root, TOKEN_FILE, buf, sizeof(buf));

	*ret = (struct token){ .word = TOKEN_NONE };
	if (n <= 0)
		return;
	token_parse((struct slice){ buf, (size_t)n }, ret);
	ret->state = ret->word ? TOKEN_TAKEN : TOKEN_ABSENT;
}
