"""Makes docs/dashboard.svg, the picture in the README: the demo with a change half typed."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from tracker_tui.config.settings import config_without_settings
from tracker_tui.demo import demo_database
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.app import TrackerApp

_KEYS = ("down", "down", "down", *"+3*500+20 # spice run")
_SIZE = (120, 30)


async def picture(tracker: Tracker) -> str:
    """Return the dashboard as SVG after the keys were typed."""
    app = TrackerApp(tracker)
    async with app.run_test(size=_SIZE) as pilot:
        await pilot.press(*({" ": "space", "#": "number_sign"}.get(key, key) for key in _KEYS))
        await pilot.pause()
        return app.export_screenshot(title="tracker-tui demo")


def main() -> None:
    """Write the picture."""
    home = {**os.environ, "TRACKER_HOME": os.devnull}
    with demo_database() as path:
        config = config_without_settings(home)._replace(
            database=path, is_default_database=False, is_demo=True, member="Chani"
        )
        tracker = Tracker(config)
        tracker.open().result()
        svg = asyncio.run(picture(tracker))
        tracker.close()
    # Without the web fonts, which nothing that shows a README would load.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    Path(__file__).with_name("dashboard.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
