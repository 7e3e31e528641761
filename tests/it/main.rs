//! End-to-end tests: the released checkpoint against tasks of known MI, and the whole path from generator to answer.

mod accuracy;
mod penguins;
mod pipeline;
