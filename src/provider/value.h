/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the value of a variable may be.
 */
#ifndef PROVIDER_VALUE_H
#define PROVIDER_VALUE_H

#include "provider/provider.h"

#define VALUE_MAX 1024 /* bytes of a variable's value */

/* Whether text has only ASCII letters, digits and the bytes of extra. */
bool value_has_only(const char *text, const char *extra);

bool value_has_control(const char *text);
bool value_is_port(const char *text);

/* A host name or the part of one; ":port" is allowed where the value ends the host. */
bool value_is_host(const char *value, bool ends_host);

/* Whether a value is of the variable's pattern; true for no variable and no pattern. */
bool value_matches(const struct provider_var *var, const char *value);

#endif
