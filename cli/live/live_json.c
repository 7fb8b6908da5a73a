/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_json.c - see live_json.h */
#include "live_json.h"

#include "cli/machine/function_json.h"

/* Not in struct live, which workers share. */
static json_object *functions[PCI_FUNCTIONS_MAX];

void live_json_start(const struct live *l)
{
	for (unsigned k = 0; k < l->n; k++)
		functions[k] = function_json(&l->host, l->function[k].f);
}

void live_json_set(const struct live *l, unsigned k, const char *action, enum live_done done,
		   const char *now)
{
	/* Virtual functions come in between. */
	if (!functions[k])
		functions[k] = function_json(&l->host, l->function[k].f);
	json_object *o = functions[k];

	json_set(o, "driver", now);
	json_set(o, "action", action);
	json_object_object_add(o, "done", done == LIVE_DONE_UNKNOWN ? NULL :
			       json_object_new_boolean(done == LIVE_DONE_YES));
	json_set(o, "was", l->function[k].f->driver);
}

void live_json_print(const struct live *l)
{
	json_object *list = json_object_new_array();

	for (unsigned k = 0; k < l->n; k++)
		json_object_array_add(list, functions[k]);
	json_print(json_document("functions", list));
}
