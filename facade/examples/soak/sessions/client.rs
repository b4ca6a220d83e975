//! A client that is connected again and again, and keeps a book on it.

use std::{
    collections::BTreeMap,
    io, mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_lite::{AsyncWriteExt, future};
use smol::Timer;
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
        if asker.is_multiple_of(2) {
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

    /// Until it is disconnected, and nobody meddles any more who may connect it again.
    pub(super) async fn run(mut self, is_calm: Arc<AtomicBool>) {
        let was_calm = is_calm.load(Ordering::Relaxed);
        let (mut seen, mut ahead): (Vec<&'static str>, _) = (Vec::new(), None);
        loop {
            let next = match mem::take(&mut ahead) {
                Some(next) => next,
                None => self.sessions.next().await,
            };
            let session = match next {
                None if is_calm.load(Ordering::Relaxed) => break,
                None => {
                    Timer::after(Duration::from_millis(1)).await;
                    continue;
                }
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
        self.close_the_book(&seen, was_calm);
    }

    fn talk(&self, session: Session) -> Talk {
        let nonce = self.nonce.swap(0, Ordering::Relaxed);
        // The prologue has asked the first question already.
        let next = u64::from(nonce != 0);
        let (asker, random, tally) = (self.asker, self.random.clone(), self.tally.clone());
        Talk { session, asker, nonce, next, random, tally }
    }

    /// Whether what was told is what has come to pass, with no disconnect but the last if it was calm.
    fn close_the_book(&self, seen: &[&'static str], was_calm: bool) {
        let (tally, last) = (&self.tally, seen.len() as u64);
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_in_order = told.is_sorted_by(|(one, _), (other, _)| one < other)
            && told.last().is_none_or(|(newest, _)| *newest <= last);
        if !is_in_order {
            let tail = &told[told.len().saturating_sub(5)..];
            tally.wrong(&tally.mistimed, || format!("told {tail:?} of {last} sessions"));
        }
        let told: BTreeMap<_, _> = told.iter().copied().collect();
        let disconnect = word(&LossCause::Disconnected);
        for (generation, seen) in (1..).zip(seen) {
            match told.get(&generation) {
                Some(told) if told == seen && *told != disconnect => {}
                Some(told) => {
                    let what = || format!("session {generation} was told as {told}, not {seen}");
                    tally.wrong(&tally.miscaused, what);
                }
                None if was_calm && generation < last => {
                    tally.wrong(&tally.mistimed, || format!("session {generation} was not told"));
                }
                None if *seen == disconnect => {}
                // Nobody has asked for the next one between the loss and the disconnect.
                None => tally.unheard.add(),
            }
        }
        let counted = self.handle.statistics();
        let failed = self.failed.load(Ordering::Relaxed);
        // An attempt that was dropped by a disconnect has neither failed nor succeeded.
        let dropped = counted.attempts.checked_sub(counted.sessions + counted.failed_attempts);
        let adds_up = (counted.sessions, counted.lost_sessions) == (last, last)
            && counted.failed_attempts == failed
            && dropped.is_some_and(|dropped| dropped <= 1 || !was_calm);
        let state = self.handle.state();
        if !adds_up || (was_calm && !state.is_closed()) {
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
