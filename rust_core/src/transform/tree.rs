//! A tree given as child and parent: found without recursion, so that any depth is possible.
//!
//! ```text
//! id parent    up    leaves first     position (parents first, siblings in row order)
//! a  -         -     c d b e a        a 1
//! b  a         a                        b 2   c 3   d 4
//! c  b         b                        e 5
//! ```

use rayon::prelude::*;

use super::ids::Ids;
use super::plan::Orphans;
use crate::control::JobControl;
use crate::error::{Error, Result};
use crate::value::Value;

/// Steps between two looks at the job's control.
const LOOK: usize = 16_384;
/// Nobody is above a root.
const NONE: u32 = u32::MAX;
/// Ids of a cycle that an error names.
const NAMED: usize = 12;

/// A forest of `rows` nodes, numbered as their rows are.
pub struct Tree {
    /// The node above each; [`NONE`] above a root.
    up: Vec<u32>,
    /// Every node after all that are below it.
    leaves_first: Vec<u32>,
}

/// What each node is in the tree, by node.
pub struct Shape {
    /// Nodes above it.
    pub depth: Vec<u32>,
    /// Its place, from 0, in an order where parents come before their children and siblings keep row order.
    pub position: Vec<u32>,
    /// Nodes below it without children; a leaf has one: itself.
    pub leaves: Vec<u32>,
    /// Nodes at and below it.
    pub nodes: Vec<u32>,
}

impl Tree {
    /// The tree of `rows` nodes with these ids and parents.
    ///
    /// # Errors
    /// [`Error::Data`] for a missing or repeated id, a parent that is not there, and a cycle, which is named;
    /// [`Error::Limit`] for more than 2^32 - 1 rows.
    pub fn new<'a>(
        rows: usize,
        id: impl Fn(usize) -> Value<'a> + Sync,
        parent: impl Fn(usize) -> Value<'a> + Sync,
        orphans: Orphans,
        control: &JobControl,
    ) -> Result<Self> {
        if rows >= NONE as usize {
            return Err(Error::Limit(format!(
                "a tree of {rows} rows; fewer than {NONE} are possible"
            )));
        }
        let ids = Ids::new(rows, &id, control)?;
        let mut up = vec![NONE; rows];
        let chunks = up.par_chunks_mut(LOOK).enumerate();
        let found: Vec<Result<()>> = chunks
            .map(|(number, chunk)| {
                control.check()?;
                for (row, up) in (number * LOOK..).zip(chunk) {
                    let above = parent(row);
                    if above == Value::Null {
                        continue;
                    }
                    match ids.find(above, &id) {
                        Some(node) => *up = node,
                        None if orphans == Orphans::Root => {}
                        None => {
                            return Err(Error::Data(format!(
                                "the parent {} of {} is not there; correct the rows, or say orphans: root",
                                above.shown(),
                                id(row).shown()
                            )));
                        }
                    }
                }
                Ok(())
            })
            .collect();
        found.into_iter().collect::<Result<()>>()?;
        let leaves_first = leaves_first(&up, control)?;
        if leaves_first.len() < rows {
            return Err(cycle(&up, &leaves_first, id));
        }
        Ok(Self { up, leaves_first })
    }

    /// Calls `add(above, below)` for each node that has one above it, after all calls that add to `below`.
    ///
    /// # Errors
    /// Those of `add`; [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
    pub fn upwards(
        &self,
        control: &JobControl,
        mut add: impl FnMut(usize, usize) -> Result<()>,
    ) -> Result<()> {
        for nodes in self.leaves_first.chunks(LOOK) {
            control.check()?;
            for &node in nodes {
                let above = self.up[node as usize];
                if above != NONE {
                    add(above as usize, node as usize)?;
                }
            }
        }
        Ok(())
    }

    /// What each node is.
    ///
    /// # Errors
    /// [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
    pub fn shape(&self, control: &JobControl) -> Result<Shape> {
        let rows = self.up.len();
        let (mut nodes, mut leaves) = (vec![1u32; rows], vec![0u32; rows]);
        self.upwards(control, |above, below| {
            leaves[below] = leaves[below].max(1);
            nodes[above] += nodes[below];
            leaves[above] += leaves[below];
            Ok(())
        })?;
        // A root alone was below nobody.
        leaves
            .iter_mut()
            .for_each(|leaves| *leaves = (*leaves).max(1));
        // Where each starts among those below its parent, or among the roots.
        let mut taken = vec![0u32; rows];
        let mut position = vec![0u32; rows];
        let mut roots = 0;
        for (node, &above) in self.up.iter().enumerate() {
            if node % LOOK == 0 {
                control.check()?;
            }
            let taken = taken.get_mut(above as usize).unwrap_or(&mut roots);
            position[node] = *taken;
            *taken += nodes[node];
        }
        let mut depth = vec![0u32; rows];
        for chunk in self.leaves_first.rchunks(LOOK) {
            control.check()?;
            for &node in chunk.iter().rev() {
                let (node, above) = (node as usize, self.up[node as usize] as usize);
                if above < rows {
                    depth[node] = depth[above] + 1;
                    position[node] += position[above] + 1;
                }
            }
        }
        Ok(Shape {
            depth,
            position,
            leaves,
            nodes,
        })
    }
}

/// Nodes in an order where each comes after all that are below it; those of cycles are left out.
fn leaves_first(up: &[u32], control: &JobControl) -> Result<Vec<u32>> {
    let mut below = vec![0u32; up.len()];
    for (node, &above) in up.iter().enumerate() {
        if node % LOOK == 0 {
            control.check()?;
        }
        if let Some(below) = below.get_mut(above as usize) {
            *below += 1;
        }
    }
    let mut order: Vec<u32> = Vec::with_capacity(up.len());
    order.extend((0..up.len() as u32).filter(|&node| below[node as usize] == 0));
    let mut next = 0;
    while let Some(&node) = order.get(next) {
        if next % LOOK == 0 {
            control.check()?;
        }
        next += 1;
        let above = up[node as usize];
        if let Some(left) = below.get_mut(above as usize) {
            *left -= 1;
            if *left == 0 {
                order.push(above);
            }
        }
    }
    Ok(order)
}

/// Names the cycle that the first of the nodes that are on one belongs to.
fn cycle<'a>(up: &[u32], sound: &[u32], id: impl Fn(usize) -> Value<'a>) -> Error {
    let mut on_cycle = vec![true; up.len()];
    for &node in sound {
        on_cycle[node as usize] = false;
    }
    let first = on_cycle.iter().position(|&on| on).unwrap_or_default();
    let mut nodes = vec![first];
    let mut node = up[first] as usize;
    while node != first {
        nodes.push(node);
        node = up[node] as usize;
    }
    let mut names: Vec<_> = nodes
        .iter()
        .take(NAMED)
        .map(|&node| id(node).shown())
        .collect();
    if nodes.len() > NAMED {
        names.push(format!("… ({} in all)", nodes.len()));
    }
    names.push(id(first).shown());
    Error::Data(format!(
        "a cycle: each is below the next: {}",
        names.join(" → ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(parents: &[i128]) -> Result<Tree> {
        let parent = |row: usize| match parents[row] {
            -1 => Value::Null,
            parent => Value::Int(parent),
        };
        let id = |row| Value::Int(row as i128);
        Tree::new(
            parents.len(),
            id,
            parent,
            Orphans::Error,
            &JobControl::new(1, None),
        )
    }

    #[test]
    fn parents_come_before_their_children_and_siblings_keep_their_order() {
        let control = JobControl::new(1, None);
        let shape = tree(&[2, -1, -1, 2, 0])
            .expect("a forest")
            .shape(&control)
            .expect("a shape");
        assert_eq!(shape.position, [2, 0, 1, 4, 3]);
        assert_eq!(shape.depth, [1, 0, 0, 1, 2]);
        assert_eq!(shape.nodes, [2, 1, 4, 1, 1]);
        assert_eq!(shape.leaves, [1, 1, 2, 1, 1]);
    }

    #[test]
    fn a_chain_of_any_depth_needs_no_stack() {
        let control = JobControl::new(1, None);
        let parents: Vec<i128> = (-1..300_000).collect();
        let shape = tree(&parents)
            .expect("a chain")
            .shape(&control)
            .expect("a shape");
        assert_eq!(shape.depth.last(), Some(&300_000));
    }

    #[test]
    fn a_cycle_names_its_rows() {
        let error = tree(&[-1, 2, 3, 1, 1]).err().expect("a cycle").to_string();
        assert_eq!(error, "a cycle: each is below the next: 1 → 2 → 3 → 1");
        assert!(tree(&[0]).is_err());
    }
}
