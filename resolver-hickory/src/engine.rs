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

/// What is known of a host when all its names have been looked up in vain.
#[derive(Default)]
struct NotFound {
    /// The first name about which nobody could be asked.
    failure: Option<Failure>,
    /// The first name that exists and has no address.
    exists: Option<Answer>,
    /// Until when each name does not exist, if that is known.
    expire: Vec<Option<Instant>>,
}

impl NotFound {
    /// A failure comes first: what it hides may be what was meant.
    fn into_result(self) -> Result<Answer, Failure> {
        match (self.failure, self.exists) {
            (Some(failure), _) => Err(failure),
            (None, Some(empty)) => Ok(empty),
            (None, None) => {
                let all: Option<Vec<Instant>> = self.expire.into_iter().collect();
                Err(Failure::no_such_name(all.and_then(|all| all.into_iter().min())))
            }
        }
    }
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

    /// Looks `host` up under each name that it may stand for, until one of them is found.
    pub(crate) async fn lookup(&self, host: Host, family: Family) -> Result<Answer, Failure> {
        self.driver.run(self.search(host, family)).await
    }

    /// A name that exists without an address of this family is found if it has one of the other:
    /// the name after it is another host, and the addresses of two hosts must not be mixed. A name
    /// that has neither, and one that nobody could be asked about, is passed over.
    async fn search(&self, host: Host, family: Family) -> Result<Answer, Failure> {
        let mut not_found = NotFound::default();
        let mut names = host.expand(&self.search, self.ndots).into_iter().peekable();
        while let Some(name) = names.next() {
            match self.look_up(name.clone(), family).await {
                Ok(Found::Addresses(answer)) => return Ok(answer),
                Ok(Found::Nothing { exists: true, expires }) => {
                    let is_last = names.peek().is_none();
                    if !is_last && self.has_address(name, other(family)).await {
                        return Ok(no_address(expires));
                    }
                    not_found.exists.get_or_insert(no_address(expires));
                }
                Ok(Found::Nothing { exists: false, expires }) => not_found.expire.push(expires),
                Err(failure) => not_found.failure = not_found.failure.or(Some(failure)),
            }
        }
        not_found.into_result()
    }

    async fn has_address(&self, name: Name, family: Family) -> bool {
        matches!(self.look_up(name, family).await, Ok(Found::Addresses(_)))
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

fn other(family: Family) -> Family {
    match family {
        Family::V4 => Family::V6,
        Family::V6 => Family::V4,
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
