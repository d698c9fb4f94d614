/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation of one courier: perform the job that was read, and tell the vault side how it went.
 */
#ifndef COURIER_EXCHANGE_H
#define COURIER_EXCHANGE_H

#include "courier/authority.h"
#include "courier/keep.h"
#include "wire/job.h"

/* Perform the job and answer on fds->wire. Blocks as long as the job allows. fds->slot: exchange jobs only. */
void exchange_run(const struct job *job, const struct authority *authority, const struct keep_fds *fds);

/* Answer that nothing was or will be sent. */
void exchange_refuse(int wire, enum call_stage stage, const char *why);

#endif
