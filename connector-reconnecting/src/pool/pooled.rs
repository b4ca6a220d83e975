//! A connection that was checked out.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
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
/// up](Session::give_up), it is replaced: the pool makes another one when it is needed. Whoever drops it
/// in the middle of a conversation has to [`discard`](Self::discard) it, because nobody else knows.
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
    /// `member` is up.
    pub(super) fn new(pool: Arc<PoolShared<C, T>>, member: Member<C, T>) -> Self {
        pool.lock().checked_out();
        pool.keeper.wake(); // there may be too few idle ones now
        Self { pool, member: Some(member) }
    }

    /// Closes the connection instead of returning it; the pool makes another one when it is needed.
    pub fn discard(mut self) {
        if let Some(member) = &mut self.member {
            self.pool.close_session(member, Unfit::Broken);
        }
    }

    /// Takes the connection out of the pool for good; the pool may make another one in its place.
    pub fn detach(mut self) -> Session<C::Connection> {
        let mut member = self.member.take();
        let session = member.as_mut().and_then(|member| member.session.take());
        self.pool.lock().checked_in();
        if let Some(member) = member {
            self.pool.remove(member);
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

/// Returns it.
impl<C, T> Drop for Pooled<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn drop(&mut self) {
        if let Some(member) = self.member.take() {
            self.pool.lock().checked_in();
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
