/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "courier/courier.h"
#include "courier/handshake.h"

enum { HELLO = 2, TICKET = 4, EXTENSIONS = 8, REQUEST = 13, HELLO_DONE = 14, FINISHED = 20 };

/* Messages of a handshake by their types, each with a body of three bytes; 0 ends them. */
static void
hear(struct handshake *handshake, const uint8_t *types)
{
	static const uint8_t record[] = { 0x16, 3, 3, 0, 7 };

	for (; *types != 0; types++) {
		const uint8_t message[] = { *types, 0, 0, 3, 1, 2, 3 };

		handshake_note(handshake, record, sizeof(record));
		handshake_note(handshake, message, sizeof(message));
	}
}

static const char *
refusal_after(const uint8_t *types, uint8_t level, uint8_t number)
{
	struct handshake handshake = { 0 };
	const uint8_t alert[] = { level, number };

	hear(&handshake, types);
	handshake_note(&handshake, alert, sizeof(alert));
	return handshake_refusal(&handshake);
}

static const uint8_t new_way[] = { HELLO, EXTENSIONS, REQUEST, FINISHED, 0 };
static const uint8_t old_way[] = { HELLO, REQUEST, HELLO_DONE, 0 };

static void
each_alert_about_the_certificate_is_a_refusal(void **state)
{
	static const struct {
		uint8_t number;
		const char *name;
	} alerts[] = { { 42, "bad_certificate" }, { 43, "unsupported_certificate" }, { 44, "certificate_revoked" },
		{ 45, "certificate_expired" }, { 46, "certificate_unknown" }, { 48, "unknown_ca" },
		{ 49, "access_denied" }, { 116, "certificate_required" } };
	size_t refused = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
		assert_string_equal(refusal_after(new_way, 2, alerts[i].number), alerts[i].name);
		assert_string_equal(refusal_after(old_way, 2, alerts[i].number), alerts[i].name);
	}
	for (unsigned number = 0; number < 256; number++)
		refused += refusal_after(new_way, 2, (uint8_t)number) != NULL;
	assert_int_equal(refused, sizeof(alerts) / sizeof(alerts[0]));
	assert_null(refusal_after(new_way, 1, 42)); /* a warning */
}

static void
a_server_that_has_let_the_client_in_may_have_read_the_request(void **state)
{
	static const uint8_t ticket[] = { HELLO, EXTENSIONS, REQUEST, FINISHED, TICKET, 0 };
	static const uint8_t asked_later[] = { HELLO, EXTENSIONS, FINISHED, REQUEST, 0 };
	static const uint8_t asked_again[] = { HELLO, EXTENSIONS, REQUEST, FINISHED, REQUEST, 0 };
	static const uint8_t old_finished[] = { HELLO, REQUEST, HELLO_DONE, TICKET, FINISHED, 0 };
	static const uint8_t application[] = { 23 }, alert[] = { 2, 48 };
	struct handshake handshake = { 0 };

	(void)state;
	assert_null(refusal_after(ticket, 2, 48));
	assert_null(refusal_after(asked_later, 2, 116));
	assert_null(refusal_after(asked_again, 2, 48));
	assert_null(refusal_after(old_finished, 2, 49));
	hear(&handshake, new_way);
	handshake_note(&handshake, application, sizeof(application));
	handshake_note(&handshake, alert, sizeof(alert));
	assert_null(handshake_refusal(&handshake));
}

static void
who_was_asked_for_no_certificate_was_refused_none(void **state)
{
	static const uint8_t unasked[] = { HELLO, EXTENSIONS, FINISHED, 0 };
	struct handshake handshake = { 0 };

	(void)state;
	assert_null(refusal_after(unasked, 2, 49));
	hear(&handshake, new_way);
	assert_null(handshake_refusal(&handshake)); /* no alert */
}

int
run_handshake_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_alert_about_the_certificate_is_a_refusal),
		cmocka_unit_test(a_server_that_has_let_the_client_in_may_have_read_the_request),
		cmocka_unit_test(who_was_asked_for_no_certificate_was_refused_none),
	};

	return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
