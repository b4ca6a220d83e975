//! Which workers there are, who is free and who waits.

use std::{collections::BTreeMap, io, mem, task::Waker, time::Instant};

use super::{
    after::After,
    line::{Line, Ticket},
    member::{Departure, Member, Place},
    patience::Patience,
    reset::Reset,
    wanted::Wanted,
};
use crate::WorkerId;

/// What all who have to do with a pool share. Nothing here waits, wakes or drops a worker: what is to be
/// woken or dropped is handed out, to be so after the lock.
#[derive(Debug)]
pub(super) struct State<W> {
    pub(super) members: BTreeMap<WorkerId, Member<W>>,
    /// Who was idle last is asked first: its memory is warm, and the others may rest.
    idle: Vec<WorkerId>,
    pub(super) line: Line,
    /// Workers that were given to those who have waited and have not come for them yet.
    given: BTreeMap<Ticket, (WorkerId, W)>,
    pub(super) wanted: usize,
    /// Whether workers are begun only for those who wait.
    pub(super) on_demand: bool,
    next_id: u64,
    pub(super) patience: Patience,
    pub(super) reset: Reset,
    pub(super) phase: Phase,
    /// Whether somebody keeps the number of workers, or has.
    pub(super) is_kept: bool,
    /// Why one of the first workers could not be started.
    pub(super) not_started: Option<io::Error>,
}

/// How far the life of a pool has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The first workers are being started.
    Starting,
    /// Workers come and go.
    Open,
    /// They go.
    Ending,
    /// There will be none any more.
    Ended,
}

impl<W> State<W> {
    pub(super) fn new(wanted: usize, on_demand: bool) -> Self {
        Self {
            members: BTreeMap::new(),
            idle: Vec::new(),
            line: Line::default(),
            given: BTreeMap::new(),
            wanted,
            on_demand,
            next_id: 1,
            patience: Patience::default(),
            reset: Reset::default(),
            phase: if on_demand { Phase::Open } else { Phase::Starting },
            is_kept: false,
            not_started: None,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Starting | Phase::Open)
    }

    /// Opens the pool if its first workers are ready.
    pub(super) fn check_start(&mut self) -> bool {
        let mut members = self.members.values();
        let is_starting = self.phase == Phase::Starting;
        if is_starting && !members.any(|it| matches!(it.place, Place::Starting)) {
            self.phase = Phase::Open;
            return true;
        }
        false
    }

    /// Makes a place for a worker that is begun now.
    pub(super) fn begin(&mut self, now: Instant, most_jobs: Option<u64>) -> WorkerId {
        let id = WorkerId::new(self.next_id);
        self.next_id += 1;
        self.members.insert(id, Member::new(now, self.reset.generation, most_jobs));
        id
    }

    /// A worker could be started.
    pub(super) fn started(&mut self, id: WorkerId, pid: Option<u32>) {
        self.reset.last_failure = None;
        if let Some(member) = self.members.get_mut(&id) {
            member.pid = pid;
        }
    }

    /// What is wanted, if that can be: the worker that somebody is bound to as long as that one will
    /// answer more events, and then another one to keep.
    pub(super) fn possible(&self, wanted: Wanted) -> Wanted {
        let stays = |id| self.members.get(&id).is_some_and(Member::stays);
        if wanted.one().is_none_or(stays) { wanted } else { Wanted::ToKeep }
    }

    /// The worker that is wanted, if it is free.
    pub(super) fn take(&mut self, wanted: Wanted) -> Option<(WorkerId, W)> {
        let place = match wanted {
            Wanted::One(one) => self.idle.iter().position(|id| *id == one)?,
            Wanted::Any => self.idle.len().checked_sub(1)?,
            Wanted::ToKeep => (!self.idle.is_empty()).then_some(0)?,
        };
        let id = self.idle.remove(place);
        let member = self.members.get_mut(&id)?;
        match mem::replace(&mut member.place, Place::Busy) {
            Place::Idle(worker) => Some((id, worker)),
            other => {
                member.place = other;
                None
            }
        }
    }

    /// The worker that was given to this place in the line.
    pub(super) fn collect(&mut self, ticket: Ticket) -> Option<(WorkerId, W)> {
        self.given.remove(&ticket)
    }

    /// A worker has answered an event, and is free.
    pub(super) fn answered(&mut self, id: WorkerId, worker: W, now: Instant) -> After<W> {
        if let Some(member) = self.members.get_mut(&id) {
            member.jobs += 1;
            if member.jobs == 1 {
                self.patience.succeeded(); // later ones say nothing of those who are begun now
            }
        }
        self.settle(id, worker, now)
    }

    /// A worker is free: it leaves if it has to, answers who waits longest, or rests.
    pub(super) fn settle(&mut self, id: WorkerId, worker: W, now: Instant) -> After<W> {
        let Some(member) = self.members.get_mut(&id) else {
            return After::drop(Some(worker));
        };
        if !member.is_present() {
            return After::drop(Some(worker));
        }
        member.last_used = now;
        let has_worked_enough = member.most_jobs.is_some_and(|most| member.jobs >= most);
        let reason = member.leaves.or(has_worked_enough.then_some("max_jobs is reached"));
        if let Some(reason) = reason {
            return self.send_away(id, reason, Some(worker));
        }
        match self.line.first_for(id) {
            Some((ticket, waker)) => {
                member.place = Place::Busy;
                self.given.insert(ticket, (id, worker));
                After::wake(waker)
            }
            None if self.on_demand => self.send_away(id, "nobody waits for it", Some(worker)),
            None => {
                member.place = Place::Idle(worker);
                self.idle.push(id);
                After::nothing()
            }
        }
    }

    /// Lets a worker leave: gently with its half that is asked, at once without it.
    pub(super) fn send_away(&mut self, id: WorkerId, reason: &str, worker: Option<W>) -> After<W> {
        let Some(member) = self.members.get_mut(&id).filter(|member| member.is_present()) else {
            return After::drop(worker);
        };
        member.place = Place::Leaving(Departure { reason: reason.to_string(), worker });
        let wake = member.bell.take();
        let (worker, wake_also) = self.let_down(id);
        After { wake, wake_also, worker, concerns_keeper: true }
    }

    /// A worker, killed because it has not answered as it should.
    pub(super) fn broken(&mut self, id: WorkerId, reason: &str, now: Instant) -> After<W> {
        self.count_failure(id, now);
        self.send_away(id, reason, None)
    }

    /// A worker wants to be replaced.
    pub(super) fn asks_to_leave(&mut self, id: WorkerId, worker: W, now: Instant) -> After<W> {
        self.count_failure(id, now);
        self.send_away(id, "it asked to be replaced", Some(worker))
    }

    /// A worker ends. If it never has answered, that is as if it had not been started.
    fn count_failure(&mut self, id: WorkerId, now: Instant) {
        if self.members.get(&id).is_some_and(|member| member.is_present() && member.jobs == 0) {
            self.patience.failed(now);
        }
    }

    /// A worker answers nobody any more: whoever was to get it waits on, and those for whom another one
    /// is idle get that. Hands out what has come back of it, and who is to be woken.
    fn let_down(&mut self, id: WorkerId) -> (Option<W>, Vec<Waker>) {
        self.idle.retain(|idle| *idle != id);
        self.line.release(id);
        let given = self.given.iter().find(|(_, (given, _))| *given == id).map(|(key, _)| *key);
        let given = given.and_then(|ticket| {
            self.line.come_back(ticket);
            self.given.remove(&ticket)
        });
        (given.map(|(_, worker)| worker), self.serve())
    }

    /// Gives idle workers to those who wait for any, as far as there are both.
    fn serve(&mut self) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while !self.idle.is_empty() {
            let Some((ticket, waker)) = self.line.first_for_any() else { break };
            wakers.push(waker);
            match self.take(Wanted::Any) {
                Some(given) => drop(self.given.insert(ticket, given)),
                None => self.line.come_back(ticket),
            }
        }
        wakers
    }

    /// Lets a worker leave when it can: at once if it is idle, else after its event.
    pub(super) fn retire(&mut self, id: WorkerId, reason: &'static str) -> After<W> {
        let Some(member) = self.members.get_mut(&id) else { return After::nothing() };
        match mem::replace(&mut member.place, Place::Busy) {
            Place::Idle(worker) => self.send_away(id, reason, Some(worker)),
            Place::Starting => self.send_away(id, reason, None),
            other => {
                member.place = other;
                member.leaves = Some(reason);
                self.line.release(id); // it is back for none of those who wait for it
                After { wake_also: self.serve(), ..After::nothing() }
            }
        }
    }

    /// A worker has ended by itself. Whoever asks it sees that; whoever was only going to waits on.
    pub(super) fn gone(&mut self, id: WorkerId, now: Instant) -> After<W> {
        self.count_failure(id, now);
        let Some(member) = self.members.get_mut(&id) else { return After::nothing() };
        let kept = match mem::replace(&mut member.place, Place::Ending) {
            Place::Idle(worker) => Some(worker),
            Place::Leaving(departure) => departure.worker,
            _ => None,
        };
        let (given, wake_also) = self.let_down(id);
        After { wake: None, wake_also, worker: kept.or(given), concerns_keeper: true }
    }

    /// How a worker is to leave, if it is; asked by whoever accompanies it.
    pub(super) fn departure(&mut self, id: WorkerId) -> Option<Departure<W>> {
        let member = self.members.get_mut(&id)?;
        match mem::replace(&mut member.place, Place::Ending) {
            Place::Leaving(departure) => Some(departure),
            other => {
                member.place = other;
                None
            }
        }
    }

    /// Those that are asked now.
    pub(super) fn busy(&self) -> Vec<WorkerId> {
        let busy = self.members.iter().filter(|(_, it)| matches!(it.place, Place::Busy));
        busy.map(|(id, _)| *id).collect()
    }

    /// There are no workers any more. Hands out who is to be told, and what is to be dropped.
    pub(super) fn end(&mut self) -> (Vec<Waker>, impl Sized + use<W>) {
        self.phase = Phase::Ended;
        self.idle.clear();
        let workers = (mem::take(&mut self.members), mem::take(&mut self.given));
        (self.line.dissolve(), workers)
    }
}
