/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Definition text (JSON, one object) to struct provider. Unknown fields, wrong types and contradictions are errors
 * that name the place: "rotation.grace_s: not a number".
 */
#ifndef PROVIDER_DEFINITION_H
#define PROVIDER_DEFINITION_H

#include "provider/provider.h"

#define DEFINITION_MAX ((size_t)256 << 10)

/* source names the text in messages (a file, or "built in"). Errors: USAGE. The caller frees with provider_free. */
enum larder_code definition_parse(
    const char *text, size_t len, const char *source, struct provider **ret, struct larder_error *ret_error);

#endif
