//! The worker of this part, and how its process is started.

use std::{env, io};

use socketry_server_workers::{Answer, Event, Processes, Worker};

/// Says every message again.
pub(super) struct Echo;

impl Worker for Echo {
    async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
        Ok(match event {
            Event::Connected(_) => Some(Answer::Read),
            Event::Data(_, message) => Some(Answer::respond(message)),
            _ => None,
        })
    }
}

/// This program once more, as a worker.
pub(super) fn command() -> io::Result<[String; 3]> {
    let program = env::current_exe()?.to_string_lossy().into_owned();
    Ok([program, "helper".into(), "worker".into()])
}

/// Processes of it.
pub(super) fn processes() -> io::Result<Processes> {
    Processes::from_words(command()?)
}
