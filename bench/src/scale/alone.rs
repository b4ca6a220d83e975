//! A process that needs nobody on the other side: it prepares, and then works when it is asked to.

use std::{
    io::{self, BufRead},
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};

use crate::{
    measure::sample::Sample,
    scale::alone::handshakes::Depth,
    side::say,
    totals::{count_many, now},
};

mod handshakes;
mod names;
mod servers;

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Alone {
    Tracked,
    Timed,
    Gated,
    GatedEverywhere,
    Names,
    NamesEverywhere,
    TableEverywhere,
    Handshakes,
    Choosing,
}

/// What a process by itself is to do.
#[derive(Args, Clone, Debug)]
pub(crate) struct AloneJob {
    pub(crate) work: Alone,
    /// How much there is already.
    #[arg(long)]
    pub(crate) size: usize,
    /// Do it this often and end, instead of being asked.
    #[arg(long)]
    pub(crate) times: Option<usize>,
}

impl AloneJob {
    /// The words that say it on the command line.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let work = self.work.to_possible_value().map(|value| value.get_name().to_string());
        let mut words = vec![work.unwrap_or_default(), "--size".into(), self.size.to_string()];
        if let Some(times) = self.times {
            words.extend(["--times".into(), times.to_string()]);
        }
        words
    }
}

pub(crate) fn run(job: &AloneJob) -> io::Result<()> {
    match job.work {
        Alone::Tracked => serve(job, servers::tracked(job.size, None)),
        Alone::Timed => serve(job, servers::tracked(job.size, Some(HOUR))),
        Alone::Gated => serve(job, servers::gated(job.size, 1)),
        Alone::GatedEverywhere => serve(job, servers::gated(job.size, job.size)),
        Alone::Names => serve(job, names::kept(job.size, 1)),
        Alone::NamesEverywhere => serve(job, names::kept(job.size, job.size)),
        Alone::TableEverywhere => serve(job, names::table(job.size, job.size)),
        Alone::Handshakes => serve(job, handshakes::greetings(job.size, Depth::FirstFlight)?),
        Alone::Choosing => serve(job, handshakes::greetings(job.size, Depth::Choice)?),
    }
}

/// Each line is a number of milliseconds; the answer is what an operation has cost in that time.
fn serve(job: &AloneJob, mut operation: impl FnMut()) -> io::Result<()> {
    if let Some(times) = job.times {
        (0..times).for_each(|_| operation());
        return Ok(());
    }
    say("ready")?;
    for line in io::stdin().lock().lines() {
        let time = Duration::from_millis(line?.trim().parse().map_err(io::Error::other)?);
        work_for(time / 3, &mut operation); // until everything is warm again
        let before = now();
        work_for(time, &mut operation);
        let sample = Sample::between(&before, &now());
        say(&serde_json::to_string(&sample)?)?;
    }
    Ok(())
}

const HOUR: Duration = Duration::from_secs(3600);

/// So many operations come between two looks at the clock.
const BATCH: u64 = 16;

fn work_for(time: Duration, operation: &mut impl FnMut()) {
    let begin = Instant::now();
    loop {
        (0..BATCH).for_each(|_| operation());
        count_many(BATCH);
        if begin.elapsed() >= time {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_work_can_be_done_at_every_size() {
        for work in Alone::value_variants() {
            for size in [1, 3] {
                run(&AloneJob { work: *work, size, times: Some(5) }).unwrap();
            }
        }
    }

    #[test]
    fn a_job_is_said_as_it_is_understood() {
        let job = AloneJob { work: Alone::Names, size: 7, times: Some(3) };
        assert_eq!(job.arguments(), ["names", "--size", "7", "--times", "3"]);
    }
}
