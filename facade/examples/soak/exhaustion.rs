//! A server that has run out of descriptors, and clients that go on knocking.
//!
//! Shown: it tells so once and does not spin; whoever it cannot serve sees an end; it serves again
//! as soon as there are descriptors.

use std::{
    cell::Cell,
    io,
    rc::Rc,
    time::{Duration, Instant},
};

use futures_lite::{AsyncReadExt, future};
use smol::{LocalExecutor, Task, Timer};
use socketry::Address;

use crate::{
    helper::Helper,
    report::{Report, note},
    size::Size,
    system::processor_time,
};

/// How many clients there are: the server can keep about half of them.
const CLIENTS: usize = 110;

/// When the server is surely waiting its longest between two tries.
const DEEP: Duration = Duration::from_millis(300);

/// How much later each round comes than the one before, so that all moments of a wait are met.
const STEP: Duration = Duration::from_millis(7);

/// How long a client waits before it counts as left hanging.
const HANGING: Duration = Duration::from_secs(5);

pub(crate) fn run(size: Size, report: &mut Report) -> io::Result<()> {
    let tasks = LocalExecutor::new();
    smol::block_on(tasks.run(async {
        ours(size, report, &tasks).await?;
        raw(&tasks).await
    }))
}

async fn ours(size: Size, report: &mut Report, tasks: &LocalExecutor<'_>) -> io::Result<()> {
    let mut keeper = Helper::start("keeper")?;
    let crowd = Crowd::gather(keeper.hear("listening").await?, tasks);
    keeper.hear::<u64>("exhausted").await?;
    knock(Duration::from_secs(size.choose(3, 30)), &mut keeper, &crowd, report).await?;
    free(size.choose(20, 100), &mut keeper, report).await?;

    let visits = crowd.visits.clone();
    let hanging = crowd.leave(&mut keeper).await?;
    let longest_wait = visits.longest_wait.get().as_secs_f64() * 1000.0;
    report.at_most("longest wait for an answer or an end", longest_wait, 1000.0, " ms");
    report.at_most("clients left hanging", hanging as f64, 0.0, "");
    Ok(())
}

/// What the server does while clients knock in vain.
async fn knock(
    window: Duration,
    keeper: &mut Helper,
    crowd: &Crowd,
    report: &mut Report,
) -> io::Result<()> {
    note(&format!("{CLIENTS} clients knock for {window:?} at a server with 64 descriptors"));
    let (busy_before, started) = (processor_time(keeper.id())?, Instant::now());
    Timer::after(window).await;
    let busy = processor_time(keeper.id())? - busy_before;
    let share = 100.0 * busy.as_secs_f64() / started.elapsed().as_secs_f64();
    keeper.say("report")?;
    let errors: u64 = keeper.hear("errors").await?;
    report.at_most("errors in the first second", errors as f64, 10.0, "");
    report.at_most("processor time of the server, of a core", share, 5.0, " %");
    note(&format!("clients turned away meanwhile: {}", crowd.visits.turned_away.get()));
    Ok(())
}

/// How soon the server serves again, each time that descriptors are freed.
async fn free(rounds: u32, keeper: &mut Helper, report: &mut Report) -> io::Result<()> {
    note(&format!("descriptors are freed {rounds} times"));
    let mut served_after = Vec::new();
    for round in 1..=rounds {
        Timer::after(DEEP + STEP * (round % 10)).await;
        keeper.say("free")?;
        served_after.push(keeper.hear::<u64>("served").await? as f64 / 1000.0);
        keeper.hear::<u64>("exhausted").await?;
        if round % 25 == 0 {
            note(&format!("{round} of {rounds}"));
        }
    }
    served_after.sort_unstable_by(f64::total_cmp);
    let [median, ninth, longest] =
        [50, 90, 100].map(|percent| served_after[(served_after.len() * percent).div_ceil(100) - 1]);
    note(&format!("serving again after {median:.1} ms in the median, {longest:.1} ms at most"));
    // A machine that is busy otherwise may be late for once.
    report.at_most("serving again, in nine of ten rounds, after", ninth, 100.0, " ms");
    Ok(())
}

/// The same second with async-net's listener, which has no such care.
async fn raw(tasks: &LocalExecutor<'_>) -> io::Result<()> {
    let mut keeper = Helper::start("keeper-raw")?;
    let crowd = Crowd::gather(keeper.hear("listening").await?, tasks);
    keeper.hear::<u64>("exhausted").await?;
    let before = processor_time(keeper.id())?;
    let errors: u64 = keeper.hear("errors").await?;
    let busy = processor_time(keeper.id())? - before;
    note(&format!(
        "compare the same loop over async-net: {errors} errors in the first second, {:.0} % of a \
         core, {} clients turned away",
        100.0 * busy.as_secs_f64(),
        crowd.visits.turned_away.get()
    ));
    Ok(())
}

/// Clients that connect, wait for what comes of it, and connect again.
struct Crowd {
    clients: Vec<Task<io::Result<()>>>,
    visits: Rc<Visits>,
}

impl Crowd {
    fn gather(server: Address, tasks: &LocalExecutor<'_>) -> Self {
        let visits = Rc::new(Visits::default());
        let client = |_| {
            let (server, visits) = (server.clone(), visits.clone());
            tasks.spawn(async move {
                while !visits.have_ended.get() {
                    visits.visit(&server).await?;
                }
                Ok(())
            })
        };
        Self { clients: (0..CLIENTS).map(client).collect(), visits }
    }

    /// Lets all go who have seen their end, and counts those who have not.
    async fn leave(self, keeper: &mut Helper) -> io::Result<usize> {
        self.visits.have_ended.set(true);
        Timer::after(DEEP).await; // who is not kept has been turned away by now
        keeper.say("free")?; // and who is kept sees the end
        let patience = Instant::now() + HANGING;
        let mut hanging = 0;
        for client in self.clients {
            let too_late = async {
                Timer::at(patience).await;
                None
            };
            match future::or(async { Some(client.await) }, too_late).await {
                Some(ended) => ended?,
                None => hanging += 1,
            }
        }
        Ok(hanging)
    }
}

/// What came of all visits.
#[derive(Default)]
struct Visits {
    have_ended: Cell<bool>,
    turned_away: Cell<u64>,
    longest_wait: Cell<Duration>,
}

impl Visits {
    /// One visit, to its end.
    async fn visit(&self, server: &Address) -> io::Result<()> {
        let started = Instant::now();
        let mut socket = socketry::connect(server.clone()).await?;
        let greeted = matches!(socket.read(&mut [0]).await, Ok(1));
        self.longest_wait.set(self.longest_wait.get().max(started.elapsed()));
        if greeted {
            // However it ends: the server gives its connections up.
            let _ = socket.read(&mut [0]).await;
        } else {
            self.turned_away.set(self.turned_away.get() + 1);
        }
        Ok(())
    }
}
