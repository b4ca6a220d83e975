//! Programs of others as the other side.

pub use self::{program::Program, running::RunningProgram};

mod known;
mod process;
mod program;
mod running;
mod said;
