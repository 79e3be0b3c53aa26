"""What the keys of a value mean, remembered: most programs use the same few hundred all the time.

The memory is bounded, holds short names only, and knows nothing but the name: whether the name itself is a
secret is asked anew each time.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from delegate.limits import MASKING_NAME_CACHE, MASKING_NAME_MAX_CHARS
from delegate.masking.exempt import GOVERNANCE, plain_name
from delegate.masking.key_names import KeyClass, classify
from delegate.masking.neighbours import VALUE_NAMES

__all__ = ["PLAIN", "STRONG", "VALUE", "WEAK", "Names"]

PLAIN: Final = 0
WEAK: Final = 1
"""The value may be a secret, if it looks like one."""

STRONG: Final = 2
"""The value is a secret."""

VALUE: Final = 3
"""The name of the value may stand beside it (see ``neighbours``)."""

_CLASSES: Final = {KeyClass.NONE: PLAIN, KeyClass.WEAK: WEAK, KeyClass.STRONG: STRONG}


class Names(dict[str, int]):
    """Key name to its meaning, worked out when it is first asked for.

    Governance names are ``PLAIN``. What is no ``str`` is never plain, so that nobody has to look.
    """

    __slots__ = ("_exempt",)

    def __init__(self, exempt: AbstractSet[str]) -> None:
        """``exempt``: further names to treat as governance names, as ``plain_name`` writes them."""
        super().__init__()
        self._exempt = GOVERNANCE | exempt

    def __missing__(self, name: str) -> int:
        """The meaning of a name that was not met before."""
        if type(name) is not str:
            return VALUE
        if len(name) > MASKING_NAME_MAX_CHARS:  # of a longer one, the end, where its head word stands
            return self._meaning(name[-MASKING_NAME_MAX_CHARS:])
        meaning = self._meaning(name)
        if len(self) < MASKING_NAME_CACHE:
            self[name] = meaning
        return meaning

    def _meaning(self, name: str) -> int:
        meaning = _CLASSES[classify(name)]
        if meaning == PLAIN:
            return VALUE if name.lower() in VALUE_NAMES else PLAIN
        return PLAIN if self.exempt(name) else meaning

    def exempt(self, name: str) -> bool:
        """Whether ``name`` is a governance name."""
        return plain_name(name) in self._exempt

    def secret(self, name: str) -> bool:
        """Whether a value under ``name`` is a secret, or may be."""
        return self[name] in (WEAK, STRONG)
