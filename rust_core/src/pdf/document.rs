//! The whole file.
//!
//! ```text
//! furniture and column heads │ pages before │ runs of 64 pages ... │ pages after │ fonts, tree, outline, catalog
//! ```
//! Object numbers are given out before anything is drawn, so threads share nothing and each byte is written once.

use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use super::content::{push_pt, push_string, push_text_string};
use super::design::Design;
use super::draw::{Drawn, Frame, Numbers, Painter, RUN, Tally, page_object};
use super::embed::embed;
use super::file::{PdfFile, push_ref};
use super::import::Import;
use super::outline::{self, Entry, Target};
use super::paginate::Pagination;
use super::plate::PagePlate;
use super::rows::Rows;
use super::text::collapse;
use super::tree::{self, PageTree};
use crate::control::JobControl;
use crate::crunch::Crunched;
use crate::error::{Error, Result};
use crate::in_order::in_order;
use crate::written::Written;

/// Characters without a glyph that a warning names.
const NAMED: usize = 10;
/// Pages of [`Surroundings`] that stand for the table's.
const STAND_INS: u64 = 2;

/// WeasyPrint's pages around a table: those before it, its first page and the next, those after it.
///
/// The two in the middle are not printed; they carry what leads to and from the pages that stand for them: links and
/// bookmarks.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The PDF.
    pub pdf: &'a [u8],
    /// How many of its pages come before the table.
    pub before: u64,
}

/// Writes the report to `path`: the pages before the table, the table broken as `pages` says, the pages after it.
///
/// On any error the partial file is removed. Same bytes for any number of threads.
///
/// # Errors
/// [`Error::Plate`] for a design or a font that can not be replayed; [`Error::Cancelled`],
/// [`Error::DeadlineExceeded`]; [`Error::DiskFull`], [`Error::Io`]; [`Error::Limit`].
pub fn write_pdf(
    crunched: &Crunched,
    plate: &PagePlate,
    pages: &Pagination,
    path: &Path,
    control: &JobControl,
    surroundings: Option<Surroundings<'_>>,
) -> Result<Written> {
    let started = Instant::now();
    let design = Design::new(plate, crunched)?;
    let rows = Rows::new(crunched)?;
    let mut around = surroundings
        .map(|s| Import::read(s.pdf, "the PDF of the pages around the table"))
        .transpose()?;
    let lead = surroundings.map_or(0, |s| s.before);
    let last = lead + STAND_INS;
    let trail = match &around {
        Some(around) => around.pages().checked_sub(last).ok_or_else(|| {
            Error::Plate(format!(
                "the PDF of the pages around the table has {} pages, {last} are before it and its own",
                around.pages()
            ))
        })?,
        None => 0,
    };
    let total = lead + pages.pages() + trail;

    let mut file = PdfFile::create(path)?;
    let fonts = file.number()?;
    let first_font = file.reserve(design.fonts.files.len() as u64)?;
    let runs = pages.pages().div_ceil(RUN);
    let leaves = lead.div_ceil(RUN) + runs + trail.div_ceil(RUN);
    let tree = PageTree::reserve(&mut file, leaves)?;
    let (mut frame, head) = frame(&mut file, &design, &rows, pages, plate, fonts, lead, total)?;

    let mut nodes = Vec::new();
    let mut entries = Vec::new();
    if let Some(around) = &mut around {
        // Links may lead from any page to any other: all are numbered first.
        around.number_pages(0, file.reserve(lead)?..);
        let table = [0, 1.min(pages.pages() - 1)];
        around.number_pages(lead, table.map(|n| page_object(&frame, n, pages.pages())));
        around.number_pages(last, file.reserve(trail)?..);
        let kinds = 0..STAND_INS.min(pages.pages());
        for (n, annotations) in kinds.zip(&mut frame.annotations) {
            *annotations = around.annotations(lead + n, &mut file)?;
        }
        entries = around.outline(&mut file)?;
        guests(&mut file, around, 0..lead, &tree, &mut nodes)?;
    }

    let mut marks = Vec::new();
    control.start(crunched.rows);
    let mut passed = crunched.trail();
    let tallies = in_order(
        control,
        runs,
        || Painter::new(&design, &rows, pages),
        |painter, run| painter.run(&frame, run, tree.parent(lead.div_ceil(RUN) + run), control),
        Painter::tally,
        |run, drawn: Drawn| {
            file.chunk(&drawn.bytes, &drawn.at, drawn.stream, &drawn.packed)?;
            let numbers = Numbers::of(&frame, run, pages.pages());
            nodes.push((numbers.leaf(), numbers.pages()));
            marks.extend(drawn.marks);
            let next = (run + 1) * RUN;
            if next < pages.pages() {
                passed.passed(pages.start(next).row);
            }
            Ok(())
        },
    )?;
    let tally = sum(head, tallies);

    let groups = bookmarks(crunched, &design, &marks, |page| {
        page_object(&frame, page, pages.pages())
    });
    let after = entries.partition_point(|(page, _)| *page < last);
    let mut entries: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
    entries.splice(after..after, groups);
    if let Some(around) = &mut around {
        guests(&mut file, around, last..last + trail, &tree, &mut nodes)?;
    }
    control.check()?;
    write_fonts(&mut file, &design, &tally, fonts, first_font)?;
    tree.write(&mut file, &nodes)?;
    let outlines = outline::write(&mut file, &entries)?;
    let names = destinations(&mut file, around.as_mut())?;
    let catalog = catalog(&mut file, &design, &tree, outlines, names)?;
    let info = info(&mut file, &design)?;
    control.check()?;
    let bytes = file.finish(catalog, info)?;
    Ok(Written {
        rows: tally.rows,
        bytes,
        seconds: started.elapsed().as_secs_f64(),
        pages: total,
        warnings: warnings(&tally),
        control: tally.control,
        ..Written::default()
    })
}

/// Writes what the pages share: furniture, column heads, resources.
#[expect(
    clippy::too_many_arguments,
    reason = "the whole of what a frame is made of, called once"
)]
fn frame(
    file: &mut PdfFile,
    design: &Design<'_>,
    rows: &Rows<'_>,
    pages: &Pagination,
    plate: &PagePlate,
    fonts: u32,
    lead: u64,
    total: u64,
) -> Result<(Frame, Tally)> {
    let first = file.reserve(Numbers::count(pages.pages()))?;
    // What no page shows is not written: a table of one page has no pages that follow.
    let kinds = &design.kinds[..design.kinds.len().min(pages.pages() as usize)];
    let first_resources = file.reserve(kinds.len() as u64)?;
    let mut painter = Painter::new(design, rows, pages);
    let mut frame = Frame {
        first,
        resources: [first_resources, first_resources + 1],
        prelude: [Vec::new(), Vec::new()],
        annotations: [Vec::new(), Vec::new()],
        header: 0.0,
        before: lead,
        total,
    };
    let mut furniture = if plate.furniture.is_empty() {
        None
    } else {
        Some(Import::read(
            &plate.furniture,
            "the furniture of the page plate",
        )?)
    };
    let mut forms: Vec<(usize, u32)> = Vec::new();
    let mut heads: Vec<(f64, u32)> = Vec::new();
    for (n, kind) in kinds.iter().enumerate() {
        let mut objects = Vec::new();
        if let Some(page) = kind.kind.art.form {
            let known = forms
                .iter()
                .find(|(p, _)| *p == page)
                .map(|(_, number)| *number);
            let number = match (known, &mut furniture) {
                (Some(number), _) => number,
                (None, Some(furniture)) => furniture.form(page, file)?,
                (None, None) => {
                    return Err(Error::Plate(format!(
                        "the page plate asks for page {page} of its furniture, but has no furniture"
                    )));
                }
            };
            forms.push((page, number));
            objects.push(("Art", number));
        }
        let top = kind.kind.top;
        if let Some((_, number)) = heads.iter().find(|(y, _)| *y == top) {
            objects.push(("Head", *number));
        } else if design.header.is_some() {
            let (content, height) = painter.header(top)?;
            frame.header = height;
            let number = file.number()?;
            file.deflated(number, &form_dict(design, fonts), &content)?;
            heads.push((top, number));
            objects.push(("Head", number));
        }
        let mut dict = b"<</Font ".to_vec();
        push_ref(&mut dict, fonts);
        dict.extend_from_slice(b"/XObject<<");
        for (name, number) in &objects {
            dict.extend_from_slice(format!("/{name} {number} 0 R").as_bytes());
            frame.prelude[n].extend_from_slice(format!("/{name} Do\n").as_bytes());
        }
        dict.extend_from_slice(b">>>>");
        file.object(frame.resources[n], &dict)?;
    }
    Ok((frame, painter.tally()))
}

fn form_dict(design: &Design<'_>, fonts: u32) -> Vec<u8> {
    let mut dict = b"/Type/XObject/Subtype/Form/BBox[0 0 ".to_vec();
    push_pt(&mut dict, design.layout.width);
    dict.push(b' ');
    push_pt(&mut dict, design.layout.height);
    dict.extend_from_slice(b"]/Resources<</Font ");
    push_ref(&mut dict, fonts);
    dict.extend_from_slice(b">>");
    dict
}

/// Writes pages of another PDF as leaves of the tree.
fn guests(
    file: &mut PdfFile,
    import: &mut Import,
    pages: Range<u64>,
    tree: &PageTree,
    nodes: &mut Vec<(u32, u64)>,
) -> Result<()> {
    let mut page = pages.start;
    while page < pages.end {
        let count = RUN.min(pages.end - page);
        let leaf = file.number()?;
        for n in page..page + count {
            import.page(n as usize, leaf, file)?;
        }
        let kids = (page..page + count).map(|n| import.number_of(n as usize));
        let parent = tree.parent(nodes.len() as u64);
        file.object(leaf, &tree::node(Some(parent), kids, count))?;
        nodes.push((leaf, count));
        page += count;
    }
    Ok(())
}

fn sum(head: Tally, tallies: Vec<Tally>) -> Tally {
    let mut all = head;
    for tally in tallies {
        all.rows += tally.rows;
        for (sum, part) in all.control.iter_mut().zip(tally.control) {
            sum.count += part.count;
            sum.sum = sum.sum.zip(part.sum).map(|(a, b)| a.wrapping_add(b));
        }
        all.used.merge(tally.used);
    }
    all
}

/// The outline entries of the groups; `marks` has one place per group of each bookmarked level, in row order.
fn bookmarks(
    crunched: &Crunched,
    design: &Design<'_>,
    marks: &[(u64, f32)],
    object: impl Fn(u64) -> u32,
) -> Vec<Entry> {
    let levels: Vec<usize> = (0..crunched.levels.len())
        .filter(|l| design.marks(*l))
        .collect();
    let mut next = vec![0usize; levels.len()];
    let mut marks = marks.iter();
    nest(
        crunched,
        design,
        &levels,
        &mut next,
        u64::MAX,
        &mut marks,
        &object,
    )
}

/// Entries of the groups of `levels[0]` that start before row `end`, each with those of the inner levels.
fn nest(
    crunched: &Crunched,
    design: &Design<'_>,
    levels: &[usize],
    next: &mut [usize],
    end: u64,
    marks: &mut std::slice::Iter<'_, (u64, f32)>,
    object: &impl Fn(u64) -> u32,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    let (Some((level, inner)), Some((number, rest))) =
        (levels.split_first(), next.split_first_mut())
    else {
        return entries;
    };
    let mut text = String::new();
    while let Some(group) = crunched.levels[*level].groups.get(*number)
        && group.first_row < end
    {
        let Some((page, y)) = marks.next() else {
            break;
        };
        *number += 1;
        text.clear();
        design.keys[*level].write(group.key.as_value(), &mut text);
        let mut title = Vec::new();
        push_text_string(&mut title, &collapse(&text));
        let children = nest(
            crunched,
            design,
            inner,
            rest,
            group.first_row + group.rows,
            marks,
            object,
        );
        entries.push(Entry {
            title,
            target: Target::Page(object(*page), *y),
            children,
            open: false,
        });
    }
    entries
}

/// Writes the fonts that were drawn with, and the dictionary that names them.
fn write_fonts(
    file: &mut PdfFile,
    design: &Design<'_>,
    tally: &Tally,
    fonts: u32,
    first: u32,
) -> Result<()> {
    let mut dict = b"<<".to_vec();
    for (n, (number, font)) in (first..).zip(&design.fonts.files).enumerate() {
        let used = &tally.used.files[n];
        if used.is_empty() {
            continue;
        }
        embed(file, number, font, used)?;
        dict.extend_from_slice(format!("/F{n} {number} 0 R").as_bytes());
    }
    dict.extend_from_slice(b">>");
    file.object(fonts, &dict)
}

/// Writes the named destinations of another PDF as one name tree.
fn destinations(file: &mut PdfFile, import: Option<&mut Import>) -> Result<Option<u32>> {
    let Some(import) = import else {
        return Ok(None);
    };
    let all = import.destinations(file)?;
    if all.is_empty() {
        return Ok(None);
    }
    let mut out = b"<</Dests<</Names[".to_vec();
    for (name, value) in &all {
        push_string(&mut out, name);
        out.extend_from_slice(value);
    }
    out.extend_from_slice(b"]>>>>");
    let number = file.number()?;
    file.object(number, &out)?;
    Ok(Some(number))
}

fn catalog(
    file: &mut PdfFile,
    design: &Design<'_>,
    tree: &PageTree,
    outlines: Option<u32>,
    names: Option<u32>,
) -> Result<u32> {
    let info = &design.layout.info;
    let mut out = b"<</Type/Catalog/Pages ".to_vec();
    push_ref(&mut out, tree.root());
    // What readers show beside a page, and what one types to go there (ISO 32000-2 §12.4.2), is what it prints.
    out.extend_from_slice(b"/PageLabels<</Nums[0<</S/D>>]>>");
    if let Some(outlines) = outlines {
        out.extend_from_slice(b"/PageMode/UseOutlines/Outlines ");
        push_ref(&mut out, outlines);
    }
    if let Some(names) = names {
        out.extend_from_slice(b"/Names ");
        push_ref(&mut out, names);
    }
    if !info.language.is_empty() {
        out.extend_from_slice(b"/Lang");
        push_text_string(&mut out, &info.language);
    }
    if !info.title.is_empty() {
        out.extend_from_slice(b"/ViewerPreferences<</DisplayDocTitle true>>");
    }
    out.extend_from_slice(b">>");
    let number = file.number()?;
    file.object(number, &out)?;
    Ok(number)
}

fn info(file: &mut PdfFile, design: &Design<'_>) -> Result<u32> {
    let info = &design.layout.info;
    let mut out = b"<</Producer(Pressroom)".to_vec();
    for (key, text) in [
        ("/Title", &info.title),
        ("/Author", &info.author),
        ("/Subject", &info.subject),
    ] {
        if !text.is_empty() {
            out.extend_from_slice(key.as_bytes());
            push_text_string(&mut out, text);
        }
    }
    out.extend_from_slice(b">>");
    let number = file.number()?;
    file.object(number, &out)?;
    Ok(number)
}

fn warnings(tally: &Tally) -> Vec<String> {
    let used = &tally.used;
    if used.missing_count == 0 {
        return Vec::new();
    }
    let named: Vec<String> = used
        .missing
        .iter()
        .take(NAMED)
        .map(|c| format!("{c} U+{:04X}", u32::from(*c)))
        .collect();
    let more = if used.missing.len() > NAMED {
        ", ..."
    } else {
        ""
    };
    vec![format!(
        "{} characters have no glyph in the fonts of the design and are printed as boxes ({}{more}); \
         add a font that has them to the font-family",
        used.missing_count,
        named.join(", ")
    )]
}
