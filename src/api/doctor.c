/* SPDX-License-Identifier: Apache-2.0 */
#include <larder/doctor.h>

#include <dirent.h>
#include <errno.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "api/handle.h"
#include "base/io.h"
#include "base/text.h"

#define CLOCK_FLOOR     1767225600 /* 2026-01-01: no build of this version is older */
#define SECRET_NOTICE_S (INT64_C(14) * 86400)
#define CA_DIR          "/etc/ssl/certs"
#define CA_BUNDLE       "/etc/ssl/certs/ca-certificates.crt"

struct findings {
	struct larder_finding *list;
	size_t count;
	bool problem;
};

static void
add(struct findings *findings, enum larder_finding_level level, const char *check, const char *text, const char *hint)
{
	struct larder_finding *finding;

	if (findings->count == LARDER_FINDINGS_MAX)
		return;
	finding = &findings->list[findings->count++];
	*finding = (struct larder_finding){ .level = level, .check = check };
	(void)text_format(finding->text, sizeof finding->text, "%s", text);
	(void)text_format(finding->hint, sizeof finding->hint, "%s", hint == NULL ? "" : hint);
	findings->problem = findings->problem || level == LARDER_FINDING_PROBLEM;
}

static void
add_error(struct findings *findings, const char *check, const struct larder_error *error)
{
	char text[512];

	(void)text_format(text, sizeof text, "%s: %s", error->what, error->why);
	add(findings, LARDER_FINDING_PROBLEM, check, text, error->hint);
}

static void
add_no_memory(struct findings *findings, const char *check)
{
	struct larder_error error;

	(void)error_no_memory(&error);
	add_error(findings, check, &error);
}

static void
check_courier(const struct larder_options *options, struct findings *findings)
{
	char safe[200], text[256];
	struct stat st;
	char *path;

	errno = 0;
	path = environment_find_courier(options);
	if (path == NULL && errno == ENOMEM) {
		add_no_memory(findings, "courier");
		return;
	}
	if (path == NULL) {
		add(findings, LARDER_FINDING_PROBLEM, "courier",
		    "larder-courier was not found; nothing can be refreshed",
		    "install it, or set LARDER_COURIER to its path");
		return;
	}
	(void)text_escape(safe, sizeof safe, path, strlen(path));
	if (access(path, X_OK) != 0 || stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)text_format(text, sizeof text, "%s cannot be executed", safe);
		add(findings, LARDER_FINDING_PROBLEM, "courier", text,
		    "set LARDER_COURIER to the path of larder-courier");
	} else if ((st.st_mode & 022) != 0 || (st.st_uid != 0 && st.st_uid != geteuid())) {
		(void)text_format(text, sizeof text, "%s can be changed by others", safe);
		add(findings, LARDER_FINDING_PROBLEM, "courier", text, "install it where only root or you can write");
	} else {
		add(findings, LARDER_FINDING_OK, "courier", safe, NULL);
	}
	free(path);
}

/* What the courier has to be confined with here; it asks the same. */
static void
check_sandbox(struct findings *findings)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 1)
		add(findings, LARDER_FINDING_OK, "sandbox", "the courier is confined by seccomp and Landlock", NULL);
	else
		add(findings, LARDER_FINDING_NOTE, "sandbox",
		    "the courier is confined by seccomp alone: this kernel has no Landlock", NULL);
}

/* The hashed directory is read one certificate at a time; the bundle costs 20 ms at every start of a courier. */
static void
check_authorities(const struct environment *environment, struct findings *findings)
{
	const struct dirent *entry;
	bool hashed = false;
	char text[256];
	DIR *dir;

	if (environment->ca_file != NULL || environment->ca_dir != NULL) {
		bool there = (environment->ca_file == NULL || access(environment->ca_file, R_OK) == 0) &&
		    (environment->ca_dir == NULL || access(environment->ca_dir, R_OK) == 0);

		(void)text_format(text, sizeof text, "taken from SSL_CERT_FILE or SSL_CERT_DIR%s",
		    there ? "" : ", which cannot be read");
		add(findings, there ? LARDER_FINDING_NOTE : LARDER_FINDING_PROBLEM, "authorities", text,
		    there ? NULL : "correct or unset them");
		return;
	}
	dir = opendir(CA_DIR);
	while (dir != NULL && !hashed && (entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		hashed = len > 2 && strcmp(entry->d_name + len - 2, ".0") == 0;
	}
	if (dir != NULL)
		(void)closedir(dir);
	if (hashed)
		add(findings, LARDER_FINDING_OK, "authorities", CA_DIR, NULL);
	else if (access(CA_BUNDLE, R_OK) == 0)
		add(findings, LARDER_FINDING_NOTE, "authorities", CA_BUNDLE " (each refresh starts 20 ms later)",
		    "run update-ca-certificates for a hashed directory");
	else
		add(findings, LARDER_FINDING_PROBLEM, "authorities",
		    "no certificate authorities; no https endpoint can be reached", "install ca-certificates");
}

static void
check_memory(struct findings *findings)
{
	struct secret probe = SECRET_INIT;
	struct rlimit limit = { 0, 0 };
	char text[128];

	if (!secret_new(1, &probe)) {
		add(findings, LARDER_FINDING_PROBLEM, "memory", "no memory can be locked; secrets could be swapped out",
		    "raise the limit: ulimit -l 8192, or LimitMEMLOCK=8M for a service");
		return;
	}
	secret_free(&probe);
	(void)getrlimit(RLIMIT_MEMLOCK, &limit);
	if (limit.rlim_cur == RLIM_INFINITY)
		(void)text_format(text, sizeof text, "secrets are locked; no limit");
	else
		(void)text_format(text, sizeof text, "secrets are locked; limit %llu KiB",
		    (unsigned long long)(limit.rlim_cur >> 10));
	add(findings, LARDER_FINDING_OK, "memory", text, NULL);
}

static void
check_clock(struct findings *findings)
{
	char when[32], text[96];
	int64_t now = io_clock_unix_s();

	(void)text_format(text, sizeof text, "%s", text_time(when, sizeof when, (long long)now));
	if (now < CLOCK_FLOOR)
		add(findings, LARDER_FINDING_PROBLEM, "clock", "it is wrong: it stands before this version was made",
		    "set it; tokens would seem valid for years");
	else
		add(findings, LARDER_FINDING_OK, "clock", text, NULL);
}

static void
check_providers(const struct environment *environment, struct findings *findings)
{
	struct catalogue_entry *entries = NULL;
	struct larder_error error;
	size_t count = 0, broken = 0, i;
	char text[320];

	if (catalogue_list(&environment->catalogue, &entries, &count, &error) != LARDER_OK) {
		add_error(findings, "providers", &error);
		return;
	}
	for (i = 0; i < count; i++) {
		if (entries[i].why[0] == '\0')
			continue;
		broken++;
		(void)text_format(text, sizeof text, "%s: %s", entries[i].source, entries[i].why);
		add(findings, LARDER_FINDING_PROBLEM, "providers", text,
		    "correct it; 'larder provider check FILE' names the place");
	}
	free(entries);
	(void)text_format(text, sizeof text, "%zu definitions", count - broken);
	add(findings, LARDER_FINDING_OK, "providers", text, NULL);
}

static void
check_opened(struct larder *larder, struct findings *findings)
{
	struct larder_verification verification = { .problem = "" };
	struct larder_credential *credentials = NULL;
	struct larder_error error;
	enum larder_code code;
	size_t count = 0, i;
	char text[320];

	add(findings, LARDER_FINDING_OK, "key", "the vault opens without asking", NULL);
	code = larder_verify(larder, &verification, &error);
	if (code != LARDER_OK) {
		add_error(findings, "vault", &error);
		return;
	}
	(void)text_format(text, sizeof text, "%llu records and %llu audit rows are intact",
	    (unsigned long long)verification.records, (unsigned long long)verification.audit_rows);
	add(findings, LARDER_FINDING_OK, "vault", text, NULL);
	add(findings, verification.freshness > 0 ? LARDER_FINDING_OK : LARDER_FINDING_NOTE, "freshness",
	    verification.freshness_text, NULL);
	if (larder_credential_list(larder, &credentials, &count, &error) != LARDER_OK) {
		add_error(findings, "credential", &error);
		return;
	}
	for (i = 0; i < count; i++) {
		if (strcmp(credentials[i].state, "ok") == 0 || strcmp(credentials[i].state, "revoked") == 0)
			continue;
		(void)text_format(text, sizeof text, "%s is %s%s%s", credentials[i].name, credentials[i].state,
		    credentials[i].last_error_text[0] != '\0' ? ": " : "", credentials[i].last_error_text);
		add(findings, LARDER_FINDING_NOTE, "credential", text, credentials[i].advice);
	}
	larder_credential_list_free(credentials, count);
}

/* A secret that the provider gave an end at registration (RFC 7591 section 3.2.1). */
static void
check_secrets(struct larder *larder, struct findings *findings)
{
	struct larder_client *clients = NULL;
	struct larder_error error;
	int64_t now = io_clock_unix_s();
	size_t count = 0;
	char text[256], when[32];

	if (larder_client_list(larder, &clients, &count, &error) != LARDER_OK)
		return; /* the vault's own check has said it */
	for (size_t i = 0; i < count; i++) {
		if (clients[i].secret_expires_at <= 0 || clients[i].secret_expires_at - now > SECRET_NOTICE_S)
			continue;
		(void)text_format(text, sizeof text, "the secret of %s %s %s", clients[i].name,
		    clients[i].secret_expires_at <= now ? "ended" : "ends",
		    text_time(when, sizeof when, clients[i].secret_expires_at));
		add(findings, clients[i].secret_expires_at <= now ? LARDER_FINDING_PROBLEM : LARDER_FINDING_NOTE,
		    "client", text, "get a new one, then 'larder client set-secret', or register another client");
	}
	larder_client_list_free(clients);
}

static void
check_vault(const struct larder_options *options, const struct environment *environment, struct findings *findings)
{
	struct larder_options quiet = { .vault = NULL };
	struct larder *larder = NULL;
	struct larder_error error;
	enum larder_code code;
	char safe[256];

	if (options != NULL)
		quiet = *options;
	quiet.ask = NULL;
	code = larder_open(&quiet, &larder, &error);
	if (code == LARDER_OK) {
		(void)text_escape(safe, sizeof safe, larder_path(larder), strlen(larder_path(larder)));
		add(findings, LARDER_FINDING_OK, "directory", safe, NULL);
		check_opened(larder, findings);
		check_secrets(larder, findings);
		larder_close(larder);
		return;
	}
	if (code == LARDER_LOCKED) {
		(void)text_escape(safe, sizeof safe, environment->vault, strlen(environment->vault));
		add(findings, LARDER_FINDING_OK, "directory", safe, NULL);
		add(findings, LARDER_FINDING_NOTE, "key", error.why,
		    "scripts need a key that is at hand: 'larder key add file' or 'larder key add command'");
		return;
	}
	add_error(findings, "vault", &error);
}

enum larder_code
larder_doctor(
    const struct larder_options *options, struct larder_finding *ret, size_t *ret_count, struct larder_error *ret_error)
{
	struct findings findings = { .list = ret };
	struct environment environment = { .vault = NULL };
	struct larder_error error;

	if (!crypto_init())
		return error_set(
		    ret_error, LARDER_INTERNAL, "cannot start", NULL, "the system gives no random numbers");
	if (environment_read(options, &environment, &error) != LARDER_OK)
		add_error(&findings, "environment", &error);
	else
		check_vault(options, &environment, &findings);
	check_courier(options, &findings);
	check_sandbox(&findings);
	check_authorities(&environment, &findings);
	check_providers(&environment, &findings);
	check_clock(&findings);
	check_memory(&findings);
	environment_clear(&environment);
	*ret_count = findings.count;
	if (!findings.problem)
		return LARDER_OK;
	return error_set(ret_error, LARDER_CHECK_FAILED, "something is wrong", NULL, "see the list above");
}
