//! What the program has said.

use std::{path::PathBuf, sync::Arc, time::Duration};

use hickory_resolver::proto::rr::Name;
use socketry_connection::Clock;

use crate::{Nameserver, config::Config};

/// Everything that can be set; what is `None` is as the system says.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) nameservers: Option<Vec<Nameserver>>,
    pub(crate) search: Option<Vec<Name>>,
    pub(crate) ndots: Option<usize>,
    pub(crate) attempts: Option<usize>,
    pub(crate) patience: Option<Duration>,
    pub(crate) deadline: Duration,
    pub(crate) most_at_once: usize,
    pub(crate) caching: Caching,
    /// `None`: no hosts file is read.
    pub(crate) hosts: Option<PathBuf>,
    pub(crate) resolv_conf: Option<PathBuf>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
}

/// What is kept, and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caching {
    pub(crate) names: u64,
    pub(crate) min_ttl: Duration,
    pub(crate) max_ttl: Duration,
}

impl Caching {
    /// The bounds in seconds, as DNS counts.
    pub(crate) fn seconds(&self) -> (u32, u32) {
        let seconds = |bound: Duration| u32::try_from(bound.as_secs()).unwrap_or(u32::MAX);
        (seconds(self.min_ttl), seconds(self.max_ttl))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            nameservers: None,
            search: None,
            ndots: None,
            attempts: None,
            patience: None,
            deadline: Duration::from_secs(15),
            most_at_once: 128,
            caching: Caching {
                names: 256,
                min_ttl: Duration::ZERO,
                max_ttl: Duration::from_secs(60 * 60 * 24), // hickory's own
            },
            hosts: Some(system_hosts()),
            resolv_conf: None,
            clock: None,
        }
    }
}

impl Settings {
    /// What the system says, where the program has not said otherwise.
    pub(crate) fn over(&self, system: Config) -> Config {
        let patience = self.patience.unwrap_or(system.patience).min(self.deadline / 3);
        Config {
            nameservers: self.nameservers.clone().unwrap_or(system.nameservers),
            search: self.search.clone().unwrap_or(system.search),
            ndots: self.ndots.unwrap_or(system.ndots),
            attempts: self.attempts.unwrap_or(system.attempts).max(1),
            patience,
        }
    }
}

#[cfg(not(windows))]
fn system_hosts() -> PathBuf {
    "/etc/hosts".into()
}

#[cfg(windows)]
fn system_hosts() -> PathBuf {
    let root = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
    PathBuf::from(root).join(r"System32\drivers\etc\hosts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_try_takes_at_most_a_third_of_the_deadline() {
        let settings = Settings { deadline: Duration::from_secs(9), ..Settings::default() };
        assert_eq!(settings.over(Config::default()).patience, Duration::from_secs(3));
        let system = Config { patience: Duration::from_secs(1), ..Config::default() };
        assert_eq!(settings.over(system).patience, Duration::from_secs(1));
    }

    #[test]
    fn no_attempts_mean_one() {
        let settings = Settings { attempts: Some(0), ..Settings::default() };
        assert_eq!(settings.over(Config::default()).attempts, 1);
    }
}
