/* SPDX-License-Identifier: Apache-2.0 */
#include "api/environment.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define SYSTEM_PROVIDERS "/etc/larder/providers.d"
#define FD_MAX           1048576

/* An empty variable counts as unset, as the base directory specification has it. */
static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

static enum larder_code
set_text(char **ret, struct larder_error *ret_error, const char *format, ...) __attribute__((format(printf, 3, 4)));

static enum larder_code
set_text(char **ret, struct larder_error *ret_error, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(ret, format, args);
	va_end(args);
	if (len < 0) {
		*ret = NULL;
		return error_no_memory(ret_error);
	}
	if (len >= ENVIRONMENT_PATH_MAX)
		return error_set(ret_error, LARDER_USAGE, "cannot read the environment", NULL, "a path is too long");
	return LARDER_OK;
}

/* $XDG_x/larder, else $HOME/fallback/larder; relative paths in these variables are ignored. NULL without a home. */
static enum larder_code
base_directory(const char *xdg, const char *fallback, char **ret, struct larder_error *ret_error)
{
	const char *base = variable(xdg), *home = variable("HOME");

	if (base != NULL && base[0] == '/')
		return set_text(ret, ret_error, "%s/larder", base);
	if (home != NULL && home[0] == '/')
		return set_text(ret, ret_error, "%s/%s/larder", home, fallback);
	return LARDER_OK;
}

static enum larder_code
find_vault(const struct larder_options *options, struct environment *ret, struct larder_error *ret_error)
{
	const char *named = options != NULL && options->vault != NULL ? options->vault : variable("LARDER_VAULT");
	enum larder_code code;

	if (named != NULL && strstr(named, "://") != NULL)
		return error_set(ret_error, LARDER_USAGE, "cannot open the vault", "name a directory",
		    "this version knows vaults in directories only");
	if (named != NULL)
		return set_text(&ret->vault, ret_error, "%s", named);
	code = base_directory("XDG_DATA_HOME", ".local/share", &ret->vault, ret_error);
	if (code == LARDER_OK && ret->vault == NULL)
		code = error_set(ret_error, LARDER_USAGE, "cannot open the vault",
		    "name it with --vault or LARDER_VAULT", "there is no home directory");
	return code;
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
	if (fd > STDERR_FILENO)
		(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC); /* a browser or a command could read it once more */
	return LARDER_OK;
}

/* Its own path tells where a program is installed: bin/larder has ../libexec/larder-courier. */
static char *
beside_program(const char *relative)
{
	char self[ENVIRONMENT_PATH_MAX], *slash, *path;
	ssize_t len;

	len = readlink("/proc/self/exe", self, sizeof self - 1);
	if (len <= 0)
		return NULL;
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return NULL;
	*slash = '\0';
	if (set_text(&path, NULL, "%s/%s", self, relative) == LARDER_OK && access(path, X_OK) == 0)
		return path;
	free(path);
	return NULL;
}

char *
environment_find_courier(const struct larder_options *options)
{
	static const char installed[] = LARDER_LIBEXEC "/larder-courier";
	const char *named = options != NULL && options->courier != NULL ? options->courier : variable("LARDER_COURIER");
	char *path;

	if (named != NULL)
		return text_copy(named);
	if (access(installed, X_OK) == 0)
		return text_copy(installed);
	path = beside_program("../libexec/larder-courier");
	if (path == NULL)
		path = beside_program("larder-courier");
	if (path == NULL) /* in a build directory */
		path = beside_program("../courier/larder-courier");
	return path;
}

enum larder_code
environment_read_configuration(struct environment *ret, struct larder_error *ret_error)
{
	const char *file = variable("SSL_CERT_FILE"), *dir = variable("SSL_CERT_DIR");
	enum larder_code code;

	code = base_directory("XDG_CONFIG_HOME", ".config", &ret->config_dir, ret_error);
	if (code == LARDER_OK && ret->config_dir != NULL)
		code = set_text(&ret->user_providers, ret_error, "%s/providers.d", ret->config_dir);
	if (code == LARDER_OK && file != NULL)
		code = set_text(&ret->ca_file, ret_error, "%s", file);
	if (code == LARDER_OK && dir != NULL)
		code = set_text(&ret->ca_dir, ret_error, "%s", dir);
	ret->catalogue = (struct catalogue){ { SYSTEM_PROVIDERS, ret->user_providers } };
	return code;
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
		code = base_directory("XDG_STATE_HOME", ".local/state", &ret->anchor_dir, ret_error);
	if (code == LARDER_OK && key_file != NULL)
		code = set_text(&ret->key_file, ret_error, "%s", key_file);
	if (code == LARDER_OK && credentials != NULL)
		code = set_text(&ret->credentials_file, ret_error, "%s/larder.key", credentials);
	if (code == LARDER_OK && ret->credentials_file != NULL && access(ret->credentials_file, F_OK) != 0) {
		free(ret->credentials_file);
		ret->credentials_file = NULL;
	}
	return code;
}

void
environment_clear(struct environment *environment)
{
	free(environment->vault);
	free(environment->key_file);
	free(environment->credentials_file);
	free(environment->config_dir);
	free(environment->anchor_dir);
	free(environment->user_providers);
	free(environment->courier);
	free(environment->ca_file);
	free(environment->ca_dir);
	*environment = (struct environment){ .passphrase_fd = -1 };
}
