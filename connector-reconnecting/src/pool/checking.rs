//! Asking those that are idle.

use std::{future::Future, pin::Pin, sync::Arc};

use socketry_connector::Connect;

use crate::pool::{
    check::{Check, passes},
    member::{Member, Unfit},
    options::PoolOptions,
    shared::PoolShared,
};

/// The check of one connection, and its return.
pub(super) type Checking = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Checks the connection that has waited longest for that, if there is one.
pub(super) fn next_check<C, T>(pool: &Arc<PoolShared<C, T>>) -> Option<Checking>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    let (options, now) = (pool.options(), pool.now());
    let (check, every) = (pool.plan.check.clone()?, options.check_every?);
    let member = pool.lock().idle.take_unchecked(every, now)?;
    let lent = Lent { pool: pool.clone(), member: Some(member) };
    Some(Box::pin(check_one(lent, check, options)))
}

async fn check_one<C, T>(mut lent: Lent<C, T>, check: Check<C::Connection>, options: PoolOptions)
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    let session = lent.member.as_mut().and_then(|member| member.session.as_mut());
    let Some(session) = session else { return }; // none is checked that is not up
    if !passes(&check, session, &options, lent.pool.clock()).await {
        return;
    }
    if let Some(mut member) = lent.member.take() {
        member.good_at = lent.pool.now();
        lent.pool.put_back(member);
    }
}

/// A member that is being checked. If it does not pass, or nobody waits for that, nobody knows what was
/// said in it, and it is closed.
struct Lent<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    pool: Arc<PoolShared<C, T>>,
    member: Option<Member<C, T>>,
}

impl<C, T> Drop for Lent<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn drop(&mut self) {
        if let Some(mut member) = self.member.take() {
            self.pool.close_session(&mut member, Unfit::Unchecked);
            self.pool.put_back(member);
        }
    }
}
