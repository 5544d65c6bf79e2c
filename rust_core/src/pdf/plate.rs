//! `PagePlate`: what WeasyPrint's layout of the specimen says, as plain data.
//!
//! Lengths are pt. On a page x grows to the right and y **downwards** from the top left corner of the
//! page; inside a band y is counted from the band's top (or bottom, see [`Edge`]).

use std::path::PathBuf;

use serde::Deserialize;

use crate::band::Part;
use crate::condition::Condition;
use crate::error::{Error, Result};

/// A design, ready to be replayed over any number of rows.
#[derive(Debug, Clone)]
pub struct PagePlate {
    /// The design proper.
    pub layout: PageLayout,
    /// A PDF whose pages hold the furniture that WeasyPrint drew; see [`Art::form`]. May be empty.
    pub furniture: Vec<u8>,
}

/// The design without its furniture file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageLayout {
    /// Fonts by number; [`TextStyle::font`] counts from 0.
    pub fonts: Vec<PlateFont>,
    /// Width of the page.
    pub width: f64,
    /// Height of the page.
    pub height: f64,
    /// The page on which the table starts.
    pub first: PageKind,
    /// Every further page of the table.
    pub next: PageKind,
    /// The bands.
    pub bands: PageBands,
    /// Group levels (outermost first) that start a new page.
    #[serde(default)]
    pub page_break: Vec<bool>,
    /// Group levels that get an outline entry.
    #[serde(default)]
    pub bookmark: Vec<bool>,
    /// Document title, author, language.
    #[serde(default)]
    pub info: DocumentInfo,
}

/// Metadata of the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DocumentInfo {
    /// Title.
    pub title: String,
    /// Author.
    pub author: String,
    /// Subject.
    pub subject: String,
    /// BCP 47 language.
    pub language: String,
}

/// A font file and how to use it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlateFont {
    /// The file.
    pub path: PathBuf,
    /// Face in a collection.
    #[serde(default)]
    pub index: u32,
    /// OpenType features that the style asks for, as `["tnum", 1]`.
    #[serde(default)]
    pub features: Vec<(String, u32)>,
    /// Fonts tried, in order, for characters that this one lacks.
    #[serde(default)]
    pub fallbacks: Vec<usize>,
}

/// A kind of page: where bands may stand, and what is drawn around them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageKind {
    /// y of the first band.
    pub top: f64,
    /// No band reaches below this y.
    pub bottom: f64,
    /// What is the same on every page of the kind.
    pub art: Art,
}

/// Furniture: drawn once by WeasyPrint, plus the texts that change from page to page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Art {
    /// Page of [`PagePlate::furniture`] whose content is drawn first.
    pub form: Option<usize>,
    /// Page counters and running heads.
    pub texts: Vec<Cell>,
}

/// The bands of the table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageBands {
    /// Column heads, repeated on every page.
    #[serde(default)]
    pub header: Option<Band>,
    /// One per group level, outermost first.
    #[serde(default)]
    pub group_headers: Vec<Band>,
    /// Detail rows, taken in turn (zebra); starts again in every group. At least one.
    pub details: Vec<Band>,
    /// Per group level, outermost first: the bands that close a group (one per kind of total).
    #[serde(default)]
    pub subtotals: Vec<Vec<Band>>,
    /// The bands that close the report.
    #[serde(default)]
    pub grand_total: Vec<Band>,
}

/// A band: one row of the table, as high as its highest cell.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Height with one line in each cell; every further line of a cell adds its `line_height`.
    pub height: f64,
    /// Backgrounds, borders and rules, in painting order, under the texts.
    #[serde(default)]
    pub rects: Vec<Rect>,
    /// How many of them are backgrounds: those of rules go over these, and under borders.
    #[serde(default)]
    pub grounds: usize,
    /// Texts.
    #[serde(default)]
    pub cells: Vec<Cell>,
}

/// A filled rectangle that grows with its band.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rect {
    /// Left edge on the page.
    pub x: f64,
    /// Width.
    pub width: f64,
    /// Upper edge.
    pub top: Edge,
    /// Lower edge.
    pub bottom: Edge,
    /// Fill, 0 to 255.
    pub color: [u8; 3],
}

/// A y inside a band, counted from one of its edges, downwards positive.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// From the band's top.
    Top(f64),
    /// From the band's bottom (so usually 0 or negative).
    Bottom(f64),
}

/// A text: of a band (y from the band's top) or of the furniture (y from the page's top).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// What is written.
    pub parts: Vec<Part>,
    /// Number-format code for a single typed part; the column's own when absent.
    #[serde(default)]
    pub format: Option<String>,
    /// Left edge of the box the text is aligned in.
    pub x: f64,
    /// Width of that box.
    pub width: f64,
    /// Baseline of the first line.
    pub baseline: f64,
    /// Font, size, colour.
    pub style: TextStyle,
    /// Horizontal alignment.
    #[serde(default)]
    pub align: Align,
    /// Vertical alignment of a cell that has fewer lines than its band has room for.
    #[serde(default)]
    pub vertical: Vertical,
    /// Distance of baselines when the text wraps.
    pub line_height: f64,
    /// Whether the text may wrap; one that may not is drawn past its box, as CSS does.
    #[serde(default)]
    pub wrap: bool,
    /// Left and right edge beyond which nothing of the text shows (`overflow: hidden`).
    #[serde(default)]
    pub clip: Option<[f64; 2]>,
    /// Whether a line that is too long ends in an ellipsis (`text-overflow`).
    #[serde(default)]
    pub ellipsis: bool,
    /// Whether the box grows with its text, away from the side that the text is aligned to, as margin boxes do.
    #[serde(default)]
    pub grows: bool,
    /// What it looks like when its value says so; of several rules that fit, the first that says a property wins.
    #[serde(default)]
    pub rules: Vec<CellRule>,
    /// Fonts of its bold, italic, and bold italic looks; rules need them.
    #[serde(default)]
    pub faces: Option<[usize; 3]>,
}

/// A rule of report.yaml for the cells of one column.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellRule {
    /// The column of the plan whose value is looked at.
    pub column: usize,
    /// What it must be.
    pub when: Condition,
    /// Colour of the text; a format code's `[Red]` goes before it.
    #[serde(default)]
    pub color: Option<[u8; 3]>,
    /// Under the text.
    #[serde(default)]
    pub background: Option<Rect>,
    /// Weight.
    #[serde(default)]
    pub bold: Option<bool>,
    /// Slant.
    #[serde(default)]
    pub italic: Option<bool>,
}

/// How a text looks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextStyle {
    /// Number of the font.
    pub font: usize,
    /// Size.
    pub size: f64,
    /// Fill, 0 to 255; a format code's `[Red]` goes before it.
    #[serde(default)]
    pub color: [u8; 3],
    /// Extra space after each character.
    #[serde(default)]
    pub letter_spacing: f64,
}

/// Horizontal alignment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// At the left edge.
    #[default]
    Left,
    /// In the middle.
    Center,
    /// At the right edge.
    Right,
}

/// Vertical alignment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vertical {
    /// First line where one line would stand.
    #[default]
    Top,
    /// The block of lines in the middle.
    Middle,
    /// Last line at the bottom.
    Bottom,
}

impl PagePlate {
    /// Reads the JSON that `pressroom/plates/page.py` writes.
    ///
    /// # Errors
    /// [`Error::Plate`] with serde's line and column.
    pub fn new(json: &str, furniture: Vec<u8>) -> Result<Self> {
        let layout = serde_json::from_str(json)
            .map_err(|e| Error::Plate(format!("the page plate can't be read: {e}")))?;
        Ok(Self { layout, furniture })
    }
}
