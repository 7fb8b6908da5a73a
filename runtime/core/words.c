/* SPDX-License-Identifier: GPL-2.0-or-later */
/* words.c - see words.h */
#include "words.h"

#include <errno.h>

const char *state_word(enum function_state s)
{
	static const char words[][8] = {
		[STATE_NONE] = "none", [STATE_PLANNED] = "bind", [STATE_REFUSED] = "refused",
		[STATE_KEPT] = "keep", [STATE_BOUND] = "bound", [STATE_FAILED] = "failed",
		[STATE_SHARED] = "shared", [STATE_HELD] = "held",
	};

	return words[s];
}

const char *mode_word(enum run_mode m)
{
	return m == MODE_OFF ? "off" : m == MODE_DRY_RUN ? "dry-run" : "on";
}

struct slice reason_code(enum reason reason)
{
	/* in the order of enum reason */
	const char *codes = "|keep|bridge|no-group|boot-display|identity|several|stranger|expect|"
			    "vfs|no-driver|override|attr|in-use|unbind|probe|hang|gone";

	return slice_nth(slice_of(codes), '|', reason);
}

/* e: f's entry in the plan that the answer is about. */
static bool is_beside_display(const struct run *r, const struct pci_function *f,
			      const struct plan_entry *e)
{
	const struct plan_entry *entries = e - (f - r->inv.function);

	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct pci_function *g = &r->inv.function[i];
		if (g->boot_display && pci_same_slot(&g->at, &f->at) &&
		    entries[i].state != STATE_PLANNED)
			return true;
	}
	return false;
}

/* sizes: those that a BAR can have, whose attribute is "resourceN_resize"; "": it is another
 * attribute. */
static void add_attr(struct text *t, const char *name, const char *sizes)
{
	if (*sizes)
		text_add(t, "BAR %x can be%s: correct its size", (unsigned)name[8] - '0', sizes);
	else
		text_add(t, "attr.%s was not written: change or remove it", name);
}

void words_reason(struct text *t, const struct run *r, const struct pci_function *f,
		      const struct plan_entry *e)
{
	/* In the order of enum reason. Those that are empty have arguments: see the cases below. */
	const char *phrases =
		"|a keep rule matches it"
		"|a bridge is never taken: narrow the rule with class="
		"|" /* REASON_NO_GROUP */
		"|the boot display: write take=boot-display to allow it"
		"|" /* REASON_IDENTITY */
		"|its ID matches several network controllers: write address=, path=, serial= or "
		"expect=N"
		"||||" /* from REASON_STRANGER on */
		"|driver_override was not written"
		"|||||" /* from REASON_ATTR on */
		"|the function is gone";
	const struct outcome *o = &r->outcome[f - r->inv.function];
	/* in the order of enum apply_step */
	const char *steps = "loading modules|driver_override|writing an attribute|"
			    "unbinding it|binding it";
	struct slice phrase, step = slice_nth(slice_of(steps), '|', o->step);
	const struct rule *rule = e->rule;
	enum reason reason = o->reason ? o->reason : e->reason;

	switch (reason) {
	case REASON_NO_GROUP:
		/* The command says more: cli/machine/iommu.c. */
		text_add(t, "no IOMMU group: see vgapass check iommu");
		break;
	case REASON_STRANGER:
		text_add(t, "%s", is_beside_display(r, f, e) ?
			 "beside the boot display, which the host keeps" :
			 "not part of the card: write a rule for it");
		break;
	case REASON_IDENTITY:
		text_add(t, "%s: write path=%pr beside its ID",
			 rule->given & RULE_SERIAL ? "its serial number does not identify it" :
						     "a storage, SD or USB controller",
			 &f->identity->path);
		break;
	case REASON_EXPECT:
		text_add(t, "expect=%u, but the rule matches %u: correct or narrow it",
			 rule->expect, e->matched);
		break;
	case REASON_VFS:
		if (*o->detail)
			text_add(t, "%s", o->detail);
		else
			text_add(t, "vfs=%u, but it can have %u: correct vfs=", rule->vfs, f->vfs);
		break;
	case REASON_NO_DRIVER:
		text_add(t, "driver %s not found: rebuild the boot image",
			 plan_driver(&r->config, rule, f));
		break;
	case REASON_ATTR:
		add_attr(t, rule->attr[o->attr].name, o->detail);
		break;
	case REASON_IN_USE:
		text_add(t, "%s on it is in use: free it, or remove the rule", o->detail);
		break;
	case REASON_UNBIND:
		text_add(t, "driver %s did not release it", f->driver);
		break;
	case REASON_PROBE:
		text_add(t, "driver %s did not accept it: see the kernel log", e->driver);
		break;
	case REASON_HANG:
		text_add(t, "the kernel has not returned from %pv", &step);
		break;
	default:
		phrase = slice_nth(slice_of(phrases), '|', reason);
		text_add(t, "%pv", &phrase);
	}
	if (o->error)
		text_add(t, " (error %u)", (unsigned)-o->error);
}

void words_function(struct text *t, const struct run *r, const struct pci_function *f,
			const struct plan_entry *e)
{
	const struct outcome *o = &r->outcome[f - r->inv.function];
	enum function_state state = o->state ? o->state : e->state;
	const char *driver = e->driver;

	text_add(t, "%pa [%pi] ", &f->at, f);
	switch (state) {
	case STATE_SHARED:
		text_add(t, "shared: %u virtual functions, driver=%s", e->rule->vfs, driver);
		break;
	case STATE_PLANNED:
		text_add(t, "to be bound to %s", driver);
		break;
	case STATE_BOUND:
		text_add(t, "bound to %s", driver);
		if (*f->driver && !slice_is(slice_of(f->driver), driver))
			text_add(t, ", taken from %s", f->driver);
		if (o->reason) {
			text_add(t, "; ");
			words_reason(t, r, f, e);
		}
		break;
	default:
		text_add(t, "%s: ", state_word(state));
		words_reason(t, r, f, e);
		if (state == STATE_FAILED && *o->driver)
			text_add(t, "; it is on %s", o->driver);
	}
	text_add(t, " (");
	if (e->companion)
		text_add(t, "with %pa, ", &r->inv.function[e->lead].at);
	text_add(t, "%pp)", &e->rule->at);
}

/* Adds a function that the rule may have been meant for. */
static void add_found(struct text *t, const char *who, const struct rule *rule,
		      const struct pci_function *f)
{
	if (!f)
		return;
	text_add(t, "; %s is %pi", who, f);
	if (rule->given & RULE_SUBSYSTEM)
		text_add(t, " subsystem %04x:%04x", f->subvendor, f->subdevice);
	if (rule->given & RULE_SERIAL && f->has_serial) {
		text_add(t, " serial ");
		for (int shift = 56; shift >= 0; shift -= 8)
			text_add(t, shift ? "%02x-" : "%02x",
				 (unsigned)(f->identity->serial >> shift & 0xff));
	}
	text_add(t, " at %pa", &f->at);
}

static void add_unmatched(struct text *t, const struct run *r, const struct rule *rule)
{
	struct plan_miss miss = plan_explain(rule, &r->inv);

	if (miss.taken) {
		text_add(t, "never applies: %pa is already matched by %pp", &miss.taken->at,
			 &r->plan.entry[miss.taken - r->inv.function].rule->at);
		return;
	}
	text_add(t, "the rule matches nothing");
	add_found(t, "in its place", rule, miss.there);
	add_found(t, "elsewhere", rule, miss.same);
}

/* Adds the problem of the run as a whole. Returns false if there is none. */
static bool add_general(const struct run *r, struct text *what)
{
	struct slice profile = plan_profile(&r->config, &r->cmd);

	if (r->input_error == -E2BIG)
		text_add(what, "more than 4096 PCI functions: nothing is bound");
	else if (r->input_error)
		text_add(what, "the PCI functions cannot be listed (error %u): is /sys mounted?",
			 (unsigned)-r->input_error);
	else if (r->plan.state == PLAN_UNKNOWN_PROFILE)
		text_add(what, "no profile is named %pv, nothing is bound: correct %s=",
			 &profile, r->cmd.profile.n ? "vgapass" : "profile");
	else if (r->module_error)
		/* The kernel often has no word for a changed file (kernel/module/signing.c). */
		text_add(what, "module %s did not load (error %u)%s", r->module,
			 (unsigned)-r->module_error, r->module_error == -EKEYREJECTED ?
			 ": its signature does not fit: install the kernel again" : "");
	else if (r->loading)
		text_add(what, "the kernel has not returned from loading module %s", r->module);
	else if (r->config.errors > CONFIG_ERRORS_MAX)
		text_add(what, "%u errors in all", r->config.errors);
	return what->len;
}

bool words_problem(const struct run *r, unsigned k, struct text *at, struct text *what)
{
	const struct config *c = &r->config;
	unsigned errors = c->errors < CONFIG_ERRORS_MAX ? c->errors : CONFIG_ERRORS_MAX;

	if (k < errors) {
		text_add(at, "%pp", &c->error[k].at);
		text_add(what, "%s", c->error[k].phrase);
		return true;
	}
	k -= errors;
	if (add_general(r, what) && !k--)
		return true;
	text_start(what, what->buf, what->cap);
	for (unsigned i = 0; i < c->rules && r->plan.state == PLAN_READY && !r->input_error; i++) {
		unsigned alone = r->plan.alone[i];
		if ((!alone && (r->plan.matched[i] ||
				!plan_rule_holds(&c->rule[i], r->plan.profile))) || k--)
			continue;
		text_add(at, "%pp", &c->rule[i].at);
		if (alone)
			text_add(what,
				 "%pa is on a root bus, where with=slot has no effect: "
				 "write a rule for each function",
				 &r->inv.function[alone - 1].at);
		else
			add_unmatched(what, r, &c->rule[i]);
		return true;
	}
	if (k >= r->others || k >= OTHERS_MAX)
		return false;
	const struct other *o = &r->other[k];
	text_add(at, "%pa", &o->at);
	text_add(what,
		 o->group == STRAY ? "bound to %s without a rule: remove ids= of that driver" :
				     "%s blocks IOMMU group %u: see vgapass check",
		 o->driver, (unsigned)o->group);
	return true;
}

const char *words_problem_line(const struct run *r, unsigned k)
{
	static char line[2 * PLAN_LINE_MAX];
	char at_buf[PLAN_LINE_MAX], what_buf[PLAN_LINE_MAX];
	struct text at, what;

	text_start(&at, at_buf, sizeof(at_buf));
	text_start(&what, what_buf, sizeof(what_buf));
	if (!words_problem(r, k, &at, &what))
		return NULL;
	return text_make(line, sizeof(line), *at_buf ? "%s: %s" : "%s%s", at_buf, what_buf);
}

void words_token(struct text *t, const struct run *r)
{
	const struct token *token = &r->token;
	const char *word = token_word(token->word);

	if (token->state == TOKEN_HUNG)
		text_add(t, "the EFI firmware does not answer: no trial");
	else if (token->state == TOKEN_STUCK)
		text_add(t, "the EFI variable for \"%s\" cannot be deleted (error %u): %s", word,
			 (unsigned)-token->error,
			 token->word == TOKEN_OFF ? "nothing is bound" : "it does not count");
	else if (token->from == TOKEN_CREDENTIAL)
		text_add(t, "a credential says off: nothing is bound");
	else if (word)
		text_add(t, "in this boot only: %s%s%s", word, *token->profile ? " " : "",
			 token->profile);
	else if (r->cmd.trial)
		text_add(t, "in this boot only: trial");
}
