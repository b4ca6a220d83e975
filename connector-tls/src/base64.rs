//! Base64 (RFC 4648, section 4) of a SHA-256, in which form keys are pinned.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads 32 bytes, with or without padding.
pub(crate) fn decode(text: &str) -> Option<[u8; 32]> {
    ENGINE.decode(text).ok()?.try_into().ok()
}

/// Writes 32 bytes, with padding.
pub(crate) fn encode(bytes: &[u8; 32]) -> String {
    ENGINE.encode(bytes)
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
