/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "cli/cli.h"

static int pipe_end = -1;

struct output
caught_output(bool colour, bool secret)
{
	struct output output;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pipe_end = ends[0];
	output_init(&output, ends[1], colour, secret);
	return output;
}

const char *
caught(struct output *output)
{
	static char text[65536];
	ssize_t len;

	output_flush(output);
	assert_int_equal(output->failed, 0);
	(void)close(output->fd);
	len = read(pipe_end, text, sizeof text - 1);
	assert_true(len >= 0);
	text[len] = '\0';
	(void)close(pipe_end);
	output_clear(output);
	return text;
}

static void
json_puts_commas_between_values_only(void **state)
{
	struct output output = caught_output(false, false);

	(void)state;
	output_open(&output, NULL, '{');
	output_text(&output, "a", "x\"y\n");
	output_open(&output, "b", '[');
	output_close(&output, ']');
	output_open(&output, "c", '[');
	output_integer(&output, NULL, -1);
	output_unsigned(&output, NULL, UINT64_MAX);
	output_open(&output, NULL, '{');
	output_close(&output, '}');
	output_close(&output, ']');
	output_bool(&output, "d", true);
	output_text(&output, "e", NULL);
	output_time(&output, "f", -1);
	output_close(&output, '}');
	assert_string_equal(caught(&output),
	    "{\"a\":\"x\\\"y\\n\",\"b\":[],\"c\":[-1,18446744073709551615,{}],\"d\":true,\"e\":null,\"f\":null}");
}

static void
text_of_others_cannot_steer_the_terminal(void **state)
{
	struct output output = caught_output(false, false);

	(void)state;
	output_escaped(&output, "a\033[2Jb");
	assert_string_equal(caught(&output), "a\\x1b[2Jb");
}

static void
what_cannot_be_written_is_storage(void **state)
{
	struct larder_error error;
	struct output output;
	bool broken = true;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	output_init(&output, fd, false, false);
	output_str(&output, "x");
	assert_int_equal(output_finish(&output, &broken, &error), LARDER_STORAGE);
	assert_false(broken);
	output_clear(&output);
	(void)close(fd);
}

static void
more_than_a_pipe_takes_at_once_arrives_in_pieces(void **state)
{
	char line[1000];
	struct output output;
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	bool broken;

	(void)state;
	memset(line, 'x', sizeof line);
	output_init(&output, fd, false, false);
	for (int i = 0; i < 10000; i++)
		output_bytes(&output, line, sizeof line);
	assert_in_range(output.buf.len, 0, 64 * 1024);
	assert_int_equal(output_finish(&output, &broken, NULL), LARDER_OK);
	output_clear(&output);
	(void)close(fd);
}

int
output_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_puts_commas_between_values_only),
		cmocka_unit_test(text_of_others_cannot_steer_the_terminal),
		cmocka_unit_test(what_cannot_be_written_is_storage),
		cmocka_unit_test(more_than_a_pipe_takes_at_once_arrives_in_pieces),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
