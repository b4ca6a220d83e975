//! The blocks of a text in PEM (RFC 7468).
//!
//! The parser of rustls skips blocks that it does not know, encrypted keys among them, and tells no
//! lines. Here every block is found, with its line; only what is inside is left to that parser.

use std::borrow::Cow;

use rustls::pki_types::pem::{PemObject, SectionKind};
use zeroize::Zeroizing;

use crate::{LoadFailed, document::Document};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What stands between a BEGIN line and its END line.
pub(crate) struct Block<'a> {
    /// Such as `CERTIFICATE`.
    pub(crate) label: Cow<'a, str>,
    /// Where it begins, from 1.
    pub(crate) line: usize,
    body: &'a [u8],
}

impl Block<'_> {
    /// Whether it is encrypted as RFC 1421 has it, by headers inside the block.
    pub(crate) fn has_encryption_headers(&self) -> bool {
        const HEADER: &[u8] = b"Proc-Type:";
        lines(self.body).any(|(_, line)| {
            line.starts_with(HEADER) && line.trim_ascii_end().ends_with(b"ENCRYPTED")
        })
    }

    /// What is inside, or `None` if it is not Base64.
    pub(crate) fn decode(&self) -> Option<Zeroizing<Vec<u8>>> {
        // Whatever it is, it is decoded as what takes the same time for all characters.
        const START: &[u8] = b"-----BEGIN PRIVATE KEY-----\n";
        const STOP: &[u8] = b"\n-----END PRIVATE KEY-----\n";
        let text = Zeroizing::new([START, self.body, STOP].concat());
        let (_, der) = <(SectionKind, Vec<u8>)>::from_pem_slice(&text).ok()?;
        Some(Zeroizing::new(der))
    }
}

/// The blocks of `document`, of whatever kind; `None` if it is not PEM.
///
/// Text around the blocks is skipped, as is a byte order mark; lines end in LF, CR LF or CR.
pub(crate) fn blocks(document: &Document) -> Result<Option<Vec<Block<'_>>>, LoadFailed> {
    let wrong = |line: usize, reason: String| {
        Err(LoadFailed::data(&document.origin, reason).at(Some(line)))
    };
    let content = document.content.as_slice();
    let content = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
    let mut blocks = Vec::new();
    let mut open: Option<(Cow<'_, str>, usize, usize)> = None;
    for (number, (start, whole)) in (1..).zip(lines(content)) {
        let line = whole.trim_ascii();
        if let Some(rest) = line.strip_prefix(BEGIN) {
            if let Some((label, line, _)) = open {
                return wrong(line, no_end(&label));
            }
            let Some(label) = rest.strip_suffix(DASHES) else {
                return wrong(number, "this BEGIN line does not end in five dashes".into());
            };
            open = Some((String::from_utf8_lossy(label), number, start + whole.len()));
        } else if let Some(rest) = line.strip_prefix(END) {
            let ended = rest.strip_suffix(DASHES).map(String::from_utf8_lossy);
            match open.take() {
                Some((label, line, body)) if ended.as_ref() == Some(&label) => {
                    blocks.push(Block { label, line, body: &content[body..start] });
                }
                Some((label, line, _)) => return wrong(line, no_end(&label)),
                None => return wrong(number, "this END line has no BEGIN line before it".into()),
            }
        }
    }
    match open {
        Some((label, line, _)) => wrong(line, no_end(&label)),
        None if blocks.is_empty() => Ok(None),
        None => Ok(Some(blocks)),
    }
}

/// What the blocks are, for an error that says that they are not the right ones.
pub(crate) fn labels(blocks: &[Block<'_>]) -> String {
    let mut labels: Vec<&str> = blocks.iter().map(|block| &*block.label).collect();
    labels.sort_unstable();
    labels.dedup();
    labels.join(", ")
}

fn no_end(label: &str) -> String {
    format!("the block {label} that begins here has no END line: is the file cut off?")
}

/// The lines, each with where it starts and without its end.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let rest = &text[start..];
        let Some(length) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            next = None;
            return Some((start, rest));
        };
        let end = if rest[length..].starts_with(b"\r\n") { 2 } else { 1 };
        next = Some(start + length + end);
        Some((start, &rest[..length]))
    })
}
