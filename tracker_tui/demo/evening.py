"""What the demo's players do of an evening: one function a habit, one or more changes a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from tracker_tui.demo.lore import (
    DEEP_DESERT_FINDS,
    RECIPES,
    SPICE,
    SUPPLIES,
    Recipe,
    reason,
)
from tracker_tui.demo.members import DemoMember, Habit
from tracker_tui.demo.stores import Stores
from tracker_tui.domain.quantities import Location, grouped

HAGGA: Final = Location.HAGGA
DEEP_DESERT: Final = Location.DEEP_DESERT

_SLIPS: Final = 0.03
"""The share of deliveries that are mistyped at first."""
_MISCOUNTED: Final = 0.6
"""The share of counts that find another quantity than the ledger has."""
_WEEKLY_COUNT: Final = 25
"""How many resources the officer goes through of a Sunday."""
_WRONG_BASE: Final = 0.5
"""The share of slips that are at the wrong base; the others have a zero too many."""
_RAW_USED: Final = 0.2
"""How often raw materials leave otherwise than into a refinery."""
_BASE_SUPPLY: Final = 0.2
"""What the base in the Deep Desert should have of its supplies, as a share of the target."""
_LIVELINESS: Final = 0.06
"""How likely something is touched although there is enough of it."""


def gather(stores: Stores, member: DemoMember) -> None:
    """Bring raw materials to Hagga: several kinds on a trip, large amounts."""
    near = [n for n in _of_category(stores, "Raw") if n not in DEEP_DESERT_FINDS]
    for _ in range(stores.dice.choice((1, 1, 2))):
        name = stores.choose(near, lambda n: stores.need(n) + _LIVELINESS)
        if name is not None:
            _deliver(stores, member, Habit.GATHER, name, HAGGA, 1.5)


def scavenge(stores: Stores, member: DemoMember) -> None:
    """Bring loot to Hagga: components, now and then money."""
    loot = _of_category(stores, "Components", "Other")
    for _ in range(stores.dice.choice((1, 2, 2, 3))):
        name = stores.choose(loot, lambda n: stores.need(n) + _LIVELINESS)
        if name is not None:
            _deliver(stores, member, Habit.SCAVENGE, name, HAGGA, 1.0)


def raid(stores: Stores, member: DemoMember) -> None:
    """Bring what only the Deep Desert has to the base there."""
    for _ in range(stores.dice.choice((1, 1, 2))):
        name = stores.choose(DEEP_DESERT_FINDS, lambda n: stores.need(n) + _LIVELINESS)
        if name is not None:
            _deliver(stores, member, Habit.RAID, name, DEEP_DESERT, 1.5)


def craft(stores: Stores, member: DemoMember) -> None:
    """Turn what is plenty into what is short: out with the parts, in with the product."""
    open_recipes = {
        recipe.product: recipe
        for recipe in RECIPES
        if all(stores.is_open(part) for part, _ in recipe.parts)
    }
    product = stores.choose(open_recipes, lambda n: _worth_making(stores, open_recipes[n]))
    if product is None:
        return
    recipe = open_recipes[product]
    enough_for = [int(stores[part].hagga * 0.6 / each) for part, each in recipe.parts]
    made = min([stores.armful(product, _eagerness(stores.need(product))), *enough_for])
    if made <= 0:
        return
    for part, each in recipe.parts:
        used = max(1, round(made * each))
        stores.take(member, part, HAGGA, used, f"for {grouped(made)} {product}")
    if recipe.parts:
        main, each = recipe.parts[0]
        stores.add(member, product, HAGGA, made, f"from {grouped(round(made * each))} {main}")
    else:
        stores.add(member, product, HAGGA, made, "crafted")


def use(stores: Stores, member: DemoMember) -> None:
    """Take what something is built, repaired or paid with: seldom what is still raw."""
    is_raw = stores.dice.random() < _RAW_USED
    things = _of_category(stores, *(("Raw",) if is_raw else ("Refined", "Components", "Other")))
    for _ in range(stores.dice.choice((1, 2, 2, 3))):
        name = stores.choose(things, lambda n: _LIVELINESS - stores.need(n))
        if name is not None:
            why = reason(stores.dice, Habit.USE, stores[name].shown_category)
            spent = stores.armful(name, _eagerness(-stores.need(name)))
            stores.take(member, name, HAGGA, spent, why)


def haul(stores: Stores, member: DemoMember) -> None:
    """Fly finds home and supplies out; the base in the Deep Desert has used some meanwhile."""
    find = stores.choose(DEEP_DESERT_FINDS, lambda n: _lying_out_there(stores, n))
    if find is not None and _lying_out_there(stores, find) > _LIVELINESS:
        load = stores.as_typed(stores[find].deep_desert * stores.dice.uniform(0.4, 0.95))
        stores.move(member, find, HAGGA, load, reason(stores.dice, Habit.HAUL, "home"))
        return
    supply = stores.choose(SUPPLIES, lambda n: 1 - _lying_out_there(stores, n))
    if supply is None:
        return
    if _lying_out_there(stores, supply) > _BASE_SUPPLY * stores.dice.random():
        why = reason(stores.dice, Habit.HAUL, "spent")
        stores.take(member, supply, DEEP_DESERT, stores.armful(supply), why)
    else:
        why = reason(stores.dice, Habit.HAUL, "out")
        stores.move(member, supply, DEEP_DESERT, stores.armful(supply, 1.5), why)


def count(stores: Stores, member: DemoMember) -> None:
    """Count a few of the priority resources, those that nobody touched for longest."""
    watched = [name for name in stores.names if stores[name].priority]
    few = _longest_untouched(stores, watched, stores.dice.randint(1, 3))
    _count_all(stores, member, few, reason(stores.dice, Habit.COUNT, "day"))


def weekly_count(stores: Stores, member: DemoMember) -> None:
    """Count a good part of the stores, again what nobody touched for longest."""
    _count_all(
        stores, member, _longest_untouched(stores, stores.names, _WEEKLY_COUNT), "weekly count"
    )


ACTIVITIES: Final[dict[Habit, Callable[[Stores, DemoMember], None]]] = {
    Habit.GATHER: gather,
    Habit.SCAVENGE: scavenge,
    Habit.RAID: raid,
    Habit.CRAFT: craft,
    Habit.HAUL: haul,
    Habit.USE: use,
    Habit.COUNT: count,
}


def _of_category(stores: Stores, *categories: str) -> list[str]:
    return [name for name in stores.names if stores[name].shown_category in categories]


def _deliver(
    stores: Stores, member: DemoMember, habit: Habit, name: str, at: Location, strength: float
) -> None:
    amount = stores.armful(name, strength * _eagerness(stores.need(name)))
    why = reason(stores.dice, habit, SPICE if name == SPICE else stores[name].shown_category)
    if stores.dice.random() < _SLIPS:
        if stores.dice.random() < _WRONG_BASE:
            stores.slip(member, name, at.other, amount)
        else:
            stores.slip(member, name, at, amount * 10)
    stores.add(member, name, at, amount, why)


def _eagerness(need: float) -> float:
    """Return how much more, or less, people carry of what is short, or plenty."""
    return min(2.0, max(0.4, 1.0 + 2.0 * need))


def _worth_making(stores: Stores, recipe: Recipe) -> float:
    plenty = sum(-stores.need(part) for part, _ in recipe.parts)
    return _LIVELINESS + stores.need(recipe.product) + plenty


def _lying_out_there(stores: Stores, name: str) -> float:
    resource = stores[name]
    return resource.deep_desert / resource.target if resource.target else 0.0


def _longest_untouched(stores: Stores, names: Iterable[str], how_many: int) -> list[str]:
    cared_for = [name for name in names if stores.is_open(name)]
    return sorted(cared_for, key=lambda name: stores[name].updated_at)[:how_many]


def _count_all(stores: Stores, member: DemoMember, names: Sequence[str], why: str | None) -> None:
    for name in names:
        places = [HAGGA, DEEP_DESERT] if stores[name].deep_desert else [HAGGA]
        for at in places:
            found = stores[name].at(at)
            if stores.dice.random() < _MISCOUNTED:
                found = round(found * stores.dice.uniform(0.98, 1.015))
            stores.count(member, name, at, found, why)
