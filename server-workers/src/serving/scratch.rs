//! Where bytes are read to, so that no connection that waits has a buffer of its own.

use std::cell::Cell;

const SIZE: usize = 64 * 1024;

/// A thread keeps so many buffers for the next messages.
const SPARES: usize = 32;

/// A buffer that is kept has at most so many bytes.
pub(super) const SPARE_SIZE: usize = 4096;

thread_local! {
    static SCRATCH: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
    static SPARE: Cell<Vec<Vec<u8>>> = const { Cell::new(Vec::new()) };
}

/// Calls `read` with a buffer of this thread.
///
/// Should `read` come to this again, it has another buffer.
pub(super) fn with_scratch<T>(read: impl FnOnce(&mut [u8]) -> T) -> T {
    let mut buffer = SCRATCH.take().unwrap_or_else(|| vec![0; SIZE].into_boxed_slice());
    let result = read(&mut buffer);
    SCRATCH.set(Some(buffer));
    result
}

/// An empty buffer for a message; one that was given back, if there is any.
pub(super) fn spare() -> Vec<u8> {
    let mut spares = SPARE.take();
    let buffer = spares.pop().unwrap_or_default();
    SPARE.set(spares);
    buffer
}

/// Gives a buffer back that holds no message any more.
pub(super) fn give_back(mut buffer: Vec<u8>) {
    let mut spares = SPARE.take();
    if (1..=SPARE_SIZE).contains(&buffer.capacity()) && spares.len() < SPARES {
        buffer.clear();
        spares.push(buffer);
    }
    SPARE.set(spares);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_within_a_read_has_a_buffer_of_its_own() {
        let inner = with_scratch(|outer| {
            outer[0] = 1;
            with_scratch(|inner| {
                inner[0] = 2;
                inner.len()
            });
            outer[0]
        });
        assert_eq!(inner, 1);
    }

    #[test]
    fn a_buffer_that_is_given_back_is_the_next_and_empty() {
        give_back(b"secret".to_vec());
        let next = spare();
        assert_eq!((next.len(), next.capacity()), (0, 6));
    }

    #[test]
    fn a_big_buffer_is_not_kept() {
        give_back(Vec::with_capacity(SPARE_SIZE + 1));
        assert_eq!(spare().capacity(), 0);
    }
}
