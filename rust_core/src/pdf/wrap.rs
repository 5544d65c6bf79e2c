//! Soft wrapping (UAX #14), with breaks inside a word that is wider than its box (`overflow-wrap: anywhere`).

use std::borrow::Cow;
use std::ops::Range;

use unicode_linebreak::linebreaks;

use super::shape::Shaper;
use crate::error::Result;

/// Less than this over the width still fits, em: WeasyPrint makes a column as wide as Pango says its text is, which
/// differs by up to 0.008 pt from the sum of the advances.
const SLACK: f64 = 2e-3;

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
    let fit = Fit::new(text, &shaper.clusters(style, text)?, width);
    let mut lines = Vec::new();
    let (mut start, mut last) = (0, 0);
    for (stop, _) in linebreaks(text) {
        // Words as long as the line or longer are cut; the rest of the last piece stays open for more words.
        while fit.advance(start..stop) > width + SLACK {
            if last > start {
                lines.push(fit.trim(start..last));
                start = last;
            } else {
                let cut = fit.cut(start, stop);
                if cut >= stop {
                    break;
                }
                lines.push(start..cut);
                (start, last) = (cut, cut);
            }
        }
        last = stop;
    }
    if start < text.len() || lines.is_empty() {
        lines.push(fit.trim(start..text.len()));
    }
    Ok(lines)
}

/// The text of line `range`: a soft hyphen at which it was broken shows.
pub fn line_text<'t>(text: &'t str, range: &Range<usize>) -> Cow<'t, str> {
    let line = &text[range.clone()];
    match line.strip_suffix('\u{AD}') {
        Some(head) if range.end < text.len() => Cow::Owned(format!("{head}-")),
        _ => Cow::Borrowed(line),
    }
}

struct Fit<'t> {
    text: &'t str,
    /// Where each cluster starts.
    starts: Vec<usize>,
    /// Advance of everything before cluster `i`; one more entry than `starts`.
    sums: Vec<f64>,
    width: f64,
}

impl<'t> Fit<'t> {
    fn new(text: &'t str, clusters: &[(usize, f64)], width: f64) -> Self {
        let mut sums = Vec::with_capacity(clusters.len() + 1);
        let mut sum = 0.0;
        sums.push(sum);
        for (_, advance) in clusters {
            sum += advance;
            sums.push(sum);
        }
        Self {
            text,
            starts: clusters.iter().map(|(start, _)| *start).collect(),
            sums,
            width,
        }
    }

    fn trim(&self, range: Range<usize>) -> Range<usize> {
        let kept = self.text[range.clone()].trim_end_matches(' ').len();
        range.start..range.start + kept
    }

    fn before(&self, at: usize) -> f64 {
        self.sums[self.starts.partition_point(|start| *start < at)]
    }

    /// Width of a line of this text, without the spaces at its end.
    fn advance(&self, range: Range<usize>) -> f64 {
        let range = self.trim(range);
        self.before(range.end) - self.before(range.start)
    }

    /// Where a line that starts at `start` must be cut: after as many clusters as fit, at least one.
    fn cut(&self, start: usize, stop: usize) -> usize {
        let first = self.starts.partition_point(|s| *s < start);
        let limit = self.sums[first] + self.width + SLACK;
        // `sums[i]` is where cluster i starts, so a cut before the last start that fits keeps the line inside.
        let fitting = self.sums.partition_point(|sum| *sum <= limit) - 1;
        let cut = fitting.max(first + 1);
        self.starts.get(cut).copied().unwrap_or(stop).min(stop)
    }
}
