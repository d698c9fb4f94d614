/* SPDX-License-Identifier: Apache-2.0 */
#include "base/host_name.h"

#include "base/support.h"

static void
names_of_hosts_are_checked(void **state)
{
	static const char *const good[] = { "a.test", "*.a.test", "a.test:1", "127.0.0.1:80", "[::1]", "localhost" };
	static const char *const bad[] = { "", "*", "*.", "*.com", "a b", "a/b", "https://a", "a:0", "a:x", "*a.test",
		"a.*.test", "a.test?", "user@a.test", "a.test#" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		if (!host_name_is_valid(good[i]))
			fail_msg("%s", good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (host_name_is_valid(bad[i]))
			fail_msg("%s", bad[i]);
	}
}

int
run_host_name_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_hosts_are_checked),
	};

	return cmocka_run_group_tests_name("host_name", tests, NULL, NULL);
}
