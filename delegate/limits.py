"""Every bound of the library, each with the reason for its value.

The rule: nothing is parsed, stored, hashed or verified before its size was compared with a constant of
this file, and nothing else in the library states a bound of its own. Sizes are in bytes and times in
seconds unless a name says otherwise.
"""

from __future__ import annotations

from typing import Final

# --- canonical JSON --------------------------------------------------------------------------------

JSON_MAX_BYTES: Final = 1 << 20
"""1 MiB: far above any object of ours, small enough that the worst text is parsed in about 0.1 s."""

JSON_MAX_DEPTH: Final = 64
"""The deepest object of ours nests 5 levels; 64 leaves room and stays far from the stack's end."""

JSON_MAX_INTEGER: Final = (1 << 53) - 1
"""Beyond 2^53-1 a JSON reader that uses doubles sees another number (RFC 8259 section 6)."""

# --- names and values ------------------------------------------------------------------------------

NAME_MAX_CHARS: Final = 128
"""Agent ids, tools and issuer names: a SPIFFE-like path fits, a log line stays readable."""

LABEL_MAX_CHARS: Final = 64
"""Operations, sensitivities, resource types and units are short words."""

STRING_MAX_BYTES: Final = 256
"""Resource patterns, resource values, ``why`` and ``root``."""

# --- token -----------------------------------------------------------------------------------------

TOKEN_HEADER_MAX_BYTES: Final = 6144
"""Common servers and proxies stop at 8 KiB a header line; this leaves 2 KiB for name and framing."""

TOKEN_MAX_BYTES: Final = 16 * 1024
"""Outside a header: sixteen blocks of 1 KiB."""

TOKEN_MAX_BLOCKS: Final = 16
"""Each block costs one signature verification, so this bounds the work a stranger can ask for."""

TOKEN_NONCE_BYTES: Final = 12
"""96 random bits: two equal blocks minted by one key are not to be expected."""

SCOPE_MAX_TOOLS: Final = 256
"""More than this is not a narrow grant but a list of everything."""

SCOPE_MAX_LABELS: Final = 64
"""Operations or sensitivities in one scope; they are short vocabularies."""

SCOPE_MAX_PATTERNS_PER_TYPE: Final = 64
"""Containment compares every child pattern with every parent pattern: 64 x 64 stays below 1 ms."""

SCOPE_MAX_PATTERNS: Final = 256
"""Patterns in one block over all resource types, for the same reason."""

ACTION_MAX_VALUES: Final = 1024
"""Resource values of one action: each is matched in every block, about 1 ms a block at this bound."""

AUDIENCE_MAX_ORIGINS: Final = 16
"""A token meant for more servers than this, origins or audiences of messages, should be several tokens."""

MAX_TTL_DEFAULT: Final = 3600
"""An hour: long enough for a run of agents, short enough that a stolen chain dies by itself."""

MAX_TTL_MAX: Final = 366 * 24 * 3600
"""A year at most in an issuer's record: what never expires cannot be retired."""

TIMESTAMP_MAX: Final = 99_999_999_999
"""Eleven digits reach the year 5138; a twelfth means milliseconds."""

# --- envelope --------------------------------------------------------------------------------------

SIGNATURE_HEADERS_MAX_BYTES: Final = 8192
"""``Signature`` or ``Signature-Input``, all lines joined: proxies may add members of their own."""

SIGNATURE_MAX_MEMBERS: Final = 4
"""Ours, and up to three of proxies."""

SIGNATURE_INPUT_MAX_BYTES: Final = 2048
"""Our member of ``Signature-Input``: nine components and six parameters take about 400."""

SIGNATURE_MAX_BYTES: Final = 128
"""Our member of ``Signature``: a label and 64 bytes in base64."""

SIGNATURE_MAX_COMPONENTS: Final = 24
"""Nine are usual; room for headers an operator adds."""

IDENTITY_MAX_BYTES: Final = 512
"""``Agent-Identity``: an agent id and four claimed names."""

HEADER_MAX_BYTES: Final = 8192
"""Any other covered header line."""

TARGET_MAX_BYTES: Final = 8192
"""Path and query together, as servers commonly limit the request line."""

NONCE_BYTES: Final = 16
"""128 random bits, so that no two requests of one key ever meet by chance."""

MESSAGE_MAX_BYTES: Final = 32 * 1024
"""The envelope of a message: a token of 16 KiB and 2 KiB of names, in base64, and some room."""

WINDOW_DEFAULT: Final = 60
"""Signature lifetime: covers queueing and slow uploads, keeps replay records few."""

WINDOW_MAX: Final = 300
"""No server accepts a longer lifetime: each second is a second a nonce must be remembered."""

SKEW_DEFAULT: Final = 5
"""Clocks kept by NTP differ by far less."""

SKEW_MAX: Final = 30
"""Beyond this a clock is broken, not skewed."""

BODY_MAX_BYTES_DEFAULT: Final = 1 << 20
"""1 MiB: the body is held in memory until it is verified."""

BODY_DEADLINE_DEFAULT: Final = 30.0
"""A sender that needs longer for the body holds a connection for nothing."""

ANSWER_MAX_BYTES: Final = 4 << 20
"""4 MiB of an answer are held until it is signed, or verified: documents fit, a hundred at once fit too."""

# --- replay ----------------------------------------------------------------------------------------

REPLAY_MARGIN: Final = 60
"""A nonce is remembered this long after its envelope expired, for clocks that step back."""

REPLAY_QUOTA_DEFAULT: Final = 100_000
"""Live nonces of one quota key: 277 requests a second at the longest window plus margin."""

REPLAY_ISSUER_SHARE: Final = 2
"""An issuer takes at most one half of a store: who mints many delegatees still leaves room for the others."""

REPLAY_CAPACITY_DEFAULT: Final = 1_000_000
"""Live nonces of one store: about 200 MB in memory."""

REPLAY_SWEEP: Final = 16
"""Dead records dropped per claim: more than the one that comes in, so a backlog shrinks, in microseconds."""

REPLAY_SWEEP_FULL: Final = 4096
"""Dead records dropped before a claim is refused as over quota: some milliseconds, paid by that claim."""

REPLAY_DEADLINE_DEFAULT: Final = 2.0
"""A replay store that has not answered by then is down: callers wait in front of it."""

REPLAY_DEADLINE_MAX: Final = 60.0
"""Nobody waits longer than a minute for a replay store; a signature is good for a minute by default."""

REPLAY_CONNECTIONS: Final = 16
"""Connections of one process to a replay store on the network, which decides one claim at a time anyway."""

# --- revocation ------------------------------------------------------------------------------------

REVOCATION_LIST_MAX_BYTES: Final = 4 << 20
"""A list with all the entries that the next two bounds permit, in base64, and no more."""

REVOCATION_MAX_TOKENS: Final = 1 << 16
"""Token ids of one list: chains live for an hour, and who revokes more in one should repudiate the key."""

REVOCATION_MAX_KEYS: Final = 1 << 14
"""Key ids of one list: holders' keys, of which an issuer knows fewer than it has tokens."""

REVOCATION_STALENESS_DEFAULT: Final = 300
"""A list is signed anew at least this often, so whoever withholds the next one gains five minutes."""

REVOCATION_STALENESS_MAX: Final = 24 * 3600
"""An operator who can wait a day for a revocation needs no list, but a shorter ``max_ttl``."""

REVOCATION_POLL_DEFAULT: Final = 2.0
"""Between two looks at a source: with ``REVOCATION_FETCH_DEADLINE`` a new list is in force within 5 s."""

REVOCATION_POLL_MAX: Final = 60.0
"""Whoever looks less often than once a minute eats up the default staleness by waiting."""

REVOCATION_FETCH_DEADLINE: Final = 2.0
"""A server of lists that is slower than this is down, and is asked again at the next look."""

REVOCATION_ETAG_MAX_CHARS: Final = 256
"""Entity tags are short; a longer one is not sent back, and the list is fetched whole."""

# --- databases -------------------------------------------------------------------------------------

SQLITE_DEADLINE_MAX: Final = 60.0
"""Nobody waits longer than a minute for another process's transaction."""

# --- keys ------------------------------------------------------------------------------------------

KEY_FILE_MAX_BYTES: Final = 16 * 1024
"""A PEM key takes 120 bytes; this refuses the wrong file without reading it whole."""

KEY_PBKDF2_MAX_ITERATIONS: Final = 5_000_000
"""Of an encrypted key file: eight times OWASP's advice, some seconds. A hostile file could ask for hours."""

KEY_SCRYPT_MAX_COST: Final = 1 << 20
"""N * r * p of an encrypted key file, OWASP's advice: about 128 MiB of memory and a second."""

PASSPHRASE_MAX_BYTES: Final = 1023
"""OpenSSL reads no longer one, so a key encrypted under a longer one could never be opened again."""

P256_POINTS_KEPT: Final = 1024
"""Working out y again would add a third to a P-256 verification; a point kept takes about 1 KiB."""

TRUST_FILE_MAX_BYTES: Final = 64 << 20
"""A hundred thousand keys at about 600 bytes each."""

KEY_OVERLAP_DEFAULT: Final = 3600
"""Seconds for which a rotated key goes on counting: verifiers reload and issuers switch within the hour."""

KEY_CLAIM_MAX_TTL: Final = 300
"""A key claim answers one challenge of one delegator, at once."""

CHAIN_CACHE_SIZE: Final = 1024
"""Chains whose pure facts are kept: at about 30 KiB for a chain of four blocks, 30 MiB."""

# --- masking ---------------------------------------------------------------------------------------

MASKING_MAX_DEPTH: Final = 32
"""Containers within containers: payloads of tools nest below ten, and every level is walked."""

MASKING_MAX_NODES: Final = 50_000
"""Containers and texts of one value: shared references let a small value spell out an enormous one."""

MASKING_MAX_ITEMS: Final = 250_000
"""All members of all containers, the numbers among them, for the same reason: half a second of walking."""

MASKING_STRING_MAX_CHARS: Final = 256 * 1024
"""One text: what is longer is a document, and belongs where documents are kept."""

MASKING_TOTAL_MAX_CHARS: Final = 2 * 1024 * 1024
"""All texts of one value: about 0.1 s of searching."""

MASKING_MAX_FINDINGS: Final = 1_000
"""Findings with a place of their own; what comes after is counted at the root, so reports stay small."""

MASKING_POINTER_PART_MAX_CHARS: Final = 128
"""One key in the pointer of a finding: a longer one is cut."""

MASKING_NAME_CACHE: Final = 4096
"""Key names whose meaning is remembered: programs have some hundreds, hostile input has no end."""

MASKING_ROUNDS: Final = 4
"""Searches of one text, each over the result of the last, before all of it is masked."""

MASKING_REVEAL_MAX: Final = 4
"""Last characters that a policy may show: what card receipts show."""

MASKING_SECRET_MIN_BYTES: Final = 8
"""A registered secret: shorter ones turn up by chance, and every text would lose its words."""

MASKING_MAX_SECRETS: Final = 10_000
"""Secrets registered by name: each costs a few entries of the search for known values."""

MASKING_PSEUDONYM_KEY_MIN_BYTES: Final = 32
"""The key decides whether a pseudonym can be guessed back, so it is as strong as any other here."""

MASKING_WINDOW_CHARS: Final = 128 * 1024
"""A stream is searched in windows of this size: half of what one text may have."""

MASKING_OVERLAP_CHARS: Final = 16 * 1024
"""Windows overlap by this: longer than any secret that spans lines (a PEM key of 16,384 bits has 13 KiB)."""

MASKING_CONTEXT_CHARS: Final = 4 * 1024
"""What stands before a window and is looked at again, for a name may stand lines before its value."""

MASKING_FILE_MAX_BYTES: Final = 64 << 20
"""A JSON document given to the command line: it is held whole. JSON lines and text have no such bound."""

MASKING_NAME_MAX_CHARS: Final = 128
"""Key names longer than this name nothing that people wrote."""

MASKING_DECODING_DEPTH: Final = 3
"""Encodings inside encodings that are looked into: double encoding happens, a fourth layer is a puzzle."""

MASKING_DECODED_MAX_BYTES: Final = 1 << 20
"""Text that the encoded parts of one text may decode to, over all layers; bounds the work they can cause."""

# --- client ----------------------------------------------------------------------------------------

REDIRECTS_MAX: Final = 5
"""Redirects of one request within one origin: a server that needs more is going round in circles."""

RETRIES_MAX: Final = 5
"""Further tries without a pause: whoever wants more wants a pause too, and a loop of their own."""

# --- server ----------------------------------------------------------------------------------------

RETRY_AFTER: Final = 5
"""Seconds in the Retry-After of a 503: the default skew, after which a restarted replay store answers."""
