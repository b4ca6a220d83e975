//! A loop over the same pipes with nothing around it: what a worker process can do at most.

use std::{
    io::{self, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use super::{
    echo::command,
    processor::{CORE, WORKERS},
};

/// A worker process and its pipes.
pub(super) struct Bare {
    child: Child,
    to: ChildStdin,
    from: ChildStdout,
    event: Vec<u8>,
    answer: Vec<u8>,
}

impl Bare {
    /// Starts a worker that will be asked about this message.
    pub(super) fn start(message: &[u8]) -> io::Result<Self> {
        let [program, arguments @ ..] = command()?;
        let mut command = Command::new(program);
        command.args(arguments).env(CORE, WORKERS.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let context = concat!(
            r#"{"remote_addr":"127.0.0.1:40000","server":"bench","#,
            r#""uuid":"8a6f5b7e-53b5-4f0f-9c0e-3f3a1f9ef6aa","event":"DATA"}"#
        );
        let event = frame(0, Some(context.as_bytes()), message);
        let answer = vec![0; frame(0, Some(b"WRITE"), message).len()];
        let mut bare = Self { child, to, from, event, answer };
        bare.to.write_all(&frame(0x09, None, br#"{"pid":1}"#))?;
        let greeting = frame(0x09, None, format!(r#"{{"pid":{}}}"#, bare.child.id()).as_bytes());
        bare.from.read_exact(&mut vec![0; greeting.len()])?;
        Ok(bare)
    }

    /// So many round trips, one after the other.
    pub(super) fn round_trips(&mut self, count: u32) -> io::Result<()> {
        for _ in 0..count {
            self.to.write_all(&self.event)?;
            self.from.read_exact(&mut self.answer)?;
        }
        Ok(())
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A goridge frame, with an option if it has a context.
fn frame(flags: u8, context: Option<&[u8]>, body: &[u8]) -> Vec<u8> {
    let length = context.map_or(0, <[u8]>::len);
    let words = if context.is_some() { 4 } else { 3 };
    let mut frame = vec![0x10 | words, flags];
    frame.extend(((length + body.len()) as u32).to_le_bytes());
    frame.extend(crc32(&frame).to_le_bytes());
    frame.extend([0, 0]);
    if let Some(context) = context {
        frame.extend((length as u32).to_le_bytes());
        frame.extend(context);
    }
    frame.extend(body);
    frame
}

/// The checksum of Ethernet, a bit at a time.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), bit))
}
