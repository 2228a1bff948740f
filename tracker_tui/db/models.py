"""The shared tables as Peewee models: the five of the data contract, and the website's settings.

No model is bound to a database: the ledger builds queries from them for `Database.batch`. Columns
below the comment `optional` exist only in the middle or later schema; the `Layout` of a database
knows which of them it has.
"""

from __future__ import annotations

from typing import Final

from peewee import Field, FloatField, ForeignKeyField, IntegerField, Model, TextField


class User(Model):
    """A guild member who signed in at least once."""

    id = TextField(primary_key=True)
    discord_id = TextField(unique=True)
    username = TextField()
    avatar = TextField(null=True)
    custom_nickname = TextField(null=True)
    created_at = IntegerField()
    last_login = IntegerField()

    class Meta:
        table_name = "users"


class UserSession(Model):
    """A record of a sign-in, for other programs to read; rights are never decided from it."""

    id = TextField(primary_key=True)
    user = ForeignKeyField(User, column_name="user_id")
    roles = TextField()
    is_in_guild = IntegerField()
    created_at = IntegerField()

    class Meta:
        table_name = "user_sessions"


class ResourceRow(Model):
    """A resource of the guild, with its quantity at both locations."""

    id = TextField(primary_key=True)
    name = TextField()
    quantity_hagga = IntegerField(default=0)
    quantity_deep_desert = IntegerField(default=0)
    description = TextField(null=True)
    category = TextField(null=True)
    icon = TextField(null=True)
    image_url = TextField(null=True)
    status = TextField(null=True)
    target_quantity = IntegerField(null=True)
    multiplier = FloatField(default=1.0)
    is_priority = IntegerField(default=0)
    last_updated_by = TextField()
    created_at = IntegerField()
    updated_at = IntegerField(index=True)
    # optional
    subcategory = TextField(null=True)
    tier = IntegerField(null=True)
    quantity_location_1 = IntegerField(null=True)
    quantity_location_2 = IntegerField(null=True)

    class Meta:
        table_name = "resources"


class HistoryRow(Model):
    """A change that was applied; it has the change's id."""

    id = TextField(primary_key=True)
    resource = ForeignKeyField(ResourceRow, column_name="resource_id")
    previous_quantity_hagga = IntegerField()
    new_quantity_hagga = IntegerField()
    change_amount_hagga = IntegerField()
    previous_quantity_deep_desert = IntegerField()
    new_quantity_deep_desert = IntegerField()
    change_amount_deep_desert = IntegerField()
    change_type = TextField()
    updated_by = TextField()
    reason = TextField(null=True)
    created_at = IntegerField(index=True)
    transfer_amount = IntegerField(null=True)
    transfer_direction = TextField(null=True)
    # optional
    previous_quantity_location_1 = IntegerField(null=True)
    new_quantity_location_1 = IntegerField(null=True)
    change_amount_location_1 = IntegerField(null=True)
    previous_quantity_location_2 = IntegerField(null=True)
    new_quantity_location_2 = IntegerField(null=True)
    change_amount_location_2 = IntegerField(null=True)

    class Meta:
        table_name = "resource_history"


class LeaderboardRow(Model):
    """The points that a change earned; it has the change's id."""

    id = TextField(primary_key=True)
    user_id = TextField()
    resource = ForeignKeyField(ResourceRow, column_name="resource_id")
    action_type = TextField()
    quantity_changed = IntegerField()
    base_points = FloatField()
    resource_multiplier = FloatField()
    status_bonus = FloatField()
    final_points = FloatField()
    resource_name = TextField()
    resource_category = TextField()
    resource_status = TextField()
    created_at = IntegerField()

    class Meta:
        table_name = "leaderboard"


class GlobalSetting(Model):
    """A setting of the website; the table exists since the middle schema."""

    setting_key = TextField(primary_key=True)
    setting_value = TextField(null=True)

    class Meta:
        table_name = "global_settings"


TABLES: Final[tuple[type[Model], ...]] = (
    User,
    UserSession,
    ResourceRow,
    HistoryRow,
    LeaderboardRow,
)

OPTIONAL: Final[frozenset[Field]] = frozenset(
    {
        ResourceRow.subcategory,
        ResourceRow.tier,
        ResourceRow.quantity_location_1,
        ResourceRow.quantity_location_2,
        HistoryRow.previous_quantity_location_1,
        HistoryRow.new_quantity_location_1,
        HistoryRow.change_amount_location_1,
        HistoryRow.previous_quantity_location_2,
        HistoryRow.new_quantity_location_2,
        HistoryRow.change_amount_location_2,
    }
)
"""Fields without a column in the founding schema (data contract, "Schemas met in the wild")."""

LOCATION_PAIRS: Final[tuple[tuple[Field, Field], ...]] = tuple(
    (model._meta.fields[old], model._meta.fields[old.replace(place, number)])  # noqa: SLF001
    for model, prefixes in (
        (ResourceRow, ("quantity",)),
        (HistoryRow, ("previous_quantity", "new_quantity", "change_amount")),
    )
    for place, number in (("hagga", "location_1"), ("deep_desert", "location_2"))
    for old in (f"{prefix}_{place}" for prefix in prefixes)
)
"""Pairs of an older column and the newer one that repeats it; the older one is the truth."""
