/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of a definition's causes: why the provider refuses a refresh, as data. oauth/cause.h chooses among them.
 */
#ifndef PROVIDER_CAUSES_H
#define PROVIDER_CAUSES_H

#include "provider/field.h"

#define CAUSE_ID_MAX 32

/*
 * A list of {"id", "when": {"error", "subtype", "says", "at_age_s", "age_min_s", "age_max_s", "unused_min_s"}, "say",
 * "do", "confidence", "recalled"}; error, subtype and says are lists of texts.
 */
field_reader read_causes;

/* char *: the object as JSON text; what it says of endpoints, rotation_lifetime and revocation is kept as words too. */
field_reader read_confidence;

#endif
