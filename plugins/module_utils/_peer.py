# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The certificates of the other side, on every Python: the public methods came with 3.13, what they call with 3.10.

See https://docs.python.org/3/library/ssl.html#ssl.SSLSocket.get_verified_chain
"""

from __future__ import annotations

import ssl
from typing import Any, List, Union, cast

_ENCODING_DER = 2  # _ssl.ENCODING_DER

_Connection = Union[ssl.SSLSocket, ssl.SSLObject]


def verified_chain(connection: _Connection) -> list[bytes]:
    """The chain that OpenSSL has verified, leaf first, trust anchor last; DER.

    Before Python 3.10 only the leaf.
    """
    return _chain(connection, "get_verified_chain")


def presented_chain(connection: _Connection) -> list[bytes]:
    """The certificates that the other side has sent, leaf first, none of them verified; DER.

    Before Python 3.10 only the leaf.
    """
    return _chain(connection, "get_unverified_chain")


def _chain(connection: _Connection, method: str) -> list[bytes]:
    public = getattr(connection, method, None)
    if public is not None:
        return cast(List[bytes], public() or [])
    private = getattr(cast(Any, connection)._sslobj, method, None)
    if private is not None:
        return [certificate.public_bytes(_ENCODING_DER) for certificate in private() or []]
    leaf = connection.getpeercert(binary_form=True)
    return [leaf] if leaf else []
