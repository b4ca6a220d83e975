//! Where in a record a stream of records is.

/// How long the header of a record is: its type, a version, and the length of what follows.
const HEADER: u8 = 5;

/// Follows the bytes of a stream of TLS records, from its very first one, so that an end between
/// two records can be told from one in the middle of one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Records {
    /// How much of the header was seen.
    header: u8,
    /// What is left of the record's body.
    body: u16,
}

impl Records {
    /// Follows these bytes.
    pub(crate) fn follow(&mut self, mut bytes: &[u8]) {
        while let [first, rest @ ..] = bytes {
            if self.header < HEADER {
                match self.header {
                    3 => self.body = u16::from(*first) << 8,
                    4 => self.body |= u16::from(*first),
                    _ => {}
                }
                self.header += 1;
                bytes = rest;
            } else {
                let skipped = bytes.len().min(self.body.into());
                self.body -= skipped as u16;
                bytes = &bytes[skipped..];
            }
            if self.header == HEADER && self.body == 0 {
                self.header = 0;
            }
        }
    }

    /// Whether the stream is between two records.
    pub(crate) fn is_between(&self) -> bool {
        self.header == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_record_is_between_two() {
        // A record of three bytes, an empty one, and one of 256.
        let mut stream = vec![23, 3, 3, 0, 3, 1, 2, 3];
        stream.extend([23, 3, 3, 0, 0]);
        stream.extend([23, 3, 3, 1, 0]);
        stream.extend([0; 256]);
        for cut in 0..=stream.len() {
            let between = [0, 8, 13, 13 + 261].contains(&cut);
            let mut at_once = Records::default();
            at_once.follow(&stream[..cut]);
            assert_eq!(at_once.is_between(), between, "at once, {cut}");
            let mut bit_by_bit = Records::default();
            stream[..cut].iter().for_each(|byte| bit_by_bit.follow(&[*byte]));
            assert_eq!(bit_by_bit.is_between(), between, "bit by bit, {cut}");
        }
    }
}
