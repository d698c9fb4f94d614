/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The person's own browser: the program that BROWSER names, else the desktop's opener.
 */
#ifndef CLI_BROWSER_H
#define CLI_BROWSER_H

#include <stdbool.h>

/*
 * Whether one can be expected to open where the person sits: there is a display, or BROWSER says what to start. Never in
 * an SSH session without a display, whose browser would open on the wrong machine if at all.
 */
bool browser_is_there(void);

/*
 * Open an https URL, or http to this machine. Without a shell, in a session of its own, so that Ctrl-C here does not
 * reach it. false: no program could be started.
 */
bool browser_open(const char *url);

#endif
