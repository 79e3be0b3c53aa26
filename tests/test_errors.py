"""One closed set of codes, one class for each (design section 9)."""

from __future__ import annotations

import inspect
import pickle

import pytest

from delegate import errors
from delegate.errors import BY_CODE, PUBLIC_BEFORE_PROOF, ConfigurationError, DelegateError, WidenedError

DESIGN = {
    errors.BytesError: "malformed non_canonical too_large unsupported_version",
    errors.RequestError: """
        signature_missing signature_ambiguous signature_input_malformed signature_malformed
        signature_invalid header_duplicate header_too_large component_missing component_duplicate
        component_unsupported header_not_covered param_missing param_malformed created_in_future expired
        window_too_long timestamp_unit nonce_malformed nonce_replayed replay_capacity
        replay_store_unavailable replay_unknown digest_malformed digest_unsupported digest_mismatch
        body_too_large body_unexpected body_truncated target_rejected authority_rejected method_rejected
        response_unbound redirect_refused unavailable""",
    errors.TrustError: """
        key_unknown key_weak key_revoked key_purpose key_unavailable alg_not_allowed alg_key_mismatch""",
    errors.DelegationError: """
        delegation_missing delegation_malformed delegation_signature_invalid untrusted_root
        holder_mismatch identity_mismatch widened depth_exceeded delegation_expired
        delegation_not_yet_valid audience_mismatch revoked revocation_unavailable""",
    errors.AuthorityError: """
        out_of_scope resource_malformed action_unmapped budget_exhausted budget_unmetered
        approval_required""",
    errors.MaskingError: "masking_blocked masking_limit",
}
CODES = [(family, code) for family, codes in DESIGN.items() for code in codes.split()]


def test_the_set_is_closed() -> None:
    assert set(BY_CODE) == {code for _, code in CODES} | {"configuration"}


@pytest.mark.parametrize(("family", "code"), CODES)
def test_each_code_has_its_class_in_its_family(family: type[DelegateError], code: str) -> None:
    error = BY_CODE[code]
    assert issubclass(error, family)
    assert error.__name__ == "".join(word.capitalize() for word in code.split("_")) + "Error"


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_every_row_of_the_table_is_filled(code: str) -> None:
    error = BY_CODE[code]
    assert error.fix
    assert inspect.getdoc(error)
    assert error.status in {401, 403, 413, 421, 431, 503}
    assert str(error()) == error.fix


def test_a_configuration_mistake_is_also_a_value_error() -> None:
    assert issubclass(ConfigurationError, ValueError)


def test_the_refused_data_stand_beside_the_message_and_survive_pickling() -> None:
    error = WidenedError("tools", block=2, field="tools", limit=["a"])
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.block, again.field, again.limit) == ("tools", 2, "tools", ["a"])


def test_strangers_see_only_codes_of_the_set() -> None:
    assert set(BY_CODE) > PUBLIC_BEFORE_PROOF


def test_what_may_have_run_is_called_unknown() -> None:
    """'What is not known to have happened is called unknown' (design rule 10)."""
    unknown = {code for code, error in BY_CODE.items() if error.executed == "unknown"}
    assert unknown == {"nonce_replayed", "response_unbound", "redirect_refused"}
