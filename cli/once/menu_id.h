/* SPDX-License-Identifier: GPL-2.0-or-later */
/* menu_id.h - which entry of a boot menu stands for a token: those that `vgapass menu` makes. */
#pragma once

#include "once.h"

#define MENU_ID_MAX (ONCE_TOKEN_MAX + sizeof("~vgapass-.conf"))

/* Names the entry: "1 profile games\n" is "vgapass-profile-games". Returns 0, or -EINVAL: it is no
 * token. */
int menu_id_of(const char *token, char id[MENU_ID_MAX]);

/* Returns 1 and the token of an entry, or 0: it is none of ours. Before its ID may be "-", "~" or
 * "IMAGE.efi@", behind it ".conf". */
int menu_id_token(struct slice id, char *token, size_t size);
