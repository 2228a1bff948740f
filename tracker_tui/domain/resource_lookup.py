"""Which resource a text means: by id, by name, or by the one name that contains it."""

from __future__ import annotations

from collections.abc import Sequence

from tracker_tui.domain.text import one_line
from tracker_tui.errors import UnknownResource

_NAMED_AT_MOST = 8


def find_resource(text: str, names: Sequence[tuple[str, str]]) -> str:
    """Return the id of the resource that `text` means among (id, name) pairs.

    An id goes first, then the exact name, then the name but for letter case, then the one name that
    contains it.
    Raises UnknownResource, which lists the candidates where there are several.
    """
    if any(resource_id == text for resource_id, _ in names):
        return text
    wanted = text.casefold().strip()
    folded = [(resource_id, name, name.casefold()) for resource_id, name in names]
    candidates = (
        [(key, name) for key, name in names if name == text]
        or [(key, name) for key, name, fold in folded if fold.strip() == wanted]
        or [(key, name) for key, name, fold in folded if wanted and wanted in fold]
    )
    if len(candidates) == 1:
        return candidates[0][0]
    asked = one_line(text, 60)
    if not candidates:
        message = f"No resource is called “{asked}”. `tracker-tui list` shows what there is."
        raise UnknownResource(message)
    listed = ", ".join(
        f"{one_line(name, 60)} [{one_line(key, 40)}]" for key, name in candidates[:_NAMED_AT_MOST]
    )
    more = len(candidates) - _NAMED_AT_MOST
    rest = f" and {more} more" if more > 0 else ""
    message = f"“{asked}” may mean {listed}{rest}. Type more of the name, or the id in brackets."
    raise UnknownResource(message)
