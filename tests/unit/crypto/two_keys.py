#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Crafts a ciphertext that XChaCha20-Poly1305 takes for genuine under two keys, and prints it for seal_format.c.

Poly1305 is a polynomial, so a message whose tag is the same under two known keys is the solution of one equation in one
of its blocks. All other bytes are free: here they are zero, but for the last one, which makes the padding right in both
plain texts. Nonces are counted until the solution is a block at all and the padding's byte is the same for both.
"""
import hashlib
import struct

KEYS = (b"0123456789abcdef0123456789abcde\0", b"0123456789abcdef0123456789abcdf\0")
CONTEXT = b"vault and record"
PADDED = 256
PRIME, TWO_128 = (1 << 130) - 5, 1 << 128
CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffff


def rounds(state):
    def turn(word, by):
        return (word << by | word >> (32 - by)) & 0xffffffff
    x = list(state)
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            for p, q, r, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[p] = (x[p] + x[q]) & 0xffffffff
                x[r] = turn(x[r] ^ x[p], by)
    return x


def first_words(key):
    return list(struct.unpack("<4I", b"expand 32-byte k")) + list(struct.unpack("<8I", key))


def block(key, counter, nonce):
    state = first_words(key) + [counter] + list(struct.unpack("<3I", b"\0" * 4 + nonce[16:]))
    return struct.pack("<16I", *((a + b) & 0xffffffff for a, b in zip(rounds(state), state)))


def subkey(key, nonce):
    x = rounds(first_words(key) + list(struct.unpack("<4I", nonce[:16])))
    return struct.pack("<8I", *x[:4], *x[12:])


def message_key(key, nonce):
    digest = hashlib.blake2b(CONTEXT, digest_size=32).digest()
    return hashlib.blake2b(b"larder/seal/1" + nonce + digest, key=key, digest_size=64).digest()[:32]


def polynomial(blocks, r):
    total = 0
    for one in blocks:
        total = (total + one) * r % PRIME
    return total


def craft(nonce):
    """The first block of the ciphertext, its last byte and the tag; None if this nonce has no solution."""
    subkeys = [subkey(message_key(key, nonce), nonce) for key in KEYS]
    ends = [block(key, PADDED // 64, nonce)[63] for key in subkeys]
    if ends[0] != ends[1]:
        return None
    once = [block(key, 0, nonce)[:32] for key in subkeys]
    r = [int.from_bytes(one[:16], "little") & CLAMP for one in once]
    s = [int.from_bytes(one[16:], "little") for one in once]
    text = bytearray(PADDED)
    text[-1] = ends[0] ^ 0x80
    pieces = [CONTEXT] + [text[i:i + 16] for i in range(0, PADDED, 16)] + [struct.pack("<QQ", len(CONTEXT), PADDED)]
    blocks = [int.from_bytes(piece, "little") + TWO_128 for piece in pieces]
    blocks[1] = 0
    rest = [polynomial(blocks, one) for one in r]
    power = len(blocks) - 1
    inverse = pow(pow(r[0], power, PRIME) - pow(r[1], power, PRIME), -1, PRIME)
    for carry in range(-4, 5):
        free = (s[1] - s[0] + carry * TWO_128 - rest[0] + rest[1]) * inverse % PRIME
        blocks[1] = free
        tags = {(polynomial(blocks, r[i]) + s[i]) % TWO_128 for i in (0, 1)}
        if TWO_128 <= free < 2 * TWO_128 and len(tags) == 1:
            return (free - TWO_128).to_bytes(16, "little"), text[-1], tags.pop().to_bytes(16, "little")
    return None


def main():
    number, found = 0, None
    while found is None:
        number += 1
        found = craft(number.to_bytes(24, "little"))
    print(f"nonce {number:#06x}, first block {found[0].hex()}, last byte {found[1]:#04x}, tag {found[2].hex()}")


if __name__ == "__main__":
    main()
