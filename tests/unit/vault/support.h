/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_VAULT_SUPPORT_H
#define TESTS_VAULT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

#include "vault/vault.h"

int run_copy_tests(void);
int run_create_tests(void);
int run_dpop_tests(void);
int run_failing_tests(void);
int run_flip_tests(void);
int run_payload_tests(void);
int run_records_tests(void);
int run_scale_tests(void);
int run_slots_tests(void);
int run_tamper_tests(void);
int run_unlock_tests(void);

#define ENOUGH 4300 /* bytes of a path */

/* A vault with a key file in a directory of its own. */
struct place {
	char root[64];
	char vault[128];
	char key[128];
	char anchors[128];
	struct vault session; /* open after place_new */
};

/* setup and teardown: *state is a struct place with an open, empty vault */
int place_new(void **state);
int place_remove(void **state);

extern const struct actor somebody;

struct unlock place_unlock(const struct place *place);
void place_open(struct place *place);
enum larder_code place_try_open(struct place *place, struct larder_error *ret_error);
void place_close(struct place *place);

/* Run one SQL statement on vault.db, which must be closed. */
void place_sql(const struct place *place, const char *sql);
/* The first value of a query, as a number. */
int64_t place_number(const struct place *place, const char *sql);
/* Run a command of the shell in the root directory. */
void place_run(const struct place *place, const char *command);

struct secret a_secret(const char *text);

/* A credential with its grant and default access token, in a transaction of its own. */
void put_credential(struct vault *vault, const char *name);
void put_one(struct vault *vault, const char *name, uint8_t id);

/* The error text must hold this. */
void assert_says(const struct larder_error *error, const char *text);

#define assert_ok(call) \
	do { \
		enum larder_code code_ = (call); \
		if (code_ != LARDER_OK) \
			print_error("%s: %s\n", #call, larder_code_name(code_)); \
		assert_int_equal(code_, LARDER_OK); \
	} while (0)

#endif
