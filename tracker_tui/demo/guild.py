"""Ninety evenings of a guild: who comes, when, and what they turn to.

It is always evening in the demo: each of its evenings ends at the hour at which it was opened, so
that the newest changes are minutes old at any time of day.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from random import Random
from string import ascii_letters, digits
from typing import Final, NamedTuple

from tracker_tui.catalogue import CREATED_BY, starter_resources
from tracker_tui.db.database import Database
from tracker_tui.db.models import User
from tracker_tui.demo.clock import Clock
from tracker_tui.demo.evening import ACTIVITIES, weekly_count
from tracker_tui.demo.lore import DEEP_DESERT_FINDS, SUPPLIES
from tracker_tui.demo.members import DemoMember, Habit
from tracker_tui.demo.stores import StockTrend, Stores
from tracker_tui.domain.status import DAY
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.ledger.resources import NewResource

DAYS: Final = 90
EVENING: Final = 5 * 3600
MINUTE: Final = 60

_SATURDAY, _SUNDAY = 5, 6  # as datetime.weekday() has them
_WEEKEND: Final = (_SATURDAY, _SUNDAY)
_STILL_PLAYING: Final = (14 * MINUTE, 6 * MINUTE, 3 * MINUTE, 80)
"""How many seconds ago the last things happened."""
_UNTARGETED_SCALE: Final = 60
"""Units that count as the target of a resource that has none."""
_TRAFFIC: Final = {"Raw": 4.0, "Refined": 2.0, "Components": 1.5, "Other": 1.5}
"""How often resources of a category are touched, in weights; priority doubles it."""
_ID_LENGTH: Final = 21


class Span(NamedTuple):
    """A share of the resources, and between which shares of their targets they end."""

    share: float
    low: float
    high: float


# Critical, below target, at target, above target; with room for what the last evening does.
_SPANS: Final = (
    Span(0.15, 0.12, 0.38),
    Span(0.20, 0.62, 0.90),
    Span(0.45, 1.10, 1.38),
    Span(0.20, 1.65, 2.30),
)


class Plan(NamedTuple):
    """When somebody turns to something, in Unix seconds."""

    at: int
    member: DemoMember
    habit: Habit


def seeded_ids(seed: int) -> Callable[[], str]:
    """Return a maker of ids that look like the ledger's, the same ones for the same seed."""
    dice = Random(f"ids of {seed}")
    return lambda: "".join(dice.choices(ascii_letters + digits + "-_", k=_ID_LENGTH))


def sign_in(
    database: Database,
    members: Iterable[DemoMember],
    new_id: Callable[[], str],
    *,
    now: int,
    days: int = DAYS,
) -> None:
    """Write the members' rows, by which their names are known."""
    rows = [
        {
            User.id: new_id(),
            User.discord_id: member.id,
            User.username: member.username,
            User.custom_nickname: member.nickname,
            User.created_at: now - days * DAY - EVENING,
            # Sessions last for weeks: who plays tonight need not have signed in tonight.
            User.last_login: now - EVENING - number * DAY // 2,
        }
        for number, member in enumerate(members)
    ]
    database.batch([User.insert_many(rows)])


def make_guild(
    ledger: Ledger,
    members: Sequence[DemoMember],
    clock: Clock,
    *,
    seed: int,
    now: int,
    days: int = DAYS,
) -> None:
    """Fill an empty ledger with the starter catalogue and `days` evenings, up to `now`.

    `clock` is the one that was given to the ledger, `now` in Unix seconds. The first member counts
    on Sundays. The same seed and now give the same rows, if the ledger's ids are seeded too.
    """
    dice = Random(seed)
    clock.wait_until(now - days * DAY - EVENING)
    starters = starter_resources(ledger)
    series_list = _trends(starters, dice, now)
    ledger.create([_stocked(new, series_list[new.name], dice) for new in starters], CREATED_BY)
    stores = Stores(ledger, clock, dice, ledger.refresh().resources, series_list)
    for ago in reversed(range(days)):
        end = now - ago * DAY
        weekday = datetime.fromtimestamp(end, UTC).weekday()
        if weekday == _SUNDAY:
            clock.wait_until(end - EVENING)
            weekly_count(stores, members[0])
        for plan in _plans(members, dice, end, is_weekend=weekday in _WEEKEND, is_last=ago == 0):
            clock.wait_until(plan.at)
            ACTIVITIES[plan.habit](stores, plan.member)


def _trends(starters: Sequence[NewResource], dice: Random, now: int) -> dict[str, StockTrend]:
    """Decide for each resource where it is heading, and which ones are forgotten on the way."""
    series_list = {}
    for new, level in zip(starters, _levels(len(starters), dice), strict=True):
        traffic = _TRAFFIC.get(new.category, 1.0) * (2.0 if new.priority else 1.0)
        series_list[new.name] = StockTrend(new.target or _UNTARGETED_SCALE, level, traffic, now)
    watched = [new.name for new in starters if new.priority]
    others = [new.name for new in starters if not new.priority]
    forgotten = {name: dice.uniform(1.3, 3.0) for name in dice.sample(watched, 2)}
    forgotten |= {name: dice.uniform(8.0, 30.0) for name in dice.sample(others, 5)}
    for name, days_ago in forgotten.items():
        series_list[name] = series_list[name]._replace(until=now - round(days_ago * DAY))
    return series_list


def _levels(number: int, dice: Random) -> list[float]:
    """Return so many levels, spread as the shares say, in no order."""
    bounds = list(accumulate(span.share for span in _SPANS))
    levels = []
    for index in range(number):
        span = _SPANS[bisect(bounds, (index + 0.5) / number)]
        levels.append(dice.uniform(span.low, span.high))
    dice.shuffle(levels)
    return levels


def _stocked(new: NewResource, course: StockTrend, dice: Random) -> NewResource:
    """Return a resource with what the guild had of it at the start: mostly less than at the end."""
    total = course.scale * course.aim * dice.uniform(0.5, 1.1)
    has_two_places = new.name in DEEP_DESERT_FINDS or new.name in SUPPLIES
    out_there = round(total * dice.uniform(0.1, 0.2)) if has_two_places else 0
    return new._replace(hagga=round(total) - out_there, deep_desert=out_there)


def _plans(
    members: Sequence[DemoMember], dice: Random, end: int, *, is_weekend: bool, is_last: bool
) -> list[Plan]:
    """Return what the evening that ends at `end` brings, in the order of time."""
    plans = []
    for member in members:
        if dice.random() > member.attendance * (1.2 if is_weekend else 0.85):
            continue
        at = end - EVENING + dice.randrange(EVENING - 30 * MINUTE)
        for _ in range(dice.randint(1, 4)):
            if at < end:
                plans.append(Plan(at, member, _turns_to(member, dice, is_weekend=is_weekend)))
            at += dice.randint(3 * MINUTE, 35 * MINUTE)
    if is_last:
        for ago in _STILL_PLAYING:
            member = dice.choice(members)
            plans.append(Plan(end - ago, member, _turns_to(member, dice, is_weekend=is_weekend)))
    return sorted(plans, key=lambda plan: plan.at)


def _turns_to(member: DemoMember, dice: Random, *, is_weekend: bool) -> Habit:
    habits = dict(member.habits)
    if is_weekend and Habit.RAID in habits:
        habits[Habit.RAID] *= 5
    return dice.choices(list(habits), list(habits.values()))[0]
