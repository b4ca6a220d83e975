//! What worker processes say about an event.

use crate::{
    Answer, Event, Notice, Notices, Reply,
    goridge::{CONTROL, Frame},
    process::{
        failed::{Failed, refused},
        handshake::{self, Greeting, asks_to_stop},
        text::one_line,
    },
};

const STREAM: &str = "streaming is not supported: the worker has to answer in one piece";

const CONTROL_FRAME: &str = "the worker has sent a control frame that is not understood";

/// What a frame means behind an event.
pub(crate) enum Meaning<'a> {
    Answer(Answer),
    Error(&'a [u8]),
    Ready,
    Stop,
}

/// What has been answered to an event so far.
pub(crate) struct Gathered {
    reply: Reply,
    pub(crate) has_answers: bool,
    error: Option<String>,
    size: usize,
    limit: usize,
}

impl Gathered {
    pub(crate) fn new(limit: usize) -> Self {
        Self { reply: Reply::default(), has_answers: false, error: None, size: 0, limit }
    }

    pub(crate) fn add(&mut self, answer: Answer, length: usize) -> Result<(), Failed> {
        self.count(length)?;
        self.has_answers = true;
        self.reply.add(answer);
        Ok(())
    }

    pub(crate) fn add_error(&mut self, text: &[u8]) -> Result<(), Failed> {
        self.count(text.len())?;
        self.error.get_or_insert_with(|| one_line(text));
        Ok(())
    }

    /// All that is said about one event has the limit of one answer: a worker may do nothing else.
    fn count(&mut self, length: usize) -> Result<(), Failed> {
        const HEADER: usize = 16;
        if self.size > self.limit {
            let limit = self.limit;
            let reason = format!("the answers to one event are longer than {limit} bytes together");
            return Err(Failed::Broken(reason));
        }
        self.size += length + HEADER;
        Ok(())
    }

    /// An error alone is an error. One beside answers ends the connection after them, and is told:
    /// workers say something friendly to the client first, and then what went wrong to us.
    pub(crate) fn into_reply(
        mut self,
        event: Event<'_>,
        notices: &Notices,
    ) -> Result<Reply, Failed> {
        let peer = event.peer();
        let Some(error) = self.error else {
            if !self.has_answers && !matches!(event, Event::Closed(_)) {
                notices.tell(&Notice::NotAnswered { peer });
            }
            return Ok(self.reply);
        };
        if !self.has_answers {
            return Err(refused(error.as_bytes()));
        }
        if self.reply.goes_on() {
            self.reply.add(Answer::Close);
        }
        let what = format!("the worker failed after it had answered: {error}");
        notices.tell(&Notice::Dropped { peer, what: &what });
        Ok(self.reply)
    }
}

/// What a frame means, if it means anything.
pub(crate) fn meaning<'a>(frame: Frame<'a>, greeting: &Greeting) -> Result<Meaning<'a>, Failed> {
    if frame.is_error() {
        return Ok(Meaning::Error(frame.payload()));
    }
    if frame.is_stream() {
        return Err(Failed::Broken(STREAM.into()));
    }
    if frame.is(CONTROL) {
        let is_same = frame.payload() == greeting.answer;
        return match if is_same { Some(greeting.pid) } else { handshake::pid(frame) } {
            Some(pid) if pid == greeting.pid => Ok(Meaning::Ready),
            Some(pid) => Err(Failed::Broken(another(greeting.pid, pid))),
            None => Err(Failed::Broken(CONTROL_FRAME.into())),
        };
    }
    let (context, body) = frame.context_and_body()?;
    Ok(match context {
        b"CONTINUE" => Meaning::Answer(Answer::Read),
        b"WRITE" => Meaning::Answer(Answer::respond(body)),
        b"WRITECLOSE" => Meaning::Answer(Answer::respond_close(body)),
        [b'{', ..] if asks_to_stop(context) => Meaning::Stop,
        _ => Meaning::Answer(Answer::Close),
    })
}

/// What is said of a worker whose child has gone on with its pipes: either may answer to either's events.
fn another(first: u32, now: u32) -> String {
    format!(
        "the worker has said {now} for its pid, which was {first} before: two processes read events; \
         let only one of them go on after a fork"
    )
}
