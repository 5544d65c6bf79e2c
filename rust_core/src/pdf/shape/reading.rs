//! What glyphs say to who reads the file: characters of the `cmap`, or a text that is noted for `ToUnicode`.

use super::super::fonts::FontFile;
use super::items::{Item, default_ignorable};
use super::line::Glyph;
use super::used::Used;

/// What the glyphs of an item say.
#[derive(Debug, Default)]
pub struct Reading {
    /// Clusters whose glyphs do not say their text by themselves: where they start, and the text.
    pub unread: Vec<(usize, Box<str>)>,
    /// Glyphs that are the font's box.
    pub missing: u32,
}

/// Notes in `used` the glyphs of `item`, which are of file `number`, and what they say.
///
/// Readers turn round what stands from right to left, letter by letter, an `ActualText` too: there it serves for
/// single characters only.
pub fn read(
    text: &str,
    item: &Item,
    glyphs: &[Glyph],
    (number, file): (usize, &FontFile),
    used: &mut Used,
) -> Reading {
    let heard = |glyph: &Glyph| {
        let said = file.unicode.get(usize::from(glyph.id)).copied();
        said.filter(|c| *c != '\0')
    };
    let mut reading = Reading::default();
    let rtl = item.level.is_rtl();
    let mut clusters = glyphs
        .chunk_by(|one, next| one.cluster == next.cluster)
        .peekable();
    // Clusters follow one another as the text does, from either side.
    let mut right = item.text.end;
    while let Some(cluster) = clusters.next() {
        let start = cluster[0].cluster;
        let stop = match clusters.peek() {
            _ if rtl => std::mem::replace(&mut right, start),
            Some(next) => next[0].cluster,
            None => item.text.end,
        };
        let said = &text[start..stop.max(start)];
        let boxes = cluster.iter().filter(|g| g.id == 0).count();
        if boxes > 0 {
            let lacks = |c: &char| !default_ignorable(*c) && !file.has(*c);
            used.missing.extend(said.chars().filter(lacks));
            reading.missing += boxes as u32;
        }
        let alone = match cluster {
            [glyph] => heard(glyph),
            _ => None,
        };
        let reads = match alone {
            Some(c) => {
                used.note(number, cluster[0].id, None);
                reads_as(c, said)
            }
            None => {
                let note =
                    |glyph, text: Option<&str>| used.note(number, glyph, text.map(Into::into));
                spoken(cluster, said, heard, note) == said
            }
        };
        let single = said.chars().nth(1).is_none();
        if (boxes > 0 || !(reads || rtl)) && (single || !rtl) {
            reading.unread.push((start, said.into()));
        }
    }
    reading
}

/// What the glyphs of a cluster say one after the other. What the others don't say of `said` is left to the one that
/// says nothing by itself; `note` hears of each.
fn spoken(
    cluster: &[Glyph],
    said: &str,
    heard: impl Fn(&Glyph) -> Option<char>,
    mut note: impl FnMut(u16, Option<&str>),
) -> String {
    let mut left = said.to_owned();
    let mut silent = 0;
    for glyph in cluster {
        match heard(glyph) {
            Some(c) => drop(left.find(c).map(|at| left.remove(at))),
            None => silent += 1,
        }
    }
    let mut spoken = String::new();
    for glyph in cluster {
        let rest = (glyph.id != 0 && silent == 1 && !left.is_empty()).then_some(left.as_str());
        match heard(glyph) {
            Some(c) => {
                note(glyph.id, None);
                spoken.push(c);
            }
            None => {
                note(glyph.id, rest);
                spoken.push_str(rest.unwrap_or_default());
            }
        }
    }
    spoken
}

/// Whether a glyph that says `heard` may stand for `said`: white space reads as a space, and `é` as e and its accent.
fn reads_as(heard: char, said: &str) -> bool {
    let mut chars = said.chars().filter(|c| !default_ignorable(*c));
    match (chars.next(), chars.next()) {
        (Some(c), None) => c == heard || (heard == ' ' && c.is_whitespace()),
        (Some(_), Some(_)) => {
            let mut said: Vec<char> = said.chars().collect();
            compose(&mut said);
            said == [heard]
        }
        _ => false,
    }
}

/// Joins each character with those after it that it composes with.
fn compose(text: &mut Vec<char>) {
    let pair = |a: char, b: char| {
        let one = harfrust::unicode::compose(u32::from(a), u32::from(b))?;
        char::from_u32(one)
    };
    while let Some((at, one)) = (1..text.len()).find_map(|i| Some((i, pair(text[i - 1], text[i])?)))
    {
        text[at - 1] = one;
        text.remove(at);
    }
}
