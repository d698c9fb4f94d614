/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests that drive the program: "public" prints the vault's public key, "open SLOT" what a spool slot holds
 * ("blank", "unreadable", "foreign", or the encoded reply in hexadecimal), with the code that settling uses.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/box.h"
#include "store/spool.h"

static void
print_hex(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		(void)printf("%02x", data[i]);
	(void)printf("\n");
}

static int
open_slot(const char *path, const uint8_t secret[static BOX_SECRET_BYTES], const struct attempt *attempt)
{
	struct buf payload = BUF_INIT(SPOOL_PAYLOAD_MAX);
	struct secret reply = SECRET_INIT;
	uint8_t record_id[16], attempt_id[16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum spool_content content = spool_read(fd, record_id, attempt_id, &payload);

	if (content != SPOOL_REPLY)
		(void)puts(content == SPOOL_BLANK ? "blank" : "unreadable");
	else if (memcmp(record_id, attempt->record_id, 16) != 0 || memcmp(attempt_id, attempt->id, 16) != 0 ||
	    !box_open(attempt, secret, payload.data, payload.len, &reply))
		(void)puts("foreign");
	else
		print_hex(reply.data, reply.len);
	secret_free(&reply);
	buf_clear(&payload);
	(void)close(fd);
	return 0;
}

int
main(int argc, char **argv)
{
	static const uint8_t seed[KEY_BYTES] = "an attempt that is always alike";
	struct attempt attempt = { .generation = 7 };
	uint8_t secret[BOX_SECRET_BYTES];

	if (!crypto_init() || argc < 2)
		return 1;
	memset(attempt.vault_id, 1, sizeof(attempt.vault_id));
	memset(attempt.record_id, 2, sizeof(attempt.record_id));
	memset(attempt.id, 3, sizeof(attempt.id));
	memset(attempt.key, 4, sizeof(attempt.key));
	box_keypair(seed, attempt.vault_public, secret);
	if (strcmp(argv[1], "public") == 0) {
		print_hex(attempt.vault_public, sizeof(attempt.vault_public));
		return 0;
	}
	return argc == 3 ? open_slot(argv[2], secret, &attempt) : 1;
}
