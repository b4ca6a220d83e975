//! How long a call takes.

use socketry_connector::{Event, Observe, Timings, Trace};

/// Measures one call and passes on what it hears.
///
/// It listens only to what waits, unless the caller wants all: a call that is ready at once costs two
/// looks at the clock.
pub(crate) struct Stopwatch<'a> {
    timings: Timings,
    next: Trace<'a>,
}

impl<'a> Stopwatch<'a> {
    pub(crate) fn start(next: Trace<'a>) -> Self {
        Self { timings: Timings::start(), next }
    }

    /// What the call tells.
    pub(crate) fn trace(&self) -> Trace<'_> {
        self.next.through(self)
    }

    /// The call is ready.
    pub(crate) fn stop(self) -> Timings {
        self.timings.end();
        self.timings
    }
}

impl Observe for Stopwatch<'_> {
    fn observe(&self, event: &Event<'_>) {
        self.timings.observe(event);
        self.next.pass(event);
    }
}
