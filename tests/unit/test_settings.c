/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_settings.c - cli/settings: each parser, on texts as people and programs write them
 *
 * A text is put into a file below a temporary root, and the settings that are read of it are
 * compared as lines.
 */
#include "folders.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cli/machine/loader.h"
#include "cli/settings/settings.h"
#include "cli/settings/match.h"
#include "cli/settings/reader.h"
#include "cli/settings/shell.h"
#include "runtime/io/sysfs.h"

static struct host host;
static char seen[16384];

/* What the tested files call of others. */
const char *host_candidates(struct host *h, const struct pci_function *f, char names[HOST_NAME_MAX])
{
	(void)h;
	(void)f;
	*names = '\0';
	return names;
}

void loader_read(const struct host *h, struct loader *ret)
{
	(void)h;
	*ret = (struct loader){ 0 };
}

void loader_free(struct loader *l)
{
	(void)l;
}

/* --- files that a shell reads */

static void write_assignment(void *arg, const struct shell_assignment *a)
{
	struct text *t = arg;

	text_add(t, "%s%s%pv", a->name, a->append ? "+=" : "=", &a->value);
	for (size_t i = 0; i < a->value.n; i++)
		if (!i || a->line[i] != a->line[i - 1])
			text_add(t, "@%u", a->line[i]);
	text_add(t, ";");
}

static void test_shell(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "A=1\nB = 2\n", "A=1@1;" },
		{ "A=1 B='2 3'; export C=\"4\"5\n", "A=1@1;B=2 3@1;C=45@1;" },
		{ "# A=1\n  #B=2\nC=x#y # z\n", "C=x#y@3;" },
		{ "A=\"one\ntwo\" B=3\n", "A=one two@1@2;B=3@2;" },
		{ "A=\"one \\\ntwo\"\nB=c\\\nd\n", "A=one two@1@2;B=cd@3@4;" },
		{ "A=\"\\\"q\\\" \\$x\"\nB='\\\"'\n", "A=\"q\" $x@1;B=\\\"@2;" },
		{ "I=7\nA=\"$I ${I} $J ${J:-2}\"\n", "I=7@1;A=7 7 $J $J@2;" },
		{ "A=1\nA=\"$A 2\"\nA+=3\n", "A=1@1;A+= 2@2;A+=3@3;" },
		{ "P_A=1\nP_B=\"$P_A 2\"\n", "P_A=1@1;P_B= 2@2;" },
		{ "A=$(cat x) B=1\n", "A=$@1;B=1@1;" },
		{ "M=(a # no\n 'b c'\n)\nN=()\n", "M=a b c @1@2;N=;" },
		{ "K[default]+=\"x\"\nK[=1\nK]=2\n", "K[default]+=x@1;" },
		{ "if [ -f x ]; then A=1; fi\n", "A=1@1;" },
		{ "A=\"open", "A=open@1;" },
		{ "A=(open", "A=open @1;" },
		{ "A=${open", "A=$open@1;" },
		{ "A=\\", "A=\\@1;" },
		{ "A='x'\r\nB=y\r\n", "A=x@1;B=y@2;" },
	};
	struct text t;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		text_start(&t, seen, sizeof(seen));
		shell_read(slice_of(cases[i].text), "P_", write_assignment, &t);
		assert_string_equal(seen, cases[i].want);
	}
}

/* --- IDs, addresses, patterns */

static void test_ids(void **state)
{
	static const char *const wrong[] = {
		"",	   "10de", "10de:",	     "10de:x", "10de:1b81:1:2:3:4:5",
		"12345:1", ":1",   "10de:1b81:12345"
	};
	static const struct pci_function f = { .vendor = 0x10de,
					       .device = 0x1b81,
					       .subvendor = 0x1043,
					       .subdevice = 0x8591,
					       .class = 0x030000 };
	static const struct {
		const char *id;
		bool match;
	} cases[] = {
		{ "10de:1b81", true },
		{ "10DE:1B81", true },
		{ "0x10de:0x1b81", true },
		{ " 10de:1b81", true },
		{ "10de:1b82", false },
		{ "10de:ffffffff", true },
		{ "*:1b81", true },
		{ "10de:1b81;10de:10f0", true },
		{ "10de:1b81]", true },
		{ "10de:1b81:1043", true },
		{ "10de:1b81:1044", false },
		{ "10de:1b81:1043:8591", true },
		{ "10de:1b81:1043:1", false },
		{ "10de:1b81:::40300", true },
		{ "10de:1b81:::40300:ffffff", false },
		{ "10de:*:*:*:30000:ff0000", true },
		{ "10de:*:*:*:00030200:ff00ff", true },
	};
	struct setting_id id;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(setting_parse_id(slice_of(wrong[i]), &id));
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(setting_parse_id(slice_of(cases[i].id), &id));
		assert_int_equal(setting_id_matches(&id, &f), cases[i].match);
	}
}

static void test_aliases(void **state)
{
	static const struct {
		const char *alias, *id;
	} cases[] = {
		{ "pci:v000010DEd00001B81sv*sd*bc*sc*i*", "10de:1b81:ffffffff:ffffffff" },
		{ "pci:v000010DEd00001B81*", "10de:1b81:ffffffff:ffffffff" },
		{ "pci:v000010DEd*sv00001043sd00008591bc03sc00i00*",
		  "10de:ffffffff:1043:8591:30000:ffffff" },
		{ "pci:v000010DEd*sv*sd*bc03*", "10de:ffffffff:ffffffff:ffffffff:30000:ff0000" },
		{ "pci:v*d*sv*sd*bc04sc03i*", "ffffffff:ffffffff:ffffffff:ffffffff:40300:ffff00" },
		{ "pci:v000010DE", "10de:ffffffff:ffffffff:ffffffff" },
		{ "pci:", NULL },
		{ "pci:x", NULL },
		{ "usb:v046D*", NULL },
		{ "pci:v000010DEx*", NULL },
	};
	char buf[128];
	struct text t;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		text_start(&t, buf, sizeof(buf));
		assert_int_equal(setting_id_of_alias(slice_of(cases[i].alias), &t),
				 cases[i].id != NULL);
		if (cases[i].id)
			assert_string_equal(buf, cases[i].id);
	}
}

static void test_forms(void **state)
{
	static const struct {
		const char *item;
		enum setting_form form;
	} cases[] = {
		{ "10de:1b81", FORM_ID },
		{ "10de:1b81:1043:8591:30000:ff0000", FORM_ID },
		{ "0000:01:00.0", FORM_ADDRESS },
		{ "01:00.*", FORM_ADDRESS },
		{ "01:00.0|10de:1b81", FORM_ADDRESS },
		{ "0000:01:00.[01]", FORM_ADDRESS },
		{ "01_00.0", FORM_PATH },
		{ "00_1c.0-00_00.0", FORM_PATH },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(setting_form(slice_of(cases[i].item)), cases[i].form);
}

static void test_modules(void **state)
{
	static const char *const ours[] = { "vfio",	     "vfio-pci",
					    "vfio_pci",	     "pci-stub",
					    "pci_stub",	     "vfio_iommu_type1",
					    "mlx5_vfio_pci", "nvgrace-gpu-vfio-pci" };
	static const char *const others[] = { "", "nouveau", "pci", "kvm", "stub" };

	(void)state;
	for (size_t i = 0; i < COUNT(ours); i++)
		assert_true(settings_is_vfio(slice_of(ours[i])));
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(settings_is_vfio(slice_of(others[i])));
	assert_true(module_same_name(slice_of("a-b_c"), slice_of("a_b-c")));
	assert_false(module_same_name(slice_of("a-b"), slice_of("a-b-")));
}

/* --- files */

/* "GIVES 3 vfio-pci.ids=10de:1b81 [10de:1b81]" of each setting. */
static const char *read_settings(void)
{
	static const char *const kinds[] = {
		"GIVES", "BINDS", "GUESTS", "REMOVES", "BLACKLIST", "LOADS", "NEEDLESS",
		"OPTIONS", "STOPS", "HINDERS", "WRONG", "RISK", "UNREAD"
	};
	struct settings s;
	struct text t;

	host.roots.root = open(root, O_PATH | O_DIRECTORY);
	assert_int_equal(sysfs_confine(host.roots.root), 0);
	settings_read(&host, &s);
	text_start(&t, seen, sizeof(seen));
	for (unsigned i = 0; i < s.n; i++)
		text_add(&t, "%s %u %s [%s]%s\n", kinds[s.list[i].kind], s.list[i].line,
			 s.list[i].words, s.list[i].items, s.list[i].more ? "+" : "");
	settings_free(&s);
	close(host.roots.root);
	return seen;
}

static const struct sample {
	const char *path, *text, *want;
} samples[] = {
	{ "etc/kernel/cmdline",
	  "vfio-pci.ids=1:2 \"pci_stub.ids=3:4,5:6\" vfio-pci.ids=\"7:8\" vfio-pci.ids=\n",
	  "GIVES 1 vfio-pci.ids=1:2 [1:2]+\nGIVES 1 pci_stub.ids=3:4,5:6 [3:4,5:6]+\n"
	  "GIVES 1 vfio-pci.ids=\"7:8\" [7:8]+\n" },
	{ "etc/kernel/cmdline",
	  "xen-pciback.hide=(0000:01:00.0)(01:00.1) rd.qubes.hide_pci=01_00.0\n",
	  "GIVES 1 xen-pciback.hide=(0000:01:00.0)(01:00.1) [0000:01:00.0,01:00.1]+\n"
	  "GIVES 1 rd.qubes.hide_pci=01_00.0 [01_00.0]+\n" },
	{ "etc/kernel/cmdline",
	  "modprobe.blacklist=a,b module_blacklist=vfio x.blacklist=1 y.modeset=0 y.modeset=1\n",
	  "BLACKLIST 1 modprobe.blacklist=a,b [a,b]+\nSTOPS 1 module_blacklist=vfio [vfio]+\n"
	  "BLACKLIST 1 x.blacklist=1 [x]+\nBLACKLIST 1 y.modeset=0 [y]+\n" },
	{ "etc/kernel/cmdline",
	  "vgapass=off vgapass=dry-run vgapass=guest nomodeset video=efifb:off video=x\n",
	  "STOPS 1 vgapass=off []+\nHINDERS 1 vgapass=dry-run []+\nNEEDLESS 1 nomodeset []+\n"
	  "NEEDLESS 1 video=efifb:off []+\n" },
	{ "etc/kernel/cmdline",
	  "vfio_pci,ids=10de:1b81 vfio.ids=10de:1b81 vfio-pci.disable_vga=1 vfio.x=1\n",
	  "WRONG 1 vfio_pci,ids=10de:1b81 [10de:1b81]+\nWRONG 1 vfio.ids=10de:1b81 "
	  "[10de:1b81]+\n" },
	{ "etc/modprobe.d/a.conf", "options vfio-pci ids=1:2,\\\n3:4 x=1\noptions kvm y=1\n",
	  "GIVES 1 ids=1:2,3:4 [1:2,3:4]+\nOPTIONS 1 x=1 [x=1]+\n" },
	{ "etc/modprobe.d/a.conf",
	  "options vfio-pci ids=1:2, 3:4\nblacklist vfio-pci\nblacklist x\n",
	  "WRONG 1 3:4 [3:4]+\nGIVES 1 options vfio-pci ids=1:2, 3:4 [1:2,]\nHINDERS 2 "
	  "blacklist vfio-pci [vfio-pci]\n"
	  "BLACKLIST 3 blacklist x [x]\n" },
	{ "etc/modprobe.d/a.conf",
	  "install vfio /bin/true\ninstall x /bin/false\ninstall y modprobe vfio-pci; modprobe "
	  "-i y\n",
	  "STOPS 1 install vfio /bin/true [vfio]\nBLACKLIST 2 install x /bin/false [x]\n"
	  "NEEDLESS 3 install y modprobe vfio-pci; modprobe -i y []\n" },
	{ "etc/mkinitcpio.conf", "MODULES=(a\n vfio_pci)\nHOOKS=(vfio)\n",
	  "LOADS 2 vfio_pci [vfio_pci]+\nNEEDLESS 3 vfio []+\n" },
	{ "etc/dracut.conf", "omit_dracutmodules+=' vgapass '\nadd_drivers+=\" vfio \"\n",
	  "STOPS 1 vgapass []+\nLOADS 2 vfio [vfio]+\n" },
	{ "etc/modules", "vfio_pci ids=1:2\npci_stub\n# vfio\n",
	  "GIVES 1 vfio_pci ids=1:2 [1:2]\nLOADS 2 pci_stub [pci_stub]\n" },
	{ "etc/udev/rules.d/a.rules", "KERNEL==\"0000:01:00.0|0000:01:00.1\", ATTR{remove}=\"1\"\n",
	  "REMOVES 1 KERNEL==\"0000:01:00.0|0000:01:00.1\", ATTR{remove}=\"1\" "
	  "[0000:01:00.0,0000:01:00.1]\n" },
	{ "etc/udev/rules.d/a.rules",
	  "ATTR{vendor}==\"0x10de\", ATTR{device}!=\"0x1\", ATTR{class}==\"0x0c03*\", "
	  "ATTR{remove}=\"1\"\n",
	  "REMOVES 1 ATTR{vendor}==\"0x10de\", ATTR{device}!=\"0x1\", "
	  "ATTR{class}==\"0x0c03*\", ATTR{remove}=\"1\" "
	  "[]\n" },
	{ "etc/udev/rules.d/a.rules",
	  "KERNEL==\"x\", ATTR{remove}==\"1\", RUN+=\"/bin/true \\\"q\\\"\", NAME", "" },
	{ "etc/rc.local",
	  "#!/bin/sh\necho vfio-pci >/sys/bus/pci/devices/0000:0a:00.1/driver_override\n",
	  "BINDS 2  [0000:0a:00.1]\n" },
	{ "etc/rc.local", "#!/bin/sh\nmodprobe vfio-pci\necho 10de 1b81 > $D/new_id # 10de:10f0\n",
	  "BINDS 3  [10de:1b81,10de:10f0]\n" },
	{ "etc/rc.local",
	  "#!/bin/sh\n#echo vfio-pci >x/driver_override\ndate +%H:%M:%S 12:34:56.7\n", "" },
	{ "boot/config/vfio-pci.cfg", "BIND=0000:01:00.0|10de:1b81 01:00.1\n",
	  "GIVES 1 BIND=0000:01:00.0|10de:1b81 01:00.1 [0000:01:00.0|10de:1b81,01:00.1]\n" },
	{ "boot/initramfs_config.json", "{\"pci_ids\": [\"0000:01:00.0\", 5]}",
	  "GIVES 0  [0000:01:00.0,5]\n" },
	{ "boot/initramfs_config.json", "[1,", "" },
	{ "etc/systemd/system/a.service",
	  "[Service]\nEnvironment=\"A=01:00.0\"\n"
	  "ExecStart=-/bin/sh -c 'echo $A >/x/vfio-pci/bind'\n",
	  "BINDS 3 ExecStart=-/bin/sh -c 'echo $A >/x/vfio-pci/bind' [01:00.0]\n" },
	{ "etc/crontab", "@reboot root echo 10de 0x1b81 >/x/vfio-pci/new_id\n@daily x\n",
	  "BINDS 1 @reboot root echo 10de 0x1b81 >/x/vfio-pci/new_id [10de:1b81]\n" },
	{ "etc/tmpfiles.d/a.conf", "w /x/0000:01:00.0/driver_override - - - - vfio-pci\n",
	  "BINDS 1 w /x/0000:01:00.0/driver_override - - - - vfio-pci [0000:01:00.0]\n" },
	{ "etc/libvirt/hooks/qemu", "#!/bin/sh\nvirsh nodedev-reattach pci_0000_01_00_0\n",
	  "GUESTS 2  [0000:01:00.0]\n" },
	{ "etc/udev/rules.d/a.rules",
	  "ATTR{vendor}!=\"0x8086\", GOTO=\"a\"\nATTR{class}==\"0x06*\", ATTR{remove}=\"1\"\n"
	  "LABEL=\"a\"\n",
	  "REMOVES 2 ATTR{class}==\"0x06*\", ATTR{remove}=\"1\" []\n" },
	{ "etc/modprobe.d/a.conf", "install vfio-pci modprobe -i vfio-pci ids=1:2\n",
	  "GIVES 1 install vfio-pci modprobe -i vfio-pci ids=1:2 [1:2]\n" },
	{ "etc/modprobe.d/a.conf",
	  "options pciback hide=(01:00.0)(x\noptions nouveau modeset=0 a\n",
	  "GIVES 1 options pciback hide=(01:00.0)(x [01:00.0,x]\n"
	  "BLACKLIST 2 modeset=0 [nouveau]+\n" },
	{ "etc/conf.d/modules", "module_vfio_pci_args=\"ids=1:2 a\"\n",
	  "GIVES 1 ids=1:2 [1:2]+\n" },
	{ "etc/driverctl.d/pci-0000:01:00.0", "vfio-pci\n",
	  "GIVES 0 0000:01:00.0 [0000:01:00.0]+\n" },
	{ "etc/kernelstub/configuration",
	  "{\"user\": {\"kernel_options\": [\"a\", \"vfio-pci.ids=1:2\"]}}",
	  "GIVES 0 vfio-pci.ids=1:2 [1:2]\n" },
	{ "etc/grub.d/40_custom", "menuentry 'x' {\n linux /v vfio-pci.ids=1:2\n}\n",
	  "GIVES 2 vfio-pci.ids=1:2 [1:2]+\n" },
	{ "etc/default/limine", "KERNEL_CMDLINE[default]+=\"vfio-pci.ids=1:2\"\n",
	  "GIVES 1 vfio-pci.ids=1:2 [1:2]+\n" },
};

static void remove_file(const char *path)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	assert_int_equal(unlink(whole), 0);
}

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		put(samples[i].path, samples[i].text);
		assert_string_equal(read_settings(), samples[i].want);
		remove_file(samples[i].path);
	}
}

/* A text that ends anywhere, has a byte of any value anywhere, or no newline, is read within its
 * bounds: the sanitizers watch. */
static void test_cut_samples(void **state)
{
	char copy[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		size_t n = strlen(samples[i].text);
		for (size_t k = 0; k < n; k++) {
			put_bytes(samples[i].path, samples[i].text, k);
			read_settings();
			memcpy(copy, samples[i].text, n);
			copy[k] = "\0\\\"=\xff\n{|"[(k + i) % 8];
			put_bytes(samples[i].path, copy, n);
			read_settings();
		}
		remove_file(samples[i].path);
	}
}

static int make_root(void **state)
{
	(void)state;
	text_make(root, sizeof(root), "/tmp/vgapass-settings-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shell),	    cmocka_unit_test(test_ids),
		cmocka_unit_test(test_aliases),	    cmocka_unit_test(test_forms),
		cmocka_unit_test(test_modules),	    cmocka_unit_test(test_samples),
		cmocka_unit_test(test_cut_samples),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
