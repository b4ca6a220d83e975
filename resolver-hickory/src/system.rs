//! What the system says, and whether it may have changed its mind.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::{config::Config, hosts::Hosts};

/// A file as it was found: enough to see that it is another one now.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Stamp(Option<(u64, Option<SystemTime>, u64)>);

impl Stamp {
    pub(crate) fn of(path: &Path) -> Self {
        let stamp = |file: fs::Metadata| (file.len(), file.modified().ok(), number(&file));
        Self(fs::metadata(path).ok().map(stamp))
    }
}

/// Tells a file from the one that was put in its place.
#[cfg(unix)]
fn number(file: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(file)
}

#[cfg(not(unix))]
fn number(_: &fs::Metadata) -> u64 {
    0
}

/// Reads a hosts file. One that is not there, or cannot be read, has no entries.
pub(crate) fn hosts(path: &Path) -> Hosts {
    Hosts::parse(&fs::read(path).unwrap_or_default())
}

/// Where a configuration is from.
#[derive(Debug)]
pub(crate) enum System {
    /// The program has named its nameservers.
    NotAsked,
    /// A resolv.conf, and why it could not be read.
    File { path: PathBuf, stamp: Stamp, problem: Option<io::Error> },
    /// The system's own interface, and why it said nothing.
    #[cfg_attr(
        all(unix, not(any(target_os = "android", target_vendor = "apple"))),
        expect(dead_code)
    )]
    Interface { problem: Option<String> },
}

impl System {
    /// What the system uses itself.
    #[cfg(all(unix, not(any(target_os = "android", target_vendor = "apple"))))]
    pub(crate) fn read() -> (Self, Config) {
        Self::read_file(Path::new("/etc/resolv.conf"))
    }

    #[cfg(not(all(unix, not(any(target_os = "android", target_vendor = "apple")))))]
    pub(crate) fn read() -> (Self, Config) {
        match hickory_resolver::system_conf::read_system_conf() {
            Ok((system, options)) => {
                let address =
                    |server: &hickory_resolver::config::NameServerConfig| server.ip.into();
                let config = Config {
                    nameservers: system.name_servers().iter().map(address).collect(),
                    search: system.search().to_vec(),
                    ndots: options.ndots,
                    ..Config::default()
                };
                (Self::Interface { problem: None }, config)
            }
            Err(error) => (Self::Interface { problem: Some(error.to_string()) }, Config::default()),
        }
    }

    pub(crate) fn read_file(path: &Path) -> (Self, Config) {
        let stamp = Stamp::of(path); // before reading: what is written meanwhile is read next time
        let (problem, config) = match fs::read(path) {
            Ok(text) => (None, Config::parse(&text)),
            Err(error) => (Some(error), Config::default()),
        };
        (Self::File { path: path.into(), stamp, problem }, config)
    }

    /// Whether reading it again may tell something else.
    pub(crate) fn may_have_changed(&self) -> bool {
        match self {
            Self::NotAsked => false,
            Self::File { path, stamp, .. } => Stamp::of(path) != *stamp,
            Self::Interface { .. } => true,
        }
    }

    /// The sentence for a configuration without a nameserver, with the mend.
    pub(crate) fn names_none(&self) -> String {
        const MEND: &str = "or give the resolver its nameservers";
        match self {
            Self::NotAsked => "the list that was given is empty".to_string(),
            Self::File { path, problem: None, .. } => {
                format!(
                    "{} names none: add a line such as `nameserver 192.0.2.53`, {MEND}",
                    path.display()
                )
            }
            Self::File { path, problem: Some(error), .. } => {
                format!("{} cannot be read ({error}): mend that, {MEND}", path.display())
            }
            Self::Interface { problem: None } => {
                format!("the system names none: connect to a network, {MEND}")
            }
            Self::Interface { problem: Some(error) } => {
                format!("the system does not say ({error}): mend that, {MEND}")
            }
        }
    }
}
