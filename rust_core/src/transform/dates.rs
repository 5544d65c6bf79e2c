//! Days as the spool counts them, and months that go by.

use chrono::{Datelike, Months, NaiveDate};

/// `NaiveDate::num_days_from_ce` of 1970-01-01.
const EPOCH_CE: i32 = 719_163;

/// Days since 1970-01-01.
pub fn days_since_1970(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - EPOCH_CE
}

/// The day `months` after `start` (days since 1970-01-01): on the same day of the month, or its last where it has
/// none such. `None` past the calendar's end.
pub fn months_later(start: i32, months: u32) -> Option<i32> {
    let start = NaiveDate::from_num_days_from_ce_opt(start.checked_add(EPOCH_CE)?)?;
    start
        .checked_add_months(Months::new(months))
        .map(days_since_1970)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_where_they_have_no_such_day() {
        let day = |y, m, d| days_since_1970(NaiveDate::from_ymd_opt(y, m, d).expect("a date"));
        assert_eq!(months_later(day(2024, 1, 31), 1), Some(day(2024, 2, 29)));
        assert_eq!(months_later(day(2024, 1, 31), 2), Some(day(2024, 3, 31)));
        assert_eq!(months_later(day(2023, 11, 30), 3), Some(day(2024, 2, 29)));
        assert_eq!(months_later(i32::MAX, 1), None);
        assert_eq!(days_since_1970(NaiveDate::default()), 0);
    }
}
