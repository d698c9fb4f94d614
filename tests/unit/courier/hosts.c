/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "courier/courier.h"

static void
names_of_loopback_addresses_are_local(void **state)
{
	static const char text[] = "# 127.0.0.1 commented\n127.0.0.1\tlocalhost sso.dev.test # old.dev.test\n"
				   "::1 six.dev.test\r\n10.0.0.1 far.dev.test\n127.0.1.1 last.dev.test";

	(void)state;
	assert_true(hosts_text_says_local(text, "sso.dev.test"));
	assert_true(hosts_text_says_local(text, "SSO.dev.test"));
	assert_true(hosts_text_says_local(text, "six.dev.test"));
	assert_true(hosts_text_says_local(text, "last.dev.test"));
	assert_false(hosts_text_says_local(text, "commented"));
	assert_false(hosts_text_says_local(text, "old.dev.test"));
	assert_false(hosts_text_says_local(text, "far.dev.test"));
	assert_false(hosts_text_says_local(text, "dev.test"));
	assert_false(hosts_text_says_local(text, "sso.dev.test.evil"));
	assert_false(hosts_text_says_local(text, "127.0.0.1"));
	assert_false(hosts_text_says_local("", "localhost"));
	assert_false(hosts_text_says_local("127.0.0.1", "localhost"));
}

int
run_hosts_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_loopback_addresses_are_local),
	};

	return cmocka_run_group_tests_name("hosts", tests, NULL, NULL);
}
