//! Who is measured when: the libraries take turns inside each repetition, so that what else happens
//! on the machine meets all of them.

use std::io;

use crate::{
    library::Library,
    measure::{
        losses::Losses,
        pair::{Pair, Run},
        programs,
        sample::{Calls, Sample, latency},
        space::Space,
        trace::{self, Trace},
    },
    scenario::{Figure, Scenario},
    totals::Totals,
};

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) run: Run,
    pub(crate) repetitions: usize,
}

/// What a library did in a scenario.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) library: Library,
    /// One a repetition.
    pub(crate) samples: Vec<Sample>,
    /// Bytes a connection, one a repetition, where that is what the scenario is about.
    pub(crate) memory: Vec<f64>,
    /// Milliseconds of an operation, one a repetition, where that is what the scenario is about.
    pub(crate) latencies: Vec<f64>,
    /// How many runs were measured again, or should have been, because the kernel dropped something.
    pub(crate) disturbed: usize,
    /// `None` without strace.
    pub(crate) calls: Option<Calls>,
}

/// Measures a scenario; `progress` hears of each run before it. The error is
/// [`ErrorKind::Unsupported`](io::ErrorKind::Unsupported) if that cannot be on this machine.
pub(crate) fn measure(
    scenario: &Scenario,
    libraries: &[Library],
    effort: Effort,
    mut progress: impl FnMut(Library, usize),
) -> io::Result<Vec<Measured>> {
    let space = if scenario.apart { Some(Space::open()?) } else { None };
    let space = space.as_ref();
    let mut all: Vec<Measured> = libraries.iter().copied().map(Measured::new).collect();
    for repetition in 0..effort.repetitions {
        for turn in 0..all.len() {
            // Everybody is first once in a while.
            let place = (turn + repetition) % libraries.len();
            let measured = &mut all[place];
            progress(measured.library, repetition);
            match scenario.figure {
                Figure::Cpu => measured.sample(scenario, space, effort)?,
                Figure::Memory => measured.memory.push(memory(scenario, measured.library)?),
                Figure::Latency => {
                    measured.latencies.push(milliseconds(scenario, measured.library, space)?);
                }
            }
        }
    }
    let is_timed = matches!(effort.run, Run::For(_));
    if is_timed && scenario.figure == Figure::Cpu && trace::is_installed() {
        for measured in &mut all {
            progress(measured.library, effort.repetitions);
            measured.calls = Some(calls(scenario, measured.library, space, effort)?);
        }
    }
    Ok(all)
}

/// How often a run is measured again.
const MOST_AGAIN: usize = 3;

impl Measured {
    pub(crate) fn new(library: Library) -> Self {
        let (samples, memory, latencies) = (vec![], vec![], vec![]);
        Self { library, samples, memory, latencies, disturbed: 0, calls: None }
    }

    fn sample(
        &mut self,
        scenario: &Scenario,
        space: Option<&Space>,
        effort: Effort,
    ) -> io::Result<()> {
        let lost = || Losses::now(space.map(Space::id));
        for again in 0..=MOST_AGAIN {
            let lost_before = lost()?;
            let mut pair = Pair::start(scenario, self.library, space, &[])?;
            let looks = pair.run(effort.run)?;
            pair.counterpart().totals()?; // it is still there
            let disturbed = lost()? != lost_before;
            self.disturbed += usize::from(disturbed);
            if !disturbed || again == MOST_AGAIN {
                self.samples.push(sample_of(scenario, self.library, effort.run, &looks)?);
                break;
            }
        }
        Ok(())
    }
}

/// What a run has cost, if it was what it was meant to be.
fn sample_of(
    scenario: &Scenario,
    library: Library,
    run: Run,
    (before, after): &(Totals, Totals),
) -> io::Result<Sample> {
    let sample = Sample::between(before, after).ok_or_else(|| nothing_done(scenario, library))?;
    match (run, sample.resumed) {
        (Run::For(_), Some(resumed)) if !scenario.layer.is_meant(resumed) => {
            Err(io::Error::other(format!(
                "{library} has resumed {resumed:.2} sessions an operation in {}",
                scenario.name
            )))
        }
        _ => Ok(sample),
    }
}

fn calls(
    scenario: &Scenario,
    library: Library,
    space: Option<&Space>,
    effort: Effort,
) -> io::Result<Calls> {
    let trace = Trace::new();
    let mut pair = Pair::start(scenario, library, space, &trace.command())?;
    let (before, after) = pair.run(effort.run)?;
    drop(pair);
    match after.operations - before.operations {
        0 => Err(nothing_done(scenario, library)),
        operations => trace.calls(operations, programs::answers_between_work(library)),
    }
}

fn memory(scenario: &Scenario, library: Library) -> io::Result<f64> {
    // Once with a connection, which has everything started that stays, and once with all of them.
    let one = settled(&Scenario { connections: 1, ..*scenario }, library)?;
    let all = settled(scenario, library)?;
    Ok((all as f64 - one as f64) / (scenario.connections - 1) as f64)
}

fn settled(scenario: &Scenario, library: Library) -> io::Result<u64> {
    let connections = scenario.connections as u64;
    let totals = Pair::start(scenario, library, None, &[])?.done(connections)?;
    match totals.operations >= connections {
        true => Ok(totals.resident),
        false => Err(nothing_done(scenario, library)),
    }
}

/// Of the second operation and maybe more: with the first one everything is started that stays.
fn milliseconds(scenario: &Scenario, library: Library, space: Option<&Space>) -> io::Result<f64> {
    let mut pair = Pair::start(scenario, library, space, &[])?;
    let first = pair.done(1)?;
    let second = pair.done(first.operations + 1)?;
    latency(&first, &second).ok_or_else(|| nothing_done(scenario, library))
}

fn nothing_done(scenario: &Scenario, library: Library) -> io::Error {
    io::Error::other(format!("{library} has not done what {} takes", scenario.name))
}
