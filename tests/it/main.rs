//! End-to-end tests: the released checkpoint against tasks of known MI, the whole path from generator to answer, and the
//! named suites against the reference implementations.

mod accuracy;
mod penguins;
mod pipeline;
mod reference;
