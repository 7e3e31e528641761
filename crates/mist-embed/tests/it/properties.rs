//! Neither the order of the rows nor padding nor the size of batches changes an embedding.

use crate::support::{TOLERANCE, Texts, distance, encode, folder, image, json, open};
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn order_padding_and_batches_change_nothing() {
    for name in ["bert", "distilbert", "roberta"] {
        let encoder = open(name);
        let Texts { texts, .. } = json(&folder(name).join("golden.json"));
        let together = encode(&encoder, &texts, 32).embeddings;
        // Each alone: no padding at all.
        for (row, text) in texts.iter().enumerate() {
            let alone = encode(&encoder, &[text], 32).embeddings;
            assert!(distance(alone.row(0), together.row(row)) < TOLERANCE, "{name}, {text}");
        }
        let backwards: Vec<&String> = texts.iter().rev().collect();
        for batch in [1, 3, 100] {
            let found = encode(&encoder, &backwards, batch).embeddings;
            for row in 0..texts.len() {
                let far = distance(found.row(texts.len() - 1 - row), together.row(row));
                assert!(far < TOLERANCE, "{name}, batches of {batch}, row {row}: {far}");
            }
        }
    }
}

#[test]
fn texts_that_differ_have_embeddings_that_differ() {
    let encoder = open("bert");
    let found = encode(&encoder, &["good phone", "phone good", "good", "good"], 2).embeddings;
    assert!(distance(found.row(0), found.row(1)) > 0.01);
    assert!(distance(found.row(0), found.row(2)) > 0.01);
    assert!(distance(found.row(2), found.row(3)) < TOLERANCE);
}

#[test]
fn images_stand_for_themselves() {
    let encoder = open("dinov2");
    let names = ["exact.png", "wide.png", "photo.jpg", "exact.png"].map(image);
    let together = encode(&encoder, &names, 8).embeddings;
    let apart = encode(&encoder, &names, 1).embeddings;
    for row in 0..names.len() {
        assert!(distance(together.row(row), apart.row(row)) < TOLERANCE);
    }
    assert!(distance(together.row(0), together.row(1)) > 0.01);
    assert!(distance(together.row(0), together.row(3)) < TOLERANCE);
}

#[test]
fn progress_counts_every_item() {
    let done = AtomicUsize::new(0);
    let texts: Vec<String> = (0..23).map(|i| format!("text {i}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    open("bert").encode(&texts, 4, &|more| _ = done.fetch_add(more, Ordering::Relaxed)).unwrap();
    assert_eq!(done.into_inner(), 23);
}
