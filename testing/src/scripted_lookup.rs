//! One lookup of a scripted resolver.

use std::{convert::Infallible, fmt, io};

use socketry_resolver::{Answer, Family};

use crate::exchange::{Asked, Exchange};

/// A lookup that a [`ScriptedResolver`](crate::ScriptedResolver) has received and that the test
/// has to answer.
///
/// Dropped without an answer it fails, so that no test waits for ever: its caller gets an error of
/// kind [`ConnectionAborted`](io::ErrorKind::ConnectionAborted). Keep it to play a nameserver that
/// never answers.
pub struct Lookup {
    exchange: Exchange<Resolving>,
}

impl Lookup {
    pub(crate) fn new(exchange: Exchange<Resolving>) -> Self {
        Self { exchange }
    }

    /// The name that is looked up.
    pub fn name(&self) -> &str {
        &self.exchange.question().name
    }

    /// The family that is asked for.
    pub fn family(&self) -> Family {
        self.exchange.question().family
    }

    /// Gives the caller an answer.
    pub fn answer(self, answer: Answer) {
        self.exchange.answer(Ok(answer));
    }

    /// Gives the caller an error.
    pub fn fail(self, error: io::Error) {
        self.exchange.answer(Err(error));
    }

    /// Whether the caller has given up: its future was dropped.
    pub fn is_cancelled(&self) -> bool {
        self.exchange.is_cancelled()
    }

    /// Waits until the caller gives up.
    ///
    /// # Cancel safety
    ///
    /// May be dropped and called again. One task at a time can wait.
    pub async fn cancelled(&self) {
        self.exchange.cancelled().await;
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup")
            .field("name", &self.name())
            .field("family", &self.family())
            .field("cancelled", &self.is_cancelled())
            .finish()
    }
}

/// What is asked of a resolver.
pub(crate) struct Resolving;

pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) family: Family,
}

pub(crate) type Prepared = Box<dyn FnOnce(&str, Family) -> io::Result<Answer> + Send>;

impl Asked for Resolving {
    type Question = Question;
    type Telling = Infallible;
    type Answer = Answer;
    type Prepared = Prepared;
    const UNANSWERED: &str =
        "the test dropped this lookup of a scripted resolver without an answer";
}
