//! Encoders against PyTorch, what must not change an embedding, what is refused, and reductions.

mod golden;
mod properties;
mod reductions;
mod refused;
mod support;
