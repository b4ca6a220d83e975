//! Pausing, resuming and closing a server from outside.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Waker},
};

/// Whether a server takes connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "every server has to handle each of them")]
pub enum State {
    /// Connections are taken.
    Open,
    /// The server listens, but takes nobody: newcomers wait in the backlog.
    Paused,
    /// The server listens no more, for good.
    Closed,
}

/// Pauses, resumes and closes a server, from any task and any thread, whether anybody polls the
/// server or not.
///
/// A clone controls the same server. All three verbs may be called any number of times; after
/// [`close`](Self::close) they do nothing. A kept control keeps no port open: it outlives its
/// server as a closed one.
///
/// # For those who write servers
///
/// [`Control::new`] takes a hook that is told each change, in order, before the verb returns; this
/// is where a listener is closed. The hook SHOULD hold what it changes weakly. It MUST return at
/// once, and MUST NOT pause, resume or close the same control (it would wait for itself).
/// The tasks to wake are kept here too: a server and each decorator around it holds one [`Watch`].
/// [`Slot`](crate::Slot) does all of this for a server with a listener.
///
/// # Examples
///
/// ```
/// use socketry_server::{Control, State};
///
/// let control = Control::new(|state| println!("now {state:?}"));
/// control.pause();
/// assert_eq!(control.state(), State::Paused);
/// control.close();
/// control.resume(); // too late
/// assert!(control.is_closed());
/// ```
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
}

struct Shared {
    state: AtomicU8,
    /// Held over a change and its hook, so that hooks see the changes in order.
    turn: Mutex<()>,
    on_change: Box<dyn Fn(State) + Send + Sync>,
    /// Those that are told every verb, too.
    members: Vec<Control>,
    waiters: Mutex<Waiters>,
}

/// The tasks to wake, each at the place of its watch.
#[derive(Default)]
struct Waiters {
    places: Vec<Option<Waker>>,
    free: Vec<usize>,
}

impl Control {
    /// A control in state [`Open`](State::Open), whose changes `on_change` is told.
    pub fn new(on_change: impl Fn(State) + Send + Sync + 'static) -> Self {
        Self::with(State::Open, on_change, Vec::new())
    }

    /// A control of several others: open if one of them is, closed if all are.
    pub(crate) fn of_all(members: Vec<Control>) -> Self {
        let state = members.iter().map(Control::state).min().unwrap_or(State::Closed);
        Self::with(state, |_| (), members)
    }

    fn with(
        state: State,
        on_change: impl Fn(State) + Send + Sync + 'static,
        members: Vec<Control>,
    ) -> Self {
        let shared = Shared {
            state: AtomicU8::new(state as u8),
            turn: Mutex::new(()),
            on_change: Box::new(on_change),
            members,
            waiters: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// What the server does now. Costs one load.
    #[inline]
    pub fn state(&self) -> State {
        self.shared.state()
    }

    /// Takes no more connections until [`resume`](Self::resume); newcomers wait in the backlog.
    pub fn pause(&self) {
        self.shared.tell(State::Paused);
    }

    /// Takes connections again.
    pub fn resume(&self) {
        self.shared.tell(State::Open);
    }

    /// Stops listening at once and for good. Connections already taken stay as they are.
    pub fn close(&self) {
        self.shared.tell(State::Closed);
    }

    /// Whether the server was closed.
    pub fn is_closed(&self) -> bool {
        self.state() == State::Closed
    }

    /// Waits for changes: one for each task that does.
    pub fn watch(&self) -> Watch {
        let mut waiters = lock(&self.shared.waiters);
        let place = waiters.free.pop().unwrap_or_else(|| {
            waiters.places.push(None);
            waiters.places.len() - 1
        });
        Watch { shared: self.shared.clone(), place }
    }
}

impl Shared {
    fn state(&self) -> State {
        match self.state.load(Ordering::SeqCst) {
            0 => State::Open,
            1 => State::Paused,
            _ => State::Closed,
        }
    }

    /// Changes to `to`, and wakes who waits when no lock is held: what is woken may run, or end,
    /// in here, and use or drop this very control.
    fn tell(&self, to: State) {
        let mut waiting = Waiting(Vec::new());
        self.change(to, &mut waiting);
    }

    fn change(&self, to: State, waiting: &mut Waiting) {
        if !is_change(self.state(), to) && self.members.is_empty() {
            return;
        }
        let _turn = lock(&self.turn);
        if is_change(self.state(), to) {
            self.state.store(to as u8, Ordering::SeqCst);
            waiting.0.extend(lock(&self.waiters).places.iter_mut().filter_map(Option::take));
            (self.on_change)(to);
        }
        // Whatever this one's state is: a member may have been told otherwise by itself.
        for member in &self.members {
            member.shared.change(to, waiting);
        }
    }
}

/// Whether a verb changes anything: nothing does after a close.
fn is_change(from: State, to: State) -> bool {
    from != to && from != State::Closed
}

/// Wakes its tasks when it is dropped, also by a hook that panics.
struct Waiting(Vec<Waker>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.drain(..).for_each(Waker::wake);
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("state", &self.state()).finish()
    }
}

/// Waits for the changes of one [`Control`], for one task.
pub struct Watch {
    shared: Arc<Shared>,
    place: usize,
}

impl Watch {
    /// The state now; the task is woken once, by the next change.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{future::poll_fn, task::Poll};
    ///
    /// use socketry_server::{Control, State};
    ///
    /// /// Waits until the server is closed.
    /// async fn closed(control: &Control) {
    ///     let mut watch = control.watch();
    ///     poll_fn(|cx| match watch.poll_state(cx) {
    ///         State::Closed => Poll::Ready(()),
    ///         _ => Poll::Pending,
    ///     })
    ///     .await
    /// }
    /// # let control = Control::new(|_| ());
    /// # control.close();
    /// # futures_lite::future::block_on(closed(&control));
    /// ```
    pub fn poll_state(&mut self, cx: &mut Context<'_>) -> State {
        let mut waiters = lock(&self.shared.waiters);
        let place = &mut waiters.places[self.place];
        let is_there = place.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        let replaced = if is_there { None } else { place.replace(cx.waker().clone()) };
        drop(waiters);
        drop(replaced); // after the lock: it may be the last of a task that holds a watch
        // Read after the waker is in place: a change before this is seen, one after it wakes.
        self.shared.state()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut waiters = lock(&self.shared.waiters);
        let waker = waiters.places[self.place].take();
        waiters.free.push(self.place);
        drop(waiters);
        drop(waker); // after the lock: it may be the last of a task that holds a watch
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("state", &self.shared.state()).finish()
    }
}

/// A hook that panicked leaves the state changed and the lock usable.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::AtomicUsize,
        task::{Wake, Waker},
    };

    use super::*;

    /// A control, and what its hook was told.
    fn control() -> (Control, Arc<Mutex<Vec<State>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let hook = told.clone();
        (Control::new(move |state| hook.lock().unwrap().push(state)), told)
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn the_hook_is_told_each_change_once_and_in_order() {
        let (control, told) = control();
        control.resume();
        control.pause();
        control.pause();
        control.resume();
        control.close();
        control.close();
        control.pause();
        assert_eq!(*told.lock().unwrap(), [State::Paused, State::Open, State::Closed]);
    }

    #[test]
    fn a_paused_control_can_be_closed() {
        let (control, _) = control();
        control.pause();
        control.close();
        assert_eq!(control.state(), State::Closed);
    }

    #[test]
    fn a_change_wakes_every_watch_that_was_polled_once() {
        let (control, _) = control();
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        let mut cx = Context::from_waker(&waker);
        let mut watches = [control.watch(), control.watch(), control.watch()];
        assert_eq!(watches[0].poll_state(&mut cx), State::Open);
        assert_eq!(watches[1].poll_state(&mut cx), State::Open);
        control.pause();
        control.resume();
        assert_eq!(wakes.0.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_dropped_watch_is_not_woken_and_its_place_is_used_again() {
        let (control, _) = control();
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        let mut cx = Context::from_waker(&waker);
        for _ in 0..100 {
            control.watch().poll_state(&mut cx);
        }
        control.close();
        assert_eq!(wakes.0.load(Ordering::SeqCst), 0);
        assert_eq!(lock(&control.shared.waiters).places.len(), 1);
    }

    #[test]
    fn a_hook_that_panics_leaves_nobody_asleep() {
        let control = Control::new(|_| panic!("a hook of somebody else's"));
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        control.watch().poll_state(&mut Context::from_waker(Waker::noop()));
        let mut watch = control.watch();
        watch.poll_state(&mut Context::from_waker(&waker));
        let closing = control.clone();
        std::thread::spawn(move || closing.close()).join().unwrap_err();
        assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
        assert!(control.is_closed());
    }

    /// Uses a control when it is woken, as a task does that runs, or ends, in the waker.
    struct Using(Control);

    impl Wake for Using {
        fn wake(self: Arc<Self>) {
            self.0.resume();
            self.0.close();
        }
    }

    #[test]
    fn what_is_woken_may_use_the_control_at_once_that_of_a_group_too() {
        let member = Control::new(|_| ());
        let group = Control::of_all(vec![member.clone()]);
        let waker = Waker::from(Arc::new(Using(group.clone())));
        let mut watch = member.watch();
        watch.poll_state(&mut Context::from_waker(&waker));
        group.pause();
        assert!(member.is_closed() && group.is_closed());
    }

    #[test]
    fn a_control_can_be_used_and_watched_from_any_thread() {
        fn assert<T: Send + Sync + 'static>() {}
        assert::<Control>();
        assert::<Watch>();
    }
}
