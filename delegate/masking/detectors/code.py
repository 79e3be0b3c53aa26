"""Tokens of code hosting, package registries, continuous integration and developer tools."""

from __future__ import annotations

from typing import Final

from delegate.masking.detectors.detector import (
    B64,
    B64URL,
    HEX,
    LOWER_HEX,
    TOKEN,
    Detector,
    found,
    prefixed,
    token,
)
from delegate.masking.secret_shape import looks_random

__all__ = ["CODE"]

_X32: Final = "7a1c9e4b2d8f05e6" * 2

CODE: Final[tuple[Detector, ...]] = (
    # --- GitHub
    token("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", 36, "docs.github.com token formats"),
    token(
        "github-fine-grained-token",
        "github_pat_",
        36,
        "docs.github.com token formats",
        "[A-Za-z0-9_]",
        kind="github-token",
    ),
    # --- GitLab
    token(
        "gitlab-token",
        "glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glimt- glagent- gloas- glsoat- glffct- glwt-",
        20,
        "docs.gitlab.com token prefixes",
        r"[A-Za-z0-9_.-]",
    ),
    token(
        "gitlab-runner-token", "GR1348941", 20, "docs.gitlab.com token prefixes", B64URL, kind="gitlab-token"
    ),
    found(
        "gitlab-session",
        "_gitlab_session=",
        r"_gitlab_session=([0-9a-z]{32})",
        ("_gitlab_session=", "7a1c9e4b2d8f05e6" * 2),
        ("_gitlab_session=", "7a1c9e4b"),
        "docs.gitlab.com cookies",
        gate="name",
        kind="gitlab-token",
    ),
    # --- others
    token("bitbucket-token", "ATBB ATCTT3xFfG", 28, "support.atlassian.com app passwords", B64),
    token("atlassian-token", "ATATT3 ATOATT3 ATCTT3", 60, "support.atlassian.com API tokens", TOKEN),
    token("sourcegraph-token", "sgp_local_ sgp_ slk_", 40, "sourcegraph.com access tokens", "[A-Fa-f0-9_]"),
    prefixed(
        "infisical-token",
        "st.",
        r"st\.[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32}",
        ("st.", _X32[:24], ".", _X32, ".", _X32),
        ("st.", _X32, ".", _X32, ".", _X32),
        "infisical.com service tokens",
    ),
    token("netbird-token", "nbp_", 36, "docs.netbird.io access tokens", most=36),
    token(
        "unleash-token", "development. production.", 56, "docs.getunleash.io API tokens", LOWER_HEX, most=56
    ),
    prefixed(
        "convex-deploy-key",  # base64 of {"v2":"..."}
        "eyJ2MiI6I",
        r"eyJ2MiI6I[A-Za-z0-9+/]{40,512}={0,2}",
        ("eyJ2MiI6I", "mE3UTJ4SzltQjR0WjgVDNuUjZ2QzFwWTVoRDBqRg", "=="),
        ("eyJ2MiI6I", "mE3UTJ4SzltQjR0WjgVDNuUjZ2QzFwWTVoRDBq"),
        "docs.convex.dev deploy keys",
    ),
    token("npm-token", "npm_", 36, "docs.npmjs.com access tokens"),
    found(
        "npm-legacy-token",
        ":_authToken= :_password=",
        r":_(?:authToken|password) {0,2}= {0,2}\"?([A-Za-z0-9_+/=-]{16,256})",
        ("//registry.npmjs.org/", ":_authToken=", "7a1c9e4b-2d8f-05e6-7a1c-9e4b2d8f05e6"),
        ("//registry.npmjs.org/", ":_authToken=", "${NPM_TOKEN}"),
        "docs.npmjs.com npmrc",
        gate="name",
        kind="npm-token",
    ),
    token(
        "pypi-token",
        "pypi-AgEIcHlwaS5vcmc pypi-AgENdGVzdC5weXBpLm9yZw pypi-",
        50,
        "pypi.org API tokens",
        B64URL,
        most=2000,
    ),
    token("rubygems-key", "rubygems_", 48, "guides.rubygems.org API key", "[a-f0-9]"),
    token("crates-token", "cio", 32, "doc.rust-lang.org crates.io", most=32, check=looks_random),
    token("nuget-key", "oy2", 43, "learn.microsoft.com NuGet", "[a-z0-9]", most=43),
    token("clojars-token", "CLOJARS_", 48, "clojars.org deploy tokens", "[a-zA-Z0-9]"),
    token(
        "packagist-token",
        "packagist_uut_ packagist_out_ packagist_ort_ packagist_oot_",
        32,
        "packagist.com",
        HEX,
    ),
    token("dockerhub-token", "dckr_pat_ dckr_oat_", 27, "docs.docker.com access tokens", B64URL),
    token("artifactory-key", "AKCp AKC AP6 AP5 AP2 APA", 57, "jfrog.com API keys", check=looks_random),
    token(
        "artifactory-reference-token",
        "cmVmdGtuO cmVmdG",
        54,
        "jfrog.com reference tokens",
        B64,
        check=looks_random,
    ),
    token("circleci-token", "CCIPAT_ CCIPRJ_", 36, "circleci.com API tokens", B64URL),
    token("buildkite-token", "bkua_ bkaj_ bkct_", 32, "buildkite.com API tokens", "[a-zA-Z0-9]"),
    token("sonar-token", "sqp_ sqa_ squ_ sqco_", 40, "docs.sonarsource.com tokens"),
    token("snyk-token", "snyk_uat. snyk_sat.", 40, "docs.snyk.io", r"[A-Za-z0-9._-]"),
    token("endor-key", "endr+", 16, "docs.endorlabs.com", B64URL),
    token("postman-key", "PMAK- PMAT-", 24, "learning.postman.com API keys", r"[A-Za-z0-9-]"),
    token("readme-key", "rdme_", 64, "docs.readme.com", "[a-z0-9]"),
    token("gitbook-token", "gb_api_", 32, "developer.gitbook.com", check=looks_random),
    token(
        "jetbrains-hub-token",
        "perm-",
        24,
        "jetbrains.com hub tokens",
        r"[A-Za-z0-9+/=._-]",
        check=looks_random,
    ),
    found(
        "jetbrains-permanent-token",
        "perm:",
        r"(perm:[A-Za-z0-9+/_=-]{2,64}\.[A-Za-z0-9+/_=-]{2,64}\.[A-Za-z0-9]{24,64})",
        ("token ", "perm:", "YWRtaW4=.", "NDctMQ==.", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF"),
        ("token ", "perm:", "YWRtaW4=.", "NDctMQ==.", "a7Q2xK9m"),
        "jetbrains.com permanent tokens",
        gate="name",
        kind="jetbrains-hub-token",
    ),
    token("launchdarkly-key", "sdk- mob- api- rel-", 36, "docs.launchdarkly.com", "[a-f0-9-]", most=36),
    token(
        "dynatrace-token",
        "dt0c01. dt0s01. dt0s02. dt0s08. dt0s16.",
        80,
        "docs.dynatrace.com tokens",
        r"[A-Za-z0-9.]",
    ),
    token("mergify-key", "mka_", 32, "docs.mergify.com", B64URL, check=looks_random),
    token("depot-token", "depot_org_ depot_project_ depot_user_", 32, "depot.dev", check=looks_random),
    token("dependency-track-key", "odt_", 32, "docs.dependencytrack.org", B64URL, check=looks_random),
    token("nightfall-key", "NF-", 32, "nightfall.ai", check=looks_random),
    token("adobe-secret", "p8e-", 32, "developer.adobe.com", B64URL),
    prefixed(
        "one-password-key",
        "A3-",
        r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}",
        ("A3-", "Q7XK2M-", "BTZ3WL-NR6VC-PY5HD-JF4Q7-XK2MB"),
        ("A3-", "Q7XK2M-", "BTZ3WL-NR6VC-PY5HD-JF4Q7"),
        "support.1password.com Secret Key",
    ),
    token("one-password-token", "ops_eyJ", 200, "developer.1password.com service accounts", B64, most=4000),
    token(
        "bitwarden-key", "0.", 60, "bitwarden.com secrets manager", r"[A-Za-z0-9.:+/=-]", check=looks_random
    ),
    token("ory-token", "ory_at_ ory_rt_ ory_pat_ ory_st_", 32, "ory.sh", B64URL),
    token("permit-key", "permit_key_", 32, "docs.permit.io"),
    token("trigger-key", "tr_dev_ tr_prod_ tr_pat_ tr_stg_", 20, "trigger.dev"),
    token("inngest-key", "signkey-prod- signkey-test- signkey-branch-", 24, "inngest.com", "[a-f0-9]"),
    token("liveblocks-key", "sk_dev_ sk_prod_", 40, "liveblocks.io", B64URL),
    token("dub-key", "dub_", 24, "dub.co", check=looks_random),
    token("adafruit-key", "aio_", 28, "io.adafruit.com"),
    token("intra42-secret", "s-s4t2ud- s-s4t2af-", 64, "api.intra.42.fr", "[a-f0-9]"),
    token("zuplo-key", "zpka_", 40, "zuplo.com", "[a-z0-9_]"),
    token("unkey-key", "unkey_", 20, "unkey.com", check=looks_random),
    token("okta-token", "00", 40, "developer.okta.com API tokens", B64URL, most=40, check=looks_random),
    token("stytch-secret", "secret-live- secret-test-", 36, "stytch.com", TOKEN),
    token("frameio-token", "fio-u-", 64, "developer.frame.io", TOKEN),
    token("settlemint-token", "sm_aat_ sm_pat_ sm_sat_", 16, "settlemint.com"),
)
