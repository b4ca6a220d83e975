//! The decorator this crate is about.

use std::{borrow::Cow, fmt, future::Future, io, sync::Arc, time::Duration};

use socketry_connection::Clock;
use socketry_resolver::{Answer, Family, Resolve, sharing::Passenger};

use crate::{
    cache::{Cache, Found, Registration},
    error::{Outcome, hand_out, panicked},
    settings::Settings,
};

/// Remembers what the resolver inside answers, and asks it one thing once at a time.
///
/// - **Answers are kept as long as they are good** ([`Answer::expires`]), at most a day. One that
///   does not say how long that is, is not kept, unless a [`lifetime`](Self::lifetime) is set.
/// - **That there is nothing** is kept for 5 s where nobody says for how long: that a name does not
///   exist, or has no address of a family. Whatever else went wrong (a timeout, a nameserver that
///   failed) may have gone by the next time, and is never kept.
/// - **256 names at most** are kept, each with its two families. The name that was not asked for
///   the longest makes room.
/// - **One flight.** Whoever asks for a name and family that is being looked up waits for that
///   lookup, be they a thousand, and all are told the same. The lookup is dropped with the last of
///   them, at once.
/// - **Names are told apart** without regard to the case of ASCII letters, and reach the resolver
///   inside in lower case. A dot at the end makes another name: it says that no search domain is
///   to be added, so that `db` and `db.` may be two hosts.
///
/// A clone shares what is kept and what is under way. It begins with the same settings; what is set
/// on one later holds for the lookups that this one begins.
///
/// What is kept is handed out at the first poll, without an allocation or a system call.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use futures_lite::future::block_on;
/// use socketry_resolver::{Family, Resolve};
/// use socketry_resolver_caching::CachingResolver;
/// use socketry_testing::scripted_resolver;
///
/// let (inner, nameserver) = scripted_resolver();
/// let resolver = CachingResolver::new(inner).lifetime(Duration::from_secs(60));
///
/// nameserver.answer_next(|_name, _family| Ok(vec![[192, 0, 2, 1].into()].into()));
/// for _ in 0..3 {
///     let answer = block_on(resolver.resolve("a.example", Family::V4))?;
///     assert_eq!(answer.len(), 1);
/// }
/// assert_eq!(nameserver.begun(), 1);
/// # std::io::Result::Ok(())
/// ```
pub struct CachingResolver<R> {
    /// Shared with clones, and with the lookups under way, which outlive the calls they began in.
    inner: Arc<R>,
    cache: Arc<Cache>,
    settings: Settings,
}

impl<R> CachingResolver<R> {
    /// Remembers what `inner` answers.
    pub fn new(inner: R) -> Self {
        Self { inner: Arc::new(inner), cache: Arc::default(), settings: Settings::default() }
    }

    /// Keeps at most so many names: 256 by default. With 0 nothing is kept, and callers at the same
    /// time still share one lookup.
    pub fn most_names(mut self, names: usize) -> Self {
        self.settings.most_names = names;
        self
    }

    /// Keeps every answer for `lifetime`, whatever it says of itself, and lets it
    /// [expire](Answer::expires) then. For resolvers whose answers say nothing, as the system's.
    ///
    /// By default answers speak for themselves. Zero keeps no answer; [`Duration::MAX`] keeps them
    /// until there is no more room.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.lifetime = Some(lifetime);
        self
    }

    /// Keeps an answer that speaks for itself, also one that there is nothing, no longer than `most`: a day by default (RFC 8767,
    /// section 4, recommends days to weeks as the cap; programs run on for longer than hosts stay
    /// where they are). [`Duration::MAX`] believes every answer.
    pub fn most_lifetime(mut self, most: Duration) -> Self {
        self.settings.most_lifetime = most;
        self
    }

    /// Keeps that there is nothing for `lifetime`, where that does not say itself how long it is
    /// so: 5 s by default, and not at all with zero.
    ///
    /// This is for a name that does not exist, for a family without addresses when the resolver
    /// inside calls that an error, and for an empty answer, where none of these
    /// [expires](socketry_resolver::LookupFailed::expires): the time that a zone allows (RFC 2308,
    /// section 5) is not known to every resolver. 5 s keeps programs that try again and again from
    /// asking each time, and a name that has just been made is found soon.
    pub fn failure_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.failure_lifetime = lifetime;
        self
    }

    /// Takes the time from `clock` instead of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{sync::Arc, time::Duration};
    ///
    /// use futures_lite::future::block_on;
    /// use socketry_resolver::{Answer, Family, Resolve};
    /// use socketry_resolver_caching::CachingResolver;
    /// use socketry_testing::{ManualClock, scripted_resolver};
    ///
    /// let (inner, nameserver) = scripted_resolver();
    /// let clock = ManualClock::new();
    /// let resolver = CachingResolver::new(inner)
    ///     .lifetime(Duration::from_secs(60))
    ///     .with_clock(Arc::new(clock.clone()));
    ///
    /// nameserver.succeed_next(Answer::from(vec![[192, 0, 2, 1].into()]));
    /// nameserver.succeed_next(Answer::from(vec![[192, 0, 2, 2].into()]));
    /// let before = block_on(resolver.resolve("a.example", Family::V4))?;
    /// clock.advance(Duration::from_secs(60));
    /// assert_ne!(block_on(resolver.resolve("a.example", Family::V4))?, before);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.settings.clock = Some(clock);
        self
    }

    /// The resolver inside.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The resolver inside, to change it, unless a clone or a lookup under way shares it. What was
    /// kept before stays: [`clear`](Self::clear) forgets it.
    pub fn get_mut(&mut self) -> Option<&mut R> {
        Arc::get_mut(&mut self.inner)
    }

    /// Takes the resolver out, unless a clone or a lookup under way shares it.
    pub fn into_inner(self) -> Option<R> {
        Arc::into_inner(self.inner)
    }

    /// Forgets everything, as one does after a change of networks.
    ///
    /// Lookups under way go on for those who wait for them. What they find is not kept, and whoever
    /// asks from now on does not join them.
    pub fn clear(&self) {
        self.cache.clear();
    }

    /// Forgets one name, in both families; as [`clear`](Self::clear) does with all.
    ///
    /// # Examples
    ///
    /// To ask anew after an address did not answer:
    ///
    /// ```
    /// use socketry_resolver_caching::CachingResolver;
    ///
    /// fn nobody_answered<R>(resolver: &CachingResolver<R>, name: &str) {
    ///     resolver.forget(name);
    /// }
    /// ```
    pub fn forget(&self, name: &str) {
        self.cache.forget(&folded(name));
    }
}

/// # Errors
///
/// Those of the resolver inside. A [`LookupFailed`](socketry_resolver::LookupFailed) and an error
/// of the system are handed to every caller as they are; others as a
/// [`SharedError`](crate::SharedError) of the same kind and text. Should the resolver inside panic,
/// so does the caller who polled it, and the others get an error.
///
/// # Cancel safety
///
/// A dropped call leaves nothing behind. A lookup that others wait for goes on; the last of them
/// who gives up drops it.
impl<R: Resolve + 'static> Resolve for CachingResolver<R> {
    async fn resolve(&self, name: &str, family: Family) -> io::Result<Answer> {
        let (name, now) = (folded(name), self.settings.now());
        let outcome = match self.cache.find(&name, family, now, |place| self.look_up(place)) {
            Found::Known(outcome) => Some(outcome),
            Found::UnderWay(flight) => Passenger::new(flight).await,
        };
        outcome.map_or_else(|| Err(panicked(&name, family)), hand_out)
    }
}

impl<R: Resolve + 'static> CachingResolver<R> {
    /// What a flight does, for everybody.
    fn look_up(&self, place: Registration) -> impl Future<Output = Outcome> + Send + use<R> {
        let (inner, settings) = (self.inner.clone(), self.settings.clone());
        async move {
            let found = inner.resolve(place.name(), place.family()).await;
            let now = settings.now();
            let outcome = found.map(|answer| settings.date(answer, now)).map_err(Arc::new);
            let lifetime = settings.lifetime(&outcome, now);
            place.keep(outcome.clone(), now, lifetime, settings.most_names);
            outcome
        }
    }
}

impl<R> Clone for CachingResolver<R> {
    fn clone(&self) -> Self {
        let Self { inner, cache, settings } = self;
        Self { inner: inner.clone(), cache: cache.clone(), settings: settings.clone() }
    }
}

impl<R> fmt::Debug for CachingResolver<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (names, under_way) = self.cache.counts();
        f.debug_struct("CachingResolver")
            .field("names", &names)
            .field("under_way", &under_way)
            .finish_non_exhaustive()
    }
}

/// The name as it is compared and looked up. Letters beyond ASCII stay: which of them are the same
/// is for the resolver inside to know.
fn folded(name: &str) -> Cow<'_, str> {
    // Looks at all of them, without an early end: so the compiler takes many at a time.
    match name.bytes().fold(false, |found, byte| found | byte.is_ascii_uppercase()) {
        true => name.to_ascii_lowercase().into(),
        false => name.into(),
    }
}
