//! System calls, counted by strace.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    process,
};

use crate::{
    Report,
    layers::LAYERS,
    tool::{Listening, child, is_installed, sink},
};

/// What a wait of the reactor is made of, whoever waits.
const WAITS: [&str; 8] = [
    REACTOR_EPOLL_CTL,
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "futex",
    "read",
    "timerfd_settime",
    "write",
];

/// An `epoll_ctl` for the reactor's own timer and event, which each wait arms anew.
const REACTOR_EPOLL_CTL: &str = "epoll_ctl of the reactor";

/// How many clients talk to the echo server.
const TALKERS: usize = 256;

type Counts = BTreeMap<String, f64>;

pub(crate) fn count(report: &mut Report) {
    if !is_installed("strace") {
        report.missing("strace", "system calls");
        return;
    }
    count_connects(report);
    count_accepts(report);
    count_echoes(report);
    count_layers(report);
}

fn count_connects(report: &mut Report) {
    let address = sink().to_string();
    let per_connect = per_connect("connect", &address);
    for (call, times) in [("socket", 1.0), ("setsockopt", 1.0), ("connect", 2.0), ("close", 1.0)] {
        let count = per_connect.get(call).copied().unwrap_or_default();
        report.exactly(times, count, &format!("calls of {call} a connect"));
    }
    report.exactly(5.0, total(&per_connect), "system calls a connect");
    let by_name = total(&self::per_connect("connect-name", &address));
    // A hundredth for the lookup, which may fall into the one run or the other.
    report.at_most(5.1, by_name, "system calls a connect by a name that is kept");
    let of_many = total(&self::per_connect("connect-name-of-many", &address));
    report.at_most(5.1, of_many, "system calls a connect by a name with four addresses");
}

fn per_connect(work: &str, address: &str) -> Counts {
    let connect = |amount| {
        traced(|strace| {
            let mut connecting = child(strace, work, amount, address).spawn().unwrap();
            assert!(connecting.wait().unwrap().success(), "the child has failed");
        })
    };
    // The least of three: on a busy machine the kernel finishes the odd handshake later than
    // usual, and then a connect has to wait.
    let runs = [(); 3].map(|()| difference(&connect(100), &connect(600), 500));
    let least = runs.into_iter().min_by(|one, other| total(one).total_cmp(&total(other)));
    least.unwrap_or_default()
}

fn total(counts: &Counts) -> f64 {
    counts.values().sum()
}

fn count_accepts(report: &mut Report) {
    let per_accept = per_accept("accept");
    report.at_most(2.2, per_accept, "system calls an accept, all clients waiting");
    let through_layers = self::per_accept("accept-limited");
    report.at_most(2.2, through_layers, "system calls an accept through a gate and limits");
}

fn per_accept(work: &str) -> f64 {
    let accept = |amount| {
        traced(|strace| {
            let mut accepting = Listening::start(child(strace, work, amount, "-"));
            let clients = connect_all(accepting.address, amount);
            accepting.go();
            accepting.wait();
            drop(clients);
        })
    };
    total(&difference(&accept(100), &accept(1100), 1000))
}

/// Rounds in which every client says something and then hears it back.
fn count_echoes(report: &mut Report) {
    let (waits, calls) = per_echo("echo");
    report.at_most(3.1, total(&calls), "system calls a message at 256 connections");
    println!("      (waits apart: {:.2} a message; {calls:.2?})", total(&waits));
    let (_, calls) = per_echo("echo-limited");
    report.at_most(3.1, total(&calls), "system calls a message through a gate and limits");
    let (_, calls) = per_echo("echo-session");
    report.at_most(3.1, total(&calls), "system calls a message of a session that comes back");
}

/// The waits, and the other system calls.
fn per_echo(work: &str) -> (Counts, Counts) {
    let echo = |rounds| {
        traced(|strace| {
            let mut echoing = Listening::start(child(strace, work, TALKERS, "-"));
            let mut clients = connect_all(echoing.address, TALKERS);
            echoing.go();
            for _ in 0..rounds {
                for client in &mut clients {
                    client.write_all(b"sixteen bytes...").unwrap();
                }
                for client in &mut clients {
                    client.read_exact(&mut [0; 16]).unwrap();
                }
            }
            clients.iter().for_each(|client| client.shutdown(Shutdown::Write).unwrap());
            echoing.wait();
        })
    };
    // The least of three: on a busy machine the odd message arrives in between, and costs a round
    // through the reactor more.
    let runs = [(); 3].map(|()| parted(difference(&echo(5), &echo(45), 40 * TALKERS)));
    let least = runs.into_iter().min_by(|(_, one), (_, other)| total(one).total_cmp(&total(other)));
    least.unwrap_or_default()
}

/// The waits, and the other system calls.
fn parted(counts: Counts) -> (Counts, Counts) {
    counts.into_iter().partition(|(call, _)| WAITS.contains(&call.as_str()))
}

/// In memory no call is left but those of a layer, and of the reactor's own thread, if a layer has set
/// a timer: that looks for something to do whenever it likes.
fn count_layers(report: &mut Report) {
    for layer in LAYERS {
        let run = |amount| {
            traced(|strace| {
                let mut running = child(strace, layer.work, amount, "-").spawn().unwrap();
                assert!(running.wait().unwrap().success(), "the child has failed");
            })
        };
        let (_, calls) = parted(difference(&run(100), &run(1100), 1000));
        let calls = total(&calls);
        let what = format!("system calls that {} adds to {}", layer.what, layer.to);
        report.exactly(0.0, calls, &what);
    }
}

fn connect_all(address: SocketAddr, amount: usize) -> Vec<TcpStream> {
    (0..amount).map(|_| TcpStream::connect(address).unwrap()).collect()
}

/// Lets `run` start a child under strace and returns how often each system call was made.
fn traced(run: impl FnOnce(&[&str])) -> Counts {
    let path = env::temp_dir().join(format!("socketry-counts-{}", process::id()));
    run(&["strace", "-f", "-o", path.to_str().unwrap()]);
    let log = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(!log.is_empty(), "strace has written nothing");
    let mut counts = Counts::new();
    let mut of_the_reactor = Vec::new();
    for call in log.lines().filter_map(Call::read) {
        if matches!(call.name, "timerfd_create" | "eventfd2") {
            of_the_reactor.extend(call.result);
        }
        let is_reactors = call.name == "epoll_ctl"
            && call.third_argument.is_some_and(|argument| of_the_reactor.contains(&argument));
        let name = if is_reactors { REACTOR_EPOLL_CTL } else { call.name };
        *counts.entry(name.to_string()).or_default() += 1.0;
    }
    // The standard library's debug assertion that a descriptor which is closed is open.
    if cfg!(debug_assertions) {
        counts.remove("fcntl");
    }
    counts
}

/// One line of strace: `1234 epoll_ctl(3, EPOLL_CTL_MOD, 5, {...}) = 0`.
struct Call<'a> {
    name: &'a str,
    third_argument: Option<&'a str>,
    result: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// `None` for signals, exits, and the second half of a call that another thread interrupted.
    fn read(line: &'a str) -> Option<Self> {
        let (_process, call) = line.split_once(' ')?;
        let (name, arguments) = call.trim_start().split_once('(')?;
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        is_name.then(|| Self {
            name,
            third_argument: arguments.split(", ").nth(2),
            result: arguments.rsplit_once(" = ").map(|(_, result)| result),
        })
    }
}

/// What the additional work of `more` cost, a piece.
fn difference(less: &Counts, more: &Counts, pieces: usize) -> Counts {
    let cost = |(call, count): (&String, &f64)| {
        let before = less.get(call).copied().unwrap_or_default();
        (call.clone(), (count - before) / pieces as f64)
    };
    more.iter().map(cost).filter(|(_, cost)| cost.abs() > 0.001).collect()
}
