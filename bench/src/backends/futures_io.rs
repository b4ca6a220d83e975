//! Streams with the traits of futures-io.

use std::io;

use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::backend::Stream;

/// Any of them.
pub(crate) struct FuturesIo<S>(pub(crate) S);

/// Can be made to reset its connection when it is dropped.
pub(crate) trait Resets {
    fn reset_when_dropped(&self) -> io::Result<()>;
}

impl<S> Stream for FuturesIo<S>
where
    S: AsyncRead + AsyncWrite + Resets + Unpin + Send + 'static,
{
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).await
    }

    async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await
    }

    fn reset_when_dropped(&self) -> io::Result<()> {
        self.0.reset_when_dropped()
    }
}
