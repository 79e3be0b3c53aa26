"""What the keys of a value mean, remembered: most programs use the same few hundred all the time.

A name is remembered only if nothing is found in the name itself, so the quick look need not search the keys
that it knows, except for known values, which change. The memory is bounded; when it is full it is emptied,
and the value that filled it takes the full walk.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Final

from delegate.limits import MASKING_NAME_CACHE, MASKING_NAME_MAX_CHARS
from delegate.masking.exempt import GOVERNANCE, plain_name
from delegate.masking.key_names import KeyClass, classify
from delegate.masking.neighbours import KEY_TYPE, VALUE_NAMES

__all__ = ["ODD", "PLAIN", "STRONG", "VALUE", "WEAK", "Names"]

PLAIN: Final = 0
"""It says nothing; governance names are plain too."""

WEAK: Final = 1
"""The value may be a secret, if it looks like one."""

STRONG: Final = 2
"""The value is a secret."""

VALUE: Final = 3
"""What stands beside it may tell more (see ``neighbours``)."""

ODD: Final = 4
"""No ``str``, too long for a name, or with something in it: not remembered, and not for the quick look."""

_CLASSES: Final = {KeyClass.NONE: PLAIN, KeyClass.WEAK: WEAK, KeyClass.STRONG: STRONG}


class Names(dict[str, int]):
    """Key name to its meaning for the quick look, worked out when it is first asked for."""

    __slots__ = ("_exempt", "_exempted", "_search")

    def __init__(self, exempt: AbstractSet[str], search: Callable[[str], object]) -> None:
        """``exempt``: further governance names, as ``plain_name`` writes them; ``search`` finds secrets."""
        super().__init__()
        self._exempt = GOVERNANCE | exempt
        self._search = search
        self._exempted: dict[str, bool] = {}
        """Whether a remembered name is a governance name; forgotten with the names."""

    def __missing__(self, name: str) -> int:
        """The meaning of a name that was not met before. Raises ``OverflowError`` when there is no room."""
        if type(name) is not str or len(name) > MASKING_NAME_MAX_CHARS or self._search(name):
            return ODD
        if len(self) >= MASKING_NAME_CACHE:
            self.clear()
            self._exempted.clear()
            raise OverflowError
        self._exempted[name] = self.exempt(name)
        meaning = self[name] = self.meaning(name)
        return meaning

    def meaning(self, name: str) -> int:
        """The meaning of any name; of a very long one, that of its end, where its head word stands."""
        name = name[-MASKING_NAME_MAX_CHARS:]
        meaning = _CLASSES[classify(name)]
        if meaning == PLAIN:
            return VALUE if name.lower() in VALUE_NAMES or name == KEY_TYPE else PLAIN
        return PLAIN if self.exempt(name) else meaning

    def exempt(self, name: str) -> bool:
        """Whether ``name`` is a governance name."""
        known = self._exempted.get(name)
        return plain_name(name) in self._exempt if known is None else known

    def secret(self, name: str) -> bool:
        """Whether a value under ``name`` is a secret, or may be."""
        return self.meaning(name) in (WEAK, STRONG)
