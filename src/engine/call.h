/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One conversation with one courier process: start it with exactly the descriptors it needs, speak the wire.
 */
#ifndef ENGINE_CALL_H
#define ENGINE_CALL_H

#include "engine/effects.h"

/*
 * Start program and send it the job. slot_fd and lock_fd are -1 for plain jobs; for a stream job slot_fd is the file to
 * send, or -1. Errors: UNAVAILABLE (the courier
 * cannot be started; says where it was looked for), INTERNAL.
 */
enum larder_code call_open(const char *program, const struct job *job, int slot_fd, int lock_fd, struct call **ret,
    struct larder_error *ret_error);

enum call_event call_wait(struct call *call, int64_t deadline_ms, struct call_result *ret);
bool call_go(struct call *call);
void call_kept(struct call *call);
void call_show(struct call *call, enum call_page page, const char *why);
void call_close(struct call *call);

#endif
