# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Google's token endpoint acted out for one service account, which is made at the start and exists nowhere else.

A client signs what it wants with the account's key and gets a token for an hour:
https://developers.google.com/identity/protocols/oauth2/service-account#httprest
"""

from __future__ import annotations

import base64
import json
import secrets
import time
import urllib.parse
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ENDPOINT = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Tokens:
    """Gives out tokens, and knows them again."""

    def __init__(self, project: str) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._email = f"tests@{project}.iam.gserviceaccount.com"
        self._project = project
        self._valid: dict[str, float] = {}

    def key_file(self) -> dict[str, str]:
        """Return what a key file of the account has in it."""
        key = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": self._project,
            "client_email": self._email,
            "private_key_id": "emulated",
            "private_key": key.decode(),
            "token_uri": ENDPOINT,
        }

    def grant(self, form: str) -> tuple[int, dict[str, Any]]:
        """Answer a request for a token."""
        asked = dict(urllib.parse.parse_qsl(form))
        try:
            claims = self._claims(asked["assertion"])
            if asked["grant_type"] != GRANT or claims["iss"] != self._email or claims["aud"] != ENDPOINT:
                raise ValueError("not for this endpoint")
            if not claims["iat"] - 60 <= time.time() < claims["exp"] <= claims["iat"] + 3600 or not claims["scope"]:
                raise ValueError("not for now")
        except (InvalidSignature, KeyError, ValueError) as error:
            return 400, {"error": "invalid_grant", "error_description": f"Invalid JWT: {error}"}
        token = "emulated." + secrets.token_urlsafe(24)
        self._valid[token] = time.time() + 3600
        return 200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}

    def accepts(self, authorization: str) -> bool:
        """Say whether a request's header has a token that is valid."""
        return self._valid.get(authorization.removeprefix("Bearer "), 0) > time.time()

    def _claims(self, assertion: str) -> dict[str, Any]:
        signed, _dot, signature = assertion.rpartition(".")
        self._key.public_key().verify(_bytes(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        claims: dict[str, Any] = json.loads(_bytes(signed.partition(".")[2]))
        return claims


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
