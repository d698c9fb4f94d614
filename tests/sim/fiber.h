/* SPDX-License-Identifier: Apache-2.0 */
/* Coroutines: a simulated process runs on a stack of its own, between guard pages, and is switched by hand. */
#ifndef TESTS_SIM_FIBER_H
#define TESTS_SIM_FIBER_H

#include <stddef.h>
#include <ucontext.h>

struct fiber {
	ucontext_t context;
	void *stack; /* NULL: the program's own */
	size_t size;
	void *fake; /* of the address sanitizer */
	void (*run)(void *arg);
	void *arg;
};

/* Give *fiber a stack; once. */
void fiber_init(struct fiber *fiber);

/* The next switch to *fiber calls run(arg), which must not return. */
void fiber_start(struct fiber *fiber, void (*run)(void *arg), void *arg);

/* Go on with *to; returns when somebody switches back to *from. */
void fiber_switch(struct fiber *from, struct fiber *to);

#endif
