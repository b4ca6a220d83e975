//! The handover example, as real processes that follow each other under clients that never stop
//! coming.

#![cfg(unix)]

use std::{
    collections::BTreeSet,
    env,
    io::{self, BufRead, BufReader, Lines, Read},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_lite::future::{block_on, or, zip};
use socketry::{
    Address, Server, UnixAddress,
    server::{Handover, Inherited},
};
use socketry_testing::{ClientLoad, TestDir};

use crate::example::unix::run;

#[path = "../examples/handover.rs"]
#[allow(dead_code, unreachable_pub, reason = "an example is a program of its own")]
mod example;

/// The test that is run anew in the children.
const CHILD: &str = "clients_are_never_refused_while_processes_follow_each_other";

/// Tells a child where its files are.
const DIRECTORY: &str = "SOCKETRY_HANDOVER_IN";

/// What a child begins its lines with, among those of the tests.
const MARK: &str = "example: ";

/// So many clients come at least, to three processes.
const CLIENTS: usize = 2001;

#[test]
fn clients_are_never_refused_while_processes_follow_each_other() {
    if let Some(directory) = env::var_os(DIRECTORY) {
        return be_the_example(Path::new(&directory));
    }
    let _alone = alone();
    let directory = TestDir::new();
    let mut serving = Process::start(&directory);
    let (tcp, unix) = (serving.address(), serving.address());
    let (client, greeted_by) = client_of_both(tcp.clone(), unix.clone());
    let load = ClientLoad::start(client);
    let mut greeted = 0;
    for _ in 0..2 {
        load.wait_for(CLIENTS / 3);
        let mut next = Process::start(&directory);
        assert_eq!((next.address(), next.address()), (tcp.clone(), unix.clone()));
        greeted += serving.greeted();
        serving = next;
    }
    load.wait_for(CLIENTS / 3);
    let came = load.end();

    // The last one is followed by the test, which has the file then, and at its end removes it.
    let (inherited, last) = take_from(&directory);
    block_on(inherited.ready()).unwrap();
    greeted += serving.greeted();
    assert_eq!(greeted, came);
    assert_eq!(greeted_by.lock().unwrap().len(), 3);
    assert_eq!(names(&directory), ["s", "s.lock"]);
    drop(last);
    assert!(names(&directory).is_empty());
}

#[test]
fn a_process_that_is_killed_leaves_the_files_to_the_one_that_has_taken_over_from_it() {
    let _alone = alone();
    let directory = TestDir::new();
    let mut first = Process::start(&directory);
    let (_tcp, unix) = (first.address(), first.address());
    let (inherited, server) = take_from(&directory);
    drop(first);
    assert!(block_on(inherited.ready()).is_err());
    assert!(UnixStream::connect(unix.path().unwrap()).is_ok());
    assert_eq!(names(&directory), ["h", "s", "s.lock"]);
    drop(server);
    assert_eq!(names(&directory), ["h"]);
}

#[test]
fn run_twice_the_second_takes_over_from_the_first() {
    let _alone = alone();
    let directory = TestDir::new();
    let (handover, endpoints) = (handover(&directory), endpoints(&directory));
    let (first, second) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let both = async {
        let mut earlier =
            Box::pin(run(&handover, &endpoints, |line| first.lock().unwrap().push(line)));
        or(async { drop((&mut earlier).await) }, until_offered(&directory)).await;
        let later = run(&handover, &endpoints, |line| second.lock().unwrap().push(line));
        zip(earlier, or(later, until_said(&first, "goodbye, after 0 clients"))).await
    };
    let (greeted, _) = block_on(both);
    assert_eq!(greeted.unwrap(), 0);
    let (first, second) = (first.into_inner().unwrap(), second.into_inner().unwrap());
    assert_eq!(second, first[..2]);
    assert!(names(&directory).is_empty());
}

/// One test after the other: a process that is being started holds a copy of every descriptor for a
/// moment, locks included, and whoever closes one in that moment is not the last to have it.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());

    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Until a process offers its sockets.
async fn until_offered(directory: &TestDir) {
    while !directory.join("h").exists() {
        futures_lite::future::yield_now().await;
    }
}

async fn until_said(lines: &Mutex<Vec<String>>, last: &str) -> io::Result<u64> {
    while lines.lock().unwrap().last().is_none_or(|line| line != last) {
        futures_lite::future::yield_now().await;
    }
    Ok(0)
}

fn handover(directory: impl AsRef<Path>) -> Handover {
    Handover::new(UnixAddress::from_path(directory.as_ref().join("h")).unwrap())
}

/// A free port, and a file.
fn endpoints(directory: impl AsRef<Path>) -> [String; 2] {
    let path = directory.as_ref().join("s");
    ["tcp://127.0.0.1:0".into(), format!("unix://{}", path.display())]
}

/// Takes the Unix socket over from whatever process serves.
fn take_from(directory: &TestDir) -> (Inherited, Server) {
    let [_, unix] = endpoints(directory);
    let mut inherited = block_on(handover(directory).take()).unwrap().unwrap();
    let server = block_on(Server::builder().take_or_bind(unix, Some(&mut inherited)));
    (inherited, server.unwrap())
}

fn names(directory: &TestDir) -> Vec<String> {
    let entries = std::fs::read_dir(directory.path()).unwrap();
    let mut names =
        Vec::from_iter(entries.map(|it| it.unwrap().file_name().into_string().unwrap()));
    names.sort();
    names
}

type GreetedBy = Arc<Mutex<BTreeSet<String>>>;

/// A client that comes over TCP and over the Unix socket in turn, and who has greeted it.
fn client_of_both(
    tcp: Address,
    unix: Address,
) -> (impl Fn() -> io::Result<()> + Send + Sync + 'static, GreetedBy) {
    let greeted_by = GreetedBy::default();
    let (seen, count) = (greeted_by.clone(), AtomicUsize::new(0));
    let (tcp, unix) = (tcp.socket_address().unwrap(), PathBuf::from(unix.path().unwrap()));
    let client = move || {
        let heard = match count.fetch_add(1, Ordering::Relaxed) % 2 {
            0 => hear(TcpStream::connect(tcp)?)?,
            _ => hear(UnixStream::connect(&unix)?)?,
        };
        if !heard.starts_with("hello from process ") || !heard.ends_with('\n') {
            return Err(io::Error::other(format!("a client heard {heard:?}")));
        }
        seen.lock().unwrap().insert(heard);
        Ok(())
    };
    (client, greeted_by)
}

fn hear(mut stream: impl Read) -> io::Result<String> {
    let mut heard = String::new();
    stream.read_to_string(&mut heard)?;
    Ok(heard)
}

/// A process that is the example.
struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(directory: &TestDir) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", CHILD, "--nocapture"])
            .env(DIRECTORY, directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        self.lines
            .find_map(|line| Some(line.unwrap().strip_prefix(MARK)?.to_string()))
            .expect("the process says something")
    }

    /// The next of the two where it listens.
    fn address(&mut self) -> Address {
        let line = self.line();
        line.strip_prefix("listening on ").unwrap().parse().unwrap()
    }

    /// How many it has greeted, once it has ended.
    fn greeted(mut self) -> usize {
        let drained = self.line();
        assert!(drained.ends_with(" 0 closed by force"), "{drained}");
        let line = self.line();
        let count = line.strip_prefix("goodbye, after ").and_then(|it| it.strip_suffix(" clients"));
        assert!(self.child.wait().unwrap().success());
        count.unwrap().parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a child does, until it is followed or its parent has ended.
fn be_the_example(directory: &Path) {
    let parent_ends = async {
        let stdin = async_io::Async::new(io::stdin()).unwrap();
        stdin.readable().await.unwrap();
        Ok(0)
    };
    let (handover, endpoints) = (handover(directory), endpoints(directory));
    let running = run(&handover, &endpoints, |line| println!("\n{MARK}{line}"));
    block_on(or(running, parent_ends)).unwrap();
}
