/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fill the vault of the environment with credentials, through the public interface:
 *
 *	bench_fill CLIENT COUNT
 *
 * Puts bulk-0 ... under CLIENT. On a memory file system, because every one of them is a durable commit.
 */
#include <larder/larder.h>
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	struct larder_credential_new credential = { .refresh_token_len = 0 };
	struct larder *larder = NULL;
	struct larder_error error = { .code = LARDER_OK };
	char name[32], token[64];
	long count, i;

	if (argc != 3) {
		(void)fprintf(stderr, "usage: bench_fill CLIENT COUNT\n");
		return 2;
	}
	count = strtol(argv[2], NULL, 10);
	credential.client = argv[1];
	credential.name = name;
	credential.refresh_token = token;
	if (larder_open(NULL, &larder, &error) != LARDER_OK)
		goto fail;
	for (i = 0; i < count; i++) {
		(void)snprintf(name, sizeof name, "bulk-%ld", i);
		credential.refresh_token_len = (size_t)snprintf(token, sizeof token, "bulk-refresh-token-%ld", i);
		if (larder_credential_add(larder, &credential, &error) != LARDER_OK)
			goto fail;
	}
	larder_close(larder);
	return 0;
fail:
	(void)fprintf(stderr, "bench_fill: %s: %s\n", error.what, error.why);
	larder_close(larder);
	return 1;
}
