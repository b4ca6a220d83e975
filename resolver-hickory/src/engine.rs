//! The lookups of one configuration.

use std::time::Instant;

use hickory_resolver::proto::rr::Name;
use socketry_resolver::{Answer, Family, LookupFailure};

use crate::{
    Nameserver,
    config::Config,
    failure::Failure,
    name::{Host, Reserved, loopback},
    nameservers::Nameservers,
    questions::Questions,
    reply::{Meaning, question},
    runtime::Driver,
    settings::Settings,
};

/// So many questions are asked for one name, each for the alias that the one before has found.
const MOST_ALIASES: usize = 8;

/// Questions, and what drives them. Dropping it closes every socket.
#[derive(Debug)]
pub(crate) struct Engine {
    questions: Questions,
    nameservers: Vec<Nameserver>,
    search: Vec<Name>,
    ndots: usize,
    driver: Driver,
}

/// What there is of a name.
enum Found {
    Addresses(Answer),
    Nothing { exists: bool, expires: Option<Instant> },
}

impl Engine {
    pub(crate) fn new(config: &Config, settings: &Settings) -> Self {
        let driver = Driver::new();
        let nameservers = Nameservers::new(config, &driver.runtime(), settings.clock.clone());
        Self {
            questions: Questions::new(nameservers, settings.caching, settings.most_at_once),
            nameservers: config.nameservers.clone(),
            search: config.search.clone(),
            ndots: config.ndots,
            driver,
        }
    }

    /// Whom it may ask, for an error.
    pub(crate) fn nameservers(&self) -> String {
        self.nameservers.iter().map(Nameserver::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Whether as many questions are being asked as may be, so that others wait for their turn.
    pub(crate) fn is_full(&self) -> bool {
        self.questions.are_full()
    }

    /// Looks `host` up under each name that it may stand for, until one of them exists.
    ///
    /// A name that exists without an address of this family ends the search: the name after it is
    /// another host, whose addresses must not be mixed with those of the other family.
    pub(crate) async fn lookup(&self, host: Host, family: Family) -> Result<Answer, Failure> {
        for name in host.expand(&self.search, self.ndots) {
            match self.driver.run(self.look_up(name, family)).await? {
                Found::Addresses(answer) => return Ok(answer),
                Found::Nothing { exists: true, expires } => return Ok(no_address(expires)),
                Found::Nothing { exists: false, .. } => {}
            }
        }
        Err(Failure::new(LookupFailure::NoSuchName))
    }

    /// Looks up one name, and what it is an alias of.
    async fn look_up(&self, mut name: Name, family: Family) -> Result<Found, Failure> {
        let mut aliases_expire = None;
        for _ in 0..MOST_ALIASES {
            let meaning = match Reserved::of(&name) {
                Some(Reserved::Loopback) => {
                    let answer = Answer::from(vec![loopback(family)]);
                    return Ok(Found::Addresses(expiring(answer, aliases_expire)));
                }
                Some(Reserved::Nowhere) => Meaning::Nothing { exists: false, expires: None },
                None => self.questions.ask(&question(name, family)).await?,
            };
            match meaning {
                Meaning::Addresses(answer) => {
                    let expires = earlier(aliases_expire, answer.expires());
                    return Ok(Found::Addresses(expiring(answer, expires)));
                }
                Meaning::Nothing { exists, expires } => {
                    let expires = expires.and(earlier(aliases_expire, expires));
                    return Ok(Found::Nothing { exists, expires });
                }
                Meaning::Alias(target, expires) => {
                    aliases_expire = earlier(aliases_expire, Some(expires));
                    name = target;
                }
            }
        }
        let reason = format!("its aliases do not end: {MOST_ALIASES} questions led to another");
        Err(Failure::because(LookupFailure::Other, reason))
    }
}

/// The name is there and has no address (NODATA).
fn no_address(expires: Option<Instant>) -> Answer {
    expiring(Answer::default(), expires)
}

fn expiring(answer: Answer, expires: Option<Instant>) -> Answer {
    match expires {
        Some(at) => answer.expiring(at),
        None => answer,
    }
}

/// The earlier one of those that are known.
fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
