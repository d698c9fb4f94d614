/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "crypto/derive.h"
#include "engine/call.h"
#include "engine/effects.h"

static int64_t
now_s(void *ctx)
{
	struct timespec ts = { 0, 0 };

	(void)ctx;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec;
}

static int64_t
clock_ms(void *ctx)
{
	(void)ctx;
	return io_clock_ms();
}

static void
sleep_ms(void *ctx, int64_t ms)
{
	struct timespec left = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000L };

	(void)ctx;
	while (ms > 0 && nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

static void
random_bytes(void *ctx, void *dst, size_t len)
{
	(void)ctx;
	random_fill(dst, len);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Without /proc every start looks like the same boot, which only makes the quarantine longer. */
static void
boot_id(void *ctx, uint8_t ret[static 16])
{
	char text[64] = "";
	size_t digits = 0, i;
	ssize_t len;
	int fd;

	(void)ctx;
	memset(ret, 0, 16);
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	len = read(fd, text, sizeof text - 1);
	(void)close(fd);
	for (i = 0; len > 0 && i < (size_t)len && digits < 32; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			continue;
		ret[digits / 2] = (uint8_t)(ret[digits / 2] << 4 | digit);
		digits++;
	}
}

static int
dirfd_of(void *ctx)
{
	return ((const struct system_effects *)ctx)->vault_dirfd;
}

static enum larder_code
take_lock(void *ctx, int64_t byte, struct lock *ret, struct larder_error *ret_error)
{
	return lock_try(dirfd_of(ctx), byte, ret, ret_error);
}

static void
drop_lock(void *ctx, struct lock *lock)
{
	(void)ctx;
	lock_close(lock);
}

static enum larder_code
claim_slot(void *ctx, size_t size, struct spool_slot *ret, struct larder_error *ret_error)
{
	return spool_claim(dirfd_of(ctx), size, ret, ret_error);
}

static enum larder_code
open_slot(void *ctx, uint32_t number, struct spool_slot *ret, struct larder_error *ret_error)
{
	return spool_open(dirfd_of(ctx), number, ret, ret_error);
}

static enum larder_code
count_slots(void *ctx, uint32_t *ret, struct larder_error *ret_error)
{
	return spool_count(dirfd_of(ctx), ret, ret_error);
}

static enum spool_content
read_slot(void *ctx, const struct spool_slot *slot, uint8_t ret_record_id[static 16], uint8_t ret_attempt_id[static 16],
    struct buf *ret_payload)
{
	(void)ctx;
	return spool_read(slot->fd, ret_record_id, ret_attempt_id, ret_payload);
}

static bool
blank_slot(void *ctx, const struct spool_slot *slot)
{
	(void)ctx;
	return spool_blank(slot->fd);
}

static void
close_slot(void *ctx, struct spool_slot *slot)
{
	(void)ctx;
	spool_close(slot);
}

static enum larder_code
no_courier(struct larder_error *ret_error)
{
	return error_set(ret_error, LARDER_UNAVAILABLE, "cannot start the courier",
	    "install larder-courier, or set LARDER_COURIER to its path", "it was not found");
}

static enum larder_code
open_call(void *ctx, const struct job *job, const struct spool_slot *slot, const struct lock *lock, struct call **ret,
    struct larder_error *ret_error)
{
	const struct system_effects *system = ctx;

	if (system->courier == NULL)
		return no_courier(ret_error);
	return call_open(
	    system->courier, job, slot == NULL ? -1 : slot->fd, lock == NULL ? -1 : lock->fd, ret, ret_error);
}

static enum larder_code
open_stream(void *ctx, const struct job *job, int source_fd, struct call **ret, struct larder_error *ret_error)
{
	const struct system_effects *system = ctx;

	if (system->courier == NULL)
		return no_courier(ret_error);
	return call_open(system->courier, job, source_fd, -1, ret, ret_error);
}

static enum call_event
wait_call(void *ctx, struct call *call, int64_t deadline_ms, struct call_result *ret)
{
	(void)ctx;
	return call_wait(call, deadline_ms, ret);
}

static bool
go_call(void *ctx, struct call *call)
{
	(void)ctx;
	return call_go(call);
}

static void
kept_call(void *ctx, struct call *call)
{
	(void)ctx;
	call_kept(call);
}

static void
show_call(void *ctx, struct call *call, enum call_page page, const char *why)
{
	(void)ctx;
	call_show(call, page, why);
}

static void
close_call(void *ctx, struct call *call)
{
	(void)ctx;
	call_close(call);
}

void
effects_system_init(struct system_effects *ret, int vault_dirfd, const char *courier)
{
	*ret = (struct system_effects) {
		.effects = {
		    .ctx = ret,
		    .now_s = now_s,
		    .clock_ms = clock_ms,
		    .sleep_ms = sleep_ms,
		    .random = random_bytes,
		    .boot_id = boot_id,
		    .lock_try = take_lock,
		    .lock_close = drop_lock,
		    .slot_claim = claim_slot,
		    .slot_open = open_slot,
		    .slot_count = count_slots,
		    .slot_read = read_slot,
		    .slot_blank = blank_slot,
		    .slot_close = close_slot,
		    .call_open = open_call,
		    .stream_open = open_stream,
		    .call_wait = wait_call,
		    .call_go = go_call,
		    .call_kept = kept_call,
		    .call_show = show_call,
		    .call_close = close_call,
		},
		.vault_dirfd = vault_dirfd,
	};
	ret->courier = courier;
}
