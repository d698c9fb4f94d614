/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all targets check: a claim that does not hold ends the program, and libFuzzer keeps the input.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define claim(holds) claim_at((holds), #holds, __LINE__)

static inline void
claim_at(bool holds, const char *text, int line)
{
	if (!holds) {
		(void)fprintf(stderr, "line %d: not so: %s\n", line, text);
		abort();
	}
}

/* What may reach a terminal or a log as it is: printable, and nothing that begins an escape. */
static inline bool
is_plain(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		if (*c < 0x20 || *c == 0x7f)
			return false;
	}
	return true;
}

#endif
