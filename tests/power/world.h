/* SPDX-License-Identifier: Apache-2.0 */
/* What a life finds around it: a clock of its own, the real locks and slots, couriers, five providers. */
#ifndef TESTS_POWER_WORLD_H
#define TESTS_POWER_WORLD_H

#include "power/life.h"

/* Fill life->effects. */
void world_effects(struct life *life);

/* The clock, as the whole program sees it. */
void world_pass(struct life *life, int64_t ms);

/* Write the definitions of the five providers, "static" to "hold". */
void world_define(const char *folder);

/* Class and grace of the server that belongs to one, and whether asking again is forbidden. */
void world_serve(const char *provider, struct server *ret, bool *ret_hold);

#endif
