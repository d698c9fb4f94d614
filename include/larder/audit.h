/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log: who got or changed what, and with which result.
 */
#ifndef LARDER_AUDIT_H
#define LARDER_AUDIT_H

#include <larder/vault.h>

#ifdef __cplusplus
extern "C" {
#endif

struct larder_audit_event {
	int64_t seq;
	int64_t at; /* Unix seconds */
	uint32_t uid;
	int32_t pid;
	char exe[256]; /* of the process; a hint, not proof */
	char parent[256];
	const char *op; /* "release", "refresh" ...: static text */
	char name[LARDER_NAME_MAX + 1];
	char result[32];     /* "ok" or an error's word */
	uint64_t generation; /* 0: does not apply */
	char detail[160];
};

/*
 * Read events from a sequence number upwards (0: all), at most max. *ret is an array freed with free(). name filters
 * (NULL: all). An empty result is LARDER_OK with 0 entries; read on from the last seq + 1.
 */
LARDER_API enum larder_code larder_audit_read(struct larder *larder, int64_t from_seq, const char *name, size_t max,
    struct larder_audit_event **ret, size_t *ret_count, struct larder_error *ret_error);

#ifdef __cplusplus
}
#endif
#endif
