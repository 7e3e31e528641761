//! Beside the families on the middle floor: what is applied on top of them without changing the MI. It imports only the
//! [ground](crate::ground).

pub mod derived;
pub mod fitted;
pub mod layout;
pub mod maps;
pub mod mixing;
pub mod warp;
