/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iommu.h - is the IOMMU on, and if not, who turns it on: the one text for all verbs. */
#pragma once

#include "host.h"

/* True: a function has an IOMMU group. */
bool iommu_is_on(const struct host *h);

/* True: this is the first domain of Xen, which keeps the IOMMU for itself. */
bool iommu_is_xens(const struct host *h);

/* True: the last of these words on the kernel command line, "intel_iommu=", has this value in its
 * list. The kernel splits such values at commas. */
bool iommu_word(const struct host *h, const char *key, const char *value);

struct iommu_text {
	char what[HOST_NAME_MAX]; /* "the IOMMU is off: ..." */
	char fix[HOST_NAME_MAX];    /* what to do, in a sentence */
	char change[64]; /* for check_bootline(), "add intel_iommu=on to", which says the same as
			    `fix`; "": the kernel command line is fine */
};

/* Why no function has a group, and what to do about it. */
void iommu_explain(const struct host *h, struct iommu_text *ret);

/* What to do about one function without a group where others have theirs. */
const char *iommu_fix_of_one(const struct host *h);
