"""The Rust core: crunches Arrow rows and writes PDF and XLSX, without the GIL."""
