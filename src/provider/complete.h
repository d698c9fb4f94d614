/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a definition leaves out: defaults before the fields are read; afterwards the fields that follow from others.
 */
#ifndef PROVIDER_COMPLETE_H
#define PROVIDER_COMPLETE_H

#include "provider/field.h"

/* Values that a field may then replace. */
void complete_defaults(struct provider *provider);

/* Complete, and check by provider/check.h. Failures go to reading_fail. */
void complete_definition(struct reading *reading);

#endif
