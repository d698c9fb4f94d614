/* SPDX-License-Identifier: Apache-2.0 */
#include "power/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "power/window.h"

#define CHANGES_SHOWN 14

static const char *const findings[FINDINGS] = {
	[FOUND_WHOLE] = "whole: no token missing",
	[FOUND_NO_VAULT] = "no vault yet, and one can be created",
	[FOUND_LOST] = "strict: the reply was lost before its seal",
	[FOUND_LOST_LATE] = "overlap: the same, and not asked again in time",
	[FOUND_IN_DOUBT] = "must not ask again: in doubt",
};

void
report_begin(struct report *report)
{
	(void)clock_gettime(CLOCK_MONOTONIC, &report->since);
}

static double
seconds_since(const struct timespec *since)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - since->tv_sec) + (double)(now.tv_nsec - since->tv_nsec) / 1e9;
}

void
report_life(struct report *report, size_t moments, size_t window_changes)
{
	report->moments += moments;
	if (window_changes > report->window_changes)
		report->window_changes = window_changes;
}

void
report_count(struct report *report, const struct verdict *verdict, bool second, const char *program, const char *state)
{
	size_t nth;

	report->states++;
	report->second += second;
	report->window += verdict->window;
	if (!verdict->failed) {
		report->found[verdict->finding]++;
		return;
	}
	nth = report->failures++;
	if (nth < FAILURES_MAX)
		(void)snprintf(report->failed[nth], sizeof report->failed[nth], "%s\n    replay: %s --replay %s",
		    verdict->why, program, state);
}

static void
print_failures(const struct report *report)
{
	for (size_t i = 0; i < report->failures && i < FAILURES_MAX; i++)
		(void)printf("FAILED %s\n", report->failed[i]);
	if (report->failures > FAILURES_MAX)
		(void)printf("and %zu more\n", (size_t)report->failures - FAILURES_MAX);
}

static void
write_figures(const struct report *report, const struct window *window)
{
	const char *folder = getenv("LARDER_FIGURES");
	char path[4096];
	FILE *file;

	if (folder == NULL || folder[0] == '\0')
		return;
	(void)snprintf(path, sizeof path, "%s/power.tsv", folder);
	file = fopen(path, "w");
	if (file == NULL)
		return;
	(void)fprintf(file, "# Loss of power at every change on the disk\n");
	(void)fprintf(file, "crash states\t%zu\tat least 20000\n", (size_t)report->states);
	(void)fprintf(file, "of them while recovering from another\t%zu\t\n", (size_t)report->second);
	(void)fprintf(file, "moments of all lives\t%zu\t\n", (size_t)report->moments);
	(void)fprintf(file, "self-inflicted losses, replays, damage, false alarms\t%zu\t0\n", (size_t)report->failures);
	(void)fprintf(file, "states between the reply and its seal\t%zu\t\n", (size_t)report->window);
	for (size_t i = 1; i < FINDINGS; i++)
		(void)fprintf(file, "%s\t%zu\t\n", findings[i], (size_t)report->found[i]);
	(void)fprintf(file, "window of strict loss\t%zu system calls\t\n", (size_t)report->window_changes);
	(void)fprintf(file, "window of strict loss, median on this disk\t%.0f us\t\n", window->median_us);
	(void)fprintf(file, "time\t%.0f s\t\n", seconds_since(&report->since));
	(void)fclose(file);
}

int
report_end(struct report *report, bool must_fail, bool died)
{
	struct window window = { .median_us = 0 };
	bool failed = report->failures > 0 || died;

	print_failures(report);
	(void)printf("%zu crash states of %zu moments, %zu of them while recovering, %zu between reply and seal\n",
	    (size_t)report->states, (size_t)report->moments, (size_t)report->second, (size_t)report->window);
	for (size_t i = 0; i < FINDINGS; i++)
		(void)printf("%8zu %s\n", (size_t)report->found[i], findings[i]);
	(void)printf("%8zu FAILED\n", (size_t)report->failures);
	if (!must_fail) {
		window_measure(&window);
		(void)printf("window of strict loss: %zu system calls, median %.0f us, 99th of 100 %.0f us on %s\n",
		    (size_t)report->window_changes, window.median_us, window.worst_us, window.where);
		write_figures(report, &window);
	}
	(void)printf("%.1f s\n", seconds_since(&report->since));
	if (report->states == 0)
		return 2;
	return failed != must_fail;
}

void
report_moment(const struct life *life, const struct moment *moment, unsigned variant)
{
	struct variant chosen = variant_make(variant);
	size_t i = moment->changes > CHANGES_SHOWN ? moment->changes - CHANGES_SHOWN : 0;
	char text[160];

	for (; i < moment->changes; i++) {
		const struct change *change = &life->log.changes[i];

		(void)printf("%6zu %-8s inode %u %s %s", i, change_kind_name(change->kind), change->inode, change->name,
		    change->to);
		if (change->kind == CHANGE_WRITE)
			(void)printf("%zu bytes at %llu", change->len, (unsigned long long)change->offset);
		(void)printf("\n");
	}
	variant_describe(&chosen, text, sizeof text);
	(void)printf("power fails after %zu changes of %zu; %s\n", moment->changes, life->log.count, text);
}

void
report_verdict(const struct verdict *verdict, char *dst, size_t dst_size)
{
	(void)snprintf(dst, dst_size, "%s%s", verdict->failed ? "FAILED" : findings[verdict->finding],
	    verdict->window ? " (power lost between reply and seal)" : "");
}
