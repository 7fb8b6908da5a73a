/* config.c - see config.h */
#include "config.h"
#include "cmdline.h"

#define E_TEXT "not a text character: write plain text"
#define E_ID "expected vendor:device, four hex digits or * each, like 1002:6608"
#define E_OPTION "unknown option: vgapass.conf(5) lists all"
#define E_VALUE "not a value of this option: vgapass.conf(5) lists them"
#define E_TWICE "option given twice: keep one"
#define E_CLASS "expected 2, 4 or 6 hex digits, or display audio usb network storage serial"
#define E_ADDRESS "expected an address like 0000:01:00.0, 01:00.0 or 01:00.*"
#define E_PATH "expected a path like 00:01.0/00.0"
#define E_SERIAL "expected a serial number like 00-11-22-33-44-55-66-77"
#define E_NAME "expected a name: at most 63 letters, digits, - _ and ."
#define E_EXPECT "expected a number from 1 to 4096"
#define E_SECTION "expected [profile NAME]"
#define E_RESERVED "on, off and dry-run cannot be profiles: use another name"
#define E_KEEP "a keep rule takes nothing, so this does nothing: remove it"
#define E_ALL "*:* names everything: add class=, subsystem= or a location"
#define E_ALONE "cmdline-ids= wants a line of its own"
#define E_LATER "not supported yet: remove it"
#define E_ATTR "vgapass writes this attribute itself: remove it"
#define E_FULL                                                                      \
	"too much: 256 rules, 32 files, 32 profiles, 8 attr. a rule and 16 KiB of " \
	"names are the limit"

/* What is known while a file is read. */
struct parser {
	struct config *c;
	struct place at;
	const char *line; /* start of it, for columns */
	uint32_t set;     /* bits of options[] that this line has given */
	struct rule defaults;
};

void config_start(struct config *c)
{
	c->rules = c->files = c->profiles = c->errors = 0;
	c->cmdline_ids = false;
	c->text_used = 0;
}

void config_fail(struct config *c, struct place at, const char *phrase)
{
	if (c->errors < CONFIG_ERRORS_MAX)
		c->error[c->errors] = (struct config_error){ at, phrase };
	c->errors++;
}

static void fail(struct parser *p, const char *where, const char *phrase)
{
	struct place at = p->at;

	at.column = (uint32_t)(where - p->line) + 1;
	config_fail(p->c, at, phrase);
}

/* A copy of s that stays, NUL-terminated; NULL: no room. The same text is kept once. */
static const char *keep_text(struct config *c, struct slice s)
{
	char *to = c->text, *end = c->text + c->text_used;

	while (to < end) {
		struct slice old = slice_of(to);
		if (slice_equal(old, s))
			return to;
		to += old.n + 1;
	}
	if (s.n + 1 > CONFIG_TEXT_MAX - c->text_used)
		return NULL;
	c->text_used += (uint32_t)s.n + 1;
	for (size_t i = 0; i < s.n; i++)
		to[i] = s.p[i];
	to[s.n] = '\0';
	return to;
}

const char *config_add_file(struct config *c, const char *name)
{
	const char *kept = c->files < CONFIG_FILES_MAX ? keep_text(c, slice_of(name)) : NULL;

	if (kept)
		c->file[c->files++] = kept;
	else
		config_fail(c, (struct place){ .file = "vgapass.conf.d" }, E_FULL);
	return kept;
}

static bool is_name(struct slice s)
{
	if (!s.n || s.n > CONFIG_NAME_MAX || s.p[0] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((unsigned)(c - '0') > 9 && (unsigned)((c | 32) - 'a') > 25 && c != '-' &&
		    c != '_' && c != '.')
			return false;
	}
	return true;
}

static const char *set_class(struct rule *r, struct slice v)
{
	/* "word=code" */
	struct slice names = slice_of("display=03 audio=0403 usb=0c03 network=02 storage=01 "
				      "serial=07");
	uint64_t code;

	while (names.n) {
		struct slice name_code = slice_cut(&names, ' ');
		if (slice_equal(slice_cut(&name_code, '='), v))
			v = name_code;
	}
	if ((v.n != 2 && v.n != 4 && v.n != 6) || !slice_hex(v, 0xffffff, &code))
		return E_CLASS;
	r->class = (uint32_t)code;
	r->class_digits = (uint8_t)v.n;
	return NULL;
}

static const char *set_path(struct rule *r, struct slice v)
{
	struct pci_address root;
	bool more = slice_has(v, '/');

	if (!pci_parse_address(slice_cut(&v, '/'), &root, NULL))
		return E_PATH;
	r->path = (struct pci_path){ root.domain, root.bus, 1, { root.devfn } };
	while (more) {
		more = slice_has(v, '/');
		if (r->path.hops == PCI_HOPS_MAX ||
		    !pci_parse_devfn(slice_cut(&v, '/'), &r->path.hop[r->path.hops++], NULL))
			return E_PATH;
	}
	return NULL;
}

static const char *set_serial(struct rule *r, struct slice v)
{
	uint64_t serial = 0, byte;

	if (v.n != 23)
		return E_SERIAL;
	for (unsigned i = 0; i < 8; i++) {
		struct slice pair = slice_cut(&v, '-');
		if (pair.n != 2 || !slice_hex(pair, 0xff, &byte))
			return E_SERIAL;
		serial = serial << 8 | byte;
	}
	r->serial = serial;
	return NULL;
}

static const char *set_driver(struct parser *p, struct rule *r, struct slice v)
{
	if (slice_is(v, "auto"))
		return E_LATER;
	if (!is_name(v))
		return E_NAME;
	r->driver = keep_text(p->c, v);
	return r->driver ? NULL : E_FULL;
}

enum kind { SUBSYSTEM, CLASS, ADDRESS, PATH, SERIAL, DRIVER, EXPECT, LATER, ALONE, WORD };

/* What each of the words in KEYS takes. A WORD is stored as its number in `words`, in the
 * byte of the rule at `field`. */
#define KEYS                                                                            \
	"subsystem|class|address|path|serial|driver|expect|vfs|cmdline-ids|boot-display|" \
	"with|iommu|take|on-failure|required"

static const struct option {
	uint8_t kind;
	uint8_t narrows; /* enum rule_narrow; 0: says what to do */
	uint8_t field;
	char words[21];
} options[] = {
	{ SUBSYSTEM, RULE_SUBSYSTEM, 0, "" },
	{ CLASS, RULE_CLASS, 0, "" },
	{ ADDRESS, RULE_ADDRESS, 0, "" },
	{ PATH, RULE_PATH, 0, "" },
	{ SERIAL, RULE_SERIAL, 0, "" },
	{ DRIVER, 0, 0, "" },
	{ EXPECT, 0, 0, "" },
	{ LATER, 0, 0, "" },
	{ ALONE, 0, 0, "" },
	{ WORD, RULE_BOOT_DISPLAY, offsetof(struct rule, boot_display), "no|yes" },
	{ WORD, 0, offsetof(struct rule, with), "function|slot|group" },
	{ WORD, 0, offsetof(struct rule, iommu_ignore), "require|ignore" },
	{ WORD, 0, offsetof(struct rule, take_boot_display), "|boot-display" },
	{ WORD, 0, offsetof(struct rule, hold), "release|hold" },
	{ WORD, 0, offsetof(struct rule, required), "no|yes" },
};

_Static_assert(offsetof(struct rule, attrs) < 256, "option.field is a byte");

/* Stores the value of an option. NULL, or the phrase of its error. */
static const char *set_option(struct parser *p, const struct option *o, struct rule *r,
			      struct slice v)
{
	uint64_t n;

	switch (o->kind) {
	case SUBSYSTEM:
		return pci_parse_id(v, &r->subvendor, &r->subdevice) ? NULL : E_ID;
	case CLASS:
		return set_class(r, v);
	case ADDRESS:
		r->any_function = false;
		return pci_parse_address(v, &r->address, &r->any_function) ? NULL : E_ADDRESS;
	case PATH:
		return set_path(r, v);
	case SERIAL:
		return set_serial(r, v);
	case DRIVER:
		return set_driver(p, r, v);
	case EXPECT:
		if (!slice_dec(v, PCI_FUNCTIONS_MAX, &n) || !n)
			return E_EXPECT;
		r->expect = (uint16_t)n;
		return NULL;
	case LATER:
		return E_LATER;
	case ALONE:
		return E_ALONE;
	}
	n = slice_word(v, o->words);
	if (!v.n || n == SLICE_NO_WORD)
		return E_VALUE;
	((uint8_t *)r)[o->field] = (uint8_t)n;
	return NULL;
}

/* attr.NAME=TEXT. A rule's own value replaces one of its defaults line. */
static const char *set_attr(struct parser *p, struct rule *r, struct slice name, struct slice v)
{
	unsigned i = 0;

	if (!is_name(name))
		return E_NAME;
	if (slice_word(name, "driver_override|remove|rescan") != SLICE_NO_WORD)
		return E_ATTR;
	if (!v.n || v.n > CONFIG_NAME_MAX)
		return E_VALUE;
	const char *key = keep_text(p->c, name), *value = keep_text(p->c, v);
	while (i < r->attrs && r->attr[i].name != key)
		i++;
	if (!key || !value || i == CONFIG_ATTRS_MAX)
		return E_FULL;
	r->attr[i] = (struct rule_attr){ key, value };
	if (i == r->attrs)
		r->attrs++;
	return NULL;
}

/* One option. The phrase of its error, and in *where the character that it is about. */
static const char *parse_option(struct parser *p, struct rule *r, struct slice word,
				const char **where)
{
	struct slice value = word, key = slice_cut(&value, '='), name = key;

	*where = key.p;
	if (slice_is(slice_cut(&name, '.'), "attr")) {
		*where = name.p;
		return r->keep ? E_KEEP : set_attr(p, r, name, value);
	}
	unsigned i = slice_word(key, KEYS);
	const struct option *o = &options[i];
	if (i == SLICE_NO_WORD)
		return E_OPTION;
	if (p->set & 1u << i)
		return E_TWICE;
	if (r->keep && !o->narrows)
		return E_KEEP;
	p->set |= 1u << i;
	r->given |= o->narrows;
	*where = value.p;
	return set_option(p, o, r, value);
}

/* The next word of the line; empty at its end. */
static struct slice next_word(struct slice *line)
{
	while (line->n && (*line->p == ' ' || *line->p == '\t'))
		line->p++, line->n--;
	struct slice word = { line->p, 0 };
	while (line->n && *line->p != ' ' && *line->p != '\t')
		line->p++, line->n--, word.n++;
	return word;
}

static bool parse_options(struct parser *p, struct rule *r, struct slice line)
{
	const char *where, *phrase;
	struct slice word;

	for (p->set = 0; (word = next_word(&line)).n;) {
		phrase = parse_option(p, r, word, &where);
		if (phrase) {
			fail(p, where, phrase);
			return false;
		}
	}
	return true;
}

static void parse_rule(struct parser *p, struct slice word, struct slice line)
{
	struct rule r = p->defaults;
	const char *start = word.p;

	r.at = p->at;
	if (slice_is(word, "keep")) {
		word = next_word(&line);
		/* What a defaults line says to do is nothing to a rule that does nothing. */
		r.keep = 1;
		r.with = WITH_FUNCTION;
		r.expect = 0;
		r.required = 0;
	}
	if (!pci_parse_id(word, &r.vendor, &r.device)) {
		fail(p, word.p, E_ID);
		return;
	}
	if (!parse_options(p, &r, line))
		return;
	if (r.vendor == PCI_ANY && r.device == PCI_ANY && !r.keep &&
	    !(r.given & ~(uint32_t)RULE_BOOT_DISPLAY))
		fail(p, word.p, E_ALL);
	else if (p->c->rules == CONFIG_RULES_MAX)
		fail(p, start, E_FULL);
	else
		p->c->rule[p->c->rules++] = r;
}

static void start_defaults(struct parser *p, const char *profile)
{
	p->defaults = (struct rule){ .profile = profile, .driver = "vfio-pci" };
}

const char *config_find_profile(const struct config *c, struct slice name)
{
	for (unsigned i = 0; i < c->profiles; i++)
		if (slice_is(name, c->profile[i]))
			return c->profile[i];
	return NULL;
}

/* "[profile NAME]": the same name in several places is one profile. */
static void parse_section(struct parser *p, struct slice line)
{
	struct config *c = p->c;
	bool closed = slice_has(line, ']');
	struct slice inside = slice_cut(&line, ']');

	inside.p++, inside.n--;
	struct slice keyword = next_word(&inside), name = next_word(&inside);
	if (!closed || !slice_is(keyword, "profile") || next_word(&inside).n ||
	    next_word(&line).n) {
		fail(p, keyword.p, E_SECTION);
		return;
	}
	if (!is_name(name)) {
		fail(p, name.p, E_NAME);
		return;
	}
	if (slice_word(name, MODE_WORDS) != SLICE_NO_WORD) {
		fail(p, name.p, E_RESERVED);
		return;
	}
	const char *profile = config_find_profile(c, name);
	if (!profile) {
		profile = c->profiles < CONFIG_PROFILES_MAX ? keep_text(c, name) : NULL;
		if (!profile) {
			fail(p, name.p, E_FULL);
			return;
		}
		c->profile[c->profiles++] = profile;
	}
	start_defaults(p, profile);
}

static void parse_line(struct parser *p, struct slice line)
{
	struct slice rest = line, word = next_word(&rest);
	unsigned yes = slice_word(word, "cmdline-ids=no|cmdline-ids=yes");

	if (!word.n)
		return;
	if (word.p[0] == '[') {
		word.n += rest.n;
		parse_section(p, word);
	} else if (yes != SLICE_NO_WORD) {
		if (next_word(&rest).n)
			fail(p, word.p, E_ALONE);
		p->c->cmdline_ids = yes;
	} else if (slice_has(word, '=')) {
		struct rule defaults = p->defaults;
		if (parse_options(p, &defaults, line))
			p->defaults = defaults;
	} else {
		parse_rule(p, word, rest);
	}
}

/* Cuts the comment off. False: what is left is not text. A CR before the end of the line is
 * white space: files come from other systems too. */
static bool trim_line(struct parser *p, struct slice *line)
{
	*line = slice_cut(line, '#');
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	for (size_t i = 0; i < line->n; i++) {
		unsigned char c = (unsigned char)line->p[i];
		if ((c < ' ' && c != '\t') || c >= 0x7f) {
			fail(p, line->p + i, E_TEXT);
			return false;
		}
	}
	return true;
}

void config_parse(struct config *c, const char *file, const char *text, size_t n)
{
	struct parser p = { .c = c, .at = { .file = file } };
	struct slice rest = { text, n };

	start_defaults(&p, NULL);
	while (rest.n) {
		struct slice line = slice_cut(&rest, '\n');
		p.line = line.p;
		p.at.line++;
		if (trim_line(&p, &line))
			parse_line(&p, line);
	}
}

void config_parse_ids(struct config *c, const char *file, struct slice ids, uint32_t column)
{
	struct parser p = { .c = c, .at = { .file = file, .line = 1 } };

	p.line = ids.p - (column - 1);
	start_defaults(&p, NULL);
	do {
		struct slice id = slice_cut(&ids, ',');
		parse_rule(&p, id, (struct slice){ id.p + id.n, 0 });
	} while (ids.n);
}
