//! What worker processes say that is not for machines.

use std::borrow::Cow;

/// How much is shown of it, in bytes.
pub(crate) const MOST_TEXT: usize = 1024;

/// The beginning of what has come, as text of one line in quotes; a frame behind it is left out.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(MOST_TEXT)];
    let is_of_frames = |byte: &u8| byte.is_ascii_control() && !b"\t\n\r\x1b".contains(byte);
    let text = match shown.iter().position(is_of_frames) {
        None | Some(0) => shown,
        Some(end) => &shown[..end],
    };
    format!("{:?}", String::from_utf8_lossy(text).trim_end())
}

/// The beginning of a text as one line: what breaks lines is written as in source code.
pub(crate) fn one_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MOST_TEXT)]);
    let mut line = String::with_capacity(text.len());
    for character in text.trim().chars() {
        match character.is_control() {
            true => line.extend(character.escape_default()),
            false => line.push(character),
        }
    }
    line
}

/// The text as a part of a sentence, if there is any.
pub(crate) fn saying(bytes: &[u8]) -> Cow<'static, str> {
    match bytes.trim_ascii().is_empty() {
        true => Cow::Borrowed(""),
        false => Cow::Owned(format!(", after saying {}", quoted(bytes))),
    }
}

/// What has come of a frame that has no end, as a part of a sentence. It may be text all the same, if that
/// begins with the colour of a terminal.
pub(crate) fn cut_off(bytes: &[u8]) -> Cow<'static, str> {
    match bytes.first() {
        None => Cow::Borrowed(""),
        Some(b'\x1b') => saying(bytes),
        Some(_) => Cow::Borrowed(" in the middle of a frame"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shown_on_one_line() {
        assert_eq!(quoted("Größe:\n\"x\"\n".as_bytes()), r#""Größe:\n\"x\"""#);
    }

    #[test]
    fn a_frame_behind_a_text_is_not_shown() {
        assert_eq!(quoted(b"Hello\n\x13\x01\x0d\0"), r#""Hello""#);
    }

    #[test]
    fn an_error_of_many_lines_becomes_one() {
        assert_eq!(
            one_line(b"RuntimeException: boom\n#0 {main}\n"),
            r"RuntimeException: boom\n#0 {main}"
        );
    }

    #[test]
    fn what_is_no_whole_frame_is_not_shown_unless_it_is_text_in_colour() {
        assert_eq!(cut_off(b"\x13\x01\x0d\0"), " in the middle of a frame");
        assert_eq!(cut_off(b"\x1b[31mno"), r#", after saying "\u{1b}[31mno""#);
        assert_eq!(cut_off(b""), "");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(one_line(&[b'x'; 2 * MOST_TEXT]).len(), MOST_TEXT);
    }
}
