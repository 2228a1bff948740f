"""An error and everything that led to it."""

from __future__ import annotations

from collections.abc import Iterator


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, its causes, and the errors that urllib3 wraps in others without naming them.

    Each comes once, what wraps before what is wrapped.
    """
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        wrapped = [getattr(each, "reason", None), *each.args]
        waiting += [each.__cause__ or each.__context__]
        waiting += [part for part in wrapped if isinstance(part, BaseException)]
