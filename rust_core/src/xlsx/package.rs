//! Writing the ZIP file: entries copied raw or streamed, real sizes in patched local headers.
//!
//! ```text
//! local header │ data │ local header │ data │ … │ central directory │ (zip64 end) │ end
//! ```
//! PKWARE APPNOTE 6.3.10. No data descriptors: Excel repairs files that have them. Zip64 only for entries and
//! offsets past 4 GiB, then with version 45 in both headers. An entry that may grow so far reserves the place
//! of its zip64 field as OPC growth hint padding (ISO/IEC 29500-2 Annex C), which readers skip.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crc32fast::Hasher;

use super::archive::Entry;
use super::deflate::{Chunk, END, Encoder};
use crate::error::{Error, Result};

const PLAIN: u16 = 20;
const ZIP64: u16 = 45;
/// 1980-01-01 00:00, the first moment of MS-DOS: no clock in the file.
const EPOCH: u32 = 0x0021_0000;

/// A ZIP file under way. Dropped before [`Package::finish`], it removes its file.
#[derive(Debug)]
pub struct Package {
    file: File,
    path: PathBuf,
    offset: u64,
    directory: Vec<Written>,
    open: Option<Open>,
    limit: u64,
    finished: bool,
}

#[derive(Debug)]
struct Written {
    name: String,
    method: u16,
    time: u32,
    crc: u32,
    packed: u64,
    size: u64,
    offset: u64,
}

#[derive(Debug)]
struct Open {
    name: String,
    offset: u64,
    reserved: bool,
    crc: Hasher,
    packed: u64,
    size: u64,
}

impl Package {
    /// Creates `path`, or empties it.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::DiskFull`].
    pub fn create(path: &Path) -> Result<Self> {
        Self::create_with_limit(path, u64::from(u32::MAX))
    }

    /// As [`Package::create`], with another size from which on zip64 is needed: for tests.
    fn create_with_limit(path: &Path, limit: u64) -> Result<Self> {
        let file = File::create(path).map_err(|e| Error::io(path, e))?;
        Ok(Self {
            file,
            path: path.to_path_buf(),
            offset: 0,
            directory: Vec::new(),
            open: None,
            limit,
            finished: false,
        })
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.file
            .write_all(bytes)
            .map_err(|e| Error::io(&self.path, e))?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Copies an entry of another file as it is, without inflating it.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::DiskFull`].
    pub fn copy(&mut self, entry: &Entry<'_>) -> Result<()> {
        let written = Written {
            name: entry.name.clone(),
            method: entry.method,
            time: entry.time,
            crc: entry.crc,
            packed: entry.data.len() as u64,
            size: entry.size,
            offset: self.offset,
        };
        self.put(&local_header(&written, self.limit, false))?;
        self.put(entry.data)?;
        self.directory.push(written);
        Ok(())
    }

    /// Compresses and adds a whole part.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::DiskFull`].
    pub fn add(&mut self, name: &str, content: &[u8]) -> Result<()> {
        let mut encoder = Encoder::default();
        self.begin(name, content.len() as u64)?;
        for piece in content.chunks(1 << 20) {
            encoder.out.extend_from_slice(piece);
            encoder.spill()?;
        }
        self.append(&encoder.finish()?)?;
        self.end()
    }

    /// Starts a part whose content comes in chunks; `bound` is the most bytes it can hold.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::DiskFull`].
    pub fn begin(&mut self, name: &str, bound: u64) -> Result<()> {
        // Deflate can grow what it can't shrink, by 5 bytes in 16 KiB at the worst.
        let reserved = bound + bound / 1000 + 1024 >= self.limit;
        let open = Open {
            name: name.to_owned(),
            offset: self.offset,
            reserved,
            crc: Hasher::new(),
            packed: 0,
            size: 0,
        };
        let header = local_header(&open.written(), self.limit, reserved);
        self.open = Some(open);
        self.put(&header)
    }

    /// Appends a chunk to the part begun.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::DiskFull`].
    pub fn append(&mut self, chunk: &Chunk) -> Result<()> {
        self.put(&chunk.bytes)?;
        let open = self.opened()?;
        open.crc.combine(&chunk.crc);
        open.packed += chunk.bytes.len() as u64;
        open.size += chunk.raw;
        Ok(())
    }

    /// Ends the part begun and patches its local header.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::DiskFull`]; [`Error::Limit`] when it grew past its bound and past 4 GiB.
    pub fn end(&mut self) -> Result<()> {
        self.put(&END)?;
        let open = self.opened()?;
        open.packed += END.len() as u64;
        let (written, reserved) = (open.written(), open.reserved);
        if !reserved && written.packed.max(written.size) >= self.limit {
            return Err(Error::Limit(format!(
                "{} grew past 4 GiB, which its bound ruled out",
                written.name
            )));
        }
        let header = local_header(&written, self.limit, reserved);
        let patched = self
            .file
            .seek(SeekFrom::Start(written.offset))
            .and_then(|_| self.file.write_all(&header))
            .and_then(|()| self.file.seek(SeekFrom::Start(self.offset)));
        patched.map_err(|e| Error::io(&self.path, e))?;
        self.directory.push(written);
        self.open = None;
        Ok(())
    }

    fn opened(&mut self) -> Result<&mut Open> {
        self.open
            .as_mut()
            .ok_or_else(|| Error::Plate("a chunk came before its part was begun".to_owned()))
    }

    /// Writes the central directory; the file's length.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::DiskFull`].
    pub fn finish(mut self) -> Result<u64> {
        let start = self.offset;
        let mut bytes = Vec::new();
        for written in &self.directory {
            directory_header(written, self.limit, &mut bytes);
        }
        let size = bytes.len() as u64;
        let count = self.directory.len() as u64;
        if start + size >= self.limit || count >= u64::from(u16::MAX) {
            let end = start + size;
            bytes.extend_from_slice(b"PK\x06\x06");
            bytes.extend_from_slice(&44u64.to_le_bytes());
            bytes.extend_from_slice(&ZIP64.to_le_bytes());
            bytes.extend_from_slice(&ZIP64.to_le_bytes());
            bytes.extend_from_slice(&[0; 8]);
            for field in [count, count, size, start] {
                bytes.extend_from_slice(&field.to_le_bytes());
            }
            bytes.extend_from_slice(b"PK\x06\x07\0\0\0\0");
            bytes.extend_from_slice(&end.to_le_bytes());
            bytes.extend_from_slice(&1u32.to_le_bytes());
        }
        bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        let short = u16::try_from(count).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&short.to_le_bytes());
        bytes.extend_from_slice(&short.to_le_bytes());
        bytes.extend_from_slice(&small(size, self.limit).to_le_bytes());
        bytes.extend_from_slice(&small(start, self.limit).to_le_bytes());
        bytes.extend_from_slice(&[0; 2]);
        self.put(&bytes)?;
        self.finished = true;
        Ok(self.offset)
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        // A device such as /dev/full is never removed.
        let regular = self.file.metadata().is_ok_and(|meta| meta.is_file());
        if !self.finished && regular {
            // Nothing can be done about a file that can't be removed; the caller gets the error that led here.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Open {
    fn written(&self) -> Written {
        Written {
            name: self.name.clone(),
            method: 8,
            time: EPOCH,
            crc: self.crc.clone().finalize(),
            packed: self.packed,
            size: self.size,
            offset: self.offset,
        }
    }
}

/// A field of 32 bits: the value, or all ones when it stands in the zip64 field.
fn small(value: u64, limit: u64) -> u32 {
    if value >= limit {
        u32::MAX
    } else {
        value as u32
    }
}

fn local_header(entry: &Written, limit: u64, reserved: bool) -> Vec<u8> {
    let large = entry.size.max(entry.packed) >= limit;
    let mut extra = Vec::new();
    if large {
        // Both sizes stand in the local field, whichever is large (§4.5.3).
        extra.extend_from_slice(&[1, 0, 16, 0]);
        extra.extend_from_slice(&entry.size.to_le_bytes());
        extra.extend_from_slice(&entry.packed.to_le_bytes());
    } else if reserved {
        extra.extend_from_slice(&[0x20, 0xA2, 16, 0, 0x28, 0xA0]);
        extra.extend_from_slice(&[0; 14]);
    }
    let mut out = b"PK\x03\x04".to_vec();
    out.extend_from_slice(&(if large { ZIP64 } else { PLAIN }).to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&entry.method.to_le_bytes());
    out.extend_from_slice(&entry.time.to_le_bytes());
    out.extend_from_slice(&entry.crc.to_le_bytes());
    let sizes = if large {
        [u32::MAX; 2]
    } else {
        [entry.packed as u32, entry.size as u32]
    };
    for size in sizes {
        out.extend_from_slice(&size.to_le_bytes());
    }
    out.extend_from_slice(&(entry.name.len() as u16).to_le_bytes());
    out.extend_from_slice(&(extra.len() as u16).to_le_bytes());
    out.extend_from_slice(entry.name.as_bytes());
    out.extend_from_slice(&extra);
    out
}

fn directory_header(entry: &Written, limit: u64, out: &mut Vec<u8>) {
    let mut extra = Vec::new();
    for field in [entry.size, entry.packed, entry.offset] {
        if field >= limit {
            extra.extend_from_slice(&field.to_le_bytes());
        }
    }
    let version = if extra.is_empty() { PLAIN } else { ZIP64 };
    out.extend_from_slice(b"PK\x01\x02");
    out.extend_from_slice(&version.to_le_bytes());
    out.extend_from_slice(&version.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&entry.method.to_le_bytes());
    out.extend_from_slice(&entry.time.to_le_bytes());
    out.extend_from_slice(&entry.crc.to_le_bytes());
    out.extend_from_slice(&small(entry.packed, limit).to_le_bytes());
    out.extend_from_slice(&small(entry.size, limit).to_le_bytes());
    out.extend_from_slice(&(entry.name.len() as u16).to_le_bytes());
    let field = if extra.is_empty() { 0 } else { extra.len() + 4 };
    out.extend_from_slice(&(field as u16).to_le_bytes());
    out.extend_from_slice(&[0; 10]);
    out.extend_from_slice(&small(entry.offset, limit).to_le_bytes());
    out.extend_from_slice(entry.name.as_bytes());
    if !extra.is_empty() {
        out.extend_from_slice(&[1, 0]);
        out.extend_from_slice(&(extra.len() as u16).to_le_bytes());
        out.extend_from_slice(&extra);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xlsx::archive::Archive;

    fn temporary(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("pressroom-package-{}-{name}", std::process::id()))
    }

    fn write(path: &Path, limit: u64, bound: u64) -> Vec<u8> {
        let mut package = Package::create_with_limit(path, limit).unwrap();
        package.add("a.xml", b"<a/>").unwrap();
        package.begin("b.xml", bound).unwrap();
        let mut encoder = Encoder::default();
        for chunk in 0..3 {
            for line in 0..200 {
                write!(encoder.out, "<row r=\"{chunk}{line}\"/>").unwrap();
            }
            package.append(&encoder.finish().unwrap()).unwrap();
        }
        package.end().unwrap();
        package.finish().unwrap();
        let bytes = std::fs::read(path).unwrap();
        std::fs::remove_file(path).unwrap();
        bytes
    }

    #[test]
    fn sizes_stand_in_the_local_headers_and_no_descriptor_follows() {
        let bytes = write(&temporary("plain"), u64::from(u32::MAX), 9000);
        let archive = Archive::read(&bytes).unwrap();
        assert!(
            archive
                .entry("b.xml")
                .unwrap()
                .text()
                .unwrap()
                .ends_with("<row r=\"2199\"/>")
        );
        for entry in &archive.entries {
            let local =
                entry.data.as_ptr() as usize - bytes.as_ptr() as usize - 30 - entry.name.len();
            let field = |at: usize, n: usize| &bytes[local + at..local + at + n];
            assert_eq!(field(4, 4), [20, 0, 0, 0], "version 20, no flags");
            assert_eq!(field(14, 4), entry.crc.to_le_bytes());
            assert_eq!(field(18, 4), (entry.data.len() as u32).to_le_bytes());
            assert_eq!(field(22, 4), (entry.size as u32).to_le_bytes());
        }
        assert!(
            !bytes.windows(4).any(|w| w == b"PK\x06\x06"),
            "no zip64 without need"
        );
    }

    #[test]
    fn a_part_that_may_grow_large_reserves_its_place_and_stays_plain_when_it_does_not() {
        let bytes = write(&temporary("reserved"), u64::from(u32::MAX), 5 << 30);
        let archive = Archive::read(&bytes).unwrap();
        assert!(archive.entry("b.xml").unwrap().text().is_ok());
        assert!(!bytes.windows(4).any(|w| w == b"PK\x06\x06"));
        assert!(
            bytes
                .windows(6)
                .any(|w| w == [0x20, 0xA2, 16, 0, 0x28, 0xA0])
        );
    }

    #[test]
    fn past_the_limit_both_headers_say_version_45_and_carry_the_sizes() {
        let bytes = write(&temporary("zip64"), 300, 9000);
        let local = memchr::memmem::find(&bytes, b"b.xml").unwrap() - 30;
        assert_eq!(bytes[local + 4..local + 6], [45, 0]);
        assert_eq!(bytes[local + 18..local + 26], [0xFF; 8]);
        let extra = &bytes[local + 35..local + 55];
        assert_eq!(extra[..4], [1, 0, 16, 0]);
        let size = u64::from_le_bytes(extra[4..12].try_into().unwrap());
        let central = memchr::memmem::rfind(&bytes, b"b.xml").unwrap() - 46;
        assert_eq!(bytes[central + 4..central + 8], [45, 0, 45, 0]);
        assert_eq!(
            bytes[central + 51 + 4..central + 51 + 12],
            size.to_le_bytes()
        );
        assert!(size > 300);
        assert!(
            bytes.windows(4).any(|w| w == b"PK\x06\x06")
                && bytes.windows(4).any(|w| w == b"PK\x06\x07")
        );
        let refused = Archive::read(&bytes).unwrap_err().to_string();
        assert!(refused.contains("zip64"), "{refused}");
    }

    #[test]
    fn a_package_that_is_not_finished_leaves_no_file() {
        let path = temporary("dropped");
        let mut package = Package::create(&path).unwrap();
        package.add("a.xml", b"<a/>").unwrap();
        assert!(path.exists());
        drop(package);
        assert!(!path.exists());
    }
}
