//! PDF files as other programs see them: qpdf and poppler judge what the core wrote.
//!
//! Needs qpdf, poppler-utils, fonts-dejavu-core and fonts-inter (`make test` installs them).
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod bench;
mod ledger;
