"""Tokens of code hosting and developer tools: how long each is, so that a slip in the table shows."""

from __future__ import annotations

from typing import Final

import pytest

from delegate.masking.detectors import Detector
from delegate.masking.detectors.code import CODE
from tests.masking.detectors.rows import assert_example, assert_lengths, lengths, others

LENGTHS: Final = """
    github-token:36 github-fine-grained-token:36 gitlab-token:20 gitlab-runner-token:20
    bitbucket-token:28 atlassian-token:60 sourcegraph-token:40 npm-token:36 pypi-token:50-2000
    rubygems-key:48 crates-token:32-32 nuget-key:43-43 clojars-token:48 packagist-token:32
    dockerhub-token:27 artifactory-key:57 artifactory-reference-token:54 circleci-token:36
    buildkite-token:32 sonar-token:40 snyk-token:40 endor-key:16 postman-key:24 readme-key:64
    gitbook-token:32 jetbrains-hub-token:24 launchdarkly-key:36-36 dynatrace-token:80 mergify-key:32
    depot-token:32 dependency-track-key:32 nightfall-key:32 adobe-secret:32
    one-password-token:200-4000 bitwarden-key:60 ory-token:32 permit-key:32 trigger-key:20
    inngest-key:24 liveblocks-key:40 dub-key:24 adafruit-key:28 intra42-secret:64 zuplo-key:40
    unkey-key:20 okta-token:40-40 stytch-secret:36 frameio-token:64 settlemint-token:16
    netbird-token:36-36 unleash-token:56-56
"""


@pytest.mark.parametrize(("row", "least", "most"), lengths(CODE, LENGTHS))
def test_how_long_a_token_is(row: Detector, least: int, most: int) -> None:
    assert_lengths(row, least, most)


@pytest.mark.parametrize("row", others(CODE, LENGTHS))
def test_a_row_with_a_form_of_its_own(row: Detector) -> None:
    assert_example(row)
