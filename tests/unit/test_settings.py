"""Settings: what the environment says, and that secrets stay secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressroom.settings import Settings

if TYPE_CHECKING:
    import pytest


def test_databases_are_named_one_variable_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSROOM_DATABASES__LEDGER", "postgresql://ada:horse@host/books")
    monkeypatch.setenv("PRESSROOM_DATABASES__OLD_BOOKS", "sqlite:////books.db")
    monkeypatch.setenv("PRESSROOM_DATABASE_URL", "sqlite:///jobs.db")
    monkeypatch.setenv("REDIS_URL", "redis://:horse@broker/0")
    settings = Settings()
    found = {name: url.get_secret_value() for name, url in settings.databases.items()}
    assert found == {"ledger": "postgresql://ada:horse@host/books", "old_books": "sqlite:////books.db"}
    assert settings.database == "sqlite:///jobs.db"
    assert "horse" not in repr(settings)
