//! The file that is being written: objects go out as they come, the cross-reference stream last.
//!
//! ```text
//! %PDF-1.7 │ objects and object streams ... │ xref stream │ startxref
//! ```

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compress, Compression, FlushCompress, Status};
use md5::{Digest, Md5};

use super::content::{push_int, push_string};
use crate::error::{Error, Result};

/// Objects in one object stream: few enough that a reader who wants one does not inflate a book.
pub const SMALL_OBJECTS: usize = 128;

/// Where an object lies. The highest bit marks one in an object stream: its number << 16 | index; else the offset
/// in the file; 0 is a free number.
type Place = u64;
const PACKED: Place = 1 << 63;

/// A PDF on its way to disk. Dropped before [`PdfFile::finish`], it removes the partial file.
pub struct PdfFile {
    path: PathBuf,
    out: File,
    offset: u64,
    places: Vec<Place>,
    small: ObjectStream,
    deflate: Deflate,
    hash: Md5,
    finished: bool,
}

impl PdfFile {
    /// Creates the file and writes its first lines.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::DiskFull`].
    pub fn create(path: &Path) -> Result<Self> {
        let out = File::create(path).map_err(|e| Error::io(path, e))?;
        let mut file = Self {
            path: path.to_path_buf(),
            out,
            offset: 0,
            places: vec![0],
            small: ObjectStream::default(),
            deflate: Deflate::new(),
            hash: Md5::new(),
            finished: false,
        };
        file.put(b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")?;
        Ok(file)
    }

    /// Reserves `count` object numbers; returns the first.
    ///
    /// # Errors
    /// [`Error::Limit`] past what a cross-reference stream of this crate can number.
    pub fn reserve(&mut self, count: u64) -> Result<u32> {
        let first = self.places.len() as u64;
        if first + count > i32::MAX as u64 {
            return Err(Error::Limit(format!(
                "the PDF would have {} objects; split the report",
                first + count
            )));
        }
        self.places.resize((first + count) as usize, 0);
        Ok(first as u32)
    }

    /// Reserves one object number.
    ///
    /// # Errors
    /// As [`PdfFile::reserve`].
    pub fn number(&mut self) -> Result<u32> {
        self.reserve(1)
    }

    /// Writes an object that is no stream; it goes into an object stream.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::DiskFull`].
    pub fn object(&mut self, number: u32, body: &[u8]) -> Result<()> {
        self.small.push(number, body);
        if self.small.len() >= SMALL_OBJECTS {
            self.flush_small()?;
        }
        Ok(())
    }

    /// Writes a stream whose data is encoded already; `dict` holds its entries but `/Length`.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::DiskFull`].
    pub fn stream(&mut self, number: u32, dict: &[u8], data: &[u8]) -> Result<()> {
        let mut out = Vec::with_capacity(data.len() + dict.len() + 64);
        push_stream(&mut out, number, dict, data);
        self.places[number as usize] = self.offset;
        self.put(&out)
    }

    /// Deflates and writes a stream; `dict` holds its entries but `/Length` and `/Filter`.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::DiskFull`].
    pub fn deflated(&mut self, number: u32, dict: &[u8], data: &[u8]) -> Result<()> {
        let mut packed = Vec::new();
        self.deflate.append(data, &mut packed);
        let mut entries = dict.to_vec();
        entries.extend_from_slice(b"/Filter/FlateDecode");
        self.stream(number, &entries, &packed)
    }

    /// Writes an object made elsewhere, `N 0 obj` and all.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::DiskFull`].
    pub fn ready(&mut self, number: u32, bytes: &[u8]) -> Result<()> {
        self.places[number as usize] = self.offset;
        self.put(bytes)
    }

    /// Writes a chunk of objects made elsewhere: `(number, offset in the chunk)`, and those that are packed in the
    /// object stream `stream` in this order.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::DiskFull`].
    pub fn chunk(
        &mut self,
        bytes: &[u8],
        at: &[(u32, u64)],
        stream: u32,
        packed: &[u32],
    ) -> Result<()> {
        for (number, offset) in at {
            self.places[*number as usize] = self.offset + offset;
        }
        for (index, number) in packed.iter().enumerate() {
            self.places[*number as usize] = PACKED | u64::from(stream) << 16 | index as u64;
        }
        self.put(bytes)
    }

    /// Writes the cross-reference stream and closes the file; returns its length in bytes.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::DiskFull`].
    pub fn finish(mut self, catalog: u32, info: u32) -> Result<u64> {
        self.flush_small()?;
        let xref = self.number()?;
        let at = self.offset;
        self.places[xref as usize] = at;
        let id = self.hash.clone().finalize();
        let mut dict = b"/Type/XRef/W[1 8 2]/Size ".to_vec();
        push_int(&mut dict, self.places.len() as i64);
        dict.extend_from_slice(b"/DecodeParms<</Predictor 12/Columns 11>>/Root ");
        push_int(&mut dict, i64::from(catalog));
        dict.extend_from_slice(b" 0 R/Info ");
        push_int(&mut dict, i64::from(info));
        dict.extend_from_slice(b" 0 R/ID[");
        push_string(&mut dict, &id);
        push_string(&mut dict, &id);
        dict.push(b']');
        let table = xref_rows(&self.places);
        self.deflated(xref, &dict, &table)?;
        self.put(format!("startxref\n{at}\n%%EOF\n").as_bytes())?;
        self.finished = true;
        Ok(self.offset)
    }

    fn flush_small(&mut self) -> Result<()> {
        if self.small.is_empty() {
            return Ok(());
        }
        let number = self.number()?;
        let small = std::mem::take(&mut self.small);
        let mut out = Vec::new();
        let packed = small.write(number, &mut self.deflate, &mut out);
        self.chunk(&out, &[(number, 0)], number, &packed)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        // A checksum of each write feeds the hash: the identifier must differ with the content, not withstand attack.
        self.hash.update(crc32fast::hash(bytes).to_le_bytes());
        self.out
            .write_all(bytes)
            .map_err(|e| Error::io(&self.path, e))?;
        self.offset += bytes.len() as u64;
        Ok(())
    }
}

impl Drop for PdfFile {
    fn drop(&mut self) {
        if !self.finished {
            // What can't be removed can't be helped: the error under way says more.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// The rows of the cross-reference stream under the PNG predictor "up" (ISO 32000-2 §7.5.8, §7.4.4.4).
fn xref_rows(places: &[Place]) -> Vec<u8> {
    let mut table = Vec::with_capacity(places.len() * 12);
    let mut above = [0u8; 11];
    for (number, place) in places.iter().enumerate() {
        let (kind, a, b): (u8, u64, u16) = match *place {
            0 => (0, 0, if number == 0 { u16::MAX } else { 0 }),
            place if place & PACKED != 0 => (2, (place & !PACKED) >> 16, place as u16),
            offset => (1, offset, 0),
        };
        let mut row = [0u8; 11];
        row[0] = kind;
        row[1..9].copy_from_slice(&a.to_be_bytes());
        row[9..].copy_from_slice(&b.to_be_bytes());
        table.push(2);
        table.extend(row.iter().zip(above).map(|(now, up)| now.wrapping_sub(up)));
        above = row;
    }
    table
}

/// Appends a stream object. `obj` ends its line: some readers want it so.
pub fn push_stream(out: &mut Vec<u8>, number: u32, dict: &[u8], data: &[u8]) {
    push_int(out, i64::from(number));
    out.extend_from_slice(b" 0 obj\n<<");
    out.extend_from_slice(dict);
    out.extend_from_slice(b"/Length ");
    push_int(out, data.len() as i64);
    out.extend_from_slice(b">>\nstream\n");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\nendstream\nendobj\n");
}

/// Appends `N 0 R`.
pub fn push_ref(out: &mut Vec<u8>, number: u32) {
    push_int(out, i64::from(number));
    out.extend_from_slice(b" 0 R");
}

/// Small objects gathered for one stream (ISO 32000-2 §7.5.7).
#[derive(Debug, Default)]
pub struct ObjectStream {
    numbers: Vec<u32>,
    index: Vec<u8>,
    bodies: Vec<u8>,
}

impl ObjectStream {
    /// Adds an object.
    pub fn push(&mut self, number: u32, body: &[u8]) {
        push_int(&mut self.index, i64::from(number));
        self.index.push(b' ');
        push_int(&mut self.index, self.bodies.len() as i64);
        self.index.push(b' ');
        self.bodies.extend_from_slice(body);
        self.bodies.push(b'\n');
        self.numbers.push(number);
    }

    /// How many objects.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Appends the stream as object `number`; returns the numbers of the objects in it.
    pub fn write(mut self, number: u32, deflate: &mut Deflate, out: &mut Vec<u8>) -> Vec<u32> {
        let mut dict = b"/Type/ObjStm/N ".to_vec();
        push_int(&mut dict, self.numbers.len() as i64);
        dict.extend_from_slice(b"/First ");
        push_int(&mut dict, self.index.len() as i64);
        dict.extend_from_slice(b"/Filter/FlateDecode");
        self.index.append(&mut self.bodies);
        let mut packed = Vec::new();
        deflate.append(&self.index, &mut packed);
        push_stream(out, number, &dict, &packed);
        self.numbers
    }
}

/// A deflater that keeps its tables between streams.
pub struct Deflate(Compress);

impl Deflate {
    /// Level 1: pages are nearly all digits and short words, which higher levels pack hardly better.
    pub fn new() -> Self {
        Self(Compress::new(Compression::new(1), true))
    }

    /// Appends `data` as a zlib stream.
    pub fn append(&mut self, data: &[u8], out: &mut Vec<u8>) {
        self.0.reset();
        let mut done = 0;
        out.reserve(data.len() / 3 + 64);
        loop {
            let before = self.0.total_in();
            let status = self
                .0
                .compress_vec(&data[done..], out, FlushCompress::Finish);
            done += (self.0.total_in() - before) as usize;
            match status {
                Ok(Status::StreamEnd) => return,
                // Out of room in `out`: deflating itself can not fail.
                Ok(Status::Ok | Status::BufError) | Err(_) => out.reserve(data.len() / 4 + 1024),
            }
        }
    }
}

impl Default for Deflate {
    fn default() -> Self {
        Self::new()
    }
}
