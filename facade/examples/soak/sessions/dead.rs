//! A thousand clients of one server that is not there, and then is.
//!
//! Shown: together they ask no oftener than what they know of it allows, beside the same clients
//! when each is on its own; and when it comes up all of them are there soon.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_lite::AsyncReadExt;
use smol::{Async, Executor, Task, Timer};
use socket2::{Domain, Socket, Type};
use socketry::{
    Connector, Endpoint, Reconnecting,
    connector::{Event, EventKind, Observe},
    reconnecting::{Backoff, Disconnected, LossCause, Registry, SessionLost},
};

use super::{
    clock::CountedClock,
    stage::{Held, PATIENCE, on_threads, within},
    tally::Count,
};
use crate::{
    report::{Report, note},
    size::Size,
    system::raise_descriptors,
};

const CLIENTS: usize = 1000;

/// What circuits allow by default: so many failures at once, and then one each second. A probe is
/// one of these.
const BURST: f64 = 10.0;
const REFILL: f64 = 1.0;

/// How long all may take to end.
const DEADLINE: Duration = Duration::from_secs(3);

pub(super) fn run(size: Size, report: &mut Report) -> io::Result<()> {
    raise_descriptors()?;
    on_threads(async |tasks| measure(size, tasks, report).await)
}

async fn measure(size: Size, tasks: &Executor<'static>, report: &mut Report) -> io::Result<()> {
    let dead_for: Duration = size.choose(Duration::from_secs(2), Duration::from_secs(10));
    note(&format!("{CLIENTS} clients of a server that is not there for {dead_for:?}"));
    let clock = CountedClock::default();
    let shared_clock = Arc::new(clock.clone());
    let connector = Connector::builder().clock(shared_clock.clone()).build()?;
    let held = Held::now(&clock)?;

    let (server, other) = (Bound::new()?, Bound::new()?);
    let endpoint = Endpoint::from(server.address);
    let registry = Registry::new(connector.clone()).with_clock(shared_clock);
    let together = Crowd::gather(tasks, || Ok(registry.connect(endpoint.clone())))?;
    let alone = Crowd::gather(tasks, || connector.reconnect(other.address))?;
    Timer::after(dead_for).await;
    let attempts: u64 = registry.connections().iter().map(|one| one.statistics().attempts).sum();
    let tried = together.seen.tried.get().max(attempts);
    let allowed = BURST + (dead_for.as_secs_f64() / REFILL).ceil();
    report.at_most("attempts of all", tried as f64, allowed, "");
    note(&format!("compare clients that share nothing: {} attempts", alone.seen.tried.get()));
    drop(alone);

    let (came_up, serving) = (Instant::now(), server.serve(tasks)?);
    let all = within(PATIENCE, async {
        while together.seen.up.get() < CLIENTS as u64 {
            Timer::after(Duration::from_millis(1)).await;
        }
    });
    let limit = size.choose(5.0, 10.0);
    report.at_least(
        "clients that are up",
        all.await.map_or(0.0, |()| CLIENTS as f64),
        CLIENTS as f64,
        "",
    );
    report.at_most("the last one after", came_up.elapsed().as_secs_f64(), limit, " s");
    Timer::after(size.choose(Duration::from_millis(100), Duration::from_secs(1))).await;
    report.at_most("clients lost since", together.seen.lost.get() as f64, 0.0, "");
    let wasted = together.seen.won.get() as f64 - CLIENTS as f64;
    report.at_most("connections more than clients", wasted, 0.0, "");

    let started = Instant::now();
    let aborted = registry.disconnect_all(DEADLINE).await == Disconnected::Aborted;
    let took = started.elapsed().as_secs_f64() * 1000.0;
    report.at_most("all disconnected after", took, DEADLINE.as_secs_f64() * 1000.0, " ms");
    report.at_most("disconnects at the deadline", f64::from(u8::from(aborted)), 0.0, "");
    let hung = together.end().await;
    report.at_most("clients that did not end", hung as f64, 0.0, "");
    serving.cancel().await;
    drop(other);
    held.tell(&clock, report).await
}

/// A port on which nobody listens yet.
struct Bound {
    socket: Socket,
    address: SocketAddr,
}

impl Bound {
    fn new() -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
        let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { socket, address })
    }

    /// Comes up. Who connects stays until it closes.
    fn serve(self, tasks: &Executor<'static>) -> io::Result<Task<()>> {
        self.socket.listen(CLIENTS as i32)?;
        let listener = Async::<TcpListener>::new(self.socket.into())?;
        Ok(tasks.spawn(async move {
            let visitors = Executor::new();
            let accepting = async {
                while let Ok((mut visitor, _)) = listener.accept().await {
                    visitors.spawn(async move { visitor.read(&mut [0]).await }).detach();
                }
            };
            visitors.run(accepting).await;
        }))
    }
}

/// Many clients of one address.
struct Crowd {
    seen: Arc<Seen>,
    clients: Vec<Task<()>>,
}

/// What they see.
#[derive(Default)]
struct Seen {
    /// Sockets that were connected, or refused.
    tried: Count,
    won: Count,
    up: Count,
    lost: Count,
    gave_up: AtomicU64,
}

impl Observe for Seen {
    fn observe(&self, event: &Event<'_>) {
        match event.kind() {
            EventKind::AttemptFailed(_) => self.tried.add(),
            EventKind::AttemptWon { .. } => {
                self.tried.add();
                self.won.add();
            }
            _ => {}
        }
    }
}

impl Crowd {
    fn gather(
        tasks: &Executor<'static>,
        connect: impl Fn() -> io::Result<Reconnecting>,
    ) -> io::Result<Self> {
        let seen = Arc::<Seen>::default();
        let clients = (0..CLIENTS).map(|_| {
            // By itself each would ask every few milliseconds at first, and never give up.
            let sessions = connect()?.backoff(Backoff::connman()).observer(seen.clone());
            Ok(tasks.spawn(visit(sessions, seen.clone())))
        });
        let clients = clients.collect::<io::Result<Vec<_>>>()?;
        Ok(Self { seen, clients })
    }

    /// How many of them have not ended, though they were disconnected.
    async fn end(self) -> usize {
        let mut hung = self.seen.gave_up.load(Ordering::Relaxed) as usize;
        for client in self.clients {
            hung += usize::from(within(PATIENCE, client).await.is_none());
        }
        hung
    }
}

async fn visit(mut sessions: Reconnecting, seen: Arc<Seen>) {
    while let Some(next) = sessions.next().await {
        let Ok(mut session) = next else {
            seen.gave_up.fetch_add(1, Ordering::Relaxed);
            return;
        };
        seen.up.add();
        if let Err(error) = session.idle().await {
            let lost = SessionLost::of(&error).map(SessionLost::cause);
            if !matches!(lost, Some(LossCause::Disconnected)) {
                seen.lost.add();
            }
        }
    }
}
