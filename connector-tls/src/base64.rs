//! Base64 (RFC 4648, section 4) of a SHA-256, in which form keys are pinned.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// So many characters have 32 bytes, with two bits to spare, beside the padding.
const CHARACTERS: usize = 43;

/// Reads 32 bytes, with or without padding.
pub(crate) fn decode(text: &str) -> Option<[u8; 32]> {
    let characters = text.strip_suffix('=').unwrap_or(text).as_bytes();
    if characters.len() != CHARACTERS {
        return None;
    }
    let mut bytes = [0; 32];
    let (mut bits, mut count, mut index) = (0_u32, 0, 0);
    for character in characters {
        let value = ALPHABET.iter().position(|other| other == character)?;
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes[index] = (bits >> count) as u8;
            index += 1;
            bits &= (1 << count) - 1;
        }
    }
    (bits == 0).then_some(bytes)
}

/// Writes 32 bytes, with padding.
pub(crate) fn encode(bytes: &[u8; 32]) -> String {
    let mut text = String::with_capacity(CHARACTERS + 1);
    let (mut bits, mut count) = (0_u32, 0);
    for &byte in bytes.iter().chain(&[0]) {
        bits = bits << 8 | u32::from(byte);
        count += 8;
        while count >= 6 && text.len() < CHARACTERS {
            count -= 6;
            text.push(ALPHABET[(bits >> count) as usize & 63].into());
        }
        bits &= (1 << count) - 1;
    }
    text.push('=');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg=";

    #[test]
    fn a_text_reads_back_as_it_was_written() {
        let bytes = decode(TEXT).unwrap();
        assert_eq!(bytes[..4], [0x60, 0xb8, 0x75, 0x75]);
        assert_eq!(bytes[31], 0x18);
        assert_eq!(encode(&bytes), TEXT);
        assert_eq!(encode(&[0xff; 32]), format!("{}8=", "/".repeat(42)));
    }

    #[test]
    fn padding_may_be_left_out() {
        assert_eq!(decode(TEXT.trim_end_matches('=')), decode(TEXT));
    }

    #[test]
    fn what_is_not_32_bytes_in_base64_is_refused() {
        let one_bit_too_many = TEXT.replace("g=", "h=");
        for text in
            ["", "=", &TEXT[1..], &format!("A{TEXT}"), &TEXT.replace('Y', "-"), &one_bit_too_many]
        {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
