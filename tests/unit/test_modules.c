/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_modules.c - hook/image/modules.c: which modules, in which order, with which options
 *
 * The kernel is one of our own: modules are object files with a .modinfo, made by the compiler,
 * and depmod(8) makes the rest of them. Without either the tests are skipped.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/image/depmod.h"
#include "hook/image/modprobe.h"
#include "hook/image/modules.h"
#include "runtime/io/sysfs.h"

#define KERNEL "6.0.0-test"

static char root[64];
static struct roots roots; /* of root */

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

/* Makes a module that exports a symbol named by it, calls that of the module `wants`, and has a
 * softdep. It has a driver of PCI functions if `wants` is "_pci_register_driver". */
static void make_module(const char *name, const char *wants, const char *softdep)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/x.c", root);
	FILE *source = fopen(path, "w");
	assert_non_null(source);
	fprintf(source,
		"static const char info[] __attribute__((used, section(\".modinfo\"))) =\n"
		"\t\"name=%s\\0%s%s\\0depends=%s\\0license=GPL\";\n"
		"static const char strings[] __attribute__((used, "
		"section(\"__ksymtab_strings\"))) = \"sym_%s\";\n",
		name, *softdep ? "softdep=" : "", softdep, *wants == '_' ? "" : wants, name);
	if (*wants)
		fprintf(source, "void %s%s(void); void use(void); void use(void) { %s%s(); }\n",
			*wants == '_' ? "_" : "sym_", wants, *wants == '_' ? "_" : "sym_", wants);
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
	make_module("some_card", "_pci_register_driver", "");
	make_module("long_options", "", "");
	make_module("circle_a", "", "pre: circle_b");
	make_module("circle_b", "", "pre: circle_a");
	shell("echo kernel/builtin_one.ko >%s/lib/modules/" KERNEL "/modules.builtin", root);
	shell("printf '%%s\n' 'options vfio_pci disable_vga=1' "
	      "'options vfio-pci ids=1002:6608 x=\"ids=1  2\" \"ids=1 2\"' 'options vfio ids=3' >"
	      "%s/etc/modprobe.d/vfio.conf",
	      root);
	shell("ln -s /dev/null %s/etc/modprobe.d/masked.conf", root);
	shell("printf 'options long_options x=%%01022d\n' 0 >%s/etc/modprobe.d/long.conf", root);
	shell("PATH=$PATH:/sbin:/usr/sbin depmod -b %s " KERNEL " 2>/dev/null", root);
	return gather_roots(root, &roots);
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
	assert_int_equal(modules_open(m, &roots, KERNEL), 0);
}

/* Returns the place of a module in the list, which must have it once. */
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
	/* Adding it again changes nothing. */
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
	/* Without async_probe, which would hold for as long as the module is loaded. */
	assert_string_equal(pci->options, "disable_vga=1 x=\"ids=1  2\"");
	assert_true(pci->had_ids);
	assert_string_equal(m.module[place_of(&m, "vfio")].options, "");
	assert_true(m.module[place_of(&m, "vfio")].had_ids);
	assert_false(m.module[place_of(&m, "irqbypass")].had_ids);
	modules_close(&m);
}

static void names_the_file_of_ids(void **state)
{
	(void)state;
	if (!*root)
		skip();
	char *file = modprobe_ids_file(roots.root, "vfio-pci");
	assert_string_equal(file, "etc/modprobe.d/vfio.conf");
	free(file);
	assert_null(modprobe_ids_file(roots.root, "long_options"));
}

/* Lines are joined and split as libkmod does it. */
static void reads_lines_as_libkmod(void **state)
{
	static const struct {
		const char *text;
		bool gives;
	} cases[] = {
		{ "options some-card ids=1:2\n", true },
		{ "options some_card \\\n ids=1:2\n", true },
		{ "options \\\nsome_card\\\n x=1 \\\n ids=1:2", true },
		{ " \toptions  some_card\tx=1 \"ids=1:2\"", true },
		{ "opt\\\nions some_card ids=1:2\n", true },
		{ "# options some_card ids=1:2\n", false },
		{ "# \\\noptions some_card ids=1:2\n", false },
		{ "options some_card\nids=1:2\n", false },
		{ "options some_card x_ids=1\n", false },
		{ "options other ids=1:2\n\\\n", false },
		{ "options\n", false },
		{ "\\\n", false },
		{ "", false },
	};

	(void)state;
	if (!*root)
		skip();
	for (size_t i = 0; i < COUNT(cases); i++) {
		char path[128];
		snprintf(path, sizeof(path), "%s/etc/modprobe.d/lines.conf", root);
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fputs(cases[i].text, f);
		fclose(f);
		char *file = modprobe_ids_file(roots.root, "some_card");
		if (!file != !cases[i].gives)
			fail_msg("%s", cases[i].text);
		free(file);
		struct modules m;
		open_kernel(&m);
		assert_int_equal(modules_add(&m, "some_card"), 0);
		if (m.module[0].had_ids != cases[i].gives)
			fail_msg("libkmod: %s", cases[i].text);
		modules_close(&m);
		unlink(path);
	}
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
	assert_int_equal(modules_open(&m, &roots, "5.0.0-none"), -ENOENT);
	modules_close(&m);
}

/* --- neither a damaged module is listed, nor one that needs it */

static void expect_damage(const char *name, const char *text)
{
	struct modules m;

	open_kernel(&m);
	assert_int_equal(modules_add(&m, "circle_a"), 0);
	assert_true(modules_add(&m, name) < 0);
	if (!strstr(m.text, text))
		fail_msg("\"%s\" is not in \"%s\"", text, m.text);
	/* The list is as before. */
	assert_int_equal(m.n, 2);
	modules_close(&m);
}

static void damage(const char *module, const char *command)
{
	if (!*root)
		skip();
	shell("cd %s/lib/modules/" KERNEL "/kernel && cp %s.ko whole && file=%s.ko && %s", root,
	      module, module, command);
}

static void mend(const char *module)
{
	shell("cd %s/lib/modules/" KERNEL "/kernel && rm -f %s.ko && mv whole %s.ko", root, module,
	      module);
}

static void refuses_damaged_modules(void **state)
{
	static const struct {
		const char *command, *text;
	} cases[] = {
		{ ": >$file", ".ko: empty\n" },
		{ "rm $file", ".ko: No such file or directory\n" },
		{ "truncate -s 300 $file", ".ko: cut short, or no module\n" },
		{ "truncate -s -1 $file", ".ko: cut short, or no module\n" },
		{ "printf X | dd of=$file conv=notrunc 2>/dev/null",
		  ".ko: cut short, or no module\n" },
		{ "rm $file; mkfifo $file", ".ko: Input/output error\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		damage("vfio_pci", cases[i].command);
		expect_damage("vfio_pci", cases[i].text);
		mend("vfio_pci");
		/* A dependency: if its file is missing, libkmod returns no dependency at all. */
		damage("irqbypass", cases[i].command);
		expect_damage("vfio_pci", cases[i].text);
		mend("irqbypass");
		/* The softdep of a dependency. */
		damage("vfio_iommu_type1", cases[i].command);
		expect_damage("vfio_pci", cases[i].text);
		mend("vfio_iommu_type1");
	}
	struct modules m;
	open_kernel(&m);
	assert_int_equal(modules_add(&m, "vfio_pci"), 0);
	modules_close(&m);
}

/* --- damaged indices, with which libkmod would run for ever, crash, or ask for all memory */

static const char *const indices[] = { "dep", "alias", "symbols", "builtin", "builtin.alias" };

/* Reads an index of depmod, or writes it, as fopen()'s mode says. Returns its size. */
static size_t do_index(const char *name, const char *mode, unsigned char *index, size_t n)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/lib/modules/" KERNEL "/modules.%s.bin", root, name);
	FILE *f = fopen(path, mode);
	assert_non_null(f);
	n = *mode == 'r' ? fread(index, 1, n, f) : fwrite(index, 1, n, f);
	fclose(f);
	return n;
}

static void expect_damaged_index(const char *name)
{
	char expected[128];
	struct modules m;

	snprintf(expected, sizeof(expected), "/lib/modules/" KERNEL "/modules.%s.bin: damaged\n"
		 "run depmod " KERNEL, name);
	assert_int_equal(modules_open(&m, &roots, KERNEL), -EINVAL);
	assert_string_equal(m.text, expected);
	modules_close(&m);
}

static void refuses_damaged_indices(void **state)
{
	unsigned char whole[4096], index[4096];

	(void)state;
	if (!*root)
		skip();
	for (size_t i = 0; i < COUNT(indices); i++) {
		size_t n = do_index(indices[i], "r", whole, sizeof(whole));
		if (!n)
			continue;
		memcpy(index, whole, n);
		do_index(indices[i], "w", index, n - 1);
		if (n > 12)
			expect_damaged_index(indices[i]);
		index[0] ^= 1;
		do_index(indices[i], "w", index, n);
		expect_damaged_index(indices[i]);
		/* The root is its own child, again and again. */
		memcpy(index, whole, 8);
		memcpy(index + 8, "\x20\0\0\x0c" "aa" "\x20\0\0\x0c", 10);
		do_index(indices[i], "w", index, 18);
		expect_damaged_index(indices[i]);
		/* Its children end before they begin, or behind the last letter. */
		for (int k = 0; k < 2; k++) {
			memcpy(index + 12, k ? "\xff\xff" : "ba", 2);
			memset(index + 14, 0, sizeof(index) - 14);
			do_index(indices[i], "w", index, sizeof(index));
			expect_damaged_index(indices[i]);
		}
		/* It has more values than the file. */
		memcpy(index + 8, "\x40\0\0\x0c" "\xff\xff\xff\xff", 8);
		do_index(indices[i], "w", index, sizeof(index));
		expect_damaged_index(indices[i]);
		shell("cd %s/lib/modules/" KERNEL " && rm modules.%s.bin && mkdir modules.%s.bin",
		      root, indices[i], indices[i]);
		expect_damaged_index(indices[i]);
		shell("rmdir %s/lib/modules/" KERNEL "/modules.%s.bin", root, indices[i]);
		do_index(indices[i], "w", whole, n);
	}
}

/* depmod writes a node behind its children, and from kmod 34 on before them. */
static void takes_nodes_in_any_order(void **state)
{
	static const unsigned char before[] =
		"\xb0\x07\xf4\x57\0\2\0\1\x20\0\0\x0c" /* the root is at 12 */
		"ac\xc0\0\0\x1a\0\0\0\0\x40\0\0\x26"	  /* "a" at 26, no "b", "c" at 38 */
		"x\0\0\0\0\1\0\0\0\0y\0"		  /* "ax": one value, "y" */
		"\0\0\0\1\0\0\0\0z";
	static const unsigned char behind[] =
		"\xb0\x07\xf4\x57\0\2\0\1\x20\0\0\x22" "x\0\0\0\0\1\0\0\0\0y\0"
		"\0\0\0\1\0\0\0\0z\0" "ac\xc0\0\0\x0c\0\0\0\0\x40\0\0\x18";

	(void)state;
	assert_int_equal(depmod_check(before, sizeof(before)), 0);
	assert_int_equal(depmod_check(behind, sizeof(behind) - 1), 0);
	for (size_t n = 0; n < sizeof(before); n++)
		assert_int_equal(depmod_check(before, n), -EBADMSG);
}

/* libkmod would need a deep stack for 4096 nodes one below the other. */
static void refuses_deep_indices(void **state)
{
	static unsigned char index[12 + 4098 * 6];
	unsigned char whole[4096];

	(void)state;
	if (!*root)
		skip();
	size_t n = do_index("dep", "r", whole, sizeof(whole));
	memcpy(index, whole, 8);
	for (size_t i = 0; i < 4099; i++) {
		size_t child = 12 + 6 * i, to = i ? child - 4 : 8;
		index[to] = i < 4098 ? 0x20 : 0;
		index[to + 1] = 0;
		index[to + 2] = (unsigned char)(child >> 8);
		index[to + 3] = (unsigned char)child;
		if (i < 4098)
			memcpy(index + child, "aa", 2);
	}
	do_index("dep", "w", index, sizeof(index));
	expect_damaged_index("dep");
	do_index("dep", "w", whole, n);
}

/* Whichever byte is wrong, the functions return. */
static void survives_damaged_indices(void **state)
{
	static const unsigned char flips[] = { 0xff, 0x01, 0x20, 0x80 };
	unsigned char index[4096];
	struct modules m;

	(void)state;
	if (!*root)
		skip();
	alarm(300);
	for (size_t i = 0; i < COUNT(indices); i++) {
		size_t n = do_index(indices[i], "r", index, sizeof(index));
		for (size_t at = 8; at < n; at++) {
			unsigned char flip = flips[at % COUNT(flips)];
			index[at] ^= flip;
			do_index(indices[i], "w", index, n);
			if (!modules_open(&m, &roots, KERNEL)) {
				modules_add(&m, "vfio_pci");
				modules_add(&m, "pci:v00001002d00006608sv*");
			}
			modules_close(&m);
			index[at] ^= flip;
		}
		if (n)
			do_index(indices[i], "w", index, n);
	}
	alarm(0);
}

static void refuses_dependencies_that_depmod_does_not_know(void **state)
{
	(void)state;
	damage("irqbypass", "rm $file; PATH=$PATH:/sbin:/usr/sbin depmod -b ../../../.. " KERNEL
	       " 2>/dev/null");
	expect_damage("vfio_pci",
		      "kernel " KERNEL ": vfio_pci_core needs irqbypass, which is missing");
	mend("irqbypass");
	shell("PATH=$PATH:/sbin:/usr/sbin depmod -b %s " KERNEL " 2>/dev/null", root);
}

static void refuses_options_that_do_not_fit(void **state)
{
	(void)state;
	if (!*root)
		skip();
	expect_damage("long_options",
		      "the options of long_options in modprobe.d are longer than 1023");
	shell("printf 'options long_options x=%%01021d\n' 0 >%s/etc/modprobe.d/long.conf", root);
	struct modules m;
	open_kernel(&m);
	assert_int_equal(modules_add(&m, "long_options"), 0);
	assert_int_equal(strlen(m.module[0].options), MODULES_OPTIONS_MAX);
	modules_close(&m);
}

/* libkmod would wait for a writer. */
static void refuses_what_is_no_file(void **state)
{
	static const char *const folders[] = { "etc/modprobe.d", "lib/modules/" KERNEL };
	struct modules m;

	(void)state;
	if (!*root)
		skip();
	for (size_t i = 0; i < COUNT(folders); i++) {
		shell("mkfifo %s/%s/a.conf", root, folders[i]);
		assert_int_equal(modules_open(&m, &roots, KERNEL), -EINVAL);
		assert_non_null(strstr(m.text, "/a.conf: no regular file"));
		modules_close(&m);
		shell("rm %s/%s/a.conf", root, folders[i]);
	}
}

/* An absolute link leads below the sysroot, whether libkmod or we read it. */
static void stays_below_the_root(void **state)
{
	char elsewhere[] = "/tmp/vgapass-test-conf.XXXXXX";
	struct modules m;

	(void)state;
	if (!*root || sysfs_confine(roots.root))
		skip();
	shell("cd %s && mkdir store && mv lib/modules etc/modprobe.d store && "
	      "ln -s /store/modules lib && ln -s /store/modprobe.d etc && "
	      "cd store/modules/" KERNEL "/kernel && mv vfio.ko ../../../x.ko && "
	      "ln -s /store/x.ko vfio.ko", root);
	open_kernel(&m);
	assert_int_equal(modules_add(&m, "vfio-pci"), 0);
	assert_int_equal(m.n, 5);
	assert_non_null(strstr(m.module[place_of(&m, "vfio_pci")].options, "disable_vga=1"));
	modules_close(&m);
	/* libkmod would follow this one to the host's file. */
	int fd = mkstemp(elsewhere);
	assert_true(fd >= 0);
	close(fd);
	shell("ln -s %s %s/store/modprobe.d/out.conf", elsewhere, root);
	assert_int_equal(modules_open(&m, &roots, KERNEL), -EINVAL);
	assert_string_equal(m.text, "/etc/modprobe.d/out.conf: no regular file below the sysroot, "
				    "so it cannot be read\nremove it");
	modules_close(&m);
	unlink(elsewhere);
}

/* --- drivers */

static struct config config;

static unsigned add_drivers(struct modules *m, const char *conf)
{
	config_start(&config);
	config_parse(&config, config_add_file(&config, "vgapass.conf"), conf, strlen(conf));
	assert_int_equal(config.errors, 0);
	open_kernel(m);
	return modules_add_drivers(m, &config, NULL);
}

static void leaves_out_only_what_cannot_be_had(void **state)
{
	struct modules m;

	(void)state;
	assert_int_equal(add_drivers(&m, "1002:6608 driver=nowhere\n1002:6609\n"
				     "1002:660a driver=nowhere\n1002:660b driver=some_card\n"), 1);
	assert_int_equal(m.fault[0].error, -ENOENT);
	assert_string_equal(m.fault[0].driver, "nowhere");
	assert_null(m.fault[0].at.file);
	place_of(&m, "vfio_pci");
	place_of(&m, "some_card");
	modules_close(&m);
}

/* Each has its fault, however many there are. */
static void says_all_drivers_that_cannot_be_had(void **state)
{
	char conf[4096] = "";
	struct modules m;

	(void)state;
	for (size_t i = 0, n = 0; i < 40; i++)
		n += (size_t)snprintf(conf + n, sizeof(conf) - n, "1002:%04zx driver=nowhere%zu\n",
				      i, i);
	assert_int_equal(add_drivers(&m, conf), 40);
	assert_string_equal(m.fault[39].driver, "nowhere39");
	modules_close(&m);
}

static void refuses_modules_without_a_driver(void **state)
{
	struct modules m;

	(void)state;
	assert_int_equal(add_drivers(&m, "1002:6608 driver=circle_a\n"), 1);
	assert_int_equal(m.fault[0].error, -ENODEV);
	assert_int_equal(m.fault[0].at.line, 1);
	assert_non_null(strstr(m.fault[0].text,
			       "driver=circle_a names a module that has no driver"));
	assert_int_equal(m.n, 0);
	modules_close(&m);
}

/* The driver of xhci_pci is xhci_hcd, which is known if the module is loaded. */
static void knows_drivers_by_other_names(void **state)
{
	struct modules m;

	(void)state;
	if (!*root)
		skip();
	shell("cd %s && mkdir -p sys/bus/pci/drivers/card-hcd sys/module/some_card/drivers", root);
	shell("ln -s ../../../../module/some_card %s/sys/bus/pci/drivers/card-hcd/module", root);
	shell("ln -s ../../../bus/pci/drivers/card-hcd "
	      "%s/sys/module/some_card/drivers/pci:card-hcd", root);
	assert_int_equal(add_drivers(&m, "1002:6608 driver=card-hcd\n"), 0);
	place_of(&m, "some_card");
	modules_close(&m);
	assert_int_equal(add_drivers(&m, "1002:6608 driver=some_card\n"), 1);
	assert_string_equal(m.fault[0].text, "driver=some_card names a module, whose driver is "
			    "card-hcd\nwrite driver=card-hcd");
	assert_int_equal(m.n, 0);
	modules_close(&m);
	shell("rm -r %s/sys", root);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_what_is_needed_in_order),
		cmocka_unit_test(tells_files_and_options),
		cmocka_unit_test(names_the_file_of_ids),
		cmocka_unit_test(reads_lines_as_libkmod),
		cmocka_unit_test(survives_circles),
		cmocka_unit_test(leaves_out_what_is_built_in),
		cmocka_unit_test(tells_what_is_missing),
		cmocka_unit_test(refuses_damaged_modules),
		cmocka_unit_test(refuses_damaged_indices),
		cmocka_unit_test(takes_nodes_in_any_order),
		cmocka_unit_test(refuses_deep_indices),
		cmocka_unit_test(survives_damaged_indices),
		cmocka_unit_test(refuses_dependencies_that_depmod_does_not_know),
		cmocka_unit_test(refuses_options_that_do_not_fit),
		cmocka_unit_test(refuses_what_is_no_file),
		cmocka_unit_test(leaves_out_only_what_cannot_be_had),
		cmocka_unit_test(says_all_drivers_that_cannot_be_had),
		cmocka_unit_test(refuses_modules_without_a_driver),
		cmocka_unit_test(knows_drivers_by_other_names),
		cmocka_unit_test(stays_below_the_root),
	};

	return cmocka_run_group_tests(tests, make_kernel, remove_kernel);
}
