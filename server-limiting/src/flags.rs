//! What a connection's owner has to know before each read and write, in one byte.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::EndReason;

/// Something has to be written for others, or flushed.
const MAIL: u8 = 1;
/// The owner's last write was not taken whole.
const HALF_DONE: u8 = 2;
/// Nothing more is taken for this connection.
const REFUSING: u8 = 4;
/// The owner has waited for room to write.
const WRITER: u8 = 64;
/// The owner has left.
const LEFT: u8 = 128;
/// Where the reason stands for which it was ended; zero if it was not.
const REASON: u8 = 0b111_000;
const REASON_SHIFT: u32 = 3;

#[derive(Debug, Default)]
pub(crate) struct Flags(AtomicU8);

/// What the flags were at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Now(u8);

impl Flags {
    #[inline]
    pub(crate) fn now(&self) -> Now {
        Now(self.0.load(Ordering::Acquire))
    }

    pub(crate) fn set_mail(&self, is_there: bool) {
        self.set(MAIL, is_there);
    }

    /// Costs a store only if it changes.
    #[inline]
    pub(crate) fn set_half_done(&self, is_half_done: bool) {
        if self.now().is_half_done() != is_half_done {
            self.set(HALF_DONE, is_half_done);
        }
    }

    pub(crate) fn refuse(&self) {
        self.set(REFUSING, true);
    }

    pub(crate) fn set_writer(&self, waits: bool) {
        self.set(WRITER, waits);
    }

    pub(crate) fn leave(&self) {
        self.set(REFUSING | LEFT, true);
    }

    /// `false` if it was ended before, or has left.
    pub(crate) fn end(&self, reason: EndReason) -> bool {
        let bits = number(reason) << REASON_SHIFT;
        let end =
            |flags| if flags & (REASON | LEFT) == 0 { Some(flags | bits | REFUSING) } else { None };
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, end).is_ok()
    }

    fn set(&self, flag: u8, is_set: bool) {
        match is_set {
            true => self.0.fetch_or(flag, Ordering::AcqRel),
            false => self.0.fetch_and(!flag, Ordering::AcqRel),
        };
    }
}

impl Now {
    /// Whether there is nothing to do but what the owner wants.
    #[inline]
    pub(crate) fn is_quiet(self) -> bool {
        self.0 & (MAIL | REASON) == 0
    }

    /// Whether there is something to carry, and nothing in its way.
    pub(crate) fn is_carriable(self) -> bool {
        self.0 & (MAIL | HALF_DONE) == MAIL
    }

    #[inline]
    pub(crate) fn is_half_done(self) -> bool {
        self.0 & HALF_DONE != 0
    }

    #[inline]
    pub(crate) fn has_writer(self) -> bool {
        self.0 & WRITER != 0
    }

    pub(crate) fn is_refusing(self) -> bool {
        self.0 & REFUSING != 0
    }

    pub(crate) fn ended(self) -> Option<EndReason> {
        Some(match (self.0 & REASON) >> REASON_SHIFT {
            1 => EndReason::Closed,
            2 => EndReason::Idle,
            3 => EndReason::Lifetime,
            4 => EndReason::Behind,
            5 => EndReason::Drained,
            _ => return None,
        })
    }
}

fn number(reason: EndReason) -> u8 {
    match reason {
        EndReason::Closed => 1,
        EndReason::Idle => 2,
        EndReason::Lifetime => 3,
        EndReason::Behind => 4,
        EndReason::Drained => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_stays() {
        let flags = Flags::default();
        assert!(flags.end(EndReason::Behind));
        assert!(!flags.end(EndReason::Drained));
        assert_eq!(flags.now().ended(), Some(EndReason::Behind));
    }

    #[test]
    fn every_reason_comes_back_as_it_was() {
        for reason in [
            EndReason::Closed,
            EndReason::Idle,
            EndReason::Lifetime,
            EndReason::Behind,
            EndReason::Drained,
        ] {
            let flags = Flags::default();
            flags.end(reason);
            assert_eq!(flags.now().ended(), Some(reason));
        }
    }

    #[test]
    fn flags_do_not_touch_each_other() {
        let flags = Flags::default();
        flags.set_mail(true);
        flags.set_half_done(true);
        flags.end(EndReason::Idle);
        flags.set_mail(false);
        let now = flags.now();
        assert!(now.is_half_done() && now.is_refusing() && !now.is_carriable() && !now.is_quiet());
    }
}
