//! What a gate knows, and how it decides.

use std::{mem, net::IpAddr, sync::Arc, time::Instant};

use socketry_server::Network;

use crate::{
    GateCounts, Rate,
    bucket::{Bucket, NoToken},
    census::Census,
    refusal::Refusal,
    rules::{Origin, Rules},
    waiters::Waiters,
};

/// What lies behind the lock of a gate. It waits for nothing and wakes nobody.
#[derive(Debug)]
pub(crate) struct State {
    rules: Arc<Rules>,
    /// The tokens of all.
    bucket: Bucket,
    census: Census,
    /// What has become of newcomers; who is open is known to the census.
    told: GateCounts,
    pub(crate) waiters: Waiters,
}

/// What becomes of a newcomer.
pub(crate) enum Decision {
    /// It comes in, under this number.
    Admitted(usize),
    Refused(Refusal),
    /// It would come in if there were room, and may wait for it.
    Waits,
}

impl State {
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules: Arc::new(rules),
            bucket: Bucket::default(),
            census: Census::default(),
            told: GateCounts::default(),
            waiters: Waiters::default(),
        }
    }

    pub(crate) fn rules(&self) -> Arc<Rules> {
        self.rules.clone()
    }

    pub(crate) fn counts(&self) -> GateCounts {
        GateCounts { open: self.census.open(), open_exempt: self.census.exempt(), ..self.told }
    }

    pub(crate) fn open_from(&self, ip: IpAddr) -> usize {
        self.census.open_with(&self.rules.prefix_of(Origin::new(ip)))
    }

    /// Whether newcomers may be taken: not if they would only find that there is no room, and are
    /// to wait until there is.
    pub(crate) fn check_room(&self, now: Option<Instant>) -> Result<(), Refusal> {
        match self.rules.is_pausing() {
            true => self.check_all(now).map(drop),
            false => Ok(()),
        }
    }

    /// Decides what becomes of a newcomer. `now` may be missing if the time played no part a moment
    /// ago; if it does now, no token is asked for.
    pub(crate) fn decide(
        &mut self,
        ip: Option<IpAddr>,
        now: Option<Instant>,
        may_wait: bool,
    ) -> Decision {
        match self.admit(ip.map(Origin::new), now) {
            Ok(number) => {
                self.told.admitted += 1;
                Decision::Admitted(number)
            }
            Err(refusal) if may_wait && refusal.concerns_all() && self.rules.is_pausing() => {
                Decision::Waits
            }
            Err(refusal) => {
                refusal.count(&mut self.told);
                Decision::Refused(refusal)
            }
        }
    }

    /// Somebody has gone. Says whether that has made room for who waits.
    pub(crate) fn leave(&mut self, number: usize) -> bool {
        let was_full = self.is_full();
        self.census.leave(number, &self.rules);
        was_full && !self.is_full() && self.waiters.is_anybody_waiting()
    }

    /// Goes over to other rules; the old ones come out, to be dropped when the lock is free.
    pub(crate) fn change(&mut self, rules: Rules, now: Instant) -> Arc<Rules> {
        let old = mem::replace(&mut self.rules, Arc::new(rules));
        self.bucket.change(old.settings.rate, self.rules.settings.rate, now);
        self.census.change(&old, &self.rules, now);
        old
    }

    fn is_full(&self) -> bool {
        self.rules.settings.most_open.is_some_and(|most| self.census.limited() >= most)
    }

    fn admit(&mut self, origin: Option<Origin>, now: Option<Instant>) -> Result<usize, Refusal> {
        let mut prefix_bucket = None;
        if let Some(origin) = origin {
            self.rules.check(origin).map_err(Refusal::Access)?;
            if self.rules.is_exempt(origin) {
                return Ok(self.census.enter(Some(origin), true, None, &self.rules));
            }
            prefix_bucket = self.check_prefix(self.rules.prefix_of(origin), now)?;
        }
        self.bucket = self.check_all(now)?;
        Ok(self.census.enter(origin, false, prefix_bucket, &self.rules))
    }

    /// The tokens that are left of all if one more comes in.
    fn check_all(&self, now: Option<Instant>) -> Result<Bucket, Refusal> {
        let settings = &self.rules.settings;
        if let (true, Some(most)) = (self.is_full(), settings.most_open) {
            return Err(Refusal::MostOpen { most, prefix: None });
        }
        take_token(self.bucket, settings.rate, now, None)
    }

    /// The tokens that are left of a prefix if one more comes in with it; `None` if it has no
    /// limits.
    fn check_prefix(
        &mut self,
        prefix: Network,
        now: Option<Instant>,
    ) -> Result<Option<Bucket>, Refusal> {
        let (most, rate) =
            (self.rules.settings.most_open_per_prefix, self.rules.settings.rate_per_prefix);
        if most.is_none() && rate.is_none() {
            return Ok(None);
        }
        let (open, bucket) = self.census.standing(&prefix, rate.zip(now));
        match most {
            Some(most) if open >= most => Err(Refusal::MostOpen { most, prefix: Some(prefix) }),
            _ => take_token(bucket, rate, now, Some(prefix)).map(Some),
        }
    }
}

/// What is left of `bucket` without one token.
fn take_token(
    mut bucket: Bucket,
    rate: Option<Rate>,
    now: Option<Instant>,
    prefix: Option<Network>,
) -> Result<Bucket, Refusal> {
    let (Some(rate), Some(now)) = (rate, now) else {
        return Ok(bucket);
    };
    match bucket.check(rate, now) {
        Ok(()) => {
            bucket.take(rate, now);
            Ok(bucket)
        }
        Err(NoToken { until }) => Err(Refusal::Rate { rate, prefix, until }),
    }
}
