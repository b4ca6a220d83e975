//! A process under test, and the one on the other side: it does its work until its standard input
//! ends, and answers each line there with its totals.

use std::{
    io::{self, BufRead, Write},
    net::{IpAddr, Ipv4Addr},
    process, thread,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{backends, job::Job, socket::listen, totals};

/// Does the work; never returns but with an error.
pub(crate) fn run(job: &Job) -> io::Result<()> {
    allow_many_descriptors()?;
    let host = job.address.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip());
    let listener = if job.work.listens() { Some(listen(host)?) } else { None };
    match &listener {
        Some(listener) => say(&listener.local_addr()?.to_string())?,
        None => say("ready")?,
    }
    thread::spawn(answer);
    backends::run(job, listener)
}

/// As many as the machine allows.
fn allow_many_descriptors() -> io::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

/// Lines in, totals out.
fn answer() {
    for line in io::stdin().lock().lines() {
        if line.is_err() {
            break;
        }
        // In a trace of the system calls it stands where the totals were taken.
        let _ = rustix::process::getppid();
        // A structure of numbers can always be written.
        let totals = serde_json::to_string(&totals::now()).expect("numbers can be written");
        if say(&totals).is_err() {
            break;
        }
    }
    process::exit(0);
}

pub(crate) fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
