//! The whole file.
//!
//! ```text
//! furniture and column heads │ pages before │ runs of 64 pages ... │ pages after │ fonts, tree, outline, catalog
//! ```
//! Object numbers are given out before anything is drawn, so threads share nothing and each byte is written once.

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

/// Writes the report to `path`: `before`, the table broken as `pages` says, `after`.
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
    before: Option<&[u8]>,
    after: Option<&[u8]>,
) -> Result<Written> {
    let started = Instant::now();
    let design = Design::new(plate, crunched)?;
    let rows = Rows::new(crunched)?;
    let import = |pdf: Option<&[u8]>, name| pdf.map(|pdf| Import::read(pdf, name)).transpose();
    let mut before = import(before, "the PDF of the pages before the table")?;
    let mut after = import(after, "the PDF of the pages after the table")?;
    let count = |import: &Option<Import>| import.as_ref().map_or(0, Import::pages);
    let (lead, trail) = (count(&before), count(&after));
    let total = lead + pages.pages() + trail;

    let mut file = PdfFile::create(path)?;
    let fonts = file.number()?;
    let first_font = file.reserve(design.fonts.files.len() as u64)?;
    let runs = pages.pages().div_ceil(RUN);
    let leaves = lead.div_ceil(RUN) + runs + trail.div_ceil(RUN);
    let tree = PageTree::reserve(&mut file, leaves)?;
    let (frame, head) = frame(&mut file, &design, &rows, pages, plate, fonts, lead, total)?;

    let mut nodes = Vec::new();
    // Links may lead from the pages before to those after: all are numbered first.
    for import in [&mut before, &mut after].into_iter().flatten() {
        let first = file.reserve(import.pages())?;
        import.number_pages(first);
    }
    let mut entries = guests(&mut file, before.as_mut(), &tree, &mut nodes)?;

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
    entries.extend(groups);
    entries.extend(guests(&mut file, after.as_mut(), &tree, &mut nodes)?);
    control.check()?;
    write_fonts(&mut file, &design, &tally, fonts, first_font)?;
    tree.write(&mut file, &nodes)?;
    let outlines = outline::write(&mut file, &entries)?;
    let names = destinations(&mut file, before.as_mut(), after.as_mut())?;
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

/// Writes the pages of another PDF as leaves of the tree; returns its outline.
fn guests(
    file: &mut PdfFile,
    import: Option<&mut Import>,
    tree: &PageTree,
    nodes: &mut Vec<(u32, u64)>,
) -> Result<Vec<Entry>> {
    let Some(import) = import else {
        return Ok(Vec::new());
    };
    let mut page = 0;
    while page < import.pages() {
        let count = RUN.min(import.pages() - page);
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
    import.outline(file)
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

/// Writes the named destinations of both PDFs as one name tree; a name that both have leads where the first says.
fn destinations(
    file: &mut PdfFile,
    before: Option<&mut Import>,
    after: Option<&mut Import>,
) -> Result<Option<u32>> {
    let mut all = std::collections::BTreeMap::new();
    for import in [before, after].into_iter().flatten() {
        for (name, value) in import.destinations(file)? {
            all.entry(name).or_insert(value);
        }
    }
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
