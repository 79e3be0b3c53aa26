"""Keys and tokens of clouds, hosting and infrastructure, from the vendors' public documentation."""

from __future__ import annotations

from typing import Final

from delegate.masking.detectors.detector import ALNUM, B64, B64URL, HEX, TOKEN, UPPER, Detector, found, token
from delegate.masking.secret_shape import looks_random

__all__ = ["CLOUDS"]

_X32: Final = "7a1c9e4b2d8f05e6" * 2

CLOUDS: Final[tuple[Detector, ...]] = (
    # --- Amazon
    token("aws-key-id", "AKIA ASIA ABIA ACCA", 16, "docs.aws.amazon.com IAM identifiers", UPPER, most=16),
    token("aws-legacy-key-id", "A3T", 17, "docs.aws.amazon.com IAM identifiers", UPPER, most=17, kind="aws-key-id"),
    token("aws-bedrock-key", "ABSK", 100, "docs.aws.amazon.com Bedrock API keys", B64, kind="aws-api-key"),
    token(
        "aws-bedrock-session-key", "bedrock-api-key-", 28, "docs.aws.amazon.com Bedrock API keys", B64, kind="aws-api-key"
    ),
    token("aws-appsync-key", "da2-", 26, "docs.aws.amazon.com AppSync", "[a-z0-9]", kind="aws-api-key"),
    token("aws-session-token", "IQoJb3JpZ2lu FwoGZXIvYXdz FQoGZXIvYXdz", 80, "docs.aws.amazon.com STS", B64, most=4096),
    token("aws-mws-token", "amzn.mws.", 32, "developer-docs.amazon.com MWS", "[0-9a-f-]"),
    token("amazon-oauth-client", "amzn1.oa2-cs.v1. amzn1.application-oa2-client.", 32, "developer.amazon.com LWA", HEX),
    found(
        "aws-signature",
        "Signature=",
        r"Signature=([0-9a-f]{64})",
        ("Signature=", _X32 * 2),
        ("Signature=", _X32),
        "docs.aws.amazon.com Signature Version 4",
    ),
    # --- Google
    token("gcp-api-key", "AIza", 35, "cloud.google.com API keys", B64URL, most=35),
    token("google-oauth-token", "ya29. 1//0", 24, "developers.google.com OAuth 2.0", "[A-Za-z0-9_.-]", most=2048),
    token("google-oauth-secret", "GOCSPX-", 24, "developers.google.com OAuth 2.0", B64URL),
    found(
        "firebase-cloud-messaging-key",
        ":APA91b",
        r"AAAA[A-Za-z0-9_-]{7}:APA91b[A-Za-z0-9_-]{120,160}",
        ("AAAA", "a7Q2xK9", ":APA91b", "B4tZ8wL3nR6vC1p" * 9),
        ("AAAA", "a7Q2xK9", ":APA91b", "B4tZ8wL3nR6vC1p"),
        "firebase.google.com",
    ),
    # --- Microsoft
    found(
        "azure-client-secret",
        "~",
        r"[A-Za-z0-9_.~-]{3}[0-9]Q~[A-Za-z0-9_.~-]{31,34}",
        ("a7Q8", "Q~", "xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2xK9m"),
        ("a7Q8", "Q~", "xK9mB4tZ8wL3"),
        "learn.microsoft.com Entra application secrets",
    ),
    found(
        "azure-shared-key",
        "AccountKey= SharedAccessKey= SharedSecretValue= ;Secret= accountkey= sharedaccesskey=",
        r"(?i)(?:AccountKey|SharedAccessKey|SharedSecretValue|;Secret)=([A-Za-z0-9+/]{32,100}={0,2})",
        ("AccountKey=", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF+/" * 2, "=="),
        ("AccountKey=", "a7Q2xK9mB4"),
        "learn.microsoft.com connection strings",
    ),
    found(
        "azure-sas-signature",
        "sig=",
        r"[?&;]sig=([A-Za-z0-9+/%_-]{40,100}={0,2})",
        ("?sv=2022&sig=", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2xK9mB4tZ8", "%3D"),
        ("?sig=", "a7Q2xK9mB4"),
        "learn.microsoft.com shared access signatures",
    ),
    found(
        "azure-service-key",
        "AzFu AzSe ACDb +ASt +AMC +ACR +ABa AIoT +AIoT AZDO AAAIoT ACOG JQQJ99 AZEG",
        r"([A-Za-z0-9+/]{33,76}(?:AzFu|AzSe|ACDb|\+ASt|\+AMC|\+ACR|\+ABa|AIoT|AZDO|ACOG|JQQJ99|AZEG)[A-Za-z0-9+/]{3,24}={0,2})",
        ("a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jFa7Q2xK9mB4tZ8wL3nR", "AzSe", "A1pY5hD"),
        ("a7Q2xK9", "AzSe", "A1pY5hD"),
        "learn.microsoft.com identifiable secrets",
    ),
    # --- others
    token("alibaba-key-id", "LTAI", 12, "alibabacloud.com AccessKey pair", check=looks_random),
    token("alibaba-sts-token", "STS. CAIS", 20, "alibabacloud.com STS", B64, check=looks_random),
    token("tencent-key-id", "AKID", 32, "cloud.tencent.com API keys", "[A-Za-z0-9]"),
    token("yandex-api-key", "AQVN", 35, "yandex.cloud authentication", B64URL),
    token("yandex-secret-key", "YC", 38, "yandex.cloud authentication", B64URL, most=38, check=looks_random),
    token("yandex-token", "t1.", 60, "yandex.cloud IAM token", r"[A-Za-z0-9_.=-]"),
    token("yandex-oauth-token", "y0_ y1_ y2_ y3_", 50, "yandex.com OAuth", B64URL),
    token("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", 64, "docs.digitalocean.com API tokens", "[a-f0-9]"),
    token("digitalocean-spaces-key", "DO00 DO80", 16, "docs.digitalocean.com Spaces keys", UPPER, check=looks_random),
    token("scaleway-key-id", "SCW", 17, "scaleway.com API keys", UPPER, most=17),
    token("fly-token", "fm1_ fm1r_ fm1a_ fm2_ fm2a_ fm2r_", 40, "fly.io tokens", r"[A-Za-z0-9+/=_,:-]", most=4096),
    token("fly-access-token", "fo1_", 40, "fly.io tokens", B64URL, kind="fly-token"),
    token("heroku-key", "HRKU-", 36, "devcenter.heroku.com API keys", B64URL),
    token("cloudflare-origin-key", "v1.0-", 100, "developers.cloudflare.com origin CA keys", "[a-f0-9-]"),
    token("cloudflare-token", "cfut_ cfat_ cfk_", 40, "developers.cloudflare.com API tokens", B64URL),
    token("netlify-token", "nfp_ nfc_ nfo_ nfu_", 36, "docs.netlify.com API", TOKEN),
    token("vercel-token", "vcp_ vci_ vca_ vcr_ vck_ vercel_blob_rw_", 24, "vercel.com tokens", B64URL),
    token("render-key", "rnd_", 24, "render.com API keys"),
    token("planetscale-token", "pscale_tkn_ pscale_pw_ pscale_oauth_ pscale_api_", 32, "planetscale.com", r"[A-Za-z0-9_=.-]"),
    token("supabase-key", "sbp_ sb_secret_ sbp_oauth_ sbp_v0_", 24, "supabase.com API keys", B64URL),
    token("neon-key", "napi_", 40, "neon.tech API keys", check=looks_random),
    token("doppler-token", "dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit. dp.said.", 40, "docs.doppler.com", r"[A-Za-z0-9_.-]"),
    token("vault-token", "hvs. hvb. hvr.", 24, "developer.hashicorp.com Vault tokens", B64URL, most=1024),
    token("vault-legacy-token", "s. b. r.", 24, "developer.hashicorp.com Vault tokens", most=24, kind="vault-token", check=looks_random),
    found(
        "terraform-token",
        ".atlasv1.",
        r"[A-Za-z0-9]{10,20}\.atlasv1\.[A-Za-z0-9_=-]{60,80}",
        ("a7Q2xK9mB4tZ8w", ".atlasv1.", "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF" * 2 + "a7Q2xK9"),
        ("a7Q2xK9mB4tZ8w", ".atlasv1.", "a7Q2xK9mB4tZ8w"),
        "developer.hashicorp.com HCP Terraform API tokens",
    ),
    token("pulumi-token", "pul-", 40, "pulumi.com access tokens", "[a-f0-9]"),
    token("infracost-key", "ico-", 32, "infracost.io"),
    token("prefect-token", "pnu_ pnb_", 36, "docs.prefect.io API keys", "[A-Za-z0-9]"),
    token("databricks-token", "dapi dkea", 32, "docs.databricks.com tokens", "[a-f0-9]"),
    token("databricks-oauth-secret", "dose", 32, "docs.databricks.com OAuth", "[a-f0-9]", kind="databricks-token"),
    token("confluent-key", "cflt", 50, "docs.confluent.io API keys", B64, check=looks_random),
    token("clickhouse-key", "4b1d", 38, "clickhouse.com API keys", most=38, check=looks_random),
    token("rancher-token", "token-", 60, "rancher.com API keys", r"[a-z0-9:]"),
    token("docker-swarm-token", "SWMTKN-1-", 60, "docs.docker.com swarm mode", "[a-z0-9-]"),
    token("nats-seed", "SU SA SO SN SC SX", 56, "docs.nats.io NKeys", "[A-Z2-7]", most=56),
    token("openshift-token", "sha256~", 43, "docs.openshift.com OAuth tokens", B64URL),
    found(
        "kubernetes-bootstrap-token",
        "--token kubeadm",
        r"--token[= ]([a-z0-9]{6}\.[a-z0-9]{16})",
        ("--token ", "a7q2xk", ".9mb4tz8wl3nr6vc1"),
        ("--token ", "a7q2xk", ".9mb4"),
        "kubernetes.io bootstrap tokens",
    ),
    token("tailscale-key", "tskey-auth- tskey-api- tskey-client- tskey-scim- tskey-webhook- tskey-", 16, "tailscale.com keys", r"[A-Za-z0-9-]", check=looks_random),
    token("defined-networking-key", "dnkey-", 40, "defined.net", TOKEN),
    token("authress-key", "sc_ ext_ scauth_ authress_", 40, "authress.io access keys", r"[A-Za-z0-9_.=-]", check=looks_random),
    token("octopus-key", "API-", 25, "octopus.com API keys", UPPER),
    token("harness-key", "pat. sat.", 60, "developer.harness.io API keys", r"[A-Za-z0-9_.-]"),
    token("scalingo-token", "tk-us-", 48, "developers.scalingo.com", B64URL),
    token("aiven-token", "aivenv1", 60, "aiven.io", B64),
    token("deno-token", "ddp_ ddo_ ddw_", 36, "docs.deno.com"),
    token("stackhawk-key", "hawk.", 20, "docs.stackhawk.com", r"[A-Za-z0-9._-]", check=looks_random),
    token("beamer-key", "b_", 44, "getbeamer.com", TOKEN, most=44, check=looks_random),
)
