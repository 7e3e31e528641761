//! What is read of tables of several kinds.

use crate::support::{Folder, Values, archive, arrow, batch, npy, parquet, read, read_bytes};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, DictionaryArray, Float16Array, Int64Array, LargeStringArray, ListArray,
    NullArray, RecordBatch, StringViewArray, TimestampMicrosecondArray, UInt64Array,
};
use mist_tables::{Header, Kind, Missing, Notice, Options, Table};
use parquet::basic::Compression;
use std::path::PathBuf;
use std::sync::Arc;

/// The notices, in words.
fn notices(bytes: impl AsRef<[u8]>) -> Vec<String> {
    read_bytes(bytes).unwrap().notices.iter().map(ToString::to_string).collect()
}

fn levels(names: &[&str]) -> Kind {
    Kind::Category { levels: names.iter().map(ToString::to_string).collect() }
}

#[test]
fn text_booleans_and_times_are_found_and_said() {
    let text = "id,kind,ok,when,x\n1,a,true,2021-01-01,0.5\n2,b,false,2021-01-03,1.5\n3,a,true,2021-01-02,NA\n";
    let data = read_bytes(text).unwrap();
    let kinds: Vec<&Kind> = data.columns.iter().map(|column| &column.kind).collect();
    assert_eq!(kinds, [&Kind::Number, &levels(&["a", "b"]), &levels(&["true", "false"]), &Kind::Time, &Kind::Number]);
    assert_eq!(data.columns[1].values, [0.0, 1.0, 0.0]);
    let day = 86_400e9;
    assert_eq!(data.columns[3].values[1] - data.columns[3].values[0], 2.0 * day);
    assert!(data.columns[4].values[2].is_nan());
    assert_eq!(
        notices(text),
        [
            "column `kind` is text: taken as a category of 2 values",
            "column `ok` is text: taken as a category of 2 values",
            "column `when` is dates or times: taken as numbers",
        ]
    );
}

#[test]
fn codes_are_categories_when_asked_in_every_format() {
    let columns =
        [("code", Values::Integer([2, 0, 1, 2].map(Some).to_vec())), ("x", Values::Float(vec![Some(0.5); 4]))];
    let batch = batch(&columns);
    let folder = Folder::new();
    for (name, bytes) in [
        ("d.csv", crate::support::csv(&columns, ",").into_bytes()),
        ("d.parquet", parquet(&batch, Compression::SNAPPY)),
        ("d.arrow", arrow(&batch)),
        ("d.npy", npy(&[4, 2], false, [2.0, 0.5, 0.0, 0.5, 1.0, 0.5, 2.0, 0.5])),
    ] {
        let table = Table::open(&folder.write(name, bytes), &Options::default()).unwrap();
        let data = table.read(&[0], &[0]).unwrap();
        assert_eq!(data.columns[0].kind, levels(&["2", "0", "1"]), "{name}");
        assert_eq!(data.columns[0].values, [0.0, 1.0, 2.0, 0.0], "{name}");
        assert_eq!(data.notices, [], "{name}");
    }
}

#[test]
fn a_category_for_each_row_is_questioned() {
    let names: String = (0..20).map(|i| format!("person {i},{i}\n")).collect();
    assert!(notices(format!("who,x\n{names}"))[0].contains("20 values, nearly as many as rows: is it a name or an id"));
}

#[test]
fn repeated_nines_are_questioned_and_can_be_taken_as_missing() {
    let text = "t,u\n1.5,1\n-999,2\n2.5,3\n-999.0,4\n0.5,999\n";
    assert_eq!(
        notices(text),
        ["column `t` holds -999 in 2 rows, far from all else: if it stands for a missing value, say `--na=-999`"]
    );
    let folder = Folder::new();
    let options = Options { na: vec!["-999".into()], ..Options::default() };
    let mut data = read(&folder.write("d.csv", text), &options).unwrap();
    assert_eq!((data.keep_complete(), data.rows()), (vec![2, 4], 3));
    assert_eq!(data.notices, [Notice::LeftOut { rows: 2 }]);
    // A number of a typed table, too.
    let columns = [("t", Values::Float([1.5, -999.0, 2.5].map(Some).to_vec()))];
    let mut data = read(&folder.write("d.parquet", parquet(&batch(&columns), Compression::SNAPPY)), &options).unwrap();
    assert_eq!(data.keep_complete(), [2]);
}

#[test]
fn types_of_arrow() {
    let text = |values: [Option<&str>; 3]| Arc::new(StringViewArray::from(values.to_vec())) as ArrayRef;
    let dictionary: DictionaryArray<Int32Type> = [Some("u"), None, Some("v")].into_iter().collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("view", text([Some("b"), Some("NA"), Some("a")])),
        ("large", Arc::new(LargeStringArray::from(vec![Some("p"), Some("q"), None]))),
        ("dictionary", Arc::new(dictionary)),
        ("date", Arc::new(Date32Array::from(vec![Some(1), Some(0), None]))),
        ("micros", Arc::new(TimestampMicrosecondArray::from(vec![-1, 0, 1]).with_timezone("UTC"))),
        ("half", Arc::new(Float16Array::from_iter_values([0.5, 1.5, f32::NAN].map(half::f16::from_f32)))),
        ("u64", Arc::new(UInt64Array::from(vec![u64::MAX, u64::MAX - 1, u64::MAX]))),
        ("decimal", Arc::new(Decimal128Array::from(vec![150, -25, 0]).with_precision_and_scale(5, 2).unwrap())),
        ("nothing", Arc::new(NullArray::new(3))),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    let data = read_bytes(arrow(&batch)).unwrap();
    let values = |name: &str| {
        let column = data.columns.iter().find(|column| column.name == name).unwrap();
        column.values.iter().map(|v| (!v.is_nan()).then_some(*v)).collect::<Vec<_>>()
    };
    assert_eq!(values("view"), [Some(0.0), None, Some(1.0)]);
    assert_eq!(values("large"), [Some(0.0), Some(1.0), None]);
    assert_eq!(values("dictionary"), [Some(0.0), None, Some(1.0)]);
    assert_eq!(values("date"), [Some(86_400e9), Some(0.0), None]);
    assert_eq!(values("micros"), [Some(-1000.0), Some(0.0), Some(1000.0)]);
    assert_eq!(values("half"), [Some(0.5), Some(1.5), None]);
    assert_eq!(values("u64"), [Some(1.0), Some(0.0), Some(1.0)]);
    assert_eq!(values("decimal"), [Some(1.5), Some(-0.25), Some(0.0)]);
    assert_eq!(values("nothing"), [None, None, None]);
    assert_eq!(data.columns[2].kind, levels(&["u", "v"]));
}

#[test]
fn nested_columns_are_refused_only_where_they_are_chosen() {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), Some(2)]), None]);
    let columns: Vec<(&str, ArrayRef)> = vec![("list", Arc::new(list)), ("x", Arc::new(Int64Array::from(vec![5, 6])))];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    let folder = Folder::new();
    for (name, bytes) in [("d.parquet", parquet(&batch, Compression::SNAPPY)), ("d.arrow", arrow(&batch))] {
        let path = folder.write(name, bytes);
        let open = || Table::open(&path, &Options::default()).unwrap();
        let usable: Vec<bool> = open().fields().unwrap().iter().map(|field| field.is_usable).collect();
        assert_eq!(usable, [false, true]);
        assert_eq!(open().read(&[1], &[]).unwrap().columns[0].values, [5.0, 6.0]);
        let error = open().read(&[1, 0], &[]).unwrap_err().to_string();
        assert!(error.contains("column `list`: it holds values of type List("), "{error}");
    }
}

#[test]
fn columns_come_in_the_order_in_which_they_are_chosen() {
    let columns: Vec<(String, Values)> =
        (0..4).map(|i| (format!("c{i}"), Values::Integer((0..3).map(|r| Some(10 * i + r)).collect()))).collect();
    let columns: Vec<(&str, Values)> = columns.iter().map(|(name, values)| (name.as_str(), values.clone())).collect();
    let batch = batch(&columns);
    let folder = Folder::new();
    let flat = (0..3).flat_map(|r| (0..4).map(move |i| f64::from(10 * i + r)));
    for (name, bytes) in [
        ("d.csv", crate::support::csv(&columns, "|").into_bytes()),
        ("d.parquet", parquet(&batch, Compression::SNAPPY)),
        ("d.arrow", arrow(&batch)),
        ("d.npy", npy(&[3, 4], false, flat.clone())),
        ("d.npz", archive(&[("a.npy", npy(&[3, 4], false, flat))], true)),
    ] {
        let data = Table::open(&folder.write(name, bytes), &Options::default()).unwrap().read(&[3, 0, 2], &[]).unwrap();
        let values: Vec<&[f64]> = data.columns.iter().map(|column| column.values.as_slice()).collect();
        assert_eq!(values, [[30.0, 31.0, 32.0], [0.0, 1.0, 2.0], [20.0, 21.0, 22.0]], "{name}");
    }
}

#[test]
fn arrays_of_an_archive() {
    let folder = Folder::new();
    let x = npy(&[3, 2], true, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let files = [("x.npy", x), ("y.npy", npy(&[3], false, [7.0, 8.0, 9.0])), ("names.npy", b"\x93NUMPY?".to_vec())];
    let path = folder.write("d.npz", archive(&files, true));
    let mut table = Table::open(&path, &Options::default()).unwrap();
    let names: Vec<String> = table.fields().unwrap().into_iter().map(|field| field.name).collect();
    assert_eq!(names, ["x.1", "x.2", "y", "names"]);
    let words = |word: &str| [word.to_owned()];
    assert_eq!(table.choose(&[("--x", &words("x")), ("--y", &words("y"))]).unwrap(), [vec![0, 1], vec![2]]);
    assert_eq!(table.read(&[2, 1], &[]).unwrap().columns[1].values, [4.0, 5.0, 6.0]);

    let one = |array: &str| Table::open(&PathBuf::from(format!("{}:{array}", path.display())), &Options::default());
    let data = one("x").unwrap().read(&[0, 1], &[]).unwrap();
    assert_eq!((data.columns[0].name.as_str(), data.columns[0].values.as_slice()), ("1", [1.0, 2.0, 3.0].as_slice()));
}

#[test]
fn header_of_a_text() {
    let folder = Folder::new();
    let path = folder.write("d.csv", "5.1,setosa\n4.9,setosa\n");
    assert!(Table::open(&path, &Options::default()).unwrap().fields().is_err());
    let rows = |header| read(&path, &Options { header, ..Options::default() }).unwrap().rows();
    assert_eq!((rows(Header::No), rows(Header::Yes)), (2, 1));
    // The words of the user say it.
    let mut table = Table::open(&folder.write("y.csv", "2019,2020\n1,2\n3,4\n"), &Options::default()).unwrap();
    let words = |word: &str| [word.to_owned()];
    assert_eq!(table.choose(&[("--x", &words("2020")), ("--y", &words("2019"))]).unwrap(), [[1], [0]]);
    assert_eq!(table.read(&[1], &[]).unwrap().columns[0].values, [2.0, 4.0]);
}

#[test]
fn thousands_of_columns() {
    let names: Vec<String> = (0..20_000).map(|i| format!("gene_{i}")).collect();
    let row = |r: usize| (0..20_000).map(|i| (i * r).to_string()).collect::<Vec<_>>().join("\t");
    let text =
        format!("sample\t{}\n", names.join("\t")) + &(0..12).map(|r| format!("s{r}\t{}\n", row(r))).collect::<String>();
    let folder = Folder::new();
    let mut table = Table::open(&folder.write("genes.tsv", text), &Options::default()).unwrap();
    let words = |word: &str| [word.to_owned()];
    let chosen = table.choose(&[("--x", &words("gene_*")), ("--y", &words("gene_7"))]).unwrap();
    assert_eq!((chosen[0].len(), &chosen[1]), (19_999, &vec![8]));
    let data = table.read(&chosen.concat(), &[]).unwrap();
    assert_eq!((data.columns.len(), data.rows()), (20_000, 12));
    assert_eq!(data.columns[19_999].values[11], 77.0);
}

#[test]
fn missing_values_are_kept_or_an_error() {
    let folder = Folder::new();
    let columns =
        [("a", Values::Float(vec![Some(1.0), None, Some(3.0)])), ("b", Values::Integer(vec![None, Some(2), Some(3)]))];
    let batch = batch(&columns);
    for (name, bytes) in [
        ("d.csv", crate::support::csv(&columns, ",").into_bytes()),
        ("d.parquet", parquet(&batch, Compression::SNAPPY)),
        ("d.arrow", arrow(&batch)),
    ] {
        let path = folder.write(name, bytes);
        let mut data = read(&path, &Options::default()).unwrap();
        assert_eq!((data.keep_complete(), data.rows()), (vec![1, 2], 1), "{name}");
        let error = read(&path, &Options { missing: Missing::Error, ..Options::default() }).unwrap_err().to_string();
        assert!(error.contains("column `") && error.contains("\nhint: `--missing drop`"), "{name}: {error}");
    }
}

#[test]
fn more_values_than_memory_may_take_are_refused_before_they_are_read() {
    let folder = Folder::new();
    let columns = [("a", Values::Integer(vec![Some(1); 100])), ("b", Values::Integer(vec![Some(1); 100]))];
    let batch = batch(&columns);
    for (name, bytes) in [
        ("d.csv", crate::support::csv(&columns, ",").into_bytes()),
        ("d.parquet", parquet(&batch, Compression::SNAPPY)),
        ("d.arrow", arrow(&batch)),
        ("d.npy", npy(&[100, 2], false, vec![0.0; 200])),
        ("d.npz", archive(&[("a.npy", npy(&[100, 2], false, vec![0.0; 200]))], true)),
    ] {
        let path = folder.write(name, bytes);
        let with = |max_values, columns: &[usize]| {
            Table::open(&path, &Options { max_values, ..Options::default() }).unwrap().read(columns, &[])
        };
        assert!(with(200, &[0, 1]).is_ok() && with(100, &[1]).is_ok(), "{name}");
        let error = with(199, &[0, 1]).unwrap_err().to_string();
        assert!(error.contains("more than 199 values in the chosen columns"), "{name}: {error}");
    }
}
