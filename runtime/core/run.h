/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.h - all that one run knows: what it starts from, its plan, and what became of the plan.
 *
 * Pure. io/gather fills the first part and builds the plan. Only io/apply writes the outcomes,
 * and after it the program that prints them.
 */
#pragma once

#include "plan.h"
#include "token.h"

/* Whether a guest can have the IOMMU group of a function. Unknown: nobody looked at the group, or
 * a member has no driver yet and may get one of the host's. */
enum viability { VIABLE_UNKNOWN, VIABLE_NO, VIABLE_YES };

/* The step of io/apply that is under way, or that failed. */
enum apply_step { STEP_NONE, STEP_OVERRIDE, STEP_ATTR, STEP_UNBIND, STEP_PROBE };

/* bytes of outcome.detail */
#define OUTCOME_DETAIL 128

/* What became of a function that was planned; zeros at first. */
struct outcome {
	uint8_t state;  /* enum function_state: bound, failed or held. STATE_NONE: as planned */
	uint8_t reason; /* enum reason: why it failed or is held; bound with REASON_NO_DRIVER: to
			   vfio-pci, as the driver that driver=auto means did not load */
	uint8_t step;   /* enum apply_step */
	uint8_t attr;   /* REASON_ATTR: index in rule->attr */
	uint8_t viable; /* enum viability, of its IOMMU group */
	bool said;      /* its line is in the kernel log */
	bool held;      /* its sriov_drivers_autoprobe was 1, and vgapass has written 0 */
	int error;      /* -errno of the failed step, 0: none */
	uint32_t us;    /* spent on this function */
	char driver[PCI_DRIVER_NAME]; /* that the link named when it was last read; "": none */
	char detail[OUTCOME_DETAIL];  /* REASON_IN_USE: the disk. REASON_ATTR: the sizes that the
					 BAR can have, or "" */
};

/* A function that a run met beside those of its plan: a member of a bound function's IOMMU
 * group whose driver keeps the group from a guest; one whose group the firmware keeps, as it has
 * memory of its own behind it; or a stray, which is on a driver for guests without any rule. */
#define OTHERS_MAX 64
#define STRAY (-1) /* other.group of a stray */

struct other {
	struct pci_address at;
	int32_t group;
	char driver[PCI_DRIVER_NAME];
};

/* Large: a program has one, in memory that its workers share. It starts as zeros, and untouched
 * pages of it are never allocated. */
struct run {
	int input_error;  /* -errno: no inventory (no /sys, more than PCI_FUNCTIONS_MAX) */
	int module_error; /* -errno of the first module that did not load */
	bool loading;     /* the worker that loads the modules has not come back */
	bool waited;      /* as long as the boot waits for that, whatever is still to be bound */
	uint32_t claim_us, took_us; /* claim_us 0: the claim is not over, or this is no boot */
	unsigned others; /* all are counted, up to OTHERS_MAX are kept */
	struct inventory inv; /* up here, as small offsets make short code */
	struct cmdline cmd;
	struct token token; /* of this boot, if somebody looked for one */
	char module[PCI_DRIVER_NAME]; /* the one of module_error, or that is being loaded */
	struct config config;
	struct plan plan;
	struct other other[OTHERS_MAX];
	char cmdline[CMDLINE_MAX];
	struct outcome outcome[PCI_FUNCTIONS_MAX]; /* parallel to inventory.function */
};

/* Returns what function i is by now: the state of its outcome, or that of the plan. Touches the
 * outcome only of what was planned. */
enum function_state run_state(const struct run *r, unsigned i);

/* Returns the run in one word: ok partial failed refused nothing off error. */
const char *run_result(const struct run *r);
