//! Watches a race and knows the rules without knowing how they are kept.

use std::{
    collections::HashSet,
    net::SocketAddr,
    time::{Duration, Instant},
};

use socketry_connector_race::{Race, Rules, Step};

/// The rules of a race, as the referee reads them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// `None`: one after the other.
    pub(crate) delay: Option<Duration>,
    /// Zero: any number.
    pub(crate) most_in_flight: usize,
    pub(crate) first_family_count: usize,
}

impl Terms {
    fn rules(self) -> Rules {
        let rules = Rules::new()
            .most_in_flight(self.most_in_flight)
            .first_family_count(self.first_family_count);
        match self.delay {
            Some(delay) => rules.attempt_delay(delay),
            None => rules.sequential(),
        }
    }
}

/// A race to which things happen, and which is asked after each of them; every answer is checked.
#[derive(Clone, Debug)]
pub(crate) struct Referee {
    race: Race,
    terms: Terms,
    now: Instant,
    known: HashSet<SocketAddr>,
    dialled: Vec<SocketAddr>,
    failed: usize,
    is_settled: bool,
    /// An attempt has failed after the last one was started.
    failed_since: bool,
    /// When the race was first asked after the last start and had to know the time.
    stamped: Option<Instant>,
    answer: Step,
}

impl Referee {
    pub(crate) fn new(terms: Terms) -> Self {
        let mut referee = Self {
            race: Race::new(&terms.rules()),
            terms,
            now: Instant::now(),
            known: HashSet::new(),
            dialled: Vec::new(),
            failed: 0,
            is_settled: false,
            failed_since: false,
            stamped: None,
            answer: Step::Wait(None),
        };
        referee.ask();
        referee
    }

    pub(crate) fn push(&mut self, remote: SocketAddr) {
        self.known.insert(remote);
        self.race.push(remote);
        self.ask();
    }

    pub(crate) fn settle(&mut self) {
        self.is_settled = true;
        self.race.settle();
        self.ask();
    }

    pub(crate) fn fail(&mut self) {
        assert!(self.in_flight() > 0);
        self.failed += 1;
        self.failed_since = true;
        self.race.failed();
        self.ask();
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.ask();
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.dialled.len() - self.failed
    }

    pub(crate) fn dialled(&self) -> &[SocketAddr] {
        &self.dialled
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.answer == Step::Lost
    }

    /// When the race wants to be asked again.
    pub(crate) fn waits_for(&self) -> Option<Duration> {
        match self.answer {
            Step::Wait(Some(at)) => Some(at - self.now),
            _ => None,
        }
    }

    /// Asks until there is nothing to dial.
    fn ask(&mut self) {
        loop {
            self.answer = self.race.next(|| self.now);
            match self.answer {
                Step::Dial(route) => self.check_dial(route.remote()),
                Step::Wait(until) => return self.check_wait(until),
                Step::Lost => {
                    assert!(self.is_settled && self.in_flight() == 0 && !self.has_left());
                    return;
                }
            }
        }
    }

    fn check_dial(&mut self, remote: SocketAddr) {
        assert!(self.known.contains(&remote), "{remote} was never pushed");
        assert!(!self.dialled.contains(&remote), "{remote} is dialled twice");
        assert!(!self.is_full(), "too many in flight");
        assert!(self.is_time(), "too early");
        self.dialled.push(remote);
        self.failed_since = false;
        self.stamped = None;
    }

    fn check_wait(&mut self, until: Option<Instant>) {
        if !self.has_left() {
            assert_eq!(until, None, "there is nothing to wake up for");
            assert!(!self.is_settled || self.in_flight() > 0, "it never ends");
            if !self.is_settled {
                self.stamp();
            }
            return;
        }
        assert!(self.in_flight() > 0, "a candidate is left and nothing is tried");
        if self.is_full() {
            return assert_eq!(until, None);
        }
        let stamped = self.stamp();
        assert!(!self.is_time(), "a candidate is left, its time has come, and nothing is tried");
        assert_eq!(until, self.terms.delay.map(|delay| stamped + delay));
    }

    fn stamp(&mut self) -> Instant {
        *self.stamped.get_or_insert(self.now)
    }

    fn is_time(&self) -> bool {
        let is_over = |delay| self.stamped.is_some_and(|stamped| self.now >= stamped + delay);
        self.dialled.is_empty() || self.failed_since || self.terms.delay.is_some_and(is_over)
    }

    fn is_full(&self) -> bool {
        self.terms.most_in_flight > 0 && self.in_flight() >= self.terms.most_in_flight
    }

    fn has_left(&self) -> bool {
        self.known.len() > self.dialled.len()
    }
}
