//! The names that a certificate has, in words.

use std::fmt::Write;

pub(super) fn wrong_name(expected: &str, names: &[String]) -> String {
    const SHOWN: usize = 8;
    if names.is_empty() {
        return format!(
            "certificate is not for {expected}: it has no names (a common name alone does not count)"
        );
    }
    let mut words = format!("certificate is not for {expected}, but for ");
    words.push_str(&names[..names.len().min(SHOWN)].join(", "));
    if names.len() > SHOWN {
        let _ = write!(words, " and {} more", names.len() - SHOWN);
    }
    words
}

/// `a.example` of `DnsName("a.example")`, and `::1` of `IpAddress(::1)`.
pub(super) fn bare(name: &str) -> String {
    let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(name).trim_matches('"').to_string()
}
