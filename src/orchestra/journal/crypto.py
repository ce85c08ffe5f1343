"""The `crypto` extra: texts under a key, and keys under a secret. The one module that imports it.

AES-256-GCM (NIST SP 800-38D) with random nonces of 96 bits; each text is bound to what it is about, so that it cannot
pass for another's. Everything comes out as text, for that is what a journal stores.
"""

from __future__ import annotations

import binascii
import hashlib
import os
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["KEY_BYTES", "Cipher", "key_of", "new_key"]

KEY_BYTES = 32
_NONCE_BYTES = 12


def new_key() -> bytes:
    """A random key."""
    return os.urandom(KEY_BYTES)


def key_of(secret: str) -> bytes:
    """The key that wraps keys, from a secret that is long and random: nothing is gained by stretching such a one."""
    return hashlib.blake2b(secret.encode(), digest_size=KEY_BYTES, person=b"orchestra seal").digest()


class Cipher:
    """Seals and opens texts under one key. Shows the key nowhere."""

    __slots__ = ("_aead", "_key", "name")

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)
        self._key = key
        self.name = hashlib.blake2b(key, digest_size=6, person=b"orchestra name").hexdigest()

    def seal(self, text: bytes, about: str, *, is_repeatable: bool = False) -> str:
        """Encrypt a text.

        Args:
            text: what nobody else may read.
            about: what it must be opened as.
            is_repeatable: whether the same text about the same gives the same, which shows that it is the same.
        """
        nonce = self._nonce_for(text, about) if is_repeatable else os.urandom(_NONCE_BYTES)
        return b64encode(nonce + self._aead.encrypt(nonce, text, about.encode())).decode()

    def _nonce_for(self, text: bytes, about: str) -> bytes:
        # Synthetic, as in RFC 5297: the same nonce comes twice only with the same text, which tells nothing new.
        told = len(about.encode()).to_bytes(8) + about.encode() + text
        return hashlib.blake2b(told, digest_size=_NONCE_BYTES, key=self._key, person=b"orchestra nonce").digest()

    def open(self, sealed: str, about: str) -> bytes | None:
        """Decrypt a text; None if it was not sealed under this key about this, or is damaged."""
        try:
            data = b64decode(sealed, validate=True)
            return self._aead.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], about.encode())
        except (binascii.Error, InvalidTag, ValueError):
            return None
