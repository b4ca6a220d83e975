//! Programs of others as the other side.

pub use self::{port::ReservedPort, program::Program, running::RunningProgram};

mod known;
mod port;
mod process;
mod program;
mod running;
mod said;
