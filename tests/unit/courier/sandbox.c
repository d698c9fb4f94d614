/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netdb.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "courier/courier.h"
#include "courier/sandbox.h"

/* Run a probe in a child inside the sandbox; gives the child's wait status. Probes answer 0 for "as it should be". */
static int
run_inside(int (*probe)(long argument), long argument)
{
	const struct authority none = { NULL, NULL };
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(sandbox_enter(&none) ? probe(argument) : 99);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
assert_fine(int status)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("wait status %#x", (unsigned)status);
}

static int
call_number(long number)
{
	return syscall(number, 0L, 0L, 0L, 0L, 0L, 0L) == 0 ? 0 : 1;
}

static void
hostile_calls_die(void **state)
{
	size_t count;
	const char *const *names = sandbox_hostile(&count);

	(void)state;
	assert_true(count >= 20);
	for (size_t i = 0; i < count; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);
		int status;

		if (number < 0)
			continue;
		status = run_inside(call_number, number);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: wait status %#x", names[i], (unsigned)status);
	}
}

static int
open_socket(long family)
{
	int fd = socket((int)family, SOCK_STREAM, 0);

	return fd >= 0 ? 0 : 1;
}

static void
sockets_other_than_for_the_internet_and_name_services_die(void **state)
{
	static const int bad[] = { AF_PACKET, AF_ALG, AF_VSOCK, AF_BLUETOOTH, AF_CAN };

	(void)state;
	assert_fine(run_inside(open_socket, AF_INET));
	assert_fine(run_inside(open_socket, AF_UNIX));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int status = run_inside(open_socket, bad[i]);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("family %d: wait status %#x", bad[i], (unsigned)status);
	}
}

static int
fails_with_eperm(long number)
{
	errno = 0;
	return syscall(number, 0L, 0L, 0L, 0L, 0L, 0L) == -1 && errno == EPERM ? 0 : 1;
}

/* What a library might try unexpectedly must fail, not end an exchange in flight. */
static void
calls_that_nobody_thought_of_fail_softly(void **state)
{
	static const char *const names[] = { "listen", "accept", "kill", "unlinkat", "mkdirat", "renameat2",
		"symlinkat", "setuid", "chmod", "sysinfo", "inotify_init1", "memfd_create", "ioctl", "prctl",
		"setrlimit", "clone" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int status = run_inside(fails_with_eperm, seccomp_syscall_resolve_name(names[i]));

		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail_msg("%s: wait status %#x", names[i], (unsigned)status);
	}
}

static void
the_list_is_short_and_shares_nothing_with_the_hostile_one(void **state)
{
	size_t allowed_count, hostile_count;
	const char *const *allowed = sandbox_allowed(&allowed_count);
	const char *const *hostile = sandbox_hostile(&hostile_count);

	(void)state;
	assert_in_range(allowed_count, 1, SANDBOX_CALLS_MAX);
	for (size_t i = 0; i < allowed_count; i++) {
		if (seccomp_syscall_resolve_name(allowed[i]) == __NR_SCMP_ERROR)
			fail_msg("%s is no system call", allowed[i]);
		for (size_t j = 0; j < hostile_count; j++)
			assert_string_not_equal(allowed[i], hostile[j]);
	}
}

static void *
resolve(void *arg)
{
	struct addrinfo *found = NULL;

	*(int *)arg = getaddrinfo("localhost", "443", NULL, &found);
	if (found != NULL)
		freeaddrinfo(found);
	return NULL;
}

static int
resolve_in_thread(long argument)
{
	pthread_t thread;
	int result = -1;

	(void)argument;
	if (pthread_create(&thread, NULL, resolve, &result) != 0 || pthread_join(thread, NULL) != 0)
		return 1;
	return result == 0 ? 0 : 2;
}

static void
a_thread_resolves_names_inside(void **state)
{
	(void)state;
	assert_fine(run_inside(resolve_in_thread, 0));
}

static int
touch_files(long argument)
{
	char byte;
	int fd = open("/etc/hosts", O_RDONLY | O_CLOEXEC);

	(void)argument;
	if (fd < 0 || read(fd, &byte, 1) != 1)
		return 1;
	if (open("/proc/self/environ", O_RDONLY | O_CLOEXEC) >= 0)
		return 2;
	if (open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0)
		return 3;
	if (open("/tmp/larder-sandbox-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)
		return 4;
	if (open("/etc/hosts", O_RDWR | O_CLOEXEC) >= 0)
		return 5;
	return 0;
}

static void
configuration_can_be_read_and_nothing_written(void **state)
{
	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1)
		skip();
	assert_fine(run_inside(touch_files, 0));
}

int
run_sandbox_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_calls_die),
		cmocka_unit_test(sockets_other_than_for_the_internet_and_name_services_die),
		cmocka_unit_test(calls_that_nobody_thought_of_fail_softly),
		cmocka_unit_test(the_list_is_short_and_shares_nothing_with_the_hostile_one),
		cmocka_unit_test(a_thread_resolves_names_inside),
		cmocka_unit_test(configuration_can_be_read_and_nothing_written),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
