//! The columns of a transform's SQL: found by name, in the types of the spool.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions, new_empty_array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::number::{Money, Scale};
use crate::crunch::normal::Normal;
use crate::error::{Error, Result};
use crate::value::{Column, Kind, Scalar};

/// The columns of the stream.
#[derive(Debug)]
pub struct Fields {
    schema: SchemaRef,
    kinds: Vec<Kind>,
    normals: Vec<Normal>,
    /// Numbers of the fields whose values make a partition.
    pub partition: Vec<usize>,
}

impl Fields {
    /// The fields of `schema`; `zone` is the report's, if it has one.
    ///
    /// # Errors
    /// [`Error::Data`] for a type that a report can't print, [`Error::Plan`] for an unknown field or zone.
    pub fn new(schema: &Schema, partition: &[String], zone: Option<&str>) -> Result<Self> {
        let (mut fields, mut kinds, mut normals) = (Vec::new(), Vec::new(), Vec::new());
        for field in schema.fields() {
            let normal = Normal::new(field.name(), field.data_type(), zone)?;
            kinds.push(Column::new(&new_empty_array(&normal.to))?.kind());
            fields.push(Field::new(field.name(), normal.to.clone(), true));
            normals.push(normal);
        }
        let mut fields = Self {
            schema: Arc::new(Schema::new(fields)),
            kinds,
            normals,
            partition: Vec::new(),
        };
        fields.partition = partition
            .iter()
            .map(|name| fields.number("partition", name))
            .collect::<Result<_>>()?;
        Ok(fields)
    }

    /// Name of field `number`.
    pub fn name(&self, number: usize) -> &str {
        self.schema.field(number).name()
    }

    /// What kind of values field `number` holds.
    pub fn kind(&self, number: usize) -> Kind {
        self.kinds[number]
    }

    /// The number of field `name`, which the plan has under `key`.
    ///
    /// # Errors
    /// [`Error::Plan`] when it is not there, with the fields there are.
    pub fn number(&self, key: &str, name: &str) -> Result<usize> {
        self.schema.index_of(name).map_err(|_| {
            let known: Vec<_> = self
                .schema
                .fields()
                .iter()
                .map(|f| f.name().as_str())
                .collect();
            Error::Plan(format!(
                "{key}: unknown field {name:?}; its SQL gives: {}",
                known.join(", ")
            ))
        })
    }

    /// As [`Fields::number`], of a field that holds numbers.
    ///
    /// # Errors
    /// [`Error::Plan`] also for other values.
    pub fn numeric(&self, key: &str, name: &str) -> Result<usize> {
        let number = self.number(key, name)?;
        match self.kinds[number] {
            Kind::Int | Kind::Decimal(_) | Kind::Float | Kind::Null => Ok(number),
            other => Err(self.unfit(key, number, other, "numbers are needed")),
        }
    }

    /// As [`Fields::number`], of a field that holds dates or timestamps.
    ///
    /// # Errors
    /// [`Error::Plan`] also for other values.
    pub fn date(&self, key: &str, name: &str) -> Result<usize> {
        let number = self.number(key, name)?;
        match self.kinds[number] {
            Kind::Date | Kind::Timestamp | Kind::Null => Ok(number),
            other => Err(self.unfit(key, number, other, "dates are needed")),
        }
    }

    /// Says that field `number` does not do for `key`.
    pub fn unfit(&self, key: &str, number: usize, kind: Kind, needed: &str) -> Error {
        Error::Plan(format!(
            "{key}: field {:?} holds {} values; {needed}: cast it in the SQL",
            self.name(number),
            kind.name()
        ))
    }

    /// What all of `numbers` can be counted in without loss: floats as soon as one of them is a float.
    pub fn scale(&self, numbers: &[usize]) -> Scale {
        let mut widest = 0;
        for &number in numbers {
            match self.kinds[number] {
                Kind::Float => return Scale::Float,
                Kind::Decimal(scale) => widest = widest.max(scale),
                _ => {}
            }
        }
        Scale::Exact(widest)
    }

    /// Digits after the point that field `number` has.
    pub fn digits(&self, number: usize) -> i8 {
        match self.kinds[number] {
            Kind::Decimal(scale) => scale,
            _ => 0,
        }
    }

    /// How field `number` is read in `scale`.
    ///
    /// # Errors
    /// [`Error::Plan`] when `scale` leaves it no digits before the point.
    pub fn money(&self, number: usize, scale: Scale) -> Result<Money> {
        Money::new(number, self.digits(number), scale).ok_or_else(|| {
            Error::Plan(format!(
                "field {:?} needs more than 38 digits; cast it to a decimal of fewer in the SQL",
                self.name(number)
            ))
        })
    }

    /// A batch of the stream in the types of the spool.
    ///
    /// # Errors
    /// [`Error::Data`] when a value has no room in its type, or the batch is not as announced.
    pub fn normalised(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let columns = batch.columns().iter().zip(&self.normals);
        let columns = columns
            .map(|(column, normal)| normal.apply(column))
            .collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(
            self.schema.clone(),
            columns,
            &options,
        )?)
    }

    /// The partition whose rows have these values, for messages: `account "A", day 2024-01-31`.
    pub fn named(&self, key: &[Scalar]) -> String {
        let values = self.partition.iter().zip(key);
        let parts: Vec<_> = values
            .map(|(&field, value)| format!("{} {}", self.name(field), value.as_value().shown()))
            .collect();
        parts.join(", ")
    }

    /// Every field, as columns of the table that is made.
    pub fn all(&self) -> Vec<usize> {
        (0..self.kinds.len()).collect()
    }

    /// The fields but those of the partition and `used`, which become columns of the table that is made.
    pub fn others(&self, used: &[usize]) -> Vec<usize> {
        let taken = |number: &usize| self.partition.contains(number) || used.contains(number);
        self.all().into_iter().filter(|n| !taken(n)).collect()
    }

    /// Columns `numbers` under their names after `prefix`.
    pub fn columns(&self, numbers: &[usize], prefix: &str) -> Vec<Field> {
        let field = |&number: &usize| {
            let name = format!("{prefix}{}", self.name(number));
            Field::new(name, self.schema.field(number).data_type().clone(), true)
        };
        numbers.iter().map(field).collect()
    }
}

/// The schema of the table that is made: columns `kept` of the SQL, then those that are `made`.
///
/// # Errors
/// [`Error::Plan`] when two have one name, which SQL compares without regard to case.
pub fn table(kept: Vec<Field>, made: &[(&str, DataType)]) -> Result<SchemaRef> {
    let mut fields = kept;
    fields.extend(
        made.iter()
            .map(|(name, kind)| Field::new(*name, kind.clone(), true)),
    );
    for (i, field) in fields.iter().enumerate() {
        let name = field.name().to_lowercase();
        if fields[..i]
            .iter()
            .any(|before| before.name().to_lowercase() == name)
        {
            return Err(Error::Plan(format!(
                "makes a column {:?}, and its SQL gives one of that name; rename it there with AS",
                field.name()
            )));
        }
    }
    Ok(Arc::new(Schema::new(fields)))
}
