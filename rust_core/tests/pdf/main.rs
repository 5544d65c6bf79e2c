//! PDF files as other programs see them: qpdf and poppler judge what the core wrote.
//!
//! Needs qpdf, poppler-utils, fontconfig, fonts-dejavu-core and fonts-inter (`make test` installs them).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod breaks;
mod failures;
mod ledger;
mod pages;
mod rules;
mod texts;
