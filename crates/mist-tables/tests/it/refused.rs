//! Inputs that are refused, with their messages.

use crate::support::{Folder, archive, gzip, npy};
use mist_tables::{Missing, Options, Table, TableError};
use std::fmt::Write;

/// Reads the columns that the words mean, from a file of this name and content.
fn read(name: &str, bytes: &[u8], words: &[&str], options: &Options) -> Result<(), TableError> {
    let folder = Folder::new();
    folder.write(name.split(':').next().unwrap(), bytes);
    let mut table = Table::open(&folder.path().join(name), options)?;
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    let chosen = match words.as_slice() {
        [] => (0..table.fields()?.len()).collect(),
        words => table.choose(&[("--x", words)])?.concat(),
    };
    table.read(&chosen, &[]).map(drop)
}

/// The message, without the folder, and with the cause behind it as the command line prints it.
fn message(name: &str, bytes: &[u8], words: &[&str], options: &Options) -> String {
    let error = read(name, bytes, words, options).expect_err(name);
    let cause = std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
    let text = format!("{error}{cause}");
    let folder = text.find("`/").map(|start| start + 1..text.rfind('/').unwrap() + 1);
    folder.map_or(text.clone(), |folder| text.replace(&text[folder], ""))
}

#[test]
fn every_refusal_says_what_where_and_what_to_do() {
    let sound = "a,b,c\n1,2,x\n3,4,y\n";
    let array = npy(&[3, 2], false, [0.0; 6]);
    let xlsx = archive(&[("xl/workbook.xml", b"<x/>".to_vec())], true);
    let npz = archive(&[("x.npy", array.clone()), ("y.npy", npy(&[2], false, [1.0, 2.0]))], false);
    let cases: &[(&str, &[u8], &[&str])] = &[
        ("empty.csv", b"", &[]),
        ("blank.csv", b"\n\n", &[]),
        ("empty.csv.gz", &gzip(b""), &[]),
        ("cut.csv.gz", &gzip(sound.repeat(100).as_bytes())[..40], &[]),
        ("utf16.csv", b"\xff\xfea\0,\0", &[]),
        ("sheet.xlsx", &xlsx, &[]),
        ("files.zip", &archive(&[("a.csv", b"a\n".to_vec())], true), &[]),
        ("book.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", &[]),
        ("d.h5", b"\x89HDF\r\n\x1a\n", &[]),
        ("d.sqlite", b"SQLite format 3\0", &[]),
        ("d.pkl", b"\x80\x04\x95", &[]),
        ("d.csv.bz2", b"BZh91AY", &[]),
        ("page.csv", b"<!DOCTYPE html>", &[]),
        ("d.json", b"[{\"a\": 1}]", &[]),
        ("old.feather", b"FEA1....", &[]),
        ("stream.arrow", b"\xff\xff\xff\xff\0\0", &[]),
        ("packed.npy.gz", &gzip(&array), &[]),
        ("text.parquet", b"a,b\n1,2\n", &[]),
        ("text.npy", b"a,b\n1,2\n", &[]),
        ("short.parquet", b"PAR1PAR1", &[]),
        ("behind.parquet", include_bytes!("../../../../fuzz/corpus/parquet/behind-the-end.parquet"), &["f"]),
        ("short.arrow", b"ARROW1\0\0", &[]),
        ("unknown.csv", sound.as_bytes(), &["bb"]),
        ("number.csv", sound.as_bytes(), &["4"]),
        ("pattern.csv", sound.as_bytes(), &["z*"]),
        ("backwards.csv", sound.as_bytes(), &["c..a"]),
        ("twice.csv", b"a,b,a\n1,2,3\n", &["a"]),
        ("numbers.csv", b"1,2\n3,4\n", &["1"]),
        ("iris.csv", b"5.1,setosa\n4.9,setosa\n", &[]),
        ("text.csv", b"a,b\n1,2\nx,4\n", &[]),
        ("comma.csv", b"a;b\n1,5;2\n", &[]),
        ("infinite.csv", b"a,b\n1,2\ninf,4\n", &[]),
        ("mixed.csv", b"a,b\nred,2\n7,4\n", &[]),
        ("times.csv", b"a,b\n2021-01-01,2\nsoon,4\n", &[]),
        ("missing.csv", b"a,b\n1,2\n,4\n", &[]),
        ("null.csv", b"a,b\n1,2\nnull,4\n", &[]),
        ("ragged.csv", b"a,b\n1,2\n3\n", &[]),
        ("r.csv", b"a,b\n1,1,2\n", &[]),
        ("quote.csv", b"a,b\n1,\"2\n3,4\n", &[]),
        ("after.csv", b"a,b\n1,\"2\"3\n", &[]),
        ("cut.npy", &array[..array.len() - 3], &[]),
        ("long.npy", &[array.as_slice(), b"x"].concat(), &[]),
        ("cube.npy", &npy(&[1, 2, 3], false, [0.0; 6]), &[]),
        ("none.npy", &npy(&[3, 0], false, []), &[]),
        ("nan.npy", &npy(&[3], false, [0.0, f64::NAN, 1.0]), &[]),
        ("infinite.npy", &npy(&[3], false, [0.0, f64::INFINITY, 1.0]), &[]),
        ("lengths.npz", &npz, &["x,y"]),
        ("d.npz:z", &npz, &[]),
        ("cut.npz", &npz[..npz.len() / 2], &[]),
    ];
    let options = Options { missing: Missing::Error, ..Options::default() };
    let mut all = String::new();
    for (name, bytes, words) in cases {
        writeln!(all, "== {name} {}\n{}\n", words.join(" "), message(name, bytes, words, &options)).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_file_that_is_not_there() {
    let error = Table::open("no/such.csv".as_ref(), &Options::default()).err().unwrap();
    assert_eq!(error.to_string(), "cannot read `no/such.csv`");
    assert!(matches!(error, TableError::Read { .. }));
}
