/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the store share: a private directory per test, a store in it, and short words for rows.
 */
#ifndef TESTS_UNIT_STORE_TESTS_H
#define TESTS_UNIT_STORE_TESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "store/sqlite.h"

struct place {
	char dir[256];
	int dirfd;
	struct larder_error error; /* of the last call through these helpers */
};

/* cmocka set-up and tear-down: *state is a struct place *. */
int place_make(void **state);
int place_remove(void **state);

/* The same by hand, below parent (NULL: TMPDIR or /tmp). */
void place_open(struct place *place, const char *parent);
void place_close(struct place *place);

struct store *store_new(struct place *place);    /* asserts */
struct store *store_again(struct place *place);  /* asserts */
enum larder_code store_try(struct place *place); /* open and close; says what came */

/* In one transaction, asserting each step. */
void write_row(struct store *store, const char *key, const char *body, enum store_sync sync);

/* Whether the row holds body; NULL: whether it is absent. */
bool row_is(struct store *store, const char *key, const char *body);

/* Run SQL on vault.db with a connection of its own that knows no rules, as an attacker or a tool would. */
void run_sql(struct place *place, const char *sql);

/* Whole file name in the place; the caller frees. */
uint8_t *file_bytes(struct place *place, const char *name, size_t *ret_len);
void file_put(struct place *place, const char *name, const void *data, size_t len);
bool file_exists(struct place *place, const char *name);

/* Fork, run what in the child, and give its exit status (what returns it). */
int in_child(int (*what)(struct place *place), struct place *place);

int64_t clock_us(void);

int damage_tests(void);
int durability_tests(void);
int file_tests(void);
int lock_tests(void);
int row_tests(void);
int schema_tests(void);
int spool_tests(void);
int transaction_tests(void);

#endif
