/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.c - see run.h */
#include "run.h"

enum function_state run_state(const struct run *r, unsigned i)
{
	unsigned planned = r->plan.entry[i].state;

	return (planned == STATE_PLANNED || planned == STATE_SHARED) && r->outcome[i].state ?
		       r->outcome[i].state : planned;
}

/* Returns true if a rule with required=yes is not met. */
static bool required_is_missing(const struct run *r)
{
	const struct plan *p = &r->plan;
	const struct rule *rule = r->config.rule;

	for (unsigned i = 0; i < r->config.rules; i++, rule++)
		if (rule->required && !p->matched[i] && plan_rule_holds(rule, p->profile))
			return true;
	for (unsigned i = 0; i < r->inv.functions; i++) {
		const struct plan_entry *e = &p->entry[i];
		if (e->rule && e->rule->required && e->reason != REASON_STRANGER &&
		    run_state(r, i) != STATE_SHARED &&
		    (run_state(r, i) != STATE_BOUND || r->outcome[i].viable == VIABLE_NO))
			return true;
	}
	return false;
}

const char *run_result(const struct run *r)
{
	const struct plan *p = &r->plan;
	unsigned bound = 0;

	if (p->state == PLAN_OFF)
		return "off";
	if (p->state != PLAN_READY || r->input_error)
		return "error";
	if (r->cmd.mode == MODE_DRY_RUN)
		bound = p->planned;
	else if (required_is_missing(r))
		return "failed";
	for (unsigned i = 0; i < r->inv.functions; i++)
		if (run_state(r, i) == STATE_BOUND)
			bound++;
	if (bound + p->shared)
		return bound == p->planned && p->refused == p->strangers ? "ok" : "partial";
	return p->planned ? "failed" : p->refused ? "refused" : "nothing";
}
