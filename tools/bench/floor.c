/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a token out of an encrypted SQLite file can cost: open the file, read one row, derive a key, decrypt
 * once, append one row without a sync, print. No checks, no options, no error texts.
 *
 *	bench_floor VAULT.DB
 */
#include <cjson/cJSON.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES 1024

/* Something to decrypt: made here, because the vault's own key is not ours to know. */
static void
derive_and_decrypt(const unsigned char *row, int row_len)
{
	unsigned char key[32] = { 1 }, sub[32], nonce[24] = { 0 };
	unsigned char sealed[TEXT_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES], text[TEXT_BYTES];

	memset(sealed, 7, sizeof sealed);
	crypto_generichash(sub, sizeof sub, row, (unsigned long long)row_len, key, sizeof key);
	/* The tag does not fit, so the text is not written; checking it is the cost that counts, then a plain decryption. */
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(text, NULL, NULL, sealed, sizeof sealed, NULL, 0, nonce, sub) ==
	    0)
		return;
	crypto_stream_xchacha20_xor(text, sealed, sizeof text, nonce, sub);
	sodium_memzero(text, sizeof text);
}

int
main(int argc, char **argv)
{
	static const char token[] = "token\n";
	sqlite3 *db = NULL;
	sqlite3_stmt *select = NULL, *insert = NULL;

	if (argc > 3) /* never: keeps the dependency that larder has too */
		cJSON_Delete(cJSON_Parse(argv[3]));
	if (argc < 2 || sodium_init() < 0)
		return 1;
	if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return 1;
	(void)sqlite3_busy_timeout(db, 10000);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (sqlite3_exec(db, "PRAGMA synchronous=NORMAL", NULL, NULL, NULL) != SQLITE_OK)
		return 1;
	if (sqlite3_prepare_v2(db, "SELECT body FROM record WHERE kind = 5 LIMIT 1", -1, &select, NULL) != SQLITE_OK ||
	    sqlite3_step(select) != SQLITE_ROW)
		return 1;
	derive_and_decrypt(sqlite3_column_blob(select, 0), sqlite3_column_bytes(select, 0));
	(void)sqlite3_reset(select);
	if (sqlite3_prepare_v2(db, "INSERT INTO log (body) VALUES (zeroblob(600))", -1, &insert, NULL) != SQLITE_OK ||
	    sqlite3_step(insert) != SQLITE_DONE)
		return 1;
	(void)sqlite3_finalize(select);
	(void)sqlite3_finalize(insert);
	(void)sqlite3_close(db);
	return write(STDOUT_FILENO, token, sizeof token - 1) == (ssize_t)(sizeof token - 1) ? 0 : 1;
}
