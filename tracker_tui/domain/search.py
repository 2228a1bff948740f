"""Searching resources: every word typed must match, in any order; the best matches come first.

    rank 0    the name begins with the text         "spice m" finds "Spice Melange"
    rank 1    each word begins a word of the name   "mel spi"
    rank 2    the name contains the words           "lange"
    rank 3    only category or description has one  shown below a divider

Within a rank, priority resources come first, then the order given.
"""

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
    """The results of a search, best match first."""

    names: list[Resource]
    """Resources whose name contains all words."""
    others: list[Resource]
    """Resources whose category or description contains the words that the name lacks."""


class _Folded(NamedTuple):
    """A resource's texts, folded for searching; `name` has a blank before each word."""

    resource: Resource
    name: str
    everything: str


class SearchIndex:
    """A cache of the folded texts, made once for each version of a resource."""

    def __init__(self) -> None:
        self._folded: dict[str, _Folded] = {}

    def search(self, resources: Iterable[Resource], text: str) -> Hits:
        """Return the resources that contain all words of `text`; all of them for an empty text."""
        words = search_words(text)
        if not words:
            return Hits(names=list(resources), others=[])
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
        others = list(chain.from_iterable(found[_NAME_RANKS * 2 :]))
        return Hits(names=names, others=others)

    def prepare(self, resources: Iterable[Resource]) -> None:
        """Fold the texts ahead of the first search; may run in another thread."""
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
    """Return all results of a single search, best match first."""
    hits = SearchIndex().search(resources, text)
    return [*hits.names, *hits.others]


def is_part_of_a_name(resources: Iterable[Resource], text: str, tail: str) -> bool:
    """Whether a name that `text` finds continues with the sign and characters of `tail`.

    Any digit matches any other: if there is a Mk-6, `mk-7` is a search, not a removal of 7.
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
