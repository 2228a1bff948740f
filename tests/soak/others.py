"""Other members of the guild: `python -m soak.others URL` changes rows until it is killed."""

from __future__ import annotations

import random
import sys
import time
from contextlib import closing, suppress

from tracker_tui.turso import connect
from tracker_tui.turso.errors import Error

PAUSE = 0.3
_ONE = "(SELECT id FROM resources ORDER BY random() LIMIT 1)"
_SEEN = "updated_at = unixepoch(), last_updated_by = 'Stilgar'"
_NOTE = """INSERT INTO resource_history
    (id, resource_id, previous_quantity_hagga, new_quantity_hagga, change_amount_hagga,
     previous_quantity_deep_desert, new_quantity_deep_desert, change_amount_deep_desert,
     change_type, updated_by, created_at)
    SELECT hex(randomblob(9)), id, 0, 5, 5, 0, 0, 0, 'relative', 'Stilgar', unixepoch()
    FROM resources ORDER BY random() LIMIT 1"""
_FIND = """INSERT INTO resources (id, name, last_updated_by, created_at, updated_at)
    VALUES ('new-' || hex(randomblob(4)), 'Newly found', 'Stilgar', unixepoch(), unixepoch())"""
_LOSE = """DELETE FROM resources WHERE id LIKE 'new-%'
    AND id NOT IN (SELECT resource_id FROM resource_history)"""
STATEMENTS = (
    f"UPDATE resources SET quantity_hagga = abs(random() % 2000), {_SEEN} WHERE id = {_ONE}",
    f"UPDATE resources SET quantity_deep_desert = abs(random() % 99), {_SEEN} WHERE id = {_ONE}",
    f"UPDATE resources SET name = substr(name, 1, 40) || ' ü', {_SEEN} WHERE id = {_ONE}",
    *(_NOTE, _FIND, _LOSE),
)


def main(url: str) -> None:
    """Run one of the statements at a time, as a website would."""
    dice = random.Random()
    with closing(connect(url, isolation_level=None)) as connection:
        while True:
            with suppress(Error):
                connection.execute(dice.choice(STATEMENTS))
            time.sleep(PAUSE)


if __name__ == "__main__":
    main(sys.argv[1])
