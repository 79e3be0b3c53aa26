"""Keys and tokens of clouds: how long each is, so that a slip in the table shows."""

from __future__ import annotations

import string
from random import Random
from typing import Final

import pytest

from delegate.masking.detectors import Detector
from delegate.masking.detectors.clouds import CLOUDS
from delegate.masking.text import TextScanner
from tests.masking.detectors.rows import (
    assert_example,
    assert_lengths,
    assert_shortest,
    lengths,
    others,
    taken,
)

SCANNER: Final = TextScanner()
BY_NAME: Final = {row.id: row for row in CLOUDS}
LENGTHS: Final = """
    aws-key-id:16-16 aws-legacy-key-id:17-17 aws-bedrock-key:100 aws-bedrock-session-key:28
    aws-appsync-key:26 aws-session-token:80-4000 aws-mws-token:32 amazon-oauth-client:32
    gcp-api-key:35-35 google-oauth-token:24-2000 google-oauth-secret:24 alibaba-key-id:16
    alibaba-sts-token:20 tencent-key-id:32 yandex-api-key:35 yandex-secret-key:38-38 yandex-token:60
    yandex-oauth-token:50 digitalocean-token:64 digitalocean-spaces-key:16 scaleway-key-id:17-17
    fly-token:40-4000 fly-access-token:40 heroku-key:36 cloudflare-origin-key:100
    cloudflare-token:40 netlify-token:36 vercel-token:24 render-key:24 planetscale-token:32
    supabase-key:24 neon-key:40 doppler-token:40 vault-token:24-2000 vault-legacy-token:24-24
    pulumi-token:40 infracost-key:32 prefect-token:36 databricks-token:32 databricks-oauth-secret:32
    confluent-key:50 aiven-password:16 dbt-token:36 clickhouse-key:38-38 docker-swarm-token:60
    nats-seed:56-56 openshift-token:43 tailscale-key:16 defined-networking-key:40 authress-key:40
    octopus-key:25 harness-key:60 scalingo-token:48 aiven-token:60 deno-token:36 stackhawk-key:20
    beamer-key:44-44 mongodb-atlas-secret:40 elastic-cloud-key:40
"""


@pytest.mark.parametrize(("row", "least", "most"), lengths(CLOUDS, LENGTHS))
def test_how_long_a_token_is(row: Detector, least: int, most: int) -> None:
    assert_lengths(row, least, most)


@pytest.mark.parametrize("row", others(CLOUDS, LENGTHS))
def test_a_row_with_a_form_of_its_own(row: Detector) -> None:
    assert_example(row)


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("azure-client-secret", "a7Q8" + "Q~" + "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF7"),
        ("azure-service-key", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q" + "AzSe" + "A1p"),
        ("terraform-token", "a7Q2xK9mB4" + ".atlasv1." + "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 2),
    ],
)
def test_the_shortest_with_a_needle_inside(name: str, token: str) -> None:
    assert_shortest(BY_NAME[name], token)


ALNUM: Final = string.ascii_letters + string.digits
BASE64: Final = ALNUM + "+/"
AZURE: Final = (
    *((BASE64, 76, "+ASt", 6, "=="), (BASE64, 76, "ACDb", 6, "=="), (BASE64, 76, "+ABa", 6, "==")),
    *((BASE64, 42, "+ACR", 6, ""), (BASE64, 33, "+AIoT", 6, "=")),
    *((ALNUM, 33, "AIoT", 6, "="), (ALNUM, 33, "AZEG", 6, "=")),
    *((ALNUM + "-_", 44, "AzFu", 6, "=="), (ALNUM, 42, "AzSe", 6, ""), (ALNUM, 76, "AZDO", 4, "")),
    *((ALNUM, 76, "ACOG", 4, ""), (ALNUM, 52, "JQQJ99", 26, "")),
)
"""Alphabet, characters before the mark, the mark, characters behind it, and the end."""


@pytest.mark.parametrize(
    ("alphabet", "before", "mark", "behind", "end"), AZURE, ids=[row[2] for row in AZURE]
)
def test_an_azure_key_alone_is_masked_whole_slashes_or_not(
    alphabet: str, before: int, mark: str, behind: int, end: str
) -> None:
    random = Random(33)
    for _ in range(20):
        key = "".join(
            [*random.choices(alphabet, k=before), mark, *random.choices(alphabet, k=behind - 1), "Q", end]
        )
        for text in (f"see {key} there", key, f"'{key}'"):
            assert [text[hit.start : hit.end] for hit in SCANNER.scan(text)] == [key]


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/services/telemetry/production/AIoT/id=5",
        "our-production-group-of-resources-with-AzFunctions-of-2024==",
        "com/services/telemetry/production/and/storage+AStorage/of/it",
        "a7Q2xK9mB4tZ8wL3nR6/vC1pY5hD0jFaA" + "ACDb" + "A1pY5hD" * 4 + "==",
    ],
)
def test_no_azure_key(text: str) -> None:
    assert SCANNER.scan(text) == []


X32: Final = "7a1c9e4b2d8f05e6" * 2
SIGNATURE: Final = "a7Q2xK9mB4tZ8wL3nR6vC1pY"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        *(
            (f"/a?{name}=x&Signature={SIGNATURE}", SIGNATURE)
            for name in ("Expires", "AWSAccessKeyId", "OSSAccessKeyId", "GoogleAccessId", "Policy")
        ),
        (f"/a?Signature={SIGNATURE}~__&Key-Pair-Id=K1", f"{SIGNATURE}~__"),
        (f"/a?b=1&Signature={SIGNATURE}&Expires=1", SIGNATURE),
        (f"X-Goog-Credential=a&X-Goog-Signature={X32 * 2}", X32 * 2),
        (f"X-Goog-Credential=a&X-Goog-Signature={X32 * 31}7a1c9e4b", X32 * 31 + "7a1c9e4b"),
        (f"oauth?code=4%2F0A{SIGNATURE * 2}xy", f"4%2F0A{SIGNATURE * 2}xy"),
        (f"the password npg_{SIGNATURE[:16]}", f"npg_{SIGNATURE[:16]}"),
    ],
)
def test_what_stands_in_an_address(text: str, secret: str) -> None:
    text = f"https://key.example.com{text}" if text[0] == "/" else text
    assert [text[hit.start : hit.end] for hit in SCANNER.scan(text)] == [secret]


@pytest.mark.parametrize(
    "text",
    [
        f"https://key.example.com/a?Expires=x&Signature={SIGNATURE[:-1]}",
        f"https://key.example.com/a?b=x&Signature={SIGNATURE}",
        f"https://key.example.com/a?Signature={SIGNATURE}&b=x",
        f"https://key.example.com/a?b=4/0A{SIGNATURE * 2}",
        f"the password policy of npg_{SIGNATURE[:17]}",
    ],
)
def test_no_secret_of_an_address(text: str) -> None:
    assert SCANNER.scan(text) == []


def test_a_host_of_akamai_is_no_token() -> None:
    row = BY_NAME["akamai-token"]
    token = "akab-a7q2xk9mb4tz8wl3-nr6vc1py5hd0jfa7"
    assert taken(row, f"see {token} there") == [token]
    assert taken(row, f"see {token}.example.com there") == [token]
    assert taken(row, f"see {token}.luna.akamaiapis.net there") == []


@pytest.mark.parametrize("head", ["IQoJb3JpZ2luX2Vj", "FwoGZXIvYXdz", "FQoGZXIvYXdz"])
def test_a_session_token_with_slashes_early_is_masked_whole(head: str) -> None:
    token = f"{head}EJr//////////wE" + "aCXVzLWVhc3QtMSJH" * 20 + "/x=="
    text = f"see {token} there"
    assert [text[hit.start : hit.end] for hit in SCANNER.scan(text)] == [token]
    row, start = BY_NAME["aws-slashed-session-token"], f"{head}EJr//////////wE"
    for length in (80, 4000):
        assert taken(row, f"see {start}{'a' * length} there") == [f"{start}{'a' * length}"]
    for length in (79, 4001):
        assert taken(row, f"see {start}{'a' * length} there") == []
