"""The demo's scenario: ninety evenings on which members play, and what they turn to.

Each evening ends at the time of day at which the demo was opened, so the newest changes are always
minutes old. One `Random` with a fixed seed makes every choice, so the same seed gives the same
guild.
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
from tracker_tui.demo.activities import ACTIVITIES, weekly_recount
from tracker_tui.demo.fixture_data import DEEP_DESERT_FINDS, SUPPLIES, DemoMember, Habit
from tracker_tui.demo.inventory import Inventory, SimulatedClock, StockTrend
from tracker_tui.domain.status import DAY
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.ledger.resources import NewResource

DAYS: Final = 90
_EVENING: Final = 5 * 3600
"""The length of an evening, in seconds."""
_MINUTE: Final = 60

_SATURDAY, _SUNDAY = 5, 6  # as datetime.weekday() has them
_WEEKEND: Final = (_SATURDAY, _SUNDAY)
_NEWEST_AGES: Final = (14 * _MINUTE, 6 * _MINUTE, 3 * _MINUTE, 80)
"""The ages of the newest changes, in seconds."""
_UNTARGETED_SCALE: Final = 60
"""The scale of a resource without a target, in units."""
_TRAFFIC: Final = {"Raw": 4.0, "Refined": 2.0, "Components": 1.5, "Other": 1.5}
"""How often the resources of a category change, as weights; priority doubles them."""
_ID_LENGTH: Final = 21


class StatusSpan(NamedTuple):
    """A share of the resources, and the bounds of their final totals in targets."""

    share: float
    low: float
    high: float


# Critical, low, on target, above target; with room for the changes of the last evening.
_SPANS: Final = (
    StatusSpan(0.15, 0.12, 0.38),
    StatusSpan(0.20, 0.62, 0.90),
    StatusSpan(0.45, 1.10, 1.38),
    StatusSpan(0.20, 1.65, 2.30),
)


class PlannedActivity(NamedTuple):
    """One activity of a member, at a time in Unix seconds."""

    at: int
    member: DemoMember
    habit: Habit


def seeded_ids(seed: int) -> Callable[[], str]:
    """Return a function that makes ids like the ledger's, the same ones for the same seed."""
    dice = Random(f"ids of {seed}")
    return lambda: "".join(dice.choices(ascii_letters + digits + "-_", k=_ID_LENGTH))


def insert_members(
    database: Database,
    members: Iterable[DemoMember],
    new_id: Callable[[], str],
    *,
    now: int,
    days: int = DAYS,
) -> None:
    """Insert the members' rows, as signing in would."""
    rows = [
        {
            User.id: new_id(),
            User.discord_id: member.id,
            User.username: member.username,
            User.custom_nickname: member.nickname,
            User.created_at: now - days * DAY - _EVENING,
            # Sessions last for weeks, so few members signed in tonight.
            User.last_login: now - _EVENING - number * DAY // 2,
        }
        for number, member in enumerate(members)
    ]
    database.batch([User.insert_many(rows)])


def make_guild(
    ledger: Ledger,
    members: Sequence[DemoMember],
    clock: SimulatedClock,
    *,
    seed: int,
    now: int,
    days: int = DAYS,
) -> None:
    """Fill an empty ledger with the starter catalogue and `days` evenings, up to `now`.

    `clock` is the ledger's clock, and `now` is in Unix seconds. The first member recounts on
    Sundays. The same seed and `now` give the same rows, if the ledger's ids are seeded too.
    """
    dice = Random(seed)
    clock.advance_to(now - days * DAY - _EVENING)
    starters = starter_resources(ledger)
    trends = _trends(starters, dice, now)
    ledger.create(
        [_with_first_quantities(new, trends[new.name], dice) for new in starters], CREATED_BY
    )
    inventory = Inventory(ledger, clock, dice, ledger.refresh().resources, trends)
    for ago in reversed(range(days)):
        end = now - ago * DAY
        weekday = datetime.fromtimestamp(end, UTC).weekday()
        if weekday == _SUNDAY:
            clock.advance_to(end - _EVENING)
            weekly_recount(inventory, members[0])
        for plan in _plans(members, dice, end, is_weekend=weekday in _WEEKEND, is_last=ago == 0):
            clock.advance_to(plan.at)
            ACTIVITIES[plan.habit](inventory, plan.member)


def _trends(starters: Sequence[NewResource], dice: Random, now: int) -> dict[str, StockTrend]:
    """Choose a trend for each resource, and which ones members stop to update."""
    trends = {}
    for new, level in zip(starters, _levels(len(starters), dice), strict=True):
        traffic = _TRAFFIC.get(new.category, 1.0) * (2.0 if new.priority else 1.0)
        trends[new.name] = StockTrend(new.target or _UNTARGETED_SCALE, level, traffic, now)
    priority = [new.name for new in starters if new.priority]
    others = [new.name for new in starters if not new.priority]
    abandoned = {name: dice.uniform(1.3, 3.0) for name in dice.sample(priority, 2)}
    abandoned |= {name: dice.uniform(8.0, 30.0) for name in dice.sample(others, 5)}
    for name, days_ago in abandoned.items():
        trends[name] = trends[name]._replace(until=now - round(days_ago * DAY))
    return trends


def _levels(number: int, dice: Random) -> list[float]:
    """Return final totals in shares of the target, spread over the spans, shuffled."""
    bounds = list(accumulate(span.share for span in _SPANS))
    levels = []
    for index in range(number):
        span = _SPANS[bisect(bounds, (index + 0.5) / number)]
        levels.append(dice.uniform(span.low, span.high))
    dice.shuffle(levels)
    return levels


def _with_first_quantities(new: NewResource, trend: StockTrend, dice: Random) -> NewResource:
    """Return a resource with its quantities at the start, mostly less than at the end."""
    total = trend.scale * trend.aim * dice.uniform(0.5, 1.1)
    is_at_both = new.name in DEEP_DESERT_FINDS or new.name in SUPPLIES
    in_deep_desert = round(total * dice.uniform(0.1, 0.2)) if is_at_both else 0
    return new._replace(hagga=round(total) - in_deep_desert, deep_desert=in_deep_desert)


def _plans(
    members: Sequence[DemoMember], dice: Random, end: int, *, is_weekend: bool, is_last: bool
) -> list[PlannedActivity]:
    """Return the activities of the evening that ends at `end`, sorted by time."""
    plans = []
    for member in members:
        if dice.random() > member.attendance * (1.2 if is_weekend else 0.85):
            continue
        at = end - _EVENING + dice.randrange(_EVENING - 30 * _MINUTE)
        for _ in range(dice.randint(1, 4)):
            if at < end:
                plans.append(
                    PlannedActivity(at, member, _chosen_habit(member, dice, is_weekend=is_weekend))
                )
            at += dice.randint(3 * _MINUTE, 35 * _MINUTE)
    if is_last:
        for ago in _NEWEST_AGES:
            member = dice.choice(members)
            plans.append(
                PlannedActivity(
                    end - ago, member, _chosen_habit(member, dice, is_weekend=is_weekend)
                )
            )
    return sorted(plans, key=lambda plan: plan.at)


def _chosen_habit(member: DemoMember, dice: Random, *, is_weekend: bool) -> Habit:
    habits = dict(member.habits)
    if is_weekend and Habit.RAID in habits:
        habits[Habit.RAID] *= 5
    return dice.choices(list(habits), list(habits.values()))[0]
