//! What all handles of a pool, its guards and whoever runs it have in common.

use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Instant,
};

use atomic_waker::AtomicWaker;
use event_listener::Event;
use socketry_connection::{Clock, now};
use socketry_connector::Connect;

use crate::{
    pool::{
        check::Check,
        member::{Member, Unfit},
        options::PoolOptions,
        state::{Grant, State},
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
    /// Whoever runs it.
    pub(super) keeper: AtomicWaker,
    /// A member has come back, or is no more.
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
    ) -> Self {
        let state = State::new(options, plan.targets.is_some());
        Self {
            name,
            connector,
            plan,
            state: Mutex::new(state),
            keeper: AtomicWaker::new(),
            changed: Event::new(),
        }
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

    /// Connections to these targets, with all that the pool gives to its members.
    pub(super) fn sessions(&self, targets: Targets<T>) -> Reconnecting<C, T> {
        let mut sessions = Reconnecting::shared(self.connector.clone(), targets);
        if let Some(clock) = self.clock() {
            sessions = sessions.with_clock(clock.clone());
        }
        if let Some(circuits) = &self.plan.circuits {
            let circuits = circuits.clone();
            sessions = sessions.choose(|settings| settings.circuits = Some(circuits));
        }
        match &self.plan.defaults {
            Some(defaults) => defaults(sessions),
            None => sessions,
        }
    }

    /// Why the circuit of a target is open, if one is.
    pub(super) fn error_of_circuits(&self) -> Option<Arc<io::Error>> {
        let (targets, circuit_of) = (self.plan.targets.as_ref()?, self.plan.circuits.as_ref()?);
        targets.as_slice().iter().find_map(|target| circuit_of(target).last_error())
    }

    /// The member of a place that was reserved.
    pub(super) fn make(&self, id: u64) -> Option<Member<C, T>> {
        let mut sessions = self.sessions(self.plan.targets.clone()?);
        if let Some(choose) = &self.plan.choose {
            sessions = choose(sessions);
        }
        self.lock().made(id, sessions.link());
        Some(Member::new(id, sessions, self.now()))
    }

    /// Takes a member back, whatever became of it.
    pub(super) fn give_back(&self, mut member: Member<C, T>) {
        let now = self.now();
        member.idle_since = now;
        if let Some(unfit) = member.flaw(&self.options(), now) {
            self.close_session(&mut member, unfit);
        }
        let (is_kept, has_maker) = {
            let state = self.lock();
            let is_kept = !state.is_closed && (member.is_added || !state.has_too_many());
            (is_kept, state.has_maker())
        };
        if !is_kept {
            return self.remove(member);
        }
        if member.session.is_none() && !has_maker {
            member.sessions.suspend(); // nobody polls it
        }
        self.put_back(member);
        self.tell();
    }

    /// Puts a member back among the idle ones, or hands it to who waits for it.
    pub(super) fn put_back(&self, member: Member<C, T>) {
        // In a pool that was closed meanwhile it would stay for ever.
        let left_over = self.change(|state| match state.is_closed {
            true => Some(member),
            false => {
                state.put_back(member);
                None
            }
        });
        if let Some(member) = left_over {
            self.remove(member);
        }
    }

    /// Closes idle members that are too many.
    pub(super) fn close_surplus(&self) {
        loop {
            let member = self.lock().take_surplus();
            match member {
                Some(member) => self.remove(member),
                None => return,
            }
        }
    }

    /// Drops a member.
    pub(super) fn remove(&self, member: Member<C, T>) {
        self.remove_quietly(member);
        self.tell();
    }

    /// Drops a member, for whoever runs the pool.
    pub(super) fn remove_quietly(&self, member: Member<C, T>) {
        let id = member.id;
        drop(member);
        self.change(|state| state.remove(id));
        self.changed.notify(usize::MAX);
    }

    /// Takes back what was granted, and not used.
    pub(super) fn return_grant(&self, grant: Grant<C, T>) {
        match grant {
            Grant::Member(member) => self.give_back(member),
            Grant::Make(id) => self.change(|state| state.remove(id)),
        }
    }

    /// Closes the session of a member for this reason.
    pub(super) fn close_session(&self, member: &mut Member<C, T>, unfit: Unfit) {
        member.session = None;
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

    /// Closes: nobody is served, and idle connections end.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        let wakers = state.close();
        let idle = state.take_all();
        drop(state);
        drop(idle);
        wakers.into_iter().for_each(Waker::wake);
        self.tell();
    }

    pub(super) fn tell(&self) {
        self.changed.notify(usize::MAX);
        self.keeper.wake();
    }
}

impl<C: Connect<T>, T: Send> fmt::Debug for PoolShared<C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("name", &self.name).finish_non_exhaustive()
    }
}
