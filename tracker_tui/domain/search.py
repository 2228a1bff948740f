"""Finding resources by words: all of them, in any order, the likeliest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final, NamedTuple

from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import search_key, search_words

_RANKS: Final = 4
_NAME_RANKS: Final = 3
_LAST_WORD = re.compile(r"\S*\s*$")


class Hits(NamedTuple):
    """What a search finds, the likeliest first."""

    names: list[Resource]
    """Those whose name holds all words."""
    others: list[Resource]
    """Those of which category or description holds a word that the name lacks."""


class _Folded(NamedTuple):
    """The texts of a resource, folded for searching; the name has a blank before each word."""

    resource: Resource
    name: str
    everything: str


class SearchIndex:
    """Folded texts of resources, made once for each version of a resource and kept."""

    def __init__(self) -> None:
        self._folded: dict[str, _Folded] = {}

    def search(self, resources: Iterable[Resource], text: str) -> Hits:
        """Return what all words of `text` are found in; the order given decides between equals.

        First come names that begin with the text, then names in which each word begins a word,
        then names that contain the words, then what only category or description has; of each,
        priority resources first.
        """
        words = search_words(text)
        if not words:
            return Hits(list(resources), [])
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
        names = list(chain.from_iterable(found[: _NAME_RANKS * 2]))
        return Hits(names, list(chain.from_iterable(found[_NAME_RANKS * 2 :])))

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
    """Return everything that `SearchIndex.search` finds, for a search that is made once."""
    return list(chain.from_iterable(SearchIndex().search(resources, text)))


def is_part_of_a_name(resources: Iterable[Resource], text: str, tail: str) -> bool:
    """Return whether a name that `text` finds goes on with the sign and the kind of `tail`.

    Any digit stands for any other: where there is a Mk-6, `mk-7` is a search and no removal of 7.
    """
    words = search_words(text)
    last_word = _LAST_WORD.search(text)
    before = last_word[0].casefold() if last_word else ""
    after = "[0-9]" if tail[1:2].isdigit() else tail[1:4].rstrip().casefold() or " "
    pattern = re.compile(re.escape(before + tail[:1]) + after)
    return any(
        pattern.search(resource.name.casefold())
        and all(word in search_key(resource.name) for word in words)
        for resource in resources
    )


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
