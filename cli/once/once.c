/* SPDX-License-Identifier: GPL-2.0-or-later */
/* once.c - see once.h */
#include "once.h"

const struct once_means *const once_all[] = { &once_efi, &once_grub, &once_loader, NULL };

const struct once_means *once_find(const struct roots *roots, const struct once_means *but,
				   char *why, size_t size)
{
	char reason[ONCE_WHY_MAX];
	struct text t;

	text_start(&t, why, size);
	for (const struct once_means *const *m = once_all; *m; m++) {
		if (*m == but)
			continue;
		if ((*m)->there(roots, reason, sizeof(reason)))
			return *m;
		text_add(&t, "%s%s: %s", t.len ? "; " : "", (*m)->name, reason);
	}
	return NULL;
}

const struct once_means *once_pending(const struct roots *roots, char *token, size_t size)
{
	for (const struct once_means *const *m = once_all; *m; m++)
		if ((*m)->pending(roots, token, size) > 0)
			return *m;
	return NULL;
}

/* Takes away the tokens of all means but one. Returns how many there were, or -errno. */
static int cancel_others(const struct roots *roots, const struct once_means *but, char *why,
			 size_t size)
{
	char token[ONCE_TOKEN_MAX];
	int n = 0;

	for (const struct once_means *const *m = once_all; *m; m++) {
		int r = *m == but ? 0 : (*m)->pending(roots, token, sizeof(token));
		if (r <= 0)
			continue;
		r = (*m)->cancel(roots, why, size);
		if (r)
			return r;
		n++;
	}
	return n;
}

int once_arm(const struct roots *roots, const struct once_means *means, const char *token,
	     char *why, size_t size)
{
	int r = cancel_others(roots, means, why, size);

	return r < 0 ? r : means->arm(roots, token, why, size);
}

int once_cancel(const struct roots *roots, char *why, size_t size)
{
	return cancel_others(roots, NULL, why, size);
}
