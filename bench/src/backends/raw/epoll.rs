//! The kernel's list of descriptors to be told of.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    buffer::spare_capacity,
    event::{
        Timespec,
        epoll::{self, CreateFlags, Event, EventData, EventFlags},
    },
    io::Errno,
};

use crate::job::Job;

/// How many events are taken at a time.
const EVENTS: usize = 1024;

/// An epoll, and what it told last.
pub(super) struct Epoll {
    descriptor: OwnedFd,
    /// How long it waits; `None` is until something happens.
    patience: Option<Timespec>,
    events: Vec<Event>,
}

impl Epoll {
    pub(super) fn new(job: &Job) -> io::Result<Self> {
        let descriptor = epoll::create(CreateFlags::CLOEXEC)?;
        let patience = job.eager.then(Timespec::default);
        Ok(Self { descriptor, patience, events: Vec::with_capacity(EVENTS) })
    }

    /// Tells from now on, once for each change, when `socket` can be read or written.
    pub(super) fn add(&self, socket: impl AsFd, key: usize, flags: EventFlags) -> io::Result<()> {
        let flags = flags | EventFlags::ET;
        Ok(epoll::add(&self.descriptor, socket, EventData::new_u64(key as u64), flags)?)
    }

    /// The keys of what can go on.
    pub(super) fn wait(&mut self) -> io::Result<impl Iterator<Item = usize>> {
        self.events.clear();
        let room = spare_capacity(&mut self.events);
        match epoll::wait(&self.descriptor, room, self.patience.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(self.events.iter().map(|event| event.data.u64() as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_eager_does_not_wait_for_something_to_happen() {
        let job = Job::of_words(&["raw", "echo", "--eager"]);
        assert_eq!(Epoll::new(&job).unwrap().wait().unwrap().count(), 0);
    }
}
