/* path.c - see path.h */
#include "path.h"

#include "../core/text.h"

const char *path_join(struct path *p, const char *a, const char *b, const char *c)
{
	struct text t;

	text_start(&t, p->s, sizeof(p->s));
	text_add(&t, "%s%s%s", a, b, c);
	return p->s;
}

const char *path_address(struct path *p, const struct pci_function *f)
{
	struct text t;

	text_start(&t, p->s, sizeof(p->s));
	text_add(&t, "%a", &f->at);
	return p->s;
}

const char *path_function(struct path *p, const struct pci_function *f, const char *rest)
{
	struct text t;

	text_start(&t, p->s, sizeof(p->s));
	text_add(&t, "bus/pci/devices/%a/%s", &f->at, rest);
	return p->s;
}
