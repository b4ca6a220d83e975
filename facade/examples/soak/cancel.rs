//! Connects that are cancelled at random moments, and what is left of them: nothing.

use std::{io, time::Instant};

use crate::{
    cancel::{
        connects::Connects,
        targets::{HELD_FOR_TARGETS, Targets},
    },
    connections::Holding,
    helper::Helper,
    report::{Report, note},
    size::Size,
    system::{descriptors, memory, threads},
};

mod connects;
mod targets;

/// The same connects in every run.
const SEED: u64 = 20_250_220;

/// How many kilobytes more there may be after the last quarter than after the first. Allocators
/// keep some pages in hand; the smallest leak, 32 bytes a connect, would be 2400 in the short size.
const MOST_GROWTH: f64 = 256.0;

pub(crate) fn run(size: Size, report: &mut Report) -> io::Result<()> {
    let count: u32 = size.choose(100_000, 1_000_000);
    note(&format!("{count} connects, seed {SEED}, and a tenth of that before, to warm up"));
    smol::block_on(async {
        let mut server = Helper::start("echo")?;
        let mut nameserver = Helper::start("nameserver")?;
        let targets = Targets::prepare(server.hear("listening").await?).await?;
        let connects = Connects::new(targets, nameserver.hear("listening").await?, SEED);
        connects.cancel(count / 10).await;
        let before = Held::now(&mut server).await?;
        let growth = quarters(&connects, count).await?;
        let after = Held::now(&mut server).await?;

        let tally = &connects.tally;
        note(&format!("{tally}"));
        let under_way = 100.0 * f64::from(tally.under_way.get()) / f64::from(tally.all());
        report.at_least("cancelled while under way", under_way, 20.0, " %");
        report.at_most("memory more than after the first quarter", growth, MOST_GROWTH, " kB");
        report.at_most("descriptors left", after.descriptors - before.descriptors, 0.0, "");
        report.at_most("threads left", after.threads - before.threads, 0.0, "");
        report.at_most("connections left in the server", after.served - before.served, 0.0, "");
        let in_server = after.in_server - before.in_server;
        report.at_most("descriptors left in the server", in_server, 0.0, "");
        Ok(())
    })
}

/// Cancels so many connects, and returns how many kilobytes of memory the last three quarters cost.
async fn quarters(connects: &Connects, count: u32) -> io::Result<f64> {
    let mut kilobytes = Vec::new();
    for quarter in 1..=4 {
        let started = Instant::now();
        connects.cancel(count / 4).await;
        let memory = memory()? / 1024;
        note(&format!("{quarter} of 4 quarters in {:.1?}: {memory} kB", started.elapsed()));
        kilobytes.push(memory as f64);
    }
    Ok(kilobytes[3] - kilobytes[0])
}

/// What both sides hold when nothing is under way.
struct Held {
    descriptors: f64,
    threads: f64,
    served: f64,
    in_server: f64,
}

impl Held {
    async fn now(server: &mut Helper) -> io::Result<Self> {
        let in_server = Holding::once_left(server, HELD_FOR_TARGETS).await?;
        Ok(Self {
            descriptors: descriptors()? as f64,
            threads: threads()? as f64,
            served: in_server.open as f64,
            in_server: in_server.descriptors as f64,
        })
    }
}
