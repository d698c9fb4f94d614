/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "engine/engine.h"

void
settle_recycle(struct engine *engine, const struct credential *credential)
{
	const struct effects *fx = engine->effects;
	struct buf payload = BUF_INIT(SPOOL_PAYLOAD_MAX);
	struct spool_slot slot = SPOOL_SLOT_INIT;
	uint8_t record_id[16], attempt_id[16];
	struct larder_error ignored;
	uint32_t count = 0, number;

	if (fx->slot_count(fx->ctx, &count, &ignored) != LARDER_OK)
		return;
	for (number = 0; number < count; number++) {
		if (fx->slot_open(fx->ctx, number, &slot, &ignored) != LARDER_OK)
			continue;
		buf_reset(&payload);
		if (fx->slot_read(fx->ctx, &slot, record_id, attempt_id, &payload) == SPOOL_REPLY &&
		    memcmp(record_id, credential->id, sizeof record_id) == 0 &&
		    !(credential->intent.open &&
			memcmp(attempt_id, credential->intent.attempt_id, sizeof attempt_id) == 0))
			(void)fx->slot_blank(fx->ctx, &slot);
		fx->slot_close(fx->ctx, &slot);
	}
	buf_clear(&payload);
}
