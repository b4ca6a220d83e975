//! The parts of a `TlsInfo` that have no fixed length, in one piece.

/// What is no longer than this needs no allocation: a protocol and a name of usual length.
const INLINE: usize = 62;

/// An application protocol, a name and certificates, one after the other.
///
/// In one piece they cost one allocation, or none: an information about every connection must not
/// cost one for each of its parts.
#[derive(Clone)]
pub(crate) struct Details {
    bytes: Bytes,
    /// Names of protocols and hosts have at most 255 bytes; none has none.
    alpn: u8,
    name: u8,
}

#[derive(Clone)]
enum Bytes {
    Inline([u8; INLINE], u8),
    Heap(Box<[u8]>),
}

impl Details {
    pub(crate) const fn none() -> Self {
        Self { bytes: Bytes::Inline([0; INLINE], 0), alpn: 0, name: 0 }
    }

    pub(crate) fn new<'a>(
        alpn: Option<&[u8]>,
        name: Option<&str>,
        certificates: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Self {
        let short = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap_or(0);
        let (alpn, name) = (alpn.unwrap_or_default(), name.unwrap_or_default().as_bytes());
        let (alpn, name) = (&alpn[..short(alpn).into()], &name[..short(name).into()]);
        let of_certificates: usize = certificates.clone().map(|der| LENGTH + der.len()).sum();
        let length = alpn.len() + name.len() + of_certificates;

        let mut bytes = match length {
            0..=INLINE => Bytes::Inline([0; INLINE], length as u8),
            _ => Bytes::Heap(vec![0; length].into()),
        };
        let mut rest = bytes.as_mut();
        let mut put = |part: &[u8]| {
            let (place, after) = std::mem::take(&mut rest).split_at_mut(part.len());
            place.copy_from_slice(part);
            rest = after;
        };
        put(alpn);
        put(name);
        for certificate in certificates {
            put(&(certificate.len() as u32).to_be_bytes());
            put(certificate);
        }
        Self { bytes, alpn: short(alpn), name: short(name) }
    }

    pub(crate) fn alpn(&self) -> Option<&[u8]> {
        let alpn = &self.bytes.as_ref()[..self.alpn.into()];
        (!alpn.is_empty()).then_some(alpn)
    }

    pub(crate) fn name(&self) -> Option<&str> {
        let name = &self.bytes.as_ref()[self.alpn.into()..][..self.name.into()];
        std::str::from_utf8(name).ok().filter(|name| !name.is_empty())
    }

    pub(crate) fn certificates(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let start = usize::from(self.alpn) + usize::from(self.name);
        let mut rest = &self.bytes.as_ref()[start..];
        std::iter::from_fn(move || {
            let (length, after) = rest.split_first_chunk::<LENGTH>()?;
            let (certificate, after) =
                after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
            rest = after;
            Some(certificate)
        })
    }
}

/// The length of the length before each certificate.
const LENGTH: usize = 4;

impl Bytes {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Inline(bytes, length) => &bytes[..usize::from(*length)],
            Self::Heap(bytes) => bytes,
        }
    }

    fn as_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Inline(bytes, length) => &mut bytes[..usize::from(*length)],
            Self::Heap(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(alpn: Option<&[u8]>, name: Option<&str>, certificates: &[&[u8]]) -> Details {
        Details::new(alpn, name, certificates.iter().copied())
    }

    #[test]
    fn every_part_comes_out_as_it_went_in() {
        let long = "a".repeat(253);
        let large = vec![7; 70_000];
        for alpn in [None, Some(&b"h2"[..]), Some(&[0xff; 255])] {
            for name in [None, Some("a.example"), Some(&long)] {
                let lists: [&[&[u8]]; 3] = [&[], &[b"der"], &[&large, b"x"]];
                for certificates in lists {
                    let details = details(alpn, name, certificates);
                    assert_eq!((details.alpn(), details.name()), (alpn, name));
                    assert_eq!(details.certificates().collect::<Vec<_>>(), certificates);
                }
            }
        }
    }

    #[test]
    fn a_protocol_and_a_name_of_usual_length_need_no_allocation() {
        let details = details(Some(b"http/1.1"), Some("www.department.example.com"), &[]);
        assert!(matches!(details.bytes, Bytes::Inline(..)));
    }
}
