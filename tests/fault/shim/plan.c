/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shim.h"

#define CALLS_SIZE 256

static struct {
	char calls[CALLS_SIZE]; /* "+a+b+" */
	unsigned long from, until;
	int error;
	enum shim_how how;
	unsigned long magic;
	uint32_t met; /* of calls, so far */
	struct shim_log *log;
} plan;

static enum shim_how
parse_how(const char *text)
{
	static const struct {
		const char *name;
		enum shim_how how;
	} names[] = { { "before", SHIM_BEFORE }, { "after", SHIM_AFTER }, { "half", SHIM_HALF }, { "one", SHIM_ONE } };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(text, names[i].name) == 0)
			return names[i].how;
	}
	return SHIM_NONE;
}

static void
parse_plan(const char *text)
{
	char calls[CALLS_SIZE - 2], how[8];
	unsigned long from, until;
	int error;

	if (text == NULL || sscanf(text, "%250[^:]:%lu:%lu:%d:%7s", calls, &from, &until, &error, how) != 5)
		return;
	(void)snprintf(plan.calls, sizeof plan.calls, "+%s+", calls);
	plan.from = from;
	plan.until = until;
	plan.error = error;
	plan.how = parse_how(how);
}

static struct shim_log *
map_log(const char *path)
{
	void *place;
	int fd;

	if (path == NULL)
		return NULL;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	place = mmap(NULL, sizeof(struct shim_log), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	return place == MAP_FAILED ? NULL : place;
}

/* Nothing fails while the plan itself is read. */
__attribute__((constructor)) static void
begin(void)
{
	const char *magic = getenv("LARDER_SHIM_STATFS");
	struct shim_log *log = map_log(getenv("LARDER_SHIM_LOG"));

	parse_plan(getenv("LARDER_SHIM"));
	if (magic != NULL)
		plan.magic = strtoul(magic, NULL, 16);
	if (log != NULL)
		__atomic_add_fetch(&log->started, 1, __ATOMIC_SEQ_CST);
	plan.log = log;
}

static void
end(void)
{
	if (plan.log != NULL)
		__atomic_add_fetch(&plan.log->ended, 1, __ATOMIC_SEQ_CST);
}

__attribute__((destructor)) static void
at_exit(void)
{
	end();
}

__attribute__((noreturn)) void
_exit(int status)
{
	void (*next)(int) = (void (*)(int))(uintptr_t)shim_next("_exit");

	end();
	next(status);
	__builtin_unreachable();
}

static void
record(const char *call, int fd, bool fails)
{
	struct shim_record *record;
	uint32_t number;

	if (fails && __atomic_fetch_add(&plan.log->fired, 1, __ATOMIC_SEQ_CST) == 0)
		plan.log->fired_fd = fd;
	number = __atomic_fetch_add(&plan.log->count, 1, __ATOMIC_SEQ_CST);
	if (number >= SHIM_RECORDS)
		return;
	record = &plan.log->records[number];
	(void)snprintf(record->call, sizeof record->call, "%s", call);
	record->fd = fd;
	record->failed = fails;
}

static bool
is_named(const char *call)
{
	size_t len = strlen(call);

	for (const char *found = strstr(plan.calls, call); found != NULL; found = strstr(found + 1, call)) {
		if (found[-1] == '+' && found[len] == '+')
			return true;
	}
	return false;
}

enum shim_how
shim_meet(const char *call, int fd)
{
	uint32_t number;
	bool fails = false;

	if (plan.log == NULL || fd == STDERR_FILENO)
		return SHIM_NONE;
	if (plan.how != SHIM_NONE && is_named(call)) {
		number = __atomic_add_fetch(&plan.met, 1, __ATOMIC_SEQ_CST);
		fails = number >= plan.from && number <= plan.until;
	}
	record(call, fd, fails);
	return fails ? plan.how : SHIM_NONE;
}

int
shim_fail(void)
{
	errno = plan.error;
	return -1;
}

size_t
shim_cut(enum shim_how how, size_t len)
{
	if (how == SHIM_HALF)
		return (len + 1) / 2;
	return how == SHIM_ONE && len > 1 ? 1 : len;
}

void *
shim_next(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found == NULL)
		abort();
	return found;
}

unsigned long
shim_magic(void)
{
	return plan.magic;
}
