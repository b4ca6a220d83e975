//! From the end of the line to a connection that is fit for use.

use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use socketry_connection::{Clock, Sleep};
use socketry_connector::Connect;

use crate::pool::{
    error::{NotServed, closed, empty},
    member::{Member, Unfit},
    pooled::Pooled,
    shared::PoolShared,
    state::{Grant, State, Turn, Wants},
};

pub(super) async fn checkout<C, T>(pool: &Arc<PoolShared<C, T>>) -> io::Result<Pooled<C, T>>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    let timeout = pool.options().wait_timeout;
    let mut place = Place::new(pool.clone());
    let served = in_time(place.serve(), timeout, pool.clock()).await;
    let Some(served) = served else {
        return Err(place.not_served(timeout.unwrap_or_default()));
    };
    let member = served?;
    place.leave();
    if place.has_waited {
        pool.lock().statistics.waited += 1;
    }
    Ok(Pooled::new(pool.clone(), member))
}

/// What `work` comes to; `None` if the time is up before.
async fn in_time<R>(
    work: impl Future<Output = R>,
    timeout: Option<Duration>,
    clock: Option<&Arc<dyn Clock>>,
) -> Option<R> {
    let (mut work, mut sleep) = (pin!(work), None);
    poll_fn(|cx| {
        if let Poll::Ready(result) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(result));
        }
        let Some(after) = timeout else { return Poll::Pending };
        let sleep = sleep.get_or_insert_with(|| Sleep::after(clock, after));
        Pin::new(sleep).poll(cx).map(|()| None)
    })
    .await
}

/// A check-out, in the line or past it. Dropped, it leaves the line and returns what it has.
struct Place<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    pool: Arc<PoolShared<C, T>>,
    /// None if it has not had to stand in the line.
    id: Option<u64>,
    member: Option<Member<C, T>>,
    has_waited: bool,
    /// Its connection is being checked, so nobody knows what was said in it.
    is_checking: bool,
}

impl<C, T> Place<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn new(pool: Arc<PoolShared<C, T>>) -> Self {
        let member = pool.lock().take_at_once();
        Self { pool, id: None, member, has_waited: false, is_checking: false }
    }

    /// Until there is a connection that is fit for use.
    async fn serve(&mut self) -> io::Result<Member<C, T>> {
        loop {
            let is_up = self.member.as_ref().is_some_and(|member| member.session.is_some());
            if !is_up {
                poll_fn(|cx| self.poll_member(cx)).await?;
            }
            if !self.is_fit().await {
                continue;
            }
            if let Some(member) = self.member.take() {
                return Ok(member);
            }
        }
    }

    /// Ready when there is one that is up: made by this check-out, or returned by another.
    fn poll_member(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let pool = self.pool.clone();
        let id = *self.id.get_or_insert_with(|| pool.change(State::enter));
        loop {
            let is_up = self.member.as_ref().map(|member| member.session.is_some());
            let wants = match is_up {
                None => Wants::Any,
                Some(false) => Wants::Live,
                Some(true) => Wants::Nothing,
            };
            pool.change(|state| state.wants(id, wants)); // and serves it, if it can be served
            let turn = pool.lock().turn(id, cx.waker());
            match turn {
                Turn::Granted(grant) => {
                    // Somebody else may go on with what was begun here.
                    if let Some(member) = self.member.take() {
                        pool.give_back(member);
                    }
                    self.take(grant);
                    continue;
                }
                Turn::Closed => return Poll::Ready(Err(closed(&pool.name))),
                Turn::Empty if is_up.is_none() => return Poll::Ready(Err(empty(&pool.name))),
                Turn::Empty | Turn::Nothing => {}
            }
            if is_up == Some(true) {
                return Poll::Ready(Ok(()));
            }
            let Some(member) = &mut self.member else {
                self.has_waited = true;
                return Poll::Pending;
            };
            match member.sessions.poll_session(cx) {
                Poll::Pending => {
                    self.has_waited = true;
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(session))) => {
                    member.session = Some(session);
                    member.idle_since = pool.now();
                }
                Poll::Ready(end) => {
                    // It was disconnected, or has given up: it is no member any more.
                    if let Some(member) = self.member.take() {
                        pool.remove(member);
                    }
                    if let Some(Err(error)) = end {
                        return Poll::Ready(Err(error));
                    }
                }
            }
        }
    }

    fn take(&mut self, grant: Grant<C, T>) {
        self.member = match grant {
            Grant::Member(member) => Some(member),
            Grant::Make(id) => self.pool.make(id),
        };
    }

    /// Whether the connection is as good as it looks; if not, it is closed.
    async fn is_fit(&mut self) -> bool {
        let (options, now) = (self.pool.options(), self.pool.now());
        let Some(member) = &mut self.member else { return false };
        let idle = now.saturating_duration_since(member.idle_since);
        let mut unfit = member.flaw(&options, now);
        if unfit.is_none() {
            unfit = poll_fn(|cx| Poll::Ready(member.look(&options, cx))).await;
        }
        let check = self.pool.plan.check.as_ref().filter(|_| idle >= options.check_after);
        if let (None, Some(check), Some(session)) = (unfit, check, &mut member.session) {
            self.is_checking = true;
            let checked = in_time(check(session), options.check_timeout, self.pool.clock()).await;
            self.is_checking = false;
            if !matches!(checked, Some(Ok(()))) {
                unfit = Some(Unfit::Unchecked);
            }
        }
        match unfit {
            None => true,
            Some(unfit) => {
                self.pool.close_session(member, unfit);
                false
            }
        }
    }

    /// The time is up.
    fn not_served(&self, after: Duration) -> io::Error {
        let own = self.member.as_ref().and_then(|member| member.sessions.link().last_error());
        // One that was not even let through knows of no error, but the circuit does.
        let last = own.or_else(|| self.member.as_ref().and(self.pool.error_of_circuits()));
        let is_connecting = self.member.is_some();
        let mut state = self.pool.lock();
        state.statistics.timed_out += 1;
        let (pool, size) = (self.pool.name.clone(), state.size());
        NotServed { pool, after, size, is_connecting, last }.into()
    }

    /// Leaves the line.
    fn leave(&mut self) {
        let Some(id) = self.id.take() else { return };
        if let Some(grant) = self.pool.change(|state| state.leave(id)) {
            self.pool.return_grant(grant);
        }
    }
}

impl<C, T> Drop for Place<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn drop(&mut self) {
        self.leave();
        let Some(mut member) = self.member.take() else { return };
        if self.is_checking {
            self.pool.close_session(&mut member, Unfit::Unchecked);
        }
        self.pool.give_back(member);
    }
}
