/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/fiber.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define STACK_SIZE ((size_t)1 << 20) /* only what is touched takes memory */

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED
#include <sanitizer/common_interface_defs.h>

static void *main_stack;
static size_t main_size;

static void
leave_stack(struct fiber *from, const struct fiber *to)
{
	__sanitizer_start_switch_fiber(
	    &from->fake, to->stack == NULL ? main_stack : to->stack, to->stack == NULL ? main_size : to->size);
}

static void
enter_stack(struct fiber *fiber)
{
	const void *stack;
	size_t size;

	__sanitizer_finish_switch_fiber(fiber->fake, &stack, &size);
	if (main_stack == NULL) { /* the first one to be left */
		main_stack = (void *)(uintptr_t)stack;
		main_size = size;
	}
}
#else
static void
leave_stack(struct fiber *from, const struct fiber *to)
{
	(void)from;
	(void)to;
}

static void
enter_stack(struct fiber *fiber)
{
	(void)fiber;
}
#endif

void
fiber_init(struct fiber *fiber)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *map = mmap(NULL, STACK_SIZE + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect(map + page, STACK_SIZE, PROT_READ | PROT_WRITE) != 0) {
		perror("sim: no stack");
		abort();
	}
	fiber->stack = map + page;
	fiber->size = STACK_SIZE;
}

/* makecontext passes int arguments only, so the pointer comes in two halves. */
static void
enter(unsigned high, unsigned low)
{
	struct fiber *fiber = (struct fiber *)((uintptr_t)high << 32 | (uintptr_t)low);

	enter_stack(fiber);
	fiber->run(fiber->arg);
	abort();
}

void
fiber_start(struct fiber *fiber, void (*run)(void *arg), void *arg)
{
	uintptr_t self = (uintptr_t)fiber;

	fiber->run = run;
	fiber->arg = arg;
	fiber->fake = NULL;
	if (getcontext(&fiber->context) != 0)
		abort();
	fiber->context.uc_stack.ss_sp = fiber->stack;
	fiber->context.uc_stack.ss_size = fiber->size;
	fiber->context.uc_link = NULL;
	makecontext(&fiber->context, (void (*)(void))enter, 2, (unsigned)(self >> 32), (unsigned)(self & 0xffffffffu));
}

void
fiber_switch(struct fiber *from, struct fiber *to)
{
	leave_stack(from, to);
	if (swapcontext(&from->context, &to->context) != 0)
		abort();
	enter_stack(from);
}
