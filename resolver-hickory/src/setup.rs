//! The configuration in use: read when it is first needed, and again when it has changed.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use socketry_connection::now;
use socketry_resolver::LookupFailure;

use crate::{
    config::Config,
    engine::Engine,
    failure::Failure,
    hosts::Hosts,
    settings::Settings,
    system::{self, Stamp, System},
};

/// The files are not looked at more often than this.
const FRESH: Duration = Duration::from_secs(5);

/// What a lookup goes by, from its beginning to its end.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) hosts: Arc<Hosts>,
    engine: Result<Arc<Engine>, NoEngine>,
}

/// Why there is nobody to ask.
type NoEngine = Arc<str>;

impl Setup {
    pub(crate) fn engine(&self) -> Result<&Engine, Failure> {
        let no_server =
            |reason: &NoEngine| Failure::because(LookupFailure::NoServer, reason.to_string());
        self.engine.as_deref().map_err(no_server)
    }
}

/// Makes the [`Setup`] of the settings and the system's files.
#[derive(Debug)]
pub(crate) struct Loader {
    settings: Settings,
    state: Mutex<Option<Loaded>>,
}

#[derive(Debug)]
struct Loaded {
    checked: Instant,
    hosts_stamp: Stamp,
    system: System,
    config: Config,
    setup: Setup,
}

impl Loader {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, state: Mutex::new(None) }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The setup as of now. Reads the files at the first call; looks whether they have changed at
    /// most every five seconds.
    pub(crate) fn current(&self) -> Setup {
        let now = now(self.settings.clock.as_ref());
        let mut state = self.lock();
        let (loaded, replaced) = match state.take() {
            Some(loaded) if now < loaded.checked + FRESH => (loaded, None),
            Some(loaded) => {
                let before = loaded.setup.clone();
                (self.reload(loaded, now), Some(before))
            }
            None => (self.load(now), None),
        };
        let setup = loaded.setup.clone();
        *state = Some(loaded);
        drop(state);
        drop(replaced); // closes the sockets of a configuration that is not used any more
        setup
    }

    fn load(&self, now: Instant) -> Loaded {
        let (system, config) = self.read_system();
        let (hosts_stamp, hosts) = self.read_hosts();
        let engine = self.engine(&system, &config);
        Loaded { checked: now, hosts_stamp, system, config, setup: Setup { hosts, engine } }
    }

    /// Reads what has changed. A configuration that still says the same keeps its cache.
    fn reload(&self, mut loaded: Loaded, now: Instant) -> Loaded {
        loaded.checked = now;
        let hosts = self.settings.hosts.as_deref();
        if hosts.is_some_and(|path| Stamp::of(path) != loaded.hosts_stamp) {
            (loaded.hosts_stamp, loaded.setup.hosts) = self.read_hosts();
        }
        if loaded.system.may_have_changed() {
            let (system, config) = self.read_system();
            if config != loaded.config || loaded.setup.engine.is_err() {
                loaded.setup.engine = self.engine(&system, &config);
            }
            (loaded.system, loaded.config) = (system, config);
        }
        loaded
    }

    fn read_hosts(&self) -> (Stamp, Arc<Hosts>) {
        match &self.settings.hosts {
            Some(path) => (Stamp::of(path), Arc::new(system::hosts(path))),
            None => Default::default(),
        }
    }

    fn read_system(&self) -> (System, Config) {
        let (system, config) = match (&self.settings.nameservers, &self.settings.resolv_conf) {
            (Some(_), _) => (System::NotAsked, Config::default()),
            (None, Some(path)) => System::read_file(path),
            (None, None) => System::read(),
        };
        (system, self.settings.over(config))
    }

    fn engine(&self, system: &System, config: &Config) -> Result<Arc<Engine>, NoEngine> {
        if config.nameservers.is_empty() {
            return Err(system.names_none().into());
        }
        Ok(Arc::new(Engine::new(config, &self.settings)))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Loaded>> {
        // Were it poisoned half way through a change, it would be `None`, and everything read anew.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use socketry_testing::ManualClock;

    use super::*;

    #[test]
    fn a_configuration_that_still_says_the_same_keeps_its_cache_and_another_does_not() {
        let name = format!("socketry-resolver-hickory-{}-same-configuration", process::id());
        let path = env::temp_dir().join(name);
        let clock = ManualClock::new();
        let loader = Loader::new(Settings {
            resolv_conf: Some(path.clone()),
            hosts: None,
            clock: Some(Arc::new(clock.clone())),
            ..Settings::default()
        });
        let engine_for = |text: &str| {
            fs::write(&path, text).unwrap();
            clock.advance(FRESH);
            loader.current().engine.unwrap()
        };
        let first = engine_for("nameserver 192.0.2.53\n");
        let same = engine_for("nameserver 192.0.2.53\n# written anew, by a DHCP client\n");
        let other = engine_for("nameserver 192.0.2.54\n");
        fs::remove_file(&path).unwrap();
        assert!(Arc::ptr_eq(&first, &same));
        assert!(!Arc::ptr_eq(&first, &other));
    }
}
