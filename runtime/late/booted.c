/* SPDX-License-Identifier: GPL-2.0-or-later */
/* booted.c - see booted.h */
#include "booted.h"

#include <string.h>

#include "runtime/io/apply.h"
#include "runtime/io/sysfs.h"

#define HEADER "# /etc/"
#define CONFIG_NAME "vgapass.conf" /* begins the name of each file */

/* bytes of booted.conf: each file with its name */
#define BOOTED_MAX (CONFIG_FILES_MAX * (CONFIG_FILE_MAX + 4096))

bool booted_is_image(const struct roots *roots)
{
	return sysfs_exists(roots->root, MODULES_LIST);
}

static bool begins(struct slice s, const char *with)
{
	struct slice front = { s.p, strlen(with) };

	return s.n >= front.n && slice_is(front, with);
}

/* Returns the name of the file that begins with this line; "": none does. Names ascend in the
 * order of C; `after` is the one before, or "". */
static struct slice name_of(struct slice line, struct slice after)
{
	struct slice name = { line.p, 0 };
	size_t i = 0;

	if (!begins(line, HEADER CONFIG_NAME))
		return name;
	name.p += sizeof(HEADER) - 1;
	name.n = line.n - (sizeof(HEADER) - 1);
	while (i < name.n && i < after.n && name.p[i] == after.p[i])
		i++;
	if (i == name.n || (i < after.n && (unsigned char)name.p[i] < (unsigned char)after.p[i]))
		name.n = 0;
	return name;
}

static void parse_file(struct config *c, struct slice name, struct slice text)
{
	char buf[sizeof(struct conf_path)];
	const char *file = config_add_file(c, text_make(buf, sizeof(buf), "%pv", &name));

	if (file)
		config_parse(c, file, text.p, text.n);
}

void booted_parse(struct config *c, struct slice text)
{
	struct slice file = { text.p, 0 }, rest = text, name = { text.p, 0 };

	config_start(c);
	while (rest.n) {
		const char *start = rest.p;
		struct slice next = name_of(slice_cut(&rest, '\n'), name);
		if (!next.n)
			continue;
		file.n = (size_t)(start - file.p);
		if (name.n)
			parse_file(c, name, file);
		name = next;
		file.p = rest.p;
	}
	file.n = (size_t)(text.p + text.n - file.p);
	if (name.n)
		parse_file(c, name, file);
}

/* What the boot's receipt says of the boot as a whole. */
struct verdict {
	bool is_on, is_error;
};

static int look_at_receipt(struct slice line, void *arg)
{
	struct verdict *v = arg;

	v->is_on |= begins(line, "  \"mode\": \"on\"");
	v->is_error |= begins(line, "  \"result\": \"error\"");
	return begins(line, "  \"functions\"");
}

bool booted_config(const struct roots *roots, struct config *c)
{
	static char text[BOOTED_MAX];
	struct verdict v = { false, false };

	/* In the image, the boot may not have written its receipt yet. */
	bool known = sysfs_lines(roots->root, BOOTED_RECEIPT, look_at_receipt, &v) >= 0;
	if (known && (!v.is_on || v.is_error))
		return false;
	if (booted_is_image(roots)) {
		gather_config(roots, c);
		return true;
	}
	ssize_t n = sysfs_read_file(roots->root, BOOTED_CONFIG, text, sizeof(text));
	if (!known || n < 0)
		return false;
	booted_parse(c, (struct slice){ text, (size_t)n });
	return true;
}
