/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_variants.c - hook/image/variants.c: which driver driver=auto is, by a kernel's aliases */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/image/variants.h"
#include "runtime/core/plan.h"
#include "runtime/io/sysfs.h"

static char root[64];
static int root_fd;
static struct config config;
static struct inventory inv;
static struct pci_identity identity;
static struct variants v;
static char text[65536];
static unsigned ties;

/* Lines as depmod writes them, of Linux 6.18 and of modules of our own. */
static const char aliases[] =
	"# Aliases extracted from modules themselves.\n"
	"alias pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_core\n"
	"alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n"
	"alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_vfio_pci\n"
	"alias vfio_pci:v000010DEd00002342sv*sd*bc*sc*i* nvgrace_gpu_vfio_pci\n"
	"alias vfio_pci:v000010DEd00002345sv*sd*bc*sc*i* nvgrace_gpu_vfio_pci\n"
	"alias vfio_pci:v000019E5d0000A256sv*sd*bc*sc*i* hisi_acc_vfio_pci\n"
	"alias vfio_pci:v000015B3d0000101Esv000015B3sd00000001bc*sc*i* board_vfio_pci\n"
	"alias vfio_pci:v000010DEd*sv*sd*bc03sc02i* class_vfio_pci\n"
	"alias vfio_pci:v000010DEd00002345sv*sd*bc*sc*i* other_vfio_pci\n"
	"alias vfio_pci:v*d*sv*sd*bc*sc*i* all_vfio_pci\n"
	"alias vfio_pci:v000010DEd*sv*sd*bc*sc02i* odd_vfio_pci\n"
	"alias vfio_pci:v000010DEd0000234sv*sd*bc*sc*i* short_vfio_pci\n"
	"alias vfio_pci:v000010DE\n"
	"alias vfio_pci:v000110DEd00002342sv*sd*bc*sc*i* long_vfio_pci\n";

static void put(const char *content)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/lib/modules/1/modules.alias", root);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(content, f);
	fclose(f);
}

static int start(void **state)
{
	char command[256];

	(void)state;
	snprintf(root, sizeof(root), "/tmp/vgapass-test-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(command, sizeof(command), "mkdir -p %s/lib/modules/1", root);
	if (system(command))
		return -1;
	root_fd = sysfs_dir(AT_FDCWD, root);
	return root_fd < 0;
}

static int stop(void **state)
{
	char command[256];

	(void)state;
	close(root_fd);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void add_function(uint16_t vendor, uint16_t device, uint32_t class)
{
	inv.function[inv.functions++] = (struct pci_function){
		.driver = "", .vendor = vendor, .device = device, .class = class, .group = 1,
		.identity = &identity, .at.devfn = (uint8_t)inv.functions
	};
}

static void count_tie(const struct variant *a, const struct variant *b, void *arg)
{
	(void)arg;
	assert_string_not_equal(a->module, b->module);
	ties++;
}

/* The section for a configuration, "" for none. */
static const char *section(const char *conf, bool machine)
{
	struct text t;

	config_start(&config);
	config_parse(&config, "vgapass.conf", conf, strlen(conf));
	assert_int_equal(config.errors, 0);
	text_start(&t, text, sizeof(text));
	ties = 0;
	if (!variants_are_wanted(&config))
		return text;
	assert_int_equal(variants_read(&v, root_fd, "1", &config, machine ? &inv : NULL), 0);
	variants_write(&v, &t, variants_room(&config), count_tie, NULL);
	return text;
}

#define MLX5 "15b3:101e driver=mlx5_vfio_pci\n"
#define BOARD "15b3:101e subsystem=15b3:0001 driver=board_vfio_pci\n"

static void finds_what_a_rule_may_name(void **state)
{
	(void)state;
	put(aliases);
	assert_string_equal(section("15b3:101e\n", false), "");
	assert_string_equal(section("keep 15b3:101e\n", false), "");
	assert_string_equal(section("1002:6608 driver=auto\n", false), "[auto]\n");
	assert_string_equal(section("19e5:a256 driver=auto\n", false),
			    "[auto]\n19e5:a256 driver=hisi_acc_vfio_pci\n");
	/* The board's has fewer wildcards. */
	assert_string_equal(section("15b3:101e driver=auto\n", false), "[auto]\n" BOARD MLX5);
	assert_string_equal(section("15b3:101e subsystem=1028:* driver=auto\n", false),
			    "[auto]\n" MLX5);
	/* Virtual functions have another ID than the rule names. */
	assert_string_equal(section("15b3:1019 vfs=4 driver=auto\n", false), "[auto]\n" BOARD MLX5);
	/* A person's own choice. */
	assert_string_equal(section("15b3:101e driver=auto\n[auto]\n15b3:101e driver=x\n", false),
			    "");
}

static void finds_what_the_machine_has(void **state)
{
	(void)state;
	put(aliases);
	inv.functions = 0;
	add_function(0x15b3, 0x101e, 0x020000);
	assert_string_equal(section("*:* class=02 driver=auto\n", true), "[auto]\n" MLX5);
	/* It has none of these, so it is another machine's. */
	assert_string_equal(section("19e5:a256 driver=auto\n", true),
			    "[auto]\n19e5:a256 driver=hisi_acc_vfio_pci\n");
	inv.function[0].subvendor = 0x15b3;
	inv.function[0].subdevice = 1;
	assert_string_equal(section("*:* class=02 driver=auto\n", true), "[auto]\n" BOARD MLX5);
}

static void leaves_vfio_pci_where_two_fit(void **state)
{
	(void)state;
	put(aliases);
	assert_string_equal(section("10de:2345 driver=auto\n", false),
			    "[auto]\n10de:* class=0302 driver=class_vfio_pci\n"
			    "10de:2345 driver=vfio-pci\n"
			    "10de:2345 driver=nvgrace_gpu_vfio_pci\n"
			    "10de:2345 driver=other_vfio_pci\n");
	assert_int_equal(ties, 1);
	/* The boot reads that, and the first line that matches decides. */
	config_parse(&config, VARIANTS_FILE, text, strlen(text));
	assert_int_equal(config.errors, 0);
	inv.functions = 0;
	add_function(0x10de, 0x2345, 0x030000);
	add_function(0x10de, 0x2346, 0x030200);
	assert_string_equal(plan_driver(&config, &config.rule[0], &inv.function[0]), "vfio-pci");
	assert_string_equal(plan_driver(&config, &config.rule[0], &inv.function[1]),
			    "class_vfio_pci");
	/* What the image has written is no choice of a person's. */
	assert_true(variants_are_wanted(&config));
}

static void meets_where_patterns_differ(void **state)
{
	(void)state;
	put("alias vfio_pci:v000010DEd00002345sv*sd*bc*sc*i* a_vfio_pci\n"
	    "alias vfio_pci:v000010DEd*sv*sd*bc03sc*i* b_vfio_pci\n"
	    "alias vfio_pci:v000010DEd*sv*sd*bc02sc*i* c_vfio_pci\n"
	    "alias vfio_pci:v000010DEd*sv*sd0000000Abc*sc*i* d_vfio_pci\n");
	assert_string_equal(section("10de:2345 class=display driver=auto\n", false),
			    "[auto]\n10de:2345 class=03 driver=vfio-pci\n"
			    "10de:2345 subsystem=*:000a driver=vfio-pci\n"
			    "10de:* subsystem=*:000a class=03 driver=vfio-pci\n"
			    "10de:2345 driver=a_vfio_pci\n"
			    "10de:* class=03 driver=b_vfio_pci\n"
			    "10de:* subsystem=*:000a driver=d_vfio_pci\n");
	assert_int_equal(ties, 3);
}

static void keeps_to_limits(void **state)
{
	static char many[VARIANTS_MAX * 80];
	struct text t;

	(void)state;
	text_start(&t, many, sizeof(many));
	for (unsigned i = 0; i < VARIANTS_MAX; i++)
		text_add(&t, "alias vfio_pci:v000010DEd0000%04xsv*sd*bc*sc*i* a_vfio_pci\n", i);
	put(many);
	section("10de:* driver=auto\n", false);
	assert_int_equal(v.n, VARIANTS_MAX);
	text_add(&t, "alias vfio_pci:v000010DEd0000FFFFsv*sd*bc*sc*i* a_vfio_pci\n");
	put(many);
	assert_int_equal(variants_read(&v, root_fd, "1", &config, NULL), -E2BIG);
	assert_int_equal(variants_read(&v, root_fd, "2", &config, NULL), -ENOENT);
	assert_int_equal(v.n, 0);
	text_start(&t, text, sizeof(text));
	config.rules = CONFIG_RULES_MAX;
	variants_write(&v, &t, variants_room(&config), NULL, NULL);
	assert_string_equal(text, "[auto]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_a_rule_may_name),
		cmocka_unit_test(finds_what_the_machine_has),
		cmocka_unit_test(leaves_vfio_pci_where_two_fit),
		cmocka_unit_test(meets_where_patterns_differ),
		cmocka_unit_test(keeps_to_limits),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
