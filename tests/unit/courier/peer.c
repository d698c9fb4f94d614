/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "courier/courier.h"

/* One per way of writing this machine; the last two reach it through a translator and as a mapped address. */
static const char *const loopback[] = { "127.0.0.1", "127.255.255.254", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1",
	"64:ff9b::7f00:1" };

static bool
is_refused(const char *text, const char *address, bool secure, bool allows_local)
{
	struct url url;
	char why[128];

	assert_true(url_parse(text, &url, why, sizeof(why)));
	return peer_refusal(&url, address, secure, allows_local) != NULL;
}

static void
a_name_that_resolves_to_this_machine_is_refused_unless_it_was_enrolled_as_local(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
		assert_true(is_refused("https://as.example/token", loopback[i], true, false));
		assert_true(is_refused("https://localhost.example/token", loopback[i], true, false));
		assert_true(is_refused("https://notlocalhost/token", loopback[i], true, false));
		assert_false(is_refused("https://as.example/token", loopback[i], true, true));
		assert_false(is_refused("https://localhost/token", loopback[i], true, false));
		assert_false(is_refused("https://as.localhost/token", loopback[i], true, false));
		assert_false(is_refused("https://127.0.0.1/token", loopback[i], true, false));
		assert_false(is_refused("https://[::1]/token", loopback[i], true, false));
	}
}

static void
addresses_of_the_segment_are_refused_to_everybody(void **state)
{
	static const char *const no[] = { "169.254.169.254", "169.254.0.1", "0.1.2.3", "224.0.0.1", "255.255.255.255",
		"fe80::1", "ff02::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "", "localhost", "2130706433" };

	(void)state;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		assert_true(is_refused("https://as.example/token", no[i], true, false));
		assert_true(is_refused("https://as.example/token", no[i], true, true));
		assert_true(is_refused("https://169.254.169.254/token", no[i], true, true));
	}
}

static void
public_and_private_addresses_are_allowed(void **state)
{
	static const char *const yes[] = { "192.0.2.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1",
		"128.0.0.1", "126.255.255.255", "169.253.1.1", "223.255.255.255", "2001:db8::1", "fd00::1",
		"::ffff:192.0.2.1", "64:ff9b::c000:201", "64:ff9b:1::7f00:1" };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_false(is_refused("https://as.example/token", yes[i], true, false));
}

/* S234, H127, H128: whatever way it is written. */
static void
a_name_from_a_document_reaches_public_addresses_alone(void **state)
{
	static const char *const no[] = { "10.0.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "127.0.0.1",
		"0.0.0.0", "169.254.169.254", "224.0.0.1", "198.19.0.1", "192.0.0.8", "::1", "fd00::1", "fe80::1",
		"fec0::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::1",
		"2002:a00:1::", "nonsense" };
	static const char *const yes[] = { "192.0.2.1", "11.0.0.1", "172.32.0.1", "100.128.0.1", "2001:db8::1",
		"2002:c000:201::1", "64:ff9b::c000:201" };

	(void)state;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_non_null(peer_private_refusal(no[i]));
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_null(peer_private_refusal(yes[i]));
}

static void
plain_http_goes_to_loopback_addresses_alone(void **state)
{
	(void)state;
	assert_false(is_refused("http://localhost/token", "127.0.0.1", false, true));
	assert_false(is_refused("http://localhost/token", "::1", false, true));
	assert_true(is_refused("http://localhost/token", "::ffff:127.0.0.1", false, true));
	assert_true(is_refused("http://localhost/token", "192.0.2.1", false, true));
	assert_true(is_refused("http://localhost/token", "169.254.169.254", false, true));
}

int
run_peer_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_that_resolves_to_this_machine_is_refused_unless_it_was_enrolled_as_local),
		cmocka_unit_test(addresses_of_the_segment_are_refused_to_everybody),
		cmocka_unit_test(public_and_private_addresses_are_allowed),
		cmocka_unit_test(a_name_from_a_document_reaches_public_addresses_alone),
		cmocka_unit_test(plain_http_goes_to_loopback_addresses_alone),
	};

	return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
