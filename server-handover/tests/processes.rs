//! Real processes that follow each other, under clients that never stop coming.
//!
//! The tests start this program anew: there it serves, takes over from whoever serves already, and
//! hands on to whoever comes next.

#![cfg(unix)]

use std::{
    env, fs,
    future::Future,
    io::{self, BufRead, BufReader, Lines, Read},
    net::{TcpListener, TcpStream},
    os::{
        fd::OwnedFd,
        unix::net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use async_io::Async;
use futures_lite::{
    AsyncWriteExt,
    future::{block_on, or},
};
use socketry_server_handover::{Handover, NamedSocket, UnixAddress};
use socketry_testing::ClientLoad;

use crate::support::Place;

#[allow(dead_code, reason = "the other tests use the rest")]
mod support;

/// The test that is run anew in the children.
const CHILD: &str = "clients_over_tcp_are_never_refused_while_processes_follow_each_other";

/// Tells a child where the processes meet, and where it listens if it is the first.
const MEET_AT: &str = "SOCKETRY_HANDOVER_AT";
const LISTEN_ON: &str = "SOCKETRY_HANDOVER_LISTEN_ON";

/// What a child begins its lines with, among those of the tests.
const MARK: &str = "child: ";

/// So many clients come at least, to three processes.
const CLIENTS: usize = 2001;

#[test]
fn clients_over_tcp_are_never_refused_while_processes_follow_each_other() {
    if let (Some(at), Ok(on)) = (env::var_os(MEET_AT), env::var(LISTEN_ON)) {
        return be_a_process(Path::new(&at), &on);
    }
    let place = Place::new();
    let mut first = Process::start(&place, "tcp");
    let address = first.line();
    let load = ClientLoad::start(move || greeting_of(TcpStream::connect(&address)?));
    follow_twice(&place, first, "tcp", load);
}

#[test]
fn clients_over_a_socket_file_are_never_refused_while_processes_follow_each_other() {
    let place = Place::new();
    let path = place.path().with_extension("sock");
    let on = path.display().to_string();
    let mut first = Process::start(&place, &on);
    assert_eq!(first.line(), on);
    let load = ClientLoad::start(move || greeting_of(UnixStream::connect(&path)?));
    follow_twice(&place, first, &on, load);
}

#[test]
fn a_process_that_is_killed_before_it_is_ready_changes_nothing() {
    let place = Place::new();
    let mut first = Process::start(&place, "tcp");
    let address = first.line();
    let mut stuck = Process::start(&place, "stuck");
    assert_eq!(stuck.line(), address);
    drop(stuck);
    assert!(first.line().contains("failed during the start of the successor"));
    greeting_of(TcpStream::connect(&address).unwrap()).unwrap();
    let mut next = Process::start(&place, "tcp");
    assert_eq!(next.line(), address);
    assert_eq!(first.served() + next.end(), 1);
}

#[test]
fn the_place_of_a_process_that_was_killed_is_offered_at_by_the_next_one() {
    let place = Place::new();
    let mut first = Process::start(&place, "tcp");
    let former = first.line();
    drop(first);
    assert!(place.path().exists());
    let mut next = Process::start(&place, "tcp");
    assert_ne!(next.line(), former);
    next.end();
    assert!(!place.path().exists());
}

/// Root may start a process of another user; without that the child is of the same one.
#[cfg(target_os = "linux")]
#[test]
fn a_process_of_another_user_gets_nothing_and_the_leaver_says_so() {
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65_534;

    let is_root = rustix::process::geteuid().is_root();
    let name = format!("@socketry-handover-users-{}", std::process::id());
    let handover = Handover::new(UnixAddress::from_text(&name).unwrap());
    let mut offer = handover.offer().unwrap();
    // Reached by its open file: the other user may not look into the directories above it.
    let mut stranger = Command::new("/proc/self/exe");
    stranger.args(["--exact", CHILD, "--nocapture"]).env(MEET_AT, &name).env(LISTEN_ON, "stuck");
    if is_root {
        stranger.uid(NOBODY);
    }
    let mut stranger = stranger.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let waiting = async { offer.hand_on(|| Ok(Vec::new())).await.unwrap_err() };
    if is_root {
        let error = block_on(waiting);
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert!(error.to_string().contains("runs as user 65534 and this one as user 0"), "{error}");
    } else {
        drop(stranger.stdin.take());
        assert_eq!(block_on(waiting).kind(), io::ErrorKind::UnexpectedEof);
    }
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

/// A second and a third process follow the first under load, and every client was greeted by one of
/// them.
fn follow_twice(place: &Place, first: Process, on: &str, load: ClientLoad) {
    let mut served = 0;
    let mut serving = first;
    for _ in 0..2 {
        load.wait_for(CLIENTS / 3);
        let mut next = Process::start(place, on);
        next.line();
        served += serving.served();
        serving = next;
    }
    load.wait_for(CLIENTS / 3);
    let greeted = load.end();
    served += serving.end();
    assert_eq!(served, greeted);
}

fn greeting_of(mut stream: impl Read) -> io::Result<()> {
    let mut heard = String::new();
    stream.read_to_string(&mut heard)?;
    match heard.as_str() {
        "hello" => Ok(()),
        heard => Err(io::Error::other(format!("a client heard {heard:?}"))),
    }
}

/// A process that serves until another one follows it.
struct Process {
    child: Child,
    /// Tells it to end, by being closed.
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(place: &Place, on: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", CHILD, "--nocapture"])
            .env(MEET_AT, place.path())
            .env(LISTEN_ON, on)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { stdin: child.stdin.take(), child, lines }
    }

    /// What it says next: where it serves, then what has gone wrong, and at its end whom it served.
    fn line(&mut self) -> String {
        self.lines
            .find_map(|line| Some(line.unwrap().strip_prefix(MARK)?.to_string()))
            .expect("the process says something")
    }

    /// How many clients it served, once it has ended.
    fn served(mut self) -> usize {
        let served = self.line().parse().unwrap();
        assert!(self.child.wait().unwrap().success());
        served
    }

    /// Ends it; how many clients it served.
    fn end(mut self) -> usize {
        self.stdin = None;
        self.served()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a child does. It says where it serves when it is ready, and at its end whom it served.
fn be_a_process(at: &Path, on: &str) {
    let at = UnixAddress::from_text(&at.to_string_lossy()).unwrap();
    let handover = Handover::new(at);
    block_on(async {
        let inherited = handover.take().await.unwrap();
        let listener = match inherited {
            Some(mut inherited) => {
                let listener = Listener::of(inherited.take("web").unwrap().socket, on);
                if on == "stuck" {
                    println!("\n{MARK}{}", listener.address());
                    until_told().await;
                    return;
                }
                inherited.ready().await.unwrap();
                listener
            }
            None => Listener::bind(on),
        };
        let mut offer = handover.offer().unwrap();
        println!("\n{MARK}{}", listener.address());
        let mut served = 0;
        let followed = async {
            let sockets = || Ok(vec![NamedSocket::new("web", listener.duplicate())]);
            while let Err(error) = offer.hand_on(sockets).await {
                println!("\n{MARK}{error}");
            }
        };
        or(or(followed, until_told()), listener.serve(&mut served)).await;
        println!("\n{MARK}{served}");
    });
}

/// Until standard input is closed, which it also is when the parent ends.
async fn until_told() {
    let stdin = Async::new(io::stdin()).unwrap();
    stdin.readable().await.unwrap();
}

enum Listener {
    Tcp(Async<TcpListener>),
    Unix(Async<UnixListener>),
}

impl Listener {
    fn bind(on: &str) -> Self {
        match on {
            "tcp" => Self::of(TcpListener::bind("127.0.0.1:0").unwrap().into(), on),
            path => Self::of(UnixListener::bind(path).unwrap().into(), on),
        }
    }

    fn of(descriptor: OwnedFd, on: &str) -> Self {
        match on {
            "tcp" | "stuck" => Self::Tcp(Async::new(descriptor.into()).unwrap()),
            _ => Self::Unix(Async::new(descriptor.into()).unwrap()),
        }
    }

    fn duplicate(&self) -> OwnedFd {
        match self {
            Self::Tcp(listener) => listener.get_ref().try_clone().unwrap().into(),
            Self::Unix(listener) => listener.get_ref().try_clone().unwrap().into(),
        }
    }

    fn address(&self) -> String {
        match self {
            Self::Tcp(listener) => listener.get_ref().local_addr().unwrap().to_string(),
            Self::Unix(listener) => {
                let address = listener.get_ref().local_addr().unwrap();
                let path: PathBuf = address.as_pathname().unwrap().into();
                assert!(fs::symlink_metadata(&path).is_ok());
                path.display().to_string()
            }
        }
    }

    /// Greets everybody, and counts them.
    async fn serve(&self, served: &mut usize) {
        loop {
            match self {
                Self::Tcp(listener) => greet(async { Ok(listener.accept().await?.0) }).await,
                Self::Unix(listener) => greet(async { Ok(listener.accept().await?.0) }).await,
            }
            *served += 1;
        }
    }
}

/// A client that was accepted is greeted in the same poll: the words fit into the buffer.
async fn greet<S: AsyncWriteExt + Unpin>(accepting: impl Future<Output = io::Result<S>>) {
    accepting.await.unwrap().write_all(b"hello").await.unwrap();
}
