//! Cell references in A1 notation, and where a specimen's rows stand in the written sheet.
//!
//! ```text
//! specimen                          written sheet
//! rows above      ─────────────▶    the same rows
//! template rows   body  ───────▶    every band of every group and detail row
//!                 grand total ─▶    the rows that close the report (last sheet only)
//! rows below      ─────────────▶    the same rows, shifted (last sheet only)
//! ```

use std::fmt::Write as _;

/// Rows of a worksheet (ECMA-376 leaves it open; Excel's own limit).
pub const MAX_ROWS: u32 = 1_048_576;
/// Columns of a worksheet, `XFD` the last.
pub const MAX_COLUMNS: u32 = 16_384;

/// Letters of column `column`, counted from 0.
pub fn column_letters(column: u32) -> String {
    let mut letters = Vec::with_capacity(3);
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(b'A' + ((rest - 1) % 26) as u8);
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().map(|&b| b as char).collect()
}

/// Row and column, from 0, of a reference such as `B7` or `$B$7`.
pub fn parse_cell(reference: &str) -> Option<(u32, u32)> {
    match Corner::parse(reference)? {
        Corner {
            row: Some(row),
            column: Some(column),
        } => Some((row, column)),
        _ => None,
    }
}

/// One end of a range; whole rows have no column, whole columns no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Corner {
    row: Option<u32>,
    column: Option<u32>,
}

impl Corner {
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('$').unwrap_or(text);
        let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
        let (head, rest) = text.split_at(letters);
        let digits = rest.strip_prefix('$').unwrap_or(rest);
        let column = match head.len() {
            0 => None,
            1..=3 => Some(
                head.bytes()
                    .fold(0, |sum, b| sum * 26 + u32::from(b - b'A') + 1)
                    - 1,
            ),
            _ => return None,
        };
        let row = if digits.is_empty() {
            None
        } else {
            let number: u32 = digits.parse().ok()?;
            Some(number.checked_sub(1)?)
        };
        (row.is_some() || column.is_some()).then_some(Self { row, column })
    }

    fn write(self, absolute: bool, out: &mut String) {
        if let Some(column) = self.column {
            if absolute {
                out.push('$');
            }
            out.push_str(&column_letters(column));
        }
        if let Some(row) = self.row {
            if absolute {
                out.push('$');
            }
            // Writing to a String cannot fail.
            let _ = write!(out, "{}", row + 1);
        }
    }
}

/// Where the specimen's rows of one sheet go. All rows count from 0.
#[derive(Debug, Clone, Copy)]
pub struct RowMap {
    /// First template row, and first row of the body.
    pub first: u32,
    /// Template rows of the body: every band but the grand total.
    pub body_templates: u32,
    /// Template rows of the grand total.
    pub grand_templates: u32,
    /// Rows of the body on this sheet, at least one.
    pub body: u32,
    /// Whether the report ends on this sheet: grand total and rows below stand here.
    pub last: bool,
}

impl RowMap {
    /// Rows of the grand total on this sheet.
    pub fn grand(&self) -> u32 {
        if self.last { self.grand_templates } else { 0 }
    }

    /// First row after body and grand total.
    pub fn below(&self) -> u32 {
        self.first + self.body + self.grand()
    }

    /// First row of the specimen below the template rows.
    pub fn specimen_below(&self) -> u32 {
        self.first + self.body_templates + self.grand_templates
    }

    /// Where a range that starts at specimen row `row` starts; `None`: after the sheet's last row.
    fn start(&self, row: u32) -> Option<u32> {
        if row < self.first {
            Some(row)
        } else if row < self.first + self.body_templates {
            Some(self.first)
        } else if !self.last {
            None
        } else {
            Some(self.shifted(row))
        }
    }

    /// Where a range that ends at specimen row `row` ends.
    fn end(&self, row: u32) -> u32 {
        if row < self.first || row >= MAX_ROWS - 1 {
            row
        } else if row < self.first + self.body_templates || !self.last {
            self.first + self.body - 1
        } else {
            self.shifted(row)
        }
    }

    /// Row of the written sheet of a specimen row after the body, on the last sheet.
    pub fn shifted(&self, row: u32) -> u32 {
        (row - self.body_templates + self.body).min(MAX_ROWS - 1)
    }

    /// A reference (`B7`, `$A$1:$C$9`, `A:C`, `$2:$3`) mapped; `None` when nothing of it is on this sheet.
    ///
    /// # Errors
    /// The reference itself when it is not in A1 notation.
    pub fn map(&self, reference: &str) -> Result<Option<String>, String> {
        let bad = || reference.to_owned();
        let (head, tail) = reference.split_once(':').unwrap_or((reference, reference));
        let mut first = Corner::parse(head).ok_or_else(bad)?;
        let mut last = Corner::parse(tail).ok_or_else(bad)?;
        if let (Some(top), Some(bottom)) = (first.row, last.row) {
            let Some(start) = self.start(top) else {
                return Ok(None);
            };
            first.row = Some(start);
            last.row = Some(self.end(bottom));
        }
        let absolute = reference.contains('$');
        let mut out = String::with_capacity(16);
        first.write(absolute, &mut out);
        if reference.contains(':') || first != last {
            out.push(':');
            last.write(absolute, &mut out);
        }
        Ok(Some(out))
    }

    /// A list of references separated by blanks (`sqref`), mapped; `None` when none is left.
    ///
    /// # Errors
    /// The reference that is not in A1 notation.
    pub fn map_list(&self, list: &str) -> Result<Option<String>, String> {
        let mut kept = Vec::new();
        for reference in list.split_ascii_whitespace() {
            kept.extend(self.map(reference)?);
        }
        Ok((!kept.is_empty()).then(|| kept.join(" ")))
    }
}

/// Moves the relative rows of every reference in `formula` by `delta`; texts and quoted names stay as they are.
///
/// Rules of conditional formats and validations count from the first cell of their range, and move with it.
pub fn shift_rows(formula: &str, delta: i64) -> String {
    let bytes = formula.as_bytes();
    let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'$' | b'_' | b'.');
    let (mut out, mut at) = (String::with_capacity(formula.len() + 4), 0);
    while at < bytes.len() {
        let start = at;
        if matches!(bytes[at], b'"' | b'\'') {
            let close = bytes[at + 1..].iter().position(|b| *b == bytes[start]);
            at = close.map_or(bytes.len(), |length| at + length + 2);
            out.push_str(&formula[start..at]);
        } else if word(&bytes[at]) {
            at += bytes[at..].iter().take_while(|b| word(b)).count();
            let token = &formula[start..at];
            let is_name = matches!(bytes.get(at), Some(b'(' | b'!'));
            match relative_row(token).filter(|_| !is_name) {
                Some((column, row)) => {
                    out.push_str(column);
                    out.push_str(&(row + delta).clamp(1, i64::from(MAX_ROWS)).to_string());
                }
                None => out.push_str(token),
            }
        } else {
            at += bytes[at..]
                .iter()
                .take_while(|b| !word(b) && !matches!(b, b'"' | b'\''))
                .count();
            out.push_str(&formula[start..at]);
        }
    }
    out
}

/// Splits `$B7` or `B7` into column and row; `None` for fixed rows and for anything else.
fn relative_row(token: &str) -> Option<(&str, i64)> {
    let letters = token.strip_prefix('$').unwrap_or(token);
    let count = letters.bytes().take_while(u8::is_ascii_uppercase).count();
    let split = token.len() - letters.len() + count;
    let digits = &token[split..];
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    ((1..=3).contains(&count) && plain)
        .then(|| digits.parse().ok().map(|row| (&token[..split], row)))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(body: u32, last: bool) -> RowMap {
        RowMap {
            first: 3,
            body_templates: 3,
            grand_templates: 1,
            body,
            last,
        }
    }

    #[test]
    fn columns_have_excels_letters() {
        let letters: Vec<_> = [0, 25, 26, 701, 702, 16_383]
            .into_iter()
            .map(column_letters)
            .collect();
        assert_eq!(letters, ["A", "Z", "AA", "ZZ", "AAA", "XFD"]);
        for column in 0..MAX_COLUMNS {
            let cell = format!("{}1", column_letters(column));
            assert_eq!(parse_cell(&cell), Some((0, column)));
        }
    }

    #[test]
    fn ranges_over_template_rows_grow_to_the_body() {
        let map = map(100, true);
        let mapped = |r: &str| map.map(r).unwrap().unwrap();
        assert_eq!(mapped("A3:D4"), "A3:D103", "a filter from the header row");
        assert_eq!(mapped("B4"), "B4:B103", "a template cell");
        assert_eq!(mapped("B5:C6"), "B4:C103", "template rows");
        assert_eq!(mapped("A7:D7"), "A104:D104", "the grand total");
        assert_eq!(mapped("A9"), "A106", "below");
        assert_eq!(mapped("$A$1:$D$7"), "$A$1:$D$104", "a print area");
        assert_eq!(mapped("$3:$3"), "$3:$3", "print titles");
        assert_eq!(mapped("A:C"), "A:C");
        assert_eq!(mapped("A1:A1048576"), "A1:A1048576");
    }

    #[test]
    fn what_stands_after_the_body_is_on_the_last_sheet_only() {
        let map = map(100, false);
        assert_eq!(map.map("A7:D7"), Ok(None));
        assert_eq!(map.map("A9"), Ok(None));
        assert_eq!(map.map("A4:D9").unwrap().unwrap(), "A4:D103");
        assert_eq!(map.map_list("A9 B5").unwrap().unwrap(), "B4:B103");
        assert_eq!(map.map("rubbish"), Err("rubbish".to_owned()));
    }

    #[test]
    fn rules_move_with_the_first_cell_of_their_range() {
        let moved = |formula| shift_rows(formula, -2);
        assert_eq!(moved("$B7&gt;C7*2"), "$B5&gt;C5*2");
        assert_eq!(moved("B$7+$B$7"), "B$7+$B$7");
        assert_eq!(
            moved("AND(A10=\"A10 \",LOG10(A9)=1)"),
            "AND(A8=\"A10 \",LOG10(A7)=1)"
        );
        assert_eq!(moved("'Q1 A5'!A9+Rate2024+é7"), "'Q1 A5'!A7+Rate2024+é7");
    }
}
