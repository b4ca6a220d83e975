//! A client that is connected again and again, and keeps a book on it.

use std::{
    io, mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_lite::{AsyncWriteExt, future};
use socketry::{
    Reconnecting, Session, Socket,
    reconnecting::{Backoff, Handle, Heartbeat, LossCause},
};

use super::{
    frame::{FIRST, Frame, Kind},
    talk::Talk,
    tally::{Tally, word},
};
use crate::random::Random;

/// How long an attempt has: less than a silent proxy takes.
const CONNECT: Duration = Duration::from_millis(120);

/// After how long a silence a client asks, and how long it waits for the answer.
const BEAT: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(40)];

/// One client.
pub(super) struct Client {
    asker: u32,
    random: Arc<Random>,
    tally: Arc<Tally>,
    sessions: Reconnecting,
    handle: Handle,
    /// The number that the server has told the prologue; zero without one.
    nonce: Arc<AtomicU64>,
    /// The losses that were told: which session, and why.
    told: Arc<Mutex<Vec<(u64, &'static str)>>>,
    failed: Arc<AtomicU64>,
}

impl Client {
    /// Every other one has a prologue.
    pub(super) fn new(asker: u32, sessions: Reconnecting, tally: &Arc<Tally>) -> Self {
        let backoff = Backoff::immediate_then(Duration::from_millis(2))
            .cap(Duration::from_millis(30))
            .stable_after(Duration::from_millis(5))
            .min_connect_timeout(Some(CONNECT));
        let nonce = Arc::<AtomicU64>::default();
        let told = Arc::<Mutex<Vec<_>>>::default();
        let failed = Arc::<AtomicU64>::default();
        let (to_book, to_count, count) = (told.clone(), failed.clone(), tally.clone());
        let [every, within] = BEAT;
        let heartbeat = Frame::bare(Kind::Heartbeat, 0).to_bytes();
        let mut sessions = sessions
            .backoff(backoff)
            .heartbeat(Heartbeat::new(every, within, heartbeat))
            .retry_if(|_| true)
            .on_attempt_failed(move |_| {
                to_count.fetch_add(1, Ordering::Relaxed);
                count.failed.add();
            })
            .on_reset(move |reset| {
                let mut book = to_book.lock().unwrap_or_else(PoisonError::into_inner);
                book.push((reset.generation(), word(reset.cause())));
            });
        if asker % 2 == 0 {
            let nonce = nonce.clone();
            sessions = sessions.on_connect(move |socket, session| {
                let (generation, nonce) = (session.generation(), nonce.clone());
                Box::pin(async move {
                    nonce.store(introduce(socket, asker, generation).await?, Ordering::Relaxed);
                    Ok(())
                })
            });
        }
        let (sessions, handle) = sessions.with_handle();
        let (random, tally) = (Arc::new(Random::new(asker.into())), tally.clone());
        Self { asker, random, tally, sessions, handle, nonce, told, failed }
    }

    /// Until it is disconnected.
    pub(super) async fn run(mut self) {
        let (mut seen, mut ahead): (Vec<&'static str>, _) = (Vec::new(), None);
        loop {
            let next = match mem::take(&mut ahead) {
                Some(next) => next,
                None => self.sessions.next().await,
            };
            let session = match next {
                None => break,
                Some(Ok(session)) => session,
                Some(Err(error)) => {
                    let gave_up = &self.tally.gave_up;
                    break self.tally.wrong(gave_up, || format!("gave up: {error}"));
                }
            };
            self.tally.sessions.add();
            let (generation, last) = (session.generation(), seen.len() as u64);
            if generation != last + 1 {
                self.tally.wrong(&self.tally.gaps, || format!("{generation} after {last}"));
            }
            let talk = self.talk(session);
            // One client in two asks for the next session while it has this one.
            let how = if self.asker % 4 < 2 {
                let (how, next) = future::zip(talk.run(), self.sessions.next()).await;
                ahead = Some(next);
                how
            } else {
                talk.run().await
            };
            self.tally.ended(how);
            seen.push(how);
        }
        self.close_the_book(&seen);
    }

    fn talk(&self, session: Session) -> Talk {
        let nonce = self.nonce.swap(0, Ordering::Relaxed);
        // The prologue has asked the first question already.
        let next = u64::from(nonce != 0);
        let (asker, random, tally) = (self.asker, self.random.clone(), self.tally.clone());
        Talk { session, asker, nonce, next, random, tally }
    }

    /// Whether what was told is what has come to pass.
    fn close_the_book(&self, seen: &[&'static str]) {
        let tally = &self.tally;
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let last = seen.len();
        let is_in_order =
            told.iter().zip(1..).all(|((generation, _), number)| *generation == number);
        // The last one was ended by the disconnect, or lost so shortly before it that nobody asked
        // for the next one any more.
        if !is_in_order || told.len() > last || told.len() + 1 < last {
            let tail = &told[told.len().saturating_sub(5)..];
            tally.wrong(&tally.mistimed, || format!("told {tail:?} of {last} sessions"));
        }
        for ((generation, told), seen) in told.iter().zip(seen) {
            if told != seen {
                let what = || format!("session {generation} was told as {told}, and was {seen}");
                tally.wrong(&tally.miscaused, what);
            }
        }
        let disconnect = word(&LossCause::Disconnected);
        if told.len() < last && seen.last().is_some_and(|how| *how != disconnect) {
            tally.unheard.add();
        }
        let counted = self.handle.statistics();
        let failed = self.failed.load(Ordering::Relaxed);
        // An attempt that was dropped by the disconnect has neither failed nor succeeded.
        let dropped = counted.attempts.checked_sub(counted.sessions + counted.failed_attempts);
        let adds_up = counted.sessions == last as u64
            && counted.lost_sessions == last as u64
            && counted.failed_attempts == failed
            && dropped.is_some_and(|dropped| dropped <= 1);
        if !adds_up || !self.handle.state().is_closed() {
            let state = self.handle.state();
            let what = || format!("{last} sessions, {failed} failures, {counted:?}, {state}");
            tally.wrong(&tally.miscounted, what);
        }
    }
}

/// Asks the first question, and says what the server calls the connection.
async fn introduce(socket: &mut Socket, asker: u32, generation: u64) -> io::Result<u64> {
    let question =
        Frame { kind: Kind::Question, asker, generation, counter: 0, nonce: 0, size: FIRST };
    socket.write_all(&question.to_bytes()).await?;
    socket.flush().await?;
    let greeting = Frame::read(socket).await?;
    let answer = Frame::read(socket).await?;
    match answer == (Frame { kind: Kind::Answer, nonce: greeting.nonce, ..question }) {
        true => Ok(greeting.nonce),
        false => Err(io::Error::other(format!("it has answered {answer:?}"))),
    }
}
