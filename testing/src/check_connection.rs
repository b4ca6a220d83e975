//! The contract of `Connection`, to be run over any implementation.

use std::io::{ErrorKind, IoSlice, IoSliceMut};

use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, future, io};
use socketry_connection::{Address, Connection};

/// More than the buffers of a socket hold, so that both sides have to wait for each other.
const BULK: usize = 1024 * 1024 + 7;

/// Runs two ends of one connection through the contract of [`Connection`].
///
/// They talk (also in vectored writes and reads), send each other a megabyte at the same time,
/// close one direction after the other, and are asked for their addresses and attributes in
/// between. Nothing may have been said over them before.
///
/// # Panics
///
/// If they break the contract. A wake-up that is lost shows as a test that does not end.
///
/// # Examples
///
/// ```
/// use futures_lite::future::block_on;
/// use socketry_testing::{check_connection, pair};
///
/// let (first, second) = pair();
/// block_on(check_connection(first, second));
/// ```
pub async fn check_connection(mut first: impl Connection, mut second: impl Connection) {
    let before = (addresses(&first), addresses(&second));
    check_vectored(&mut first, &mut second).await;
    check_vectored(&mut second, &mut first).await;
    check_bulk_both_ways(&mut first, &mut second).await;
    check_half_close(&mut first, &mut second).await;
    check_attributes(&mut first);
    let after = (addresses(&first), addresses(&second));
    assert_eq!(before, after, "addresses stay the same for the life of a connection");
}

/// Runs two ends of one connection through the contract of
/// [`AbortHandle`](socketry_connection::AbortHandle): the first is aborted.
///
/// # Panics
///
/// If they break the contract. A wake-up that is lost shows as a test that does not end.
///
/// # Examples
///
/// ```
/// use futures_lite::future::block_on;
/// use socketry_testing::{check_abort, pair};
///
/// let (first, second) = pair();
/// block_on(check_abort(first, second));
/// ```
pub async fn check_abort(mut first: impl Connection, mut second: impl Connection) {
    let handle = first.abort_handle().expect("a connection that can be aborted has a handle");
    let mut byte = [0];
    let abort = async {
        future::yield_now().await; // the read waits by now
        assert!(handle.abort(), "a living connection is there to be aborted");
    };
    let (read, ()) = future::zip(first.read(&mut byte), abort).await;
    assert!(read.is_err(), "a read fails after an abort, it does not end in an orderly way");
    assert!(first.write(b"x").await.is_err(), "a write fails after an abort");
    assert!(handle.clone().abort(), "an abort may be repeated, and a clone is as good");

    match second.read(&mut byte).await {
        Ok(read) => assert_eq!(read, 0, "the peer of an aborted connection reads the end"),
        Err(error) => assert!(
            matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof),
            "the peer of an aborted connection is told that it is broken, or cut off: {error}"
        ),
    }
    drop(first);
    assert!(!handle.abort(), "a handle does not keep its connection alive");
}

async fn check_vectored(from: &mut impl Connection, to: &mut impl Connection) {
    let (heard, ()) = future::zip(hear_vectored(to), say_vectored(from)).await;
    assert_eq!(heard, b"one two", "what was written is read, in order");
}

async fn say_vectored(from: &mut impl Connection) {
    let parts = [IoSlice::new(b"one "), IoSlice::new(b""), IoSlice::new(b"two")];
    let written = from.write_vectored(&parts).await.expect("a vectored write succeeds");
    assert!((1..=7).contains(&written), "a write takes at least one byte and at most all");
    from.write_all(&b"one two"[written..]).await.expect("a write succeeds");
    from.flush().await.expect("a flush succeeds");
}

/// Reads seven bytes.
async fn hear_vectored(to: &mut impl Connection) -> Vec<u8> {
    let mut heard = Vec::new();
    while heard.len() < 7 {
        let (mut head, mut tail) = ([0; 2], [0; 20]);
        let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut tail)];
        let read = to.read_vectored(&mut bufs).await.expect("a vectored read succeeds");
        assert_ne!(read, 0, "a stream does not end before it was closed");
        heard.extend(head.iter().chain(&tail).take(read));
    }
    heard
}

async fn check_bulk_both_ways(first: &mut impl Connection, second: &mut impl Connection) {
    let (first_reads, first_writes) = io::split(first);
    let (second_reads, second_writes) = io::split(second);
    let there = future::zip(send_bulk(first_writes, 1), receive_bulk(second_reads, 1));
    let back = future::zip(send_bulk(second_writes, 2), receive_bulk(first_reads, 2));
    future::zip(there, back).await;
}

async fn send_bulk(mut writes: impl AsyncWrite + Unpin, seed: u8) {
    writes.write_all(&bulk(seed)).await.expect("a long write succeeds");
    writes.flush().await.expect("a flush succeeds");
}

async fn receive_bulk(mut reads: impl AsyncRead + Unpin, seed: u8) {
    let mut heard = vec![0; BULK];
    reads.read_exact(&mut heard).await.expect("all of a long write arrives");
    assert!(heard == bulk(seed), "all of a long write arrives unchanged and in order");
}

/// Bytes whose pattern does not fit into any buffer's size.
fn bulk(seed: u8) -> Vec<u8> {
    (0..BULK).map(|index| (index % 251) as u8 ^ seed).collect()
}

async fn check_half_close(first: &mut impl Connection, second: &mut impl Connection) {
    let heard = say_and_close(first, second, b"last words").await;
    assert_eq!(heard, b"last words", "a close loses nothing that was written before it");
    assert_eq!(second.read(&mut [0]).await.ok(), Some(0), "the end stays the end");

    let error = first.write(b"x").await.expect_err("a write after a close fails");
    assert_eq!(error.kind(), ErrorKind::BrokenPipe, "a write after a close is a broken pipe");

    let heard = say_and_close(second, first, b"answer").await;
    assert_eq!(heard, b"answer", "after a close the other direction goes on");
}

/// Writes and closes on one side; what the other side reads until the end.
async fn say_and_close(
    from: &mut impl Connection,
    to: &mut impl Connection,
    words: &[u8],
) -> Vec<u8> {
    let mut heard = Vec::new();
    let saying = async {
        from.write_all(words).await.expect("a write succeeds");
        from.close().await.expect("a close succeeds");
        from.close().await.expect("closing twice is no error");
    };
    let (read, ()) = future::zip(to.read_to_end(&mut heard), saying).await;
    read.expect("the peer of a closed connection reads the end");
    heard
}

fn check_attributes(connection: &mut impl Connection) {
    #[derive(Debug, PartialEq)]
    struct Fact(u8);

    connection.attributes_mut().insert(Fact(7));
    assert_eq!(connection.attributes().get(), Some(&Fact(7)), "a fact that was put in is found");
}

fn addresses(connection: &impl Connection) -> [Option<Address>; 2] {
    [connection.local_address(), connection.remote_address()]
}
