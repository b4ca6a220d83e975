//! Workers that are killed at random while many clients talk with them.
//!
//! Shown: every message is answered once or its connection is closed, nobody hears what was said to
//! somebody else, and nothing is left of those who came and of the workers that died.

use std::{io, rc::Rc, time::Instant};

use smol::LocalExecutor;
use socketry::Address;

use super::{
    clients::{MESSAGES, Tally, come},
    serving::{EVERY, WORKERS},
};
use crate::{
    helper::Helper,
    report::{Report, note},
    size::Size,
    system::raise_descriptors,
};

/// How much more memory the server may have after the second half than after the first, in kilobytes.
const MOST_GROWTH: f64 = 1024.0;

pub(super) fn run(size: Size, report: &mut Report) -> io::Result<()> {
    raise_descriptors()?;
    let count = size.choose(1_000, 10_000);
    note(&format!(
        "{count} clients at once, {MESSAGES} messages each, {WORKERS} workers, one killed every {EVERY:?}"
    ));
    let tasks = LocalExecutor::new();
    smol::block_on(tasks.run(async {
        let mut helper = Helper::start("workers")?;
        let address: Address = helper.hear("listening").await?;
        let server = address.socket_address().ok_or(io::ErrorKind::AddrNotAvailable)?;
        // As many as will come: what is reserved for them then stays.
        let warm = Rc::new(Tally::default());
        come(&tasks, server, count, &warm).await?;
        let before = Holding::of(&mut helper).await?;
        helper.say("kill")?;
        let tally = Rc::new(Tally::default());
        let started = Instant::now();
        come(&tasks, server, count, &tally).await?;
        let took = started.elapsed();
        helper.say("spare")?;
        let after = Holding::of(&mut helper).await?;
        let (answered, closed) = (tally.answered.get(), tally.closed.get());
        note(&format!(
            "{answered} answers in {took:.1?}, {} workers killed, {closed} connections closed instead",
            after.killed
        ));
        tell(&warm, &tally, count, report);
        before.compare(&after, report);
        Ok(())
    }))
}

fn tell(warm: &Tally, tally: &Tally, count: usize, report: &mut Report) {
    report.at_most("connections closed with nobody killed", warm.closed.get() as f64, 0.0, "");
    let wrong = warm.wrong.get() + tally.wrong.get();
    report.at_most("answers to somebody else, or twice", wrong as f64, 0.0, "");
    let refused = warm.refused.get() + tally.refused.get();
    report.at_most("clients that did not get in", refused as f64, 0.0, "");
    let lost = tally.sent.get() - tally.answered.get() - tally.closed.get();
    report.at_most("messages neither answered nor closed", lost as f64, 0.0, "");
    let expected = warm.sent.get().abs_diff((count as u64) * u64::from(MESSAGES));
    report.at_most("messages not sent with nobody killed", expected as f64, 0.0, "");
}

/// What the server holds.
struct Holding {
    connections: u64,
    workers: u64,
    failed: u64,
    killed: u64,
    children: u64,
    descriptors: u64,
    threads: u64,
    memory: u64,
}

impl Holding {
    async fn of(helper: &mut Helper) -> io::Result<Self> {
        helper.say("report")?;
        Ok(Self {
            connections: helper.hear("connections").await?,
            workers: helper.hear("workers").await?,
            failed: helper.hear("failed").await?,
            killed: helper.hear("killed").await?,
            children: helper.hear("children").await?,
            descriptors: helper.hear("descriptors").await?,
            threads: helper.hear("threads").await?,
            memory: helper.hear("memory").await?,
        })
    }

    fn compare(&self, after: &Self, report: &mut Report) {
        let failed = after.failed - self.failed;
        note(&format!("{failed} events failed, each because its worker was killed"));
        report.at_least("workers killed", after.killed as f64, 1.0, "");
        report.at_most("connections left", after.connections as f64, 0.0, "");
        let workers = WORKERS as u64;
        report.at_most("workers missing", workers.abs_diff(after.workers) as f64, 0.0, "");
        let zombies = after.children.abs_diff(workers);
        report.at_most("processes left, also dead ones", zombies as f64, 0.0, "");
        let descriptors = after.descriptors.abs_diff(self.descriptors);
        report.at_most("descriptors left", descriptors as f64, 0.0, "");
        let threads = after.threads.saturating_sub(self.threads);
        report.at_most("threads left", threads as f64, 0.0, "");
        let growth = after.memory.saturating_sub(self.memory) as f64 / 1024.0;
        report.at_most("memory more than before", growth, MOST_GROWTH, " kB");
    }
}
