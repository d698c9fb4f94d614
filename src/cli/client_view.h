/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a client is shown, to people and to programs. No secret is in it.
 */
#ifndef CLI_CLIENT_VIEW_H
#define CLI_CLIENT_VIEW_H

#include <larder/client.h>

#include "cli/output.h"

void client_view_json(struct output *out, const struct larder_client *client);
void client_view_json_list(struct output *out, const struct larder_client *list, size_t count);
enum larder_code
client_view_table(struct output *out, const struct larder_client *list, size_t count, struct larder_error *ret_error);
void client_view_long(struct output *out, const struct larder_client *client);

#endif
