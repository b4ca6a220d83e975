//! How long to wait between attempts.

use std::{fmt, io, sync::Arc, time::Duration};

/// How long to wait between attempts to connect, and when to give up.
///
/// The delays of an outage grow from one failed attempt to the next, and begin anew after a session
/// that has lasted. Three presets:
///
/// | preset | delays | counted from | after a lost session | minimum uptime |
/// |---|---|---|---|---|
/// | [`grpc`](Self::grpc), the default | 1 s, then × 1.6 ± 20 % up to 120 s | start of the attempt | at once | 5 s |
/// | [`connman`](Self::connman) | 20 ms, then × 2 up to 163.84 s | end of the attempt | 100 ms, then × 2 up to 204.8 s | none |
/// | [`immediate_then`](Self::immediate_then) | none, then the given one × 2 up to 30 s ± 20 % | end of the attempt | at once | 5 s |
///
/// Every part can be changed, and [`from_fn`](Self::from_fn) takes the delays from a function.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_connector_reconnecting::Backoff;
///
/// let backoff = Backoff::grpc()
///     .cap(Duration::from_secs(30))
///     .max_attempts(Some(10))
///     .min_connect_timeout(Some(Duration::from_secs(5)));
/// # let _ = backoff;
/// ```
#[derive(Clone)]
pub struct Backoff {
    pub(crate) delays: Delays,
    pub(crate) jitter: f64,
    pub(crate) measured: Measured,
    /// How many retries of an outage are at once, before the delays begin.
    pub(crate) at_once: u32,
    /// The first delay after a session that has lasted; none is at once.
    pub(crate) after_session: Option<Duration>,
    pub(crate) stable_after: Duration,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) give_up_after: Option<Duration>,
    pub(crate) min_connect_timeout: Option<Duration>,
}

/// Where the delays come from.
#[derive(Clone)]
pub(crate) enum Delays {
    Growing { initial: Duration, factor: f64, limit: Limit },
    Own(DelayFunction),
}

type DelayFunction = Arc<dyn Fn(&Retry<'_>) -> Option<Duration> + Send + Sync>;

/// What ends the growth of delays.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// No delay is longer.
    Cap(Duration),
    /// A delay that is as long grows no more.
    GrowsUntil(Duration),
}

/// From when a delay counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "an attempt has a start and an end")]
pub enum Measured {
    /// From the start of the attempt: an attempt that took longer than the delay is followed by the
    /// next one at once.
    FromStart,
    /// From its end.
    FromEnd,
}

/// What a function of one's own decides on: [`Backoff::from_fn`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Retry<'a> {
    /// How many attempts (with several targets: rounds through all of them) have failed in a row.
    pub failed: u32,
    /// How long the outage has lasted.
    pub outage: Duration,
    /// Why the last one has failed; `None` if it was a session that has not lasted.
    pub error: Option<&'a io::Error>,
}

impl Backoff {
    /// That of [gRPC], the default: 1 s, × 1.6, ± 20 %, at most 120 s, counted from the start of the
    /// attempt, which has 20 s at least. After a session that has lasted 5 s the next attempt is at
    /// once, and the delays begin anew; gRPC itself asks for no uptime. As there, the first delay of an
    /// outage has no jitter.
    ///
    /// [gRPC]: https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md
    pub fn grpc() -> Self {
        Self {
            delays: Delays::Growing {
                initial: Duration::from_secs(1),
                factor: 1.6,
                limit: Limit::Cap(Duration::from_secs(120)),
            },
            jitter: 0.2,
            measured: Measured::FromStart,
            at_once: 0,
            after_session: None,
            stable_after: Duration::from_secs(5),
            max_attempts: None,
            give_up_after: None,
            min_connect_timeout: Some(Duration::from_secs(20)),
        }
    }

    /// That of connman 1.0.0: 20, 40, 80 ... ms from cold and 100, 200, 400 ... ms after a session,
    /// each counted from the end, without jitter. A delay of 128 s grows no more, so the longest are 163.84 s
    /// and 204.8 s. Every session begins the delays anew, however short, and no attempt is ever given
    /// up.
    pub fn connman() -> Self {
        Self {
            delays: Delays::Growing {
                initial: Duration::from_millis(20),
                factor: 2.0,
                limit: Limit::GrowsUntil(Duration::from_secs(128)),
            },
            jitter: 0.0,
            measured: Measured::FromEnd,
            at_once: 0,
            after_session: Some(Duration::from_millis(100)),
            stable_after: Duration::ZERO,
            max_attempts: None,
            give_up_after: None,
            min_connect_timeout: None,
        }
    }

    /// The first retry of an outage at once, the second after `initial`, then twice as long each time up
    /// to 30 s, ± 20 %.
    pub fn immediate_then(initial: Duration) -> Self {
        Self {
            delays: Delays::Growing {
                initial,
                factor: 2.0,
                limit: Limit::Cap(Duration::from_secs(30)),
            },
            measured: Measured::FromEnd,
            at_once: 1,
            ..Self::grpc()
        }
    }

    /// The delays that `delay` says; `None` gives up. It is asked after each failed attempt, and after
    /// a session that has not lasted. Nothing is added to what it says, and all else is as with
    /// [`grpc`](Self::grpc), but that delays count from the end.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use socketry_connector_reconnecting::Backoff;
    ///
    /// // every 3 seconds, for a quarter of an hour
    /// let backoff = Backoff::from_fn(|retry| {
    ///     (retry.outage < Duration::from_secs(900)).then_some(Duration::from_secs(3))
    /// });
    /// # let _ = backoff;
    /// ```
    pub fn from_fn(delay: impl Fn(&Retry<'_>) -> Option<Duration> + Send + Sync + 'static) -> Self {
        Self {
            delays: Delays::Own(Arc::new(delay)),
            jitter: 0.0,
            measured: Measured::FromEnd,
            ..Self::grpc()
        }
    }

    /// The first delay. Zero is allowed, and stays zero however often it grows.
    ///
    /// This and the next two give a function of one's own its leave.
    pub fn initial(mut self, delay: Duration) -> Self {
        *self.growing().0 = delay;
        self
    }

    /// By how much a delay is longer than the one before. It MUST be at least 1, which means: always
    /// the same.
    pub fn factor(mut self, factor: f64) -> Self {
        *self.growing().1 = factor;
        self
    }

    /// The longest delay, before jitter.
    pub fn cap(mut self, cap: Duration) -> Self {
        *self.growing().2 = Limit::Cap(cap);
        self
    }

    /// Up to which part of itself a delay is longer or shorter by chance, so that clients that have
    /// lost one server do not come back all at once: 0.2 is ± 20 %. It MUST be in 0 ..= 1; zero means
    /// exactly. The first delay of an outage has none.
    pub fn jitter(mut self, part: f64) -> Self {
        self.jitter = part;
        self
    }

    /// From when a delay counts. One that a function says always counts from the end.
    pub fn measured(mut self, measured: Measured) -> Self {
        self.measured = measured;
        self
    }

    /// The delay after a session that has lasted; the delays grow from there. `None`, as zero, means at
    /// once, and the delays begin with the initial one.
    pub fn after_session(mut self, delay: Option<Duration>) -> Self {
        self.after_session = delay.filter(|delay| !delay.is_zero()); // zero would never grow
        self
    }

    /// The minimum uptime: a session that was shorter does not begin the delays anew, but counts as one
    /// more failed attempt, so that a server that accepts and closes is not hammered. Zero means that
    /// every session is good.
    pub fn stable_after(mut self, uptime: Duration) -> Self {
        self.stable_after = uptime;
        self
    }

    /// After how many failed attempts of one outage to give up; `None`, the default of all presets,
    /// means never. Zero is as one: somebody has to find out.
    pub fn max_attempts(mut self, attempts: Option<u32>) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// How long an outage may last: no attempt begins after that, and one under way is ended. `None`, the
    /// default of all presets, means for ever. Zero ends with the first attempt that has to wait.
    pub fn give_up_after(mut self, outage: Option<Duration>) -> Self {
        self.give_up_after = outage;
        self
    }

    /// How long an attempt, prologue included, has at least: it ends then, or when the delay that counts
    /// from its start is over, whichever is later. `None` leaves it to the connector. Zero means: unless
    /// it is ready at once, or until the delay is over.
    pub fn min_connect_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.min_connect_timeout = timeout;
        self
    }

    /// The parts of growing delays, in place of a function of one's own.
    fn growing(&mut self) -> (&mut Duration, &mut f64, &mut Limit) {
        if let Delays::Own(_) = self.delays {
            self.delays = Self::grpc().delays;
        }
        match &mut self.delays {
            Delays::Growing { initial, factor, limit } => (initial, factor, limit),
            Delays::Own(_) => unreachable!("it was replaced"),
        }
    }

    /// Refuses numbers that mean nothing.
    pub(crate) fn check(&self) -> io::Result<()> {
        let refuse = |what: String| Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        if let Delays::Growing { factor, .. } = self.delays {
            if !(factor >= 1.0 && factor.is_finite()) {
                return refuse(format!("backoff refused: its factor is {factor}; give 1 or more"));
            }
        }
        let jitter = self.jitter;
        if !(0.0..=1.0).contains(&jitter) {
            return refuse(format!("backoff refused: its jitter is {jitter}; give 0 to 1"));
        }
        Ok(())
    }
}

/// [`Backoff::grpc`].
impl Default for Backoff {
    fn default() -> Self {
        Self::grpc()
    }
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Backoff");
        match &self.delays {
            Delays::Growing { initial, factor, limit } => {
                debug.field("initial", initial).field("factor", factor).field("limit", limit)
            }
            Delays::Own(_) => debug.field("delays", &"a function"),
        };
        debug
            .field("jitter", &self.jitter)
            .field("measured", &self.measured)
            .finish_non_exhaustive()
    }
}
