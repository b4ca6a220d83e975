//! What has been asked, and what is being asked.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use hickory_resolver::{ResponseCache, TtlConfig, config::ResolverOpts, proto::op::Query};
use socketry_connection::now;
use socketry_resolver::{
    LookupFailure,
    sharing::{Flight, Passenger, Places},
};

use crate::{
    asking::Asking,
    failure::{Failure, Unanswered},
    nameservers::Nameservers,
    reply::{Meaning, Reply},
    runtime::reactor,
    settings::Caching,
};

/// Answers questions from memory, or else by the nameservers, each question once at a time.
///
/// One is shared by those who ask it while it is under way and is not old, and by nobody else: its
/// answer is good from the moment at which it was asked, and is kept by the question itself. So it
/// makes no difference to anybody if one of those who wait is kept and polled a day later.
pub(crate) struct Questions {
    shared: Arc<Shared>,
}

struct Shared {
    nameservers: Arc<Nameservers>,
    cache: ResponseCache,
    caching: Caching,
    places: Arc<Places>,
    under_way: Mutex<UnderWay>,
}

#[derive(Default)]
struct UnderWay {
    questions: HashMap<Query, Question>,
    /// How many have been begun so far.
    begun: u64,
}

/// A question that others may join. Those who wait for it alone keep it alive.
struct Question {
    number: u64,
    flight: Weak<Flight<Outcome>>,
    /// When it was asked, by the clock of the nameservers; not while it waits for a place.
    asked: Option<Instant>,
}

/// The answer, and when it was asked for.
type Outcome = Result<(Arc<Reply>, Instant), Unanswered>;

impl Questions {
    pub(crate) fn new(nameservers: Nameservers, caching: Caching, most_at_once: usize) -> Self {
        let (least, most) = caching.seconds();
        let seconds = |count: u32| Some(Duration::from_secs(count.into()));
        let mut options = ResolverOpts::default();
        (options.positive_min_ttl, options.positive_max_ttl) = (seconds(least), seconds(most));
        (options.negative_min_ttl, options.negative_max_ttl) = (seconds(least), seconds(most));
        let cache = ResponseCache::new(caching.names, TtlConfig::from_opts(&options));
        Self {
            shared: Arc::new(Shared {
                nameservers: Arc::new(nameservers),
                cache,
                caching,
                places: Arc::new(Places::new(most_at_once)),
                under_way: Mutex::default(),
            }),
        }
    }

    pub(crate) async fn ask(&self, query: &Query) -> Result<Meaning, Failure> {
        let now = Instant::now();
        if let Some(reply) = self.shared.cache.get(query, now).and_then(Reply::from_result) {
            return Ok(reply.meaning(query, now));
        }
        reactor::start().map_err(Failure::of_system)?;
        match Passenger::new(self.join(query)).await {
            Some(Ok((reply, asked))) => Ok(reply.meaning(query, asked)),
            Some(Err(unanswered)) => Err(unanswered.into()),
            None => Err(Failure::because(
                LookupFailure::Other,
                "it panicked in another caller of this lookup",
            )),
        }
    }

    /// Whether as many are being asked as may be, so that others wait for their turn.
    pub(crate) fn are_full(&self) -> bool {
        self.shared.places.are_taken()
    }

    /// The same question if it is under way, or else a new one.
    fn join(&self, query: &Query) -> Arc<Flight<Outcome>> {
        let shared = &self.shared;
        let now = now(shared.nameservers.clock());
        let mut under_way = shared.lock();
        let is_young = |asked: Instant| now < asked + shared.nameservers.patience();
        let found = under_way.questions.get(query);
        let old = match found.and_then(|it| Some((it.flight.upgrade()?, it.asked))) {
            Some((flight, asked)) if asked.is_none_or(is_young) => return flight,
            old => old,
        };
        under_way.begun += 1;
        let number = under_way.begun;
        let registration = Registration { shared: shared.clone(), query: query.clone(), number };
        let flight = Arc::new(Flight::new(registration.answer()));
        let question = Question { number, flight: Arc::downgrade(&flight), asked: None };
        under_way.questions.insert(query.clone(), question);
        drop(under_way);
        drop(old); // its registration, if this was the last to hold it, takes the lock
        flight
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, UnderWay> {
        // Nothing in here can panic half way through a change.
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where others find a question. It is dropped with the future that asks, at its end or before.
struct Registration {
    shared: Arc<Shared>,
    query: Query,
    /// Tells this question from an earlier or later one of the same name.
    number: u64,
}

impl Registration {
    /// Asks the nameservers, when it is its turn.
    async fn answer(self) -> Outcome {
        let _place = Places::take(&self.shared.places).await;
        self.note_asked();
        let asked = Instant::now();
        let nameservers = self.shared.nameservers.clone();
        let mut reply = Asking::new(nameservers, self.query.clone()).await?;
        let (least, most) = self.shared.caching.seconds();
        reply.bound(least, most);
        if self.is_found() {
            self.shared.cache.insert(self.query.clone(), reply.clone().into_result(), asked);
        }
        Ok((Arc::new(reply), asked))
    }

    fn note_asked(&self) {
        let now = now(self.shared.nameservers.clock());
        let mut under_way = self.shared.lock();
        let question = under_way.questions.get_mut(&self.query);
        if let Some(question) = question.filter(|it| it.number == self.number) {
            question.asked = Some(now);
        }
    }

    /// Not if somebody did not want to join it any more, and has asked anew.
    fn is_found(&self) -> bool {
        self.is_in(&self.shared.lock())
    }

    fn is_in(&self, under_way: &UnderWay) -> bool {
        under_way.questions.get(&self.query).is_some_and(|it| it.number == self.number)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut under_way = self.shared.lock();
        if self.is_in(&under_way) {
            under_way.questions.remove(&self.query);
        }
    }
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let under_way = self.shared.lock().questions.len();
        f.debug_struct("Questions")
            .field("nameservers", &self.shared.nameservers)
            .field("under_way", &under_way)
            .finish_non_exhaustive()
    }
}
