//! The first words with a worker process.

use crate::{
    goridge::{self, CONTROL, Frame},
    process::{
        link::{Link, LinkFailed},
        text::quoted,
    },
};

/// How a worker has answered the question for its pid.
#[derive(Clone, Debug)]
pub(crate) struct Greeting {
    pub(crate) pid: u32,
    /// The answer itself. It is the same each time, so that it need not be parsed again.
    pub(crate) answer: Vec<u8>,
}

/// Why a worker is not ready.
#[derive(Debug)]
pub(crate) enum NotReady {
    Link(LinkFailed),
    /// It answers, but something else.
    Answer(String),
}

/// Asks for the pid and waits for the answer.
pub(crate) async fn greet(link: &mut Link) -> Result<Greeting, NotReady> {
    link.send(0, |to| {
        write_question(to);
        true
    });
    link.frame().await.map_err(NotReady::Link)?;
    let frame = link.take().map_err(|error| NotReady::Link(error.into()))?;
    let Some(frame) = frame else { return Err(NotReady::Link(LinkFailed::Ended)) };
    match pid(frame) {
        Some(pid) => Ok(Greeting { pid, answer: frame.payload().to_vec() }),
        None => Err(NotReady::Answer(quoted(frame.payload()))),
    }
}

/// Appends the question for the pid. It says our own.
pub(crate) fn write_question(to: &mut Vec<u8>) {
    goridge::control(to, format!(r#"{{"pid":{}}}"#, std::process::id()).as_bytes());
}

/// Appends the word that ends a worker.
pub(crate) fn write_stop(to: &mut Vec<u8>) {
    goridge::control(to, br#"{"stop":true}"#);
}

/// The pid that a frame says.
pub(crate) fn pid(frame: Frame<'_>) -> Option<u32> {
    if !frame.is(CONTROL) {
        return None;
    }
    let said: serde_json::Value = serde_json::from_slice(frame.payload()).ok()?;
    let pid = u32::try_from(said.get("pid")?.as_u64()?).ok()?;
    (pid > 0).then_some(pid)
}

/// Whether the context of an answer asks for another worker.
pub(crate) fn asks_to_stop(context: &[u8]) -> bool {
    let said = serde_json::from_slice(context);
    said.is_ok_and(|said: serde_json::Value| said.get("stop") == Some(&true.into()))
}
