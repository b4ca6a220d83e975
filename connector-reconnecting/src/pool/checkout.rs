//! From the end of the line to a connection that is fit for use.

use std::{
    future::poll_fn,
    io,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use socketry_connection::Sleep;
use socketry_connector::Connect;

use crate::{
    in_time::in_time,
    pool::{
        check::passes,
        error::{NotServed, closed, empty},
        line::{Grant, Sooner, Wants},
        member::{Member, Unfit},
        pooled::Pooled,
        shared::PoolShared,
        state::{Refused, State, Turn},
    },
};

/// After so many turns of one poll others go on.
const MOST_TURNS: u32 = 64;

/// So much sooner has another attempt to the same targets to begin, that it is worth to leave one's own
/// for. A server that has just refused one would refuse it too, and then be taken for dead.
const WORTH_IT: Duration = Duration::from_secs(1);

pub(super) async fn checkout<C, T>(pool: &Arc<PoolShared<C, T>>) -> io::Result<Pooled<C, T>>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    let timeout = pool.options().wait_timeout;
    let mut check_out = CheckOut::new(pool.clone());
    let timer = || timeout.map(|after| Sleep::after(pool.clock(), after));
    match in_time(check_out.serve(), timer).await {
        Some(served) => served,
        None => Err(check_out.not_served(timeout.unwrap_or_default())),
    }
}

/// A check-out, in the line or past it. Dropped, it leaves the line and returns what it has.
struct CheckOut<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    pool: Arc<PoolShared<C, T>>,
    /// None if it has not had to stand in the line.
    id: Option<u64>,
    member: Option<Member<C, T>>,
    /// Since when it has that.
    since: Instant,
    has_waited: bool,
    /// Its connection is being checked, so nobody knows what was said in it.
    is_checking: bool,
}

impl<C, T> CheckOut<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn new(pool: Arc<PoolShared<C, T>>) -> Self {
        pool.close_overdue();
        let since = pool.now();
        let member = pool.lock().take_at_once();
        Self { pool, id: None, member, since, has_waited: false, is_checking: false }
    }

    /// Until there is a connection that is fit for use.
    async fn serve(&mut self) -> io::Result<Pooled<C, T>> {
        loop {
            if !self.member.as_ref().is_some_and(Member::is_up) {
                poll_fn(|cx| self.poll_member(cx)).await?;
            }
            if !self.is_fit().await {
                continue;
            }
            let Some(member) = self.member.take() else { continue };
            let checked_out = self.pool.lock().check_out(&member, self.has_waited);
            match checked_out {
                Ok(()) => return Ok(Pooled::new(self.pool.clone(), member)),
                Err(Refused::Closed) => return Err(closed(&self.pool.name)),
                Err(Refused::Old) => drop(member),
            }
        }
    }

    /// Ready when there is one that is up: made by this check-out, or returned by another.
    fn poll_member(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        for _ in 0..MOST_TURNS {
            let wants = self.wants();
            match self.turn(wants, cx) {
                Turn::Granted(grant) => {
                    self.exchange(grant);
                    continue;
                }
                Turn::Closed => return Poll::Ready(Err(closed(&self.pool.name))),
                Turn::Empty if wants == Wants::Any => {
                    return Poll::Ready(Err(empty(&self.pool.name)));
                }
                Turn::Empty | Turn::Nothing => {}
            }
            if wants == Wants::Nothing {
                return Poll::Ready(Ok(()));
            }
            let Some(member) = &mut self.member else {
                self.has_waited = true;
                return Poll::Pending;
            };
            match member.poll_up(cx, || self.pool.now()) {
                Poll::Pending => {
                    self.has_waited = true;
                    // By now it is known how long it waits, and what would be sooner.
                    if self.wants() == wants {
                        return Poll::Pending;
                    }
                }
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(end)) => {
                    self.member = None;
                    if let Some(error) = end {
                        return Poll::Ready(Err(error));
                    }
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// What it has use for.
    fn wants(&self) -> Wants {
        let Some(member) = &self.member else { return Wants::Any };
        if member.is_up() {
            return Wants::Nothing;
        }
        let now = self.pool.now();
        let Some(than) = member.waits_until(now).filter(|until| *until > now) else {
            return Wants::Live;
        };
        let than_usual = match member.is_added {
            true => Some(than),
            false => than.checked_sub(WORTH_IT).filter(|than| *than > now),
        };
        let makes_sooner =
            |than| self.pool.next_begin().is_none_or(|begins: Instant| begins < than);
        Wants::Sooner(Sooner {
            than,
            than_usual,
            takes_place: than_usual.is_some_and(makes_sooner),
        })
    }

    /// Says what it has use for, and takes what it is given for that.
    fn turn(&mut self, wants: Wants, cx: &Context<'_>) -> Turn<C, T> {
        let pool = &self.pool;
        let id = *self.id.get_or_insert_with(|| pool.change(State::enter));
        pool.change(|state| state.line.wants(id, wants)); // and serves it, if it can be served
        let waker = cx.waker().clone();
        let (turn, unused) = pool.lock().turn(id, waker);
        drop(unused);
        turn
    }

    /// Takes what it is given in place of what it has, with which somebody else may go on.
    fn exchange(&mut self, grant: Grant<C, T>) {
        if let Some(member) = self.member.take() {
            self.pool.give_back(member);
        }
        self.since = self.pool.now();
        self.member = match grant {
            Grant::Member(member) => Some(member),
            Grant::Make(place) => self.pool.make(place),
        };
    }

    /// Whether the connection is as good as it looks; if not, it is closed.
    async fn is_fit(&mut self) -> bool {
        let (options, now) = (self.pool.options(), self.pool.now());
        let Some(member) = &mut self.member else { return false };
        if member.is_gone() {
            self.member = None;
            return false;
        }
        let idle = now.saturating_duration_since(member.idle_since);
        let mut unfit = poll_fn(|cx| Poll::Ready(member.look(&options, cx))).await;
        let check = self.pool.plan.check.as_ref().filter(|_| idle >= options.check_after);
        if let (None, Some(check), Some(session)) = (unfit, check, &mut member.session) {
            self.is_checking = true;
            let is_good = passes(check, session, &options, self.pool.clock()).await;
            self.is_checking = false;
            if !is_good {
                unfit = Some(Unfit::Unchecked);
            } else if session.lost().is_some() {
                unfit = Some(Unfit::Broken);
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
    fn not_served(&mut self, after: Duration) -> io::Error {
        let own = self.member.as_ref().and_then(|member| member.sessions.link().last_error());
        // One that was not even let through knows of no error, but the circuit does.
        let last = own.or_else(|| self.member.as_ref().and(self.pool.error_of_circuits()));
        let is_connecting = self.member.is_some();
        self.end_attempt(after);
        let pool = self.pool.name.clone();
        let mut state = self.pool.lock();
        state.statistics.timed_out += 1;
        let (size, in_use) = (state.seats.len(), state.seats.in_use());
        NotServed { pool, after, size, in_use, is_connecting, last }.into()
    }

    /// The time is up. If the connection has had half of it, an attempt that is still under way has failed:
    /// otherwise nobody would ever hear of a target that does not answer. One that had less says nothing.
    fn end_attempt(&mut self, after: Duration) {
        let had = self.pool.now().saturating_duration_since(self.since);
        if let Some(member) = self.member.as_mut().filter(|member| !member.is_up()) {
            if !after.is_zero() && had >= after / 2 {
                member.sessions.attempt_timed_out();
            }
        }
    }

    /// Leaves the line.
    fn leave(&mut self) {
        let Some(id) = self.id.take() else { return };
        let left = self.pool.change(|state| state.line.leave(id));
        if let Some(grant) = left.and_then(|mut waiting| waiting.granted.take()) {
            self.pool.return_grant(grant);
        }
    }
}

impl<C, T> Drop for CheckOut<C, T>
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
