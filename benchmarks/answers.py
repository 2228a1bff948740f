"""Programs of ours that measure in a process of their own, and print what they found as JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.pty_probe import Unanswered

_REPOSITORY = Path(__file__).resolve().parents[1]


def answer_of(command: Sequence[str], environment: dict[str, str]) -> Any:
    """Run a probe and return what it found; raises Unanswered with the last that it said."""
    done = subprocess.run(
        command, env=environment, cwd=_REPOSITORY, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unanswered(done.stderr.strip().splitlines()[-1] if done.stderr else "no answer")
    return json.loads(done.stdout)
