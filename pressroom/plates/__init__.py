"""Designing with a specimen: WeasyPrint and XlsxWriter lay out a few rows, the Rust core replays them."""
