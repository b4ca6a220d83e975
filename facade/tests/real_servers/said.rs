//! What an example says, line by line.

use smol::channel::{Receiver, unbounded};

/// The lines of an example that the test has not heard yet.
pub(crate) struct Said(Receiver<String>);

/// What an example says its lines with, and the test's side of it.
pub(crate) fn hearing() -> (impl Fn(String) + Clone + Send + Sync + 'static, Said) {
    let (sender, receiver) = unbounded();
    let say = move |line| {
        let _ = sender.try_send(line); // the test may have heard enough
    };
    (say, Said(receiver))
}

impl Said {
    /// The next line but for those of attempts that have failed, of which there are as many as it takes.
    pub(crate) async fn next(&self) -> String {
        loop {
            let line = self.0.recv().await.expect("the example still runs");
            if !line.starts_with("connection to ") {
                return line;
            }
        }
    }
}
