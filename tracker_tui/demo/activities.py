"""The habits of the demo's members: one function each, which makes one or more changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from tracker_tui.demo.fixture_data import (
    DEEP_DESERT_FINDS,
    RECIPES,
    SPICE,
    SUPPLIES,
    DemoMember,
    Habit,
    Recipe,
    choose_reason,
)
from tracker_tui.demo.inventory import Inventory
from tracker_tui.domain.quantities import Location, grouped

HAGGA: Final = Location.HAGGA
DEEP_DESERT: Final = Location.DEEP_DESERT

_MISTYPED: Final = 0.03
"""The share of additions that are mistyped, and undone."""
_MISCOUNTED: Final = 0.6
"""The share of recounts that differ from the ledger."""
_WEEKLY_COUNT: Final = 25
"""How many resources the officer recounts on Sundays."""
_WRONG_LOCATION: Final = 0.5
"""The share of mistyped additions at the wrong location; the others have a zero too many."""
_RAW_USED: Final = 0.2
"""The share of uses that take raw materials."""
_BASE_SUPPLY: Final = 0.2
"""The supplies that the Deep Desert base needs, as a share of the target."""
_LEAST_WEIGHT: Final = 0.06
"""The least weight of a resource, however much of it there is."""


def gather(inventory: Inventory, member: DemoMember) -> None:
    """Add raw materials at Hagga, in large amounts."""
    near = [n for n in _of_category(inventory, "Raw") if n not in DEEP_DESERT_FINDS]
    for _ in range(inventory.dice.choice((1, 1, 2))):
        name = inventory.choose(near, lambda n: inventory.need(n) + _LEAST_WEIGHT)
        if name is not None:
            _add_usual_amount(inventory, member, Habit.GATHER, name, HAGGA, 1.5)


def scavenge(inventory: Inventory, member: DemoMember) -> None:
    """Add components and other loot at Hagga."""
    loot = _of_category(inventory, "Components", "Other")
    for _ in range(inventory.dice.choice((1, 2, 2, 3))):
        name = inventory.choose(loot, lambda n: inventory.need(n) + _LEAST_WEIGHT)
        if name is not None:
            _add_usual_amount(inventory, member, Habit.SCAVENGE, name, HAGGA, 1.0)


def raid(inventory: Inventory, member: DemoMember) -> None:
    """Add resources that only the Deep Desert has, at the base there."""
    for _ in range(inventory.dice.choice((1, 1, 2))):
        name = inventory.choose(DEEP_DESERT_FINDS, lambda n: inventory.need(n) + _LEAST_WEIGHT)
        if name is not None:
            _add_usual_amount(inventory, member, Habit.RAID, name, DEEP_DESERT, 1.5)


def craft(inventory: Inventory, member: DemoMember) -> None:
    """Remove the parts of a scarce product, and add the product."""
    recipes = {
        recipe.product: recipe
        for recipe in RECIPES
        if all(inventory.is_in_use(part) for part, _ in recipe.parts)
    }
    product = inventory.choose(recipes, lambda n: _product_weight(inventory, recipes[n]))
    if product is None:
        return
    recipe = recipes[product]
    enough_for = [int(inventory[part].hagga * 0.6 / each) for part, each in recipe.parts]
    made = min(
        [inventory.random_amount(product, _amount_factor(inventory.need(product))), *enough_for]
    )
    if made <= 0:
        return
    for part, each in recipe.parts:
        used = max(1, round(made * each))
        inventory.remove(member, part, HAGGA, used, f"for {grouped(made)} {product}")
    if recipe.parts:
        main, each = recipe.parts[0]
        inventory.add(member, product, HAGGA, made, f"from {grouped(round(made * each))} {main}")
    else:
        inventory.add(member, product, HAGGA, made, "crafted")


def use(inventory: Inventory, member: DemoMember) -> None:
    """Remove resources to build, repair or pay; seldom raw materials."""
    is_raw = inventory.dice.random() < _RAW_USED
    candidates = _of_category(
        inventory, *(("Raw",) if is_raw else ("Refined", "Components", "Other"))
    )
    for _ in range(inventory.dice.choice((1, 2, 2, 3))):
        name = inventory.choose(candidates, lambda n: _LEAST_WEIGHT - inventory.need(n))
        if name is not None:
            why = choose_reason(inventory.dice, Habit.USE, inventory[name].shown_category)
            spent = inventory.random_amount(name, _amount_factor(-inventory.need(name)))
            inventory.remove(member, name, HAGGA, spent, why)


def haul(inventory: Inventory, member: DemoMember) -> None:
    """Move finds to Hagga, or supplies to the Deep Desert, or remove used supplies there."""
    find = inventory.choose(DEEP_DESERT_FINDS, lambda n: _share_in_deep_desert(inventory, n))
    if find is not None and _share_in_deep_desert(inventory, find) > _LEAST_WEIGHT:
        load = inventory.rounded(inventory[find].deep_desert * inventory.dice.uniform(0.4, 0.95))
        inventory.move(member, find, HAGGA, load, choose_reason(inventory.dice, Habit.HAUL, "home"))
        return
    supply = inventory.choose(SUPPLIES, lambda n: 1 - _share_in_deep_desert(inventory, n))
    if supply is None:
        return
    if _share_in_deep_desert(inventory, supply) > _BASE_SUPPLY * inventory.dice.random():
        why = choose_reason(inventory.dice, Habit.HAUL, "spent")
        inventory.remove(member, supply, DEEP_DESERT, inventory.random_amount(supply), why)
    else:
        why = choose_reason(inventory.dice, Habit.HAUL, "out")
        inventory.move(member, supply, DEEP_DESERT, inventory.random_amount(supply, 1.5), why)


def recount(inventory: Inventory, member: DemoMember) -> None:
    """Recount a few priority resources, those with the oldest updates."""
    priority = [name for name in inventory.names if inventory[name].priority]
    few = _oldest(inventory, priority, inventory.dice.randint(1, 3))
    _recount(inventory, member, few, choose_reason(inventory.dice, Habit.COUNT, "day"))


def weekly_recount(inventory: Inventory, member: DemoMember) -> None:
    """Recount many resources, those with the oldest updates."""
    _recount(inventory, member, _oldest(inventory, inventory.names, _WEEKLY_COUNT), "weekly count")


ACTIVITIES: Final[dict[Habit, Callable[[Inventory, DemoMember], None]]] = {
    Habit.GATHER: gather,
    Habit.SCAVENGE: scavenge,
    Habit.RAID: raid,
    Habit.CRAFT: craft,
    Habit.HAUL: haul,
    Habit.USE: use,
    Habit.COUNT: recount,
}


def _of_category(inventory: Inventory, *categories: str) -> list[str]:
    return [name for name in inventory.names if inventory[name].shown_category in categories]


def _add_usual_amount(
    inventory: Inventory, member: DemoMember, habit: Habit, name: str, at: Location, strength: float
) -> None:
    amount = inventory.random_amount(name, strength * _amount_factor(inventory.need(name)))
    why = choose_reason(
        inventory.dice, habit, SPICE if name == SPICE else inventory[name].shown_category
    )
    if inventory.dice.random() < _MISTYPED:
        if inventory.dice.random() < _WRONG_LOCATION:
            inventory.add_by_mistake(member, name, at.other, amount)
        else:
            inventory.add_by_mistake(member, name, at, amount * 10)
    inventory.add(member, name, at, amount, why)


def _amount_factor(need: float) -> float:
    """Return a factor for amounts: above 1.0 if a resource is scarce, else below."""
    return min(2.0, max(0.4, 1.0 + 2.0 * need))


def _product_weight(inventory: Inventory, recipe: Recipe) -> float:
    plenty = sum(-inventory.need(part) for part, _ in recipe.parts)
    return _LEAST_WEIGHT + inventory.need(recipe.product) + plenty


def _share_in_deep_desert(inventory: Inventory, name: str) -> float:
    resource = inventory[name]
    return resource.deep_desert / resource.target if resource.target else 0.0


def _oldest(inventory: Inventory, names: Iterable[str], how_many: int) -> list[str]:
    in_use = [name for name in names if inventory.is_in_use(name)]
    return sorted(in_use, key=lambda name: inventory[name].updated_at)[:how_many]


def _recount(
    inventory: Inventory, member: DemoMember, names: Sequence[str], why: str | None
) -> None:
    for name in names:
        places = [HAGGA, DEEP_DESERT] if inventory[name].deep_desert else [HAGGA]
        for at in places:
            found = inventory[name].at(at)
            if inventory.dice.random() < _MISCOUNTED:
                found = round(found * inventory.dice.uniform(0.98, 1.015))
            inventory.set_quantity(member, name, at, found, why)
