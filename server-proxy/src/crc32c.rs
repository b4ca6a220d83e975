//! The checksum of headers (RFC 9260, appendix A).

/// The checksum of these parts, one behind the other.
pub(crate) fn crc32c<const N: usize>(parts: [&[u8]; N]) -> u32 {
    let bytes = parts.into_iter().flatten();
    !bytes.fold(!0, |crc, byte| (crc >> 8) ^ TABLE[usize::from(crc as u8 ^ byte)])
}

/// What each byte does to the rest of the checksum.
const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    /// Castagnoli's polynomial, the lowest bit first.
    const POLYNOMIAL: u32 = 0x82f6_3b78;

    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_the_standards() {
        let ascending = Vec::from_iter(0..32);
        for (bytes, crc) in [
            (&b""[..], 0),
            (b"123456789", 0xe306_9283),
            (&[0; 32], 0x8a91_36aa),
            (&[0xff; 32], 0x62a8_ab43),
            (&ascending, 0x46dd_794e),
        ] {
            assert_eq!(crc32c([bytes]), crc, "{bytes:?}");
        }
    }

    #[test]
    fn parts_are_as_good_as_the_whole() {
        assert_eq!(crc32c([b"1234", b"", b"56789"]), crc32c([b"123456789"]));
    }
}
