"""Private keys outside of the armour of ``pem.py``: in other files, in one line, in digits."""

from __future__ import annotations

from typing import Final

from delegate.masking.detectors.detector import Detector, found, prefixed, repeated

__all__ = ["PRIVATE_KEYS"]

PRIVATE_KEYS: Final[tuple[Detector, ...]] = (
    found(
        "putty-private-key",
        "Private-Lines:",
        r"(Private-Lines: [0-9]{1,3}" + repeated(r"[A-Za-z0-9+/=\r\n]", 10, 4000) + ")",
        ("PuTTY-User-Key-File-3: ssh-rsa\n", "Private-Lines: 1\n", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF"),
        ("PuTTY-User-Key-File-3: ssh-rsa\n", "Public-Lines: 1\n", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF"),
        "the.earth.li PuTTY appendix C",
        gate="name",
        kind="private-key",
        rank=90,
    ),
    found(
        "rsa-key-value",
        "<D> <P> <Q> <DP> <DQ> <InverseQ>",
        r"<(?:D|P|Q|DP|DQ|InverseQ)>([A-Za-z0-9+/=\r\n\t ]{20,1000})</",
        ("<RSAKeyValue>", "<D>", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF==", "</D></RSAKeyValue>"),
        ("<RSAKeyValue>", "<D>", "a7Q2xK9m", "</D></RSAKeyValue>"),
        "learn.microsoft.com RSA.ToXmlString",
        gate="RSAKeyValue",
        kind="private-key",
    ),
    found(
        "ansible-vault",
        "$ANSIBLE_VAULT;",
        r"(\$ANSIBLE_VAULT;[0-9.]{3,5};AES256[ -~]{0,64}[\r\n]{1,2}"
        + repeated(r"[0-9a-f\r\n \t]", 40, 8000)
        + ")",
        ("$ANSIBLE_VAULT;", "1.1;AES256\n", "7a1c9e4b2d8f05e6" * 5),
        ("$ANSIBLE_VAULT;", "1.1;AES256\n"),
        "docs.ansible.com vault format",
        gate="$",
    ),
    found(
        "private-jwk",
        '"kty" \\"kty\\"',
        r"[\"'](?:d|k|p|q|dp|dq|qi)\\{0,2}[\"'] {0,4}: {0,4}\\{0,2}[\"']([A-Za-z0-9_-]{20,1000})",
        ('{"kty":"OKP","crv":"Ed25519","', 'd":"', "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2xK9mB4tZ8", '"}'),
        ('{"kty":"OKP","crv":"Ed25519","', 'x":"', "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2xK9mB4tZ8", '"}'),
        "RFC 7518 section 6",
        gate="kty",
        kind="private-key",
    ),
    prefixed(
        "private-key-der",
        "b3BlbnNzaC1rZXktdjEA MII MIG MIH MHcCAQEEI MC4CAQAwBQYDK2V AIBADAN QIBADAN gIBADAN wIBADAN",
        r"(?:b3BlbnNzaC1rZXktdjEA"
        r"|MII[A-Za-z0-9+/]{3}IBA(?:DANBgkqhkiG9w0BAQEFAASC|AK[BC])"  # RSA
        r"|[AQgw]IBADANBgkqhkiG9w0BAQEFAASC"  # the same, where a slash stands in its length
        r"|MI[GH][A-Za-z0-9+/]AgE(?:AMB[AM]GByqGSM49AgEG|BBD[A-D]|BBEI)|MHcCAQEEI"  # elliptic curves of NIST
        r"|MC4CAQAwBQYDK2V[a-z]BCIEI)" + repeated("[A-Za-z0-9+/=]", 40, 8000),  # Ed25519, X25519
        ("MC4CAQAwBQYDK2Vw", "BCIEI", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2xK9mB4tZ8"),
        ("MCowBQYDK2Vw", "AyEA", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2xK9mB4tZ8"),
        "the first bytes of RFC 5208, RFC 8017, RFC 5915, RFC 8410 and OpenSSH PROTOCOL.key, in base64",
        kind="private-key",
    ),
    prefixed(
        "private-key-hex",
        "3082 3081 308 3077 302e 302E 3041 304",
        "30(?:82[0-9A-Fa-f]{4}|81[0-9A-Fa-f]{2}|[0-7][0-9A-Fa-f])0201"
        "(?:0030(?:0[Dd]06092[Aa]864886[Ff]70[Dd]010101|[0-9A-Fa-f]{2}06072[Aa]8648[Cc][Ee]3[Dd]0201"
        "|0506032[Bb]65(?:6[EeFf]|7[01]))"
        "|0002(?:82[0-9A-Fa-f]{4}|81[0-9A-Fa-f]{2})00|0104[234][02])" + repeated("[0-9A-Fa-f]", 64, 8000),
        ("302e0201", "00300506032b6570", "04220420", "7a1c9e4b2d8f05e6" * 4),
        ("302a", "300506032b6570", "032100", "7a1c9e4b2d8f05e6" * 4),
        "the first bytes of RFC 5208, RFC 8017, RFC 5915 and RFC 8410, in hexadecimal",
        kind="private-key",
    ),
    prefixed(
        "wrapped-private-key",  # base64 of -----BEGIN ... PRIVATE KEY, in lines
        "LS0tLS1CRUdJTi",
        "LS0tLS1CRUdJTi(?:BQUklWQVRFIEtFWS|BSU0EgUFJJVkFURSBLRVk|BFQyBQUklWQVRFIEtFWS|BEU0EgUFJJVkFURSBLRVk"
        "|BPUEVOU1NIIFBSSVZBVEUgS0VZ|BFTkNSWVBURUQgUFJJVkFURSBLRVk|BQR1AgUFJJVkFURSBLRVkg)"
        + repeated(r"[A-Za-z0-9+/=\r\n]", 60, 12_000),
        ("LS0tLS1CRUdJTi", "BQUklWQVRFIEtFWS", "0tLS0t\n", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 3),
        ("LS0tLS1CRUdJTi", "BQVUJMSUMgS0VZLS", "0tLS0t\n", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 3),
        "RFC 7468 in RFC 2045 section 6.8",
        kind="private-key",
    ),
    found(
        "private-key-numbers",
        "privateExponent: prime1: priv:",
        r"[pec][a-zA-Z12]{3,14}:"  # privateExponent, prime1, exponent2, coefficient, priv
        r"((?:[\r\n ]{1,14}(?:[0-9a-f][0-9a-f]:){15}){1,36}[\r\n]{1,2} {4,12}[0-9a-f:]{2,45})",
        (
            "RSA Private-Key: (2048 bit)\n",
            "privateExponent:\n    ",
            "7a:1c:9e:4b:2d:" * 3,
            "\n    7a:1c",
        ),
        ("RSA Public-Key: (2048 bit)\n", "modulus:\n    ", "7a:1c:9e:4b:2d:" * 3, "\n    7a:1c"),
        "docs.openssl.org openssl-pkey -text",
        gate="name",
        kind="private-key",
    ),
    found(
        "tor-service-key",
        "ED25519-V3:",
        r"ED25519-V3:([A-Za-z0-9+/]{86}(?:==)?)",
        (
            "ADD_ONION ",
            "ED25519-V3:",
            "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF/" * 2,
            "a7Q2xK9mB4tZ8wL3nR6vC1pY",
            "==",
        ),
        ("ADD_ONION ", "ED25519-V3:", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF/" * 2, "a7Q2xK9mB4tZ8wL3nR6vC1p"),
        "spec.torproject.org ADD_ONION",
        gate="ED25519-V3:",
        kind="private-key",
    ),
    found(
        "signing-secret-key",
        "secret",
        r"untrusted comment: [ -~]{0,80}secret key[\r\n]{1,2}(RW[A-Za-z0-9+/]{80,320}={0,2})",
        ("untrusted comment: signify ", "secret key\n", "RW", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 5),
        ("untrusted comment: signify ", "public key\n", "RW", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 5),
        "man.openbsd.org signify(1), jedisct1.github.io minisign",
        gate="name",
        kind="private-key",
    ),
)
