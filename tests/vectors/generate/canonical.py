"""Bytes: JSON under the three readers, base64, and the four kinds of names (docs/spec/bytes.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.vectors.case import OK, Case, Subject, b64, named, refused

_DEEP: Final = b"[" * 64 + b"]" * 64
_MALFORMED: Final = refused("malformed")
_NON_CANONICAL: Final = refused("non_canonical")

SAME: Final[dict[str, tuple[str, str]]] = {
    "empty-object": ("{}", "{}"),
    "white-space": (' { "a" :\t[ 1 ,\n2 ] }\r\n', '{"a":[1,2]}'),
    "members-in-order": ('{"b":1,"a":2,"B":3}', '{"B":3,"a":2,"b":1}'),
    "utf-16-order": ('{"\\ufb33":1,"\\ud83d\\ude00":2}', '{"\U0001f600":2,"\ufb33":1}'),
    "escapes": ('"\\u0041\\/\\b\\f\\n\\r\\t\\u0007\\\\\\""', '"A/\\b\\f\\n\\r\\t\\u0007\\\\\\""'),
    "delete-stays": ('"\\u007f"', '"\x7f"'),
    "surrogate-pair": ('"\\ud83d\\ude00"', '"\U0001f600"'),
    "integer-edges": (
        "[9007199254740991,-9007199254740991,0,-0]",
        "[9007199254740991,-9007199254740991,0,0]",
    ),
    "doubles": ("[1.0,1e2,0.000001,1e-7,1e21,1.5e300]", "[1,100,0.000001,1e-7,1e+21,1.5e+300]"),
    "smallest-double": ("[5e-324,-1e-400]", "[5e-324,0]"),
    "literals": ("[true,false,null]", "[true,false,null]"),
    "empty-name": ('{"":{"":[]}}', '{"":{"":[]}}'),
    "a-scalar": ('"a"', '"a"'),
    "deepest": (_DEEP.decode(), _DEEP.decode()),
}

REFUSED: Final[dict[str, tuple[bytes, str]]] = {
    "empty": (b"", "malformed"),
    "byte-order-mark": (b"\xef\xbb\xbf{}", "malformed"),
    "utf-16": ('{"a":1}'.encode("utf-16-le"), "malformed"),
    "overlong-utf-8": (b'"\xc0\xaf"', "malformed"),
    "utf-8-surrogate": (b'"\xed\xa0\x80"', "malformed"),
    "latin-1": (b'"\xe9"', "malformed"),
    "duplicate-member": (b'{"amount":1,"amount":1000}', "malformed"),
    "duplicate-escaped": (b'{"a":1,"\\u0061":2}', "malformed"),
    "duplicate-nested": (b'[{"x":{"a":1,"a":1}}]', "malformed"),
    "integer-over": (b"9007199254740992", "malformed"),
    "integer-under": (b"-9007199254740992", "malformed"),
    "integer-of-400-digits": (b"1" * 400, "malformed"),
    "float-that-prints-too-far": (b"88888888888888880.0", "malformed"),
    "exponent-that-prints-too-far": (b"1e20", "malformed"),
    "infinite-literal": (b"1e400", "malformed"),
    "long-exponent": (b"1e" + b"9" * 400, "malformed"),
    "nan": (b"NaN", "malformed"),
    "infinity": (b"-Infinity", "malformed"),
    "lone-high-surrogate": (b'"\\ud800"', "malformed"),
    "lone-low-surrogate": (b'{"\\udc00":1}', "malformed"),
    "reversed-surrogates": (b'"\\udc00\\ud800"', "malformed"),
    "raw-control": (b'"a\nb"', "malformed"),
    "raw-nul": (b'"\x00"', "malformed"),
    "leading-zero": (b"01", "malformed"),
    "plus": (b"+1", "malformed"),
    "bare-point": (b"1.", "malformed"),
    "leading-point": (b".5", "malformed"),
    "hexadecimal": (b"0x10", "malformed"),
    "underscore": (b"1_000", "malformed"),
    "arabic-digits": ("\u0661".encode(), "malformed"),
    "trailing-comma": (b"[1,]", "malformed"),
    "trailing-bytes": (b"{}x", "malformed"),
    "two-values": (b"1 2", "malformed"),
    "single-quotes": (b"{'a':1}", "malformed"),
    "name-without-quotes": (b"{a:1}", "malformed"),
    "comment": (b"{}//", "malformed"),
    "unknown-escape": (b'"\\x41"', "malformed"),
    "short-escape": (b'"\\u41"', "malformed"),
    "no-break-space": ("\u00a0{}".encode(), "malformed"),
    "unclosed": (b'{"a":[1', "malformed"),
    "upper-case-true": (b"True", "malformed"),
    "65-levels": (b"[" * 65 + b"]" * 65, "too_large"),
    "65-levels-of-objects": (b'{"a":' * 65 + b"1" + b"}" * 65, "too_large"),
    "1000-open": (b"[" * 1000, "too_large"),
}

NOT_SIGNED: Final = {
    "float": '{"a":1.5}',
    "whole-float": '{"a":1.0}',
    "exponent": '{"a":1e2}',
    "null": '{"a":null}',
    "nested-null": '{"a":[{"b":null}]}',
    "array-outermost": "[]",
    "string-outermost": '"a"',
    "number-outermost": "1",
}

OTHER_SPELLING: Final = {
    "space": '{"a": 1}',
    "newline": '{"a":1}\n',
    "order": '{"b":1,"a":2}',
    "utf-16-order": '{"\ufb33":1,"\U0001f600":2}',
    "escaped-letter": '{"a":"\\u0062"}',
    "escaped-solidus": '{"a":"\\/"}',
    "upper-case-escape": '{"a":"\\u000B"}',
    "long-escape": '{"a":"\\u000a"}',
    "escaped-non-ascii": '{"a":"\\u00e9"}',
    "minus-zero": '{"a":-0}',
}


def _json_cases() -> Iterator[Case]:
    for name, (text, canonical) in SAME.items():
        yield {
            "name": f"json-{name}",
            "expect": OK,
            "what": f"JSON with one canonical form: {name}",
            "op": "read-json",
            "reader": "strict",
            "bytes": b64(text.encode()),
            "result": {"canonical": canonical},
        }
    for name, (data, code) in REFUSED.items():
        yield {
            "name": f"json-{name}",
            "expect": refused(code),
            "what": f"not read: {name}",
            "op": "read-json",
            "reader": "strict",
            "bytes": b64(data),
        }


def _signed_family() -> tuple[Case, list[Case]]:
    """The signed subset: what it leaves out, and every other spelling of what it holds."""
    lines: list[Case] = [
        {"expect": OK, "what": "control", "bytes": b64(text.encode()), "result": {"canonical": text}}
        for text in ('{"a":["b",1,true,{}]}', '{"a":"\u00e9\\u000b"}', "{}", '{"\U0001f600":2,"\ufb33":1}')
    ]
    lines += [
        {"expect": _MALFORMED, "what": what, "bytes": b64(text.encode())} for what, text in NOT_SIGNED.items()
    ]
    lines += [
        {"expect": _NON_CANONICAL, "what": what, "bytes": b64(text.encode())}
        for what, text in OTHER_SPELLING.items()
    ]
    return {"op": "read-json", "reader": "signed"}, lines


def _canonical_family() -> tuple[Case, list[Case]]:
    """Canonical bytes, floats and null among them: each text as it is, and each as ``SAME`` writes it."""
    lines: list[Case] = []
    for what, (text, canonical) in SAME.items():
        accepted = {
            "expect": OK,
            "what": what,
            "bytes": b64(canonical.encode()),
            "result": {"canonical": canonical},
        }
        lines.append(accepted)
        if text != canonical:
            lines.append({"expect": _NON_CANONICAL, "what": what, "bytes": b64(text.encode())})
    lines += [
        {"expect": _NON_CANONICAL, "what": what, "bytes": b64(text.encode())}
        for what, text in OTHER_SPELLING.items()
    ]
    return {"op": "read-json", "reader": "canonical"}, lines


def _base64_family() -> tuple[Case, list[Case]]:
    """Each wound of a text of each length modulo 3, in both alphabets."""
    lines: list[Case] = []
    for alphabet, padding in (("base64url", ""), ("base64", "=")):
        samples = {"": "", "00": "AA" + padding * 2, "fbff": ("-_8" if not padding else "+/8="), "fbffbf": ""}
        samples["fbffbf"] = "-_-_" if not padding else "+/+/"
        other = "+/8" if not padding else "-_8="
        good = [(text, raw) for raw, text in samples.items()]
        lines += [
            {"expect": OK, "what": "control", "alphabet": alphabet, "text": text, "result": {"hex": raw}}
            for text, raw in good
        ]
        wounds = {
            "one character": "A",
            "spare bits, one byte": "AB" + padding * 2,
            "spare bits, two bytes": "AAB" + padding,
            "the other alphabet": other,
            "space inside": "AA AA",
            "space after": "AAAA ",
            "newline after": "AAAA\n",
            "padding inside": "AA==AA==",
            "padding of a whole text": "AAAA====",
            "not ASCII": "AAA\u00e9",
            "a point": "AAA.",
            "wrong padding": "AA==" if not padding else "AA",
            "half of the padding": "AA=",
        }
        lines += [
            {"expect": _MALFORMED, "what": what, "alphabet": alphabet, "text": text}
            for what, text in wounds.items()
        ]
        for size, expect in ((3, OK), (2, _MALFORMED), (4, _MALFORMED)):
            line: Case = {
                "expect": expect,
                "what": f"three bytes where {size} are due",
                "alphabet": alphabet,
                "text": "AAAA",
                "size": size,
            }
            lines.append(line | ({"result": {"hex": "000000"}} if expect == OK else {}))
    return {"op": "base64"}, lines


_NAME_CASES: Final[dict[str, tuple[list[str], list[str]]]] = {
    "name": (
        ["a", "Z9", "worker-agent", "spiffe://local/agent/a", "a@b+c", "0._:/@+-", "A" * 128],
        ["", "A" * 129, "-a", ".a", "_a", "/a", "a b", " a", "a ", "a\n", "\u00e9", "\u0430dmin", "ad\u200dmin",
         "\uff10", "a,b", "a*", "a%", 'a"', "a\\", "a;b", "a?", "a#", "a\x00"],
    ),
    "label": (
        ["a", "read", "a.b-c_1", "a" * 64],
        ["", "a" * 65, "Read", "1a", "-a", "a/b", "a b", "a:b", "\u00e9", "a\n", "a*", "constructoR"],
    ),
    "text": (
        ["a", " a", "a b", "\u00e9", "e\u0301", "\u65e5\u672c", "\U0001f600", "\u00a0", "a" * 256, "\u00e9" * 128],
        ["", "a\x00", "a\tb", "a\nb", "\x7f", "\x85", "\u00ad", "\u034f", "\u061c", "\u115f", "\u17b4", "\u180e",
         "\u200b", "\u200f", "\u2028", "\u202e", "\u2060", "\u206f", "\u3164", "\ufdd0", "\ufeff", "\uffa0",
         "\ufff9", "\ufffe", "\uffff", "\U0001ffff", "\U0010fffe", "\U000e0041", "\U000e0fff"],
    ),
    "origin": (
        ["https://api.example.com", "https://a", "https://api.example.com:8443", "http://localhost:8000",
         "http://127.0.0.1", "http://127.255.255.254:1", "http://[::1]:8000", "https://[2001:db8::1]",
         "https://a.b:65535", "https://" + "a" * 63 + ".example",
         "https://[::]", "https://[::ffff:102:304]", "https://[64:ff9b::102:304]", "https://[1:0:0:2::3]",
         "https://[1::2:0:0:3:4]", "https://[1:0:2:3:4:5:6:7]", "https://[::2:3:4:5:6:7]", "https://[1::]",
         "https://[fe80::a00:ff:fe0f:0]"],
        ["", "https://", "api.example.com", "https://API.example.com", "HTTPS://a.example",
         "https://api.example.com/", "https://api.example.com/x", "https://api.example.com:443",
         "http://localhost:80", "http://api.example.com", "http://127.0.0.1.example", "http://127.0.0.01",
         "https://a_b.example", "https://api.example.com.", "https://.a", "https://a..b", "https://-a.example",
         "https://a-.example", "ftp://a.example", "https://a.example:0", "https://a.example:080",
         "https://a.example:65536", "https://a.example:", "https://u@a.example", "https://a.example?x",
         "https://a.example#x", "https://a.example\n", "https://\u00e9.example", "https://" + "a" * 64 + ".example",
         "wss://a.example", "*", "https://*.example",
         "https://[]", "https://[:]", "https://[:::]", "https://[1]", "https://[1:2:3:4:5:6:7]", "https://[1::2::3]",
         "https://[1:2:3:4:5:6:7:8:9]", "https://[1:2:3:4::5:6:7:8]", "https://[0:0:0:0:0:0:0:1]",
         "https://[2001:0db8::1]", "https://[2001:DB8::1]", "https://[10000::1]", "https://[1:0:0:2:0:0:0:3]",
         "https://[1:0:0:2:0:0:3:4]", "https://[1:0:0:2::3:4]", "https://[1::2:3:4:5:6:7]", "https://[::ffff:1.2.3.4]",
         "https://[64:ff9b::1.2.3.4]", "https://[::1%25lo]", "https://[1:2:3:4:5:6:7::]"],
    ),
}  # fmt: skip


def _name_family() -> tuple[Case, list[Case]]:
    lines: list[Case] = []
    for kind, (good, bad) in _NAME_CASES.items():
        lines += [{"expect": OK, "what": f"a {kind}", "kind": kind, "value": value} for value in good]
        lines += [
            {"expect": refused("malformed", field=kind), "what": f"no {kind}", "kind": kind, "value": value}
            for value in bad
        ]
    for value in ("a" * 257, "\u00e9" * 129):
        expect = refused("too_large", field="text")
        lines.append({"expect": expect, "what": "over 256 bytes", "kind": "text", "value": value})
    return {"op": "name"}, lines


def subject() -> Subject:
    """The vectors of this page."""
    return Subject(
        name="canonical",
        cases=named(_json_cases()),
        families={
            "signed-subset": _signed_family(),
            "canonical-bytes": _canonical_family(),
            "base64": _base64_family(),
            "names": _name_family(),
        },
    )
