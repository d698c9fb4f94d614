/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A QR code for a terminal (ISO/IEC 18004, byte mode, error correction level L, versions 1 to 10), so that a phone can
 * open an address that nobody wants to type. Pure.
 */
#ifndef CLI_QR_H
#define CLI_QR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define QR_TEXT_MAX 271           /* bytes that the largest version holds */
#define QR_SIDE_MAX (17 + 4 * 10) /* modules */

struct qr {
	int side;
	uint8_t dark[QR_SIDE_MAX][QR_SIDE_MAX]; /* by row and column; bit 0: dark, bit 1: belongs to a pattern */
};

/* Encode a text. false: it is empty or too long. */
bool qr_encode(const char *text, size_t len, struct qr *ret);

/*
 * Append it as lines of half blocks, two rows of modules to a line, with the quiet zone around; light modules are drawn
 * and dark ones are not, as on a dark background. coloured: with escape sequences that make the background dark.
 * indent: spaces before each line.
 */
bool qr_draw(const struct qr *qr, int indent, bool coloured, struct buf *ret);

#endif
