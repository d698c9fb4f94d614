/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "power/chance.h"
#include "power/image.h"

static const struct variant plain[] = {
	{ .data = DATA_DROPPED, .sizes = REST_DROPPED, .entries = REST_DROPPED },
	{ .data = DATA_KEPT, .sizes = REST_KEPT, .entries = REST_KEPT },
	{ .data = DATA_KEPT, .sizes = REST_KEPT, .entries = REST_DROPPED },
	{ .data = DATA_DROPPED, .sizes = REST_KEPT, .entries = REST_KEPT },
	{ .data = DATA_DROPPED, .sizes = REST_KEPT, .entries = REST_KEPT, .garbage = true },
	{ .data = DATA_DROPPED, .sizes = REST_DROPPED, .entries = REST_KEPT },
	{ .data = DATA_KEPT, .sizes = REST_DROPPED, .entries = REST_KEPT },
	{ .data = DATA_KEPT, .sizes = REST_KEPT, .entries = REST_NEWEST },
};
#define PLAIN (sizeof plain / sizeof plain[0])

struct variant
variant_make(unsigned number)
{
	struct chance chance = { .state = 0x706f776572U + number };
	struct variant variant = { .seed = 0 };

	if (number < PLAIN)
		return plain[number];
	variant.data = (enum fate_of_data)(DATA_CUT + (number - PLAIN) % (DATA_LACKS_ONE - DATA_CUT + 1));
	variant.sizes = (enum fate_of_rest)chance_below(&chance, REST_RANDOM + 1);
	variant.entries = (enum fate_of_rest)chance_below(&chance, REST_RANDOM + 1);
	variant.garbage = chance_below(&chance, 2) == 1;
	variant.seed = chance_next(&chance);
	if (variant.data == DATA_CUT)
		variant.sizes = variant.entries = REST_CUT;
	return variant;
}

void
variant_describe(const struct variant *variant, char *dst, size_t dst_size)
{
	static const char *const data[] = { "dropped", "kept", "kept up to one moment", "kept by sectors of 512",
		"kept by pages of 4096", "kept by files", "kept but for one write" };
	static const char *const rest[] = { "dropped", "kept", "kept up to one moment", "kept at random",
		"lost but for the newest" };

	(void)snprintf(dst, dst_size, "unsynced data %s, sizes %s, names %s%s", data[variant->data],
	    rest[variant->sizes], rest[variant->entries], variant->garbage ? ", garbage in new blocks" : "");
}
