/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernels.c - which kernels are installed, and their boot images; see check.h */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/io/sysfs.h"

/* Where boot images lie: %v is the kernel's version, %m the machine's ID, %p the name of
 * Arch's package. Images for rescue have nothing of vgapass. */
static const char *const places[] = {
	"boot/initrd.img-%v",   "boot/initramfs-%v.img",     "boot/initrd-%v",
	"boot/%m/%v/initrd",    "boot/efi/%m/%v/initrd",     "efi/%m/%v/initrd",
	"boot/initramfs-%p.img",
};

struct finder {
	const struct check *c;
	struct kernels *to;
	char running[128], machine[64];
};

/* The first word of a short file below the root; "" where there is none. */
static void read_word(int at, const char *path, char *to, size_t cap)
{
	if (sysfs_read_file(at, path, to, cap) < 0)
		*to = '\0';
	to[strcspn(to, " \n")] = '\0';
}

/* False: there is nothing to stand for one of the letters. */
static bool make_place(const struct finder *f, const char *version, const char *place, char *to,
		       size_t cap)
{
	char path[256], package[64];
	struct text t;

	read_word(f->c->host->roots.root,
		  text_make(path, sizeof(path), "lib/modules/%s/pkgbase", version), package,
		  sizeof(package));
	text_start(&t, to, cap);
	for (; *place; place++) {
		const char letter[2] = { *place, '\0' };
		const char *word = letter;
		if (*place == '%') {
			place++;
			word = *place == 'v' ? version : *place == 'm' ? f->machine : package;
			if (!*word)
				return false;
		}
		text_add(&t, "%s", word);
	}
	return !t.cut;
}

static void find_images(const struct finder *f, struct kernel *k)
{
	char path[512];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (k->images < KERNEL_IMAGES_MAX &&
		    make_place(f, k->version, places[i], path, sizeof(path)) &&
		    check_exists(f->c, path)) {
			k->image[k->images] = strdup(path);
			if (!k->image[k->images++])
				abort();
		}
}

static bool has_kernel(const struct check *c, const char *version)
{
	static const struct {
		const char *before, *behind;
	} where[] = { { "boot/vmlinuz-", "" }, { "boot/vmlinux-", "" },
		      { "lib/modules/", "/vmlinuz" } };
	char path[256];

	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		text_make(path, sizeof(path), "%s%s%s", where[i].before, version, where[i].behind);
		if (check_exists(c, path))
			return true;
	}
	return false;
}

static int add_kernel(const char *version, void *arg)
{
	struct finder *f = arg;
	struct kernels *to = f->to;
	struct kernel *k = &to->kernel[to->n];

	if (to->n == KERNELS_MAX)
		return 1;
	*k = (struct kernel){ strdup(version), .runs = !strcmp(version, f->running) };
	if (!k->version)
		abort();
	find_images(f, k);
	if (k->images || k->runs || has_kernel(f->c, version))
		to->n++;
	else
		free(k->version);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct kernel *left = a, *right = b;

	return strverscmp(left->version, right->version);
}

void kernels_find(const struct check *c, struct kernels *ret)
{
	struct finder f = { .c = c, .to = ret };
	int root = c->host->roots.root;

	ret->n = 0;
	read_word(c->host->roots.proc, "sys/kernel/osrelease", f.running, sizeof(f.running));
	read_word(root, "etc/machine-id", f.machine, sizeof(f.machine));
	sysfs_list(root, "lib/modules", add_kernel, &f);
	qsort(ret->kernel, ret->n, sizeof(ret->kernel[0]), compare);
}

void kernels_free(struct kernels *k)
{
	for (unsigned i = 0; i < k->n; i++) {
		free(k->kernel[i].version);
		for (unsigned j = 0; j < k->kernel[i].images; j++)
			free(k->kernel[i].image[j]);
	}
}
