//! The fields of the stream that a plan uses.

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Schema};

use super::normal::Normal;
use crate::error::{Error, Result};
use crate::value::{Column, Kind};

/// The fields of the stream that the plan names, each normalised once.
#[derive(Debug, Default)]
pub struct Fields {
    used: Vec<UsedField>,
}

#[derive(Debug)]
struct UsedField {
    name: String,
    /// Number in the stream.
    source: usize,
    kind: Kind,
    normal: Normal,
}

impl Fields {
    /// The number of field `name`, which is used from now on.
    ///
    /// # Errors
    /// [`Error::Plan`] when the stream has none of that name, or several; [`Error::Data`] for a type that reports can't print.
    pub fn number(&mut self, name: &str, schema: &Schema, zone: Option<&str>) -> Result<usize> {
        if let Some(number) = self.used.iter().position(|f| f.name == name) {
            return Ok(number);
        }
        let mut found = schema
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| field.name() == name);
        let (source, field) = found.next().ok_or_else(|| {
            let known: Vec<_> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            Error::Plan(format!(
                "unknown field {name:?}; the rows have: {}",
                known.join(", ")
            ))
        })?;
        if found.next().is_some() {
            return Err(Error::Plan(format!(
                "the rows have more than one field {name:?}"
            )));
        }
        let normal = Normal::new(name, field.data_type(), zone)?;
        let kind = Column::new(&arrow_array::new_empty_array(&normal.to))?.kind();
        self.used.push(UsedField {
            name: name.to_owned(),
            source,
            kind,
            normal,
        });
        Ok(self.used.len() - 1)
    }

    /// What kind of values field `number` has.
    pub fn kind(&self, number: usize) -> Kind {
        self.used[number].kind
    }

    /// How many fields there are.
    pub fn count(&self) -> usize {
        self.used.len()
    }

    /// Field `number` of a batch in its spool type.
    ///
    /// # Errors
    /// [`Error::Data`] when a value has no room in that type, or the batch is not as announced.
    pub fn normalised(&self, number: usize, batch: &RecordBatch) -> Result<ArrayRef> {
        let field = &self.used[number];
        let column = batch.columns().get(field.source).ok_or_else(|| {
            Error::Data(format!(
                "a batch of the stream lacks the field {:?}",
                field.name
            ))
        })?;
        field.normal.apply(column)
    }

    /// The type that field `number` has in the spool.
    pub fn data_type(&self, number: usize) -> DataType {
        self.used[number].normal.to.clone()
    }
}
