//! Where worker processes connect to, if they talk over a socket.

use std::{
    collections::HashMap,
    fmt, fs, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use event_listener::{Event, listener};
use futures_lite::future::poll_fn;

use self::{driver::Driver, socket::Listening};
use crate::{
    Relay,
    process::{handshake::Greeting, link::Link},
};

mod driver;
mod socket;

/// How many connections whose process is not known may wait until it is, besides those who are expected.
const MOST_STRANGERS: usize = 64;

/// A listening socket and those who have connected, until each is found by whoever waits for it.
///
/// Whoever waits may be the one that accepts and greets for all; when it has what it wants, or is
/// dropped, another one goes on. So nothing runs while nobody waits.
pub(crate) struct RelayServer {
    address: String,
    places: Mutex<Places>,
    /// Taken by whoever accepts for all.
    driver: Mutex<Option<Driver>>,
    /// Somebody has connected, or nobody accepts any more.
    changed: Event,
    limit: usize,
}

/// Who waits, and who has come. A process is known by its group, which is that of the child that was
/// started: so the worker may be a child of its own child, as behind a shell.
#[derive(Default)]
struct Places {
    /// How many wait whose process is not known yet.
    unnamed: usize,
    named: Vec<u32>,
    arrived: HashMap<u32, (Link, Greeting)>,
}

impl RelayServer {
    /// Listens. Answers have at most `limit` bytes.
    pub(crate) fn listen(relay: &Relay, limit: usize) -> io::Result<Self> {
        let listening = Listening::on(relay).map_err(|error| {
            let reason = format!("listening for workers on {relay} failed: {error}");
            io::Error::new(error.kind(), reason)
        })?;
        Ok(Self {
            address: listening.address().to_string(),
            places: Mutex::default(),
            driver: Mutex::new(Some(Driver::new(listening))),
            changed: Event::new(),
            limit,
        })
    }

    /// As workers find it in their environment.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// A place for a worker that is about to be started.
    pub(crate) fn place(self: &Arc<Self>) -> Place {
        self.places().unnamed += 1;
        Place { server: self.clone(), group: None }
    }

    /// Somebody has connected and said its pid.
    fn arrive(&self, link: Link, greeting: Greeting) {
        let group = group_of(greeting.pid);
        let mut places = self.places();
        if places.named.contains(&group)
            || places.arrived.len() < MOST_STRANGERS + places.expected()
        {
            places.arrived.entry(group).or_insert((link, greeting));
        }
        places.forget_strangers();
        drop(places);
        self.changed.notify(usize::MAX);
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn driver(&self) -> MutexGuard<'_, Option<Driver>> {
        self.driver.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    /// How many wait.
    fn expected(&self) -> usize {
        self.unnamed + self.named.len()
    }

    /// Whom nobody can be waiting for is let go.
    fn forget_strangers(&mut self) {
        if self.unnamed == 0 {
            self.arrived.retain(|group, _| self.named.contains(group));
        }
    }
}

/// Somebody waits for a worker. Drop frees what has come for it.
pub(crate) struct Place {
    server: Arc<RelayServer>,
    group: Option<u32>,
}

impl Place {
    /// Ready when the worker of this process (or of its group) has connected.
    pub(crate) async fn wait_for(mut self, process: u32) -> io::Result<(Link, Greeting)> {
        self.name(process);
        loop {
            listener!(self.server.changed => changed);
            if let Some(arrived) = self.arrived(process) {
                return Ok(arrived);
            }
            let driver = self.server.driver().take();
            match driver {
                Some(driver) => {
                    let mut driving = Driving { server: &self.server, driver: Some(driver) };
                    return poll_fn(|cx| {
                        let failed = driving.poll(cx);
                        match self.arrived(process) {
                            Some(arrived) => Poll::Ready(Ok(arrived)),
                            None => failed.map(Err),
                        }
                    })
                    .await;
                }
                None => changed.await,
            }
        }
    }

    fn name(&mut self, group: u32) {
        let mut places = self.server.places();
        self.group = Some(group);
        places.unnamed -= 1;
        places.named.push(group);
        places.forget_strangers();
    }

    fn arrived(&self, group: u32) -> Option<(Link, Greeting)> {
        let (mut link, greeting) = self.server.places().arrived.remove(&group)?;
        link.allow(self.server.limit);
        Some((link, greeting))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.server.places();
        match self.group {
            Some(group) => places.named.retain(|named| *named != group),
            None => places.unnamed -= 1,
        }
        places.forget_strangers();
        let nobody_waits = places.unnamed == 0 && places.named.is_empty();
        drop(places);
        if nobody_waits {
            if let Some(driver) = &mut *self.server.driver() {
                driver.forget_strangers();
            }
        }
    }
}

/// Somebody accepts for all. Drop lets another one go on.
struct Driving<'a> {
    server: &'a RelayServer,
    // Given back by the drop, and there until then.
    driver: Option<Driver>,
}

impl Driving<'_> {
    /// Ready when accepting has failed.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some(driver) = &mut self.driver else { return Poll::Pending };
        let expected = self.server.places().expected();
        driver.poll(expected, cx, |link, greeting| self.server.arrive(link, greeting))
    }
}

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        *self.server.driver() = self.driver.take();
        self.server.changed.notify(usize::MAX);
    }
}

/// The group of a process, or the process itself where that cannot be known.
///
/// Read from the file: the call for it gives zero for what was started outside of this container, for which
/// its binding is not made.
fn group_of(process: u32) -> u32 {
    let group = || {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // Behind the name, which may hold anything: the state, the parent, the group.
        let (_, fields) = stat.rsplit_once(')')?;
        fields.split_whitespace().nth(2)?.parse().ok()
    };
    let group = if cfg!(target_os = "linux") { group() } else { None };
    group.filter(|group| *group > 0).unwrap_or(process)
}

impl fmt::Debug for RelayServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayServer").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Read, os::unix::net::UnixStream};

    use futures_lite::future::{block_on, poll_once};
    use socketry_testing::TestDir;

    use super::*;

    #[test]
    fn nobody_is_let_go_while_as_many_are_expected() {
        let directory = TestDir::new();
        let relay = Relay::Unix(directory.join("s"));
        let server = Arc::new(RelayServer::listen(&relay, 100).unwrap());
        let number = 2 * MOST_STRANGERS;
        let mut places: Vec<_> = (0..number).map(|_| server.place()).collect();
        let connect = |_| UnixStream::connect(directory.join("s")).unwrap();
        let workers: Vec<_> = (0..number).map(connect).collect();
        let mut waiting = Box::pin(places.remove(0).wait_for(u32::MAX));
        // Accepting takes as many turns as it likes; the last of them is asked for its pid after all others.
        let is_asked = |mut worker: &UnixStream| {
            worker.set_nonblocking(true).unwrap();
            worker.read(&mut [0; 100])
        };
        while is_asked(&workers[number - 1]).is_err() {
            assert!(block_on(poll_once(&mut waiting)).is_none());
        }
        for worker in &workers[..number - 1] {
            assert!(is_asked(worker).is_ok_and(|count| count > 0));
            assert!(is_asked(worker).is_err(), "it is not closed");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_without_a_group_of_this_system_is_its_own() {
        assert_eq!(group_of(u32::MAX), u32::MAX);
    }
}
