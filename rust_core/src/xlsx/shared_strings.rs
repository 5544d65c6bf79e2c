//! The shared strings table: texts that many cells repeat are stored once (ECMA-376 Part 1 §18.4.9).

use std::collections::HashMap;

use arrow_array::RecordBatch;
use arrow_schema::DataType;
use foldhash::fast::FixedState;
use rayon::prelude::*;

use super::edit::{Edits, before_end_tag, parse};
use super::escape;
use crate::control::JobControl;
use crate::crunch::Crunched;
use crate::error::{Error, Result};
use crate::value::{Column, Value};

/// Number of a shared string by its text, over the whole file.
pub type Shared<'a> = HashMap<&'a str, u32, FixedState>;

/// The content type of the part.
pub const CONTENT_TYPE: &str =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml";

const EMPTY: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n",
    "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" count=\"0\" uniqueCount=\"0\"></sst>"
);

/// Most different texts a column may have to be shared: Excel holds the table in memory as a whole.
const MAX_DISTINCT: u64 = 65_536;
/// How often a text must come on average for a reference to be worth it.
const MIN_REPEATS: u64 = 4;
const ROWS_PER_CHECK: usize = 65_536;

/// The texts of the spool's columns that are shared, numbered after those of the specimen.
#[derive(Debug)]
pub struct SharedStrings<'a> {
    source: String,
    first: u32,
    references: u64,
    added: Vec<&'a str>,
    numbers: Shared<'a>,
    columns: Vec<bool>,
}

impl<'a> SharedStrings<'a> {
    /// Chooses the columns and numbers their texts in order of first appearance; `source` is the specimen's part.
    ///
    /// # Errors
    /// [`Error::Plate`] for a broken part, [`Error::Data`] for a broken spool, or the control's.
    pub fn new(
        source: Option<String>,
        crunched: &'a Crunched,
        control: &JobControl,
    ) -> Result<Self> {
        let source = source.unwrap_or_else(|| EMPTY.to_owned());
        let (first, references) = {
            let document = parse("shared strings", &source)?;
            let root = document.root_element();
            let items = root.children().filter(|c| c.is_element()).count();
            let count = root.attribute("count").and_then(|c| c.parse().ok());
            (items as u32, count.unwrap_or(items as u64))
        };
        let mut shared = Self {
            source,
            first,
            references,
            added: Vec::new(),
            numbers: Shared::default(),
            columns: (0..crunched.plan.columns.len())
                .map(|column| is_repetitive(crunched, column))
                .collect(),
        };
        if shared.columns.contains(&true) {
            let columns = &shared.columns;
            let found = control.pool().install(|| {
                crunched
                    .batches
                    .par_iter()
                    .enumerate()
                    .map(|(number, batch)| {
                        let texts = texts_of(batch, columns, control)?;
                        crunched.spool.release(number);
                        Ok(texts)
                    })
                    .collect::<Result<Vec<_>>>()
            })?;
            for text in found.into_iter().flatten() {
                let next = shared.first + shared.added.len() as u32;
                if *shared.numbers.entry(text).or_insert(next) == next {
                    shared.added.push(text);
                }
            }
        }
        Ok(shared)
    }

    /// Whether texts of column `column` are shared.
    pub fn has(&self, column: usize) -> bool {
        self.columns[column]
    }

    /// Number of each shared text.
    pub fn numbers(&self) -> &Shared<'a> {
        &self.numbers
    }

    /// Whether the part is needed: the specimen has it, or there are texts to share.
    pub fn is_empty(&self) -> bool {
        self.first == 0 && self.added.is_empty()
    }

    /// The whole part. `more` and `fewer` are references that the written sheets add to and take from the specimen's.
    ///
    /// # Errors
    /// [`Error::Plate`] for a broken part.
    pub fn to_xml(&self, more: u64, fewer: u64) -> Result<Vec<u8>> {
        let document = parse("shared strings", &self.source)?;
        let root = document.root_element();
        let mut edits = Edits::default();
        edits.set(
            root,
            "count",
            &(self.references + more - fewer.min(self.references)).to_string(),
        );
        edits.set(
            root,
            "uniqueCount",
            &(self.first as usize + self.added.len()).to_string(),
        );
        let end = before_end_tag(root).ok_or_else(|| {
            Error::Plate("the specimen's shared strings have no end tag".to_owned())
        })?;
        let mut xml = edits.apply(&self.source, 0..end).into_bytes();
        for text in &self.added {
            xml.extend_from_slice(b"<si>");
            escape::write_t(escape::fit(text).0, &mut xml);
            xml.extend_from_slice(b"</si>");
        }
        xml.extend_from_slice(&self.source.as_bytes()[end..]);
        Ok(xml)
    }
}

fn is_repetitive(crunched: &Crunched, column: usize) -> bool {
    let text = *crunched.schema.field(column).data_type() == DataType::Utf8;
    let distinct = crunched.stats.get(column).and_then(|stats| stats.distinct);
    text && distinct.is_some_and(|d| d <= MAX_DISTINCT && d * MIN_REPEATS <= crunched.rows)
}

/// The different texts of the chosen columns of a batch, in order of first appearance.
fn texts_of<'a>(
    batch: &'a RecordBatch,
    columns: &[bool],
    control: &JobControl,
) -> Result<Vec<&'a str>> {
    let mut found = Vec::new();
    let mut seen = Shared::default();
    let mut add = |text: &'a str| {
        seen.entry(text).or_insert_with(|| {
            found.push(text);
            0
        });
    };
    for (column, _) in columns.iter().enumerate().filter(|(_, shared)| **shared) {
        let cells = Column::new(batch.column(column))?;
        for row in 0..batch.num_rows() {
            if row % ROWS_PER_CHECK == 0 {
                control.check()?;
            }
            if let Value::Text(text) = cells.value(row) {
                add(text);
            }
        }
    }
    Ok(found)
}
