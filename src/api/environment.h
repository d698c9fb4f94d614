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

struct environment {
	char vault[ENVIRONMENT_PATH_MAX];            /* directory */
	char key_file[ENVIRONMENT_PATH_MAX];         /* "" if none is named */
	char credentials_file[ENVIRONMENT_PATH_MAX]; /* $CREDENTIALS_DIRECTORY/larder.key; "" */
	int passphrase_fd;                           /* -1 */
	char config_dir[ENVIRONMENT_PATH_MAX];       /* $XDG_CONFIG_HOME/larder; "" without a home */
	char anchor_dir[ENVIRONMENT_PATH_MAX];       /* $XDG_STATE_HOME/larder; "" without a home */
	char user_providers[ENVIRONMENT_PATH_MAX];   /* config_dir/providers.d; "" */
	char courier[ENVIRONMENT_PATH_MAX];          /* "" when it was not found; looked for on first use */
	char ca_file[1024], ca_dir[1024];            /* SSL_CERT_FILE, SSL_CERT_DIR; "" */
	struct catalogue catalogue;                  /* points into this struct */
};

/* options may be NULL. Errors: USAGE (no home and nothing named, a relative or too long path, not a number). */
enum larder_code
environment_read(const struct larder_options *options, struct environment *ret, struct larder_error *ret_error);

/* The parts that need no vault: configuration, providers. */
enum larder_code environment_read_configuration(struct environment *ret, struct larder_error *ret_error);

/* Find the courier: LARDER_COURIER, else libexec of the installation, else beside the program. "" in ret: none. */
void environment_find_courier(const struct larder_options *options, char *ret, size_t ret_size);

#endif
