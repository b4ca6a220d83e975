//! One process follows another under clients that never stop coming.
//!
//! Shown: nobody is refused, cut off or lost, and at the end nothing is left, in whichever moment a client
//! comes.

use std::{
    cell::{Cell, RefCell},
    fs, io,
    rc::Rc,
    time::{Duration, Instant},
};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use smol::{LocalExecutor, Task, Timer};
use socketry::Address;
use socketry_testing::TestDir;

use crate::{
    following::MESSAGE,
    helper::Helper,
    report::{Report, note},
    size::Size,
    system::descriptors,
};

/// How many clients come at the same time, over TCP and over the Unix socket in turn.
const AT_ONCE: usize = 16;

/// How long so many clients may take to be answered, if anybody answers at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the first process listens.
const ANY_PORT: &str = "tcp://127.0.0.1:0";

pub(crate) fn run(size: Size, report: &mut Report) -> io::Result<()> {
    let (clients, swaps) = size.choose((2000, 2), (20_000, 3));
    note(&format!("{clients} clients over TCP and a Unix socket; {swaps} times a process follows"));
    let tasks = LocalExecutor::new();
    smol::block_on(tasks.run(async {
        let quiet = Chain { way: Way::HandedOn, clients, swaps: 0 }.run(&tasks).await?;
        let before = descriptors()?;
        let ours = Chain { way: Way::HandedOn, clients, swaps }.run(&tasks).await?;
        let left = descriptors()?.saturating_sub(before);
        let restarted = Chain { way: Way::Restarted, clients, swaps }.run(&tasks).await?;

        let served_some = ours.answered.iter().filter(|count| **count > 0).count();
        let lost = ours.heard.abs_diff(ours.answered.iter().sum());
        report.at_least("clients who have heard their echo", ours.heard as f64, clients as f64, "");
        report.at_least("processes that answered", served_some as f64, swaps as f64 + 1.0, "");
        report.at_most("clients refused", ours.refused as f64, 0.0, "");
        report.at_most("clients reset or not answered", ours.broken as f64, 0.0, "");
        report.at_most("clients cut off by a process that left", ours.cut as f64, 0.0, "");
        report.at_most("clients whom only one side has counted", lost as f64, 0.0, "");
        report.at_most("files left behind", ours.files as f64, 0.0, "");
        report.at_most("descriptors left open in the clients", left as f64, 0.0, "");
        ours.error.iter().for_each(|error| note(&format!("the first error: {error}")));
        note(&format!(
            "the longest wait of a client: {:.1?}, and {:.1?} where nobody follows",
            ours.longest, quiet.longest
        ));
        note(&format!(
            "compare a restart: {} refused, {} reset or not answered, beside {} who were answered",
            restarted.refused, restarted.broken, restarted.heard
        ));
        Ok(())
    }))
}

/// How the next process comes in.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// It takes over, and then the earlier one ends.
    HandedOn,
    /// The earlier one ends, and then it is started.
    Restarted,
}

/// Processes, one after the other, and clients meanwhile.
struct Chain {
    way: Way,
    clients: u64,
    swaps: u64,
}

/// What came of it.
struct Outcome {
    /// By each process, as it says.
    answered: Vec<u64>,
    cut: u64,
    files: usize,
    heard: u64,
    refused: u64,
    broken: u64,
    error: Option<io::Error>,
    longest: Duration,
}

impl Chain {
    async fn run(&self, tasks: &LocalExecutor<'_>) -> io::Result<Outcome> {
        let directory = TestDir::new();
        let (mut serving, addresses) = self.start(ANY_PORT, &directory).await?;
        let load = Load::start(&addresses, tasks);
        let (mut answered, mut cut) = (Vec::new(), 0);
        let mut end = async |mut process: Helper| {
            answered.push(process.hear("answered").await?);
            cut += process.hear::<u64>("cut").await?;
            io::Result::Ok(())
        };
        for swap in 1..=self.swaps {
            load.until_heard(self.clients * swap / (self.swaps + 1)).await?;
            serving = match self.way {
                Way::HandedOn => {
                    let (next, _) = self.start(ANY_PORT, &directory).await?;
                    end(serving).await?;
                    next
                }
                Way::Restarted => {
                    serving.say("stop")?;
                    end(serving).await?;
                    self.start(&addresses[0].to_string(), &directory).await?.0
                }
            };
        }
        load.until_heard(self.clients).await?;
        let Visits { heard, refused, broken, error, longest, .. } = load.end().await;
        serving.say("stop")?;
        end(serving).await?;
        let files = fs::read_dir(directory.path())?.count();
        let (heard, refused, broken) = (heard.get(), refused.get(), broken.get());
        let (error, longest) = (error.into_inner(), longest.get());
        Ok(Outcome { answered, cut, files, heard, refused, broken, error, longest })
    }

    /// The next process, and where it listens.
    async fn start(&self, tcp: &str, directory: &TestDir) -> io::Result<(Helper, [Address; 2])> {
        let mut process = Helper::start(match self.way {
            Way::HandedOn => "followed",
            Way::Restarted => "restarted",
        })?;
        process.say(&format!("{tcp} {}", directory.path().display()))?;
        let addresses = [process.hear("listening").await?, process.hear("listening").await?];
        Ok((process, addresses))
    }
}

/// Clients that come again and again.
struct Load {
    visits: Rc<Visits>,
    clients: Vec<Task<()>>,
}

#[derive(Default)]
struct Visits {
    are_over: Cell<bool>,
    began: Cell<u64>,
    heard: Cell<u64>,
    refused: Cell<u64>,
    broken: Cell<u64>,
    /// The first one.
    error: RefCell<Option<io::Error>>,
    longest: Cell<Duration>,
}

impl Load {
    fn start(addresses: &[Address; 2], tasks: &LocalExecutor<'_>) -> Self {
        let visits = Rc::<Visits>::default();
        let client = |_| {
            let (visits, addresses) = (visits.clone(), addresses.clone());
            tasks.spawn(async move { visits.go_on(&addresses).await })
        };
        Self { clients: (0..AT_ONCE).map(client).collect(), visits }
    }

    /// Until so many have heard their echo.
    async fn until_heard(&self, count: u64) -> io::Result<()> {
        let patience = Instant::now() + PATIENCE;
        while self.visits.heard.get() < count {
            if Instant::now() > patience {
                let heard = self.visits.heard.get();
                return Err(io::Error::other(format!(
                    "only {heard} of {count} clients were heard"
                )));
            }
            Timer::after(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Lets those end who are under way.
    async fn end(self) -> Visits {
        self.visits.are_over.set(true);
        for client in self.clients {
            client.await;
        }
        Rc::try_unwrap(self.visits).unwrap_or_default() // the clients had the others
    }
}

impl Visits {
    async fn go_on(&self, addresses: &[Address; 2]) {
        while !self.are_over.get() {
            let number = self.began.replace(self.began.get() + 1);
            let address = &addresses[usize::from(number % 2 == 1)];
            let began = Instant::now();
            let count = match visit(address, number).await {
                Ok(()) => {
                    self.longest.set(self.longest.get().max(began.elapsed()));
                    &self.heard
                }
                Err(error) => {
                    let kind = error.kind();
                    self.error.borrow_mut().get_or_insert(error);
                    future::yield_now().await; // a refused connect does not wait
                    match kind {
                        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => &self.refused,
                        _ => &self.broken,
                    }
                }
            };
            count.set(count.get() + 1);
        }
    }
}

/// Says its number, and has to hear it, and the end behind it.
async fn visit(address: &Address, number: u64) -> io::Result<()> {
    let said: [u8; MESSAGE] = number.to_be_bytes();
    let (mut socket, mut heard) = (socketry::connect(address.clone()).await?, Vec::new());
    socket.write_all(&said).await?;
    socket.read_to_end(&mut heard).await?;
    match heard == said {
        true => Ok(()),
        false => Err(io::Error::other(format!("client {number} heard {heard:?}"))),
    }
}
