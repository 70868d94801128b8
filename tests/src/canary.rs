//! A secret that is searched for: however it is written, in files and in the memory of guests.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};

/// The least that wasmtime keeps free behind a linear memory; nothing else in the program keeps as much.
const RESERVED: u64 = 1 << 30;

/// A text, or bytes, that is in nothing by chance.
#[derive(Debug, Clone)]
pub struct Canary {
    text: String,
    disguises: Vec<(&'static str, Vec<u8>)>,
}

impl Canary {
    /// A text that was in nothing before.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |now| now.as_nanos());
        Self::of_text(&format!("{name}-{:x}-{now:x}", std::process::id()))
    }

    fn of_text(text: &str) -> Self {
        let mut canary = Self::of(text.as_bytes());
        canary.text = text.to_owned();
        let wide: Vec<u16> = text.encode_utf16().collect();
        let bytes = |order: fn(u16) -> [u8; 2]| wide.iter().copied().flat_map(order).collect();
        canary.disguises.push(("UTF-16LE", bytes(u16::to_le_bytes)));
        canary.disguises.push(("UTF-16BE", bytes(u16::to_be_bytes)));
        canary
    }

    /// Bytes that are known: a key.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let digits = |form: fn(u8) -> String| -> Vec<u8> {
            bytes
                .iter()
                .flat_map(|byte| form(*byte).into_bytes())
                .collect()
        };
        let numbers: Vec<_> = bytes.iter().map(ToString::to_string).collect();
        let mut disguises = vec![
            ("plain", bytes.to_vec()),
            ("hexadecimal", digits(|byte| format!("{byte:02x}"))),
            ("HEXADECIMAL", digits(|byte| format!("{byte:02X}"))),
            ("URL", digits(|byte| format!("%{byte:02X}"))),
            ("url", digits(|byte| format!("%{byte:02x}"))),
            ("list of numbers", numbers.join(", ").into_bytes()),
            ("backwards", bytes.iter().rev().copied().collect()),
        ];
        // What stands before decides where in a group of three it begins; the first and the last group hold others' bits.
        for before in 0..3 {
            let padded = [&vec![0; before][..], bytes].concat();
            for (name, engine) in [("base64", BASE64_STANDARD), ("base64url", BASE64_URL_SAFE)] {
                let coded = engine.encode(&padded).into_bytes();
                let whole = padded.len() / 3 * 4;
                let begin = if before == 0 { 0 } else { 4 };
                disguises.push((name, coded[begin..whole].to_vec()));
            }
        }
        Self {
            text: String::new(),
            disguises,
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// As what it is in these bytes.
    #[must_use]
    pub fn in_bytes(&self, bytes: &[u8]) -> Option<&'static str> {
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|part| part == needle);
        self.disguises
            .iter()
            .find(|(_, needle)| holds(needle))
            .map(|(name, _)| *name)
    }

    /// In which files below a folder it is, and as what, and how many files there are.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub fn in_files(&self, folder: &Path) -> io::Result<(Vec<String>, usize)> {
        let (mut found, mut read) = (Vec::new(), 0);
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.is_file() {
                    read += 1;
                    if let Some(how) = self.in_bytes(&std::fs::read(&path)?) {
                        found.push(format!("{} ({how})", path.display()));
                    }
                }
            }
        }
        Ok((found, read))
    }
}

/// The linear memories of the guests of a process, read from outside: what wasmtime has made writable at the beginning of
/// each of its large reservations (Linux).
///
/// # Errors
/// Where the process is gone, or not this one's to look into.
pub fn guest_memories(process: u32) -> io::Result<Vec<Vec<u8>>> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps"))?;
    let memory = File::open(format!("/proc/{process}/mem"))?;
    let mut before: Vec<(u64, u64)> = Vec::new();
    let mut found = Vec::new();
    for line in maps.lines() {
        let Some((begin, end, access)) = region(line) else {
            continue;
        };
        if access.starts_with("rw") {
            if before.last().is_some_and(|last| last.1 != begin) {
                before.clear();
            }
            before.push((begin, end));
            continue;
        }
        let last = before.last().map(|last| last.1);
        if access.starts_with("---") && end - begin >= RESERVED && last == Some(begin) {
            let mut bytes = Vec::new();
            for (begin, end) in &before {
                let from = bytes.len();
                bytes.resize(from + usize::try_from(end - begin).unwrap_or(0), 0);
                memory.read_exact_at(&mut bytes[from..], *begin)?;
            }
            found.push(bytes);
        }
        before.clear();
    }
    Ok(found)
}

/// Where a mapping begins and ends, and what may be done to it.
fn region(line: &str) -> Option<(u64, u64, &str)> {
    let mut words = line.split_whitespace();
    let (begin, end) = words.next()?.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some((number(begin)?, number(end)?, words.next()?))
}
