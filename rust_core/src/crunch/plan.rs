//! What a report asks of its rows, as plain data made from the definition by `pressroom/plan.py`.

use serde::Deserialize;

use crate::error::{Error, Result};

/// The whole question. `source` names a field of the Arrow stream; indexes count from 0.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Columns of the detail rows, in print order; what is made of other columns stands among them.
    pub columns: Vec<PlanColumn>,
    /// Group levels, outermost first.
    #[serde(default)]
    pub groups: Vec<PlanGroup>,
    /// Totals made for the whole report and for each group of each level.
    #[serde(default)]
    pub totals: Vec<PlanTotal>,
    /// Crosstabs.
    #[serde(default)]
    pub crosstabs: Vec<PlanCrosstab>,
    /// Top-N lists.
    #[serde(default)]
    pub tops: Vec<PlanTop>,
    /// Chart series.
    #[serde(default)]
    pub series: Vec<PlanSeries>,
    /// The report's time zone (IANA name); timestamps with a zone are converted to it.
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// A column of the detail rows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanColumn {
    /// Unique among the columns: the field, or `running:<field>`, `share:<field>`, `rank:<field>`.
    pub name: String,
    /// The field it is read from.
    pub source: String,
    /// Excel number-format code; empty or `General` for the type's default.
    #[serde(default)]
    pub format: String,
    /// Present for a running sum of `source`, which starts again in each whole.
    #[serde(default)]
    pub running: Option<Within>,
    /// Present for the part that `source` is of its whole's sum. Its only total is `sum`: a group's part.
    #[serde(default)]
    pub share: Option<Within>,
    /// Present for the rank of `source` in its whole, 1 for the largest.
    #[serde(default)]
    pub rank: Option<Within>,
}

impl PlanColumn {
    /// Whether it needs every row before the first.
    pub fn is_late(&self) -> bool {
        self.share.is_some() || self.rank.is_some()
    }

    /// What is made of its source, if it is not the field itself, and the whole that it is made in.
    ///
    /// # Errors
    /// [`Error::Plan`] when it is more than one thing.
    pub fn made(&self) -> Result<Option<(&'static str, Within)>> {
        let made = [
            ("a running sum", self.running),
            ("a share", self.share),
            ("a rank", self.rank),
        ];
        let mut made = made
            .into_iter()
            .filter_map(|(what, within)| Some((what, within?)));
        match (made.next(), made.next()) {
            (Some((one, _)), Some((other, _))) => Err(Error::Plan(format!(
                "column {:?} is {one} and {other}",
                self.name
            ))),
            (made, _) => Ok(made),
        }
    }
}

/// A whole that rows stand in.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    /// Each group of this level is one; `None`: all rows are one.
    pub level: Option<usize>,
}

/// A group level.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanGroup {
    /// The field whose changes open and close the level's groups.
    pub source: String,
    /// Number-format code of the key.
    #[serde(default)]
    pub format: String,
}

/// One total of one column.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanTotal {
    /// Index into [`Plan::columns`].
    pub column: usize,
    /// What is made of it.
    pub kind: TotalKind,
    /// The weights of `weighted_avg`: a field.
    #[serde(default)]
    pub by: Option<String>,
}

/// The totals a report can ask for. Nulls never count; NaN counts as null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TotalKind {
    /// Exact for integers and decimals, compensated for floats.
    Sum,
    /// Mean of the values that are there.
    Avg,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// How many values are there.
    Count,
    /// How many different values are there.
    Distinct,
    /// The middle value, or the mean of the two in the middle.
    Median,
    /// 90th percentile, linear between ranks (as SQL's `percentile_cont`).
    P90,
    /// First in row order.
    First,
    /// Last in row order.
    Last,
    /// `sum(value * weight) / sum(weight)` over rows that have both.
    WeightedAvg,
}

impl TotalKind {
    /// The name it has in a definition.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Count => "count",
            Self::Distinct => "distinct",
            Self::Median => "median",
            Self::P90 => "p90",
            Self::First => "first",
            Self::Last => "last",
            Self::WeightedAvg => "weighted_avg",
        }
    }
}

/// A crosstab: one total of `value` for each pair of keys, with totals on both sides.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanCrosstab {
    /// Its name in the definition.
    pub name: String,
    /// Field of the row heads.
    pub rows: String,
    /// Field of the column heads.
    pub columns: String,
    /// Field that is totalled.
    pub value: String,
    /// How.
    pub total: TotalKind,
}

/// The `n` rows with the largest (or smallest) `by`, ties in row order; or the `n` keys with that total of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanTop {
    /// Its name in the definition.
    pub name: String,
    /// Field that ranks.
    pub by: String,
    /// How many rows, or keys.
    pub n: usize,
    /// Smallest first instead.
    #[serde(default)]
    pub ascending: bool,
    /// Present when keys rank instead of rows.
    #[serde(default)]
    pub of: Option<PlanKeys>,
}

/// The keys of a top-N list, and what they rank by.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanKeys {
    /// The field whose values are the keys.
    pub field: String,
    /// How [`PlanTop::by`] is totalled for each.
    pub total: TotalKind,
}

/// A chart's points: one total of `y` for each value of `x`, in the order of `x`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSeries {
    /// Its name in the definition.
    pub name: String,
    /// Field of the axis.
    pub x: String,
    /// Field that is totalled.
    pub y: String,
    /// How.
    pub total: TotalKind,
}

impl Plan {
    /// Reads the JSON that `pressroom/plan.py` writes.
    ///
    /// # Errors
    /// [`Error::Plan`] with serde's line and column.
    pub fn from_json(json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(|e| Error::Plan(format!("the plan can't be read: {e}")))
    }
}
