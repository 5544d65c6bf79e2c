//! Totals of everything below each row of a tree.
//!
//! ```text
//! id      parent  amount      depth  position  leaves  nodes  total_amount
//! assets  -            0   ▶      0         1       2      3           150
//! cash    assets     100   ▶      1         2       1      1           100
//! bank    assets      50   ▶      1         3       1      1            50
//! ```
//! `ORDER BY position` is the tree from top to bottom; the rows below one have the positions up to
//! `position + nodes - 1`. A tree is held in memory whole.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, SchemaRef};

use super::fields::{Fields, table};
use super::kernel::{Kernel, Piece, chunked};
use super::number::{Fault, Money, Number, Scale};
use super::plan::{self, Orphans};
use super::sources::{Row, Sources};
use super::tree::{Shape, Tree};
use crate::control::JobControl;
use crate::error::{Error, Result};
use crate::value::Kind;

/// Steps between two looks at the job's control.
const LOOK: usize = 16_384;

/// A tree's rows tied to fields.
pub struct RollUp {
    id: usize,
    parent: usize,
    values: Vec<(Money, Scale)>,
    orphans: Orphans,
    kept: Vec<usize>,
    schema: SchemaRef,
}

/// The rows of a finished tree, and what was made of them.
pub struct Node {
    row: Row,
    depth: u32,
    position: u32,
    leaves: u32,
    nodes: u32,
}

/// Finished trees: their nodes from top to bottom, and the total of each value beside them.
#[derive(Default)]
pub struct Forest {
    nodes: Vec<Node>,
    totals: Vec<Totals>,
}

enum Totals {
    Exact(Vec<i128>),
    Float(Vec<f64>),
}

impl RollUp {
    /// The kernel.
    ///
    /// # Errors
    /// [`Error::Plan`] when fields are not there or hold other values, or when id and parent can't be compared.
    pub fn new(plan: &plan::RollUp, fields: &Fields) -> Result<Self> {
        let id = fields.number("id", &plan.id)?;
        let parent = fields.number("parent", &plan.parent)?;
        if fields.kind(id) != fields.kind(parent) && fields.kind(parent) != Kind::Null {
            let needed = format!(
                "as {:?}, {} values are needed",
                plan.id,
                fields.kind(id).name()
            );
            return Err(fields.unfit("parent", parent, fields.kind(parent), &needed));
        }
        let (mut values, mut names, mut types) = (Vec::new(), Vec::new(), Vec::new());
        for name in &plan.values {
            let field = fields.numeric("values", name)?;
            let scale = fields.scale(&[field]);
            values.push((fields.money(field, scale)?, scale));
            names.push(format!("total_{name}"));
            types.push(match scale {
                Scale::Exact(digits) => i128::data_type(digits),
                Scale::Float => f64::data_type(0),
            });
        }
        let counts = ["depth", "position", "leaves", "nodes"];
        let mut made: Vec<_> = counts.map(|name| (name, DataType::Int64)).into();
        made.extend(names.iter().map(String::as_str).zip(types));
        Ok(Self {
            id,
            parent,
            values,
            orphans: plan.orphans,
            kept: fields.all(),
            schema: table(fields.columns(&fields.all(), ""), &made)?,
        })
    }

    /// The total of `value` at and below each of `rows`, in the order `by_position`.
    fn totals<N: Number>(
        &self,
        value: &Money,
        rows: &[Row],
        by_position: &[u32],
        tree: &Tree,
        sources: &Sources,
        control: &JobControl,
    ) -> Result<Vec<N>> {
        let ids = sources.columns(self.id)?;
        let named = |row: Row, fault: Fault| {
            Error::Data(format!("the row {}: {}", ids.value(row).shown(), fault.0))
        };
        let columns = sources.columns(value.field)?;
        let mut sums = vec![N::Sum::default(); rows.len()];
        for (node, (sum, &row)) in sums.iter_mut().zip(rows).enumerate() {
            if node % LOOK == 0 {
                control.check()?;
            }
            let (column, at) = columns.place(row);
            let own = value
                .read::<N>(column, at)
                .map_err(|fault| named(row, fault))?;
            N::add(sum, own.unwrap_or_default()).map_err(|fault| named(row, fault))?;
        }
        tree.upwards(control, |above, below| {
            let below = sums[below];
            N::merge(&mut sums[above], below).map_err(|fault| named(rows[above], fault))
        })?;
        control.check()?;
        Ok(by_position
            .iter()
            .map(|&node| N::total(sums[node as usize]))
            .collect())
    }

    fn batch(
        &self,
        forest: &Forest,
        range: Range<usize>,
        sources: &Sources,
    ) -> Result<RecordBatch> {
        let nodes = &forest.nodes[range.clone()];
        let rows: Vec<_> = nodes.iter().map(|node| Some(node.row)).collect();
        let mut columns: Vec<ArrayRef> = Vec::new();
        for &field in &self.kept {
            columns.push(sources.gather(field, &rows)?);
        }
        let counts = |count: fn(&Node) -> u32| -> ArrayRef {
            let counts = nodes.iter().map(|node| i64::from(count(node)));
            Arc::new(Int64Array::from_iter_values(counts))
        };
        columns.push(counts(|node| node.depth));
        columns.push(counts(|node| node.position + 1));
        columns.push(counts(|node| node.leaves));
        columns.push(counts(|node| node.nodes));
        for (totals, (_, scale)) in forest.totals.iter().zip(&self.values) {
            let range = range.clone();
            columns.push(match totals {
                Totals::Exact(sums) => {
                    i128::array(sums[range].iter().copied().map(Some), scale.digits())
                }
                Totals::Float(sums) => f64::array(sums[range].iter().copied().map(Some), 0),
            });
        }
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }
}

/// The nodes by their positions.
fn by_position(shape: &Shape) -> Vec<u32> {
    let mut nodes = vec![0; shape.position.len()];
    for (node, &position) in shape.position.iter().enumerate() {
        nodes[position as usize] = node as u32;
    }
    nodes
}

impl Kernel for RollUp {
    type Partition = Vec<Row>;
    type Out = Forest;

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(
        &self,
        tree: &mut Vec<Row>,
        piece: &Piece<'_>,
        rows: Range<usize>,
        _: &mut Forest,
    ) -> Result<()> {
        piece.each(rows, |row| {
            tree.push(piece.sources.row(row));
            Ok(())
        })
    }

    fn close(
        &self,
        rows: Vec<Row>,
        sources: &Sources,
        out: &mut Forest,
        control: &JobControl,
    ) -> Result<()> {
        let (ids, parents) = (sources.columns(self.id)?, sources.columns(self.parent)?);
        let id = |row: usize| ids.value(rows[row]);
        let parent = |row: usize| parents.value(rows[row]);
        let tree = Tree::new(rows.len(), id, parent, self.orphans, control)?;
        let shape = tree.shape(control)?;
        let order = by_position(&shape);
        control.check()?;
        out.nodes.extend(order.iter().map(|&node| {
            let node = node as usize;
            Node {
                row: rows[node],
                depth: shape.depth[node],
                position: shape.position[node],
                leaves: shape.leaves[node],
                nodes: shape.nodes[node],
            }
        }));
        for (number, (value, scale)) in self.values.iter().enumerate() {
            let totals = match scale {
                Scale::Exact(_) => {
                    Totals::Exact(self.totals(value, &rows, &order, &tree, sources, control)?)
                }
                Scale::Float => {
                    Totals::Float(self.totals(value, &rows, &order, &tree, sources, control)?)
                }
            };
            match (out.totals.get_mut(number), totals) {
                (Some(Totals::Exact(all)), Totals::Exact(more)) => all.extend(more),
                (Some(Totals::Float(all)), Totals::Float(more)) => all.extend(more),
                (_, totals) => out.totals.push(totals),
            }
        }
        Ok(())
    }

    fn held<'a>(&self, rows: &'a mut Vec<Row>) -> Vec<&'a mut Row> {
        rows.iter_mut().collect()
    }

    fn batches(
        &self,
        forest: Forest,
        sources: &Sources,
        control: &JobControl,
    ) -> Result<Vec<RecordBatch>> {
        chunked(forest.nodes.len(), control, |range| {
            self.batch(&forest, range, sources)
        })
    }
}
