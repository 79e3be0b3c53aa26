"""Tokens of services: how long each is, so that a slip in the table shows."""

from __future__ import annotations

from typing import Final

import pytest

from delegate.masking.detectors import Detector
from delegate.masking.detectors.services import CHAT, MODELS, MONITORING, PAYMENTS, SERVICES
from tests.masking.detectors.rows import (
    assert_example,
    assert_lengths,
    assert_shortest,
    lengths,
    others,
    taken,
)

ROWS: Final = (*MODELS, *CHAT, *PAYMENTS, *MONITORING, *SERVICES)

BY_NAME: Final = {row.id: row for row in ROWS}
LENGTHS: Final = """
    anthropic-key:60 openai-key:40 openai-legacy-key:32 openrouter-key:64 huggingface-token:34
    replicate-token:37 groq-key:48 perplexity-key:40 xai-key:60 together-key:40 fireworks-key:20
    cerebras-key:40 nvidia-key:60 jina-key:40 voyage-key:40 langsmith-key:32 llamacloud-key:40
    mem0-key:40 helicone-key:24 langfuse-key:36 wandb-key:40 pinecone-key:40 elevenlabs-key:48-48
    tavily-key:20 firecrawl-key:32 modal-token:22 composio-key:20 e2b-key:40 browserbase-key:24
    runpod-key:40 promptlayer-key:32 slack-token:18 twilio-key:32-32 twilio-account-sid:32-32
    intercom-token:50 pubnub-key:36 matrix-token:32 facebook-token:80 instagram-token:60
    twitter-bearer-token:60 linkedin-secret:16 linkedin-token:100 vk-token:80 tiktok-token:40
    stripe-key:12 stripe-webhook-secret:24 square-token:22 square-access-token:60-64 adyen-key:60
    razorpay-key:14 flutterwave-key:12 gocardless-token:40-48 mollie-key:30-30 lob-key:31-40
    plaid-token:36 easypost-key:54 shippo-token:40 duffel-token:43 paddle-key:24 polar-key:32
    checkout-key:20 freemius-key:29-32 bitcoin-extended-key:100-112 newrelic-key:19
    newrelic-license-key:34 grafana-token:32 grafana-key:40 sentry-org-token:40 sentry-user-token:64
    honeycomb-key:32 posthog-key:32 logfire-token:32 axiom-token:36 pagerduty-key:18
    statsig-key:40-50 flagsmith-key:20 sendgrid-key:60 sendinblue-key:64 mailgun-key:32-32
    mandrill-key:22-22 mailersend-token:60 klaviyo-key:34-34 shopify-token:32 notion-token:43
    linear-key:32 figma-token:38 clickup-token:40 hubspot-token:36 typeform-token:40
    contentful-token:43 sanity-token:80-200 mapbox-token:60 mapbox-secret-token:80
    dropbox-token:120-2000 apify-token:32 scraperapi-key:32 retool-token:27 nylas-key:40 cal-key:32
    ionic-token:42 branch-key:32 onesignal-key:60 pushbullet-token:32-32 age-secret-key:50
    wakatime-key:36 canva-secret:48 ubidots-token:30 weights-key:40 woocommerce-key:40-40
    segment-token:64-64 checkly-key:32-32
"""


@pytest.mark.parametrize(("row", "least", "most"), lengths(ROWS, LENGTHS))
def test_how_long_a_token_is(row: Detector, least: int, most: int) -> None:
    assert_lengths(row, least, most)


@pytest.mark.parametrize("row", others(ROWS, LENGTHS))
def test_a_row_with_a_form_of_its_own(row: Detector) -> None:
    assert_example(row)


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("mailchimp-key", "7a1c9e4b2d8f05e6" * 2 + "-us2"),
        ("canvas-token", "7~" + "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7" * 2),
        ("newrelic-ingest-key", "7a1c9e4b2d8f05e6" * 2 + "7a1c" + "NRAL"),
        ("maxmind-key", "a7Q2xK" + "_9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2x" + "_mmk"),
    ],
)
def test_the_shortest_with_a_needle_inside(name: str, token: str) -> None:
    assert_shortest(BY_NAME[name], token)


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("bitcoin-private-key", "5HueCGU8rMjxEXxiPuD5" + "BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"),
        ("bitcoin-private-key", "KwDidQJHSE67VJ6MWRvb" + "BKAxhD3F48DvqRT6JRqrjd7MHLBjGF7V"),
        ("stellar-seed", "SADQQCIKBMGA2DQP" + "CAIREEYUCULBOGAZDINRYHI6D4QCCIRDEQSSN4GN"),
    ],
)
def test_a_checksum_tells_a_key_from_what_only_looks_like_one(name: str, token: str) -> None:
    assert taken(BY_NAME[name], f"see {token} there") == [token]
    for place in (5, 25, len(token) - 1):
        other = "A" if token[place] != "A" else "B"
        wrong = token[:place] + other + token[place + 1 :]
        assert taken(BY_NAME[name], f"see {wrong} there") == []


HEX32: Final = "7a1c9e4b2d8f05e6" * 2


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("node-provider-address", f"wss://mainnet.infura.io/ws/v3/{HEX32}", HEX32),
        ("alchemy-address", f"https://eth.g.alchemy.com/v2/{HEX32[:21]}?a=1", HEX32[:21]),
        ("telnyx-key", f"KEY{HEX32.upper()}_{'aB3' * 7}x", f"KEY{HEX32.upper()}_{'aB3' * 7}x"),
    ],
)
def test_a_key_in_its_place(name: str, text: str, key: str) -> None:
    assert taken(BY_NAME[name], f"see {text} there") == [key]
    assert taken(BY_NAME[name], f"see {text.replace(key, key[:-1])} there") == []
