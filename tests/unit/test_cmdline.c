/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_cmdline.c - runtime/core/cmdline.c */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/core/cmdline.h"

static void reads_switches(void **state)
{
	static const struct {
		const char *text;
		enum run_mode mode;
		const char *profile, *ids;
	} cases[] = {
		{ "", MODE_ON, "", "" },
		{ "quiet splash", MODE_ON, "", "" },
		{ "quiet vgapass=off splash\n", MODE_OFF, "", "" },
		{ "vgapass=dry-run", MODE_DRY_RUN, "", "" },
		{ "vgapass=on", MODE_ON, "", "" },
		{ "vgapass=gaming", MODE_ON, "gaming", "" },
		/* off wins, wherever it stands */
		{ "vgapass=off vgapass=on", MODE_OFF, "", "" },
		{ "vgapass=on vgapass=off", MODE_OFF, "", "" },
		{ "vgapass=off root=/dev/sda ro vgapass=gaming", MODE_OFF, "gaming", "" },
		{ "vgapass=gaming vgapass=off", MODE_OFF, "gaming", "" },
		{ "vgapass=off vgapass=dry-run", MODE_OFF, "", "" },
		{ "vgapass=dry-run vgapass=off", MODE_OFF, "", "" },
		/* then dry-run, with a profile or without */
		{ "vgapass=dry-run vgapass=on", MODE_DRY_RUN, "", "" },
		{ "vgapass=dry-run vgapass=", MODE_DRY_RUN, "", "" },
		{ "vgapass=dry-run vgapass=gaming", MODE_DRY_RUN, "gaming", "" },
		{ "vgapass=gaming vgapass=dry-run", MODE_DRY_RUN, "gaming", "" },
		/* of profiles the last one */
		{ "vgapass=a vgapass=b", MODE_ON, "b", "" },
		{ "vgapass=a vgapass=on", MODE_ON, "", "" },
		{ "vgapass=a vgapass=", MODE_ON, "", "" },
		/* words that only look alike */
		{ "vgapass.off vgapass-off=1 Vgapass=off xvgapass=off", MODE_ON, "", "" },
		{ "vgapass=OFF", MODE_ON, "OFF", "" },
		{ "vgapass=off,", MODE_ON, "off,", "" },
		{ "rd.driver.pre=vgapass=off", MODE_ON, "", "" },
		/* quotes as the kernel has them */
		{ "vgapass=\"off\"", MODE_OFF, "", "" },
		{ "\"vgapass=off\"", MODE_OFF, "", "" },
		{ "x=\"a vgapass=off b\"", MODE_ON, "", "" },
		{ "x=\"a vgapass=off", MODE_ON, "", "" },
		{ "vgapass=\"my card\"", MODE_ON, "my card", "" },
		{ "x=\"a\"vgapass=off", MODE_ON, "", "" },
		{ "\"", MODE_ON, "", "" },
		{ "vgapass=\"", MODE_ON, "", "" },
		{ "\"vgapass=\"off", MODE_OFF, "", "" },
		/* every white space of the kernel parts words */
		{ "a\tvgapass=off\vb", MODE_OFF, "", "" },
		{ "a\nvgapass=off\r\f", MODE_OFF, "", "" },
		/* what is behind a lone -- is for init, but off is off */
		{ "vgapass=off -- vgapass=on", MODE_OFF, "", "" },
		{ "-- vgapass=off", MODE_OFF, "", "" },
		{ "vgapass=a -- vgapass=b", MODE_ON, "a", "" },
		{ "-- vgapass=dry-run", MODE_ON, "", "" },
		{ "-- vgapass.ids=1002:6608", MODE_ON, "", "" },
		{ "--x vgapass=gaming", MODE_ON, "gaming", "" },
		{ "x=-- vgapass=gaming", MODE_ON, "gaming", "" },
		{ "vgapass.ids=1002:6608,1002:aab0", MODE_ON, "", "1002:6608,1002:aab0" },
		{ "vgapass.ids=1002:6608 vgapass.ids=8086:1912", MODE_ON, "", "8086:1912" },
		{ "vgapass.ids=1002:6608 vgapass.ids=", MODE_ON, "", "" },
		{ "vgapass.ids=\"1002:6608\" vgapass=gaming", MODE_ON, "gaming", "1002:6608" },
		{ "vgapass_ids=1002:6608", MODE_ON, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cmdline c;
		cmdline_parse(slice_of(cases[i].text), &c);
		if (c.mode != cases[i].mode || !slice_is(c.profile, cases[i].profile) ||
		    !slice_is(c.ids, cases[i].ids))
			fail_msg("\"%s\": mode %d, profile \"%.*s\", ids \"%.*s\"", cases[i].text,
				 (int)c.mode, (int)c.profile.n, c.profile.p ? c.profile.p : "",
				 (int)c.ids.n, c.ids.p ? c.ids.p : "");
	}
}

static void reads_a_trial(void **state)
{
	struct cmdline c;

	(void)state;
	cmdline_parse(slice_of("vgapass=games vgapass=trial"), &c);
	assert_true(c.trial);
	assert_true(slice_is(c.profile, "games"));
	cmdline_parse(slice_of("vgapass=trials -- vgapass=trial"), &c);
	assert_false(c.trial);
	assert_true(slice_is(c.profile, "trials"));
	cmdline_parse(slice_of("quiet"), &c);
	assert_null(c.profile.p);
	cmdline_parse(slice_of("systemd.unit=trial rd.systemd.unit=games"), &c);
	assert_false(c.trial);
	assert_null(c.profile.p);
	cmdline_parse(slice_of("vgapass=games vgapass=on"), &c);
	assert_non_null(c.profile.p);
	assert_int_equal(c.profile.n, 0);
}

/* Whoever boots to mend the host has it as it is. */
static void obeys_recovery(void **state)
{
	static const char *const off[] = {
		"single", "s", "S", "1", "-s", "-b", "rescue", "emergency", "recovery", "rd.rescue",
		"rd.emergency", "rd.break", "rd.break=pre-mount", "break",
		"break=premount", "break=",
		"systemd.unit=rescue.target", "systemd.unit=emergency.target",
		"rd.systemd.unit=rescue.target", "rd.systemd.unit=emergency.target",
		"systemd.unit=\"rescue.target\"", "-- single", "-- -s",
		"-- systemd.unit=rescue.target",
	};
	static const char *const on[] = {
		"2", "3", "5", "singles", "x=single", "systemd.unit=graphical.target",
		"systemd.unit=rescue", "systemd.unit=", "x.systemd.unit=rescue.target", "rd.shell",
		"rd.breaks", "vgapass=rescue", "vgapass=rescue.target", "--single", "S1", "11",
		"systemd.unit=off", "systemd.unit=dry-run", "systemd.unit=on",
		"systemd.unit=trial", "rd.systemd.unit=trial",
	};
	char line[128];
	struct cmdline c;

	(void)state;
	for (size_t i = 0; i < COUNT(off); i++) {
		cmdline_parse(slice_of(text_make(line, sizeof(line),
						 "ro %s vgapass=on vgapass=games", off[i])), &c);
		if (c.mode != MODE_OFF)
			fail_msg("%s is not obeyed", off[i]);
		const char *word = off[i] + (strncmp(off[i], "-- ", 3) ? 0 : 3);
		if (!slice_is(c.recovery, word))
			fail_msg("%s is not told", word);
	}
	for (size_t i = 0; i < COUNT(on); i++) {
		cmdline_parse(slice_of(text_make(line, sizeof(line), "ro %s quiet", on[i])), &c);
		if (c.mode != MODE_ON)
			fail_msg("%s is taken for recovery", on[i]);
	}
	cmdline_parse(slice_of("ro vgapass=off quiet"), &c);
	assert_int_equal(c.recovery.n, 0);
}

static void tells_the_column_of_ids(void **state)
{
	struct cmdline c;

	(void)state;
	cmdline_parse(slice_of("vgapass.ids=1002:6608"), &c);
	assert_int_equal(c.ids_column, 13);
	cmdline_parse(slice_of("a vgapass.ids=\"1002:6608\""), &c);
	assert_int_equal(c.ids_column, 16);
}

/* Not a byte outside the text is looked at: ASan sees the end of the heap block. */
static void stays_inside(void **state)
{
	static const char text[] =
		"x=\"q vgapass=off vgapass.ids=1:2,\" vgapass=\"dry-run\" \"vgapass=";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		char *exact = malloc(n ? n : 1), out[64];
		struct cmdline c;
		struct text t;
		assert_non_null(exact);
		memcpy(exact, text, n);
		cmdline_parse((struct slice){ exact, n }, &c);
		text_start(&t, out, sizeof(out));
		cmdline_module_params((struct slice){ exact, n }, slice_of("vgapass"), &t);
		free(exact);
	}
}

static const char *params_of(const char *cmdline, const char *module, const char *before)
{
	static char buf[64];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	text_add(&t, "%s", before);
	cmdline_module_params(slice_of(cmdline), slice_of(module), &t);
	return buf;
}

static void collects_module_params(void **state)
{
	static const struct {
		const char *cmdline, *module, *before, *after;
	} cases[] = {
		{ "quiet vfio-pci.disable_vga=1", "vfio_pci", "", "disable_vga=1" },
		{ "vfio_pci.disable_vga=1", "vfio-pci", "", "disable_vga=1" },
		{ "vfio_pci.a=1 vfio-pci.b=2", "vfio_pci", "", "a=1 b=2" },
		{ "vfio_pci.a=1", "vfio_pci", "a=0", "a=0 a=1" },
		{ "vfio_pci.a", "vfio_pci", "", "a" },
		{ "vfio_pci.", "vfio_pci", "", "" },
		{ "vfio_pci", "vfio_pci", "", "" },
		{ "vfio_pci vfio_pci. vfio_pci.b=1", "vfio_pci", "a=0", "a=0 b=1" },
		{ "vfio.a=1 vfio_pci_core.b=2 xvfio_pci.c=3", "vfio_pci", "", "" },
		{ "vfio_pci.a=1002:6608 -- vfio_pci.b=1", "vfio_pci", "", "a=1002:6608" },
		/* by which a driver takes what no rule names */
		{ "vfio-pci.ids=1002:6608 vfio_pci.a=1", "vfio_pci", "", "a=1" },
		{ "vfio-pci.a=1 vfio-pci.ids=1002:6608,1002:aab0", "vfio_pci", "", "a=1" },
		{ "vfio_pci.ids=\"1002:6608\" \"vfio_pci.ids=1002:6608\"", "vfio_pci", "", "" },
		{ "pci-stub.ids=1002:6608 vfio_pci.ids", "pci_stub", "", "" },
		{ "vfio_pci.\"ids=1002:6608\" vfio_pci.\"a=x\"", "vfio_pci", "", "\"a=x\"" },
		{ "vfio_pci.idsx=1 vfio_pci.xids=1", "vfio_pci", "", "idsx=1 xids=1" },
		{ "vfio_pci.a=\"x y\"", "vfio_pci", "", "a=\"x y\"" },
		/* The kernel splits them again: what was one word stays one. */
		{ "\"vfio_pci.a=x y\" z", "vfio_pci", "", "\"a=x y\"" },
		{ "\"vfio_pci.a=x ids=1002:6608\" vfio_pci.b=1", "vfio_pci", "",
		  "\"a=x ids=1002:6608\" b=1" },
		{ "vfio_pci.a=b.c", "vfio_pci", "", "a=b.c" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *is = params_of(cases[i].cmdline, cases[i].module, cases[i].before);
		if (strcmp(is, cases[i].after))
			fail_msg("\"%s\": \"%s\", not \"%s\"", cases[i].cmdline, is,
				 cases[i].after);
	}
}

static void says_when_params_do_not_fit(void **state)
{
	static const char cmdline[] = "vfio_pci.a=0123456789";
	char buf[8];
	struct text t;

	(void)state;
	text_start(&t, buf, sizeof(buf));
	cmdline_module_params(slice_of(cmdline), slice_of("vfio_pci"), &t);
	assert_true(t.cut);
	assert_string_equal(buf, "a=01234");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_switches),
		cmocka_unit_test(reads_a_trial),
		cmocka_unit_test(obeys_recovery),
		cmocka_unit_test(tells_the_column_of_ids),
		cmocka_unit_test(stays_inside),
		cmocka_unit_test(collects_module_params),
		cmocka_unit_test(says_when_params_do_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
