/* SPDX-License-Identifier: Apache-2.0 */
#include <sodium.h>
#include <string.h>

#include "sim/sim.h"

/* splitmix64 */
uint64_t
rng_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t noise;

void
noise_seed(uint64_t seed)
{
	noise = seed ^ UINT64_C(0x6e6f697365);
}

void
noise_fill(void *dst, size_t len)
{
	uint8_t *at = dst;
	uint64_t bits;

	for (; len > 0; len -= len < 8 ? len : 8, at += 8) {
		bits = rng_next(&noise);
		memcpy(at, &bits, len < 8 ? len : 8);
	}
}

static const char *
noise_name(void)
{
	return "sim";
}

static uint32_t
noise_word(void)
{
	return (uint32_t)rng_next(&noise);
}

static void
noise_bytes(void *const dst, const size_t len)
{
	noise_fill(dst, len);
}

void
noise_install(void)
{
	static struct randombytes_implementation implementation = {
		.implementation_name = noise_name,
		.random = noise_word,
		.buf = noise_bytes,
	};

	(void)randombytes_set_implementation(&implementation);
}
