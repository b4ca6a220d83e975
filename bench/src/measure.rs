//! Measuring: two processes, each on its own processor, and what one of them has used.

pub(crate) mod losses;
pub(crate) mod pair;
pub(crate) mod process;
pub(crate) mod programs;
pub(crate) mod sample;
pub(crate) mod space;
pub(crate) mod trace;
pub(crate) mod turns;
