/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/jwt.h"

#include <string.h>

#include "base/json.h"

#define HEADER_MAX     4096
#define SIGNATURE_MAX  1024 /* RSA with 8192 bits */
#define TOKEN_TEXT_MAX ((size_t)64 << 10)

static bool
append_header(struct buf *ret, const struct jwt_signer *signer, const char *members)
{
	(void)buf_append_str(ret, "{\"alg\":");
	(void)json_append_string(ret, signer->alg, strlen(signer->alg));
	if (signer->kid[0] != '\0') {
		(void)buf_append_str(ret, ",\"kid\":");
		(void)json_append_string(ret, signer->kid, strlen(signer->kid));
	}
	if (members[0] != '\0')
		(void)buf_append_format(ret, ",%s", members);
	return buf_append_byte(ret, '}');
}

enum larder_code
jwt_make(const struct jwt_signer *signer, const char *header_members, const char *claims, struct buf *ret,
    struct larder_error *ret_error)
{
	struct buf header = BUF_INIT(HEADER_MAX), signature = BUF_INIT(SIGNATURE_MAX);
	struct buf text = BUF_INIT_SECRET(TOKEN_TEXT_MAX);
	enum larder_code code = LARDER_OK;

	if (!append_header(&header, signer, header_members) || !buf_append_base64url(&text, header.data, header.len) ||
	    !buf_append_byte(&text, '.') || !buf_append_base64url(&text, claims, strlen(claims)))
		code = error_no_memory(ret_error);
	if (code == LARDER_OK)
		code = signer->sign(signer->ctx, text.data, text.len, &signature, ret_error);
	if (code == LARDER_OK &&
	    (!buf_append_byte(&text, '.') || !buf_append_base64url(&text, signature.data, signature.len) ||
		!buf_append(ret, text.data, text.len)))
		code = error_no_memory(ret_error);
	buf_clear(&header);
	buf_clear(&signature);
	buf_clear(&text);
	return code;
}
