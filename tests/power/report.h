/* SPDX-License-Identifier: Apache-2.0 */
/* What the states were like, counted by all processes together, and the figures of it. */
#ifndef TESTS_POWER_REPORT_H
#define TESTS_POWER_REPORT_H

#include <stdatomic.h>
#include <time.h>

#include "power/state.h"

#define FAILURES_MAX 20

struct report {
	struct timespec since;
	_Atomic size_t moments, states, second, window, failures, found[FINDINGS];
	_Atomic size_t window_changes; /* the most in one exchange */
	char failed[FAILURES_MAX][800];
};

void report_begin(struct report *report);
void report_life(struct report *report, size_t moments, size_t window_changes);

/* state: what follows --replay */
void
report_count(struct report *report, const struct verdict *verdict, bool second, const char *program, const char *state);

/* Print all of it and write the figures; gives the exit status of the program. */
int report_end(struct report *report, bool must_fail, bool died);

/* Print the changes before a moment, for a replay. */
void report_moment(const struct life *life, const struct moment *moment, unsigned variant);
void report_verdict(const struct verdict *verdict, char *dst, size_t dst_size);

#endif
