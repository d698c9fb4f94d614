/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

bool
secret_new(size_t len, struct secret *ret)
{
	uint8_t *data;

	*ret = (struct secret)SECRET_INIT;
	if (len == 0)
		return true;
	if (len >= SECRET_ARENA_MAX) {
		errno = ENOMEM;
		return false;
	}
	data = arena_alloc(len + 1);
	if (data == NULL)
		return false;
	ret->data = data;
	ret->len = len;
	return true;
}

bool
secret_copy(const void *data, size_t len, struct secret *ret)
{
	*ret = (struct secret)SECRET_INIT;
	if (len == 0)
		return true;
	if (!secret_new(len, ret))
		return false;
	memcpy(ret->data, data, len);
	return true;
}

void
secret_free(struct secret *secret)
{
	if (secret == NULL)
		return;
	arena_free(secret->data);
	*secret = (struct secret)SECRET_INIT;
}

bool
secret_equal(const struct secret *a, const struct secret *b)
{
	if (a->len != b->len)
		return false;
	return a->len == 0 || sodium_memcmp(a->data, b->data, a->len) == 0;
}

void
process_harden(void)
{
	const struct rlimit none = { 0, 0 };

	/* Neither can fail for a reason that the caller could mend; doctor looks at the outcome. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void
wipe(void *data, size_t len)
{
	if (len != 0)
		sodium_memzero(data, len);
}
