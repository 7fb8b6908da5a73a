/* SPDX-License-Identifier: GPL-2.0-or-later */
/* function_json.c - see function_json.h */
#include "function_json.h"

#include "runtime/core/words.h"

json_object *function_json(const struct host *h, const struct pci_function *f)
{
	const struct plan_entry *e = host_promise(h, f);
	json_object *o = json_object_new_object();
	char buf[HOST_NAME_MAX > PLAN_LINE_MAX ? HOST_NAME_MAX : PLAN_LINE_MAX];
	struct text t;

	json_set(o, "address", text_make(buf, sizeof(buf), "%pa", &f->at));
	json_set(o, "id", text_make(buf, sizeof(buf), "%pi", f));
	json_set(o, "name", host_device(h, f, buf));
	json_set(o, "driver", f->driver);
	json_object_object_add(o, "group", f->group < 0 ? NULL : json_object_new_int(f->group));
	json_set(o, "rule", e->rule ? text_make(buf, sizeof(buf), "%pp", &e->rule->at) : "");
	json_set(o, "target", e->rule && !e->rule->keep ? e->driver : "");
	json_set(o, "state", e->rule ? state_word(e->state) : "");
	struct slice code = reason_code(e->rule ? e->reason : REASON_NONE);
	json_object_object_add(o, "reason_code", code.n ? json_text(code.p, code.n) : NULL);
	text_start(&t, buf, sizeof(buf));
	if (e->rule)
		words_reason(&t, &h->run, f, e);
	json_set(o, "reason", e->rule ? buf : "");
	json_object_object_add(o, "late", json_object_new_boolean(host_is_late(h, f)));
	return o;
}
