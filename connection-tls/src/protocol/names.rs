//! Choosing by name, from what the cryptography has.

use std::{fmt::Display, io};

use rustls::{CipherSuite, NamedGroup};

/// Those of `known` that have these `names`, in this order.
///
/// `what` is one of them, for errors; `names_of` has all names of one, the first of which is listed.
pub(super) fn choose<T: Clone>(
    what: &str,
    names: &[String],
    known: &[T],
    names_of: impl Fn(&T) -> Vec<String>,
) -> io::Result<Vec<T>> {
    let mut chosen: Vec<(usize, T)> = Vec::with_capacity(names.len());
    for name in names {
        let is_it =
            |one: &T| names_of(one).iter().any(|known| known.eq_ignore_ascii_case(name.trim()));
        let Some((index, one)) = known.iter().enumerate().find(|(_, one)| is_it(one)) else {
            let known: Vec<_> =
                known.iter().filter_map(|one| names_of(one).into_iter().next()).collect();
            let known = known.join(", ");
            return Err(invalid(format!("invalid {what} {name:?}: choose from {known}")));
        };
        if chosen.iter().any(|(other, _)| *other == index) {
            return Err(invalid(format!("invalid {what} {name:?}: it stands there twice")));
        }
        chosen.push((index, one.clone()));
    }
    match chosen.is_empty() {
        true => Err(invalid(format!("no {what} is left to speak: name one at least"))),
        false => Ok(chosen.into_iter().map(|(_, one)| one).collect()),
    }
}

/// Every name of a cipher suite: that of IANA, that of rustls (which is another one for TLS 1.3),
/// and that of OpenSSL.
pub(super) fn names_of_suite(suite: CipherSuite) -> Vec<String> {
    let rustls = format!("{suite:?}");
    match rustls.strip_prefix("TLS13_") {
        Some(rest) => vec![format!("TLS_{rest}"), rustls],
        None => {
            let openssl = openssl_name(&rustls);
            vec![rustls, openssl]
        }
    }
}

/// `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256` there, and
/// `TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256` is `ECDHE-RSA-CHACHA20-POLY1305`.
fn openssl_name(iana: &str) -> String {
    let name = iana.strip_prefix("TLS_").unwrap_or(iana);
    let name = name.replace("_WITH_", "_").replace("AES_", "AES");
    name.replace("POLY1305_SHA256", "POLY1305").replace('_', "-")
}

/// Every name of a key exchange group: that of IANA, and others in use.
pub(super) fn names_of_group(group: NamedGroup) -> Vec<String> {
    let iana = format!("{group:?}");
    let others: &[&str] = match group {
        NamedGroup::secp256r1 => &["P-256", "prime256v1"],
        NamedGroup::secp384r1 => &["P-384"],
        NamedGroup::secp521r1 => &["P-521"],
        NamedGroup::secp256r1MLKEM768 => &["SecP256r1MLKEM768"],
        _ => &[],
    };
    [iana.as_str()].iter().chain(others).map(|name| name.to_string()).collect()
}

pub(super) fn invalid(reason: impl Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason.to_string())
}
