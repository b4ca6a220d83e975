//! What all handles of a pool, its guards and whoever runs it have in common.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::Waker,
    time::Instant,
};

use event_listener::Event;
use socketry_connection::{Clock, now};
use socketry_connector::Connect;

use crate::{
    pool::{
        check::Check,
        line::Grant,
        member::{Member, Unfit},
        options::PoolOptions,
        place::Places,
        state::State,
    },
    reconnecting::Reconnecting,
    settings::CircuitOf,
    targets::Targets,
};

/// A function that chooses the options of a connection.
pub(crate) type Choose<C, T> = Arc<dyn Fn(Reconnecting<C, T>) -> Reconnecting<C, T> + Send + Sync>;

/// A pool, without what is public.
pub(super) struct PoolShared<C: Connect<T>, T: Send> {
    pub(super) name: String,
    pub(super) connector: Arc<C>,
    pub(super) plan: Plan<C, T>,
    state: Mutex<State<C, T>>,
    /// A member has come back or is no more, or something else that whoever runs it has to see.
    pub(super) changed: Event,
}

/// What is chosen when a pool is made.
pub(super) struct Plan<C: Connect<T>, T: Send> {
    pub(super) targets: Option<Targets<T>>,
    /// For all members.
    pub(super) defaults: Option<Choose<C, T>>,
    /// For those that are made when they are needed.
    pub(super) choose: Option<Choose<C, T>>,
    pub(super) check: Option<Check<C::Connection>>,
    pub(super) circuits: Option<CircuitOf<T>>,
    pub(super) clock: Option<Arc<dyn Clock>>,
}

impl<C, T> PoolShared<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(super) fn new(
        name: String,
        connector: Arc<C>,
        plan: Plan<C, T>,
        options: PoolOptions,
    ) -> Arc<Self> {
        Arc::new_cyclic(|pool: &Weak<Self>| {
            let state = State::new(options, plan.targets.is_some(), pool.clone());
            Self { name, connector, plan, state: Mutex::new(state), changed: Event::new() }
        })
    }

    pub(super) fn clock(&self) -> Option<&Arc<dyn Clock>> {
        self.plan.clock.as_ref()
    }

    pub(super) fn now(&self) -> Instant {
        now(self.clock())
    }

    pub(super) fn options(&self) -> PoolOptions {
        self.lock().options.clone()
    }

    /// Takes a member back, whatever became of it.
    pub(super) fn give_back(&self, mut member: Member<C, T>) {
        let now = self.now();
        if let Some(unfit) = member.flaw(&self.options(), now) {
            self.close_session(&mut member, unfit);
        }
        member.was_used(now);
        self.put_back(member);
        self.close_overdue();
        self.tell();
    }

    /// Puts a member back among the idle ones, or hands it to who waits for it. Nobody polls for what
    /// is under way in it unless he takes it.
    pub(super) fn put_back(&self, mut member: Member<C, T>) {
        let id = member.id();
        member.note_begin(self.now());
        let (left_over, unpolled) = self.land(member, |state| state.idle.take_unpolled(id));
        discard(left_over);
        if let Some(mut member) = unpolled {
            member.suspend();
            self.put_back_polled(member);
        }
    }

    /// The same for one in which nothing is under way, or for who goes on polling for it.
    pub(super) fn put_back_polled(&self, mut member: Member<C, T>) {
        member.note_begin(self.now());
        discard(self.land(member, |_| ()).0);
    }

    /// Puts a member back, serves who can be served then, and looks what has become of it, all at once.
    /// The member comes back if it is not kept.
    fn land<R>(
        &self,
        member: Member<C, T>,
        look: impl FnOnce(&mut State<C, T>) -> R,
    ) -> (Option<Member<C, T>>, R) {
        let mut wakers = Vec::new();
        let mut state = self.lock();
        let left_over = state.put_back(member);
        state.dispatch(&mut wakers);
        let looked = look(&mut state);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        (left_over, looked)
    }

    /// Closes idle members that are too many.
    pub(super) fn close_surplus(&self) {
        loop {
            let member = self.lock().take_surplus();
            match member {
                Some(member) => discard(Some(member)),
                None => return,
            }
        }
    }

    /// Closes sessions that have been idle for too long, or are too old.
    pub(super) fn close_overdue(&self) {
        let now = self.now();
        loop {
            let overdue = self.lock().take_overdue(now);
            let Some((mut member, unfit)) = overdue else { return };
            self.close_session(&mut member, unfit);
            self.put_back(member);
        }
    }

    /// Takes back what was granted, and not used.
    pub(super) fn return_grant(&self, grant: Grant<C, T>) {
        match grant {
            Grant::Member(member) => self.give_back(member),
            Grant::Make(place) => drop(place),
        }
    }

    /// Closes the session of a member for this reason.
    pub(super) fn close_session(&self, member: &mut Member<C, T>, unfit: Unfit) {
        member.close(unfit);
        self.lock().count(unfit);
    }
}

impl<C: Connect<T>, T: Send> PoolShared<C, T> {
    pub(super) fn lock(&self) -> MutexGuard<'_, State<C, T>> {
        // Nothing in here can panic half way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and serves those who can be served then.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut State<C, T>) -> R) -> R {
        let mut wakers = Vec::new();
        let mut state = self.lock();
        let result = change(&mut state);
        state.dispatch(&mut wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        result
    }

    /// Closes: nobody is served, and what nobody uses ends. Returns the number of the time that begins then.
    pub(super) fn close(&self) -> u64 {
        let (epoch, unused) = self.change(|state| {
            let unused = state.close();
            (state.epoch(), unused)
        });
        drop(unused);
        self.tell();
        epoch
    }

    /// Tells whoever runs it, and whoever waits for its end, that something has changed.
    pub(super) fn tell(&self) {
        self.changed.notify(usize::MAX);
    }
}

impl<C, T> Places for PoolShared<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn is_free(&self, id: u64) {
        let seat = self.change(|state| state.seats.remove(id));
        drop(seat);
        self.tell();
    }

    fn has_ended(&self, id: u64) {
        let member = self.change(|state| state.take(id));
        drop(member);
    }
}

/// Drops a member that is not kept, which is nobody's fault.
fn discard<C, T>(member: Option<Member<C, T>>)
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    if let Some(mut member) = member {
        member.close(Unfit::NotWanted);
    }
}

impl<C: Connect<T>, T: Send> fmt::Debug for PoolShared<C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("name", &self.name).finish_non_exhaustive()
    }
}
