//! Soft wrapping (UAX #14), with breaks inside a word that is wider than its box (`overflow-wrap: anywhere`).

use std::borrow::Cow;
use std::ops::Range;

use unicode_linebreak::linebreaks;

use super::shape::{Shaper, combines};
use crate::error::Result;

/// Less than this over the width still fits, em: WeasyPrint makes a column as wide as Pango says its text is, which
/// differs by up to 0.008 pt from the sum of the advances.
pub const SLACK: f64 = 2e-3;

/// Cuts `text` into lines no wider than `width` em; an empty text is one empty line. The ranges leave out the
/// spaces at which a line ends.
///
/// # Errors
/// As [`Shaper::line`].
pub fn wrap(
    shaper: &mut Shaper<'_>,
    style: usize,
    text: &str,
    width: f64,
) -> Result<Vec<Range<usize>>> {
    let whole = 0..text.len();
    if text.len() < 256 && shaper.width(style, text)? <= width + SLACK {
        return Ok(vec![whole]);
    }
    let mut fit = Fit::new(shaper, style, text, 0)?;
    let fits = |advance: f64| advance <= width + SLACK;
    let mut lines = Vec::new();
    let (mut start, mut last) = (0, 0);
    for (stop, _) in linebreaks(text) {
        // Words as long as the line or longer are cut; the rest of the last piece stays open for more words.
        while !fits(fit.advance(start..stop)) {
            if last > start
                && let Some(end) = hyphenated(shaper, style, text, start..last, width)?
            {
                lines.push(fit.trim(start..end));
                start = end;
                last = last.max(start);
                continue;
            }
            let cut = fit.cut(shaper, style, start..stop, width)?;
            if cut >= stop {
                break;
            }
            // A soft hyphen at which a word is cut by force shows nothing.
            let end = text[..cut].strip_suffix(SOFT_HYPHEN).map_or(cut, str::len);
            lines.push(start..end);
            if !fit.whole(cut) {
                fit = Fit::new(shaper, style, text, cut)?;
            }
            (start, last) = (cut, cut.max(last));
        }
        last = stop;
    }
    if start < text.len() || lines.is_empty() {
        lines.push(fit.trim(start..text.len()));
    }
    Ok(lines)
}

/// Where a line ends that would end at `line.end`: there, or at the last soft hyphen for whose hyphen there is room.
/// `None` when there is room for none, as WeasyPrint has it then too.
fn hyphenated(
    shaper: &mut Shaper<'_>,
    style: usize,
    text: &str,
    line: Range<usize>,
    width: f64,
) -> Result<Option<usize>> {
    if !text[line.clone()].ends_with(SOFT_HYPHEN) {
        return Ok(Some(line.end));
    }
    for (at, hyphen) in text[line.clone()].rmatch_indices(SOFT_HYPHEN) {
        let end = line.start + at + hyphen.len();
        if shaper.width(style, &line_text(text, &(line.start..end)))? <= width + SLACK {
            return Ok(Some(end));
        }
    }
    Ok(None)
}

const SOFT_HYPHEN: char = '\u{AD}';

/// The text of line `range`: a soft hyphen at which it was broken shows, as U+2010.
pub fn line_text<'t>(text: &'t str, range: &Range<usize>) -> Cow<'t, str> {
    let line = &text[range.clone()];
    match line.strip_suffix(SOFT_HYPHEN) {
        Some(head) if !matches!(text[range.end..].chars().next(), None | Some(' ')) => {
            Cow::Owned(format!("{head}\u{2010}"))
        }
        _ => Cow::Borrowed(line),
    }
}

/// Advances of a text from some place on.
struct Fit<'t> {
    text: &'t str,
    /// Where a line may be cut: clusters, and the letters of ligatures.
    starts: Vec<usize>,
    /// Which of them are letters inside a ligature.
    inside: Vec<bool>,
    /// Advance of everything before start `i`; one more entry than `starts`.
    sums: Vec<f64>,
}

impl<'t> Fit<'t> {
    fn new(shaper: &mut Shaper<'_>, style: usize, text: &'t str, from: usize) -> Result<Self> {
        let clusters = shaper.clusters(style, &text[from..])?;
        let mut fit = Self {
            text,
            starts: Vec::with_capacity(clusters.len()),
            inside: Vec::with_capacity(clusters.len()),
            sums: Vec::with_capacity(clusters.len() + 1),
        };
        let mut sum = 0.0;
        fit.sums.push(sum);
        for (i, (start, advance)) in clusters.iter().enumerate() {
            let stop = clusters.get(i + 1).map_or(text.len() - from, |next| next.0);
            let cluster = &text[from + start..from + stop];
            // Each character of a cluster has an equal share of it, as Pango has it.
            let share = advance / cluster.chars().count() as f64;
            let mut base = false;
            for (at, c) in cluster.char_indices() {
                let letter = !combines(c);
                if at == 0 || (letter && base) {
                    fit.starts.push(from + start + at);
                    fit.inside.push(at > 0);
                    fit.sums.push(sum);
                }
                base = letter;
                sum += share;
                if let Some(end) = fit.sums.last_mut() {
                    *end = sum;
                }
            }
        }
        Ok(fit)
    }

    fn trim(&self, range: Range<usize>) -> Range<usize> {
        let kept = self.text[range.clone()].trim_end_matches(' ').len();
        range.start..range.start + kept
    }

    fn before(&self, at: usize) -> f64 {
        self.sums[self.starts.partition_point(|start| *start < at)]
    }

    /// Whether a line may start at `at` with the advances that are known.
    fn whole(&self, at: usize) -> bool {
        let place = self.starts.partition_point(|start| *start < at);
        !self.inside.get(place).is_some_and(|inside| *inside)
    }

    /// Width of a line of this text, without the spaces at its end.
    fn advance(&self, range: Range<usize>) -> f64 {
        let range = self.trim(range);
        self.before(range.end) - self.before(range.start)
    }

    /// Where a line of the beginning of `word` must be cut: after as much as fits when it stands by itself, at
    /// least one letter.
    fn cut(
        &self,
        shaper: &mut Shaper<'_>,
        style: usize,
        word: Range<usize>,
        width: f64,
    ) -> Result<usize> {
        let first = self.starts.partition_point(|s| *s < word.start);
        let limit = self.sums[first] + width + SLACK;
        // `sums[i]` is where start i is, so a cut before the last one that fits keeps the line inside; a letter
        // more may fit once a ligature is parted.
        let end = |i: usize| self.starts.get(i).map_or(word.end, |s| (*s).min(word.end));
        let mut cut = self.sums.partition_point(|sum| *sum <= limit);
        while cut > first + 1
            && shaper.width(style, &self.text[word.start..end(cut)])? > width + SLACK
        {
            cut -= 1;
        }
        Ok(end(cut.max(first + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::Style;
    use super::super::shape::installed::with_fallback;
    use super::*;

    fn broken(text: &str, width: f64) -> Vec<String> {
        let (fonts, styles) = (with_fallback(), [Style::new(0, 0.0)]);
        let mut shaper = Shaper::new(&fonts, &styles);
        let lines = wrap(&mut shaper, 0, text, width).expect("a font that shapes");
        let lines: Vec<String> = lines
            .iter()
            .map(|line| line_text(text, line).into_owned())
            .collect();
        for line in &lines {
            let own = shaper.width(0, line).expect("a font that shapes");
            assert!(own <= width + SLACK, "{line:?} is {own} em wide");
        }
        lines
    }

    #[test]
    fn a_long_word_is_cut_inside_a_ligature_where_the_letters_fit() {
        // f, i and fi of DejaVu Sans are .352, .278 and .630 em wide.
        assert_eq!(broken("fififi", 1.0), ["fif", "ifi"]);
        assert_eq!(broken("fififi", 0.64), ["fi", "fi", "fi"]);
        assert_eq!(broken("fi", 0.4), ["f", "i"]);
    }

    #[test]
    fn a_base_and_its_marks_are_never_parted() {
        assert_eq!(
            broken("a\u{301}a\u{301}a\u{354}", 0.7),
            ["a\u{301}", "a\u{301}", "a\u{354}"]
        );
    }

    #[test]
    fn a_line_ends_at_the_last_soft_hyphen_for_which_there_is_room() {
        let text = "in\u{AD}com\u{AD}pre\u{AD}hen";
        let lines = ["in\u{2010}", "com\u{2010}", "pre\u{2010}", "hen"];
        assert_eq!(broken(text, 3.2), lines);
        // Where there is room for no hyphen there is none.
        assert_eq!(broken(text, 2.4), [lines[0], "com", lines[2], lines[3]]);
        assert_eq!(broken(text, 9.0), [text]);
        assert_eq!(broken("com\u{AD} pre", 2.4), ["com\u{AD}", "pre"]);
    }
}
