//! The half of a worker process that is asked.

use std::{future::pending, io, sync::Arc};

use futures_lite::future::or;
use socketry_connection::{Clock, Sleep};

use crate::{
    AnswerMode, AskFailed, Event, Notices, Reply, goridge,
    process::{
        context::write_context,
        failed::{Failed, NOT_ASKED, SPOKE, broken, gone, refused},
        handshake::{Greeting, write_question, write_stop},
        link::{Link, LinkFailed},
        said::{Gathered, Meaning, meaning},
        settings::Settings,
        text::{cut_off, saying},
    },
};

/// A process that can be asked, as [`Processes`](crate::Processes) hires it.
#[derive(Debug)]
pub struct ProcessWorker {
    link: Link,
    greeting: Greeting,
    question: Vec<u8>,
    notices: Notices,
    /// Why it answers no more, after an answer that counts.
    leaves: Option<Failed>,
}

impl ProcessWorker {
    pub(crate) fn new(link: Link, greeting: Greeting, notices: Notices) -> Self {
        let mut question = Vec::new();
        write_question(&mut question);
        Self { link, greeting, question, notices, leaves: None }
    }

    pub(crate) async fn ask(
        &mut self,
        event: Event<'_>,
        settings: &Settings,
    ) -> Result<Reply, AskFailed> {
        let silence = self.expect_silence();
        let mut is_asked = silence.is_ok();
        let replied = match (silence, settings.answers) {
            (Err(failed), _) => Err(failed),
            (Ok(()), AnswerMode::Barrier) => self.ask_with_barrier(event, settings).await,
            (Ok(()), AnswerMode::Strict) => self.ask_strictly(event, settings).await,
        };
        let error = match replied {
            Ok(reply) => {
                self.link.shrink();
                return Ok(reply);
            }
            Err(Failed::Refused(error)) => {
                self.link.shrink();
                return Err(AskFailed::Refused(error));
            }
            Err(Failed::ReplaceMe) => return Err(AskFailed::ReplaceMe),
            Err(Failed::Broken(reason)) => broken(reason),
            Err(Failed::Gone) => gone(),
            Err(Failed::Link(LinkFailed::Ended | LinkFailed::Io(_)))
                if self.link.is_untouched() =>
            {
                is_asked = false;
                gone()
            }
            Err(Failed::Link(failed)) => self.explain(failed, settings.clock.as_ref()).await,
        };
        Err(if is_asked { AskFailed::Broken(error) } else { AskFailed::NotAsked(error) })
    }

    /// Tells the worker to end, and reads whatever it says; never ready.
    pub(crate) async fn stop(&mut self) {
        self.link.send(0, |to| {
            write_stop(to);
            true
        });
        self.link.drain().await;
        pending::<()>().await;
    }

    /// Whether it can be told to end: one that was given a part of an event only would not understand.
    pub(crate) fn can_be_stopped(&self) -> bool {
        self.link.is_written() && !self.link.has_ended()
    }

    /// Whatever it has said since the last event would be taken for an answer to the next one, which may be
    /// somebody else's. So it is not asked, and that event is another's.
    fn expect_silence(&mut self) -> Result<(), Failed> {
        if let Some(failed) = self.leaves.take() {
            return Err(failed);
        }
        match self.link.is_speaking() {
            Ok(true) => Err(self.spoke()),
            Ok(false) if self.link.has_ended() => Err(Failed::Gone),
            Ok(false) => Ok(()),
            Err(_) => Err(Failed::Gone), // it can be read no more
        }
    }

    async fn ask_with_barrier(
        &mut self,
        event: Event<'_>,
        settings: &Settings,
    ) -> Result<Reply, Failed> {
        self.send(event, settings, true)?;
        let mut gathered = Gathered::new(settings.max_answer_size);
        loop {
            match self.link.frame().await {
                Ok(()) => {}
                // It has answered, and ends: what it said counts, and the next event is another's.
                Err(LinkFailed::Ended | LinkFailed::Io(_))
                    if gathered.has_answers && !self.link.has_rest() =>
                {
                    self.leaves = Some(Failed::Gone);
                    break;
                }
                Err(error) => return Err(error.into()),
            }
            let Some(frame) = self.link.take()? else { continue };
            let length = frame.payload().len();
            match meaning(frame, &self.greeting)? {
                Meaning::Answer(answer) => gathered.add(answer, length)?,
                Meaning::Error(text) => gathered.add_error(text)?,
                Meaning::Stop if gathered.has_answers => {
                    self.leaves = Some(Failed::ReplaceMe);
                    break;
                }
                Meaning::Stop => return Err(Failed::ReplaceMe),
                Meaning::Ready => {
                    self.finish_event().await?;
                    break;
                }
            }
        }
        gathered.into_reply(event, &self.notices)
    }

    async fn ask_strictly(
        &mut self,
        event: Event<'_>,
        settings: &Settings,
    ) -> Result<Reply, Failed> {
        self.send(event, settings, false)?;
        if !matches!(event, Event::Closed(_)) || settings.closed_timeout.is_zero() {
            return self.one_answer().await;
        }
        let timeout = Sleep::after(settings.clock.as_ref(), settings.closed_timeout);
        let too_late = async {
            timeout.await;
            let waited = settings.closed_timeout;
            Err(Failed::Broken(format!("the worker has not answered to CLOSE within {waited:?}")))
        };
        or(self.one_answer(), too_late).await
    }

    /// The answer to the event that was sent, and nothing else.
    async fn one_answer(&mut self) -> Result<Reply, Failed> {
        let reply = loop {
            self.link.frame().await?;
            let Some(frame) = self.link.take()? else { continue };
            break match meaning(frame, &self.greeting)? {
                Meaning::Answer(answer) => Ok(Some(answer).into()),
                Meaning::Error(text) => Err(refused(text)),
                Meaning::Stop => return Err(Failed::ReplaceMe),
                Meaning::Ready => return Err(Failed::Broken(NOT_ASKED.into())),
            };
        };
        self.finish_event().await?;
        reply
    }

    /// All is written by now, or will be; and nothing more may have been said.
    async fn finish_event(&mut self) -> Result<(), Failed> {
        self.link.flush().await?;
        match self.link.has_rest() {
            true => Err(self.spoke()),
            false => Ok(()),
        }
    }

    /// It has said something that belongs to no event: an answer, or text.
    fn spoke(&mut self) -> Failed {
        match self.link.take() {
            Ok(_) => Failed::Broken(SPOKE.into()),
            Err(error) => error.into(),
        }
    }

    /// Puts the event up for being written, and the question behind it.
    fn send(&mut self, event: Event<'_>, settings: &Settings, asks: bool) -> Result<(), Failed> {
        let question: &[u8] = if asks { &self.question } else { &[] };
        let is_sent = self.link.send(question.len(), |to| {
            let context = |to: &mut Vec<u8>| write_context(to, event, settings.remote_addr);
            let fits = goridge::event(to, context, event.message());
            if fits {
                to.extend_from_slice(question);
            }
            fits
        });
        let length = event.message().len();
        is_sent.then_some(()).ok_or_else(|| {
            let reason = format!("a message of {length} bytes is too long for worker processes");
            Failed::Refused(io::Error::new(io::ErrorKind::InvalidInput, reason))
        })
    }

    /// Why the worker can be asked no more, with whatever it said instead.
    async fn explain(&mut self, failed: LinkFailed, clock: Option<&Arc<dyn Clock>>) -> io::Error {
        let text = match failed {
            LinkFailed::Frame(error) if !error.is_text() => "".into(),
            LinkFailed::Frame(_) => saying(self.link.text(clock).await),
            // What has come so far may have become a frame.
            _ => cut_off(self.link.text(clock).await),
        };
        match failed {
            LinkFailed::Ended => io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("the worker process ended during an event{text}: it has closed its pipe"),
            ),
            LinkFailed::Io(error) => io::Error::new(
                error.kind(),
                format!("the worker process ended during an event{text}: {error}"),
            ),
            LinkFailed::Frame(error) if error.is_text() => broken(format!(
                "the worker has written something else than answers to its standard output{text}: \
                 {error}; standard output belongs to the protocol, so write logs to standard error"
            )),
            LinkFailed::Frame(error) => {
                broken(format!("the worker has broken the protocol: {error}"))
            }
        }
    }
}
