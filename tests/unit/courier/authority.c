/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "courier/authority.h"
#include "courier/courier.h"
#include "courier/http.h"

static void
touch(const char *dir, const char *name)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
}

static void
drop(const char *dir, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

static void
a_directory_is_hashed_when_a_name_is_a_hash(void **state)
{
	char dir[] = "/tmp/larder-authority-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(dir));
	touch(dir, "ca.pem");
	touch(dir, "notahash.0");
	touch(dir, "002c0b4f.r0");
	assert_false(authority_is_hashed_dir(dir));
	touch(dir, "002c0b4f.0");
	assert_true(authority_is_hashed_dir(dir));
	drop(dir, "ca.pem");
	drop(dir, "notahash.0");
	drop(dir, "002c0b4f.r0");
	drop(dir, "002c0b4f.0");
	assert_int_equal(rmdir(dir), 0);
	assert_false(authority_is_hashed_dir(dir));
}

static void
what_the_job_names_replaces_the_system_s_authorities(void **state)
{
	struct job job = { 0 };
	struct authority authority;

	(void)state;
	memcpy(job.ca_file, "/x/ca.pem", 10);
	authority = authority_choose(&job);
	assert_string_equal(authority.file, "/x/ca.pem");
	assert_null(authority.dir);
	job.ca_file[0] = '\0';
	memcpy(job.ca_dir, "/x", 3);
	authority = authority_choose(&job);
	assert_null(authority.file);
	assert_string_equal(authority.dir, "/x");
}

/* The bundle would cost 20 ms a start. */
static void
the_system_s_hashed_directory_is_taken_without_the_bundle(void **state)
{
	struct job job = { 0 };
	struct authority authority = authority_choose(&job);

	(void)state;
	if (!authority_is_hashed_dir("/etc/ssl/certs"))
		skip();
	assert_string_equal(authority.dir, "/etc/ssl/certs");
	assert_null(authority.file);
}

static void
only_loopback_addresses_are_loopback(void **state)
{
	static const char *const no[] = { "128.0.0.1", "10.0.0.1", "0.0.0.0", "169.254.169.254", "::", "fe80::1",
		"::ffff:127.0.0.1", "64:ff9b::7f00:1", "localhost", "127.1", "0177.0.0.1", "" };

	(void)state;
	assert_true(http_is_loopback_address("127.0.0.1"));
	assert_true(http_is_loopback_address("127.255.255.254"));
	assert_true(http_is_loopback_address("::1"));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(http_is_loopback_address(no[i]));
}

int
run_authority_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_is_hashed_when_a_name_is_a_hash),
		cmocka_unit_test(what_the_job_names_replaces_the_system_s_authorities),
		cmocka_unit_test(the_system_s_hashed_directory_is_taken_without_the_bundle),
		cmocka_unit_test(only_loopback_addresses_are_loopback),
	};

	return cmocka_run_group_tests_name("authority", tests, NULL, NULL);
}
