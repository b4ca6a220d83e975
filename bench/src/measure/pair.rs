//! The two processes of a run.

use std::{io, net::SocketAddr, thread, time::Duration};

use crate::{
    job::Job,
    library::Library,
    measure::{
        process::{COUNTERPART, Process, UNDER_TEST, are_apart},
        space::Space,
    },
    scenario::Scenario,
    space::{DEAD, HOST},
    totals::Totals,
    work::Work,
};

/// How long a run is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Run {
    For(Duration),
    /// Until so many operations are done, however long that takes, and without strace: enough to see
    /// that it works.
    Operations(u64),
}

/// What is done on each connection, on average, before measuring begins: all of them are there then,
/// also where strace slows them down.
const EACH_IS_WARM: u64 = 4;

/// They end in this order: whoever has lost its server would complain, and a server does not mind if
/// its clients leave.
pub(crate) struct Pair {
    connects: Process,
    listens: Process,
    /// Whether the one that listens is under test.
    tests_server: bool,
    /// How many operations there are before all connections have their part in them.
    warm: u64,
}

impl Pair {
    /// Starts both, in a namespace if there is one, whoever listens first. `before` stands before the
    /// program under test.
    pub(crate) fn start(
        scenario: &Scenario,
        library: Library,
        space: Option<&Space>,
        before: &[&str],
    ) -> io::Result<Self> {
        let starting = Starting { scenario, library, space, before };
        let tests_server = scenario.work.listens();
        let (listening, connecting) = match tests_server {
            true => (scenario.work, scenario.counterpart),
            false => (scenario.counterpart, scenario.work),
        };
        let host = space.map(|_| SocketAddr::from((HOST, 0)));
        let listens = starting.start(listening, tests_server, host)?;
        let connects = starting.start(connecting, !tests_server, listens.address)?;
        let warm = EACH_IS_WARM * scenario.connections as u64;
        Ok(Self { connects, listens, tests_server, warm })
    }

    /// The totals before and after a run.
    pub(crate) fn run(&mut self, run: Run) -> io::Result<(Totals, Totals)> {
        match run {
            Run::For(duration) => {
                thread::sleep(duration / 3); // until everything is warm
                let before = self.done(self.warm)?;
                thread::sleep(duration);
                Ok((before, self.under_test().totals()?))
            }
            Run::Operations(more) => {
                let before = self.under_test().totals()?;
                Ok((before, self.done(before.operations + more)?))
            }
        }
    }

    /// The totals when so many operations are done, or after the last look.
    pub(crate) fn done(&mut self, operations: u64) -> io::Result<Totals> {
        self.under_test().done(operations)
    }

    fn under_test(&mut self) -> &mut Process {
        if self.tests_server { &mut self.listens } else { &mut self.connects }
    }

    pub(crate) fn counterpart(&mut self) -> &mut Process {
        if self.tests_server { &mut self.connects } else { &mut self.listens }
    }
}

struct Starting<'a> {
    scenario: &'a Scenario,
    library: Library,
    space: Option<&'a Space>,
    before: &'a [&'a str],
}

impl Starting<'_> {
    fn start(&self, work: Work, tested: bool, address: Option<SocketAddr>) -> io::Result<Process> {
        let job = self.job(work, tested, address)?;
        let enter = self.space.map(Space::enter).unwrap_or_default();
        let mut words: Vec<&str> = enter.iter().map(String::as_str).collect();
        if tested {
            words.extend(self.before);
        }
        Process::start(&words, &job, if tested { UNDER_TEST } else { COUNTERPART })
    }

    fn job(&self, work: Work, tested: bool, address: Option<SocketAddr>) -> io::Result<Job> {
        let Self { scenario, library, space, .. } = *self;
        let races = space.filter(|_| work.races());
        Ok(Job {
            library: if tested { library } else { Library::Raw },
            work,
            connections: scenario.connections,
            idle: 0,
            eager: !tested && scenario.is_beside_an_eager_side() && are_apart()?,
            address,
            name: scenario.host.filter(|_| tested).map(Into::into),
            layer: scenario.layer,
            dead: races.map(|_| DEAD),
            nameserver: races.map(|space| space.nameserver),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SCENARIOS;

    #[test]
    fn only_the_other_side_is_eager_and_only_where_processor_time_is_measured() {
        let waiting = ["idle", "tls-idle", "eyeballs", "eyeballs-again"];
        for scenario in SCENARIOS {
            let starting = Starting { scenario, library: Library::Raw, space: None, before: &[] };
            let is_eager = |work, tested| starting.job(work, tested, None).unwrap().eager;
            let is_expected = !waiting.contains(&scenario.name) && are_apart().unwrap();
            assert_eq!(is_eager(scenario.counterpart, false), is_expected, "{}", scenario.name);
            assert!(!is_eager(scenario.work, true), "{}", scenario.name);
        }
    }
}
