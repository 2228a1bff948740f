"""Finding resources by words: all of them, in any order, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import search_key, search_words


class SearchIndex:
    """Folded texts of resources, made once for each version of a resource and kept."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[Resource, str, str]] = {}

    def ranked(self, resources: Iterable[Resource], text: str) -> list[Resource]:
        """Return what all words of `text` are found in; the order given decides between equals.

        First come names that begin with the text, then names in which each word begins a word,
        then names that contain the words, then what only category or description has.
        """
        words = search_words(text)
        if not words:
            return list(resources)
        phrase = " ".join(words)
        found = []
        for resource in resources:
            name, everything = self._folded(resource)
            for word in words:
                if word not in everything:
                    break
            else:
                found.append((_rank(phrase, words, name), not resource.priority, resource))
        found.sort(key=lambda entry: entry[:2])
        return [resource for _, _, resource in found]

    def prepare(self, resources: Iterable[Resource]) -> None:
        """Fold the texts before they are searched; may run in a thread of its own."""
        for resource in resources:
            self._folded(resource)

    def _folded(self, resource: Resource) -> tuple[str, str]:
        kept = self._keys.get(resource.id)
        if kept is not None and _same_texts(kept[0], resource):
            return kept[1], kept[2]
        name = search_key(resource.name)
        everything = f"{name} {search_key(resource.shown_category, resource.description)}"
        self._keys[resource.id] = (resource, name, everything)
        return name, everything


def ranked(resources: Sequence[Resource], text: str) -> list[Resource]:
    """Return what `SearchIndex.ranked` finds, for a search that is made once."""
    return SearchIndex().ranked(resources, text)


def _rank(phrase: str, words: list[str], name: str) -> int:
    if name.startswith(phrase):
        return 0
    padded = f" {name}"
    if all(f" {word}" in padded for word in words):
        return 1
    return 2 if all(word in name for word in words) else 3


def _same_texts(a: Resource, b: Resource) -> bool:
    return a is b or (
        a.name == b.name and a.category == b.category and a.description == b.description
    )
