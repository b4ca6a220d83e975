//! Frames as a worker reads and writes them, also broken ones.

use std::{
    env,
    fs::File,
    io::{self, Read, Write},
    net::TcpStream,
    os::{fd::AsFd, unix::net::UnixStream},
    process::exit,
};

/// How much PHP reads at once.
const CHUNK: usize = 8192;

/// The two ways to the server.
pub(crate) struct Frames {
    from: File,
    to: File,
    begun: Vec<u8>,
}

/// What the server sends.
pub(crate) struct Frame {
    pub(crate) is_control: bool,
    pub(crate) context: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

impl Frames {
    /// Over what `RR_RELAY` names.
    pub(crate) fn open() -> io::Result<Self> {
        let relay = env::var("RR_RELAY").unwrap_or_default();
        let (from, to) = match relay.split_once("://") {
            Some(("tcp", address)) => both(TcpStream::connect(address)?)?,
            Some(("unix", path)) => both(UnixStream::connect(path)?)?,
            _ => (again(io::stdin())?, again(io::stdout())?),
        };
        Ok(Self { from, to, begun: Vec::new() })
    }

    /// Waits for the next frame; whether there is more of it than one reads at once.
    pub(crate) fn begins(&mut self) -> io::Result<bool> {
        if self.begun.len() < 12 {
            self.fill()?;
        }
        if self.begun.len() < 12 {
            return Ok(false);
        }
        let (words, _, length) = self.head();
        Ok(self.begun.len() < words * 4 + length && length > CHUNK)
    }

    /// How many words the next header has, its flags, and how long its payload is.
    fn head(&self) -> (usize, u8, usize) {
        (usize::from(self.begun[0] & 15), self.begun[1], self.word(2))
    }

    /// The next frame, which has begun; `None` if the server has closed.
    pub(crate) fn read(&mut self) -> io::Result<Option<Frame>> {
        if self.begun.is_empty() {
            return Ok(None);
        }
        if self.begun.len() < 12 {
            eprintln!("Incorrect header size: {}", self.begun.len());
            exit(100);
        }
        let (words, flags, length) = self.head();
        while self.begun.len() < words * 4 + length {
            self.fill()?;
        }
        let context = if words == 4 { self.word(12) } else { length };
        let frame: Vec<u8> = self.begun.drain(..words * 4 + length).collect();
        let (context, body) = frame[words * 4..].split_at(context);
        let is_control = flags & 1 != 0;
        Ok(Some(Frame { is_control, context: context.to_vec(), body: body.to_vec() }))
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut chunk = [0; CHUNK];
        let count = self.from.read(&mut chunk)?;
        self.begun.extend_from_slice(&chunk[..count]);
        Ok(count)
    }

    fn word(&self, at: usize) -> usize {
        let bytes = [0, 1, 2, 3].map(|index| self.begun[at + index]);
        u32::from_le_bytes(bytes) as usize
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes)
    }

    pub(crate) fn answer(&mut self, context: &str, body: &[u8]) -> io::Result<()> {
        self.raw(&answer(context, body))
    }
}

/// An answer as bytes.
pub(crate) fn answer(context: &str, body: &[u8]) -> Vec<u8> {
    let payload = [context.as_bytes(), body].concat();
    frame(0, 0, &[context.len() as u32], &payload)
}

/// Any frame as bytes.
pub(crate) fn frame(flags: u8, stream: u8, options: &[u32], payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x13 + options.len() as u8, flags];
    frame.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    frame.extend_from_slice(&crc32fast::hash(&frame).to_le_bytes());
    frame.extend_from_slice(&[stream, 0]);
    options.iter().for_each(|option| frame.extend_from_slice(&option.to_le_bytes()));
    frame.extend_from_slice(payload);
    frame
}

/// The descriptor once more, without the buffer of its owner.
fn again(of: impl AsFd) -> io::Result<File> {
    Ok(File::from(of.as_fd().try_clone_to_owned()?))
}

fn both(socket: impl AsFd) -> io::Result<(File, File)> {
    Ok((again(&socket)?, again(&socket)?))
}
