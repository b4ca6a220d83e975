//! Clients that come back through everything that can befall a connection.
//!
//! Shown: each loss is told once to each who has to know, no byte strays from one session into
//! another, and when all are disconnected nothing is left and nobody comes back.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use smol::{Executor, Timer};
use socketry::{
    Connector, Endpoint,
    reconnecting::{CircuitOptions, Circuits, Disconnected, Registry},
};

use super::{
    client::Client,
    clock::CountedClock,
    meddler::meddle,
    stage::{Held, PATIENCE, Stage, on_threads, within},
    tally::Tally,
    weather::Weather,
};
use crate::{
    random::Random,
    report::{Report, note},
    size::Size,
    system::raise_descriptors,
};

/// The same faults in every run, as far as time allows.
const SEED: u64 = 20_261_201;

/// How many clients there are at a time: every other one with a prologue.
const AT_ONCE: u32 = 8;

/// How long the clients of each round have to end, in milliseconds.
const DEADLINES: [u64; 4] = [200, 0, 50, 500];

/// How much longer than its deadline a disconnect may take, in milliseconds: a busy machine.
const LATE: f64 = 250.0;

pub(super) fn run(size: Size, report: &mut Report) -> io::Result<()> {
    raise_descriptors()?;
    on_threads(async |tasks| Course::prepare(size).await?.run(tasks, report).await)
}

struct Course {
    stage: Stage,
    clock: CountedClock,
    registry: Registry<Connector, Endpoint>,
    count: u64,
    rounds: u64,
    size: Size,
}

/// How the disconnects went.
#[derive(Default)]
struct Ends {
    gracefully: u64,
    aborted: u64,
    /// Single clients that were disconnected meanwhile, and connected again.
    meddled: u64,
    /// By how much the deadline was exceeded.
    late: Duration,
    /// Clients that went on.
    hung: u64,
    /// Connections that were made after the end.
    returned: usize,
}

impl Course {
    async fn prepare(size: Size) -> io::Result<Self> {
        let (stage, clock) = (Stage::start().await?, CountedClock::default());
        let connector = stage.connector(&clock)?;
        stage.warm_up(&connector).await?;
        // Circuits that let more through, so that many sessions fit into a short time.
        let options = CircuitOptions::default()
            .burst(50)
            .refill(Duration::from_millis(2))
            .failures_to_open(Some(10))
            .open_for(Duration::from_millis(5))
            .open_at_most(Duration::from_millis(50));
        let circuits = Circuits::new(options).with_clock(Arc::new(clock.clone()));
        let registry =
            Registry::new(connector).with_clock(Arc::new(clock.clone())).with_circuits(circuits);
        let (count, rounds) = (size.choose(600, 10_000), size.choose(4, 20));
        Ok(Self { stage, clock, registry, count, rounds, size })
    }

    async fn run(self, tasks: &Executor<'static>, report: &mut Report) -> io::Result<()> {
        let Self { mut stage, clock, registry, count, rounds, size } = self;
        note(&format!("{count} sessions, {AT_ONCE} at a time, seed {SEED}"));
        let before = stage.ask_server().await?;
        let held = Held::now(&clock)?;
        let (stage, tally, over) =
            (Arc::new(stage), Arc::<Tally>::default(), Arc::<AtomicBool>::default());
        let weather = Weather {
            random: Random::new(SEED),
            refusals: (1..=3).map(|part| count * part / 4).collect(),
            refused_for: size.choose(Duration::from_millis(300), Duration::from_secs(3)),
        };
        let weather = tasks.spawn(weather.run(stage.clone(), tally.clone(), over.clone()));
        let (mut ends, endpoints) = (Ends::default(), stage.endpoints()?);
        for round in 0..rounds {
            let is_calm = Arc::new(AtomicBool::new(round % 2 == 0));
            let clients = (0..AT_ONCE).map(|number| {
                // Two by address, three by name, three under TLS.
                let endpoint = &endpoints[(number as usize * 3 + 1) / 8];
                let sessions = registry.connect(endpoint.clone());
                let client = Client::new(round as u32 * AT_ONCE + number, sessions, &tally);
                tasks.spawn(client.run(is_calm.clone()))
            });
            let clients: Vec<_> = clients.collect();
            let random = Random::new(SEED + round);
            let meddler = tasks.spawn(meddle(registry.clone(), random, is_calm.clone()));
            until(&tally, count * (round + 1) / rounds).await?;
            is_calm.store(true, Ordering::Relaxed);
            ends.meddled += meddler.await;
            let deadline = Duration::from_millis(DEADLINES[round as usize % DEADLINES.len()]);
            let started = Instant::now();
            match registry.disconnect_all(deadline).await {
                Disconnected::Gracefully => ends.gracefully += 1,
                _ => ends.aborted += 1,
            }
            ends.late = ends.late.max(started.elapsed().saturating_sub(deadline));
            for client in clients {
                ends.hung += u64::from(within(PATIENCE, client).await.is_none());
            }
            let accepted = stage.accepted();
            let moment = size.choose(Duration::from_millis(50), Duration::from_millis(200));
            Timer::after(moment).await;
            ends.returned += stage.accepted() - accepted;
        }
        over.store(true, Ordering::Relaxed);
        weather.await;
        let open = stage.settle().await;
        tally.tell(ends.meddled + rounds * u64::from(AT_ONCE), report);
        ends.tell(report);
        report.at_most("connections left in the proxies", open as f64, 0.0, "");
        held.tell(&clock, report).await?;
        match Arc::into_inner(stage) {
            Some(mut stage) => stage.ask_server().await?.tell(&before, report),
            None => report.fail("some client still holds the stage"),
        }
        Ok(())
    }
}

impl Ends {
    fn tell(&self, report: &mut Report) {
        let Self { gracefully, aborted, meddled, late, hung, returned } = self;
        note(&format!("{meddled} times one was disconnected, and connected again"));
        note(&format!(
            "disconnected {gracefully} times gracefully, {aborted} times at the deadline"
        ));
        let late = late.as_secs_f64() * 1000.0;
        report.at_most("the longest disconnect, beyond its deadline", late, LATE, " ms");
        report.at_most("clients that did not end", *hung as f64, 0.0, "");
        report.at_most("connections made after the end", *returned as f64, 0.0, "");
    }
}

/// Waits until there were so many sessions.
async fn until(tally: &Tally, sessions: u64) -> io::Result<()> {
    let mut last = (Instant::now(), 0);
    while tally.sessions.get() < sessions {
        if tally.sessions.get() > last.1 {
            last = (Instant::now(), tally.sessions.get());
        } else if last.0.elapsed() > PATIENCE {
            return Err(io::Error::other(format!("no session came after {}", last.1)));
        }
        Timer::after(Duration::from_millis(1)).await;
    }
    Ok(())
}
