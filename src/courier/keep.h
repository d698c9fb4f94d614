/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reply that has come is never dropped: it goes sealed into the spool slot, and if that fails to the vault side, and
 * the slot is tried again as long as that may help.
 */
#ifndef COURIER_KEEP_H
#define COURIER_KEEP_H

#include "wire/job.h"

/* Descriptors of one conversation, as the job's kind has them; -1: none. */
struct keep_fds {
	int wire;
	int slot;
	int lock;
};

struct keeper {
	struct buf encoded; /* the reply as bytes; in the arena */
	struct buf sealed;  /* ciphertext */
};

/* Reserve memory for the longest reply, before anything is sent. false: none. The caller clears in both cases. */
bool keeper_init(struct keeper *keeper);

/*
 * Seal reply to the attempt, write it to the slot, close slot and lock, say SEALED: who hears it finds both free. If the
 * slot fails for some seconds, say FAILED and REPLY, and go on trying until the vault side says KEPT, the slot works
 * again, or a minute is over.
 *
 * Blocks up to about 70 s. A vault side that is gone changes nothing. false: the reply is in no durable place known.
 */
bool keeper_keep(struct keeper *keeper, const struct keep_fds *fds, const struct job_attempt *attempt,
    const struct http_reply *reply);

/*
 * Leave a note in the slot that nothing was sent and nothing ever will be, or that the server read nothing (a FAILED body with CALL_NO_GO, sealed as a
 * reply is): whoever finds the open intent need not wait for what might be under way. Best effort, tried once; without
 * the note the next one waits for the end of the quarantine.
 */
void keeper_note_unsent(struct keeper *keeper, const struct keep_fds *fds, const struct job_attempt *attempt);

void keeper_clear(struct keeper *keeper);

#endif
