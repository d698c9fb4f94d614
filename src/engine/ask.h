/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question whose loss costs nothing: a log-in's steps, a registration. No slot, no lock, nothing written down.
 */
#ifndef ENGINE_ASK_H
#define ENGINE_ASK_H

#include "engine/engine.h"

/*
 * Send request by job, whose party or hosts are set, and wait for its reply until deadline_ms (of effects' clock).
 * client is the name of the one that asks, NULL for none yet. request is taken over and job is spent on every way out; the caller clears *ret. Blocks. Errors: UNAVAILABLE (no
 * answer, in the words of what), REJECTED (the client's certificate was refused), and those of call_open.
 */
enum larder_code
ask_plain(const struct engine *engine, const char *client, struct job *job, struct http_request *request,
    int64_t deadline_ms, const char *what, struct http_reply *ret, struct larder_error *ret_error);

#endif
