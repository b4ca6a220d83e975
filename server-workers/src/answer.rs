//! What workers answer.

/// What becomes of a connection after an event.
///
/// After [`Event::Closed`](crate::Event::Closed) there is nothing left to answer, and whatever is
/// answered is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// Nothing is written, and the connection goes on.
    Read,
    /// This is written, and the connection goes on.
    Respond(Vec<u8>),
    /// This is written, and the connection is closed.
    RespondClose(Vec<u8>),
    /// The connection is closed.
    Close,
}

impl Answer {
    /// This is written, and the connection goes on.
    pub fn respond(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Respond(bytes.into())
    }

    /// This is written, and the connection is closed.
    pub fn respond_close(bytes: impl Into<Vec<u8>>) -> Self {
        Self::RespondClose(bytes.into())
    }
}

/// All answers to one event as one: what is written, and whether the connection goes on.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reply {
    bytes: Vec<u8>,
    goes_on: bool,
    is_closing: bool,
    dropped: u32,
}

impl Reply {
    /// Adds an answer; what comes after one that closes is dropped and counted.
    pub fn add(&mut self, answer: Answer) {
        if self.is_closing {
            self.dropped += 1;
            return;
        }
        let (bytes, is_closing) = match answer {
            Answer::Read => (Vec::new(), false),
            Answer::Respond(bytes) => (bytes, false),
            Answer::RespondClose(bytes) => (bytes, true),
            Answer::Close => (Vec::new(), true),
        };
        match self.bytes.is_empty() {
            true => self.bytes = bytes,
            false => self.bytes.extend_from_slice(&bytes),
        }
        self.is_closing = is_closing;
        self.goes_on = !is_closing;
    }

    /// What is to be written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the connection goes on: something was answered, and nothing closes.
    pub fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// How many answers came after one that closes.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }
}

impl From<Option<Answer>> for Reply {
    fn from(answer: Option<Answer>) -> Self {
        let mut reply = Self::default();
        if let Some(answer) = answer {
            reply.add(answer);
        }
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply<const N: usize>(answers: [Answer; N]) -> Reply {
        let mut reply = Reply::default();
        for answer in answers {
            reply.add(answer);
        }
        reply
    }

    #[test]
    fn no_answer_closes_the_connection() {
        assert!(!Reply::from(None).goes_on());
    }

    #[test]
    fn several_answers_are_written_in_their_order() {
        let said = reply([Answer::Read, Answer::respond("220 "), Answer::respond("hello")]);
        assert_eq!((said.bytes(), said.goes_on()), (&b"220 hello"[..], true));
    }

    #[test]
    fn what_follows_an_answer_that_closes_is_dropped_and_counted() {
        let said = reply([Answer::respond_close("bye"), Answer::respond("more"), Answer::Read]);
        assert_eq!((said.bytes(), said.goes_on(), said.dropped()), (&b"bye"[..], false, 2));
    }
}
