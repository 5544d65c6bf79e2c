//! Pages that WeasyPrint drew: furniture taken in as Form XObjects, whole pages with their links and outline.

use std::collections::{BTreeMap, HashMap};

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::content::{push_int, push_string};
use super::file::{PdfFile, push_ref};
use super::outline::{Entry, Target};
use crate::error::{Error, Result};

/// Depth at which a tree of another file is taken to be malformed.
const DEPTH: usize = 64;

/// A PDF whose parts are copied into ours.
pub struct Import {
    source: Document,
    name: &'static str,
    numbers: HashMap<ObjectId, u32>,
    queue: Vec<ObjectId>,
    pages: Vec<ObjectId>,
}

impl Import {
    /// Reads `pdf`; `name` says in errors what it is.
    ///
    /// # Errors
    /// [`Error::Plate`] when it is not a PDF.
    pub fn read(pdf: &[u8], name: &'static str) -> Result<Self> {
        let source = Document::load_mem(pdf)
            .map_err(|e| Error::Plate(format!("{name} can't be read as a PDF: {e}")))?;
        let pages = source.page_iter().collect();
        Ok(Self {
            source,
            name,
            numbers: HashMap::new(),
            queue: Vec::new(),
            pages,
        })
    }

    /// How many pages it has.
    pub fn pages(&self) -> u64 {
        self.pages.len() as u64
    }

    /// Writes page `page` as a Form XObject; returns its number.
    ///
    /// # Errors
    /// [`Error::Plate`] when there is no such page or it is malformed; [`Error::Io`], [`Error::DiskFull`].
    pub fn form(&mut self, page: usize, file: &mut PdfFile) -> Result<u32> {
        let id = *self.pages.get(page).ok_or_else(|| {
            Error::Plate(format!(
                "{} has {} pages, page {page} is asked for",
                self.name,
                self.pages.len()
            ))
        })?;
        let leaf = self.page_dict(id)?;
        let mut dict = b"/Type/XObject/Subtype/Form/BBox".to_vec();
        self.copy(&self.inherited(&leaf, b"MediaBox")?, file, &mut dict)?;
        dict.extend_from_slice(b"/Resources");
        self.copy(&self.inherited(&leaf, b"Resources")?, file, &mut dict)?;
        if let Ok(group) = leaf.get(b"Group") {
            dict.extend_from_slice(b"/Group");
            self.copy(&group.clone(), file, &mut dict)?;
        }
        let content = self.content(&leaf)?;
        let number = file.number()?;
        file.deflated(number, &dict, &content)?;
        self.drain(file)?;
        Ok(number)
    }

    /// Makes the page objects from `page` on known under these numbers, so that links find them.
    pub fn number_pages(&mut self, page: u64, numbers: impl IntoIterator<Item = u32>) {
        let pages = self.pages.iter().copied().skip(page as usize);
        self.numbers.extend(pages.zip(numbers));
    }

    /// The number of page `page`.
    pub fn number_of(&self, page: usize) -> u32 {
        self.numbers[&self.pages[page]]
    }

    /// Writes page `page` under its number as a child of `parent`.
    ///
    /// # Errors
    /// As [`Import::form`].
    pub fn page(&mut self, page: usize, parent: u32, file: &mut PdfFile) -> Result<()> {
        let id = self.pages[page];
        let leaf = self.page_dict(id)?;
        let mut dict = b"<</Type/Page/Parent ".to_vec();
        push_ref(&mut dict, parent);
        for key in [b"MediaBox".as_slice(), b"Resources"] {
            push_name(&mut dict, key);
            self.copy(&self.inherited(&leaf, key)?, file, &mut dict)?;
        }
        for key in [
            b"CropBox".as_slice(),
            b"BleedBox",
            b"TrimBox",
            b"ArtBox",
            b"Rotate",
            b"Group",
            b"Annots",
            b"UserUnit",
        ] {
            if let Ok(value) = leaf.get(key) {
                push_name(&mut dict, key);
                self.copy(&value.clone(), file, &mut dict)?;
            }
        }
        let content = self.content(&leaf)?;
        let stream = file.number()?;
        file.deflated(stream, b"", &content)?;
        dict.extend_from_slice(b"/Contents ");
        push_ref(&mut dict, stream);
        dict.extend_from_slice(b">>");
        file.object(self.numbers[&id], &dict)?;
        self.drain(file)
    }

    /// The annotations of page `page` as an array's items: dictionaries of their own on every page that has them
    /// (ISO 32000-2 §12.5.2: no two pages share one).
    ///
    /// # Errors
    /// As [`Import::form`].
    pub fn annotations(&mut self, page: u64, file: &mut PdfFile) -> Result<Vec<u8>> {
        let leaf = self.page_dict(self.pages[page as usize])?;
        let items = leaf.get(b"Annots").ok().and_then(|a| self.array(a));
        let mut out = Vec::new();
        for item in items.unwrap_or_default() {
            let mut dict = self
                .dict(&item)
                .ok_or_else(|| self.broken("an annotation is no dictionary"))?;
            dict.remove(b"P");
            self.copy(&Object::Dictionary(dict), file, &mut out)?;
        }
        self.drain(file)?;
        Ok(out)
    }

    /// Its outline, with destinations in our numbers; each entry of the top level with the page that it leads to.
    ///
    /// # Errors
    /// As [`Import::form`].
    pub fn outline(&mut self, file: &mut PdfFile) -> Result<Vec<(u64, Entry)>> {
        let first = self
            .catalog()
            .and_then(|catalog| self.dict(catalog.get(b"Outlines").ok()?))
            .and_then(|outlines| outlines.get(b"First").ok().cloned());
        let pages = self.siblings(first.clone());
        let entries = self.entries(first, file, 0)?;
        self.drain(file)?;
        Ok(pages.into_iter().zip(entries).collect())
    }

    /// The pages that an outline's entry and those beside it lead to; the first where it can't be told.
    fn siblings(&self, first: Option<Object>) -> Vec<u64> {
        let mut pages = Vec::new();
        let mut next = first;
        while let Some(item) = next.as_ref().and_then(|object| self.dict(object)) {
            let target = item.get(b"Dest").ok().and_then(|dest| self.array(dest));
            let id = target.and_then(|dest| dest.first()?.as_reference().ok());
            let page = id.and_then(|id| self.pages.iter().position(|page| *page == id));
            pages.push(page.unwrap_or(0) as u64);
            if pages.len() > self.source.objects.len() {
                break;
            }
            next = item.get(b"Next").ok().cloned();
        }
        pages
    }

    /// Its named destinations, with values in our numbers.
    ///
    /// # Errors
    /// As [`Import::form`].
    pub fn destinations(&mut self, file: &mut PdfFile) -> Result<BTreeMap<Vec<u8>, Vec<u8>>> {
        let mut found = Vec::new();
        if let Some(catalog) = self.catalog() {
            if let Some(names) = catalog.get(b"Names").ok().and_then(|n| self.dict(n))
                && let Some(tree) = names.get(b"Dests").ok().and_then(|d| self.dict(d))
            {
                self.names(&tree, &mut found, 0)?;
            }
            if let Some(old) = catalog.get(b"Dests").ok().and_then(|d| self.dict(d)) {
                found.extend(
                    old.iter()
                        .map(|(name, value)| (name.clone(), value.clone())),
                );
            }
        }
        let mut destinations = BTreeMap::new();
        for (name, value) in found {
            let mut out = Vec::new();
            self.copy(&value, file, &mut out)?;
            destinations.insert(name, out);
        }
        self.drain(file)?;
        Ok(destinations)
    }

    fn names(
        &self,
        tree: &Dictionary,
        found: &mut Vec<(Vec<u8>, Object)>,
        depth: usize,
    ) -> Result<()> {
        if depth > DEPTH {
            return Err(self.broken("its name tree never ends"));
        }
        if let Some(names) = tree.get(b"Names").ok().and_then(|n| self.array(n)) {
            for pair in names.chunks_exact(2) {
                if let Ok(name) = pair[0].as_str() {
                    found.push((name.to_vec(), pair[1].clone()));
                }
            }
        }
        for kid in tree
            .get(b"Kids")
            .ok()
            .and_then(|k| self.array(k))
            .unwrap_or_default()
        {
            if let Some(kid) = self.dict(&kid) {
                self.names(&kid, found, depth + 1)?;
            }
        }
        Ok(())
    }

    fn entries(
        &mut self,
        first: Option<Object>,
        file: &mut PdfFile,
        depth: usize,
    ) -> Result<Vec<Entry>> {
        if depth > DEPTH {
            return Err(self.broken("its outline never ends"));
        }
        let mut entries = Vec::new();
        let mut next = first;
        while let Some(item) = next.as_ref().and_then(|object| self.dict(object)) {
            if entries.len() > self.source.objects.len() {
                return Err(self.broken("its outline never ends"));
            }
            let mut target = Vec::new();
            for key in [b"Dest".as_slice(), b"A"] {
                if let Ok(value) = item.get(key) {
                    push_name(&mut target, key);
                    target.push(b' ');
                    self.copy(&value.clone(), file, &mut target)?;
                }
            }
            let title = item
                .get(b"Title")
                .ok()
                .and_then(|t| t.as_str().ok())
                .unwrap_or_default();
            let mut literal = Vec::new();
            push_string(&mut literal, title);
            let open = item
                .get(b"Count")
                .and_then(Object::as_i64)
                .is_ok_and(|count| count > 0);
            entries.push(Entry {
                title: literal,
                target: Target::Ready(target),
                children: self.entries(item.get(b"First").ok().cloned(), file, depth + 1)?,
                open,
            });
            next = item.get(b"Next").ok().cloned();
        }
        Ok(entries)
    }

    fn catalog(&self) -> Option<Dictionary> {
        self.source.catalog().ok().cloned()
    }

    fn resolve(&self, object: &Object) -> Option<Object> {
        self.source.dereference(object).ok().map(|(_, o)| o.clone())
    }

    fn dict(&self, object: &Object) -> Option<Dictionary> {
        self.resolve(object)?.as_dict().ok().cloned()
    }

    fn array(&self, object: &Object) -> Option<Vec<Object>> {
        self.resolve(object)?.as_array().ok().cloned()
    }

    fn page_dict(&self, id: ObjectId) -> Result<Dictionary> {
        let page = self.source.get_dictionary(id);
        page.cloned()
            .map_err(|e| self.broken(&format!("a page is no dictionary ({e})")))
    }

    /// An entry of a page, or of the nodes above it (ISO 32000-2 §7.7.3.4).
    fn inherited(&self, page: &Dictionary, key: &[u8]) -> Result<Object> {
        let mut node = page.clone();
        for _ in 0..DEPTH {
            if let Ok(value) = node.get(key) {
                return Ok(value.clone());
            }
            match node
                .get(b"Parent")
                .ok()
                .and_then(|parent| self.dict(parent))
            {
                Some(parent) => node = parent,
                None => break,
            }
        }
        match key {
            b"Resources" => Ok(Object::Dictionary(Dictionary::new())),
            _ => Err(self.broken(&format!("a page has no /{}", String::from_utf8_lossy(key)))),
        }
    }

    /// The page's content streams, inflated and joined.
    fn content(&self, page: &Dictionary) -> Result<Vec<u8>> {
        let Ok(contents) = page.get(b"Contents") else {
            return Ok(Vec::new());
        };
        let streams = match self.resolve(contents) {
            Some(Object::Array(streams)) => streams,
            Some(stream @ Object::Stream(_)) => vec![stream],
            _ => Vec::new(),
        };
        let mut joined = Vec::new();
        for stream in &streams {
            let stream = self
                .resolve(stream)
                .and_then(|s| s.as_stream().ok().cloned());
            let stream = stream.ok_or_else(|| self.broken("a page's content is no stream"))?;
            if stream.dict.has(b"Filter") {
                let plain = stream.decompressed_content().map_err(|e| {
                    self.broken(&format!("a page's content can't be inflated ({e})"))
                })?;
                joined.extend(plain);
            } else {
                joined.extend_from_slice(&stream.content);
            }
            joined.push(b'\n');
        }
        Ok(joined)
    }

    fn broken(&self, what: &str) -> Error {
        Error::Plate(format!("{} is malformed: {what}", self.name))
    }

    /// Writes `object` with the references renumbered; those to objects not met before are queued.
    fn copy(&mut self, object: &Object, file: &mut PdfFile, out: &mut Vec<u8>) -> Result<()> {
        match object {
            Object::Null => out.extend_from_slice(b" null"),
            Object::Boolean(v) => out.extend_from_slice(if *v { b" true" } else { b" false" }),
            Object::Integer(v) => {
                out.push(b' ');
                push_int(out, *v);
            }
            Object::Real(v) => out.extend_from_slice(format!(" {v}").as_bytes()),
            Object::Name(name) => push_name(out, name),
            Object::String(bytes, _) => push_string(out, bytes),
            Object::Array(items) => {
                out.push(b'[');
                for item in items {
                    self.copy(item, file, out)?;
                }
                out.push(b']');
            }
            Object::Dictionary(dict) => {
                out.extend_from_slice(b"<<");
                self.entries_of(dict, file, out)?;
                out.extend_from_slice(b">>");
            }
            Object::Stream(_) => {
                return Err(self.broken("a stream stands where only a reference may"));
            }
            Object::Reference(id) => {
                if !self.source.objects.contains_key(id) {
                    out.extend_from_slice(b" null");
                    return Ok(());
                }
                let number = match self.numbers.get(id) {
                    Some(number) => *number,
                    None => {
                        let number = file.number()?;
                        self.numbers.insert(*id, number);
                        self.queue.push(*id);
                        number
                    }
                };
                out.push(b' ');
                push_ref(out, number);
            }
        }
        Ok(())
    }

    fn entries_of(
        &mut self,
        dict: &Dictionary,
        file: &mut PdfFile,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        for (key, value) in dict {
            // The structure tree stays behind; the page tree is ours.
            if matches!(
                key.as_slice(),
                b"StructParent" | b"StructParents" | b"Parent"
            ) {
                continue;
            }
            push_name(out, key);
            self.copy(value, file, out)?;
        }
        Ok(())
    }

    fn drain(&mut self, file: &mut PdfFile) -> Result<()> {
        while let Some(id) = self.queue.pop() {
            let number = self.numbers[&id];
            let object = self
                .source
                .objects
                .get(&id)
                .cloned()
                .unwrap_or(Object::Null);
            let mut out = Vec::new();
            match object {
                Object::Stream(stream) => {
                    let mut dict = stream.dict.clone();
                    dict.remove(b"Length");
                    self.entries_of(&dict, file, &mut out)?;
                    file.stream(number, &out, &stream.content)?;
                }
                object => {
                    self.copy(&object, file, &mut out)?;
                    file.object(number, &out)?;
                }
            }
        }
        Ok(())
    }
}

/// Appends `/Name`, with other than regular characters in hex (ISO 32000-2 §7.3.5).
pub fn push_name(out: &mut Vec<u8>, name: &[u8]) {
    out.push(b'/');
    for &byte in name {
        if (b'!'..=b'~').contains(&byte) && !b"#()<>[]{}/%".contains(&byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("#{byte:02X}").as_bytes());
        }
    }
}
