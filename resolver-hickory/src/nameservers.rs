//! All nameservers, and which is asked first.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use socketry_connection::{Clock, now};

use crate::{Nameserver, config::Config, runtime::SmolRuntime, server::Server};

/// The longest patience: hickory adds it to the present moment.
const LONGEST: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// So long a nameserver that has answered while those before it kept silent is asked first.
const PREFERENCE: Duration = Duration::from_secs(30);

/// The nameservers of a configuration, and how long and often each may be asked.
pub(crate) struct Nameservers {
    servers: Vec<Server>,
    attempts: usize,
    patience: Duration,
    clock: Option<Arc<dyn Clock>>,
    preferred: Mutex<Option<Preferred>>,
}

/// Who is asked first, although it is not the first of the list.
struct Preferred {
    index: usize,
    until: Instant,
}

impl Nameservers {
    pub(crate) fn new(
        config: &Config,
        runtime: &SmolRuntime,
        clock: Option<Arc<dyn Clock>>,
    ) -> Self {
        let patience = config.patience.min(LONGEST);
        let server = |nameserver: &Nameserver| {
            Server::new(*nameserver, patience, clock.clone(), runtime.clone())
        };
        Self {
            servers: config.nameservers.iter().map(server).collect(),
            attempts: config.attempts,
            patience,
            clock,
            preferred: Mutex::new(None),
        }
    }

    /// The nameservers in the order in which they are to be asked now.
    pub(crate) fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.servers.len()).collect();
        let now = now(self.clock());
        let preferred = self.preferred().as_ref().filter(|it| now < it.until).map(|it| it.index);
        if let Some(index) = preferred {
            order[..=index].rotate_right(1);
        }
        order
    }

    /// Notes that a nameserver has answered and whether those asked before it kept silent.
    pub(crate) fn has_answered(&self, index: usize, others_are_silent: bool) {
        if others_are_silent && index > 0 {
            let until = now(self.clock()) + PREFERENCE;
            *self.preferred() = Some(Preferred { index, until });
        } else if index == 0 {
            *self.preferred() = None;
        }
    }

    pub(crate) fn server(&self, index: usize) -> &Server {
        &self.servers[index]
    }

    pub(crate) fn attempts(&self) -> usize {
        self.attempts
    }

    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    pub(crate) fn clock(&self) -> Option<&Arc<dyn Clock>> {
        self.clock.as_ref()
    }

    fn preferred(&self) -> MutexGuard<'_, Option<Preferred>> {
        // Nothing in here can panic half way through a change.
        self.preferred.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Nameservers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.servers.iter().map(Server::nameserver)).finish()
    }
}

#[cfg(test)]
mod tests {
    use socketry_testing::ManualClock;

    use super::*;
    use crate::runtime::Driver;

    fn three(clock: &ManualClock) -> Nameservers {
        let nameservers = (1..=3).map(|last| Nameserver::udp(([192, 0, 2, last], 53).into()));
        let config = Config { nameservers: nameservers.collect(), ..Config::default() };
        Nameservers::new(&config, &Driver::new().runtime(), Some(Arc::new(clock.clone())))
    }

    #[test]
    fn one_that_answers_while_others_are_silent_goes_first_for_half_a_minute() {
        let clock = ManualClock::new();
        let nameservers = three(&clock);
        nameservers.has_answered(2, true);
        clock.advance(Duration::from_millis(29_999));
        assert_eq!(nameservers.order(), [2, 0, 1]);
        clock.advance(Duration::from_millis(1));
        assert_eq!(nameservers.order(), [0, 1, 2]);
    }

    #[test]
    fn one_that_answers_while_nobody_is_silent_keeps_its_place() {
        let nameservers = three(&ManualClock::new());
        nameservers.has_answered(1, false);
        assert_eq!(nameservers.order(), [0, 1, 2]);
    }

    #[test]
    fn when_the_first_answers_again_nobody_goes_before_it() {
        let nameservers = three(&ManualClock::new());
        nameservers.has_answered(1, true);
        nameservers.has_answered(0, true);
        assert_eq!(nameservers.order(), [0, 1, 2]);
    }
}
