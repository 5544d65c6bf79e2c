"""The SQL's sandbox: what a report's SQL can't reach, whatever it tries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from pressroom.errors import LimitExceeded, QueryFailed
from tests.integration.test_source import dataset, definition, refused, rows, source

if TYPE_CHECKING:
    from pathlib import Path

READS = [
    "FROM read_csv('{secret}')",
    "FROM read_csv_auto('{secret}')",
    "FROM sniff_csv('{secret}')",
    "FROM read_text('{secret}')",
    "FROM read_blob('{secret}')",
    "FROM read_json('{secret}')",
    "FROM read_ndjson_objects('{secret}')",
    "FROM read_parquet('{parquet}')",
    "FROM parquet_scan(['{parquet}'])",
    "FROM parquet_metadata('{parquet}')",
    "FROM parquet_schema('{parquet}')",
    "FROM read_duckdb('{folder}/other.db', table_name = 't')",
    "FROM '{secret}'",
    'FROM "{secret}"',
    "FROM '{parquet}'",
    "FROM '{folder}/spill/../secret.csv'",
    "FROM glob('{folder}/*')",
    "FROM read_csv('file://{secret}')",
    "FROM read_text('/proc/self/environ')",
    "FROM query('FROM read_text(''{secret}'')')",
    "FROM query_table('{secret}')",
    "FROM query_table(['{parquet}'])",
    "FROM read_csv('https://example.org/x.csv')",
    "FROM read_parquet('s3://bucket/x.parquet')",
    "FROM 'https://example.org/x.csv'",
    "SELECT getenv('HOME') AS a",
    "SELECT (SELECT content FROM read_text('{secret}')) AS a",
    "WITH s AS (FROM read_text('{secret}')) SELECT content AS a FROM s",
    "FROM caller",
    "SELECT * FROM sqlite_scan('{folder}/x.db', 't')",
    "SELECT * FROM postgres_scan('', 'public', 't')",
    "SELECT nextval('s') AS a",
    "SELECT write_log('x') AS a FROM read_text('{secret}')",
]
STATEMENTS = [
    "COPY rows TO '{folder}/out.csv'",
    "COPY rows FROM '{secret}'",
    "COPY (SELECT 1) TO '{folder}/out.parquet'",
    "EXPORT DATABASE '{folder}/out'",
    "IMPORT DATABASE '{folder}/out'",
    "ATTACH '{folder}/x.db'",
    "ATTACH ':memory:' AS m",
    "DETACH memory",
    "USE memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "FORCE INSTALL httpfs",
    "UPDATE EXTENSIONS",
    "SET memory_limit = '100GB'",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "SET allowed_paths = ['{secret}']",
    "SET VARIABLE v = 1",
    "RESET memory_limit",
    "PRAGMA database_list",
    "PRAGMA enable_external_access",
    "CALL duckdb_settings()",
    "CALL enable_logging()",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "CREATE TABLE x AS SELECT 1 AS a",
    "CREATE SECRET s (TYPE s3)",
    "CREATE MACRO m() AS 1",
    "DROP TABLE rows",
    "INSERT INTO rows VALUES (1)",
    "UPDATE rows SET a = 2",
    "DELETE FROM rows",
    "MERGE INTO rows USING rows AS o ON true WHEN MATCHED THEN DELETE",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "SELECT 1 AS a; SELECT 2 AS a",
    "SELECT 1 AS a; COPY rows TO '{folder}/out.csv'",
    "WITH x AS (SELECT 1 AS a) SELECT * FROM x; DROP TABLE rows",
    "FROM query('SELECT 1 AS a; DROP TABLE rows')",
    "FROM query('COPY rows TO ''{folder}/out.csv''')",
    "FROM query('ATTACH ''{folder}/x.db''')",
    "FROM query('SET lock_configuration = false')",
    " ",
    "-- nothing",
    ";",
]


@pytest.mark.parametrize("sql", [*READS, *STATEMENTS])
def test_the_sandbox_refuses(tmp_path: Path, sql: str) -> None:
    secret, parquet = tmp_path / "secret.csv", tmp_path / "secret.parquet"
    secret.write_text("a\n42\n", encoding="utf-8")
    duckdb.sql("SELECT 42 AS a").write_parquet(str(parquet))
    # A variable of the program that an open sandbox would find by its name.
    caller = duckdb.sql("SELECT 42 AS a")
    assert caller.columns == ["a"]
    report = definition(sql.format(secret=secret, folder=tmp_path, parquet=parquet))
    error = refused(tmp_path, dataset(tmp_path, "a\n1\n"), report)
    assert isinstance(error, QueryFailed)
    assert "report.yaml: data.sql" in str(error)
    assert "42" not in str(error)
    assert not error.retryable
    assert sorted(p.name for p in tmp_path.iterdir()) == ["rows.csv", "secret.csv", "secret.parquet", "spill"]


def test_no_secret_is_there_to_be_listed(tmp_path: Path) -> None:
    for listed in ("duckdb_secrets()", "which_secret('s3://bucket/x', 's3')"):
        report = definition(f"SELECT count(*) AS a FROM {listed}")
        with source(tmp_path, dataset(tmp_path, "a\n1\n"), report) as opened:
            assert rows(opened) == [(0,)]


def test_files_of_the_job_itself_are_out_of_reach(tmp_path: Path) -> None:
    data = dataset(tmp_path, "a\n1\n")
    (tmp_path / "spill").mkdir()
    (tmp_path / "spill" / "spool.arrow").write_text("42")
    for path in (data.path, tmp_path / "spill" / "spool.arrow"):
        error = refused(tmp_path, data, definition(f"SELECT content AS a FROM read_text('{path}')"))
        assert "42" not in str(error)


def test_more_than_the_memory_limit_is_refused_with_the_setting_to_raise(tmp_path: Path) -> None:
    # An aggregate of one text can't be spilled.
    report = definition("SELECT string_agg(repeat('x', 1000), '') AS a FROM range(10000000)")
    error = refused(tmp_path, dataset(tmp_path, "a\n1\n"), report)
    assert isinstance(error, LimitExceeded)
    assert error.hint
    assert "PRESSROOM_MEMORY_LIMIT_BYTES" in error.hint
