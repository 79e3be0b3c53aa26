"""Values of every Python type: what is found in them, what type comes back, and whose code runs."""

from __future__ import annotations

import collections
import copy
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import os
import pathlib
import time
import types
import uuid
from typing import Any

import pydantic
import pytest

from delegate.keys import SigningKey
from delegate.limits import MASKING_MAX_DEPTH
from tests.masking.samples import (
    CARD,
    EMAIL,
    MASKER,
    PASSWORD,
    TOKEN,
    Broken,
    Colour,
    Default,
    Hostile,
    Model,
    Number,
    Pair,
    Secrets,
    Text,
    User,
    everything,
    findings,
    masked,
    places,
)

MARK = "[MASKED:github-token]"


class SlotsOnly:
    __slots__ = ("a",)


class ListBelow(list[object]):
    pass


class SetBelow(set[object]):
    pass


class DequeBelow(collections.deque[object]):
    pass


class OrderedBelow(collections.OrderedDict[str, object]):
    pass


class BytesBelow(bytes):
    pass


class ArrayBelow(bytearray):
    pass


class FloatBelow(float):
    pass


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    note: str
    n: int = 0


class Level(enum.IntEnum):
    LOW = 1


class ProblemError(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.text = text


BENIGN: list[Any] = [
    *(None, True, 0, -5, 10**10, 10**5000, -(10**5000), 1.5, float("nan"), float("inf"), 1e300, 3 + 4j, ...),
    *("", "hello", b"", b"\xff\xfe\x00binary\x80", bytearray(b"x"), memoryview(b"abc"), range(5)),
    *(dt.datetime(2026, 1, 2, tzinfo=dt.UTC), dt.date(2026, 1, 2), dt.timedelta(1), uuid.UUID(int=7)),
    *(decimal.Decimal("1.50"), decimal.Decimal("sNaN"), fractions.Fraction(1, 3)),
    *(ipaddress.ip_address("::1"), ipaddress.ip_network("10.0.0.0/8")),
    *(pathlib.PurePosixPath("/usr/lib"), pathlib.PureWindowsPath("C:/x"), pathlib.Path("a/b")),
    *(Colour.RED, Level.LOW, Text("hi"), Number(7), FloatBelow(1.0), BytesBelow(b"x"), ArrayBelow(b"x")),
    *([], {}, (), set(), frozenset(), collections.deque([1], maxlen=3), collections.OrderedDict(a=1)),
    *(collections.defaultdict(list, a=[1]), collections.Counter("ab"), Default(a=1), ListBelow([1])),
    *(types.MappingProxyType({"a": 1}), types.SimpleNamespace(a=1), Pair("a", "b"), User("a", "")),
    *(Frozen("a"), time.struct_time(range(9)), ValueError("x", 1), KeyError("k"), OSError(2, "no", "/f")),
    Model(user="u", password="", token=""),
    {1: "a", None: "b", (1, 2): "c", b"k": "d", 2.5: "e", False: "f", Colour.RED: "g", frozenset({1}): "h"},
    {"a": {"b": [1, "x", ("y", {"z": None})]}, "max_tokens": 4096, "next_page_token": None},
]


@pytest.mark.parametrize("value", BENIGN, ids=[str(index) for index in range(len(BENIGN))])
def test_benign_values_come_back_as_the_same_object(value: Any) -> None:
    """'A clean value comes back as the same object.'"""
    for given in (value, [value], {"k": value}, (value, value)):
        assert MASKER.mask(given).value is given
        assert findings(given) == ()


def same_type(value: Any) -> Any:
    out = masked(value)
    assert type(out) is type(value)
    assert TOKEN not in everything(out)
    assert masked(out) == out or masked(out) is out
    return out


def test_i2_types_stay() -> None:
    """'Types stay, arguments are not mutated.'"""
    assert same_type([TOKEN, 1]) == [MARK, 1]
    assert same_type((TOKEN, 1)) == (MARK, 1)
    assert same_type({TOKEN, "a"}) == {MARK, "a"}
    assert same_type(frozenset({TOKEN})) == frozenset({MARK})
    assert same_type(SetBelow({TOKEN})) == {MARK}
    assert same_type(collections.deque([TOKEN], maxlen=4)).maxlen == 4
    assert same_type(DequeBelow([TOKEN])) == DequeBelow([MARK])
    assert same_type(ListBelow([TOKEN])) == [MARK]
    assert same_type(Pair("u", TOKEN)) == Pair("u", MARK)
    assert same_type(User(TOKEN, "")) == User(MARK, "")
    assert same_type(Frozen(TOKEN, 3)) == Frozen(MARK, 3)
    assert same_type(types.SimpleNamespace(a=TOKEN)).a == MARK
    assert same_type(TOKEN.encode()) == MARK.encode()
    assert same_type(bytearray(TOKEN.encode())) == MARK.encode()
    assert bytes(masked(memoryview(TOKEN.encode()))) == MARK.encode()
    assert same_type(Text(TOKEN)) == MARK
    assert same_type(BytesBelow(TOKEN.encode())) == MARK.encode()
    assert same_type(ArrayBelow(TOKEN.encode())) == MARK.encode()
    assert same_type(pathlib.PurePosixPath("/srv", TOKEN)) == pathlib.PurePosixPath("/srv", MARK)


def test_mappings_stay_what_they_are() -> None:
    ordered = collections.OrderedDict([("b", TOKEN), ("a", 1)])
    ordered.move_to_end("b")
    assert list(same_type(ordered).items()) == [("a", 1), ("b", MARK)]
    assert list(same_type(OrderedBelow(a=TOKEN))) == ["a"]
    default = same_type(collections.defaultdict(list, a=TOKEN))
    assert default["new"] == []
    assert same_type(Default(a=TOKEN))["x"] == "no x"
    assert same_type(collections.Counter({TOKEN: 2})) == {MARK: 2}
    assert same_type(types.MappingProxyType({"a": TOKEN}))["a"] == MARK


def test_pydantic_models_stay_models() -> None:
    model = Model(user="u", password=PASSWORD, token=TOKEN)
    out = same_type(model)
    assert PASSWORD not in repr(out)
    assert (out.user, out.model_fields_set) == ("u", {"user", "password", "token"})
    assert model.password == PASSWORD


def test_secret_types_keep_their_type_and_lose_their_secret() -> None:
    out = masked({"s": pydantic.SecretStr(PASSWORD), "b": pydantic.SecretBytes(PASSWORD.encode())})
    assert out["s"].get_secret_value() == "[MASKED:secret]"
    assert out["b"].get_secret_value() == b"[MASKED:secret]"
    assert MASKER.mask(out).value is out
    assert masked([pydantic.SecretStr("")])[0].get_secret_value() == ""
    assert masked([pydantic.Secret[list[str]]([PASSWORD])]) == ["[OBJECT:Secret]"]


def test_numbers_become_text_only_where_they_are_masked() -> None:
    assert masked({"n": CARD, "m": float(CARD)}) == {"n": "[MASKED:credit_card]", "m": "[MASKED:credit_card]"}
    assert masked({"pin_code": 4821, "password": None, "secret": True}) == {
        "pin_code": "[MASKED:password]",
        "password": None,
        "secret": True,
    }
    assert masked({"password": 10**50})["password"] == "[MASKED:password]"
    assert masked([decimal.Decimal(CARD)]) == ["[MASKED:credit_card]"]
    assert masked([Number(CARD)]) == ["[MASKED:credit_card]"]
    assert masked({"api_key": uuid.UUID(int=7)}) == {"api_key": "[MASKED:key]"}


def test_enums_become_text_where_their_value_is_a_secret() -> None:
    assert masked([Secrets.A, Colour.RED]) == [MARK, Colour.RED]


# --- exceptions ------------------------------------------------------------------------------------


def fail(error: Exception, cause: Exception) -> None:
    raise error from cause


def raised(code: int, text: str) -> Any:
    """An error that came from another, both with the text."""
    inner = KeyError(text)
    inner.add_note(f"at {text}")
    try:
        fail(ProblemError(code, text), inner)
    except ProblemError as error:
        return error


def test_exceptions_stay_exceptions_without_their_secrets() -> None:
    given = raised(7, TOKEN)
    out = masked({"exc": given})["exc"]
    assert (type(out), str(out), out.text) == (ProblemError, f"7: {MARK}", MARK)
    assert (type(out.__cause__), out.__cause__.__notes__) == (KeyError, [f"at {MARK}"])
    assert out.__suppress_context__
    assert out.__traceback__ is None
    assert given.text == TOKEN


def test_exceptions_of_the_interpreter_keep_what_is_theirs() -> None:
    error = masked([FileNotFoundError(2, "no such file", f"/srv/{TOKEN}")])[0]
    assert (type(error), error.errno, error.filename) == (FileNotFoundError, 2, f"/srv/{MARK}")
    error = masked([UnicodeDecodeError("utf-8", TOKEN.encode(), 0, 1, "bad")])[0]
    assert (type(error), error.object) == (UnicodeDecodeError, MARK.encode())
    group = masked([ExceptionGroup("two", [ValueError(TOKEN), TypeError("x")])])[0]
    assert [str(each) for each in group.exceptions] == [MARK, "x"]
    assert str(masked([ValueError({"password": PASSWORD})])[0]) == "{'password': '[MASKED:password]'}"


def test_an_exception_whose_arguments_are_too_many_is_still_one() -> None:
    out = masked([ValueError(*map(str, range(60_000)))])[0]
    assert (type(out), out.args) == (ValueError, ("[MASKED:nodes]",))


# --- objects that are not looked into --------------------------------------------------------------


def test_unknown_objects_become_a_type_marker_never_their_repr() -> None:
    """'Unknown objects become a type marker, never their repr.'"""
    given: dict[str, Any] = {
        "o": Hostile(),
        "g": (number for number in range(3)),
        "f": len,
        "c": int,
        "s": SlotsOnly(),
    }
    out, found = MASKER.mask(given)
    assert out == {
        "o": "[OBJECT:Hostile]",
        "g": "[OBJECT:generator]",
        "f": "[OBJECT:builtin_function_or_method]",
        "c": "[OBJECT:type]",
        "s": "[OBJECT:SlotsOnly]",
    }
    assert found == ()
    assert list(given["g"]) == [0, 1, 2]


def test_a_type_name_may_be_a_secret_too() -> None:
    assert masked([type(TOKEN, (), {})()]) == ["[OBJECT:[MASKED:github-token]]"]
    assert masked([type("a b", (), {})()]) == ["[OBJECT]"]


def test_our_own_keys_become_a_marker() -> None:
    assert masked({"key": SigningKey.generate()}) == {"key": "[OBJECT:SigningKey]"}


def test_strangers_are_read_once_and_come_back_plain() -> None:
    class Liar(collections.UserDict[str, str]):
        def items(self) -> Any:
            return [("a", TOKEN if self.data.pop("first", None) is None else "clean")]

    liar = Liar(first="x")
    assert masked([liar]) == [{"a": "clean"}]
    assert masked([collections.UserList([TOKEN])]) == [[MARK]]
    assert type(masked([os.environ])[0]) is dict
    assert masked(types.MappingProxyType(Liar())) == {"a": MARK}
    assert masked([{"a": TOKEN}.items(), {"a": 1}.keys()])[0] == [("a", MARK)]


def test_what_raises_is_masked_and_found() -> None:
    """'A failure inside masking masks the subtree and is a finding.'"""
    assert masked({"m": Broken(), "n": 1}) == {"m": "[MASKED:error]", "n": 1}
    assert places({"m": Broken()}) == {"/m": "error"}


def test_attributes_of_a_dict_or_text_of_their_own_class_do_not_come_back() -> None:
    bag, text = ListBelow([1]), type("Tagged", (str,), {})("hello")
    bag.secret = text.secret = PASSWORD  # type: ignore[attr-defined]
    out = masked([bag, text])
    assert (type(out[0]), vars(out[0])) == (ListBelow, {})
    assert (out[1], vars(out[1])) == ("hello", {})


def test_hostile_keys_are_handled() -> None:
    class Loud(str):
        __slots__ = ()

        def __hash__(self) -> int:
            return hash("plain")

        def __eq__(self, other: object) -> bool:
            return True

    assert PASSWORD not in everything(masked({Loud("password"): PASSWORD}))

    class Metal(type):
        def __hash__(cls) -> int:
            raise RuntimeError(PASSWORD)

    assert masked({"x": Metal("X", (), {})(), "y": TOKEN}) == {"x": "[MASKED:error]", "y": MARK}


# --- keys ------------------------------------------------------------------------------------------


def test_keys_are_searched_and_no_member_is_lost() -> None:
    other = TOKEN[:-1] + "z"
    out = masked({TOKEN: 1, other: 2, "ok": 3})
    assert out == {MARK: 1, f"{MARK} (2)": 2, "ok": 3}
    assert masked(out) == out
    out = masked({TOKEN.encode(): 1, other.encode(): 2, (TOKEN, 1): 3, (other, 1): 4, CARD: 5})
    assert list(out.values()) == [1, 2, 3, 4, 5]
    assert TOKEN not in everything(out)
    assert other not in everything(out)


def test_keys_of_other_types_name_their_values() -> None:
    class Name(enum.Enum):
        P = "password"

    assert masked({b"password": PASSWORD.encode()}) == {b"password": b"[MASKED:password]"}
    assert masked({Name.P: PASSWORD, Text("password"): PASSWORD}) == {
        Name.P: "[MASKED:password]",
        "password": "[MASKED:password]",
    }
    assert masked({object: 1}) == {"[OBJECT:type]": 1}


def test_a_pointer_never_shows_a_key_that_is_a_secret() -> None:
    found = findings(
        {TOKEN: {"password": PASSWORD}, "a/b~c": [EMAIL], 7: {"password": PASSWORD}, (1,): [EMAIL]}
    )
    assert {finding.pointer for finding in found} == {
        f"/{MARK}",
        f"/{MARK}/password",
        "/a~1b~0c/0",
        "/7/password",
        "/tuple/0",
    }
    long = findings({"k" * 500: EMAIL})[0].pointer
    assert len(long) < 140


# --- shared, cyclic, deep --------------------------------------------------------------------------


def test_cycles_end_in_a_marker() -> None:
    value: dict[str, Any] = {"password": PASSWORD, "list": []}
    value["list"].append(value)
    assert masked(value) == {"password": "[MASKED:password]", "list": ["[MASKED:cycle]"]}
    loop: list[Any] = []
    loop.append(loop)
    assert masked(loop) == ["[MASKED:cycle]"]
    error = ValueError("x")
    error.__context__ = error2 = KeyError("y")
    error2.__context__ = error
    assert places(error) == {"/__context__/__context__": "cycle"}


def test_shared_references_are_no_cycles() -> None:
    shared = {"password": PASSWORD, "n": 1}
    clean = {"n": 1}
    out = masked([shared, shared, clean, clean])
    assert out == [{"password": "[MASKED:password]", "n": 1}] * 2 + [clean] * 2
    assert out[2] is clean
    assert places([[shared], shared]) == {"/0/0/password": "password", "/1/password": "password"}


def test_what_is_too_deep_is_masked() -> None:
    value: Any = TOKEN
    for _ in range(MASKING_MAX_DEPTH + 1):
        value = [value]
    assert list(places(value).values()) == ["github-token"]
    assert list(places([value]).values()) == ["depth"]
    for _ in range(10_000):
        value = {"k": value}
    assert TOKEN not in str(masked(value))


def test_arguments_are_never_changed() -> None:
    given = {
        "a": [TOKEN, {"password": PASSWORD}],
        "b": (TOKEN,),
        "c": {TOKEN},
        TOKEN: 1,
        "u": User("u", PASSWORD),
    }
    before = copy.deepcopy(given)
    masked(given)
    assert given == before


def test_lone_surrogates_and_nul_are_text() -> None:
    assert masked(["\ud800 " + TOKEN, "\udfff"]) == ["\ud800 " + MARK, "\udfff"]
    assert masked("a\x00b\x1f" + TOKEN + "\x7f") == "a\x00b\x1f" + MARK + "\x7f"
    assert masked({"a": "x\x00y", "b": TOKEN}) == {"a": "x\x00y", "b": MARK}
    assert masked(b"\xff" + b" " + TOKEN.encode()) == b"\xff " + MARK.encode()
