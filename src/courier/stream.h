/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call of an API: what comes is passed on as it comes, and nothing goes on when the vault side has gone.
 */
#ifndef COURIER_STREAM_H
#define COURIER_STREAM_H

#include "courier/http.h"

/* Perform a stream job: HEAD, DATA and END, or FAILED, on the wire. */
void stream_run(int wire, const struct job *job, const struct authority *authority);

#endif
