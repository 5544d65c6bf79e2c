//! What a transform is asked to do, as plain data made from the definition by `pressroom/transforms.py`.

use serde::Deserialize;

use crate::error::{Error, Result};

/// One transform. Names are those of its SQL's columns.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The table it makes, for messages.
    pub name: String,
    /// Rows with the same values here belong together, and stand together in the stream.
    #[serde(default)]
    pub partition: Vec<String>,
    /// The report's time zone (IANA name); timestamps with a zone are converted to it.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// What is made of the rows.
    pub kind: Kind,
}

/// The kinds, each with its own keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// See [`super::running_balance`].
    RunningBalance(RunningBalance),
    /// See [`super::fifo_lots`].
    FifoLots(FifoLots),
    /// See [`super::aging`].
    Aging(Aging),
    /// See [`super::amortise`].
    Amortise(Amortise),
    /// See [`super::roll_up`].
    RollUp(RollUp),
    /// See [`super::reconcile`].
    Reconcile(Reconcile),
}

/// Either `amount`, or `debit` and `credit`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunningBalance {
    /// What is added.
    #[serde(default)]
    pub amount: Option<String>,
    /// What is added.
    #[serde(default)]
    pub debit: Option<String>,
    /// What is taken off.
    #[serde(default)]
    pub credit: Option<String>,
    /// Its value in a partition's first row is the balance before that row.
    #[serde(default)]
    pub opening: Option<String>,
}

/// Purchases and sales.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FifoLots {
    /// Bought where positive, sold where negative.
    pub quantity: String,
    /// Price of one.
    pub price: String,
    /// Raises the cost of a purchase, lowers the proceeds of a sale.
    #[serde(default)]
    pub fee: Option<String>,
    /// The day of the trade, for the days that a lot was held.
    #[serde(default)]
    pub date: Option<String>,
    /// Which lot a sale takes.
    pub method: Method,
    /// What a sale without lots is.
    pub short: Short,
}

/// Which lot a sale takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The oldest.
    Fifo,
    /// The newest.
    Lifo,
    /// All lots are one, at their average cost.
    Average,
}

/// What a sale without lots is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Short {
    /// An error that names the row.
    Error,
    /// A sale of what cost nothing.
    ZeroCost,
    /// A short position, which later purchases cover.
    Open,
}

/// Open items at a day.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aging {
    /// The day, `yyyy-mm-dd`.
    pub as_of: String,
    /// The day an item is due.
    pub due: String,
    /// An item where positive, a payment where negative.
    pub amount: String,
    /// Last day overdue of each bucket but the last, rising.
    pub buckets: Vec<i64>,
    /// A name for each bucket: one more than `buckets`.
    pub labels: Vec<String>,
    /// The name of payments that no item has used up.
    pub unapplied: String,
    /// Payments settle the oldest items of their partition.
    pub allocate: bool,
}

/// A loan per row.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amortise {
    /// What is lent.
    pub principal: String,
    /// Interest of a year: 0.05 is five per cent.
    pub rate: String,
    /// Number of payments.
    pub term: String,
    /// The day from which interest runs; the first payment is due one period later.
    pub start: String,
    /// Payments in a year.
    pub payments_a_year: u32,
    /// How the principal is repaid.
    pub method: Repayment,
    /// Digits after the point that payments are rounded to.
    pub decimals: i8,
    /// How ties are rounded.
    pub rounding: Rounding,
}

/// How the principal is repaid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repayment {
    /// In equal payments, of which ever more is principal.
    Annuity,
    /// In equal parts, beside the interest.
    Linear,
    /// With the last payment.
    Bullet,
}

/// Where a half goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the even neighbour.
    HalfEven,
    /// Away from zero.
    HalfUp,
}

/// A tree given as child and parent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollUp {
    /// Unique in the partition.
    pub id: String,
    /// The id of the row above; none at a root.
    pub parent: String,
    /// Fields that are totalled.
    pub values: Vec<String>,
    /// What a row is whose parent is not there.
    pub orphans: Orphans,
}

/// What a row is whose parent is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orphans {
    /// An error that names the row.
    Error,
    /// A root.
    Root,
}

/// Two ledgers, one below the other; the partition is the key that matched rows share.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconcile {
    /// The field that tells the ledgers apart.
    pub side: String,
    /// Its values: left, right.
    pub sides: [String; 2],
    /// The day of a row.
    pub date: String,
    /// What it is about.
    pub amount: String,
    /// By how much the amounts of a match may differ, a decimal.
    pub amount_tolerance: String,
    /// By how many days the dates of a match may differ.
    pub date_tolerance: u32,
}

impl Plan {
    /// Reads the JSON that `pressroom/transforms.py` writes.
    ///
    /// # Errors
    /// [`Error::Plan`] with serde's line and column.
    pub fn from_json(json: &str) -> Result<Self> {
        serde_json::from_str(json)
            .map_err(|e| Error::Plan(format!("the transform's plan can't be read: {e}")))
    }
}
