"""One signed request, verified by ours and by the peers, and the same with larger bodies.

``verify_direct_*`` is a request without a token, the claim of its nonce included; see ``workload`` for what
it holds and ``peers`` for what each peer does with it. ``<ratio>_ceiling`` is what the ratio would be if
ours were nothing but its one bare signature verification by libsodium.

The bodies are JSON of the length that the name says; hashing them is a cost that all share.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from benchmarks.peers.found import found
from benchmarks.rounds import Candidate, interleave
from benchmarks.workload import Sender, direct
from delegate.keys import Purpose, SigningKey

PEERS: Final = {"http_message_signatures": "http_message_signatures", "adcp": "adcp", "pyjwt": "pyjwt_dpop"}
"""The module below ``peers``, and its name in the figures."""

BODY_BYTES: Final = {"64": 64, "1k": 1 << 10, "16k": 16 << 10, "128k": 128 << 10, "1m": 1 << 20}
BODY_ROUNDS: Final = 12


def _openssl(sender: Sender) -> Candidate:
    """The bare verification, by the other library that everybody has."""
    public = Ed25519PublicKey.from_public_bytes(sender.key.public_key.raw)

    def prepare() -> tuple[bytes, bytes]:
        base = sender.sign().canonical_bytes
        return sender.key.sign(Purpose.REQUEST, base), base

    return Candidate(prepare=prepare, work=lambda signed: public.verify(*signed))


def _candidates(sender: Sender) -> dict[str, Candidate]:
    peers = found(*PEERS)
    return {"verify_direct": direct(sender), "libsodium": sender.bare(), "openssl": _openssl(sender)} | {
        figure: peers[name].request(sender) for name, figure in PEERS.items() if name in peers
    }


def _small(key: SigningKey) -> dict[str, float]:
    rounds = interleave(_candidates(Sender(key=key)))
    figures = {f"{name}_request_us": rounds.us(name) for name in rounds.times}
    figures["verify_direct_vs_libsodium"] = rounds.ratio("verify_direct", "libsodium")
    for peer in PEERS.values():
        if peer in rounds.times:
            ratio = f"verify_speedup_vs_{peer}"
            figures[ratio] = rounds.ratio(peer, "verify_direct")
            figures[f"{ratio}_ceiling"] = rounds.ratio(peer, "libsodium")
    return figures


def _large(key: SigningKey) -> dict[str, float]:
    figures: dict[str, float] = {}
    for size, length in BODY_BYTES.items():
        body = b'{"note":"' + b"x" * (length - 11) + b'"}'
        candidates = _candidates(Sender(key=key, body=body))
        del candidates["openssl"]
        rounds = interleave(candidates, rounds=BODY_ROUNDS, batch=4)
        figures |= {f"{name}_body_{size}_us": rounds.us(name) for name in rounds.times}
    return figures


def measure() -> dict[str, float]:
    """Times in microseconds, and how many times as long as ours the peers take."""
    key = SigningKey.generate()
    return _small(key) | _large(key)
