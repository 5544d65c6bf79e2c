//! Reading a ZIP file in memory: the specimen's entries by its central directory (PKWARE APPNOTE 6.3.10 §4.3).

use std::io::Read;

use flate2::read::DeflateDecoder;

use crate::error::{Error, Result};

/// Largest part of a specimen that is inflated: more is no design but data, and would be held in memory.
const MAX_PART: u64 = 256 << 20;

/// The entries of a ZIP file, in the order of its central directory.
#[derive(Debug)]
pub struct Archive<'a> {
    /// In directory order.
    pub entries: Vec<Entry<'a>>,
}

/// One stored or deflated entry.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Its path.
    pub name: String,
    /// 0 stored, 8 deflated.
    pub method: u16,
    /// MS-DOS time and date, as in the directory.
    pub time: u32,
    /// CRC-32 of the content.
    pub crc: u32,
    /// Length of the content.
    pub size: u64,
    /// The bytes as they stand in the file.
    pub data: &'a [u8],
}

fn broken(what: &str) -> Error {
    Error::Plate(format!(
        "the specimen workbook is no usable ZIP file: {what}"
    ))
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16> {
    let field = bytes.get(at..at + 2).ok_or_else(|| broken("cut short"))?;
    Ok(u16::from_le_bytes([field[0], field[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32> {
    let field = bytes.get(at..at + 4).ok_or_else(|| broken("cut short"))?;
    Ok(u32::from_le_bytes([field[0], field[1], field[2], field[3]]))
}

impl<'a> Archive<'a> {
    /// Reads the central directory of `bytes`.
    ///
    /// # Errors
    /// [`Error::Plate`] for anything that is not a plain ZIP file (zip64, encryption, other methods).
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let end = memchr::memmem::rfind(bytes, b"PK\x05\x06")
            .ok_or_else(|| broken("it has no central directory"))?;
        let count = u16_at(bytes, end + 10)?;
        let directory = u32_at(bytes, end + 16)?;
        if count == u16::MAX || directory == u32::MAX {
            return Err(broken("it needs zip64: a specimen is small"));
        }
        let mut at = directory as usize;
        let mut entries = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            if u32_at(bytes, at)? != 0x0201_4b50 {
                return Err(broken("its central directory is damaged"));
            }
            let name_length = usize::from(u16_at(bytes, at + 28)?);
            let name = bytes
                .get(at + 46..at + 46 + name_length)
                .and_then(|name| std::str::from_utf8(name).ok())
                .ok_or_else(|| broken("an entry's name is not UTF-8"))?;
            // XlsxWriter 3.3 names one part of embed_image() as relationships do, from the root on.
            let name = name.trim_start_matches('/');
            entries.push(Entry::read(bytes, at, name)?);
            at += 46
                + name_length
                + usize::from(u16_at(bytes, at + 30)?)
                + usize::from(u16_at(bytes, at + 32)?);
        }
        Ok(Self { entries })
    }

    /// The entry at `name`.
    ///
    /// # Errors
    /// [`Error::Plate`] that names the missing part.
    pub fn entry(&self, name: &str) -> Result<&Entry<'a>> {
        self.entries
            .iter()
            .find(|entry| entry.name == name)
            .ok_or_else(|| broken(&format!("it has no part {name}")))
    }

    /// Whether there is an entry at `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }
}

impl<'a> Entry<'a> {
    fn read(bytes: &'a [u8], at: usize, name: &str) -> Result<Self> {
        let flags = u16_at(bytes, at + 8)?;
        let method = u16_at(bytes, at + 10)?;
        if flags & 1 != 0 || !matches!(method, 0 | 8) {
            return Err(broken(&format!("{name} is encrypted or not deflated")));
        }
        let packed = u32_at(bytes, at + 20)?;
        let size = u32_at(bytes, at + 24)?;
        let local = u32_at(bytes, at + 42)?;
        if [packed, size, local].contains(&u32::MAX) {
            return Err(broken(&format!("{name} needs zip64: a specimen is small")));
        }
        let local = local as usize;
        if u32_at(bytes, local)? != 0x0403_4b50 {
            return Err(broken(&format!("{name} has no local header")));
        }
        let start = local
            + 30
            + usize::from(u16_at(bytes, local + 26)?)
            + usize::from(u16_at(bytes, local + 28)?);
        let data = bytes
            .get(start..start + packed as usize)
            .ok_or_else(|| broken(&format!("{name} is cut short")))?;
        Ok(Self {
            name: name.to_owned(),
            method,
            time: u32_at(bytes, at + 12)?,
            crc: u32_at(bytes, at + 16)?,
            size: u64::from(size),
            data,
        })
    }

    /// The content, inflated and checked, as text.
    ///
    /// # Errors
    /// [`Error::Plate`] when it is damaged, not UTF-8, or larger than a design can be (256 MiB).
    pub fn text(&self) -> Result<String> {
        let wrong = |what: &str| broken(&format!("{}: {what}", self.name));
        if self.size > MAX_PART {
            return Err(wrong("more than 256 MiB in a specimen"));
        }
        let mut content = Vec::with_capacity(self.size as usize);
        match self.method {
            0 => content.extend_from_slice(self.data),
            _ => {
                DeflateDecoder::new(self.data)
                    .take(MAX_PART + 1)
                    .read_to_end(&mut content)
                    .map_err(|e| wrong(&e.to_string()))?;
            }
        }
        if content.len() as u64 != self.size || crc32fast::hash(&content) != self.crc {
            return Err(wrong("its checksum does not fit"));
        }
        String::from_utf8(content).map_err(|_| wrong("not UTF-8"))
    }
}
