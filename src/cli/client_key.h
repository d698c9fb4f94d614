/* SPDX-License-Identifier: Apache-2.0 */
/* larder client key: the keys with which a client proves itself. */
#ifndef CLI_CLIENT_KEY_H
#define CLI_CLIENT_KEY_H

#include "cli/command.h"

extern const struct command command_client_key;

#endif
