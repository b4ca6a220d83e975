//! One session as its user has it: what is said in it, and what it looks like when it breaks.

use std::{io, sync::Arc, time::Duration};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use smol::Timer;
use socketry::{
    Session,
    reconnecting::{LossCause, SessionLost},
};

use super::{
    frame::{FIRST, Frame, HEAD, Kind},
    stage::{PATIENCE, within},
    tally::{Tally, word},
};
use crate::random::Random;

/// How long an answer may take.
const LATE: Duration = Duration::from_millis(150);

/// Longer than what a socket takes at once.
const LARGE: u16 = 60_000;

/// A conversation.
pub(super) struct Talk {
    pub(super) session: Session,
    pub(super) asker: u32,
    /// What the server has called the connection.
    pub(super) nonce: u64,
    /// The number of the next question.
    pub(super) next: u64,
    pub(super) random: Arc<Random>,
    pub(super) tally: Arc<Tally>,
}

/// What comes after a word.
enum Then {
    GoesOn,
    /// Its user has ended it.
    Ends,
}

impl Talk {
    /// Until it is over; how that came, in one word.
    pub(super) async fn run(mut self) -> &'static str {
        if self.nonce == 0
            && let Err(error) = self.introduce().await
        {
            return self.break_off(error).await;
        }
        loop {
            match self.act().await {
                Ok(Then::GoesOn) => {}
                Ok(Then::Ends) => return word(&LossCause::ClosedByUser),
                Err(error) => return self.break_off(error).await,
            }
        }
    }

    /// What the prologue does for others.
    async fn introduce(&mut self) -> io::Result<()> {
        let greeting = within(LATE, self.wait_and_read()).await;
        let greeting = self.in_time(greeting).await?;
        if greeting.kind != Kind::Greeting {
            self.tally.wrong(&self.tally.strange, || format!("greeted with {greeting:?}"));
        }
        self.nonce = greeting.nonce;
        self.ask(1, FIRST).await
    }

    async fn wait_and_read(&mut self) -> io::Result<Frame> {
        self.session.idle().await?; // with a heartbeat, if the server is slow
        Frame::read(&mut self.session).await
    }

    async fn act(&mut self) -> io::Result<Then> {
        let size = self.random.below(600) as u16;
        match self.random.below(100) {
            0..50 => self.ask(1, size).await?,
            50..65 => self.ask(3, size).await?,
            65..70 => self.ask(1, LARGE).await?,
            70..90 => self.idle().await?,
            // Nobody polls it meanwhile.
            90..94 => {
                let time = self.random.below(100).into();
                Timer::after(Duration::from_millis(time)).await;
            }
            94 => return Ok(Then::Ends),
            95 => return self.stop_half_way().await,
            96 => return self.close().await,
            97 => {
                // Something may have been read ahead by then.
                let _ = within(Duration::from_millis(5), self.session.idle()).await;
                return self.in_time(None).await;
            }
            _ => future::yield_now().await,
        }
        Ok(Then::GoesOn)
    }

    /// Asks so many questions, and hears the answers.
    async fn ask(&mut self, count: u64, size: u16) -> io::Result<()> {
        let asked = within(LATE, self.ask_all(count, size)).await;
        self.in_time(asked).await
    }

    async fn ask_all(&mut self, count: u64, size: u16) -> io::Result<()> {
        let first = self.next;
        self.next += count;
        for counter in first..self.next {
            let question = self.question(counter, size).to_bytes();
            let (head, tail) = question.split_at(self.random.below(HEAD as u32) as usize);
            self.session.write_all(head).await?;
            self.session.write_all(tail).await?;
        }
        self.session.flush().await?;
        for counter in first..self.next {
            let expected = Frame { kind: Kind::Answer, ..self.question(counter, size) };
            let answer = self.hear().await?;
            if answer != expected {
                self.tally.wrong(&self.tally.strange, || format!("{answer:?}, not {expected:?}"));
            }
            self.tally.answered.add();
        }
        Ok(())
    }

    fn question(&self, counter: u64, size: u16) -> Frame {
        let (asker, nonce, generation) = (self.asker, self.nonce, self.session.generation());
        Frame { kind: Kind::Question, asker, generation, counter, nonce, size }
    }

    /// The next message that is no answer to a heartbeat.
    async fn hear(&mut self) -> io::Result<Frame> {
        loop {
            let frame = match self.random.below(2) {
                0 => self.wait_and_read().await?,
                _ => Frame::read(&mut self.session).await?,
            };
            if frame.nonce != self.nonce {
                self.tally.wrong(&self.tally.strange, || format!("{frame:?} in {}", self.nonce));
            }
            if frame.kind != Kind::Pulse {
                return Ok(frame);
            }
        }
    }

    /// Says nothing for a while, but for a heartbeat.
    async fn idle(&mut self) -> io::Result<()> {
        let time = Duration::from_millis(self.random.below(60).into());
        match within(time, self.session.idle()).await {
            Some(Ok(())) => {
                let pulse = within(LATE, Frame::read(&mut self.session)).await;
                let pulse = self.in_time(pulse).await?;
                if pulse != Frame::bare(Kind::Pulse, self.nonce) {
                    self.tally.wrong(&self.tally.strange, || format!("{pulse:?} while idle"));
                }
                Ok(())
            }
            Some(Err(error)) => Err(error),
            None => Ok(()),
        }
    }

    /// Drops it in the middle of a question.
    async fn stop_half_way(&mut self) -> io::Result<Then> {
        let question = self.question(self.next, 500).to_bytes();
        self.session.write_all(&question[..1 + self.random.below(500) as usize]).await?;
        self.session.flush().await?;
        Ok(Then::Ends)
    }

    /// Closes it, and reads to the end, which is one in order then.
    async fn close(&mut self) -> io::Result<Then> {
        self.session.close().await?;
        // Whether the end comes, and how, is the business of the proxy now.
        let _ = within(LATE, self.session.read_to_end(&mut Vec::new())).await;
        Ok(Then::Ends)
    }

    /// Gives the session up if something has taken too long: the peer may have fallen silent.
    async fn in_time<R>(&mut self, result: Option<io::Result<R>>) -> io::Result<R> {
        if let Some(result) = result {
            return result;
        }
        self.session.give_up(io::ErrorKind::TimedOut.into());
        match self.session.read(&mut [0]).await {
            Err(error) => Err(error),
            Ok(_) => {
                self.tally.wrong(&self.tally.after, || "read after it was given up".into());
                Err(io::ErrorKind::Other.into())
            }
        }
    }

    /// It is lost, as this error says; looks whether it stays so.
    async fn break_off(mut self, error: io::Error) -> &'static str {
        let tally = self.tally.clone();
        let generation = self.session.generation();
        let lost = SessionLost::of(&error).filter(|lost| lost.generation() == generation).cloned();
        let Some(lost) = lost else {
            let count = match error.kind() {
                io::ErrorKind::UnexpectedEof => &tally.orderly,
                io::ErrorKind::InvalidData => &tally.strange,
                _ => &tally.mistold,
            };
            tally.wrong(count, || format!("session {generation} broke with {error:?}"));
            return "no word of it";
        };
        let is_disconnect = matches!(lost.cause(), LossCause::Disconnected);
        if is_disconnect && self.random.below(2) == 0 {
            self.read_on().await;
        } else if !is_disconnect {
            let read = self.session.read(&mut [0]).await.map(|_| ());
            let wrote = self.session.write(b"more").await.map(|_| ());
            let idled = self.session.idle().await;
            for (what, result) in [("read", read), ("written", wrote), ("idle", idled)] {
                let repeated = result.as_ref().err().and_then(SessionLost::of);
                if repeated.is_none_or(|again| again.generation() != generation) {
                    tally.wrong(&tally.after, || format!("{what} after {error}: {result:?}"));
                }
            }
        }
        word(lost.cause())
    }

    /// After a disconnect: what the peer says is read until it has finished, or time is up.
    async fn read_on(&mut self) {
        let mut buffer = [0; 4096];
        let reading = async {
            loop {
                match self.session.read(&mut buffer).await {
                    Ok(0) => return Err("an end in order".to_string()),
                    Ok(_) => {}
                    Err(error) => match SessionLost::of(&error) {
                        Some(_) => return Ok(()),
                        None => return Err(error.to_string()),
                    },
                }
            }
        };
        let result = within(PATIENCE, reading).await.unwrap_or(Err("nothing".to_string()));
        if let Err(what) = result {
            let what = || format!("after a disconnect it has read {what}");
            self.tally.wrong(&self.tally.orderly, what);
        }
    }
}
