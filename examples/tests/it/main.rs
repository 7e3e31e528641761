//! Each example at tiny size, on tables that are drawn here, of which it is known what there is to find.

mod image_halves;
mod information_plane;
mod support;
mod texts;
