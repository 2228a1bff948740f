"""`python -m tracker_tui` is `tracker-tui`."""

from tracker_tui.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
