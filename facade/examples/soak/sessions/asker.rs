//! One of many who use the connections of a pool in turn, and not all of them nicely.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::Timer;
use socketry::{
    Connection, Connector, Endpoint, Session,
    reconnecting::{Pool, Pooled},
};

use super::{
    frame::{Frame, HEAD, Kind},
    stage::within,
    tally::Count,
};
use crate::{
    random::Random,
    report::{Report, note},
};

/// How long an answer may take.
const LATE: Duration = Duration::from_millis(150);

/// How many connections the pool has at most.
pub(super) const CONNECTIONS: usize = 8;

/// What the server calls a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nonce(pub(super) u64);

/// What all of them have seen.
#[derive(Default)]
pub(super) struct Book {
    /// Connections that were made.
    pub(super) made: Count,
    pub(super) served: Count,
    pub(super) detached: Count,
    answered: Count,
    broken: Count,
    cancelled: Count,
    /// Answers to another's question, or broken ones.
    strange: Count,
    /// Check-outs that failed.
    failed: Count,
    /// How often there were more connections than there may be.
    too_many: Count,
    /// In microseconds.
    longest: AtomicU64,
    wrongs: Mutex<Vec<String>>,
}

impl Book {
    fn wrong(&self, count: &Count, what: String) {
        count.add();
        let mut wrongs = self.wrongs.lock().unwrap_or_else(PoisonError::into_inner);
        if wrongs.len() < 5 {
            wrongs.push(what);
        }
    }

    pub(super) fn tell(&self, report: &mut Report) {
        let Self { answered, broken, cancelled, strange, failed, too_many, longest, .. } = self;
        let (answered, broken, cancelled) = (answered.get(), broken.get(), cancelled.get());
        note(&format!("{answered} answers, {broken} broke off, {cancelled} check-outs cancelled"));
        let longest = Duration::from_micros(longest.load(Ordering::Relaxed));
        note(&format!("the longest wait for a connection: {longest:.1?}"));
        report.at_most("answers to another's question", strange.get() as f64, 0.0, "");
        report.at_most("check-outs that failed", failed.get() as f64, 0.0, "");
        report.at_most("times there were too many connections", too_many.get() as f64, 0.0, "");
        let wrongs = self.wrongs.lock().unwrap_or_else(PoisonError::into_inner);
        wrongs.iter().for_each(|wrong| note(wrong));
    }
}

/// Asks, and asks again.
pub(super) struct Asker {
    number: u32,
    pool: Pool<Connector, Endpoint>,
    random: Random,
    book: Arc<Book>,
}

impl Asker {
    pub(super) fn new(number: u32, pool: Pool<Connector, Endpoint>, book: &Arc<Book>) -> Self {
        Self { number, pool, random: Random::new(number.into()), book: book.clone() }
    }

    /// Until that many questions were asked.
    pub(super) async fn run(self, questions: u64) {
        for counter in 1..=questions {
            let began = Instant::now();
            let Some(checked_out) = self.check_out().await else { continue };
            let waited = began.elapsed().as_micros().try_into().unwrap_or(u64::MAX);
            self.book.longest.fetch_max(waited, Ordering::Relaxed);
            let connection = match checked_out {
                Ok(connection) => connection,
                Err(_) if self.pool.is_closed() => return,
                Err(error) => {
                    self.book.wrong(&self.book.failed, error.to_string());
                    continue;
                }
            };
            self.book.served.add();
            let counted = self.pool.statistics();
            if counted.size > CONNECTIONS || counted.in_use > counted.size {
                self.book.wrong(&self.book.too_many, format!("{counted:?}"));
            }
            if self.ask(connection, counter).await.is_err() {
                self.book.broken.add();
            }
        }
    }

    /// Some do not wait for their turn.
    async fn check_out(&self) -> Option<io::Result<Pooled<Connector, Endpoint>>> {
        if self.random.below(20) > 0 {
            return Some(self.pool.checkout().await);
        }
        let patience = Duration::from_micros(self.random.below(20_000).into());
        let checked_out = within(patience, self.pool.checkout()).await;
        if checked_out.is_none() {
            self.book.cancelled.add();
        }
        checked_out
    }

    /// An error if the connection has broken.
    async fn ask(
        &self,
        mut connection: Pooled<Connector, Endpoint>,
        counter: u64,
    ) -> io::Result<()> {
        let nonce = connection.attributes().get::<Nonce>().map_or(0, |nonce| nonce.0);
        let (asker, generation) = (self.number, connection.generation());
        let size = self.random.below(600) as u16;
        let question = Frame { kind: Kind::Shared, asker, generation, counter, nonce, size };
        match self.random.below(100) {
            // Nobody reads the answer: it is found before the next one gets the connection.
            0..8 => {
                let result = connection.write_all(&question.to_bytes()).await;
                Timer::after(Duration::from_millis(self.random.below(3).into())).await;
                result
            }
            8..14 => {
                let begun = &question.to_bytes()[..1 + self.random.below(HEAD as u32) as usize];
                let result = connection.write_all(begun).await;
                connection.discard();
                result
            }
            14..20 => {
                let answer = within(LATE, self.begin_to_hear(&mut connection, question)).await;
                connection.discard();
                answer.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
            }
            20..23 => {
                self.book.detached.add();
                let mut session = connection.detach();
                let answer = within(LATE, self.converse(&mut session, question)).await;
                answer.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
            }
            23..27 => {
                Timer::after(Duration::from_millis(5)).await;
                Ok(())
            }
            _ => match within(LATE, self.converse(&mut connection, question)).await {
                Some(result) => result,
                None => {
                    connection.discard();
                    Err(io::ErrorKind::TimedOut.into())
                }
            },
        }
    }

    async fn converse(&self, session: &mut Session, question: Frame) -> io::Result<()> {
        session.write_all(&question.to_bytes()).await?;
        session.flush().await?;
        let answer = Frame::read(session).await;
        match answer {
            Ok(answer) if answer == (Frame { kind: Kind::Answer, ..question }) => {
                self.book.answered.add();
                Ok(())
            }
            Ok(answer) => {
                self.book.wrong(&self.book.strange, format!("{answer:?} to {question:?}"));
                Ok(())
            }
            Err(error) => {
                if error.kind() == io::ErrorKind::InvalidData {
                    self.book.wrong(&self.book.strange, format!("{error} to {question:?}"));
                }
                Err(error)
            }
        }
    }

    /// Goes in the middle of the answer.
    async fn begin_to_hear(&self, session: &mut Session, question: Frame) -> io::Result<()> {
        session.write_all(&question.to_bytes()).await?;
        session.flush().await?;
        session.read_exact(&mut [0; HEAD / 2]).await
    }
}

/// Asks something that nobody else has asked, and wants the answer to that and no other.
pub(super) async fn check(session: &mut Session) -> io::Result<()> {
    static CHECKS: AtomicU64 = AtomicU64::new(0);

    let (generation, counter) = (session.generation(), CHECKS.fetch_add(1, Ordering::Relaxed));
    let nonce = session.attributes().get::<Nonce>().map_or(0, |nonce| nonce.0);
    let question =
        Frame { kind: Kind::Shared, asker: u32::MAX, generation, counter, nonce, size: 0 };
    session.write_all(&question.to_bytes()).await?;
    session.flush().await?;
    match Frame::read(session).await? == (Frame { kind: Kind::Answer, ..question }) {
        true => Ok(()),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}
