/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/key_command.h"
#include "base/file.h"
#include "base/io.h"
#include "base/text.h"

#define TIMEOUT_MS     90000
#define PASSPHRASE_MAX 1024

static void
read_exe(const char *link, char *dst, size_t dst_size)
{
	char path[4096];
	ssize_t len = readlink(link, path, sizeof path);

	if (len <= 0)
		len = 0;
	(void)text_escape(dst, dst_size, path, (size_t)len);
}

struct actor
actor_self(void)
{
	struct actor actor = { .uid = (uint32_t)geteuid(), .pid = (int32_t)getpid() };
	char link[64];

	read_exe("/proc/self/exe", actor.exe, sizeof actor.exe);
	(void)text_format(link, sizeof link, "/proc/%d/exe", (int)getppid());
	read_exe(link, actor.parent, sizeof actor.parent);
	return actor;
}

enum larder_code
check_name(const char *name, const char *what, struct larder_error *ret_error)
{
	if (text_is_name(name))
		return LARDER_OK;
	return error_set(ret_error, LARDER_USAGE, "bad name",
	    "use 1 to 64 of A-Z a-z 0-9 . _ @ : + - and begin with a letter or digit", "it cannot be a %s's name",
	    what);
}

static enum larder_code
run_key_command(void *ctx, struct secret *ret, struct larder_error *ret_error)
{
	struct larder *larder = ctx;

	return key_command_run(
	    &larder->key_command, larder->options.ask != NULL ? KEY_COMMAND_PERSON_MS : KEY_COMMAND_MS, ret, ret_error);
}

static enum larder_code
ask_person(struct larder *larder, const char *prompt, int confirm, struct secret *ret, struct larder_error *ret_error)
{
	struct secret answer = SECRET_INIT;
	enum larder_code code = LARDER_OK;
	int len;

	if (!secret_new(PASSPHRASE_MAX + 1, &answer))
		return error_no_memory(ret_error);
	len = larder->options.ask(larder->options.ask_ctx, prompt, confirm, (char *)answer.data, answer.len);
	if (len < 0 || (size_t)len > PASSPHRASE_MAX)
		code = error_set(ret_error, LARDER_LOCKED, "cannot open the vault", NULL, "no passphrase was given");
	else if (len == 0)
		code = error_set(ret_error, LARDER_USAGE, "cannot use the passphrase", NULL, "it is empty");
	else if (!secret_copy(answer.data, (size_t)len, ret))
		code = error_no_memory(ret_error);
	secret_free(&answer);
	return code;
}

static enum larder_code
ask_to_unlock(void *ctx, const char *prompt, struct secret *ret, struct larder_error *ret_error)
{
	return ask_person(ctx, prompt, 0, ret, ret_error);
}

enum larder_code
handle_new_passphrase(struct larder *larder, struct secret *ret, struct larder_error *ret_error)
{
	if (larder->environment.passphrase_fd >= 0)
		return file_read_secret_fd(
		    larder->environment.passphrase_fd, PASSPHRASE_MAX, "passphrase", ret, ret_error);
	if (larder->options.ask == NULL)
		return error_set(ret_error, LARDER_LOCKED, "cannot set a passphrase",
		    "give it on a descriptor with --passphrase-fd, or run it at a terminal", "there is nobody to ask");
	return ask_person(larder, "New passphrase: ", 1, ret, ret_error);
}

void
handle_unlock(struct larder *larder, struct unlock *ret)
{
	*ret = (struct unlock){
		.key_file = larder->environment.key_file,
		.credentials_file = larder->environment.credentials_file,
		.passphrase_fd = larder->environment.passphrase_fd,
		.anchor_dir = larder->environment.anchor_dir,
		.key_command = larder->key_command.count > 0 ? run_key_command : NULL,
		.ask = larder->options.ask != NULL ? ask_to_unlock : NULL,
		.ctx = larder,
	};
}

static void
session_wire(struct larder *larder, struct session *session)
{
	effects_system_init(&session->system, session->vault.dir.fd, NULL);
	session->engine = (struct engine){
		.vault = &session->vault,
		.effects = &session->system.effects,
		.catalogue = &larder->environment.catalogue,
		.ca_file = larder->environment.ca_file,
		.ca_dir = larder->environment.ca_dir,
	};
}

void
handle_find_courier(struct larder *larder, struct session *session)
{
	struct environment *environment = &larder->environment;

	(void)pthread_mutex_lock(&larder->lock);
	if (environment->courier == NULL)
		environment->courier = environment_find_courier(&larder->options);
	session->system.courier = environment->courier;
	(void)pthread_mutex_unlock(&larder->lock);
}

static void
session_free(struct session *session)
{
	if (session == NULL)
		return;
	vault_close(&session->vault);
	free(session);
}

enum larder_code
session_take(struct larder *larder, struct session **ret, struct larder_error *ret_error)
{
	struct session *session;
	enum larder_code code;

	if (larder->pid != getpid())
		return error_set(ret_error, LARDER_LOCKED, "cannot use the vault", "open it again in the child",
		    "this process was forked from the one that opened it");
	(void)pthread_mutex_lock(&larder->lock);
	session = larder->idle;
	if (session != NULL)
		larder->idle = session->next;
	(void)pthread_mutex_unlock(&larder->lock);
	if (session != NULL) {
		*ret = session;
		return LARDER_OK;
	}
	session = calloc(1, sizeof *session);
	if (session == NULL)
		return error_no_memory(ret_error);
	code = vault_open_again(&larder->first->vault, &session->vault, ret_error);
	if (code != LARDER_OK) {
		free(session);
		return code;
	}
	session_wire(larder, session);
	*ret = session;
	return LARDER_OK;
}

void
session_give(struct larder *larder, struct session *session)
{
	if (session == NULL)
		return;
	(void)pthread_mutex_lock(&larder->lock);
	session->next = larder->idle;
	larder->idle = session;
	(void)pthread_mutex_unlock(&larder->lock);
}

int64_t
handle_timeout(const struct larder *larder, int64_t timeout_ms)
{
	if (timeout_ms > 0)
		return timeout_ms;
	return larder->options.timeout_ms > 0 ? larder->options.timeout_ms : TIMEOUT_MS;
}

int64_t
handle_deadline(const struct larder *larder, int64_t timeout_ms)
{
	return io_clock_ms() + handle_timeout(larder, timeout_ms);
}

static enum larder_code
open_first(struct larder *larder, struct larder_error *ret_error)
{
	struct environment *environment = &larder->environment;
	struct unlock unlock;
	enum larder_code code;

	code = config_key_command(environment->config_dir, environment->vault, &larder->key_command, ret_error);
	if (code != LARDER_OK)
		return code;
	larder->first = calloc(1, sizeof *larder->first);
	if (larder->first == NULL)
		return error_no_memory(ret_error);
	handle_unlock(larder, &unlock);
	code = vault_open(environment->vault, &unlock, actor_self(), &larder->first->vault, ret_error);
	if (code != LARDER_OK) {
		free(larder->first);
		larder->first = NULL;
		return code;
	}
	session_wire(larder, larder->first);
	/* Before anything could be spent: a copied vault marks what another copy may be using. */
	return vault_adopt_copy(&larder->first->vault, ret_error);
}

enum larder_code
larder_open(const struct larder_options *options, struct larder **ret_larder, struct larder_error *ret_error)
{
	struct larder *larder;
	enum larder_code code;

	if (!crypto_init())
		return error_set(
		    ret_error, LARDER_INTERNAL, "cannot start", NULL, "the system gives no random numbers");
	larder = calloc(1, sizeof *larder);
	if (larder == NULL)
		return error_no_memory(ret_error);
	larder->pid = getpid();
	(void)pthread_mutex_init(&larder->lock, NULL);
	if (options != NULL)
		larder->options = *options;
	code = environment_read(options, &larder->environment, ret_error);
	if (code == LARDER_OK)
		code = open_first(larder, ret_error);
	if (code != LARDER_OK) {
		larder_close(larder);
		return code;
	}
	larder->idle = larder->first;
	*ret_larder = larder;
	return LARDER_OK;
}

void
larder_close(struct larder *larder)
{
	struct session *session;
	bool first_seen = false;

	if (larder == NULL)
		return;
	while (larder->idle != NULL) {
		session = larder->idle;
		larder->idle = session->next;
		first_seen = first_seen || session == larder->first;
		session_free(session);
	}
	if (!first_seen)
		session_free(larder->first);
	command_words_clear(&larder->key_command);
	environment_clear(&larder->environment);
	(void)pthread_mutex_destroy(&larder->lock);
	free(larder);
}

const char *
larder_path(const struct larder *larder)
{
	return larder->first->vault.dir.path;
}
