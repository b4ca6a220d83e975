//! A program that runs.

use std::{fmt, future::poll_fn, net::SocketAddr, process::ExitStatus, thread};

use crate::{
    Program,
    peers::{process::Process, program::Listens},
};

/// A program that runs, until it ends or the value is dropped: then it and all it has started are
/// killed, and waited for.
///
/// What it says is read by threads of its own, so that it never waits for the test; so is what it
/// is told written. A program that is still there after two minutes, or says more than 64 MiB, is
/// killed, and whatever waits for it fails: that is for tests that would hang, and no measure.
pub struct RunningProgram {
    program: Program,
    process: Process,
    address: Option<SocketAddr>,
}

impl RunningProgram {
    pub(super) fn new(mut program: Program) -> Self {
        let process = Process::new(program.spawn());
        Self { program, process, address: None }
    }

    /// Writes to its standard input, sooner or later; nothing after [`end_input`](Self::end_input).
    pub fn say(&self, words: impl Into<Vec<u8>>) {
        self.process.tell(words.into());
    }

    /// Ends its standard input after all that was written to it.
    pub fn end_input(&mut self) {
        self.process.end_input();
    }

    /// Waits for the next line with `text` in it, on standard output or else standard error, and
    /// returns it without the line feed. The lines before it, on the same of the two, are skipped.
    ///
    /// # Panics
    ///
    /// If the program ends without saying it; the message has all that it has said.
    pub async fn says(&self, text: &str) -> String {
        let line = poll_fn(|cx| self.process.said.poll_line(text, cx)).await;
        line.unwrap_or_else(|why| self.fail(why, &format!("and has not said {text:?}")))
    }

    /// Waits for the next `count` bytes of its standard output, be they lines or not.
    ///
    /// # Panics
    ///
    /// If the program ends without saying so much.
    pub async fn says_bytes(&self, count: usize) -> Vec<u8> {
        let bytes = poll_fn(|cx| self.process.said.poll_bytes(count, cx)).await;
        bytes.unwrap_or_else(|why| self.fail(why, &format!("and has not said {count} bytes more")))
    }

    /// Waits until it has ended and all that it has said is heard.
    ///
    /// # Panics
    ///
    /// If it has to be killed because it does not.
    pub async fn ended(&self) -> ExitStatus {
        let status = poll_fn(|cx| self.process.said.poll_exit(cx)).await;
        status.unwrap_or_else(|why| self.fail(why, "and was killed"))
    }

    /// Waits until it listens, if it is a server, and returns where.
    ///
    /// # Panics
    ///
    /// If it is no server that is [known](crate::Program), or ends before.
    pub async fn address(&mut self) -> SocketAddr {
        if let Some(address) = self.address {
            return address;
        }
        let address = match &self.program.listens {
            Some(Listens::WhereItSays(before)) => {
                let line = self.says(before).await;
                let address = line.split_once(before).map(|(_, address)| address.parse());
                address.and_then(Result::ok).unwrap_or_else(|| self.fail("says no address", &line))
            }
            Some(Listens::On(port, ready)) => {
                self.says(ready).await;
                port.address()
            }
            None => self.fail("is no server", "that is known"),
        };
        *self.address.insert(address)
    }

    /// All that it has said so far, on standard output first.
    pub fn said(&self) -> String {
        self.process.said.everything()
    }

    /// Kills it as `kill -9` does: it cannot say anything any more, nor close a connection.
    ///
    /// It is gone once it has [ended](Self::ended). The port of a server is kept for it nevertheless:
    /// who connects is refused, and nobody else is given it.
    pub fn kill(&self) {
        self.process.kill();
    }

    /// Starts it again as it was started, after it was killed if it still runs.
    ///
    /// A server has the same port, and a directory of its own is as it was left; but `openssl s_server`
    /// finds a port anew. In either case [`address`](Self::address) waits until it listens again. What
    /// it has said before is forgotten.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::block_on;
    /// use socketry_testing::Program;
    ///
    /// let mut cat = Program::new("cat", "coreutils").start();
    /// cat.end_input();
    /// assert!(block_on(cat.ended()).success());
    ///
    /// cat.restart();
    /// cat.say("hello again\n");
    /// assert_eq!(block_on(cat.says("hello")), "hello again");
    /// ```
    pub fn restart(&mut self) {
        self.process.end(); // it has to be gone before it can listen where it did
        self.process = Process::new(self.program.spawn());
        self.address = None;
    }

    fn fail(&self, why: &str, more: &str) -> ! {
        panic!("{} {why} {more}; it has said:\n{}", self.program.name, self.said())
    }
}

impl Drop for RunningProgram {
    fn drop(&mut self) {
        self.process.end();
        if thread::panicking() {
            eprintln!("{} has said:\n{}", self.program.name, self.said());
        }
    }
}

impl fmt::Debug for RunningProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, group) = (self.program.name, self.process.group);
        f.debug_struct("RunningProgram").field("name", &name).field("group", &group).finish()
    }
}
