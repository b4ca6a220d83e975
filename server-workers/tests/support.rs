//! What the tests share.

pub(crate) use self::{
    scripted::{Hire, Say, Script, Scripted},
    task::Task,
    world::{World, number},
};

mod scripted;
mod task;
mod world;
