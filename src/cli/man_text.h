/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of larder.1 that no table holds, as roff.
 */
#ifndef CLI_MAN_TEXT_H
#define CLI_MAN_TEXT_H

extern const char man_description[]; /* of section DESCRIPTION */
extern const char man_rest[];        /* EXIT STATUS to the end */

#endif
