//! What the configurations of TLS mean.

mod client;
mod server;

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use socketry_connection::Clock;
use socketry_connection_tls::{Identity, Protocol, Roots, TlsOptions, Truncation};

use crate::{IdentityConfig, Setting, Timeout, TlsVersion};

impl IdentityConfig {
    /// Reads the files.
    fn load(&self) -> io::Result<Identity> {
        let loader = match &self.key {
            Some(key) => Identity::from_files(&self.certificate, key),
            None => Identity::from_file(&self.certificate),
        };
        match &self.passphrase {
            Some(passphrase) => loader.passphrase(passphrase.reveal()),
            None => loader,
        }
        .load()
    }
}

impl From<TlsVersion> for socketry_connection_tls::TlsVersion {
    fn from(version: TlsVersion) -> Self {
        match version {
            TlsVersion::V1_2 => Self::Tls12,
            TlsVersion::V1_3 => Self::Tls13,
        }
    }
}

/// The parts of both configurations that say what is spoken.
struct Spoken<'a> {
    alpn: &'a [String],
    min_version: Option<TlsVersion>,
    max_version: Option<TlsVersion>,
    suites: &'a [String],
    key_exchange_groups: &'a [String],
}

impl Spoken<'_> {
    fn to_protocol(&self) -> Protocol {
        let mut protocol = Protocol::new().alpn(self.alpn);
        if let Some(version) = self.min_version {
            protocol = protocol.min_version(version.into());
        }
        if let Some(version) = self.max_version {
            protocol = protocol.max_version(version.into());
        }
        if !self.suites.is_empty() {
            protocol = protocol.suites(self.suites);
        }
        if !self.key_exchange_groups.is_empty() {
            protocol = protocol.key_exchange_groups(self.key_exchange_groups);
        }
        protocol
    }
}

/// `roots`, and those in files, but for what the lists of revocations name.
fn with_files(roots: Roots, files: &[PathBuf], dirs: &[PathBuf], revocations: &[PathBuf]) -> Roots {
    let roots = files.iter().fold(roots, |roots, file| roots.with_pem_file(file));
    let roots = dirs.iter().fold(roots, |roots, dir| roots.with_pem_dir(dir));
    revocations.iter().fold(roots, |roots, list| roots.with_revocation_file(list))
}

/// The parts of both configurations that say how connections begin and end.
struct Common {
    handshake_timeout: Setting<Timeout>,
    close_timeout: Duration,
    allow_truncation: bool,
}

/// What both sides do alike.
fn options(common: Common, clock: Option<&Arc<dyn Clock>>) -> TlsOptions {
    let truncation = if common.allow_truncation { Truncation::Allow } else { Truncation::Strict };
    let options = TlsOptions::new().close_within(common.close_timeout).truncation(truncation);
    let options = match common.handshake_timeout {
        Setting::Off => options.handshake_within(None),
        Setting::On => options,
        Setting::With(timeout) => options.handshake_within(Duration::from(timeout)),
    };
    match clock {
        Some(clock) => options.with_clock(clock.clone()),
        None => options,
    }
}
