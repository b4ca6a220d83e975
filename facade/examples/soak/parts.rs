//! Which parts there are, and which of them run.

use std::{io, process::ExitCode, time::Instant};

use crate::{
    backlog, broadcast, broadcasting, cancel, churn, connections, echo, exhaustion, far, following,
    handover, handshakes, keeper, names, nameserver, report::Report, secure, sessions, size::Size,
    stack, workers,
};

/// A part of the soak, in its short or its full size.
type Part = fn(Size, &mut Report) -> io::Result<()>;

const PARTS: [(&str, Part); 11] = [
    ("exhaustion", exhaustion::run),
    ("backlog", backlog::run),
    ("cancel", cancel::run),
    ("names", names::run),
    ("handshakes", handshakes::run),
    ("connections", connections::run),
    ("churn", churn::run),
    ("broadcast", broadcast::run),
    ("handover", handover::run),
    ("sessions", sessions::run),
    ("workers", workers::run),
];

const USAGE: &str = "soak [--full] [exhaustion] [backlog] [cancel] [names] [handshakes] [connections] [churn] [broadcast] [handover] [sessions] [workers]";

pub(crate) fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["helper", role] => help(role),
        _ => soak(&arguments),
    }
}

/// Plays the other side for a part that runs in another process.
fn help(role: &str) -> ExitCode {
    let result = match role {
        "keeper" => keeper::run(),
        "keeper-raw" => keeper::run_raw(),
        "echo" => echo::run(),
        "echo-raw" => echo::run_raw(),
        "echo-tls" => echo::run_tls(),
        "echo-tls-raw" => echo::run_tls_raw(),
        "names" => names::client(),
        "nameserver" => nameserver::run(),
        "far" => far::run(),
        "secure" => secure::run(),
        "sessions" => sessions::serve(),
        "backlog" => backlog::serve(),
        "stack" => stack::run(),
        "followed" => following::run(),
        "restarted" => following::run_restarted(),
        "broadcast" => broadcasting::run(),
        "workers" => workers::serve(),
        "worker" => workers::work(),
        "broadcast-tls" => broadcasting::run_tls(),
        _ => Err(io::Error::other(format!("there is no role {role:?}"))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak, as {role}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn soak(arguments: &[&str]) -> ExitCode {
    let size = if arguments.contains(&"--full") { Size::Full } else { Size::Short };
    let asked: Vec<&str> = arguments.iter().copied().filter(|word| *word != "--full").collect();
    if let Some(unknown) = asked.iter().find(|word| PARTS.iter().all(|(name, _)| name != *word)) {
        eprintln!("soak: there is no part {unknown:?}\n\n{USAGE}");
        return ExitCode::from(2);
    }
    let mut report = Report::default();
    for (name, part) in PARTS {
        if !asked.is_empty() && !asked.contains(&name) {
            continue;
        }
        println!("\n{name}");
        let started = Instant::now();
        if let Err(error) = part(size, &mut report) {
            report.fail(&format!("{name} did not come to its end: {error}"));
        }
        println!("  took {:.1?}", started.elapsed());
    }
    report.end()
}
