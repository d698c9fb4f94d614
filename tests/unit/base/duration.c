/* SPDX-License-Identifier: Apache-2.0 */
#include "base/duration.h"
#include "base/support.h"

static void
spans_are_read_with_and_without_a_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t span_s;
	} cases[] = { { "0", 0 }, { "90", 90 }, { "90s", 90 }, { "5m", 300 }, { "8h", 28800 }, { "30d", 2592000 },
		{ "3660d", DURATION_MAX_S }, { "316224000", DURATION_MAX_S }, { "0060s", 60 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t span_s = -1;

		assert_true(duration_parse(cases[i].text, &span_s));
		assert_true(span_s == cases[i].span_s);
	}
}

static void
anything_else_is_refused_and_leaves_the_result_alone(void **state)
{
	static const char *const cases[] = { "", "s", "-1", "+1", " 1", "1 ", "1 s", "1S", "1w", "1.5h", "1h30m", "1ms",
		"0x10", "3661d", "316224001", "99999999999999999999", "9223372036854775808d", "1e3", "\xd9\xa1" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t span_s = 42;

		assert_false(duration_parse(cases[i], &span_s));
		assert_true(span_s == 42);
	}
	assert_false(duration_parse(NULL, &(int64_t){ 0 }));
}

static void
people_read_at_most_two_units(void **state)
{
	static const struct {
		int64_t span_s;
		const char *text;
	} cases[] = { { 0, "0 s" }, { 59, "59 s" }, { 60, "1 min" }, { 119, "1 min 59 s" }, { 3599, "59 min" },
		{ 3600, "1 h" }, { 3900, "1 h 5 min" }, { 86399, "23 h" }, { 90000, "1 d 1 h" },
		{ 12 * 86400 + 7200, "12 d" }, { -90, "-1 min 30 s" }, { INT64_MIN, "-106751991167300 d" } };
	char text[TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(duration_format(text, sizeof(text), cases[i].span_s), cases[i].text);
}

int
run_duration_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_read_with_and_without_a_unit),
		cmocka_unit_test(anything_else_is_refused_and_leaves_the_result_alone),
		cmocka_unit_test(people_read_at_most_two_units),
	};

	return cmocka_run_group_tests_name("duration", tests, NULL, NULL);
}
