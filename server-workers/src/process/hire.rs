//! From a command to a worker that is ready to be asked.

use std::{io, sync::Arc, time::Duration};

use futures_lite::future::or;

use crate::{
    Notices, WorkerId,
    process::{
        handshake::{Greeting, NotReady, greet},
        launch::launch,
        link::{Link, LinkFailed},
        log::Teller,
        record::ProcessRecord,
        relay_server::RelayServer,
        settings::Settings,
        text::quoted,
        worker::ProcessWorker,
    },
};

/// What PHP says of a script that is not there.
const PHP_FINDS_NO_SCRIPT: &[u8] = b"Could not open input file";

/// How long the end of a process may take that says nothing more.
const MOMENT: Duration = Duration::from_millis(500);

/// Starts a process and waits for its first words, over its pipes or the relay.
pub(crate) async fn hire(
    settings: &Arc<Settings>,
    relay: Option<Arc<RelayServer>>,
    worker: WorkerId,
    notices: &Notices,
) -> io::Result<(ProcessWorker, ProcessRecord)> {
    let relay_address = relay.as_ref().map_or("pipes", |relay| relay.address()).to_string();
    // Before it is started: it may be there sooner than we know its pid.
    let place = relay.as_ref().map(RelayServer::place);
    let launched = launch(settings, relay_address).await?;
    let pid = launched.child.id();
    let teller = Teller { notices: notices.clone(), worker, pid };
    let (mut record, channel) = ProcessRecord::new(launched, teller);
    let (link, greeting) = match (channel, place) {
        (Some(channel), _) => {
            let link = Link::new(channel, settings.max_answer_size);
            greet_over_pipes(link, &mut record, settings).await?
        }
        (None, Some(place)) => {
            let ended = async { Err(ended_early(&record.ended().await)) };
            let connected = or(place.wait_for(pid), ended).await;
            connected.map_err(|error| with_log(settings, &record, error))?
        }
        // A process without pipes has a relay.
        (None, None) => return Err(io::ErrorKind::Unsupported.into()),
    };
    Ok((ProcessWorker::new(link, greeting, notices.clone()), record))
}

async fn greet_over_pipes(
    mut link: Link,
    record: &mut ProcessRecord,
    settings: &Settings,
) -> io::Result<(Link, Greeting)> {
    let ended = async {
        record.ended().await;
        Err(NotReady::Link(LinkFailed::Ended))
    };
    match or(greet(&mut link), ended).await {
        Ok(greeting) => Ok((link, greeting)),
        Err(NotReady::Answer(said)) => {
            let reason = format!("it answered {said} when it was asked for its pid");
            let error = io::Error::new(io::ErrorKind::InvalidData, reason);
            Err(with_log(settings, record, error))
        }
        Err(NotReady::Link(failed)) => {
            let text = match &failed {
                LinkFailed::Frame(error) if !error.is_text() => &[],
                _ => link.text(settings.clock.as_ref()).await,
            };
            let how = record.ended_within(MOMENT, settings.clock.as_ref()).await;
            let error = why_not_ready(failed, text, how.as_deref(), settings);
            Err(with_log(settings, record, error))
        }
    }
}

/// What a process did instead of getting ready: what it said to its standard output, or how it ended.
fn why_not_ready(
    failed: LinkFailed,
    text: &[u8],
    how: Option<&str>,
    settings: &Settings,
) -> io::Error {
    let shown = quoted(text);
    let ended = how.map_or_else(String::new, |how| format!(", and ended: {how}"));
    if text.windows(PHP_FINDS_NO_SCRIPT.len()).any(|part| part == PHP_FINDS_NO_SCRIPT) {
        let from = match &settings.working_directory {
            Some(directory) => format!("the working directory {}", directory.display()),
            None => "the working directory of the server".into(),
        };
        let reason = format!("PHP does not find the script ({shown}): give its path from {from}");
        return io::Error::new(io::ErrorKind::NotFound, reason);
    }
    if !text.trim_ascii().is_empty() {
        let reason = format!(
            "it wrote {shown} to its standard output before it was ready{ended}; standard output \
             belongs to the protocol, so write logs to standard error"
        );
        return io::Error::new(io::ErrorKind::InvalidData, reason);
    }
    match (failed, how) {
        (LinkFailed::Frame(error), _) => {
            io::Error::new(io::ErrorKind::InvalidData, format!("it broke the protocol: {error}"))
        }
        (_, Some(how)) => ended_early(how),
        (LinkFailed::Io(error), None) => error,
        (LinkFailed::Ended, None) => {
            let reason = "it closed its standard output before it was ready";
            io::Error::new(io::ErrorKind::UnexpectedEof, reason)
        }
    }
}

fn ended_early(how: &str) -> io::Error {
    let reason = format!("it ended before it was ready: {how}");
    io::Error::new(io::ErrorKind::UnexpectedEof, reason)
}

/// Says of which command an error is, and what the process has written to its log.
fn with_log(settings: &Settings, record: &ProcessRecord, error: io::Error) -> io::Error {
    let (command, pid) = (&settings.command, record.pid());
    let log = match record.last_words().trim_ascii() {
        [] => String::new(),
        words => format!("; its log ends with {}", quoted(words)),
    };
    io::Error::new(error.kind(), format!("worker process {pid} (`{command}`): {error}{log}"))
}
