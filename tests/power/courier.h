/* SPDX-License-Identifier: Apache-2.0 */
/* Couriers without a network or a process: they ask the server of life.h and keep its reply by src/courier/keep.c. */
#ifndef TESTS_POWER_COURIER_H
#define TESTS_POWER_COURIER_H

#include "engine/effects.h"

/* The calls of *ret; its ctx is a struct life. */
void courier_effects(struct effects *ret);

#endif
