/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "provider/tests.h"

struct class_case {
	const char *rotation;
	enum spend_class class;
};

static void
the_class_follows_from_rotation_and_grace(void **state)
{
	static const struct class_case cases[] = {
		{ "{}", CLASS_STRICT },
		{ "{\"kind\":\"unknown\"}", CLASS_STRICT },
		{ "{\"kind\":\"never\"}", CLASS_STATIC },
		{ "{\"kind\":\"never\",\"grace_kind\":\"none\"}", CLASS_STATIC },
		{ "{\"kind\":\"always\"}", CLASS_STRICT },
		{ "{\"kind\":\"always\",\"grace_kind\":\"none\"}", CLASS_STRICT },
		{ "{\"kind\":\"always\",\"grace_kind\":\"old_stays_valid\"}", CLASS_STATIC },
		{ "{\"kind\":\"always\",\"grace_kind\":\"window\",\"grace_s\":30}", CLASS_OVERLAP },
		{ "{\"kind\":\"always\",\"grace_kind\":\"window\"}", CLASS_STRICT },
		{ "{\"kind\":\"always\",\"grace_kind\":\"window\",\"grace_s\":null}", CLASS_STRICT },
		{ "{\"kind\":\"always\",\"grace_kind\":\"window\",\"grace_s\":0}", CLASS_STRICT },
		{ "{\"kind\":\"always\",\"grace_kind\":\"same_reply\",\"grace_s\":120}", CLASS_OVERLAP },
		{ "{\"kind\":\"always\",\"grace_kind\":\"same_reply\"}", CLASS_STRICT },
		{ "{\"kind\":\"always\",\"grace_kind\":\"until_new_used\"}", CLASS_UNTIL_USED },
		{ "{\"kind\":\"always\",\"grace_s\":30}", CLASS_STRICT },
		{ "{\"kind\":\"may_change\"}", CLASS_STRICT },
		{ "{\"kind\":\"by_client_type\"}", CLASS_STRICT },
		{ "{\"kind\":\"configurable\"}", CLASS_STRICT },
		{ "{\"kind\":\"no_refresh_token\"}", CLASS_STRICT },
	};
	char members[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct provider *p;

		assert_true(text_format(members, sizeof(members), ",\"rotation\":%s", cases[i].rotation));
		p = load_with(members);
		if (provider_class(p) != cases[i].class)
			fail_msg("%s: %s", cases[i].rotation, spend_class_name(provider_class(p)));
		provider_free(p);
	}
}

static void
authentication_methods_have_the_names_of_the_registry(void **state)
{
	enum auth_method method = AUTH_UNSET;

	(void)state;
	assert_true(auth_method_parse("client_secret_basic", &method));
	assert_int_equal(method, AUTH_BASIC);
	assert_true(auth_method_parse("post", &method));
	assert_int_equal(method, AUTH_POST);
	assert_true(auth_method_parse("basic", &method));
	assert_int_equal(method, AUTH_BASIC);
	assert_true(auth_method_parse("self_signed_tls_client_auth", &method));
	assert_int_equal(method, AUTH_SELF_SIGNED_TLS);
	assert_false(auth_method_parse("bearer_access_token", &method));
	assert_false(auth_method_parse("same", &method));
	assert_false(auth_method_parse("", &method));
	assert_false(auth_method_parse(NULL, &method));
	assert_string_equal(auth_method_name(AUTH_PRIVATE_KEY_JWT), "private_key_jwt");
	assert_string_equal(auth_method_name(AUTH_SAME), "same");
	assert_null(auth_method_name(AUTH_UNSET));
}

static void
enumerations_have_names(void **state)
{
	(void)state;
	assert_string_equal(spend_class_name(CLASS_UNTIL_USED), "until-used");
	assert_string_equal(rotation_kind_name(ROTATION_MAY_CHANGE), "may_change");
	assert_string_equal(revoke_style_name(REVOKE_RFC7009_LIKE), "rfc7009-like");
}

static void
nothing_is_freed_without_harm(void **state)
{
	(void)state;
	provider_free(NULL);
}

int
run_provider_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_class_follows_from_rotation_and_grace),
		cmocka_unit_test(authentication_methods_have_the_names_of_the_registry),
		cmocka_unit_test(enumerations_have_names),
		cmocka_unit_test(nothing_is_freed_without_harm),
	};

	return cmocka_run_group_tests_name("provider", tests, NULL, NULL);
}
