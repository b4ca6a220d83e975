//! A connection that was checked out.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
    thread,
};

use socketry_connector::Connect;

use crate::{
    pool::{
        member::{Member, Unfit},
        shared::PoolShared,
    },
    session::Session,
};

/// A connection that was checked out of a [`Pool`](crate::Pool), and returns when it is dropped.
///
/// It is used as the [`Session`] that it is. If that is lost by then, or was [given
/// up](Session::give_up), it is replaced: the pool makes another one when it is needed.
///
/// # Cancel safety
///
/// A request that is dropped half way (by a deadline around it, say) drops this too. If it was written, and
/// nothing was read since, the connection is [closed](crate::PoolOptions::keep_unanswered), so that its answer
/// is not read by the next user; and it is if its user panics. Of an answer that was read in part nobody knows but its
/// user, who has to [`discard`](Self::discard) the connection. If that may be dropped half way too, take the session
/// [out](Self::detach), or let the [check](crate::PoolBuilder::check) find out.
pub struct Pooled<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    pool: Arc<PoolShared<C, T>>,
    /// There until it is dropped, with a session.
    member: Option<Member<C, T>>,
}

impl<C, T> Pooled<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// `member` is up, and counted as in use.
    pub(super) fn new(pool: Arc<PoolShared<C, T>>, member: Member<C, T>) -> Self {
        pool.tell(); // there may be too few idle ones now
        Self { pool, member: Some(member) }
    }

    /// Closes the connection instead of returning it; the pool makes another one when it is needed, and
    /// need not wait for that.
    pub fn discard(mut self) {
        self.close();
    }

    fn close(&mut self) {
        if let Some(member) = &mut self.member {
            self.pool.close_session(member, Unfit::NotWanted);
        }
    }

    /// Takes the connection out of the pool for good; the pool may make another one in its place. Nothing
    /// that ends the pool, or all of a [`Registry`](crate::Registry), ends this connection from then on.
    pub fn detach(mut self) -> Session<C::Connection> {
        let mut member = self.member.take();
        let session = member.as_mut().and_then(|member| member.session.take());
        if let Some(member) = member {
            self.pool.lock().seats.uses(member.id(), false);
            drop(member);
        }
        match session {
            Some(session) => session,
            None => unreachable!("a connection that is checked out has a session"),
        }
    }
}

impl<C, T> Deref for Pooled<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    type Target = Session<C::Connection>;

    fn deref(&self) -> &Session<C::Connection> {
        match self.member.as_ref().and_then(|member| member.session.as_ref()) {
            Some(session) => session,
            None => unreachable!("a connection that is checked out has a session"),
        }
    }
}

impl<C, T> DerefMut for Pooled<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn deref_mut(&mut self) -> &mut Session<C::Connection> {
        match self.member.as_mut().and_then(|member| member.session.as_mut()) {
            Some(session) => session,
            None => unreachable!("a connection that is checked out has a session"),
        }
    }
}

/// Returns it, or closes it if its user panics: who knows where in a conversation that was.
impl<C, T> Drop for Pooled<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn drop(&mut self) {
        if thread::panicking() {
            self.close();
        }
        if let Some(mut member) = self.member.take() {
            let is_unanswered = member.session.as_ref().is_some_and(Session::is_unanswered);
            if is_unanswered && !self.pool.options().keeps_unanswered {
                self.pool.close_session(&mut member, Unfit::Unanswered);
            }
            self.pool.lock().seats.uses(member.id(), false);
            self.pool.give_back(member);
        }
    }
}

impl<C, T> fmt::Debug for Pooled<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pooled").field(&**self).finish()
    }
}
