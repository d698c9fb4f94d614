/* SPDX-License-Identifier: Apache-2.0 */
#include "power/state.h"

#include <stdlib.h>
#include <string.h>

size_t
moments_of(const struct life *life, bool from_start, struct moment **ret)
{
	struct moment *moments = calloc(life->log.count + life->truths_count + 1, sizeof *moments);
	size_t count = 0, end;

	if (moments == NULL)
		abort();
	for (size_t i = 0; i < life->truths_count; i++) {
		if (!from_start && life->truths[i].vault != YES)
			continue;
		end = i + 1 < life->truths_count ? life->truths[i + 1].at : life->log.count;
		for (size_t at = life->truths[i].at; at <= end; at++)
			moments[count++] = (struct moment){ .changes = at, .truth = i };
	}
	*ret = moments;
	return count;
}

static struct verdict
judge(struct place *place, const struct scenario *scenario, const struct image *image, const struct truth *truth,
    uint64_t seed, struct life *again)
{
	struct life *life = again, own;
	struct verdict verdict;

	if (life == NULL)
		life = &own;
	scenario_seed(seed);
	image_write(image, place->root);
	life_init(life, place->root, image, place->definitions, scenario->provider);
	if (again != NULL)
		disk_record(&life->log);
	verdict = oracle_judge(life, truth, again != NULL);
	disk_record(NULL);
	if (again == NULL)
		life_free(life);
	return verdict;
}

struct verdict
state_judge(struct place *place, const struct scenario *scenario, const struct life *life, const struct moment *moment,
    unsigned variant, struct life *again)
{
	struct variant chosen = variant_make(variant);

	image_build(&life->log, moment->changes, &chosen, &place->image);
	return judge(place, scenario, &place->image, &life->truths[moment->truth], moment->changes, again);
}

struct verdict
state_judge_second(struct place *place, const struct scenario *scenario, const struct life *again,
    const struct moment *moment, unsigned variant)
{
	struct variant chosen = variant_make(variant);

	image_build(&again->log, moment->changes, &chosen, &place->second);
	return judge(place, scenario, &place->second, &again->truths[moment->truth], moment->changes + 1, NULL);
}
