/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a definition leaves out, and what it must not say: defaults before the fields are read; afterwards the fields
 * that follow from others, contradictions, URLs, and parameters that would be sent twice.
 */
#ifndef PROVIDER_COMPLETE_H
#define PROVIDER_COMPLETE_H

#include "provider/field.h"

/* Values that a field may then replace. */
void complete_defaults(struct provider *provider);

/* Complete and check. Failures go to reading_fail. RFC 6749 section 3.2 (no parameter twice). */
void complete_definition(struct reading *reading);

#endif
