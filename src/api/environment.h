/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things are, from options, environment and installation: the only place of the library that reads the
 * environment.
 */
#ifndef API_ENVIRONMENT_H
#define API_ENVIRONMENT_H

#include <larder/vault.h>

#include "provider/catalogue.h"

#define ENVIRONMENT_PATH_MAX 4096

struct environment {    /* texts on the heap, because every command starts with one of these; NULL: there is none */
	char *vault;    /* directory */
	char *key_file; /* named by option or variable */
	char *credentials_file;     /* $CREDENTIALS_DIRECTORY/larder.key, if it is there */
	int passphrase_fd;          /* -1 */
	char *config_dir;           /* $XDG_CONFIG_HOME/larder */
	char *anchor_dir;           /* $XDG_STATE_HOME/larder */
	char *user_providers;       /* config_dir/providers.d */
	char *courier;              /* looked for on first use */
	char *ca_file, *ca_dir;     /* SSL_CERT_FILE, SSL_CERT_DIR */
	struct catalogue catalogue; /* points to user_providers */
};

/* Accepts a zeroed struct. */
void environment_clear(struct environment *environment);

/* options may be NULL. ret is cleared by the caller, also after an error. Errors: USAGE (nothing named and no home, not a number). */
enum larder_code
environment_read(const struct larder_options *options, struct environment *ret, struct larder_error *ret_error);

/* The parts that need no vault: configuration, providers. */
enum larder_code environment_read_configuration(struct environment *ret, struct larder_error *ret_error);

/* Find the courier: LARDER_COURIER, else libexec of the installation, else beside the program. NULL: none; freed by the caller. */
char *environment_find_courier(const struct larder_options *options);

#endif
