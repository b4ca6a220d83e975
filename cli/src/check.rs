//! `socketry check`: what a configuration means.

use std::{
    fmt::Write as _,
    io::{self, Write},
    path::Path,
};

use socketry::{Endpoint, ServerConfig};
use socketry_server_workers::Config;

use crate::{failed::Failed, say::say};

/// Servers and their pool; what stands under `listen` are the options of the facade.
pub(crate) type Configuration = Config<ServerConfig>;

/// Prints what the configuration means.
pub(crate) fn run(configuration: &Path) -> Result<(), Failed> {
    let summary = summary(&read(configuration)?);
    // Not `print!`, which panics if nobody reads on.
    io::stdout().write_all(summary.as_bytes())?;
    Ok(())
}

/// Reads the configuration, and says on standard error what may not be as expected.
pub(crate) fn read(path: &Path) -> Result<Configuration, Failed> {
    let config =
        Configuration::read(path).map_err(|error| Failed::Configuration(error.to_string()))?;
    for warning in config.warnings() {
        say(format_args!("warning: {warning}"));
    }
    check_addresses(&config)?;
    Ok(config)
}

/// That there can be a server on every address, as far as that is known before one listens there.
fn check_addresses(config: &Configuration) -> Result<(), Failed> {
    for server in config.servers() {
        let invalid = |key, reason: &str| Err(config.invalid(&server.name, key, reason).into());
        let endpoint = match server.addr.parse::<Endpoint>() {
            Ok(endpoint) => endpoint,
            Err(error) => return invalid("addr", error.reason()),
        };
        if endpoint.host().is_some_and(|host| host.name().is_some()) {
            return invalid("addr", NO_NAME);
        }
        let tls = server.listen.as_ref().map(|listen| &listen.tls);
        let has_identity = tls.is_some_and(|tls| tls.identity.is_some() || !tls.names.is_empty());
        match endpoint.scheme() {
            "tls" if !has_identity => return invalid("addr", NO_IDENTITY),
            "tcp" | "unix" if has_identity => return invalid("listen", NO_TLS),
            _ => {}
        }
    }
    Ok(())
}

const NO_NAME: &str = "a server listens on an IP address and not on a name: write 127.0.0.1 or \
    [::1] for this machine alone, and no host (as in \":7777\") for every interface";

const NO_IDENTITY: &str = "TLS needs a certificate and its key: write listen: {tls: {identity: \
    {certificate: server.pem, key: server.key}}} for this server";

const NO_TLS: &str = "a certificate has no effect without TLS, and clients would be answered in \
    plain text: write tls:// in `addr`, or leave it out";

/// Its servers and its pool, a line each.
fn summary(config: &Configuration) -> String {
    let mut lines = String::new();
    for server in config.servers() {
        // Writing to a string does not fail, here and below.
        let _ = writeln!(
            lines,
            "server {}: {}, {}, at most {} bytes each{}",
            server.name,
            server.addr,
            server.framing,
            server.max_message_size,
            if server.sticky { ", sticky" } else { "" },
        );
    }
    let number = config.pool().num_workers.get();
    let _ = writeln!(
        lines,
        "pool: {number} worker{}, `{}`, over {}",
        if number == 1 { "" } else { "s" },
        config.command().join(" "),
        config.relay(),
    );
    lines
}
