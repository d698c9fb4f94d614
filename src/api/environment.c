/* SPDX-License-Identifier: Apache-2.0 */
#include "api/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define SYSTEM_PROVIDERS "/etc/larder/providers.d"
#define FD_MAX           1048576

static enum larder_code
too_long(const char *what, struct larder_error *ret_error)
{
	return error_set(ret_error, LARDER_USAGE, "cannot read the environment", NULL, "%s is too long", what);
}

/* An empty variable counts as unset, as the base directory specification has it. */
static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

/* $XDG_x/larder, else $HOME/fallback/larder; relative paths in these variables are ignored. "" without a home. */
static enum larder_code
base_directory(const char *xdg, const char *fallback, char *ret, size_t ret_size, struct larder_error *ret_error)
{
	const char *base = variable(xdg), *home = variable("HOME");

	ret[0] = '\0';
	if (base != NULL && base[0] == '/')
		return text_format(ret, ret_size, "%s/larder", base) ? LARDER_OK : too_long(xdg, ret_error);
	if (home != NULL && home[0] == '/')
		return text_format(ret, ret_size, "%s/%s/larder", home, fallback) ? LARDER_OK
										  : too_long("HOME", ret_error);
	return LARDER_OK;
}

static enum larder_code
find_vault(const struct larder_options *options, struct environment *ret, struct larder_error *ret_error)
{
	const char *named = options != NULL && options->vault != NULL ? options->vault : variable("LARDER_VAULT");

	if (named != NULL && strstr(named, "://") != NULL)
		return error_set(ret_error, LARDER_USAGE, "cannot open the vault", "name a directory",
		    "this version knows vaults in directories only");
	if (named != NULL)
		return text_format(ret->vault, sizeof ret->vault, "%s", named) ? LARDER_OK
									       : too_long("the path", ret_error);
	if (base_directory("XDG_DATA_HOME", ".local/share", ret->vault, sizeof ret->vault, ret_error) != LARDER_OK)
		return LARDER_USAGE;
	if (ret->vault[0] == '\0')
		return error_set(ret_error, LARDER_USAGE, "cannot open the vault",
		    "name it with --vault or LARDER_VAULT", "there is no home directory");
	return LARDER_OK;
}

static enum larder_code
read_descriptor(const struct larder_options *options, struct environment *ret, struct larder_error *ret_error)
{
	const char *text = options != NULL && options->passphrase_fd != NULL ? options->passphrase_fd
									     : variable("LARDER_PASSPHRASE_FD");
	char *end;
	long fd;

	ret->passphrase_fd = -1;
	if (text == NULL)
		return LARDER_OK;
	fd = strtol(text, &end, 10);
	if (end == text || *end != '\0' || fd < 0 || fd > FD_MAX)
		return error_set(ret_error, LARDER_USAGE, "cannot read the passphrase",
		    "give the number of an open descriptor", "the passphrase descriptor is not a number");
	ret->passphrase_fd = (int)fd;
	return LARDER_OK;
}

/* Its own path tells where a program is installed: bin/larder has ../libexec/larder-courier. */
static bool
beside_program(const char *relative, char *ret, size_t ret_size)
{
	char self[ENVIRONMENT_PATH_MAX], *slash;
	ssize_t len;

	len = readlink("/proc/self/exe", self, sizeof self - 1);
	if (len <= 0)
		return false;
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	return text_format(ret, ret_size, "%s/%s", self, relative) && access(ret, X_OK) == 0;
}

void
environment_find_courier(const struct larder_options *options, char *ret, size_t ret_size)
{
	const char *named = options != NULL && options->courier != NULL ? options->courier : variable("LARDER_COURIER");

	if (named != NULL) {
		(void)text_format(ret, ret_size, "%s", named);
		return;
	}
	if (text_format(ret, ret_size, "%s", LARDER_LIBEXEC "/larder-courier") && access(ret, X_OK) == 0)
		return;
	if (beside_program("../libexec/larder-courier", ret, ret_size) ||
	    beside_program("larder-courier", ret, ret_size) ||
	    beside_program("../courier/larder-courier", ret, ret_size))
		return;
	ret[0] = '\0';
}

enum larder_code
environment_read_configuration(struct environment *ret, struct larder_error *ret_error)
{
	const char *file = variable("SSL_CERT_FILE"), *dir = variable("SSL_CERT_DIR");
	enum larder_code code;

	code = base_directory("XDG_CONFIG_HOME", ".config", ret->config_dir, sizeof ret->config_dir, ret_error);
	if (code != LARDER_OK)
		return code;
	if (ret->config_dir[0] != '\0' &&
	    !text_format(ret->user_providers, sizeof ret->user_providers, "%s/providers.d", ret->config_dir))
		return too_long("XDG_CONFIG_HOME", ret_error);
	if (!text_format(ret->ca_file, sizeof ret->ca_file, "%s", file == NULL ? "" : file))
		return too_long("SSL_CERT_FILE", ret_error);
	if (!text_format(ret->ca_dir, sizeof ret->ca_dir, "%s", dir == NULL ? "" : dir))
		return too_long("SSL_CERT_DIR", ret_error);
	ret->catalogue = (struct catalogue){ { SYSTEM_PROVIDERS } };
	if (ret->user_providers[0] != '\0')
		ret->catalogue.folders[1] = ret->user_providers;
	return LARDER_OK;
}

enum larder_code
environment_read(const struct larder_options *options, struct environment *ret, struct larder_error *ret_error)
{
	const char *key_file =
	    options != NULL && options->key_file != NULL ? options->key_file : variable("LARDER_KEY_FILE");
	const char *credentials = variable("CREDENTIALS_DIRECTORY");
	enum larder_code code;

	code = find_vault(options, ret, ret_error);
	if (code == LARDER_OK)
		code = read_descriptor(options, ret, ret_error);
	if (code == LARDER_OK)
		code = environment_read_configuration(ret, ret_error);
	if (code == LARDER_OK)
		code = base_directory(
		    "XDG_STATE_HOME", ".local/state", ret->anchor_dir, sizeof ret->anchor_dir, ret_error);
	if (code != LARDER_OK)
		return code;
	if (!text_format(ret->key_file, sizeof ret->key_file, "%s", key_file == NULL ? "" : key_file))
		return too_long("LARDER_KEY_FILE", ret_error);
	ret->credentials_file[0] = '\0';
	if (credentials != NULL &&
	    (!text_format(ret->credentials_file, sizeof ret->credentials_file, "%s/larder.key", credentials) ||
		access(ret->credentials_file, F_OK) != 0))
		ret->credentials_file[0] = '\0';
	return LARDER_OK;
}
