/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens what a loss of power has left, as the next one who wants a token does, and holds it to the truth: the vault is
 * whole, keys open it, nothing that was reported durable is missing, the server sees no replay beyond what the class of
 * the provider permits, and who was told that a credential is revoked gets no token.
 *
 * Permitted is, with a provider that rotates strictly, the loss of a reply between the server and the end of the
 * spool's sync, and with one that must not be asked again the doubt in its place. Nothing else.
 */
#ifndef TESTS_POWER_ORACLE_H
#define TESTS_POWER_ORACLE_H

#include "power/life.h"

enum finding {
	FOUND_WHOLE,
	FOUND_NO_VAULT,  /* it was being created; it can be created now */
	FOUND_LOST,      /* strict: the reply had not been sealed */
	FOUND_LOST_LATE, /* overlap: the same, and nobody asked before the window had ended */
	FOUND_IN_DOUBT,  /* must not ask again */
	FINDINGS
};

struct verdict {
	bool failed;
	enum finding finding;
	bool window;   /* the power went between reply and seal */
	char why[400]; /* what is wrong, if anything */
};

/* *life: fresh, in the root with the state. once: stop after the first token, for a state of the recovery itself. */
struct verdict oracle_judge(struct life *life, const struct truth *truth, bool once);

#endif
