"""The quick look that nearly every value passes: the texts of a plain value, or the word that it is not one.

This is the hot path. It walks the containers that JSON is made of, by exact type and without recursion, and
collects their texts; it makes nothing else. Where it meets anything that needs thought (another type, a key
that tells of a secret, a bound, a pair, a flag) it gives up at once, and the full walk begins from the start.
So it decides one thing only, that there is nothing to decide; and what it reads, the full walk would have
joined in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from delegate.limits import MASKING_MAX_DEPTH, MASKING_MAX_NODES
from delegate.masking.leaves import INERT, LARGE
from delegate.masking.names import WEAK

__all__ = ["texts_of"]

_PAIR: Final = 2


def texts_of(  # noqa: C901, PLR0911, PLR0912 - a call for each member would cost more than all of it
    root: object, names: Mapping[str, int], suspect: Callable[[str, str], bool]
) -> list[str] | None:
    """All texts of ``root``, keys before their values; ``None`` where it needs the full walk.

    ``names`` gives the meaning of a key, ``suspect`` whether a text is a secret under a doubtful name.
    """
    texts: list[str] = []
    text = texts.append
    level: list[Any] = [[root]]
    for _ in range(MASKING_MAX_DEPTH + 2):
        below: list[Any] = []
        for container in level:
            if type(container) is dict:
                for key, value in container.items():
                    if type(key) is not str:
                        return None
                    text(key)
                    kind = type(value)
                    meaning = names[key]
                    if meaning > 0 and value is not None and kind is not bool:  # noqa: SIM102 - clearer so
                        if meaning != WEAK or kind is not str or suspect(key, value):
                            return None
                    if kind is str:
                        text(value)
                    elif kind is dict or kind is list or kind is tuple:
                        below.append(value)
                    elif kind is int or kind is float:
                        if not -LARGE < value < LARGE:
                            return None
                    elif kind not in INERT:
                        return None
            else:
                if len(container) == _PAIR and type(container[0]) is str and names[container[0]] > 0:
                    return None
                for value in container:
                    kind = type(value)
                    if kind is str:
                        if "=" in value or value[:1] == "-":
                            return None
                        text(value)
                    elif kind is dict or kind is list or kind is tuple:
                        below.append(value)
                    elif kind is int or kind is float:
                        if not -LARGE < value < LARGE:
                            return None
                    elif kind not in INERT:
                        return None
        if not below:
            return texts
        if len(texts) + len(below) > MASKING_MAX_NODES:
            return None
        level = below
    return None
