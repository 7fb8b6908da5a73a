/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_pci_ids.c - cli/machine/pci_ids.c */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/machine/pci_ids.h"

static const char whole[] =
	"# a comment\n"
	"\n"
	"1002  Advanced Micro Devices, Inc. [AMD/ATI]\n"
	"\t6608  Oland GL [FirePro W2100]  \n"
	"# one between\n"
	"\t\t1002 2120  FirePro W2100\n"
	"\t\t1028 2120  Dell's\n"
	"\t6609  Another\n"
	"\t\t1028 0001  Another's board\n"
	"0e11  Compaq\n" /* not in order */
	"\t0001  Bridge\n"
	"S 1028  others\n"
	"\tzz\n"
	"C 03  Display controller\n"
	"\t00  VGA compatible controller\n"
	"\t\t00  VGA controller\n"
	"\t02  3D controller";

static void expect_text(struct slice s, const char *text)
{
	if (!slice_is(s, text))
		fail_msg("\"%.*s\" instead of \"%s\"", (int)s.n, s.p, text);
}

static void finds_names(void **state)
{
	struct pci_ids ids = { 0 };

	(void)state;
	pci_ids_read(&ids, slice_of(whole));
	assert_false(ids.is_damaged);
	expect_text(pci_ids_vendor(&ids, 0x1002), "Advanced Micro Devices, Inc. [AMD/ATI]");
	expect_text(pci_ids_vendor(&ids, 0x0e11), "Compaq");
	expect_text(pci_ids_vendor(&ids, 0x1028), "");
	expect_text(pci_ids_vendor(&ids, 3), "");
	expect_text(pci_ids_device(&ids, 0x1002, 0x6608), "Oland GL [FirePro W2100]");
	expect_text(pci_ids_device(&ids, 0x1002, 0x6609), "Another");
	expect_text(pci_ids_device(&ids, 0x1002, 1), "");
	expect_text(pci_ids_device(&ids, 0x0e11, 1), "Bridge");
	expect_text(pci_ids_class(&ids, 3), "Display controller");
	expect_text(pci_ids_class(&ids, 0x10), "");
	expect_text(pci_ids_subclass(&ids, 3, 0), "VGA compatible controller");
	expect_text(pci_ids_subclass(&ids, 3, 2), "3D controller");
	expect_text(pci_ids_subclass(&ids, 3, 1), "");
	pci_ids_free(&ids);
}

static void finds_boards(void **state)
{
	struct pci_ids ids = { 0 };

	(void)state;
	pci_ids_read(&ids, slice_of(whole));
	expect_text(pci_ids_board(&ids, 0x1002, 0x6608, 0x1002, 0x2120), "FirePro W2100");
	expect_text(pci_ids_board(&ids, 0x1002, 0x6608, 0x1028, 0x2120), "Dell's");
	expect_text(pci_ids_board(&ids, 0x1002, 0x6608, 0x1028, 1), ""); /* the next device's */
	expect_text(pci_ids_board(&ids, 0x1002, 0x6609, 0x1028, 1), "Another's board");
	expect_text(pci_ids_board(&ids, 0x0e11, 1, 0x1028, 1), "");
	expect_text(pci_ids_board(&ids, 0x8086, 1, 0x1028, 1), "");
	pci_ids_free(&ids);
}

static void expect_damaged(const char *text)
{
	struct pci_ids ids = { 0 };

	pci_ids_read(&ids, slice_of(text));
	if (!ids.is_damaged)
		fail_msg("not seen in: %s", text);
	if (*text == '1')
		expect_text(pci_ids_vendor(&ids, 0x1002), "A maker");
	expect_text(pci_ids_vendor(&ids, 0x1003), ""); /* behind the damage */
	pci_ids_free(&ids);
}

static void stops_at_damage(void **state)
{
	(void)state;
	expect_damaged("1002  A maker\nX\n1003  B");
	expect_damaged("1002  A maker\n\001\n1003  B");
	expect_damaged("1002  A maker\n100\n1003  B");
	expect_damaged("1002  A maker\n\t\n1003  B");
	expect_damaged("1002  A maker\n\t6608\n1003  B");
	expect_damaged("1002  A maker\n\t6608  \n1003  B");
	expect_damaged("1002  A maker\n\t66g8  X\n1003  B");
	expect_damaged("1002  A maker\n10020  A\n1003  B");
	expect_damaged("C 0  A\n1003  B");
	expect_damaged("\t6608  no vendor before it\n1003  B");
}

/* Each beginning of a file is in memory of its own size, so that a byte behind it is a fault. */
static void stays_in_the_text(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(whole); n++) {
		struct pci_ids ids = { 0 };
		char *text = malloc(n ? n : 1);

		memcpy(text, whole, n);
		pci_ids_read(&ids, (struct slice){ text, n });
		pci_ids_vendor(&ids, 0x1002);
		pci_ids_board(&ids, 0x1002, 0x6608, 1, 1);
		pci_ids_board(&ids, 0x1002, 0x6609, 1, 1);
		pci_ids_subclass(&ids, 3, 2);
		pci_ids_free(&ids);
		free(text);
	}
}

static void takes_any_number(void **state)
{
	struct pci_ids ids = { 0 };
	size_t n = 0;
	char *text = NULL;
	FILE *to = open_memstream(&text, &n);

	(void)state;
	for (unsigned i = 0; i < 0x10000; i++)
		fprintf(to, "%04x  Maker %x\n\t%04x  Device %x\n", i, i, i, i);
	fclose(to);
	pci_ids_read(&ids, (struct slice){ text, n });
	assert_int_equal(ids.n, 2 * 0x10000);
	expect_text(pci_ids_vendor(&ids, 0xffff), "Maker ffff");
	expect_text(pci_ids_device(&ids, 0x8000, 0x8000), "Device 8000");
	pci_ids_free(&ids);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_names),
		cmocka_unit_test(finds_boards),
		cmocka_unit_test(stops_at_damage),
		cmocka_unit_test(stays_in_the_text),
		cmocka_unit_test(takes_any_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
