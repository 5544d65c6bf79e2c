"""The rows that every writer gets: a ledger of ten columns, the same rows for the same number, as Parquet."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPANIES = (
    "Aalto,Abendroth,Álvarez,Bianchi,Brâncuși,Castellanos,Çelik,Dąbrowski,Dupont,Eriksen,Ferreira,Fischer,"
    "García,Grønlund,Haddad,Hughes,Ibrahim,Ivanova,Jensen,Johansson,Kaya,Keller,Kovács,Lefèvre,Lindqvist,"
    "López,MacLeod,Marchetti,Møller,Murphy,Nakamura,Novák,O'Brien,Okafor,Papadopoulos,Petrović,Quinn,Rossi,"
    "Sánchez,Schröder,Silva,Šimić,Tanaka,Tóth,Ueda,van Dijk,Vogel,Wagner,Walsh,Weiß,Yılmaz,Zhang,Żukowski"
)
TRADES = (
    "& Sons Ltd,& Cie,Logistics GmbH,Foods Inc.,Textiles S.A.,Marine A/S,Precision Tools AG,Print & Paper,"
    "Pharma plc,Solar Oy,Timber AB,Bakeries,Electronics KK,Garden Centre,Wines SL,Office Supply,Ceramics Srl,"
    "Transport NV,Software Lda,Optics,Steel <EU> BV,Books,Fisheries Ltd,Dairy ApS"
)
CITIES = (
    "Aarhus,Amsterdam,Athens,Barcelona,Belfast,Bergen,Berlin,Bologna,Bordeaux,Brno,Budapest,Cork,Düsseldorf,"
    "Edinburgh,Eindhoven,Gdańsk,Genève,Göteborg,Graz,Hamburg,Helsinki,Innsbruck,İzmir,Kraków,København,Köln,"
    "Leeds,León,Lille,Lisboa,Ljubljana,London,Łódź,Lyon,Madrid,Málaga,Malmö,Milano,München,Napoli,Oslo,Paris,"
    "Porto,Praha,Rīga,Roma,Rotterdam,Sevilla,Sofia,Tallinn,Tampere,Torino,Utrecht,Valencia,Vilnius,Warszawa,"
    "Wien,Zagreb,Zaragoza,Zürich"
)
KINDS = "Invoice,Invoice,Invoice,Invoice,Payment,Payment,Credit note,Reversal,Fee,Transfer"
LABELS = {
    "entry": "Entry",
    "booked": "Booked",
    "account": "Account",
    "customer": "Customer",
    "city": "City",
    "kind": "Kind",
    "memo": "Memo",
    "quantity": "Quantity",
    "price": "Price",
    "amount": "Amount",
}
"""Columns in their order: three integers, four texts of which the memo is unique, two decimals, a date."""

# A digest of the entry's number gives each row its own 128 random bits, whatever version of DuckDB or
# number of threads made it; each column takes other bits of them.
MACROS = """
CREATE MACRO pick(word, skipped, choices) AS ((word >> skipped) & 16777215)::INTEGER % choices;
CREATE MACRO one(word, skipped, list) AS list[1 + pick(word, skipped, len(list)::INTEGER)]
"""
ROWS = """
SELECT
    entry,
    DATE '2016-01-01' + entry // 2600 AS booked,
    1000 + 5 * pick(low, 0, 1400) AS account,
    one(low, 8, $companies) || ' ' || one(low, 16, $trades) AS customer,
    one(low, 24, $cities) AS city,
    one(low, 32, $kinds) AS kind,
    format('Order {:06X}, document {:08d}, {}', pick(high, 0, 16777216), entry, city) AS memo,
    1 + pick(high, 24, 400) AS quantity,
    ((5 + pick(high, 36, 99995)) / 100)::DECIMAL(12, 2) AS price,
    (CASE WHEN kind = 'Invoice' THEN quantity ELSE -quantity END * price)::DECIMAL(12, 2) AS amount
FROM (
    SELECT i::INTEGER AS entry, md5_number_lower(i::VARCHAR) AS low, md5_number_upper(i::VARCHAR) AS high
    FROM range(1, $rows + 1) AS numbers(i)
)
"""
QUERY = "SELECT * REPLACE (price::DOUBLE AS price, amount::DOUBLE AS amount) FROM read_parquet(?)"
BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Dataset:
    """A Parquet file of the ledger's first `rows` rows."""

    path: Path
    rows: int


def made_dataset(rows: int, folder: Path) -> Dataset:
    """The dataset of `rows` rows in `folder`, made when it is not there yet."""
    path = folder / f"ledger-{rows}.parquet"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _write(rows, path)
    return Dataset(path, rows)


def rows_of(parquet: str, entries: range | None = None) -> Iterator[tuple[Any, ...]]:
    """The rows, or those of `entries`, decimals as floats, fetched from DuckDB in batches.

    On one thread: it is not what the others wait for, and each further one holds a row group in memory.
    """
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET enable_progress_bar = false")
        some = "" if entries is None else f" WHERE entry BETWEEN {entries.start} AND {entries.stop - 1}"
        cursor = connection.execute(QUERY + some, [parquet])
        while batch := cursor.fetchmany(BATCH):
            yield from batch


def cache_folder() -> Path:
    """Where datasets are kept from one run to the next, outside the checkout."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "pressroom" / "bench"


def _write(rows: int, path: Path) -> None:
    # Imported here: the contenders' own processes name the columns without paying for this.
    import duckdb

    lists = {"companies": COMPANIES, "trades": TRADES, "cities": CITIES, "kinds": KINDS}
    values = {
        name: "[" + ", ".join(_literal(text) for text in texts.split(",")) + "]"
        for name, texts in lists.items()
    }
    query = ROWS
    for name, value in {**values, "rows": str(rows)}.items():
        query = query.replace(f"${name}", value)
    temporary = path.with_suffix(".tmp")
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(MACROS)
        connection.execute(f"COPY ({query}) TO {_literal(str(temporary))} (FORMAT parquet, COMPRESSION zstd)")
    temporary.replace(path)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
