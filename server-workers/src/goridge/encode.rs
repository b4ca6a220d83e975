//! Writing frames.

use crate::goridge::{CONTROL, ERROR, HEADER_LENGTH, HEADER_WORDS, JSON, VERSION};

/// Appends a frame that controls the worker; `json` is its payload.
pub(crate) fn control(to: &mut Vec<u8>, json: &[u8]) {
    // The payloads are our own and have a few bytes.
    let length = u32::try_from(json.len()).unwrap_or(u32::MAX);
    to.extend_from_slice(&header(0, CONTROL | JSON, length));
    to.extend_from_slice(json);
}

/// Appends a frame that says what went wrong.
pub(crate) fn error(to: &mut Vec<u8>, text: &str) {
    // Texts of errors have a few bytes.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    to.extend_from_slice(&header(0, ERROR, length));
    to.extend_from_slice(text.as_bytes());
}

/// Appends the frame of an event, whose context is written by `context`; whether it is short enough
/// for one: a payload has at most `u32::MAX` bytes.
pub(crate) fn event(to: &mut Vec<u8>, context: impl FnOnce(&mut Vec<u8>), body: &[u8]) -> bool {
    let start = to.len();
    let payload_start = start + HEADER_LENGTH + 4;
    to.resize(payload_start, 0);
    context(to);
    let context_length = to.len() - payload_start;
    let lengths = u32::try_from(context_length)
        .and_then(|context| Ok((context, u32::try_from(context_length + body.len())?)));
    let Ok((context_length, length)) = lengths else {
        to.truncate(start);
        return false;
    };
    to[start..start + HEADER_LENGTH].copy_from_slice(&header(1, 0, length));
    to[start + HEADER_LENGTH..payload_start].copy_from_slice(&context_length.to_le_bytes());
    to.extend_from_slice(body);
    true
}

fn header(options: u8, flags: u8, length: u32) -> [u8; HEADER_LENGTH] {
    let mut header = [0; HEADER_LENGTH];
    header[0] = VERSION | (HEADER_WORDS.start() + options);
    header[1] = flags;
    header[2..6].copy_from_slice(&length.to_le_bytes());
    let checksum = crc32fast::hash(&header[..6]);
    header[6..10].copy_from_slice(&checksum.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_greeting_of_a_worker_is_a_control_frame_of_json() {
        let mut frame = Vec::new();
        control(&mut frame, br#"{"pid":26461}"#);
        assert_eq!(hex(&frame), "13090d0000003a6bfacb00007b22706964223a32363436317d");
    }

    #[test]
    fn the_farewell_to_a_worker_is_a_control_frame_of_json() {
        let mut frame = Vec::new();
        control(&mut frame, br#"{"stop":true}"#);
        assert_eq!(hex(&frame), "13090d0000003a6bfacb00007b2273746f70223a747275657d");
    }

    #[test]
    fn an_error_is_a_frame_of_its_text() {
        let mut frame = Vec::new();
        error(&mut frame, "boom");
        assert_eq!(hex(&frame), "134004000000881e11e30000626f6f6d");
    }

    #[test]
    fn an_event_says_how_long_its_context_is() {
        let context =
            br#"{"remote_addr":"127.0.0.1:40000","server":"s","uuid":"u","event":"DATA"}"#;
        let mut frame = Vec::new();
        assert!(event(&mut frame, |to| to.extend_from_slice(context), b"hi\r\n"));
        let begin = "14004c000000ab0647f8000048000000";
        assert_eq!(hex(&frame), format!("{begin}{}{}", hex(context), hex(b"hi\r\n")));
    }

    #[test]
    fn frames_are_appended() {
        let mut frames = b"before".to_vec();
        assert!(event(&mut frames, |to| to.extend_from_slice(b"c"), b""));
        control(&mut frames, b"{}");
        assert_eq!(frames.len(), 6 + 17 + 14);
    }
}
