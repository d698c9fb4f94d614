/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "provider/catalogue.h"
#include "provider/tests.h"

static void
a_cause_arrives_with_all_its_conditions(void **state)
{
	struct provider *p =
	    load_with(",\"causes\":[{\"id\":\"policy\",\"when\":{\"error\":[\"invalid_grant\"],\"subtype\":[\"rapt\"],"
		      "\"says\":[\"AADSTS1\",\"b\"],\"at_age_s\":1,\"age_min_s\":2,\"age_max_s\":3,\"unused_min_s\":4},"
		      "\"say\":\"a rule\",\"do\":\"log in\",\"confidence\":\"low\",\"recalled\":true},"
		      "{\"id\":\"other\",\"say\":\"s\",\"do\":\"d\"}]");
	const struct provider_cause *cause = &p->causes[0];

	(void)state;
	assert_int_equal(p->causes_count, 2);
	assert_string_equal(cause->id, "policy");
	assert_string_equal(cause->errors.items[0], "invalid_grant");
	assert_string_equal(cause->subtypes.items[0], "rapt");
	assert_int_equal(cause->says.count, 2);
	assert_string_equal(cause->says.items[0], "AADSTS1");
	assert_int_equal(cause->at_age_s, 1);
	assert_int_equal(cause->age_min_s, 2);
	assert_int_equal(cause->age_max_s, 3);
	assert_int_equal(cause->unused_min_s, 4);
	assert_string_equal(cause->say, "a rule");
	assert_string_equal(cause->action, "log in");
	assert_string_equal(confidence_name(cause->confidence), "low");
	assert_true(cause->recalled);
	cause = &p->causes[1];
	assert_int_equal(cause->at_age_s, TTL_UNKNOWN);
	assert_int_equal(cause->unused_min_s, TTL_UNKNOWN);
	assert_string_equal(confidence_name(cause->confidence), "medium");
	provider_free(p);
}

static void
the_members_of_a_reply_with_the_end_of_its_refresh_token_can_be_named(void **state)
{
	struct provider *p =
	    load_with(",\"response\":{\"refresh_idle_fields\":[\"rt_idle\"],\"refresh_absolute_fields\":[\"rt_end\"]}");

	(void)state;
	assert_string_equal(p->response.refresh_idle_fields.items[0], "rt_idle");
	assert_string_equal(p->response.refresh_absolute_fields.items[0], "rt_end");
	provider_free(p);
}

int
run_causes_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cause_arrives_with_all_its_conditions),
		cmocka_unit_test(the_members_of_a_reply_with_the_end_of_its_refresh_token_can_be_named),
	};

	return cmocka_run_group_tests_name("causes", tests, NULL, NULL);
}
