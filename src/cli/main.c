/* SPDX-License-Identifier: Apache-2.0 */
/*
 * argv -> command -> exit status. The only place that prints errors.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "cli/prompt.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/usage.h"

static bool json_errors;

/* Everything here is safe in a handler. The exchange that may be under way is the courier's; it goes on. */
static void
interrupted(int signal_number)
{
	static const char line[] = "larder: interrupted\n";
	static const char object[] = "{\"error\":{\"code\":\"interrupted\",\"exit\":130,\"name\":null,"
				     "\"message\":\"interrupted\",\"hint\":null,\"retry_after\":null}}\n";
	ssize_t written;

	prompt_restore();
	written =
	    json_errors ? write(STDERR_FILENO, object, sizeof object - 1) : write(STDERR_FILENO, line, sizeof line - 1);
	(void)written; /* nobody is left to be told */
	if (signal_number == SIGINT)
		_exit(130);
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
}

static void
handle_signals(void)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = interrupted };
	struct sigaction before;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow (ulimit -f) is an error to tell, like a full disk */
	for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
		/* what a parent ignores for us (nohup, a background job) stays ignored */
		if (sigaction(ending[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			(void)sigaction(ending[i], &action, NULL);
	}
}

/* With 0, 1 or 2 closed the vault's file could get that number, and output or a message would be written into it. */
static bool
hold_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			return false;
	}
	return true;
}

/* ret_status: 0 where the code says it */
static enum larder_code
run_command(const struct args *args, bool *ret_broken, int *ret_status, struct larder_error *ret_error)
{
	struct session session;
	enum larder_code code = session_begin(&session, args, ret_error);

	if (code == LARDER_OK)
		code = args->help ? usage_show(&session, args->command, ret_error)
				  : args->command->run(&session, ret_error);
	if (code == LARDER_OK)
		code = output_finish(&session.out, ret_broken, ret_error);
	else
		output_flush(&session.out);
	if (session.out.failed == ENOMEM) /* what was found could not be told */
		code = error_no_memory(ret_error);
	*ret_status = session.exit_status;
	session_end(&session);
	return code;
}

int
main(int argc, char **argv)
{
	struct args args = { 0 };
	struct larder_error error = { .retry_after_s = -1 };
	enum larder_code code;
	bool broken = false;
	int status = 0;

	process_harden();
	json_use_locked_memory();
	handle_signals();
	if (!hold_standard_descriptors())
		return 1;
	json_errors = args_wants_json(argc, argv);
	code = args_parse(argc, argv, &args, &error);
	if (code == LARDER_OK)
		code = run_command(&args, &broken, &status, &error);
	else if (args.command != NULL)
		status = args.command->failure_status;
	args_clear(&args);
	if (code == LARDER_OK)
		return status;
	if (broken) /* the reader went away, as `larder list | head -1` does: it knows */
		return larder_code_exit(LARDER_INTERNAL);
	error.code = code;
	if (status == 0)
		status = larder_code_exit(code);
	report_error(&error, status, json_errors);
	return status;
}
