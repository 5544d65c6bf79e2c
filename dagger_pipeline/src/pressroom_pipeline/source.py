"""The part of a checkout that the pipeline reads."""

from __future__ import annotations

from typing import Annotated

import dagger

UNREAD = [
    ".git",
    ".venv",
    "target",
    "out",
    "pressroom-data",
    ".env",
    "**/__pycache__",
    "**/*.so",
    "**/.*_cache",
    "**/.hypothesis",
    "dagger_pipeline/sdk",
]
"""What a checkout holds beside its source. No step asks git anything: a commit alone changes nothing."""

Source = Annotated[
    dagger.Directory,
    dagger.Doc("The checkout; by default the one this module lies in"),
    dagger.DefaultPath("/"),
    dagger.Ignore(UNREAD),
]
