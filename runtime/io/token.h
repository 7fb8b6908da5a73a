/* SPDX-License-Identifier: GPL-2.0-or-later */
/* token.h - takes the token of this boot from where it was left.
 *
 * The boot takes it before it binds anything, and it counts only if it is gone then: so whatever
 * happens next, the boot after this one is the host's own.
 */
#pragma once

#include "gather.h"
#include "runtime/core/token.h"

/* In the boot image, unless it is built into the kernel: the file system of EFI variables. */
#define TOKEN_MODULE "usr/lib/vgapass/ko/efivarfs.ko"

/* Where a boot leaves the token that counts, for what comes after it: vgapass-late, the command. */
#define TOKEN_FILE "run/vgapass/token"

/* Looks for a credential of systemd-stub, vgapass.off.cred: whoever writes the EFI system partition
 * can make one, as nobody signs it, so it can only turn vgapass off. */
void token_take_credential(const struct roots *roots, struct token *ret);

/* Takes the EFI variable: reads it, deletes it, and looks that it is gone. Needs no mounted
 * efivarfs, and leaves none mounted. The firmware may hang, so a worker calls it. Without --sysroot
 * only, as mount(2) has no directory fd. */
void token_take_variable(const struct roots *roots, struct token *ret);

/* Writes TOKEN_FILE, if the token counts. Returns 0, or -errno. */
int token_leave(const struct roots *roots, const struct token *token);

/* Reads TOKEN_FILE: the token of the boot that is running. */
void token_read(const struct roots *roots, struct token *ret);
