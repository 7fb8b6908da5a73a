/* test_modules.c - hook/modules.c: which modules, in which order, with which options
 *
 * The kernel is one of our own: modules are object files with a .modinfo, made by the compiler,
 * and depmod(8) makes the rest of them. Without either the tests are skipped.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../hook/modules.h"

#define KERNEL "6.0.0-test"

static char root[64];

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...)
{
	char *command = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&command, format, args) < 0)
		fail();
	va_end(args);
	int status = system(command);
	free(command);
	if (status)
		fail_msg("%s", format);
}

static bool exists(const char *path)
{
	struct stat st;

	return !stat(path, &st);
}

/* A module that exports the symbol of its name, calls another's if it wants it, and has a
 * softdep. */
static void make_module(const char *name, const char *wants, const char *softdep)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/x.c", root);
	FILE *source = fopen(path, "w");
	assert_non_null(source);
	fprintf(source,
		"static const char info[] __attribute__((used, section(\".modinfo\"))) =\n"
		"\t\"name=%s\\0%s%s\\0license=GPL\";\n"
		"static const char strings[] __attribute__((used, "
		"section(\"__ksymtab_strings\"))) = \"sym_%s\";\n",
		name, *softdep ? "softdep=" : "", softdep, name);
	if (*wants)
		fprintf(source, "void sym_%s(void); void use(void); void use(void) { sym_%s(); }\n",
			wants, wants);
	fclose(source);
	shell("cc -w -ffreestanding -fno-pic -c -o %s/lib/modules/" KERNEL "/kernel/%s.ko %s", root,
	      name, path);
}

static int make_kernel(void **state)
{
	(void)state;
	if ((!exists("/sbin/depmod") && !exists("/usr/sbin/depmod")) ||
	    system("cc --version >/dev/null"))
		return 0;
	strcpy(root, "/tmp/vgapass-test-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	shell("mkdir -p %s/lib/modules/" KERNEL "/kernel %s/etc/modprobe.d", root, root);
	make_module("vfio", "", "post: vfio_iommu_type1");
	make_module("vfio_iommu_type1", "vfio", "");
	make_module("irqbypass", "", "");
	make_module("vfio_pci_core", "irqbypass", "pre: vfio absent");
	make_module("vfio_pci", "vfio_pci_core", "");
	make_module("circle_a", "", "pre: circle_b");
	make_module("circle_b", "", "pre: circle_a");
	shell("echo kernel/builtin_one.ko >%s/lib/modules/" KERNEL "/modules.builtin", root);
	shell("echo 'options vfio_pci disable_vga=1\noptions vfio-pci ids=1002:6608' >"
	      "%s/etc/modprobe.d/vfio.conf",
	      root);
	shell("PATH=$PATH:/sbin:/usr/sbin depmod -b %s " KERNEL " 2>/dev/null", root);
	return 0;
}

static int remove_kernel(void **state)
{
	(void)state;
	if (*root)
		shell("rm -r %s", root);
	return 0;
}

static void open_kernel(struct modules *m)
{
	if (!*root)
		skip();
	assert_int_equal(modules_open(m, root, KERNEL), 0);
}

/* The place of a module in the list; it must be there once. */
static unsigned place_of(const struct modules *m, const char *name)
{
	unsigned place = MODULES_MAX, found = 0;

	for (unsigned i = 0; i < m->n; i++)
		if (!strcmp(m->module[i].name, name)) {
			place = i;
			found++;
		}
	if (found != 1)
		fail_msg("%s is listed %u times", name, found);
	return place;
}

static void lists_what_is_needed_in_order(void **state)
{
	struct modules m;

	(void)state;
	open_kernel(&m);
	assert_int_equal(modules_add(&m, "vfio-pci"), 0);
	assert_int_equal(m.n, 5);
	assert_true(place_of(&m, "vfio") < place_of(&m, "vfio_iommu_type1"));
	assert_true(place_of(&m, "vfio") < place_of(&m, "vfio_pci_core"));
	assert_true(place_of(&m, "irqbypass") < place_of(&m, "vfio_pci_core"));
	assert_int_equal(place_of(&m, "vfio_pci"), 4);
	/* The second time it is there. */
	assert_int_equal(modules_add(&m, "vfio_pci"), 0);
	assert_int_equal(m.n, 5);
	modules_close(&m);
}

static void tells_files_and_options(void **state)
{
	struct modules m;

	(void)state;
	open_kernel(&m);
	assert_int_equal(modules_add(&m, "vfio-pci"), 0);
	const struct module *pci = &m.module[place_of(&m, "vfio_pci")];
	assert_true(exists(pci->file));
	assert_non_null(strstr(pci->file, "/kernel/vfio_pci.ko"));
	assert_string_equal(pci->options, "async_probe disable_vga=1 ids=1002:6608");
	assert_string_equal(m.module[place_of(&m, "vfio")].options, "async_probe");
	/* Nobody knows how other drivers stand that. */
	assert_int_equal(modules_add(&m, "circle_a"), 0);
	assert_string_equal(m.module[place_of(&m, "circle_a")].options, "");
	modules_close(&m);
}

static void survives_circles(void **state)
{
	struct modules m;

	(void)state;
	open_kernel(&m);
	assert_int_equal(modules_add(&m, "circle_a"), 0);
	place_of(&m, "circle_a");
	place_of(&m, "circle_b");
	modules_close(&m);
}

static void leaves_out_what_is_built_in(void **state)
{
	struct modules m;

	(void)state;
	open_kernel(&m);
	assert_int_equal(modules_add(&m, "builtin_one"), 0);
	assert_int_equal(m.n, 0);
	modules_close(&m);
}

static void tells_what_is_missing(void **state)
{
	struct modules m;

	(void)state;
	open_kernel(&m);
	assert_int_equal(modules_add(&m, "nowhere"), -ENOENT);
	modules_close(&m);
	assert_int_equal(modules_open(&m, root, "5.0.0-none"), -ENOENT);
	modules_close(&m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_what_is_needed_in_order),
		cmocka_unit_test(tells_files_and_options),
		cmocka_unit_test(survives_circles),
		cmocka_unit_test(leaves_out_what_is_built_in),
		cmocka_unit_test(tells_what_is_missing),
	};

	return cmocka_run_group_tests(tests, make_kernel, remove_kernel);
}
