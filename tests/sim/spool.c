/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks and spool slots as the kernel and the real store have them: an open description is held by all who inherited
 * it and ends with the last of them; a written slot is synced, a blank one is not.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"

#define HELD_MS     2000 /* as store/spool.c: how long a slot with a reply is waited for */
#define POLL_MAX_MS 20   /* as engine/refresh.c */

static int
hold_new(struct sim *sim, bool is_slot, int64_t what, uint32_t owner)
{
	for (int fd = 0; fd < HOLDS; fd++) {
		if (sim->holds[fd].used)
			continue;
		sim->holds[fd] = (struct hold){ true, is_slot, what, owner };
		return fd;
	}
	abort();
}

static bool
is_held(const struct sim *sim, bool is_slot, int64_t what)
{
	for (int fd = 0; fd < HOLDS; fd++) {
		if (sim->holds[fd].used && sim->holds[fd].is_slot == is_slot && sim->holds[fd].what == what)
			return true;
	}
	return false;
}

void
hold_drop(struct sim *sim, int fd, uint32_t owner)
{
	struct hold *hold;

	if (fd < 0)
		return;
	hold = &sim->holds[fd];
	if (!hold->used || (hold->owners & owner) == 0)
		return;
	hold->owners &= ~owner;
	hold->used = hold->owners != 0;
	note(sim, EVENT_CLOSE, fd, !hold->used);
	for (unsigned i = 0; i < PROCESSES && !hold->used && !hold->is_slot; i++) {
		if (sim->processes[i].waits_for_lock == hold->what && sim->processes[i].wake != NEVER)
			sim->processes[i].wake = sim->ms + (int64_t)draw(sim, POLL_MAX_MS);
	}
}

void
hold_drop_all(struct sim *sim, uint32_t owner)
{
	for (int fd = 0; fd < HOLDS; fd++)
		hold_drop(sim, fd, owner);
}

static enum larder_code
fail(enum larder_code code, const char *why, struct larder_error *ret_error)
{
	return error_set(ret_error, code, "the simulated disk", NULL, "%s", why);
}

static enum larder_code
fx_lock_try(void *ctx, int64_t byte, struct lock *ret, struct larder_error *ret_error)
{
	struct process *process = ctx;
	struct sim *sim = process->sim;

	if (!process_point(process))
		return fail(LARDER_STORAGE, "this process is dead", ret_error);
	if (is_held(sim, false, byte)) {
		note(sim, EVENT_LOCK_BUSY, process->op->credential, 0);
		process->waits_for_lock = byte;
		return fail(LARDER_UNAVAILABLE, "another process holds the lock", ret_error);
	}
	ret->fd = hold_new(sim, false, byte, OWNER_PROCESS(process->number));
	note(sim, EVENT_LOCK, process->op->credential, ret->fd);
	return process_point(process) ? LARDER_OK : fail(LARDER_STORAGE, "this process is dead", ret_error);
}

static void
close_fd(struct process *process, int *fd)
{
	if (*fd >= 0 && !process->dead)
		hold_drop(process->sim, *fd, OWNER_PROCESS(process->number));
	*fd = -1;
	(void)process_point(process);
}

static void
fx_lock_close(void *ctx, struct lock *lock)
{
	if (lock->fd >= 0)
		close_fd(ctx, &lock->fd);
}

static void
fx_slot_close(void *ctx, struct spool_slot *slot)
{
	if (slot->fd >= 0)
		close_fd(ctx, &slot->fd);
}

/* Locks each in turn, for a moment, as the real one does. */
static enum larder_code
fx_slot_claim(void *ctx, size_t size, struct spool_slot *ret, struct larder_error *ret_error)
{
	struct process *process = ctx;
	struct sim *sim = process->sim;

	(void)size;
	for (uint32_t number = 0; number < SPOOL_SLOTS; number++) {
		if (!process_point(process))
			return fail(LARDER_STORAGE, "this process is dead", ret_error);
		if (is_held(sim, true, number))
			continue;
		ret->fd = hold_new(sim, true, number, OWNER_PROCESS(process->number));
		ret->number = number;
		if (process_point(process) &&
		    (!sim->slots[number].exists || sim->slots[number].content == SPOOL_BLANK)) {
			sim->slots[number].exists = true;
			note(sim, EVENT_CLAIM, number, 0);
			return LARDER_OK;
		}
		fx_slot_close(process, ret);
	}
	return fail(LARDER_STORAGE, "no room for another slot", ret_error);
}

static enum larder_code
fx_slot_open(void *ctx, uint32_t number, struct spool_slot *ret, struct larder_error *ret_error)
{
	struct process *process = ctx;
	struct sim *sim = process->sim;
	int64_t until = sim->ms + HELD_MS;

	if (!process_point(process))
		return fail(LARDER_STORAGE, "this process is dead", ret_error);
	if (number >= SPOOL_SLOTS || !sim->slots[number].exists)
		return fail(LARDER_NOT_FOUND, "there is no such slot", ret_error);
	while (is_held(sim, true, number)) {
		if (sim->slots[number].content == SPOOL_BLANK)
			return fail(LARDER_UNAVAILABLE, "somebody has claimed it", ret_error);
		if (sim->ms >= until)
			return fail(LARDER_STORAGE, "it was not let go in time", ret_error);
		process_sleep(process, 5);
		if (process->dead)
			return fail(LARDER_STORAGE, "this process is dead", ret_error);
	}
	ret->fd = hold_new(sim, true, number, OWNER_PROCESS(process->number));
	ret->number = number;
	return LARDER_OK;
}

static enum larder_code
fx_slot_count(void *ctx, uint32_t *ret, struct larder_error *ret_error)
{
	struct process *process = ctx;
	uint32_t number;

	if (!process_point(process))
		return fail(LARDER_STORAGE, "this process is dead", ret_error);
	*ret = 0;
	for (number = 0; number < SPOOL_SLOTS; number++) {
		if (process->sim->slots[number].exists)
			*ret = number + 1;
	}
	return LARDER_OK;
}

static enum spool_content
fx_slot_read(void *ctx, const struct spool_slot *it, uint8_t ret_record_id[static 16],
    uint8_t ret_attempt_id[static 16], struct buf *ret_payload)
{
	struct process *process = ctx;
	struct sim *sim = process->sim;
	const struct slot *slot = &sim->slots[it->number];

	if (!process_point(process) || chance(sim, sim->knobs.failed_reads))
		return SPOOL_FAILED;
	note(sim, EVENT_READ_SLOT, it->number, slot->content);
	if (slot->content != SPOOL_REPLY)
		return slot->content;
	memcpy(ret_record_id, slot->record_id, 16);
	memcpy(ret_attempt_id, slot->attempt_id, 16);
	buf_reset(ret_payload);
	return buf_append(ret_payload, slot->payload, slot->len) ? SPOOL_REPLY : SPOOL_FAILED;
}

static bool
fx_slot_blank(void *ctx, const struct spool_slot *it)
{
	struct process *process = ctx;
	struct slot *slot = &process->sim->slots[it->number];

	if (!process_point(process))
		return false;
	note(process->sim, EVENT_BLANK, it->number, 0);
	if (slot->content == SPOOL_REPLY) {
		free(slot->unblanked);
		slot->unblanked = slot->payload;
		slot->unblanked_len = slot->len;
		slot->payload = NULL;
	}
	slot->content = SPOOL_BLANK;
	return process_point(process);
}

void
slot_forget(struct slot *slot)
{
	free(slot->payload);
	free(slot->unblanked);
	*slot = (struct slot){ .exists = slot->exists, .content = SPOOL_BLANK };
}

void
slot_write(struct sim *sim, uint32_t number, const uint8_t record_id[static 16], const uint8_t attempt_id[static 16],
    const struct buf *payload)
{
	struct slot *slot = &sim->slots[number];

	slot_forget(slot);
	slot->content = SPOOL_REPLY;
	memcpy(slot->record_id, record_id, 16);
	memcpy(slot->attempt_id, attempt_id, 16);
	slot->len = payload->len;
	slot->payload = malloc(payload->len);
	if (slot->payload == NULL)
		abort();
	memcpy(slot->payload, payload->data, payload->len);
}

void
slots_lose_power(struct sim *sim)
{
	for (uint32_t number = 0; number < SPOOL_SLOTS; number++) {
		struct slot *slot = &sim->slots[number];

		if (slot->unblanked == NULL || draw(sim, 2) == 0)
			continue;
		slot->content = SPOOL_REPLY;
		slot->payload = slot->unblanked;
		slot->len = slot->unblanked_len;
		slot->unblanked = NULL;
	}
}

void
spool_effects(struct effects *ret)
{
	ret->lock_try = fx_lock_try;
	ret->lock_close = fx_lock_close;
	ret->slot_claim = fx_slot_claim;
	ret->slot_open = fx_slot_open;
	ret->slot_count = fx_slot_count;
	ret->slot_read = fx_slot_read;
	ret->slot_blank = fx_slot_blank;
	ret->slot_close = fx_slot_close;
}
