//! `write_xlsx`: the specimen's parts as they are, and the large sheets with their true rows.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use super::archive::Archive;
use super::bands::{Bands, Content};
use super::deflate::Encoder;
use super::layout::{Layout, SheetRows};
use super::package::Package;
use super::plate::{Codec, PlateSheet, SheetPlate};
use super::reference::RowMap;
use super::rows::{Batches, SheetWriter};
use super::shared_strings::SharedStrings;
use super::specimen::{SheetFacts, SheetSpecimen};
use super::tables::{SheetParts, SheetRelationships, TableNumbers};
use super::tally::Tally;
use super::workbook::{FurtherSheet, SheetChange, Workbook, further_names};
use crate::control::JobControl;
use crate::crunch::{Crunched, Trail};
use crate::error::{Error, Result};
use crate::in_order::in_order;
use crate::written::Written;

const STRINGS: &str = "xl/sharedStrings.xml";
const STYLES: &str = "xl/styles.xml";
/// Excel's limit of cell formats.
const MAX_FORMATS: usize = 65_490;
/// Detail rows of a chunk, and cells of one where rows are wide.
const CHUNK_ROWS: u64 = 4096;
const CHUNK_CELLS: u64 = 65_536;

/// Writes the workbook of `plate` with the rows of `crunched` to `path`, on the threads of `control`.
///
/// The bytes are the same for any number of threads. On any error the file is removed.
///
/// # Errors
/// [`Error::Plate`] for a plate that does not fit, [`Error::Limit`] for more than a workbook holds (before any
/// work), [`Error::Io`], [`Error::DiskFull`], or the control's.
pub fn write_xlsx(
    crunched: &Crunched,
    plate: &SheetPlate,
    path: &Path,
    control: &JobControl,
) -> Result<Written> {
    let started = Instant::now();
    control.check()?;
    let archive = Archive::read(&plate.workbook)?;
    let workbook = Workbook::read(&archive)?;
    check_formats(&archive)?;
    let sources = plate
        .sheets
        .iter()
        .map(|sheet| {
            sheet.check(crunched)?;
            let part = workbook.sheet(&sheet.name)?;
            Ok((part, archive.entry(&part.part)?.text()?))
        })
        .collect::<Result<Vec<_>>>()?;
    let mut sheets = Vec::with_capacity(plate.sheets.len());
    let mut numbers = TableNumbers::new(&archive);
    let mut extra = SheetParts::default();
    for (sheet, (part, source)) in plate.sheets.iter().zip(&sources) {
        let specimen = SheetSpecimen::new(&part.part, source, sheet.first_row, sheet.below())?;
        let relationships = SheetRelationships::read(&archive, &part.part)?;
        let planned = LargeSheet::new(sheet, specimen, crunched, part.index, plate.codec)?;
        let large = planned.spread(
            &archive,
            &workbook,
            &relationships,
            &mut numbers,
            &mut extra,
        )?;
        sheets.push(large);
    }
    let strings = match archive.contains(STRINGS) {
        true => Some(archive.entry(STRINGS)?.text()?),
        false => None,
    };
    let new_strings = strings.is_none();
    let strings = SharedStrings::new(strings, crunched, control)?;
    let batches = Batches::new(crunched, &strings)?;

    control.start(crunched.rows * sheets.len() as u64);
    let mut package = Package::create(path)?;
    let changes: Vec<SheetChange> = sheets.iter().map(|sheet| sheet.change.clone()).collect();
    let mut parts: BTreeMap<String, String> = extra.parts;
    let needs_strings = !strings.is_empty();
    for (name, xml) in workbook.parts(
        &changes,
        &extra.types,
        new_strings && needs_strings,
        plate.lock.as_ref(),
    )? {
        parts.insert(name.to_owned(), xml);
    }
    let mut total = Report::default();
    for entry in &archive.entries {
        if let Some(xml) = parts.remove(&entry.name) {
            package.add(&entry.name, xml.as_bytes())?;
        } else if let Some(large) = sheets.iter().find(|sheet| sheet.part == entry.name) {
            large.write(
                &mut package,
                crunched,
                &batches,
                &strings,
                control,
                &mut total,
            )?;
        } else if entry.name != STRINGS {
            package.copy(entry)?;
        }
    }
    for (name, xml) in &parts {
        package.add(name, xml.as_bytes())?;
    }
    if needs_strings {
        let fewer = sheets
            .iter()
            .map(|sheet| sheet.specimen.shared_references[1])
            .sum();
        package.add(STRINGS, &strings.to_xml(total.shared(), fewer)?)?;
    }
    control.check()?;
    let bytes = package.finish()?;
    Ok(total.written(crunched, &sheets, bytes, started.elapsed().as_secs_f64()))
}

fn check_formats(archive: &Archive<'_>) -> Result<()> {
    let source = archive.entry(STYLES)?.text()?;
    let document = super::edit::parse(STYLES, &source)?;
    let formats = super::edit::child(document.root_element(), "cellXfs")
        .map_or(0, |list| list.children().filter(|c| c.is_element()).count());
    if formats > MAX_FORMATS {
        return Err(Error::Limit(format!(
            "the workbook has {formats} cell formats, Excel takes {MAX_FORMATS}: make formats once and use them again"
        )));
    }
    Ok(())
}

/// A large sheet of the specimen, and the sheets it becomes.
struct LargeSheet<'a, 'i> {
    plate: &'a PlateSheet,
    codec: Codec,
    specimen: SheetSpecimen<'i>,
    part: String,
    bands: Bands,
    layout: Layout<'a>,
    rows: Vec<SheetRows>,
    change: SheetChange,
    tables: Vec<Vec<String>>,
    shown: Vec<bool>,
    left_drawings: bool,
    /// Pictures, charts and notes below the rows, where those take several sheets.
    left_below: usize,
}

impl<'a, 'i> LargeSheet<'a, 'i> {
    fn new(
        plate: &'a PlateSheet,
        specimen: SheetSpecimen<'i>,
        crunched: &'a Crunched,
        index: usize,
        codec: Codec,
    ) -> Result<Self> {
        let bands = Bands::new(plate, &specimen, crunched)?;
        let layout = plate.layout(crunched);
        let grand = bands.grand_total.len() as u32;
        let rows = layout.sheets(plate.first_row, grand, specimen.rows_below(plate.below()))?;
        let mut shown = vec![false; crunched.plan.columns.len()];
        for cell in &bands.detail.cells {
            match &cell.content {
                Content::Column(column) => shown[*column] = true,
                Content::Link(link) => shown[link.shown] = true,
                _ => {}
            }
        }
        let map = map_of(plate, &rows[0]);
        Ok(Self {
            plate,
            codec,
            part: String::new(),
            bands,
            layout,
            specimen,
            rows,
            change: SheetChange {
                index,
                map,
                names: plate.names.clone(),
                further: Vec::new(),
            },
            tables: vec![Vec::new()],
            shown,
            left_drawings: false,
            left_below: 0,
        })
    }

    /// Names the further sheets and makes the parts that each sheet brings along.
    fn spread(
        mut self,
        archive: &Archive<'_>,
        workbook: &Workbook,
        relationships: &SheetRelationships,
        numbers: &mut TableNumbers,
        extra: &mut SheetParts,
    ) -> Result<Self> {
        let own = workbook.sheet(&self.plate.name)?;
        self.part.clone_from(&own.part);
        self.left_below = relationships.first(archive, &self.change.map, extra)?;
        let names = further_names(&workbook.names(), &self.plate.name, self.rows.len() - 1);
        let stem = own.part.strip_suffix(".xml").unwrap_or(&own.part);
        for (number, (rows, name)) in self.rows.iter().skip(1).zip(names).enumerate() {
            let part = format!("{stem}_{}.xml", number + 2);
            let map = map_of(self.plate, rows);
            let tables = relationships.further(archive, &part, number + 2, &map, numbers, extra)?;
            self.tables.push(tables);
            self.change.further.push(FurtherSheet { name, part, map });
        }
        self.left_drawings = relationships.has_drawings && self.rows.len() > 1;
        Ok(self)
    }

    fn write(
        &self,
        package: &mut Package,
        crunched: &Crunched,
        batches: &Batches<'_>,
        strings: &SharedStrings<'_>,
        control: &JobControl,
        total: &mut Report,
    ) -> Result<()> {
        let first = total.by_sheet.is_empty();
        let mut sum = Tally::new(crunched.plan.columns.len(), self.plate.columns as usize);
        let mut trail = crunched.trail();
        for (number, rows) in self.rows.iter().enumerate() {
            let writer = SheetWriter {
                crunched,
                batches,
                shared: strings.numbers(),
                bands: &self.bands,
                layout: &self.layout,
                rows,
                first_row: self.plate.first_row,
                columns: self.plate.columns as usize,
                filters: &self.plate.filters,
            };
            let tally = self.write_sheet(number, &writer, &sum, package, &mut trail, control)?;
            sum.add(&tally);
            if number > 0 {
                total.repeated += self.specimen.shared_references[0];
            }
            total.sheets += 1;
        }
        if first {
            total.rows = sum.rows;
        }
        total.by_sheet.push(sum);
        Ok(())
    }

    /// Writes one sheet, after those of `before`: what stands above, the rows in chunks, what stands below.
    fn write_sheet(
        &self,
        number: usize,
        writer: &SheetWriter<'_>,
        before: &Tally,
        package: &mut Package,
        trail: &mut Trail<'_>,
        control: &JobControl,
    ) -> Result<Tally> {
        let crunched = writer.crunched;
        let map = map_of(self.plate, writer.rows);
        let mut facts = SheetFacts {
            continued: number > 0,
            outline: if self.plate.outline {
                crunched.plan.groups.len().min(7) as u8
            } else {
                0
            },
            columns: self.plate.columns,
            text_columns: Vec::new(),
            tables: self.tables[number].clone(),
        };
        let (head, _) = self.specimen.surroundings(&map, &facts)?;
        let part = match number {
            0 => &self.part,
            _ => &self.change.further[number - 1].part,
        };
        package.begin(part, self.bound(writer, crunched, head.len()))?;
        let mut encoder = Encoder::default();
        encoder.out.extend_from_slice(head.as_bytes());
        package.append(&encoder.finish()?)?;

        let chunks = chunks(&writer.rows.detail, self.plate.columns);
        let mut sum = Tally::default();
        let mut row = writer.rows.detail.start;
        in_order(
            control,
            chunks.len() as u64,
            || match self.codec {
                Codec::Fused if self.bands.detail.can_be_repeated() => Encoder::fused(),
                Codec::Fused => Encoder::default(),
                Codec::Searching(level) => Encoder::searching(level),
            },
            |encoder, chunk| writer.write(chunks[chunk as usize].clone(), encoder, control),
            |_| (),
            |_, (chunk, tally)| {
                control.check()?;
                control.advance(tally.rows);
                row += tally.rows;
                trail.passed(row);
                sum.add(&tally);
                package.append(&chunk)
            },
        )?;
        let mut body = before.clone();
        body.add(&sum);
        let end = writer.write_end(&body, &mut encoder);
        sum.add(&end);
        facts.text_columns = self.text_columns(crunched, &sum);
        let (_, tail) = self.specimen.surroundings(&map, &facts)?;
        encoder.out.extend_from_slice(tail.as_bytes());
        package.append(&encoder.finish()?)?;
        package.end()?;
        Ok(sum)
    }

    /// Columns of the sheet whose cells may hold digits as text on purpose.
    fn text_columns(&self, crunched: &Crunched, sum: &Tally) -> Vec<u32> {
        let is_text = |content: &Content| match content {
            Content::Column(column) => {
                *crunched.schema.field(*column).data_type() == arrow_schema::DataType::Utf8
            }
            Content::Mixed(_) => true,
            _ => false,
        };
        let mut columns: Vec<u32> = self
            .bands
            .detail
            .cells
            .iter()
            .filter(|cell| is_text(&cell.content))
            .map(|cell| cell.column)
            .collect();
        columns.extend(
            (0u32..)
                .zip(&sum.as_text)
                .filter(|(_, count)| **count > 0)
                .map(|(column, _)| column),
        );
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// The most bytes the sheet's XML can take: decides whether its header keeps room for zip64 sizes.
    fn bound(&self, writer: &SheetWriter<'_>, crunched: &Crunched, head: usize) -> u64 {
        let widest = self
            .bands
            .group_headers
            .iter()
            .chain(self.bands.subtotals.iter().flatten())
            .chain(&self.bands.grand_total)
            .chain([&self.bands.detail])
            .map(super::bands::Band::bound)
            .max()
            .unwrap_or(0);
        // An escaped byte takes seven at the most; a text may come in the detail row and in headers.
        let texts: usize = crunched
            .batches
            .iter()
            .map(|batch| batch.get_array_memory_size())
            .sum();
        let rows = u64::from(writer.rows.body) + self.bands.grand_total.len() as u64;
        rows * widest + 14 * texts as u64 + 2 * head as u64
    }
}

fn map_of(plate: &PlateSheet, rows: &SheetRows) -> RowMap {
    let grand_templates = plate.bands.grand_total.len() as u32;
    RowMap {
        first: plate.first_row,
        body_templates: plate.below() - plate.first_row - grand_templates,
        grand_templates,
        body: rows.body,
        last: rows.last,
    }
}

fn chunks(rows: &Range<u64>, columns: u32) -> Vec<Range<u64>> {
    let step = (CHUNK_CELLS / u64::from(columns.max(1))).clamp(1, CHUNK_ROWS);
    (rows.start..rows.end)
        .step_by(step as usize)
        .map(|start| start..rows.end.min(start + step))
        .collect()
}

/// What is known of the file when all sheets are written.
#[derive(Debug, Default)]
struct Report {
    by_sheet: Vec<Tally>,
    rows: u64,
    sheets: u64,
    /// References to shared strings in rows repeated on further sheets.
    repeated: u64,
}

impl Report {
    fn shared(&self) -> u64 {
        self.repeated + self.by_sheet.iter().map(|tally| tally.shared).sum::<u64>()
    }

    fn written(
        self,
        crunched: &Crunched,
        sheets: &[LargeSheet<'_, '_>],
        bytes: u64,
        seconds: f64,
    ) -> Written {
        let mut warnings = Vec::new();
        for (large, tally) in sheets.iter().zip(&self.by_sheet) {
            let name = &large.plate.name;
            if large.rows.len() > 1 {
                warnings.push(format!(
                    "sheet {name:?}: the rows are more than the 1,048,576 of a sheet and go on in {} more sheets; \
                     totals that span sheets are plain values",
                    large.rows.len() - 1
                ));
            }
            if large.left_drawings {
                warnings.push(format!(
                    "sheet {name:?}: charts, pictures and comments stand on its first sheet only"
                ));
            }
            if large.left_below > 0 {
                warnings.push(format!(
                    "sheet {name:?}: {} charts, pictures and comments below the rows are left out: put them above",
                    large.left_below
                ));
            }
            if tally.cut > 0 {
                warnings.push(format!(
                    "sheet {name:?}: {} texts were cut at the 32,767 characters of a cell",
                    tally.cut
                ));
            }
            if tally.unlinked > 0 {
                warnings.push(format!(
                    "sheet {name:?}: {} links are longer than the 255 characters that a formula takes, or have \
                     characters that none can have, and became plain cells",
                    tally.unlinked
                ));
            }
            let as_text: u64 = tally.as_text.iter().sum();
            if as_text > 0 {
                warnings.push(format!(
                    "sheet {name:?}: {as_text} values are kept as text, because Excel has 15 digits and no days \
                     before 1900"
                ));
            }
        }
        let control = match (sheets.first(), self.by_sheet.first()) {
            (Some(large), Some(tally)) => tally.control(&crunched.control, &large.shown),
            _ => crunched.control.clone(),
        };
        Written {
            rows: self.rows,
            bytes,
            seconds,
            pages: 0,
            sheets: self.sheets,
            cells: self.by_sheet.iter().map(|tally| tally.cells).sum(),
            control,
            warnings,
        }
    }
}
