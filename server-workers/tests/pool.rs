//! The pool of workers.
//!
//! - `waiting`: the line, and who is given which worker.
//! - `faults`: workers that fail in each way, and those that die.
//! - `limits`: jobs, ages, memory and times.
//! - `sizes`: starting, adding, removing, and a worker for each event.
//! - `resets`: replacing all.
//! - `ending`: the end, gentle or not.
//! - `in_process`: workers that are values.
//! - `timers`: deadlines on the system's clock.
//! - `cost`, `autotraits`: what is counted, and what can be sent.
//! - `random`, `threads`: many operations in any order, and on several threads.

mod autotraits;
mod cost;
mod ending;
mod faults;
mod in_process;
mod limits;
mod random;
mod resets;
mod sizes;
mod threads;
mod timers;
mod waiting;
