"""Who signs, who is trusted, and for what: keys, their files and sets, and the trust store.

``ed25519.py`` and ``p256.py`` are the two signature rules, ``algorithm.py`` the table of them; ``jwk.py`` and
``pem.py`` (with ``pbes2.py``, what opening one costs) are the two foreign formats of a key;
``key.py`` is the key itself and ``jwks.py`` sets of them; ``record.py`` is what an operator decides about
keys and issuers, ``trust.py`` the store of that, and ``trust_file.py`` its file; ``server_file.py`` is a
client's file of servers' keys, and ``records_file.py`` what both files share. Imports run in this order.
"""

from __future__ import annotations

from delegate.keys.algorithm import Alg
from delegate.keys.jwks import from_jwks, to_jwks
from delegate.keys.key import PublicKey, Purpose, Signer, SigningKey, Usage
from delegate.keys.record import Issuer, KeyRecord
from delegate.keys.trust import TrustSnapshot, TrustStore

__all__ = [
    "Alg",
    "Issuer",
    "KeyRecord",
    "PublicKey",
    "Purpose",
    "Signer",
    "SigningKey",
    "TrustSnapshot",
    "TrustStore",
    "Usage",
    "from_jwks",
    "to_jwks",
]
