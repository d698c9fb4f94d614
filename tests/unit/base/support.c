/* SPDX-License-Identifier: Apache-2.0 */
#include "base/support.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static int
remove_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
	(void)info;
	(void)type;
	(void)place;
	return remove(path);
}

int
directory_enter(void **state)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "/tmp/larder-base-XXXXXX");
	if (mkdtemp(path) == NULL || chdir(path) != 0)
		return -1;
	*state = path;
	return 0;
}

int
directory_leave(void **state)
{
	if (chdir("/") != 0)
		return -1;
	return nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void
write_file(const char *name, const void *data, size_t len, unsigned mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, (mode_t)mode), 0);
	assert_int_equal(close(fd), 0);
}

static int
outcome(pid_t child)
{
	int status;

	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Crashes are meant to happen here: no core, no report of a sanitizer. */
static void
prepare_child(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal(SIGSEGV, SIG_DFL);
	(void)signal(SIGBUS, SIG_DFL);
	(void)signal(SIGABRT, SIG_DFL);
	(void)alarm(60);
}

int
in_child(int (*body)(void *ctx), void *ctx)
{
	pid_t child = fork();

	if (child == 0) {
		prepare_child();
		_exit(body(ctx));
	}
	return outcome(child);
}

int
in_plain_child(int (*body)(void *ctx), void *ctx)
{
	pid_t child = fork();

	if (child == 0) {
		prepare_child();
		if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
			_exit(77);
		_exit(body(ctx));
	}
	return outcome(child);
}
