/* SPDX-License-Identifier: Apache-2.0 */
/* How long a strict provider's reply can be lost by a loss of power: from its arrival to the end of the spool's sync. */
#ifndef TESTS_POWER_WINDOW_H
#define TESTS_POWER_WINDOW_H

struct window {
	double median_us, worst_us; /* worst: 99 of 100 are shorter */
	const char *where;          /* the directory */
};

/* Seal 100 replies on the disk of TMPDIR (else /var/tmp) with the courier's code. All 0 when that is not possible. */
void window_measure(struct window *ret);

#endif
