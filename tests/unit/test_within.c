/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_within.c - cli/once/within.c: the time of vgapass try --within */
#include "unit.h"

#include "cli/once/within.h"

static void reads_times(void **state)
{
	static const struct {
		const char *text;
		unsigned seconds; /* 0: it is no time */
	} cases[] = {
		{ "1", 1 },	  { "90s", 90 },    { "5m", 300 },	{ "1h", 3600 },
		{ "86400", 86400 }, { "1440m", 86400 }, { "24h", 86400 }, { "86401", 0 },
		{ "1441m", 0 },	  { "25h", 0 },	    { "0", 0 },		{ "0m", 0 },
		{ "", 0 },	  { "m", 0 },	    { "5 m", 0 },	{ "-5", 0 },
		{ "5x", 0 },	  { "5mm", 0 },	    { "1.5h", 0 },	{ "0x5", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned seconds = 0;
		if (within_parse(cases[i].text, &seconds) != (cases[i].seconds > 0) ||
		    seconds != cases[i].seconds)
			fail_msg("\"%s\": %u", cases[i].text, seconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reads_times) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
