/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config.c - see config.h */
#include "config.h"
#include "cmdline.h"

/* Lines of their own. */
#define SWITCHES "cmdline-rules|next-boot|profile"
enum line_switch { CMDLINE_RULES, NEXT_BOOT, PROFILE };

#define E_TEXT "not a text character: write ASCII text"
#define E_ID "expected vendor:device, four hex digits or * each, like 1002:6608"
#define E_OPTION "unknown option: see vgapass.conf(5)"
#define E_VALUE "unknown value: see vgapass.conf(5)"
#define E_RESIZE "expected resize.bar0 to bar5, and a size like 256M or 8G"
#define E_TWICE "is given twice: keep one"
#define E_CLASS "expected display audio usb network storage serial, or 2, 4 or 6 hex digits"
#define E_ADDRESS "expected an address like 0000:01:00.0, 01:00.0 or 01:00.*"
#define E_PATH "expected a path like 00:01.0/00.0"
#define E_SERIAL "expected a serial number like 00-11-22-33-44-55-66-77"
#define E_NAME "expected a name: at most 63 letters, digits, - _ and ."
#define E_EXPECT "expected a number from 1 to 4096"
#define E_VFS "expected a number from 1 to 256"
#define E_VF "expected numbers below vfs=, like 0-2 or 0,3"
#define E_SHARED "vf= and driver=keep require vfs=, and with= and take= exclude it"
#define E_SECTION "expected [profile NAME] or [trial]"
#define E_RESERVED "reserved name: use another"
#define E_KEEP "has no effect in a keep rule: remove it"
#define E_ALL "names everything: add class=, subsystem= or a location"
#define E_ALONE "requires a line of its own"
#define E_LINK "is a link to something else: name an attribute of the function"
#define E_ATTR "is written by vgapass itself: remove it"
#define E_RULES "more than 256 rules"
#define E_FILES "more than 32 files"
#define E_PROFILES "more than 32 profiles"
#define E_ATTRS "more than 8 attributes in a rule"
#define E_NAMES "more than 16 KiB of names"

/* The state while a file is read. */
struct parser {
	struct config *c;
	struct slice rest; /* the part of the line that is still to be read */
	const char *where; /* where an error would be, if one is found now */
	const char *line;  /* start of the line, for columns */
	uint32_t set;      /* bit i: this line has given options[i] */
	struct place at;
	bool commas; /* words are separated by commas, not by blanks */
	struct rule *rule; /* what options are stored in */
	struct rule defaults;
};

void config_start(struct config *c)
{
	c->rules = c->files = c->profiles = c->errors = 0;
	c->cmdline_rules = c->next_boot = c->trial = c->asks_all = false;
	c->chosen = NULL;
	for (unsigned i = 0; i < CONFIG_NAMED / 64; i++)
		c->named[i] = 0;
	c->text_used = 0;
}

void config_fail(struct config *c, struct place at, const char *phrase)
{
	if (c->errors < CONFIG_ERRORS_MAX)
		c->error[c->errors] = (struct config_error){ at, phrase };
	c->errors++;
}

bool config_add_rule(struct config *c, const struct rule *r)
{
	unsigned bit = (r->vendor ^ r->device) % CONFIG_NAMED;

	if (c->rules == CONFIG_RULES_MAX)
		return false;
	c->rule[c->rules++] = *r;
	c->named[bit / 64] |= (uint64_t)1 << bit % 64;
	/* Any function may be in a group, or at a path. */
	if ((r->vendor | r->device) & PCI_ANY || r->with == WITH_GROUP || r->given & RULE_PATH)
		c->asks_all = true;
	c->trial |= r->profile == config_trial;
	return true;
}

void config_begin_trial(struct config *c)
{
	for (unsigned i = 0; i < c->rules; i++)
		if (c->rule[i].profile == config_trial)
			c->rule[i].profile = NULL;
}

/* Appends an error about p->where; does nothing if phrase is NULL. */
static void add_error(struct parser *p, const char *phrase)
{
	struct place at = p->at;

	at.column = (uint32_t)(p->where - p->line) + 1;
	if (phrase)
		config_fail(p->c, at, phrase);
}

/* Returns a NUL-terminated copy of s in c->text; NULL: no room. Equal texts share one copy. */
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
	bool more = c->files < CONFIG_FILES_MAX;
	const char *kept = more ? keep_text(c, slice_of(name)) : NULL;

	if (kept)
		c->file[c->files++] = kept;
	else
		config_fail(c, (struct place){ .file = "vgapass.conf.d" },
			    more ? E_NAMES : E_FILES);
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

/* --- the options of a rule. Each setter stores one and returns NULL, or the phrase of an
 * error. */

static const char *set_subsystem(struct parser *p, struct slice v)
{
	return pci_parse_id(v, &p->rule->subvendor, &p->rule->subdevice) ? NULL : E_ID;
}

#define CLASSES "audio=0401|display=03|usb=0c03|network=02|storage=01|serial=07"

static const char *set_class(struct parser *p, struct slice v)
{
	struct slice code;
	unsigned word = slice_find(v, slice_of(CLASSES), '|', &code);

	if (word != SLICE_NO_WORD)
		v = code;
	/* "audio" is 0401 and 0403: older sound cards, and High Definition Audio. */
	p->rule->class_open = word ? 0 : 0x000200;
	int64_t class = slice_digits(v, v.n);
	if (class < 0 || v.n % 2 || v.n > 6)
		return E_CLASS;
	p->rule->class = (uint32_t)class;
	p->rule->class_digits = (uint8_t)v.n;
	return NULL;
}

static const char *set_address(struct parser *p, struct slice v)
{
	p->rule->any_function = false;
	return pci_parse_address(v, &p->rule->address, &p->rule->any_function) ? NULL : E_ADDRESS;
}

static const char *set_path(struct parser *p, struct slice v)
{
	struct pci_path *path = &p->rule->path;
	const char *end = v.p + v.n;
	struct slice hop = slice_cut(&v, '/');
	struct pci_address at = { 0, 0, 0 };
	bool good = pci_parse_address(hop, &at, NULL);

	*path = (struct pci_path){ at.domain, at.bus, 1, { at.devfn } };
	while (good && hop.p + hop.n < end) {
		hop = slice_cut(&v, '/');
		good = path->hops < PCI_HOPS_MAX &&
		       pci_parse_devfn(hop, &path->hop[path->hops++], NULL);
	}
	return good ? NULL : E_PATH;
}

static const char *set_serial(struct parser *p, struct slice v)
{
	bool whole = v.n == 23;

	for (unsigned i = 0; i < 8; i++) {
		int64_t byte = slice_digits(slice_cut(&v, '-'), 2);
		whole &= byte >= 0;
		p->rule->serial = p->rule->serial << 8 | (uint8_t)byte;
	}
	return whole ? NULL : E_SERIAL;
}

static const char *set_driver(struct parser *p, struct slice v)
{
	struct slice name;

	if (!is_name(v))
		return E_NAME;
	/* These modules have other names than their drivers. */
	if (slice_find(v, slice_of("vfio_pci=vfio-pci|pci_stub=pci-stub"), '|', &name) !=
	    SLICE_NO_WORD)
		v = name;
	p->rule->driver = keep_text(p->c, v);
	return p->rule->driver ? NULL : E_NAMES;
}

/* "0-2,5"; parse_rule() looks at it, as vfs= may come behind it. */
static const char *set_vf(struct parser *p, struct slice v)
{
	p->rule->vf = keep_text(p->c, v);
	return p->rule->vf ? NULL : E_NAMES;
}

unsigned config_list_has(const char *list, unsigned end, unsigned i)
{
	const unsigned none = UINT32_MAX;
	unsigned first = none, n = none, has = 0;

	do {
		unsigned digit = (unsigned)(*list - '0');
		if (digit < 10) {
			n = n == none ? digit : 10 * n + digit;
			if (n >= end)
				return 2;
			continue;
		}
		if (n == none || (*list && *list != ',' && (*list != '-' || first != none)))
			return 2;
		if (first == none)
			first = n;
		if (*list != '-') {
			if (n < first)
				return 2;
			has |= first <= i && i <= n;
			first = none;
		}
		n = none;
	} while (*list++);
	return has;
}

struct option {
	char key[13];
	uint8_t narrows; /* enum rule_narrow; 0: says what to do with a function */
	uint8_t field;   /* the byte of struct rule that gets the number of the word; 0: none */
	uint8_t bits;    /* 0, or `field` has 16 bits and gets a number up to 1 << bits */
	union {
		const char *words; /* the values that it takes; field != 0 */
		const char *phrase; /* the error; bits != 0 */
		const char *(*set)(struct parser *p, struct slice v); /* field == 0 */
	};
};

#define ONE_OF(member, list) .words = (list), .field = offsetof(struct rule, member)
#define NUMBER(member, n, error) \
	.phrase = (error), .bits = (n), .field = offsetof(struct rule, member)

/* Every option. To add one, add a line here and its member to struct rule. */
static const struct option options[] = {
	{ "subsystem", RULE_SUBSYSTEM, .set = set_subsystem },
	{ "class", RULE_CLASS, .set = set_class },
	{ "address", RULE_ADDRESS, .set = set_address },
	{ "path", RULE_PATH, .set = set_path },
	{ "serial", RULE_SERIAL, .set = set_serial },
	{ "boot-display", RULE_BOOT_DISPLAY, ONE_OF(boot_display, "no|yes") },
	{ "with", 0, ONE_OF(with, "function|slot|group") },
	{ "iommu", 0, ONE_OF(iommu_ignore, "require|ignore") },
	{ "take", 0, ONE_OF(take_boot_display, "|boot-display") },
	{ "on-failure", 0, ONE_OF(hold, "release|hold") },
	{ "required", 0, ONE_OF(required, "no|yes") },
	{ "driver", 0, .set = set_driver },
	{ "expect", 0, NUMBER(expect, 12, E_EXPECT) },
	{ "vfs", 0, NUMBER(vfs, 8, E_VFS) },
	{ "vf", 0, .set = set_vf },
};

/* Bits of parser.set: the options that take what is not a virtual function. */
#define TAKES_ITSELF (1u << 6 | 1u << 8)

#define OPTIONS (sizeof(options) / sizeof(options[0]))
_Static_assert(OPTIONS <= 32, "parser.set has a bit for each");
_Static_assert(1 << 12 == PCI_FUNCTIONS_MAX && 1 << 8 == CONFIG_VFS_MAX, "as the phrases say");

static const char *set_number(struct parser *p, const struct option *o, struct slice v)
{
	uint64_t n = 0;

	slice_dec(v, (uint64_t)1 << o->bits, &n);
	((uint16_t *)p->rule)[o->field / 2] = (uint16_t)n;
	return n ? NULL : o->phrase;
}

const char *config_option(unsigned i, const char **words)
{
	if (i >= OPTIONS)
		return NULL;
	*words = options[i].set == set_class ? CLASSES :
		 options[i].field && !options[i].bits ? options[i].words : "";
	return options[i].key;
}

static const char *set_word(struct parser *p, const struct option *o, struct slice v)
{
	unsigned n = slice_word(v, o->words);

	if (!v.n || n == SLICE_NO_WORD)
		return E_VALUE;
	((uint8_t *)p->rule)[o->field] = (uint8_t)n;
	return NULL;
}

/* The name of an attribute, which may be in a directory of the function: power/control. Returns
 * NULL, or the phrase of the error. Links lead to drivers and to other functions. */
static const char *check_attr(struct slice rest)
{
	const char *end = rest.p + rest.n;
	struct slice part;

	if (rest.n > CONFIG_NAME_MAX)
		return E_NAME;
	for (;;) {
		part = slice_cut(&rest, '/');
		if (!is_name(part))
			return E_NAME;
		if (part.p + part.n == end)
			break;
		if (slice_word(part, "driver|subsystem|device|iommu|iommu_group|physfn|"
				     "firmware_node") != SLICE_NO_WORD ||
		    (part.n > 6 && slice_is((struct slice){ part.p, 6 }, "virtfn")))
			return E_LINK;
	}
	return slice_word(part, "driver_override|remove|rescan") != SLICE_NO_WORD ? E_ATTR : NULL;
}

/* attr.NAME=TEXT. The rule's own value replaces that of a defaults line. */
static const char *set_attr(struct parser *p, struct slice name, struct slice v)
{
	struct rule *r = p->rule;
	unsigned i = 0;

	const char *phrase = check_attr(name);
	if (phrase)
		return phrase;
	if (!v.n || v.n > CONFIG_NAME_MAX)
		return E_VALUE;
	const char *key = keep_text(p->c, name), *value = keep_text(p->c, v);
	while (i < r->attrs && r->attr[i].name != key)
		i++;
	if (!key || !value)
		return E_NAMES;
	if (i == CONFIG_ATTRS_MAX)
		return E_ATTRS;
	r->attr[i] = (struct rule_attr){ key, value };
	if (i == r->attrs)
		r->attrs++;
	return NULL;
}

/* resize.barN=SIZE, stored as attr.resourceN_resize=n for 2^n MiB (drivers/pci/pci-sysfs.c,
 * __resource_resize_store()). */
static const char *set_resize(struct parser *p, struct slice bar, struct slice v)
{
	unsigned i = slice_word(bar, "bar0|bar1|bar2|bar3|bar4|bar5");
	unsigned n = slice_word(v, "1M|2M|4M|8M|16M|32M|64M|128M|256M|512M|"
				   "1G|2G|4G|8G|16G|32G|64G|128G|256G|512G");
	char name[32], size[4];

	if ((i | n) == SLICE_NO_WORD)
		return E_RESIZE;
	return set_attr(p, slice_of(text_make(name, sizeof(name), "resource%u_resize", i)),
			slice_of(text_make(size, sizeof(size), "%u", n)));
}

/* Reads one option. Returns NULL, or the phrase of its error. */
static const char *parse_option(struct parser *p, struct slice value)
{
	struct rule *r = p->rule;
	struct slice key = slice_cut(&value, '='), name = key;

	p->where = key.p;
	/* parse_line() reads it on a line of its own. */
	if (slice_word(key, SWITCHES) != SLICE_NO_WORD)
		return E_ALONE;
	unsigned writes = slice_word(slice_cut(&name, '.'), "attr|resize");
	if (writes != SLICE_NO_WORD) {
		p->where = name.p;
		return r->keep ? E_KEEP : writes ? set_resize(p, name, value) :
						   set_attr(p, name, value);
	}
	unsigned i = 0;
	while (i < OPTIONS && !slice_is(key, options[i].key))
		i++;
	if (i == OPTIONS)
		return E_OPTION;
	const struct option *o = &options[i];
	uint32_t bit = (uint32_t)1 << i;
	if (p->set & bit)
		return E_TWICE;
	if (r->keep && !o->narrows)
		return E_KEEP;
	p->set |= bit;
	r->given |= o->narrows;
	p->where = value.p;
	return o->bits ? set_number(p, o, value) : o->field ? set_word(p, o, value) :
							      o->set(p, value);
}

/* Returns the next word of the line; empty at its end. */
static struct slice next_word(struct parser *p)
{
	struct slice word;

	if (!p->commas)
		return slice_next(&p->rest, '\0');
	do
		word = slice_cut(&p->rest, ',');
	while (!word.n && p->rest.n);
	return word;
}

static const char *parse_options(struct parser *p, struct rule *r)
{
	const char *phrase = NULL;
	struct slice word;

	p->set = 0;
	p->rule = r;
	while (!phrase && (word = next_word(p)).n)
		phrase = parse_option(p, word);
	return phrase;
}

static const char *parse_rule(struct parser *p, struct slice word)
{
	struct config *c = p->c;
	struct rule r = p->defaults;
	const char *start = word.p;

	r.at = p->at;
	if (slice_is(word, "keep")) {
		word = next_word(p);
		/* A keep rule takes nothing, so what a defaults line says about taking is
		 * dropped. */
		r.keep = 1;
		r.with = WITH_FUNCTION;
		r.expect = 0;
		r.required = 0;
	}
	p->where = word.p;
	if (!pci_parse_id(word, &r.vendor, &r.device))
		return E_ID;
	const char *phrase = parse_options(p, &r);
	if (phrase)
		return phrase;
	p->where = word.p;
	uint32_t narrows = r.given & ~(uint32_t)RULE_BOOT_DISPLAY;
	if (r.subvendor & r.subdevice & PCI_ANY)
		narrows &= ~(uint32_t)RULE_SUBSYSTEM;
	if (r.vendor & r.device & PCI_ANY && !r.keep && !narrows)
		return E_ALL;
	/* A with= or take= of a defaults line means the rules without vfs=. */
	if (!r.keep && (r.vfs ? p->set & TAKES_ITSELF :
				r.vf || slice_is(slice_of(r.driver), CONFIG_DRIVER_KEEP)))
		return E_SHARED;
	if (r.vfs && r.vf && config_list_has(r.vf, r.vfs, 0) > 1)
		return E_VF;
	p->where = start;
	return config_add_rule(c, &r) ? NULL : E_RULES;
}

const char config_auto[] = CONFIG_DRIVER_AUTO;
const char config_trial[] = TRIAL_WORD;

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

#define RESERVED MODE_WORDS "|" TRIAL_WORD

/* Reads the rest of "[profile NAME]". The same name may be in several places: it is one
 * profile. */
static const char *parse_section(struct parser *p)
{
	struct config *c = p->c;
	struct slice behind = p->rest;
	bool closed = slice_has(behind, ']');

	p->rest = slice_cut(&behind, ']');
	struct slice keyword = next_word(p), name = next_word(p);
	p->where = keyword.p;
	closed = closed && !next_word(p).n && !slice_next(&behind, '\0').n;
	unsigned own = slice_word(keyword, CONFIG_DRIVER_AUTO "|" TRIAL_WORD);
	if (closed && !name.n && own != SLICE_NO_WORD) {
		start_defaults(p, own ? config_trial : config_auto);
		return NULL;
	}
	if (!closed || !slice_is(keyword, "profile"))
		return E_SECTION;
	p->where = name.p;
	if (!is_name(name))
		return E_NAME;
	if (slice_word(name, RESERVED) != SLICE_NO_WORD)
		return E_RESERVED;
	const char *profile = config_find_profile(c, name);
	if (!profile) {
		if (c->profiles == CONFIG_PROFILES_MAX)
			return E_PROFILES;
		profile = keep_text(c, name);
		if (!profile)
			return E_NAMES;
		c->profile[c->profiles++] = profile;
	}
	start_defaults(p, profile);
	return NULL;
}

static const char *parse_defaults(struct parser *p)
{
	struct rule defaults = p->defaults;
	const char *phrase = parse_options(p, &defaults);

	if (!phrase)
		p->defaults = defaults;
	return phrase;
}

/* Reads the value of a switch. */
static const char *parse_switch(struct parser *p, enum line_switch which, struct slice value)
{
	struct config *c = p->c;
	const char *start = p->where;
	unsigned yes = slice_word(value, "no|yes");

	p->where = value.p;
	if (which == PROFILE) {
		if (!is_name(value))
			return E_NAME;
		if (slice_word(value, RESERVED) != SLICE_NO_WORD)
			return E_RESERVED;
		c->chosen = keep_text(c, value);
		if (!c->chosen)
			return E_NAMES;
	} else if (yes == SLICE_NO_WORD) {
		return E_VALUE;
	} else if (which == NEXT_BOOT) {
		c->next_boot = yes;
	} else {
		c->cmdline_rules = yes;
	}
	p->where = start;
	return next_word(p).n ? E_ALONE : NULL;
}

/* Reads a line without its comment. Returns NULL, or the phrase of its error at p->where. */
static const char *parse_line(struct parser *p)
{
	struct slice line = p->rest, word = next_word(p);
	struct slice value = word;
	unsigned which = slice_word(slice_cut(&value, '='), SWITCHES);

	p->where = word.p;
	if (!word.n)
		return NULL;
	if (*word.p == '[') {
		p->rest.n += (size_t)(p->rest.p - word.p) - 1;
		p->rest.p = word.p + 1;
		return parse_section(p);
	}
	if (which != SLICE_NO_WORD)
		return parse_switch(p, which, value);
	if (slice_has(word, '=')) {
		p->rest = line;
		return parse_defaults(p);
	}
	return parse_rule(p, word);
}

/* Returns false if the rest of the line is not text. A CR at its end is white space, for files
 * from other systems. */
static bool check_text(struct parser *p)
{
	struct slice s = p->rest;

	if (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	for (; s.n; s.p++, s.n--) {
		unsigned char c = (unsigned char)*s.p;
		p->where = s.p;
		if ((c < ' ' && c != '\t') || c >= 0x7f)
			return false;
	}
	return true;
}

void config_parse(struct config *c, const char *file, const char *text, size_t n)
{
	struct parser p = { .c = c, .at = { .file = file } };
	struct slice rest = { text, n };

	start_defaults(&p, NULL);
	do {
		struct slice line = slice_cut(&rest, '\n');
		p.line = line.p;
		p.at.line++;
		p.rest = slice_cut(&line, '#');
		add_error(&p, check_text(&p) ? parse_line(&p) : E_TEXT);
	} while (rest.n);
}

void config_parse_ids(struct config *c, const char *file, struct slice ids, uint32_t column)
{
	struct parser p = { .c = c, .line = ids.p - (column - 1), .at = { file, 1, 0 } };

	start_defaults(&p, NULL);
	do {
		struct slice id = slice_cut(&ids, ',');
		/* No option can follow an ID. */
		p.rest = (struct slice){ id.p + id.n, 0 };
		add_error(&p, parse_rule(&p, id));
	} while (ids.n);
}

void config_parse_rule(struct config *c, const char *file, struct slice rule, uint32_t column)
{
	struct parser p = { .c = c, .line = rule.p - (column - 1), .at = { file, 1, 0 },
			    .rest = rule, .commas = !slice_has(rule, ' ') };

	start_defaults(&p, NULL);
	add_error(&p, check_text(&p) ? parse_rule(&p, next_word(&p)) : E_TEXT);
}
