//! .npy files that claim more than they hold, and integers that f64 does not hold.

use crate::support::{Folder, arrays, noise};
use ndarray::Array1;
use ndarray_npy::write_npy;
use std::time::{Duration, Instant};

/// A file with this header and nothing behind it.
fn npy(header: &str) -> Vec<u8> {
    let length = (header.len() as u16 + 1).to_le_bytes();
    [b"\x93NUMPY\x01\x00", length.as_slice(), header.as_bytes(), b"\n"].concat()
}

#[test]
fn claims_are_checked_before_anything_is_allocated() {
    let folder = Folder::new();
    write_npy(folder.path().join("y.npy"), &arrays(20, 1).1).unwrap();
    let start = Instant::now();
    for (shape, text) in [
        ("0, 1000000000000", "`h.npy` has no rows"),
        ("0, 9223372036854775807", "`h.npy` has no rows"),
        ("0, 18446744073709551615", "`h.npy` has no rows"),
        ("18446744073709551615, 0", "`h.npy` has no columns"),
        ("20, 1000000000000", "`h.npy` is truncated: 160000000000000 bytes are missing"),
        ("9223372036854775807, 9223372036854775807", "`h.npy` is truncated"),
        ("18446744073709551615, 18446744073709551615", "`h.npy` is truncated"),
        ("18446744073709551616,", "expected a size of 64 bits in its header"),
    ] {
        folder.write("h.npy", npy(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({shape})}}")));
        folder.mist("estimate h.npy y.npy").refused(&[text]);
        folder.mist("estimate y.npy h.npy").refused(&[text]);
    }
    let nested =
        format!("{{'descr': {}'<f8'{}, 'fortran_order': False, 'shape': (3,)}}", "[".repeat(30), "]".repeat(30));
    folder.write("h.npy", npy(&nested));
    folder.mist("estimate h.npy y.npy").refused(&["`h.npy` is not a sound .npy file: expected a name in quotes"]);
    let mut long = npy("{}");
    long[6] = 2;
    long.splice(8..10, u32::MAX.to_le_bytes());
    folder.write("h.npy", long);
    folder.mist("estimate h.npy y.npy").refused(&["its header has 4294967295 bytes, expected at most 10000"]);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn integers_of_64_bits_are_told_apart() {
    let folder = Folder::new();
    let write = |name: &str, column: &dyn Fn(u64) -> u64| {
        let values = Array1::from_shape_fn(60, |i| column(i as u64));
        write_npy(folder.path().join(format!("{name}.npy")), &values).unwrap();
        let signed = values.mapv(|v| v.wrapping_sub(1 << 63) as i64);
        write_npy(folder.path().join(format!("{name}-signed.npy")), &signed).unwrap();
    };
    write("big", &|i| u64::MAX - 59 + i);
    write("small", &|i| i);
    let y = Array1::from_shape_fn(60, |i| i as f64 + 20.0 * noise(i, 0));
    write_npy(folder.path().join("y.npy"), &y).unwrap();
    let json = |x: &str| folder.mist(&format!("estimate {x}.npy y.npy --format json")).json();
    let small = json("small");
    assert!(small["mi"].as_f64().unwrap() > 0.3, "{small}");
    for name in ["big", "big-signed", "small-signed"] {
        assert_eq!(json(name), small, "{name}");
    }
}
