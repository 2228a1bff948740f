"""Finding resources by words: all of them, in any order, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final, NamedTuple

from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import search_key, search_words

_RANKS: Final = 4


class _Folded(NamedTuple):
    """The texts of a resource, folded for searching; the name has a blank before each word."""

    resource: Resource
    name: str
    everything: str


class SearchIndex:
    """Folded texts of resources, made once for each version of a resource and kept."""

    def __init__(self) -> None:
        self._folded: dict[str, _Folded] = {}

    def ranked(self, resources: Iterable[Resource], text: str) -> list[Resource]:
        """Return what all words of `text` are found in; the order given decides between equals.

        First come names that begin with the text, then names in which each word begins a word,
        then names that contain the words, then what only category or description has; of each,
        priority resources first.
        """
        words = search_words(text)
        if not words:
            return list(resources)
        phrase = " " + " ".join(words)
        beginnings = [" " + word for word in words]
        found: list[list[Resource]] = [[] for _ in range(_RANKS * 2)]
        for resource in resources:
            folded = self._folded.get(resource.id)
            if folded is None or folded.resource is not resource:
                folded = self._fold(resource)
            _, name, everything = folded
            for word in words:
                if word not in everything:
                    break
            else:
                rank = _rank(phrase, beginnings, words, name)
                found[rank * 2 + (not resource.priority)].append(resource)
        return list(chain.from_iterable(found))

    def prepare(self, resources: Iterable[Resource]) -> None:
        """Fold the texts before they are searched; may run in a thread of its own."""
        for resource in resources:
            self._fold(resource)

    def _fold(self, resource: Resource) -> _Folded:
        kept = self._folded.get(resource.id)
        if kept is None or not _same_texts(kept.resource, resource):
            name = " " + search_key(resource.name)
            rest = search_key(resource.shown_category, resource.description)
            kept = _Folded(resource, name, f"{name} {rest}")
        elif kept.resource is not resource:
            kept = kept._replace(resource=resource)
        self._folded[resource.id] = kept
        return kept


def ranked(resources: Sequence[Resource], text: str) -> list[Resource]:
    """Return what `SearchIndex.ranked` finds, for a search that is made once."""
    return SearchIndex().ranked(resources, text)


def _rank(phrase: str, beginnings: list[str], words: list[str], name: str) -> int:
    if name.startswith(phrase):
        return 0
    if all(beginning in name for beginning in beginnings):
        return 1
    return 2 if all(word in name for word in words) else 3


def _same_texts(a: Resource, b: Resource) -> bool:
    return a is b or (
        a.name == b.name and a.category == b.category and a.description == b.description
    )
