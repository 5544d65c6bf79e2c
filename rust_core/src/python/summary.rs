//! What designers see of a crunched report, as plain Python objects.

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::scalars::to_python;
use crate::crunch::{Crunched, Others};
use crate::format::NumberFormat;
use crate::value::{Column, Kind, Scalar};

fn list<'py>(py: Python<'py>, values: &[Scalar]) -> PyResult<Bound<'py, PyList>> {
    let values: Vec<_> = values
        .iter()
        .map(|v| to_python(py, v))
        .collect::<PyResult<_>>()?;
    PyList::new(py, values)
}

fn table<'py>(py: Python<'py>, rows: &[Vec<Scalar>]) -> PyResult<Bound<'py, PyList>> {
    let rows: Vec<_> = rows.iter().map(|r| list(py, r)).collect::<PyResult<_>>()?;
    PyList::new(py, rows)
}

/// The longest key of a level as its format shows it; of equal lengths the first.
fn longest_key(crunched: &Crunched, level: usize) -> PyResult<String> {
    let format = NumberFormat::parse(&crunched.plan.groups[level].format)?;
    let (mut longest, mut chars, mut text) = (String::new(), 0, String::new());
    for group in &crunched.levels[level].groups {
        text.clear();
        format.write(group.key.as_value(), &mut text);
        let length = text.chars().count();
        if length > chars {
            chars = length;
            longest.clone_from(&text);
        }
    }
    Ok(longest)
}

fn others<'py>(py: Python<'py>, others: Option<&Others>) -> PyResult<Option<Bound<'py, PyDict>>> {
    let Some(others) = others else {
        return Ok(None);
    };
    let entry = PyDict::new(py);
    entry.set_item("count", others.count)?;
    entry.set_item("values", list(py, &others.values)?)?;
    Ok(Some(entry))
}

/// `Crunched.summary()`: everything but the rows and the groups.
pub(super) fn summary<'py>(py: Python<'py>, crunched: &Crunched) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("rows", crunched.rows)?;
    let columns = PyList::empty(py);
    for (field, stats) in crunched.schema.fields().iter().zip(&crunched.stats) {
        let empty = arrow_array::new_empty_array(field.data_type());
        let kind = Column::new(&empty).map_or(Kind::Null, |column| column.kind());
        let column = PyDict::new(py);
        column.set_item("name", field.name())?;
        column.set_item("type", kind.name())?;
        column.set_item("nulls", stats.nulls)?;
        column.set_item("distinct", stats.distinct)?;
        column.set_item("min", to_python(py, &stats.min)?)?;
        column.set_item("max", to_python(py, &stats.max)?)?;
        column.set_item("max_chars", stats.max_chars)?;
        column.set_item("mean_chars", stats.mean_chars)?;
        column.set_item("longest", &stats.longest)?;
        columns.append(column)?;
    }
    out.set_item("columns", columns)?;
    out.set_item("totals", list(py, &crunched.totals)?)?;
    let levels = PyList::empty(py);
    for (number, level) in crunched.levels.iter().enumerate() {
        let entry = PyDict::new(py);
        entry.set_item("groups", level.groups.len())?;
        let (lowest, highest): (Vec<_>, Vec<_>) = (0..crunched.plan.totals.len())
            .map(|total| level.ends(total))
            .unzip();
        entry.set_item("lowest", list(py, &lowest)?)?;
        entry.set_item("highest", list(py, &highest)?)?;
        entry.set_item("longest", longest_key(crunched, number)?)?;
        let most = level.groups.iter().map(|group| group.rows).max();
        entry.set_item("most_rows", most.unwrap_or(0))?;
        levels.append(entry)?;
    }
    out.set_item("levels", levels)?;

    let crosstabs = PyDict::new(py);
    for (name, crosstab) in &crunched.crosstabs {
        let entry = PyDict::new(py);
        entry.set_item("row_keys", list(py, &crosstab.row_keys)?)?;
        entry.set_item("column_keys", list(py, &crosstab.column_keys)?)?;
        entry.set_item("cells", table(py, &crosstab.cells)?)?;
        entry.set_item("row_totals", list(py, &crosstab.row_totals)?)?;
        entry.set_item("column_totals", list(py, &crosstab.column_totals)?)?;
        entry.set_item("total", to_python(py, &crosstab.total)?)?;
        crosstabs.set_item(name, entry)?;
    }
    out.set_item("crosstabs", crosstabs)?;

    let tops = PyDict::new(py);
    for (name, top) in &crunched.tops {
        let entry = PyDict::new(py);
        entry.set_item("fields", &top.fields)?;
        entry.set_item("rows", table(py, &top.rows)?)?;
        entry.set_item("others", others(py, top.others.as_ref())?)?;
        entry.set_item("total", to_python(py, &top.total)?)?;
        tops.set_item(name, entry)?;
    }
    out.set_item("tops", tops)?;

    let series = PyDict::new(py);
    for (name, points) in &crunched.series {
        let entry = PyList::empty(py);
        for point in points {
            entry.append([to_python(py, &point.x)?, to_python(py, &point.y)?])?;
        }
        series.set_item(name, entry)?;
    }
    out.set_item("series", series)?;
    Ok(out)
}

/// `Crunched.groups(level, limit)`: the first `limit` groups of a level, in row order.
pub(super) fn groups<'py>(
    py: Python<'py>,
    crunched: &Crunched,
    level: usize,
    limit: usize,
) -> PyResult<Bound<'py, PyList>> {
    let levels = crunched.levels.len();
    let level = crunched
        .levels
        .get(level)
        .ok_or_else(|| PyIndexError::new_err(format!("level {level} of {levels}")))?;
    let out = PyList::empty(py);
    for group in level.groups.iter().take(limit) {
        let entry = PyDict::new(py);
        entry.set_item("key", to_python(py, &group.key)?)?;
        entry.set_item("first_row", group.first_row)?;
        entry.set_item("rows", group.rows)?;
        entry.set_item("totals", list(py, &group.totals)?)?;
        out.append(entry)?;
    }
    Ok(out)
}
