"""Where to go once a dashboard, or the door before it, has ended."""

from __future__ import annotations

from typing import NamedTuple


class NavigationRequest(NamedTuple):
    """The profile that is to be opened next, perhaps the same one."""

    profile: str | None
    told: str = ""
    """Why, for the person in front of it."""
    has_entered: bool = False
    """Whether the door was passed."""
    signs_out: bool = False
    """Whether whoever is signed in is to be signed out first, and nothing opened then."""
    is_agreed: bool = False
    """Whether it was agreed to that changes wait until this profile is opened again."""
