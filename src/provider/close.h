/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Up to three ids that someone may have meant.
 */
#ifndef PROVIDER_CLOSE_H
#define PROVIDER_CLOSE_H

#include "provider/provider.h"

#define CLOSE_IDS_MAX 3

struct close_ids {
	char ids[CLOSE_IDS_MAX][PROVIDER_ID_MAX + 1];
	size_t distances[CLOSE_IDS_MAX]; /* rising */
	size_t count;
};

/* Remember candidate if it is near enough to wanted and nearer than what is there. */
void close_ids_offer(struct close_ids *close, const char *wanted, const char *candidate);

/* "did you mean github-app or github-oauth-app?", or where the list is. */
void close_ids_hint(const struct close_ids *close, char *dst, size_t dst_size);

#endif
