//! Workers that do what the test says.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::poll_fn,
    io, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use socketry_server_workers::{Answer, AskFailed, Employ, Event, Notices, Reply, WorkerId};

use super::number;

/// What becomes of those that are being started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hire {
    Succeed,
    Fail,
    Hang,
}

/// What a worker says to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Say {
    Answer,
    /// It closes, and answers once more.
    CloseAndMore,
    Refuse,
    ReplaceMe,
    NotAsked,
    Break,
    Hang,
}

/// The kind of workers.
pub(crate) struct Scripted(Script);

/// The test's side of it.
#[derive(Clone)]
pub(crate) struct Script(Arc<Mutex<State>>);

pub(crate) struct State {
    hire: Hire,
    say: Say,
    dismissals_hang: bool,
    /// What becomes of one that is started.
    hires_told: BTreeMap<u64, Hire>,
    /// What one worker says, once.
    told: BTreeMap<u64, Say>,
    memory: BTreeMap<u64, u64>,
    dead: BTreeSet<u64>,
    /// Who was asked, about which message, in this order.
    pub(crate) asked: Vec<(u64, usize)>,
    /// About which messages somebody is asked now, and who.
    pub(crate) asking: BTreeMap<usize, u64>,
    /// How many were begun.
    pub(crate) hires: usize,
    /// How many are being started now.
    pub(crate) hiring: usize,
    /// Whose records were handed out and not dropped yet, dismissed or not.
    pub(crate) records: BTreeSet<u64>,
    /// Whose halves that are asked were handed out and not dropped yet.
    pub(crate) workers: BTreeSet<u64>,
    /// Who was let go gently.
    pub(crate) dismissed: Vec<u64>,
    wakers: Vec<Waker>,
}

pub(crate) struct Worker(u64, Script);
pub(crate) struct Record(u64, Script);
struct Hiring(Script);
struct Asking(usize, Script);

impl Scripted {
    pub(crate) fn new() -> (Self, Script) {
        let script = Script(Arc::new(Mutex::new(State {
            hire: Hire::Succeed,
            say: Say::Hang,
            dismissals_hang: false,
            hires_told: BTreeMap::new(),
            told: BTreeMap::new(),
            memory: BTreeMap::new(),
            dead: BTreeSet::new(),
            asked: Vec::new(),
            asking: BTreeMap::new(),
            hires: 0,
            hiring: 0,
            records: BTreeSet::new(),
            workers: BTreeSet::new(),
            dismissed: Vec::new(),
            wakers: Vec::new(),
        })));
        (Self(script.clone()), script)
    }
}

impl Script {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let wakers = {
            let mut state = self.state();
            change(&mut state);
            mem::take(&mut state.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// What becomes of all that are or will be started, from now on.
    pub(crate) fn hires(&self, hire: Hire) {
        self.change(|state| state.hire = hire);
    }

    /// What becomes of one that is or will be started.
    pub(crate) fn hires_one(&self, worker: u64, hire: Hire) {
        self.change(|state| _ = state.hires_told.insert(worker, hire));
    }

    /// What all say from now on, also to what they are being asked.
    pub(crate) fn says(&self, say: Say) {
        self.change(|state| state.say = say);
    }

    /// What one worker says to what it is being asked, or to the next.
    pub(crate) fn tell(&self, worker: u64, say: Say) {
        self.change(|state| _ = state.told.insert(worker, say));
    }

    /// A worker ends by itself.
    pub(crate) fn dies(&self, worker: u64) {
        self.change(|state| _ = state.dead.insert(worker));
    }

    pub(crate) fn has_memory(&self, worker: u64, bytes: u64) {
        self.change(|state| _ = state.memory.insert(worker, bytes));
    }

    /// Whether those who are let go take for ever.
    pub(crate) fn dismissals_hang(&self, hang: bool) {
        self.change(|state| state.dismissals_hang = hang);
    }

    async fn wait<T>(&self, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        poll_fn(|cx| {
            let mut state = self.state();
            match look(&mut state) {
                Some(found) => Poll::Ready(found),
                None => {
                    state.wakers.push(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Employ for Scripted {
    type Worker = Worker;
    type Record = Record;

    async fn hire(&self, id: WorkerId, _: &Notices) -> io::Result<(Worker, Record)> {
        let (id, script) = (number(id), &self.0);
        let counts =
            |state: &mut State| (state.hires, state.hiring) = (state.hires + 1, state.hiring + 1);
        counts(&mut script.state());
        let _hiring = Hiring(script.clone());
        let hire = script
            .wait(|state| {
                let hire = state.hires_told.get(&id).unwrap_or(&state.hire);
                Some(*hire).filter(|hire| *hire != Hire::Hang)
            })
            .await;
        if hire == Hire::Fail {
            return Err(io::Error::new(io::ErrorKind::NotFound, "no such command"));
        }
        let mut state = script.state();
        state.records.insert(id);
        state.workers.insert(id);
        Ok((Worker(id, script.clone()), Record(id, script.clone())))
    }

    async fn ask(&self, worker: &mut Worker, event: Event<'_>) -> Result<Reply, AskFailed> {
        let message = String::from_utf8_lossy(event.message()).parse().unwrap();
        let Worker(id, script) = &*worker;
        let is_gone = |state: &State| state.dead.contains(id) || !state.records.contains(id);
        let was_gone = {
            let mut state = script.state();
            state.asked.push((*id, message));
            let before = state.asking.insert(message, *id);
            assert_eq!(before, None, "an event is with one worker at a time");
            is_gone(&state)
        };
        let _asking = Asking(message, script.clone());
        if was_gone {
            return Err(AskFailed::NotAsked(io::ErrorKind::BrokenPipe.into()));
        }
        let say = script
            .wait(|state| match state.told.remove(id) {
                Some(told) => Some(told),
                None if is_gone(state) => Some(Say::Break),
                None => Some(state.say).filter(|say| *say != Say::Hang),
            })
            .await;
        match say {
            Say::Refuse => Err(AskFailed::Refused(io::Error::other("refused"))),
            Say::ReplaceMe => Err(AskFailed::ReplaceMe),
            Say::NotAsked => Err(AskFailed::NotAsked(io::Error::other("not asked"))),
            Say::Break => Err(AskFailed::Broken(io::Error::other("broken"))),
            Say::CloseAndMore => {
                let mut reply = Reply::from(Some(Answer::Close));
                reply.add(Answer::Read);
                Ok(reply)
            }
            Say::Answer | Say::Hang => Ok(Reply::from(Some(Answer::Read))),
        }
    }

    async fn ended(&self, record: &mut Record) -> String {
        self.0.wait(|state| state.dead.contains(&record.0).then(|| "it died".to_string())).await
    }

    async fn dismiss(&self, _worker: Worker, record: Record) {
        self.0.state().dismissed.push(record.0);
        self.0.wait(|state| (!state.dismissals_hang).then_some(())).await;
    }

    fn pid(&self, record: &Record) -> Option<u32> {
        Some(1000 + record.0 as u32)
    }

    fn memory(&self, record: &Record) -> Option<u64> {
        self.0.state().memory.get(&record.0).copied()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        assert!(self.1.state().workers.remove(&self.0), "a worker is dropped once");
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.1.change(|state| assert!(state.records.remove(&self.0), "a record is dropped once"));
    }
}

impl Drop for Hiring {
    fn drop(&mut self) {
        self.0.state().hiring -= 1;
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.1.state().asking.remove(&self.0);
    }
}
