/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_receipt_read.c - cli/machine/receipt_read.c, whole_file.c: a receipt that may be anything */
#include "folders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "cli/machine/receipt_read.h"
#include "cli/machine/whole_file.h"
#include "runtime/io/receipt.h"

#define FILE_NAME "run/vgapass/receipt.json"
#define GOOD "{\"version\": 1, \"boot_id\": \"one\", \"result\": \"ok\", \"functions\": [ ]}\n"

static struct roots roots;

static int start(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test_receipt_read-XXXXXX");
	assert_non_null(mkdtemp(root));
	put_folder("run/vgapass");
	put("proc/sys/kernel/random/boot_id", "one\n");
	assert_int_equal(gather_roots(root, &roots), 0);
	return 0;
}

static int stop(void **state)
{
	char command[128];

	(void)state;
	close(roots.root);
	close(roots.proc);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

/* Reads the receipt. NULL where it is a good one, else why it is not. */
static const char *fault(void)
{
	const char *why = NULL;
	json_object *o = receipt_read(&roots, &why);

	assert_int_equal(!o, why != NULL);
	json_object_put(o);
	return why;
}

static void assert_fault(const char *part)
{
	const char *why = fault();

	if (!why || !strstr(why, part))
		fail_msg("%s: %s", part, why ? why : "taken as a receipt");
}

static void test_good(void **state)
{
	static const char *const texts[] = {
		GOOD,
		"{\"result\":\"off\",\"functions\":[]}",
		"{\"version\":1,\"mode\":\"dry-run\",\"result\":\"nothing\",\"functions\":"
		"[{\"address\":\"0000:01:00.0\",\"id\":7}],\"strays\":[],\"new\":{\"x\":1.5}} \n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put(FILE_NAME, texts[i]);
		if (fault())
			fail_msg("%s: %s", texts[i], fault());
	}
}

static void test_not_a_receipt(void **state)
{
	static const char *const texts[][2] = {
		{ "", "it is no JSON" },
		{ "{", "it is no JSON" },
		{ GOOD "x", "it is no JSON" },
		{ "{\"result\":\"ok\",\"functions\":[],\"x\":\"\xff\"}", "it is no JSON" },
		{ "7 ", "it is no JSON object" },
		{ "[" GOOD "]", "it is no JSON object" },
		{ "{\"version\":2,\"result\":\"ok\",\"functions\":[]}", "version" },
		{ "{\"version\":1e23,\"result\":\"ok\",\"functions\":[]}", "version" },
		{ "{\"version\":\"1\",\"result\":\"ok\",\"functions\":[]}", "version" },
		{ "{\"functions\":[]}", "result" },
		{ "{\"result\":\"anything\",\"functions\":[]}", "result" },
		{ "{\"result\":[],\"functions\":[]}", "result" },
		{ "{\"result\":\"ok\",\"mode\":\"x\",\"functions\":[]}", "mode" },
		{ "{\"result\":\"ok\",\"mode\":1,\"functions\":[]}", "mode" },
		{ "{\"result\":\"ok\"}", "functions" },
		{ "{\"result\":\"ok\",\"functions\":{}}", "functions" },
		{ "{\"result\":\"ok\",\"functions\":[1]}", "functions" },
		{ "{\"result\":\"ok\",\"functions\":[null]}", "functions" },
		{ "{\"result\":\"ok\",\"functions\":[{}]}", "functions" },
		{ "{\"result\":\"ok\",\"functions\":[{\"address\":\"../x\"}]}", "functions" },
		{ "{\"result\":\"ok\",\"functions\":[],\"strays\":[1]}", "functions" },
		{ "{\"result\":\"ok\",\"functions\":[],\"rules\":7}", "rules" },
		{ "{\"result\":\"ok\",\"functions\":[],\"problems\":[\"a\"]}", "problems" },
		{ "{\"result\":\"ok\",\"functions\":[],\"x\":[{\"y\":NaN}]}", "number" },
		{ "{\"result\":\"ok\",\"functions\":[],\"took_us\":-Infinity}", "number" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put(FILE_NAME, texts[i][0]);
		assert_fault(texts[i][1]);
	}
}

static void test_other_boot(void **state)
{
	(void)state;
	put(FILE_NAME, GOOD);
	put("proc/sys/kernel/random/boot_id", "two\n");
	assert_fault("of another boot");
	unlinkat(roots.proc, "sys/kernel/random/boot_id", 0);
	assert_null(fault());
	put("proc/sys/kernel/random/boot_id", "one\n");
	put(FILE_NAME, "{\"boot_id\":\"\",\"result\":\"ok\",\"functions\":[]}");
	assert_null(fault());
}

static size_t read_functions(char lines[1024])
{
	const char *why = NULL;
	json_object *o = receipt_read(&roots, &why), *list = receipt_list(o, "functions");
	size_t n = json_object_array_length(list);

	*lines = '\0';
	for (size_t i = 0; i < n; i++) {
		json_object *f = json_object_array_get_idx(list, i);
		sprintf(lines + strlen(lines), "%s %s,", receipt_text(f, "address"),
			receipt_text(f, "state"));
	}
	json_object_put(o);
	return n;
}

/* A later decision about an address counts; all are in the order of their addresses. */
static void test_late(void **state)
{
	static const char *const odd[] = { "", "{", "[]", "null", "7", "{}", "{\"address\":7}",
					   "{\"address\":\"x\"}",
					   "{\"address\":\"0000:05:00.0\",\"x\":NaN}" };
	char lines[1024];

	(void)state;
	put(FILE_NAME, "{\"result\":\"ok\",\"functions\":[{\"address\":\"0000:02:00.0\",\"state\":"
		       "\"bound\"},{\"address\":\"0000:04:00.0\",\"state\":\"bound\"}]}");
	assert_int_equal(read_functions(lines), 2);
	put("run/vgapass/late/0000:04:00.0.json", "{\"address\":\"0000:04:00.0\",\"state\":"
						  "\"failed\"}\n");
	put("run/vgapass/late/10000:01:00.0.json", "{\"address\":\"10000:01:00.0\",\"state\":"
						   "\"refused\"}\n");
	put("run/vgapass/late/0000:01:00.0.json", "{\"address\":\"0000:01:00.0\",\"state\":"
						  "\"bound\"}\n");
	put("run/vgapass/late/0000:03:00.0.json.new", "{\"address\":\"0000:03:00.0\"}");
	read_functions(lines);
	assert_string_equal(lines, "0000:01:00.0 bound,0000:02:00.0 bound,0000:04:00.0 failed,"
				   "10000:01:00.0 refused,");
	for (size_t i = 0; i < COUNT(odd); i++) {
		put("run/vgapass/late/0000:05:00.0.json", odd[i]);
		assert_int_equal(read_functions(lines), 4);
	}
	put("proc/sys/kernel/random/boot_id", "two\n");
	put(FILE_NAME, GOOD);
	assert_fault("another boot");
	put("proc/sys/kernel/random/boot_id", "one\n");
}

static void test_not_a_file(void **state)
{
	const char *why = "";
	char *text = malloc(RECEIPT_MAX + 1);

	(void)state;
	unlinkat(roots.root, FILE_NAME, 0);
	assert_null(receipt_read(&roots, &why));
	assert_null(why);
	assert_int_equal(mkfifoat(roots.root, FILE_NAME, 0600), 0);
	assert_fault("not a file");
	unlinkat(roots.root, FILE_NAME, 0);
	put_folder(FILE_NAME);
	assert_fault("a directory");
	unlinkat(roots.root, FILE_NAME, AT_REMOVEDIR);
	assert_non_null(text);
	memset(text, ' ', RECEIPT_MAX + 1);
	memcpy(text, GOOD, strlen(GOOD));
	put_bytes(FILE_NAME, text, RECEIPT_MAX);
	assert_null(fault());
	put_bytes(FILE_NAME, text, RECEIPT_MAX + 1);
	assert_fault("larger than");
	free(text);
}

static void test_whole_file(void **state)
{
	char *text, big[100000];

	(void)state;
	memset(big, 'a', sizeof(big));
	put_bytes("big", big, sizeof(big));
	assert_int_equal(whole_file(roots.root, "big", sizeof(big), &text), sizeof(big));
	assert_memory_equal(text, big, sizeof(big));
	assert_int_equal(text[sizeof(big)], '\0');
	free(text);
	assert_int_equal(whole_file(roots.root, "big", sizeof(big) - 1, &text), -EFBIG);
	assert_null(text);
	assert_int_equal(whole_file(roots.root, "none", 1, &text), -ENOENT);
	put_bytes("empty", "", 0);
	assert_int_equal(whole_file(roots.root, "empty", 0, &text), 0);
	assert_string_equal(text, "");
	free(text);
}

static void test_make_printable(void **state)
{
	static const char text[] =
		"{\"result\":\"ok\",\"functions\":[{\"address\":\"0000:01:00.0\","
		"\"reason\":\"\\u001b[2J\\u009bx\\u0000y\\n\",\"rule\":\"\\u00e9\\u20ac\"}]}";
	const char *why;
	json_object *o = receipt_parse(text, strlen(text), &why);

	(void)state;
	assert_non_null(o);
	receipt_make_printable(o);
	json_object *f = json_object_array_get_idx(receipt_list(o, "functions"), 0);
	assert_string_equal(receipt_text(f, "reason"), "?[2J??x?y?");
	assert_string_equal(receipt_text(f, "rule"), "\xc3\xa9\xe2\x82\xac");
	json_object_put(o);
	receipt_make_printable(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	   cmocka_unit_test(test_not_a_receipt),
		cmocka_unit_test(test_other_boot), cmocka_unit_test(test_not_a_file),
		cmocka_unit_test(test_whole_file), cmocka_unit_test(test_make_printable),
		cmocka_unit_test(test_late),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
