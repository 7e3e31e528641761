//! A cache in a temporary folder, and a hub on the loopback.

mod download;
mod refusals;
mod server;
mod token;
