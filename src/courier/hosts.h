/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hosts file: names that the person who owns this machine gave to it.
 */
#ifndef COURIER_HOSTS_H
#define COURIER_HOSTS_H

#include <stdbool.h>

/* Whether /etc/hosts gives a loopback address the name host. Its administrator says so, no name server can. */
bool hosts_say_local(const char *host);

/* The same of a text in the form of that file. */
bool hosts_text_says_local(const char *text, const char *host);

#endif
