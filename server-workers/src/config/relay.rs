//! The way to workers, as a configuration says it.

use super::address;
use crate::Relay;

/// Reads `pipes`, `tcp://127.0.0.1:6001` or `unix://path`; nothing means pipes.
pub(super) fn read(relay: &str) -> Result<Relay, String> {
    let is_socket = |address: &str| address.starts_with("tcp://") || address.starts_with("unix://");
    match relay.trim() {
        "" | "pipes" => Ok(Relay::Pipes),
        address if is_socket(address) => {
            address::normalised(address)?.parse().map_err(|error: std::io::Error| error.to_string())
        }
        _ => {
            Err(format!("{relay:?} is no relay: write pipes, tcp://127.0.0.1:6001 or unix://path"))
        }
    }
}
