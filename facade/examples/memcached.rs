//! A client of memcached that outlives its server: named once, it has one connection after the other.
//!
//! `cargo run --example memcached -- 127.0.0.1:11211`, and then end memcached and start it again.

use std::{
    collections::VecDeque,
    env, fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, io::BufReader};
use socketry::{
    Session,
    reconnecting::{Backoff, SessionLost},
};

fn main() -> io::Result<()> {
    let server = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:11211".into());
    smol::block_on(run(&server, |line| println!("{line}")))
}

/// Does its business on each connection, and ends only with an error that no attempt can mend.
pub async fn run(
    server: &str,
    say: impl Fn(String) + Clone + Send + Sync + 'static,
) -> io::Result<()> {
    let waiting = Callbacks::default();
    let (left, lost, failed) = (waiting.clone(), say.clone(), say.clone());
    let mut sessions = socketry::reconnect(server)?
        .backoff(Backoff::connman())
        .on_reset(move |reset| {
            // What was asked on that connection is never answered, and must not take the answers of
            // the next one.
            let (generation, cause, dropped) = (reset.generation(), reset.cause(), left.clear());
            lost(format!("session {generation} is lost: {cause}; {dropped} callbacks dropped"));
        })
        .on_attempt_failed(move |attempt| failed(attempt.error().to_string()));
    while let Some(session) = sessions.next().await {
        let mut memcached = Memcached::new(session?, &waiting);
        if let Err(error) = do_business(&mut memcached, &say).await {
            memcached.give_up(error);
        }
    }
    Ok(())
}

/// Sets a value and gets it back; then there is nothing to do until the connection is lost.
async fn do_business(
    memcached: &mut Memcached,
    say: &(impl Fn(String) + Clone + Send + 'static),
) -> io::Result<()> {
    let generation = memcached.session.get_ref().generation();
    let value = format!("hello in session {generation}");
    let (set, got) = (say.clone(), say.clone());

    let request = format!("set greeting 0 0 {}\r\n{value}\r\n", value.len());
    memcached
        .ask(&request, move |answer| set(format!("session {generation}, set: {answer}")))
        .await?;
    memcached
        .ask("get greeting\r\n", move |answer| {
            got(format!("session {generation}, get: {answer}"));
        })
        .await?;
    while memcached.is_waited_for() {
        memcached.hear_answer().await?;
    }
    memcached.session.get_mut().idle().await?;
    Err(invalid("memcached speaks unasked"))
}

/// What is done with an answer, if it arrives.
type Callback = Box<dyn FnOnce(Answer) + Send>;

/// Those who wait for an answer, in the order in which they have asked.
#[derive(Clone, Default)]
struct Callbacks(Arc<Mutex<VecDeque<Callback>>>);

impl Callbacks {
    fn push(&self, callback: Callback) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(callback);
    }

    fn pop(&self) -> Option<Callback> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Drops them all, and says how many there were.
    fn clear(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..).count()
    }
}

/// What memcached says to a request.
enum Answer {
    /// The value is set.
    Stored,
    /// This is the value.
    Value(String),
    /// There is none.
    Missing,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored => f.write_str("stored"),
            Self::Value(value) => write!(f, "{value:?}"),
            Self::Missing => f.write_str("missing"),
        }
    }
}

/// The protocol of memcached, on one connection.
struct Memcached {
    session: BufReader<Session>,
    waiting: Callbacks,
}

impl Memcached {
    fn new(session: Session, waiting: &Callbacks) -> Self {
        Self { session: BufReader::new(session), waiting: waiting.clone() }
    }

    /// Sends a request, and does not wait for its answer.
    async fn ask(
        &mut self,
        request: &str,
        callback: impl FnOnce(Answer) + Send + 'static,
    ) -> io::Result<()> {
        self.waiting.push(Box::new(callback));
        self.session.get_mut().write_all(request.as_bytes()).await
    }

    fn is_waited_for(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Hands the next answer to who has asked for it.
    async fn hear_answer(&mut self) -> io::Result<()> {
        let answer = self.read_answer().await?;
        if let Some(callback) = self.waiting.pop() {
            callback(answer);
        }
        Ok(())
    }

    async fn read_answer(&mut self) -> io::Result<Answer> {
        let line = self.read_line().await?;
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["STORED"] => Ok(Answer::Stored),
            ["END"] => Ok(Answer::Missing),
            ["VALUE", _, _, length] => {
                let length = length.parse::<usize>().ok().filter(|length| *length <= LONGEST_VALUE);
                let length = length.ok_or_else(|| invalid(&line))?;
                let mut value = vec![0; length];
                self.session.read_exact(&mut value).await?;
                for expected in ["", "END"] {
                    if self.read_line().await? != expected {
                        return Err(invalid("a value is longer than it says"));
                    }
                }
                String::from_utf8(value).map(Answer::Value).map_err(|_| invalid("not UTF-8"))
            }
            _ => Err(invalid(&line)),
        }
    }

    async fn read_line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        // Not `read_line`, which panics in a debug build if an error comes in the middle of a line.
        (&mut self.session).take(LONGEST_LINE).read_until(b'\n', &mut line).await?;
        let line = String::from_utf8_lossy(&line);
        line.strip_suffix("\r\n").map(String::from).ok_or_else(|| invalid("the line is too long"))
    }

    /// Goes on with the next connection. That this one is lost is known; anything else has to be told.
    fn give_up(mut self, error: io::Error) {
        if SessionLost::of(&error).is_none() {
            self.session.get_mut().give_up(error);
        }
    }
}

/// In bytes; memcached's own limit by default.
const LONGEST_VALUE: usize = 1024 * 1024;

const LONGEST_LINE: u64 = 2048;

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not understood: {what}"))
}
