"""The name a value stands under: keys, neighbours, containers, and what takes a name back."""

from __future__ import annotations

from typing import Any

import pytest

from delegate.limits import MASKING_NAME_CACHE, MASKING_NAME_MAX_CHARS
from delegate.masking import Masker, Policy
from delegate.masking.names import ODD, PLAIN, STRONG, VALUE, WEAK, Names
from tests.masking.samples import CARD, EMAIL, MASKER, PASSWORD, TOKEN, Pair, masked, places

P = PASSWORD


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ({"password": P}, "/password"),
        ({"db": {"dbPassword": P}}, "/db/dbPassword"),
        ({"secrets": [P, 1], "n": 1}, "/secrets/0"),
        ({"credentials": [{"password": {"old": P}}]}, "/credentials/0/password/old"),
        ([["Authorization", f"Basic {P}"], ["Accept", "*/*"]], "/0/1"),
        ([(b"authorization", P.encode()), (b"accept", b"*/*")], "/0/1"),
        ((("password", P),), "/0/1"),
        ([{"name": "DB_PASSWORD", "value": P}], "/0/value"),
        ({"key": "client_secret", "val": P}, "/val"),
        ({"key": "password", "value": {"stringValue": P}}, "/value/stringValue"),
        (["mysql", "--password", P, "-h", "db"], "/2"),
        (["tool", f"--password={P}"], "/1"),
        (["curl", "-u", f"svc:{P}", "https://x.example"], "/2"),
        (["curl", f"-usvc:{P}"], "/1"),
        (["/usr/bin/mysql", f"-p{P}"], "/1"),
        (["curl", "-u", f":{P}"], "/2"),
        (["curl", "-u", f"{P}:"], "/2"),
        (["curl", f"-U{P}:"], "/1"),
        (["curl", f"--user=svc:{P}"], "/1"),
        (["curl", f"--proxy-user=svc:{P}"], "/1"),
        (["sshpass", "-p", P, "ssh", "host"], "/2"),
        (["sshpass", f"-p{P}", "ssh", "host"], "/1"),
        (["/usr/bin/docker", "login", "-p", P], "/3"),
        (["redis-cli", "-a", P], "/2"),
        ([f"DB_PASSWORD={P}", "HOME=/root"], "/0"),
        ({"kty": "EC", "x": "abc", "d": P}, "/d"),
        ({"keys": [{"kid": "1", "kty": "oct", "k": P}]}, "/keys/0/k"),
        ({"kty": "RSA", "n": "abc", "qi": P}, "/qi"),
    ],
    ids=str,
)
def test_a_secret_is_found_by_the_name_beside_it(value: Any, at: str) -> None:
    out, found = MASKER.mask(value)
    assert at in {finding.pointer for finding in found}
    assert P not in str(out)
    assert MASKER.mask(out).value is out


@pytest.mark.parametrize(
    "value",
    [
        {
            "max_tokens": 4096,
            "token_count": 3,
            "next_page_token": "2",
            "key_id": "k-1",
            "password_policy": "long",
        },
        {"fields": ["password", "email"], "required": ["token"]},
        [["a", "b", "c"], ["password", "username", "email"]],
        [["password"], ["token", "x", "y"]],
        {"name": "colour", "value": "red", "values": [1]},
        {"value": "red"},
        {"name": 7, "value": "red"},
        {"properties": {"password": {"type": "string", "minLength": 8}, "token": {"type": "string"}}},
        ["ls", "-l", "--color=auto", "--", "-"],
        ["curl", "-u", "svc", "-u:x"],
        ["curl", "-u", ":", "-u:"],
        ["wget", "--user=svc", "--users=a:bcdef", "--user"],
        ["docker", "run", "-p", "8080:80", "nginx"],
        ["podman", "run", "-p8080:80", "nginx"],
        ["mysql", "-p"],
        ["tool", "--verbose", "--password"],
        ["tool", "--password", "--verbose"],
        ["tool", 7, "--password", 7],
        {"token": "short", "session": "dark", "auth": "none", "key": "a"},
        {"password": ""},
        {"token": ["a", "b"], "auth": {"type": "basic", "user": "bob"}},
        {"password": {"type": "string", "description": "at least eight letters"}},
        {"password": {"$ref": "https://example.com/schemas/password.json"}},
        {"password": {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "Password", "x-order": 1}},
        {"authorization": {"status": "pending", "brand": {"domain": "example.com"}}},
        {"signing_key": {"description": "the key of an agent", "path": "/keys/agent.json"}},
        {"dependencies": {"minipass": "^7.1.2"}, "license": "CC-BY-3.0"},
        {"token": "%%CLICK_ID%%", "credentials": "gov-token-yyyyyyyyyyyyyyyy"},
    ],
    ids=str,
)
def test_a_description_is_no_secret(value: object) -> None:
    assert MASKER.mask(value) == (value, ())
    assert masked(value) is value


def test_a_schema_that_holds_values_is_none() -> None:
    assert places({"password": {"type": "string", "default": P}})["/password/default"] == "password"
    assert places({"password": {"type": P}}) == {"/password/type": "password"}
    assert places({"password": {"title": P, "x-order": P}}).keys() == {"/password/title", "/password/x-order"}
    assert places({"password": {"$ref": P, "x": P}}).keys() == {"/password/$ref", "/password/x"}


def test_governance_names_are_exempt_from_guesses() -> None:
    """'Governance fields and ids ... are exempt by name.'"""
    value = {
        "agent_id": EMAIL,
        "created_at": CARD,
        "X-Request-ID": str(CARD),
        "tokenId": "a" * 26,
        "digest": "0" * 64,
    }
    assert masked(value) is value
    assert places({"agent": TOKEN}) == {"/agent": "github-token"}
    assert places({"agent": f"mail {EMAIL}"}) == {"/agent": "email"}
    assert places({"credentials": {"created_at": "yesterday", "password": P}}) == {
        "/credentials/password": "password"
    }
    assert places({"Worker-Name": EMAIL}) == {"/Worker-Name": "email"}
    own = Masker(Policy(exempt=frozenset({"worker_name"})))
    assert own.mask({"Worker-Name": EMAIL}).findings == ()


def test_what_stands_in_a_list_under_a_governance_name_is_exempt_too() -> None:
    walked = {"agent": [EMAIL, (EMAIL, b"x")], "other": [EMAIL]}
    assert masked(walked) == {"agent": [EMAIL, (EMAIL, b"x")], "other": ["[MASKED:email]"]}
    assert masked({"agent": {"mail": EMAIL, "x": b""}}) == {"agent": {"mail": "[MASKED:email]", "x": b""}}


def test_all_of_the_value_in_a_pair_is_masked() -> None:
    assert masked([["password", P], ["user", "bob"]]) == [["password", "[MASKED:password]"], ["user", "bob"]]


def test_the_name_of_a_container_counts_in_lists_and_where_it_is_certain_in_records() -> None:
    secret = "a7Q2xK9mB4tZ" + "8wL3nR6vC1pY"
    assert masked({"token": [secret, "dark"]}) == {"token": ["[MASKED:token]", "dark"]}
    assert masked({"token": {"x": secret}}) == {"token": {"x": secret}}
    assert masked({"password": {"x": secret}}) == {"password": {"x": "[MASKED:password]"}}
    assert masked({"authorization": {"x": secret, "y": "no"}}) == {
        "authorization": {"x": "[MASKED:token]", "y": "no"}
    }
    assert masked({"api_key": {"x": secret, "y": "dark"}}) == {"api_key": {"x": "[MASKED:key]", "y": "dark"}}
    assert masked({"api_key": ["dark"]}) == {"api_key": ["[MASKED:key]"]}


def test_fields_of_records_are_names() -> None:
    class Login(Pair):
        _fields = ("user", "password")

    assert masked(Login("bob", P)) == ("bob", "[MASKED:password]")


def test_what_names_can_mean_is_told_apart() -> None:
    """All but a plain name stop the quick look at what is no text, and from ``VALUE`` on at texts too."""
    assert PLAIN == 0
    assert PLAIN < WEAK < STRONG < VALUE < ODD


def test_a_name_of_the_greatest_length_is_remembered() -> None:
    names = Names(frozenset(), lambda _: None)
    longest = "x" * MASKING_NAME_MAX_CHARS
    assert (names[longest], names[longest + "x"]) == (PLAIN, ODD)
    assert {*names} == {longest}


def test_the_memory_of_names_is_bounded() -> None:
    names = Names(frozenset(), lambda name: "secret-ish" in name)
    long = "x" * MASKING_NAME_MAX_CHARS + "_password"
    assert (names["password"], names["token"], names["Value"], names["max_tokens"]) == (
        STRONG,
        WEAK,
        VALUE,
        PLAIN,
    )
    assert (names[long], names[7], names["secret-ish"]) == (ODD, ODD, ODD)  # type: ignore[index]
    assert (names.meaning(long), len(names)) == (STRONG, 4)
    for number in range(MASKING_NAME_CACHE - 4):
        assert names[f"name{number}"] == PLAIN
    with pytest.raises(OverflowError):
        names["one more"]
    assert len(names) == 0
    value = {f"name{number}": [EMAIL] for number in range(MASKING_NAME_CACHE + 10)}
    assert all(each == ["[MASKED:email]"] for each in masked(value).values())


def test_members_of_a_key_are_secret_only_in_a_key() -> None:
    point = {"d": P, "k": P, "p": P}
    assert masked(point) is point
    public = {"kty": "EC", "crv": "P-256", "x": P, "y": P}
    assert masked(public) is public
