/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a definition must not say: contradictions, URLs that are none, parameters that would be sent twice.
 */
#ifndef PROVIDER_CHECK_H
#define PROVIDER_CHECK_H

#include "provider/field.h"

/* Check a completed definition. Failures go to reading_fail. RFC 6749 section 3.2 (no parameter twice). */
void check_definition(struct reading *reading);

#endif
