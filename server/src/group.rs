//! Several servers as one.

use std::{
    convert::Infallible,
    fmt, io,
    task::{Context, Poll},
};

use socketry_connection::Address;

use crate::{Accept, Control};

/// How many results in a row the group yields before it lets other tasks run.
const RESULTS_IN_A_ROW: u8 = 32;

/// Several servers as one: one [`Accept`], one [`Control`].
///
/// For `0.0.0.0` and `[::]` (on Linux the latter with `only_v6`, or it takes both), for TCP and a Unix socket (as [`BoxServer`](crate::BoxServer)s), for
/// one listener a core. No member can starve another: who was served last is asked last.
///
/// The group's control acts on every member, whatever the member's state is, and it is through the
/// members that a change wakes the task that waits. A group begins open if one of its members is. A member may also be paused or closed by itself; the
/// group ends when its last member has ended, and a group without members has ended already.
///
/// # Examples
///
/// ```
/// use socketry_server::{Accept, AcceptExt, BoxServer, ServerGroup};
///
/// fn both(tcp: impl Accept + 'static, unix: impl Accept + 'static) -> ServerGroup<BoxServer> {
///     ServerGroup::new([tcp.boxed(), unix.boxed()])
/// }
/// ```
pub struct ServerGroup<A> {
    members: Vec<A>,
    control: Control,
    next: usize,
    in_a_row: u8,
}

impl<A: Accept> ServerGroup<A> {
    /// Takes connections from all `members`.
    pub fn new(members: impl IntoIterator<Item = A>) -> Self {
        let members = Vec::from_iter(members);
        let control = Control::of_all(members.iter().map(Accept::control).collect());
        Self { members, control, next: 0, in_a_row: 0 }
    }

    /// The members that have not ended.
    pub fn get_ref(&self) -> &[A] {
        &self.members
    }

    /// The members that have not ended, to change them.
    pub fn get_mut(&mut self) -> &mut [A] {
        &mut self.members
    }

    /// Takes the members out that have not ended, as they are. Kept controls of the group go on
    /// acting on them.
    pub fn into_inner(mut self) -> Vec<A> {
        self.control = Control::of_all(Vec::new()); // which its drop closes
        std::mem::take(&mut self.members)
    }

    /// Where the members listen.
    pub fn local_addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.members.iter().filter_map(Accept::local_address)
    }

    /// Asks each member once, from the one after the last that answered.
    fn poll_members(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<A::Connection>>> {
        let mut asked = 0;
        while asked < self.members.len() {
            let index = self.next % self.members.len();
            match self.members[index].poll_accept(cx) {
                Poll::Ready(Some(result)) => {
                    self.next = index + 1;
                    return Poll::Ready(Some(result));
                }
                Poll::Ready(None) => {
                    self.members.remove(index);
                    self.next = index;
                }
                Poll::Pending => {
                    asked += 1;
                    self.next = index + 1;
                }
            }
        }
        match self.members.is_empty() {
            true => Poll::Ready(None),
            false => Poll::Pending,
        }
    }
}

impl<A: Accept> Accept for ServerGroup<A> {
    type Connection = A::Connection;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<A::Connection>>> {
        if self.in_a_row >= RESULTS_IN_A_ROW {
            self.in_a_row = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = self.poll_members(cx);
        match next {
            Poll::Ready(Some(_)) => self.in_a_row += 1,
            Poll::Ready(None) => self.control.close(),
            Poll::Pending => self.in_a_row = 0,
        }
        next
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
        for member in &mut self.members {
            let Poll::Pending = member.poll_progress(cx);
        }
        if self.members.iter().all(|member| member.control().is_closed()) {
            self.control.close();
        }
        Poll::Pending
    }

    /// That of the first member that still listens.
    fn local_address(&self) -> Option<Address> {
        self.local_addresses().next()
    }

    fn control(&self) -> Control {
        self.control.clone()
    }
}

impl<A> Drop for ServerGroup<A> {
    fn drop(&mut self) {
        self.control.close();
    }
}

impl<A> fmt::Debug for ServerGroup<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerGroup")
            .field("members", &self.members.len())
            .field("state", &self.control.state())
            .finish()
    }
}
