//! From plain text to TLS on one connection (STARTTLS).

use std::{error::Error, fmt, future::poll_fn, io, pin::Pin, task::Poll};

use futures_lite::io::BufReader;
use socketry_connection::Connection;

/// How much of the plain text is kept for the error.
const KEPT: usize = 64;

/// A connection in plain text that is about to be secured (STARTTLS), and what has been read of it
/// too early.
///
/// Nothing of the plain text may be taken for something that was said under TLS: whoever stands
/// between the two can append to an answer in plain text, and the reader's buffer would hand it out
/// as if the peer had said it in confidence (CVE-2011-0411, CVE-2021-23222 and others of that kind).
/// So plain text that was read and not looked at is an error, and the connection is closed.
///
/// Made of any connection; of a [`BufReader`] around one, whose buffer has to be empty; or of the
/// connection and the rest in whatever other buffer there is ([`with_unread`](Self::with_unread)).
///
/// # Examples
///
/// ```
/// use futures_lite::io::BufReader;
/// use socketry_connection_tls::Plain;
/// use socketry_testing::pair;
///
/// let (connection, _peer) = pair();
/// assert!(Plain::from(BufReader::new(connection)).into_connection().is_ok());
///
/// let (connection, _peer) = pair();
/// let plain = Plain::from(connection).with_unread(b"EHLO attacker.example\r\n");
/// assert!(plain.into_connection().is_err());
/// ```
pub struct Plain<C> {
    connection: C,
    unread: Vec<u8>,
}

impl<C: Connection> Plain<C> {
    /// Nothing has been read too early.
    pub fn new(connection: C) -> Self {
        Self { connection, unread: Vec::new() }
    }

    /// These bytes have been read from the connection, and nobody has looked at them.
    pub fn with_unread(mut self, bytes: &[u8]) -> Self {
        self.unread.extend_from_slice(bytes);
        self
    }

    /// The connection, for a server: what is still to be read from it is the client's first message
    /// of TLS.
    ///
    /// # Errors
    ///
    /// [`UnexpectedPlaintext`], if something has been read too early.
    pub fn into_connection(self) -> io::Result<C> {
        match self.unread.is_empty() {
            true => Ok(self.connection),
            false => Err(UnexpectedPlaintext::new(&self.unread).into()),
        }
    }

    /// The connection, for a client, who has to speak first: a server that has said anything by now
    /// has said it in plain text. Looks once whether it has, and does not wait.
    ///
    /// # Errors
    ///
    /// - [`UnexpectedPlaintext`], if something has been read too early or can be read.
    /// - Of kind [`ConnectionReset`](io::ErrorKind::ConnectionReset), if the server has gone.
    /// - What reading from the connection fails of.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it closes the connection.
    pub async fn into_silent_connection(self) -> io::Result<C> {
        let mut connection = self.into_connection()?;
        let mut bytes = [0; KEPT];
        let read = poll_fn(|cx| {
            Poll::Ready(match Pin::new(&mut connection).poll_read(cx, &mut bytes) {
                Poll::Ready(read) => Some(read),
                Poll::Pending => None,
            })
        });
        match read.await {
            None => Ok(connection),
            Some(Ok(0)) => Err(io::Error::new(
                io::ErrorKind::ConnectionReset,
                "the server closed the connection before TLS could begin",
            )),
            Some(Ok(count)) => Err(UnexpectedPlaintext::new(&bytes[..count]).into()),
            Some(Err(error)) => Err(error),
        }
    }
}

impl<C: Connection> From<C> for Plain<C> {
    fn from(connection: C) -> Self {
        Self::new(connection)
    }
}

/// What is in the buffer has not been looked at.
impl<C: Connection> From<BufReader<C>> for Plain<C> {
    fn from(reader: BufReader<C>) -> Self {
        let unread = reader.buffer().to_vec();
        Self { connection: reader.into_inner(), unread }
    }
}

/// Shows how much has been read too early, and not what: it may be a password.
impl<C: fmt::Debug> fmt::Debug for Plain<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plain")
            .field("connection", &self.connection)
            .field("unread", &self.unread.len())
            .finish()
    }
}

/// The error of a connection that was to be secured, when there was plain text left on it.
///
/// ```text
/// TLS was not started: the peer has sent plain text that was not read before: "250 OK\r\n"; it may
/// come from an attacker on the way: read the whole answer to STARTTLS, and refuse what comes with it
/// ```
///
/// The [`io::Error`] around it is of kind [`InvalidData`](io::ErrorKind::InvalidData).
#[derive(Clone, Debug)]
pub struct UnexpectedPlaintext {
    start: Vec<u8>,
    is_cut: bool,
}

impl UnexpectedPlaintext {
    fn new(bytes: &[u8]) -> Self {
        let start = bytes[..bytes.len().min(KEPT)].to_vec();
        Self { start, is_cut: bytes.len() > KEPT }
    }

    /// The first of the bytes, up to 64.
    pub fn start(&self) -> &[u8] {
        &self.start
    }
}

impl fmt::Display for UnexpectedPlaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.is_cut { "..." } else { "" };
        write!(
            f,
            "TLS was not started: the peer has sent plain text that was not read before: \
             \"{}\"{more}; it may come from an attacker on the way: read the whole answer to \
             STARTTLS, and refuse what comes with it",
            self.start.escape_ascii()
        )
    }
}

impl Error for UnexpectedPlaintext {}

impl From<UnexpectedPlaintext> for io::Error {
    fn from(error: UnexpectedPlaintext) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

#[cfg(test)]
mod tests {
    use futures_lite::{AsyncBufReadExt, AsyncWriteExt, future::block_on};
    use socketry_testing::{MemoryConnection, pair};

    use super::*;

    /// Says something in plain text, of which one line is read.
    fn read_line_of(text: &str) -> (BufReader<MemoryConnection>, MemoryConnection) {
        let (ours, mut theirs) = pair();
        let mut reader = BufReader::new(ours);
        block_on(async {
            theirs.write_all(text.as_bytes()).await.unwrap();
            reader.read_line(&mut String::new()).await.unwrap();
        });
        (reader, theirs)
    }

    fn refused<C>(result: io::Result<C>) -> String {
        let error = result.err().expect("plain text is left");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        let payload = error.get_ref().and_then(|error| error.downcast_ref::<UnexpectedPlaintext>());
        payload.unwrap().start().escape_ascii().to_string()
    }

    #[test]
    fn a_reader_that_has_read_no_more_than_the_answer_is_fine_on_both_sides() {
        let (reader, _peer) = read_line_of("220 go ahead\r\n");
        assert!(Plain::from(reader).into_connection().is_ok());
        let (reader, _peer) = read_line_of("220 go ahead\r\n");
        assert!(block_on(Plain::from(reader).into_silent_connection()).is_ok());
    }

    #[test]
    fn what_came_with_the_answer_is_refused_on_both_sides() {
        let text = "220 go ahead\r\nCAPABILITY evil\r\n";
        let (reader, _peer) = read_line_of(text);
        assert_eq!(refused(Plain::from(reader).into_connection()), r"CAPABILITY evil\r\n");
        let (reader, _peer) = read_line_of(text);
        let silent = block_on(Plain::from(reader).into_silent_connection());
        assert_eq!(refused(silent), r"CAPABILITY evil\r\n");
    }

    #[test]
    fn what_has_arrived_and_was_not_read_is_refused_for_a_client() {
        let (ours, mut theirs) = pair();
        block_on(theirs.write_all(b"* OK\r\n")).unwrap();
        assert_eq!(refused(block_on(Plain::from(ours).into_silent_connection())), r"* OK\r\n");
    }

    #[test]
    fn what_has_arrived_and_was_not_read_is_tls_for_a_server() {
        let (ours, mut theirs) = pair();
        block_on(theirs.write_all(&[22, 3, 1])).unwrap();
        assert!(Plain::from(ours).into_connection().is_ok());
    }

    #[test]
    fn a_server_that_has_gone_is_told_as_that() {
        let (ours, _) = pair();
        let error = block_on(Plain::from(ours).into_silent_connection()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }

    #[test]
    fn what_was_read_too_early_is_not_shown_but_counted() {
        let (ours, _theirs) = pair();
        let debug = format!("{:?}", Plain::from(ours).with_unread(b"PASS secret\r\n"));
        assert!(debug.contains("unread: 13") && !debug.contains("PASS"), "{debug}");
    }

    #[test]
    fn a_long_text_is_cut_in_the_error() {
        let (ours, _theirs) = pair();
        let plain = Plain::from(ours).with_unread(&[b'a'; 65]);
        let text = plain.into_connection().unwrap_err().to_string();
        assert!(text.contains(&format!("\"{}\"...;", "a".repeat(64))), "{text}");
    }
}
