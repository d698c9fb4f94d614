/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Examine the installation: vault, modes, key, courier, certificate authorities, clock, memory locking.
 */
#ifndef LARDER_DOCTOR_H
#define LARDER_DOCTOR_H

#include <larder/vault.h>

#ifdef __cplusplus
extern "C" {
#endif

enum larder_finding_level { LARDER_FINDING_OK, LARDER_FINDING_NOTE, LARDER_FINDING_PROBLEM };

struct larder_finding {
	enum larder_finding_level level;
	const char *check; /* "vault", "key", "courier" ...: static text */
	char text[320];    /* safe for a terminal */
	char hint[192];    /* what to do; "" */
};

#define LARDER_FINDINGS_MAX 32

/* Fill ret (LARDER_FINDINGS_MAX entries). CHECK_FAILED when one is a problem. Changes nothing, asks nobody. */
LARDER_API enum larder_code larder_doctor(const struct larder_options *options, struct larder_finding *ret,
    size_t *ret_count, struct larder_error *ret_error);

#ifdef __cplusplus
}
#endif
#endif
