/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config.h - the configuration language: text in, rules out.
 *
 *     line      = [ rule | defaults | section | switch ] [ "#" comment ]
 *     rule      = [ "keep" ] id { option }
 *     defaults  = option { option }             for the rules below, up to the next section
 *     section   = "[profile " name "]"          its rules hold when that profile is chosen
 *               | "[auto]"                      its rules take nothing, but say what driver=auto is
 *               | "[trial]"                     its rules hold in a trial boot (token.h)
 *     switch    = "cmdline-rules=" ( "yes" | "no" )
 *               | "next-boot=" ( "yes" | "no" )
 *               | "profile=" name             the profile of boots that choose none
 *     id        = vendor ":" device             four hex digits each, or "*"
 *     option    = key "=" value
 *
 * Pure. vgapass.conf(5) is the language as users read it.
 */
#pragma once

#include "pci.h"
#include "text.h"

#define CONFIG_RULES_MAX 256
#define CONFIG_FILES_MAX 32
#define CONFIG_PROFILES_MAX 32
#define CONFIG_ERRORS_MAX 16   /* errors kept with their place; more are counted */
#define CONFIG_ATTRS_MAX 8     /* attr.NAME options of one rule */
#define CONFIG_FILE_MAX 65536  /* bytes of one file */
#define CONFIG_TEXT_MAX 16384  /* bytes of all names and attribute values together */
#define CONFIG_NAME_MAX 63     /* bytes of a driver's, attribute's or profile's name */
#define CONFIG_VFS_MAX 256     /* virtual functions of one function; vfs= */
#define CONFIG_NAMED 8192      /* bits of config.named */

struct config_error {
	struct place at;
	const char *phrase; /* one of a fixed set: what is wrong and what to write */
};

/* The options that narrow a rule, as bits of rule.given. A rule that gives one matches fewer
 * functions; all that it gives must agree. */
enum rule_narrow {
	RULE_SUBSYSTEM = 1 << 0,
	RULE_CLASS = 1 << 1,
	RULE_ADDRESS = 1 << 2,
	RULE_PATH = 1 << 3,
	RULE_SERIAL = 1 << 4,
	RULE_BOOT_DISPLAY = 1 << 5,
	RULE_LOCATION = RULE_ADDRESS | RULE_PATH | RULE_SERIAL,
};

enum rule_with { WITH_FUNCTION, WITH_SLOT, WITH_GROUP };

struct rule_attr {
	const char *name, *value;
};

struct rule {
	struct place at;
	const char *driver;
	const char *profile;           /* NULL: always holds */
	const char *vf;                /* "0-2,5": these virtual functions; NULL: all of them */
	uint32_t vendor, device;       /* or PCI_ANY */
	uint32_t subvendor, subdevice; /* or PCI_ANY */
	uint32_t given;                /* enum rule_narrow: which of these options the rule has */
	uint32_t class;                /* the first class_digits hex digits of a class code */
	uint32_t class_open;           /* bits of a class code that may be 1 or 0 */
	struct pci_address address;
	struct pci_path path;
	uint64_t serial;
	uint16_t expect;      /* 0: any number */
	uint16_t vfs;         /* so many virtual functions; 0: the function itself is taken */
	uint8_t class_digits; /* 2, 4 or 6 */
	bool any_function;    /* address=01:00.* */
	uint8_t boot_display; /* 0 no, 1 yes */
	uint8_t keep;         /* 1: never take what matches */
	uint8_t with;         /* enum rule_with */
	uint8_t iommu_ignore;
	uint8_t take_boot_display;
	uint8_t hold; /* on-failure=hold */
	uint8_t required;
	uint8_t attrs;
	struct rule_attr attr[CONFIG_ATTRS_MAX];
};

/* Values of driver= that are not a driver. AUTO: the best one that gives the function to guests.
 * KEEP, only with vfs=: no driver is to have the virtual functions. */
#define CONFIG_DRIVER_AUTO "auto"
#define CONFIG_DRIVER_KEEP "keep"

/* rule.profile of the rules of [auto] and of [trial]. No vgapass= chooses them. */
extern const char config_auto[], config_trial[];

struct config {
	unsigned rules, files, profiles;
	unsigned errors; /* all are counted, up to CONFIG_ERRORS_MAX are kept */
	bool cmdline_rules;
	bool next_boot;      /* boots look for a token, see config_wants_token() */
	bool trial;          /* a rule of [trial] was read */
	const char *chosen;  /* profile=NAME; NULL: none */
	/* For config_may_ask(). A bit of `named` stands for all IDs with the same hash. */
	bool asks_all; /* some rule may be about any function */
	uint64_t named[CONFIG_NAMED / 64]; /* a set bit: a rule may name such an ID */
	struct rule rule[CONFIG_RULES_MAX];
	struct config_error error[CONFIG_ERRORS_MAX];
	const char *file[CONFIG_FILES_MAX];
	const char *profile[CONFIG_PROFILES_MAX];
	uint32_t text_used;
	char text[CONFIG_TEXT_MAX]; /* all names and values; the pointers above point here */
};

/* Makes c an empty configuration. */
void config_start(struct config *c);

/* Adds a file by the name that messages show ("vgapass.conf.d/10-gpu.conf"). Returns the copy of
 * the name that is kept. NULL if there is no room, which is also an error of the
 * configuration. */
const char *config_add_file(struct config *c, const char *name);

/* Adds the rules of a file's text. Reads every line, even after one with an error; appends the
 * errors to c->error. If there is any error, no rule holds. */
void config_parse(struct config *c, const char *file, const char *text, size_t n);

/* Adds the rules of vgapass.ids=: IDs separated by commas, with default options. `column` is
 * where the first one stands in the kernel command line. */
void config_parse_ids(struct config *c, const char *file, struct slice ids, uint32_t column);

/* Adds the rule of one vgapass.rule=, which is at `column` of the kernel command line. Commas
 * separate its words; in a rule with a space, which had to be quoted there, spaces do. */
void config_parse_rule(struct config *c, const char *file, struct slice rule, uint32_t column);

/* Returns false if no rule can be about a function with this ID; true: perhaps. For most
 * functions this is the only question, so their cost does not depend on the number of rules. */
static inline bool config_may_ask(const struct config *c, unsigned vendor, unsigned device)
{
	unsigned bit = (vendor ^ device) % CONFIG_NAMED;

	return c->asks_all || c->named[bit / 64] >> bit % 64 & 1;
}

/* Appends a rule. Returns false if there is no room. */
bool config_add_rule(struct config *c, const struct rule *r);

/* Appends an error with a fixed phrase. */
void config_fail(struct config *c, struct place at, const char *phrase);

/* Returns the name of option i, NULL: there are no more; *words gets the words that it can be, as
 * "no|yes" or with values as "display=03|usb=0c03"; "": it is no word. For messages. */
const char *config_option(unsigned i, const char **words);
/* Returns whether the list "0-2,5" has the number i: 0 or 1; 2: it is no list of numbers below
 * `end`. */
unsigned config_list_has(const char *list, unsigned end, unsigned i);

/* Returns true if the rule takes virtual function i of what it names. */
static inline bool config_takes_vf(const struct rule *r, unsigned i)
{
	return !r->vf || config_list_has(r->vf, r->vfs, i);
}

/* Returns true if a boot with this configuration looks for a token (token.h). */
static inline bool config_wants_token(const struct config *c)
{
	return c->next_boot || c->trial;
}

/* Makes the rules of [trial] ordinary ones, which hold. */
void config_begin_trial(struct config *c);

/* Returns the profile as rule.profile has it; NULL: no such profile. */
const char *config_find_profile(const struct config *c, struct slice name);
