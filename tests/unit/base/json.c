/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/support.h"

static struct cJSON *
parse(const char *text)
{
	char why[TEXT_MAX] = "";
	struct cJSON *json = json_parse(text, strlen(text), JSON_DEPTH_MAX, why, sizeof(why));

	if (json == NULL)
		fail_msg("refused: %s", why);
	return json;
}

static void
members_are_found_by_exact_name_and_path(void **state)
{
	struct cJSON *json =
	    parse("{\"a\":\"1\",\"A\":\"2\",\"u\":{\"token\":\"3\",\"n\":null},\"s\":[\"4\"],\"\":\"5\"}");

	(void)state;
	assert_string_equal(json_string(json, "a"), "1");
	assert_string_equal(json_string(json, "A"), "2");
	assert_string_equal(json_string(json, "u.token"), "3");
	assert_string_equal(json_string(json, ""), "5");
	assert_null(json_string(json, "u"));
	assert_null(json_string(json, "u.n"));
	assert_non_null(json_get(json, "u.n"));
	assert_null(json_get(json, "aa"));
	assert_null(json_get(json, "a.b"));
	assert_null(json_get(json, "u.token.x"));
	assert_null(json_get(json, "u..token"));
	assert_null(json_get(json, "s.0"));
	assert_null(json_get(NULL, "a"));
	json_free(json);
	json_free(NULL);
}

static void
integers_are_whole_exact_and_numbers(void **state)
{
	struct cJSON *json = parse("{\"zero\":0,\"minus\":-1,\"big\":9007199254740991,\"exp\":36e2,\"float\":3600.0,"
				   "\"over\":9007199254740993,\"huge\":1e309,\"max\":9223372036854775808,\"half\":0.5,"
				   "\"string\":\"3600\",\"null\":null,\"true\":true,\"tiny\":1e-400}");
	static const char *const none[] = { "over", "huge", "max", "half", "string", "null", "true", "absent" };
	int64_t value = 0;
	size_t i;

	(void)state;
	assert_true(json_integer(json, "zero", &value) && value == 0);
	assert_true(json_integer(json, "minus", &value) && value == -1);
	assert_true(json_integer(json, "big", &value) && value == 9007199254740991);
	assert_true(json_integer(json, "exp", &value) && value == 3600);
	assert_true(json_integer(json, "float", &value) && value == 3600);
	value = 42;
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		assert_false(json_integer(json, none[i], &value));
		assert_true(value == 42);
	}
	json_free(json);
}

static void
only_true_and_false_are_booleans(void **state)
{
	struct cJSON *json = parse("{\"yes\":true,\"no\":false,\"one\":1,\"word\":\"true\"}");
	bool value = false;

	(void)state;
	assert_true(json_bool(json, "yes", &value) && value);
	assert_true(json_bool(json, "no", &value) && !value);
	value = true;
	assert_false(json_bool(json, "one", &value));
	assert_false(json_bool(json, "word", &value));
	assert_false(json_bool(json, "none", &value));
	assert_true(value);
	json_free(json);
}

/* S233 */
static void
depth_is_what_the_caller_allows(void **state)
{
	char why[TEXT_MAX];
	struct cJSON *json;

	(void)state;
	assert_null(json_parse("[[[]]]", 6, 2, why, sizeof(why)));
	assert_non_null(strstr(why, "nested too deeply at byte 4"));
	assert_non_null(json = json_parse("[[[]]]", 6, 3, why, sizeof(why)));
	json_free(json);
	assert_null(json_parse("[]", 2, 0, why, sizeof(why)));
	assert_non_null(json = json_parse("5", 1, 0, why, sizeof(why)));
	json_free(json);
}

static void
a_million_brackets_need_no_stack(void **state)
{
	size_t len = JSON_BYTES_MAX;
	char why[TEXT_MAX], *text = malloc(len + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '[', len + 1);
	assert_null(json_parse(text, len, 1000000, why, sizeof(why)));
	assert_non_null(strstr(why, "nested too deeply"));
	assert_null(json_parse(text, len + 1, 8, why, sizeof(why)));
	assert_non_null(strstr(why, "longer than"));
	free(text);
}

static void
many_members_are_checked_for_duplicates_in_little_time(void **state)
{
	struct buf text = BUF_INIT(JSON_BYTES_MAX);
	char why[TEXT_MAX];
	struct cJSON *json;
	int i;

	(void)state;
	(void)buf_append_byte(&text, '{');
	for (i = 0; i < 40000; i++)
		(void)buf_append_format(&text, "\"m%d\":1,", i);
	assert_true(buf_append_str(&text, "\"last\":1}"));
	assert_non_null(json = json_parse(buf_str(&text), text.len, 8, why, sizeof(why)));
	json_free(json);
	text.len -= 9;
	assert_true(buf_append_str(&text, "\"m77\":1}"));
	assert_null(json_parse(buf_str(&text), text.len, 8, why, sizeof(why)));
	assert_non_null(strstr(why, "two members of one name"));
	buf_clear(&text);
}

static void
names_may_repeat_in_different_objects(void **state)
{
	struct cJSON *json = parse("{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]},\"b\":{\"a\":3}}");

	(void)state;
	json_free(json);
}

static void
a_reason_names_the_place_and_quotes_nothing(void **state)
{
	static const char text[] = "{\n  \"token\": \"canary\",\n  \"token\": canary\n}";
	char why[TEXT_MAX];

	(void)state;
	assert_null(json_parse(text, strlen(text), 8, why, sizeof(why)));
	assert_string_equal(why, "a value was expected at byte 35, line 3");
}

static void
input_needs_no_nul_and_is_not_read_past_its_end(void **state)
{
	static const char whole[] = "{\"a\":[1,true,\"x\\u00e9\"]}";
	char why[TEXT_MAX];
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(whole) - 1; len++) {
		char *exact = malloc(len + (len == 0)); /* the sanitizer sees one byte too far */

		assert_non_null(exact);
		memcpy(exact, whole, len);
		assert_null(json_parse(exact, len, 8, why, sizeof(why)));
		free(exact);
	}
}

static void
printing_is_compact_or_indented_and_safe_for_a_terminal(void **state)
{
	struct cJSON *json = parse(
	    "{\"a\":[1,-2.5,true,null,\"\\\"\\\\/\\u001b\\n\xc2\x9b\xe2\x80\xae\xf3\xa0\x81\x81\xc3\xa9\"],\"o\":{},\"l\":[]}");
	struct buf out = BUF_INIT_SECRET(1000);

	(void)state;
	assert_true(json_print(json, false, &out));
	assert_string_equal(buf_str(&out),
	    "{\"a\":[1,-2.5,true,null,\"\\\"\\\\/\\u001b\\n\\u009b\\u202e\\udb40\\udc41\xc3\xa9\"],"
	    "\"o\":{},\"l\":[]}");
	json_free(json);
	json = parse(buf_str(&out));
	buf_reset(&out);
	assert_true(json_print(json, true, &out));
	assert_string_equal(buf_str(&out),
	    "{\n  \"a\": [\n    1,\n    -2.5,\n    true,\n    null,\n"
	    "    \"\\\"\\\\/\\u001b\\n\\u009b\\u202e\\udb40\\udc41\xc3\xa9\"\n  ],\n"
	    "  \"o\": {},\n  \"l\": []\n}");
	json_free(json);
	buf_clear(&out);
}

static void
large_whole_numbers_print_as_such(void **state)
{
	struct buf out = BUF_INIT(100);
	cJSON *json = cJSON_CreateNumber(4102444800.0);

	(void)state;
	assert_true(json_print(json, false, &out));
	assert_string_equal(buf_str(&out), "4102444800");
	cJSON_Delete(json);
	buf_reset(&out);
	json = cJSON_CreateNumber((double)INFINITY);
	assert_true(json_print(json, false, &out));
	assert_string_equal(buf_str(&out), "null");
	cJSON_Delete(json);
	buf_clear(&out);
}

static void
a_full_buffer_fails_the_print(void **state)
{
	struct buf out = BUF_INIT(5);
	struct cJSON *json = parse("{\"a\":1}");

	(void)state;
	assert_false(json_print(json, false, &out));
	json_free(json);
	buf_clear(&out);
}

static void
strings_of_any_bytes_become_valid_json(void **state)
{
	struct buf out = BUF_INIT(200);

	(void)state;
	assert_true(json_append_string(&out, "a\0\x7f\xff\xc3\xa9\t\"", 8));
	assert_string_equal(buf_str(&out), "\"a\\u0000\\u007f\\ufffd\xc3\xa9\\t\\\"\"");
	buf_clear(&out);
}

/* What cJSON allocates is remembered here, so that it can be looked at after it was freed. */
static char *kept[64];
static size_t kept_count;

static void *
keep(size_t len)
{
	kept[kept_count] = calloc(1, len);
	return kept[kept_count++];
}

static void
keep_freed(void *block)
{
	(void)block;
}

static void
strings_are_wiped_before_they_are_freed(void **state)
{
	cJSON_Hooks hooks = { .malloc_fn = keep, .free_fn = keep_freed };
	struct cJSON *json;
	size_t i;

	(void)state;
	kept_count = 0;
	cJSON_InitHooks(&hooks);
	json = parse("{\"canary\":\"canary\",\"list\":[\"canary\",{\"x\":\"canary\"}]}");
	json_free(json);
	cJSON_InitHooks(NULL);
	assert_true(kept_count >= 10);
	for (i = 0; i < kept_count; i++) {
		assert_int_not_equal(kept[i][0], 'c');
		free(kept[i]);
	}
}

static int
parse_locked(void *ctx)
{
	const struct cJSON *member;
	struct cJSON *json;
	char why[TEXT_MAX];
	size_t used, mapped;
	int status;

	json_use_locked_memory();
	json = json_parse(ctx, strlen(ctx), 8, why, sizeof(why));
	member = json_get(json, "a");
	status = member != NULL && arena_owns(json) && arena_owns(member) && arena_owns(member->valuestring) ? 0 : 1;
	json_free(json);
	arena_usage(&used, &mapped);
	return status != 0 ? status : used == 0 ? 0 : 2;
}

static void
a_program_can_keep_all_values_in_locked_memory(void **state)
{
	static char text[] = "{\"a\":\"secret\"}";

	(void)state;
	assert_int_equal(in_child(parse_locked, text), 0);
}

int
run_json_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_by_exact_name_and_path),
		cmocka_unit_test(integers_are_whole_exact_and_numbers),
		cmocka_unit_test(only_true_and_false_are_booleans),
		cmocka_unit_test(depth_is_what_the_caller_allows),
		cmocka_unit_test(a_million_brackets_need_no_stack),
		cmocka_unit_test(many_members_are_checked_for_duplicates_in_little_time),
		cmocka_unit_test(names_may_repeat_in_different_objects),
		cmocka_unit_test(a_reason_names_the_place_and_quotes_nothing),
		cmocka_unit_test(input_needs_no_nul_and_is_not_read_past_its_end),
		cmocka_unit_test(printing_is_compact_or_indented_and_safe_for_a_terminal),
		cmocka_unit_test(large_whole_numbers_print_as_such),
		cmocka_unit_test(a_full_buffer_fails_the_print),
		cmocka_unit_test(strings_of_any_bytes_become_valid_json),
		cmocka_unit_test(strings_are_wiped_before_they_are_freed),
		cmocka_unit_test(a_program_can_keep_all_values_in_locked_memory),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
