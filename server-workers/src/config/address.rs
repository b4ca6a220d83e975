//! Addresses in one form, so that two that mean the same are the same.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address with its scheme, or why it is none. The forms are `:port`, `host:port`, `[::1]:port`, each
/// with `tcp://` or `tls://` in front of it, and `unix://path`. What stands behind another scheme is for
/// whoever listens there.
pub(super) fn normalised(address: &str) -> Result<String, String> {
    let address = address.trim();
    let (scheme, rest) = address.split_once("://").unwrap_or(("tcp", address));
    let scheme = scheme.to_ascii_lowercase();
    if scheme.is_empty()
        || !scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
    {
        return Err(format!("{address:?} is no address: {FORMS}"));
    }
    if scheme == "unix" {
        return match rest.is_empty() {
            true => Err(format!("{address:?} has no path: write unix:///run/name.sock")),
            false => Ok(format!("unix://{rest}")),
        };
    }
    if !["tcp", "tls"].contains(&scheme.as_str()) {
        return Ok(format!("{scheme}://{rest}"));
    }
    let (host, port) =
        rest.rsplit_once(':').ok_or_else(|| format!("{address:?} has no port: {FORMS}"))?;
    let port: u16 =
        port.parse().map_err(|_| format!("{address:?} has no port from 0 to 65535: {FORMS}"))?;
    let host = host_of(host).ok_or_else(|| format!("{address:?} has no host: {FORMS}"))?;
    Ok(format!("{scheme}://{host}:{port}"))
}

/// Whether each server on it has its own: the system chooses the port.
pub(super) fn is_chosen(normalised: &str) -> bool {
    let has_port = ["tcp://", "tls://"].iter().any(|scheme| normalised.starts_with(scheme));
    has_port && normalised.ends_with(":0")
}

const FORMS: &str = "write host:port, :port, [::1]:port or unix://path";

/// No host is any address of version 4, as the original has it.
fn host_of(host: &str) -> Option<String> {
    if host.is_empty() {
        return Some(Ipv4Addr::UNSPECIFIED.to_string());
    }
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(bracketed) => bracketed.parse::<Ipv6Addr>().ok().map(|address| format!("[{address}]")),
        None if host
            .contains(|letter: char| ":/[]@".contains(letter) || letter.is_whitespace()) =>
        {
            None
        }
        None => Some(match host.parse::<IpAddr>() {
            Ok(address) => address.to_string(),
            Err(_) => host.to_ascii_lowercase(),
        }),
    }
}
