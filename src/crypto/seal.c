/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With H(x) = BLAKE2b-256(x), lengths and counters 8 bytes big endian:
 *
 *   nonce         n   = BLAKE2b-192(key, "larder/nonce/1" | random (24) | counter | pid | H(context) | H(text))
 *   message keys  e|c = BLAKE2b-512(key, "larder/seal/1" | n | H(context))
 *   ciphertext    x|t = XChaCha20-Poly1305(e, n, ad = context, ISO 7816-4 padding of text)
 *   commitment    com = BLAKE2b-256(c, n | length of context | context | t)
 *   sealed            = 1 | n | com | x | t
 *
 * Only one key, e|c, can have made com; so a message opens under one key alone. A random state that repeats (a copied
 * virtual machine) gives the same nonce for the same message only.
 */
#include "crypto/seal.h"

#include <sodium.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define VERSION          1
#define NONCE_BYTES      24
#define COMMITMENT_BYTES 32
#define TAG_BYTES        16
#define DIGEST_BYTES     32
#define PAD_FIRST        ((size_t)256)
#define PAD_STEP         ((size_t)16 << 10) /* from here on its multiples */

_Static_assert(1 + NONCE_BYTES + COMMITMENT_BYTES + TAG_BYTES == SEAL_OVERHEAD, "the layout in seal.h");
_Static_assert(NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "the cipher's nonce");
_Static_assert(TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "the cipher's tag");
_Static_assert(KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "the cipher's key");

/* Points into the sealed bytes. */
struct layout {
	const uint8_t *nonce, *commitment, *text, *tag;
	size_t padded_len;
};

struct message_keys {
	uint8_t encryption[KEY_BYTES];
	uint8_t commitment[KEY_BYTES];
};

_Static_assert(sizeof(struct message_keys) == 64, "filled by one hash");

bool
crypto_init(void)
{
	return sodium_init() >= 0;
}

size_t
seal_padded_len(size_t len)
{
	size_t need = len + 1; /* the padding has one byte at least */
	size_t padded = PAD_FIRST;

	while (padded < need && padded < PAD_STEP)
		padded *= 2;
	if (padded < need)
		padded = (need + PAD_STEP - 1) / PAD_STEP * PAD_STEP;
	return padded;
}

static void
put_u64(uint8_t dst[static 8], uint64_t value)
{
	size_t i;

	for (i = 0; i < 8; i++)
		dst[i] = (uint8_t)(value >> (56 - 8 * i));
}

static void
hedged_nonce(const uint8_t *key, const uint8_t *context_digest, const void *text, size_t text_len, uint8_t *ret)
{
	static const char label[] = "larder/nonce/1";
	static atomic_uint_fast64_t counter;
	struct {
		uint8_t random[24], counter[8], pid[8], context[DIGEST_BYTES], text[DIGEST_BYTES];
	} input;
	crypto_generichash_state state;

	randombytes_buf(input.random, sizeof(input.random));
	put_u64(input.counter, (uint64_t)atomic_fetch_add(&counter, 1));
	put_u64(input.pid, (uint64_t)getpid());
	memcpy(input.context, context_digest, DIGEST_BYTES);
	crypto_generichash(input.text, sizeof(input.text), text, text_len, NULL, 0);
	crypto_generichash_init(&state, key, KEY_BYTES, NONCE_BYTES);
	crypto_generichash_update(&state, (const uint8_t *)label, sizeof(label) - 1);
	crypto_generichash_update(&state, (const uint8_t *)&input, sizeof(input));
	crypto_generichash_final(&state, ret, NONCE_BYTES);
	sodium_memzero(&state, sizeof(state));
	sodium_memzero(&input, sizeof(input));
}

static void
derive_message_keys(const uint8_t *key, const uint8_t *nonce, const uint8_t *context_digest, struct message_keys *ret)
{
	static const char label[] = "larder/seal/1";
	uint8_t input[sizeof(label) - 1 + NONCE_BYTES + DIGEST_BYTES];

	memcpy(input, label, sizeof(label) - 1);
	memcpy(input + sizeof(label) - 1, nonce, NONCE_BYTES);
	memcpy(input + sizeof(label) - 1 + NONCE_BYTES, context_digest, DIGEST_BYTES);
	crypto_generichash((uint8_t *)ret, sizeof(*ret), input, sizeof(input), key, KEY_BYTES);
}

static void
commit(const struct message_keys *keys, const uint8_t *nonce, const void *context, size_t context_len,
    const uint8_t *tag, uint8_t *ret)
{
	crypto_generichash_state state;
	uint8_t len[8];

	put_u64(len, context_len);
	crypto_generichash_init(&state, keys->commitment, sizeof(keys->commitment), COMMITMENT_BYTES);
	crypto_generichash_update(&state, nonce, NONCE_BYTES);
	crypto_generichash_update(&state, len, sizeof(len));
	crypto_generichash_update(&state, context, context_len);
	crypto_generichash_update(&state, tag, TAG_BYTES);
	crypto_generichash_final(&state, ret, COMMITMENT_BYTES);
	sodium_memzero(&state, sizeof(state));
}

/* The padded text is made in locked memory; only its ciphertext reaches ret, which may be anywhere. */
static bool
pad(const void *text, size_t text_len, struct secret *ret)
{
	size_t padded_len = seal_padded_len(text_len);

	if (!secret_new(padded_len, ret))
		return false;
	if (text_len != 0)
		memcpy(ret->data, text, text_len);
	ret->data[text_len] = 0x80;
	return true;
}

bool
seal(const uint8_t key[static KEY_BYTES], const void *context, size_t context_len, const void *text, size_t text_len,
    struct buf *ret)
{
	struct secret padded = SECRET_INIT;
	struct message_keys keys;
	uint8_t digest[DIGEST_BYTES];
	uint8_t *out, *nonce, *commitment, *ciphertext, *tag;

	if (text_len > SEAL_TEXT_MAX || !pad(text, text_len, &padded))
		return false;
	out = buf_reserve(ret, SEAL_OVERHEAD + padded.len);
	if (out == NULL) {
		secret_free(&padded);
		return false;
	}
	nonce = out + 1;
	commitment = nonce + NONCE_BYTES;
	ciphertext = commitment + COMMITMENT_BYTES;
	tag = ciphertext + padded.len;

	out[0] = VERSION;
	crypto_generichash(digest, sizeof(digest), context, context_len, NULL, 0);
	hedged_nonce(key, digest, text, text_len, nonce);
	derive_message_keys(key, nonce, digest, &keys);
	crypto_aead_xchacha20poly1305_ietf_encrypt_detached(
	    ciphertext, tag, NULL, padded.data, padded.len, context, context_len, NULL, nonce, keys.encryption);
	commit(&keys, nonce, context, context_len, tag, commitment);
	buf_grew(ret, SEAL_OVERHEAD + padded.len);
	sodium_memzero(&keys, sizeof(keys));
	secret_free(&padded);
	return true;
}

static bool
take_apart(const uint8_t *sealed, size_t len, struct layout *ret)
{
	if (len < SEAL_OVERHEAD + PAD_FIRST || len > SEAL_OVERHEAD + seal_padded_len(SEAL_TEXT_MAX) ||
	    sealed[0] != VERSION)
		return false;
	ret->padded_len = len - SEAL_OVERHEAD;
	ret->nonce = sealed + 1;
	ret->commitment = ret->nonce + NONCE_BYTES;
	ret->text = ret->commitment + COMMITMENT_BYTES;
	ret->tag = ret->text + ret->padded_len;
	return seal_padded_len(ret->padded_len - 1) == ret->padded_len;
}

static bool
is_committed(const struct message_keys *keys, const struct layout *layout, const void *context, size_t context_len)
{
	uint8_t commitment[COMMITMENT_BYTES];

	commit(keys, layout->nonce, context, context_len, layout->tag, commitment);
	return sodium_memcmp(commitment, layout->commitment, COMMITMENT_BYTES) == 0;
}

/*
 * Not sodium_unpad: what is looked at here is authentic already, so there is nobody to hide the padding from, and being
 * constant in time costs more than the whole decryption.
 */
static bool
unpad(const uint8_t *padded, size_t padded_len, size_t *ret_len)
{
	size_t len = padded_len;

	while (len != 0 && padded[len - 1] == 0)
		len--;
	if (len == 0 || padded[len - 1] != 0x80)
		return false;
	*ret_len = len - 1;
	return true;
}

/* Straight into the memory that the caller gets: the padding's first byte becomes the NUL after the text. */
static bool
decrypt(const struct message_keys *keys, const struct layout *layout, const void *context, size_t context_len,
    struct secret *ret)
{
	struct secret text = SECRET_INIT;
	size_t len;

	if (!secret_new(layout->padded_len, &text))
		return false;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt_detached(text.data, NULL, layout->text, layout->padded_len,
		layout->tag, context, context_len, layout->nonce, keys->encryption) != 0 ||
	    !unpad(text.data, layout->padded_len, &len)) {
		secret_free(&text);
		return false;
	}
	text.data[len] = '\0';
	text.len = len;
	*ret = text;
	return true;
}

bool
unseal(const uint8_t key[static KEY_BYTES], const void *context, size_t context_len, const void *sealed,
    size_t sealed_len, struct secret *ret)
{
	struct layout layout;
	struct message_keys keys;
	uint8_t digest[DIGEST_BYTES];
	bool good;

	if (!take_apart(sealed, sealed_len, &layout))
		return false;
	crypto_generichash(digest, sizeof(digest), context, context_len, NULL, 0);
	derive_message_keys(key, layout.nonce, digest, &keys);
	good = is_committed(&keys, &layout, context, context_len) && decrypt(&keys, &layout, context, context_len, ret);
	sodium_memzero(&keys, sizeof(keys));
	return good;
}
