r"""``Agent-Identity``: who says to be calling, as one structured-field item (RFC 9651).

    Agent-Identity: "worker-agent";run="rt-1";svc="spiffe://local/agent/worker-agent";wl="w-7";sid="s-9"

The agent id is proved elsewhere: a verifier holds it against the last block's ``sub`` (design section 7).
The four parameters are *claimed* by the caller, covered by its signature, and authorize nothing.

The rule: one identity, one header. The parameters stand in the order ``run``, ``svc``, ``wl``, ``sid``, those
that are absent are left out, and there is no optional space. Strings are printable ASCII without ``"`` and
``\``, so none needs an escape. All of it is a subset of RFC 9651: any structured-field library reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from delegate.errors import HeaderTooLargeError, MalformedError
from delegate.limits import IDENTITY_MAX_BYTES, NAME_MAX_CHARS
from delegate.names import require_name

__all__ = ["Identity"]

_COMPONENT: Final = "agent-identity"
_STRING: Final = rf"[ !#-\[\]-~]{{1,{NAME_MAX_CHARS}}}"
_ONE_STRING: Final = re.compile(_STRING)
_HEADER: Final = re.compile(
    rf'"({_STRING})"(?:;run="({_STRING})")?(?:;svc="({_STRING})")?(?:;wl="({_STRING})")?(?:;sid="({_STRING})")?',
)
_set: Final = object.__setattr__
_FORM: Final = '"agent";run="...";svc="...";wl="...";sid="..."'


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An agent id, and up to four names that the caller claims for where it runs.

    ``agent`` is a name (design section 5); ``run``, ``service``, ``workload`` and ``session`` are 1 to 128
    printable ASCII characters without quote and backslash, or ``None``. Raises ``MalformedError`` for
    anything else, and ``HeaderTooLargeError`` where the header would be over 512 bytes.
    """

    agent: str
    run: str | None = None
    service: str | None = None
    workload: str | None = None
    session: str | None = None
    _header: str = field(init=False, repr=False, compare=False)
    """The header that says all of it, written once: every request carries it."""

    def __post_init__(self) -> None:
        """Refuse what the header cannot say."""
        _require_agent(self.agent)
        for name in ("run", "service", "workload", "session"):
            value: object = getattr(self, name)
            if value is not None and (type(value) is not str or _ONE_STRING.fullmatch(value) is None):
                msg = (
                    f"{name} must be 1 to {NAME_MAX_CHARS} printable ASCII characters, no quote or backslash"
                )
                raise MalformedError(msg, field=name, component=_COMPONENT)
        parameters = (("run", self.run), ("svc", self.service), ("wl", self.workload), ("sid", self.session))
        stated = "".join([f';{name}="{value}"' for name, value in parameters if value is not None])
        _set(self, "_header", f'"{self.agent}"{stated}')
        _require_size(len(self._header))

    def to_header(self) -> str:
        """The value of the header, without its name."""
        return self._header

    @classmethod
    def from_header(cls, value: object) -> Identity:
        """Read the header's value: exactly what ``to_header`` writes, and nothing else.

        Raises ``MalformedError`` with ``component="agent-identity"``: also for an unknown, repeated or
        misplaced parameter; and ``HeaderTooLargeError`` over 512 bytes.
        """
        if type(value) is not str:
            msg = f"Agent-Identity must be text, not {type(value).__name__}"
            raise MalformedError(msg, component=_COMPONENT)
        _require_size(len(value))
        match = _HEADER.fullmatch(value)
        if match is None:
            msg = f"Agent-Identity is not of the form {_FORM}, in this order and without spaces between"
            raise MalformedError(msg, component=_COMPONENT, limit=_FORM)
        agent, run, service, workload, session = match.groups()
        _require_agent(agent)
        identity = cls.__new__(cls)  # the pattern has checked what __post_init__ would check again
        _set(identity, "agent", agent)
        _set(identity, "run", run)
        _set(identity, "service", service)
        _set(identity, "workload", workload)
        _set(identity, "session", session)
        _set(identity, "_header", value)  # one identity has one header: this is what would be written
        return identity


def _require_agent(agent: object) -> None:
    try:
        require_name(agent, "agent")
    except MalformedError as error:
        raise MalformedError(str(error), field="agent", component=_COMPONENT, limit=error.limit) from error


def _require_size(size: int) -> None:
    if size > IDENTITY_MAX_BYTES:
        msg = f"Agent-Identity is {size} bytes, the limit is {IDENTITY_MAX_BYTES}: use shorter names"
        raise HeaderTooLargeError(msg, component=_COMPONENT, limit=IDENTITY_MAX_BYTES)
