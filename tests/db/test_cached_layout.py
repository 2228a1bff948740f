"""The layout of a database that a machine caches, so that an edit costs one request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers import other_schemas
from helpers.commands import Run
from helpers.ledger_under_test import Books
from helpers.other_schemas import ask
from helpers.outbox_files import replica_of
from helpers.proxy import Proxy
from helpers.remote_guild import name_locations


def layout_of(home: Path) -> str:
    ((document,),) = ask(replica_of(home), "SELECT value FROM facts WHERE name = 'acquaintance'")
    assert isinstance(document, str)
    return document


def set_layout(home: Path, document: str) -> None:
    ask(replica_of(home), "UPDATE facts SET value = ? WHERE name = 'acquaintance'", document)


@pytest.mark.parametrize("resource", ["spice", "Spice"])
def test_tables_and_columns_added_since_the_last_edit_are_noticed_by_the_next(
    run: Run, remote_guild: Books, proxy: Proxy, resource: str
) -> None:
    assert run("edit", resource, ">1").status == 0
    remote_guild.run(other_schemas.SETTINGS)
    name_locations(remote_guild, "Arrakeen", "The Deep")
    assert run("edit", resource, ">2").status == 0
    reasons = [row["reason"] for row in remote_guild.rows("resource_history")][-2:]
    assert reasons == ["Moved 1 from Hagga to Deep Desert", "Moved 2 from Arrakeen to The Deep"]
    for statement in (*other_schemas.MIDDLE_COLUMNS, *other_schemas.LOCATION_COLUMNS):
        remote_guild.run(statement)
    assert run("edit", resource, "+5").status == 0
    assert remote_guild.quantities() == (1_002, 403)
    row, newest = remote_guild.resource(), remote_guild.rows("resource_history")[-1]
    # The other location did not change, so its new column stays empty.
    assert row["quantity_location_1"] == newest["new_quantity_location_1"] == 1_002
    assert newest["new_quantity_location_2"] == 403
    proxy.seen.clear()
    assert run("edit", "spice", "+5").status == 0
    assert proxy.count == 1


def test_columns_renamed_to_names_of_equal_length_are_noticed_by_the_next_edit(
    run: Run, remote_guild: Books, proxy: Proxy
) -> None:
    """No statement fails because of the old names."""
    other_schemas.add_under_other_names(remote_guild.run)
    assert run("edit", "spice", "+5").status == 0
    other_schemas.rename_as_others_do(remote_guild.run)
    for requests in (3, 1):
        proxy.seen.clear()
        assert run("edit", "spice", "=700").status == 0
        assert proxy.count == requests
    # The other location did not change.
    assert remote_guild.resource()["quantity_location_1"] == 700


PLACES = '"places": {"hagga": "Hagga", "deep-desert": "Deep Desert"}'
GARBAGE = (
    *("", "\0{", "[1, 2]", "null", "{}", "[" * 100_000),
    f'{{"columns": {{"resources": 5}}, "fingerprint": 1, {PLACES}}}',
    *(
        f'{{"columns": {{}}, "fingerprint": {wrong}, {PLACES}}}'
        for wrong in (1, '"many"', "Infinity", 10**30, "9" * 5_000)
    ),
    '{"columns": "' + "x" * 2_000_000 + '"}',
)


def test_a_wrong_cached_layout_is_replaced(
    run: Run, remote_guild: Books, home: Path, proxy: Proxy
) -> None:
    run("edit", "spice", "+5")
    good = layout_of(home)
    # Of an earlier version, or another guild: the columns are checked, and read again.
    document = json.loads(good) | {"fingerprint": 4_711}
    document["places"]["hagga"] = "Arrakeen"
    set_layout(home, json.dumps(document))
    proxy.seen.clear()
    ran = run("edit", "spice", "+5")
    assert (ran.status, ran.err) == (0, "")
    assert proxy.count == 2
    assert layout_of(home) == good
    # A restored database may have any `schema_version`, so a fingerprint that fits proves nothing.
    of_another = good.replace('"target_quantity"', '"target_quantity", "tier"')
    for number, wrong in enumerate((of_another, *GARBAGE), 1):
        set_layout(home, wrong)
        ran = run("edit", "spice", "+5")
        assert ran.status == 0, wrong[:80]
        assert ran.err == "" or "copy of the resources was damaged. It is read again" in ran.err
        assert layout_of(home) == good, wrong[:80]
        assert remote_guild.quantities() == (1_010 + 5 * number, 400), wrong[:80]


def test_a_layout_that_cannot_be_cached_only_costs_a_request(
    run: Run, remote_guild: Books, home: Path, proxy: Proxy
) -> None:
    run("edit", "spice", "=1000")
    replica = replica_of(home)
    replica.unlink()
    replica.mkdir()
    for _ in range(2):
        proxy.seen.clear()
        ran = run("edit", "spice", "+5")
        assert ran.status == 0
        assert "replica.db cannot be used" in ran.err
        assert proxy.count == 2
    assert remote_guild.quantities() == (1_010, 400)
