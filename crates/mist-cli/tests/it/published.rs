//! The published network from the command line: trained, asked, evaluated.

use crate::support::{Folder, arrays};
use ndarray_npy::write_npy;

const CONFIG: &str = r#"
name = "tiny"
meta = "m_train"
seed = 5
steps = 2

[batch]
per_step = 1
cells = 600
min_tasks = 1
max_tasks = 2

[validation]
tasks = 4
every = 1000

[network]
kind = "reference"
phi_hidden_dim = 16
n_phi_heads = 4
phi_dim_forward = 16
rho_hidden_dim = 16
n_inds = 4
n_seeds = 3
"#;

/// A folder with a trained checkpoint of each kind, and tables of two columns a side.
fn folder() -> Folder {
    let folder = Folder::new();
    for (name, quantiles) in [("mean", false), ("quantiles", true)] {
        folder.write(&format!("{name}.toml"), format!("{CONFIG}quantile_conditioned = {quantiles}\n"));
        let run = folder.mist(&format!("train --config {name}.toml --out {name}"));
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!(run.stdout.contains("no intervals"), !quantiles, "{}", run.stdout);
    }
    for (name, seed) in [("x", 0), ("y", 2)] {
        let (table, _) = arrays(60, 4);
        write_npy(folder.path().join(format!("{name}.npy")), &table.slice(ndarray::s![.., seed..seed + 2]).to_owned())
            .unwrap();
    }
    folder
}

#[test]
fn what_the_network_does_not_predict_is_not_shown() {
    let folder = folder();
    let text = folder.mist("estimate x.npy y.npy --checkpoint mean/tiny.safetensors").stdout;
    assert!(text.contains("no interval: the checkpoint predicts a mean alone"), "{text}");
    let json = folder.mist("estimate x.npy y.npy --checkpoint mean/tiny.safetensors --format json").json();
    assert!(json["interval"].is_null() && json["normalised"].is_null() && json["mi"].is_number(), "{json}");
    let json = folder.mist("estimate x.npy y.npy --checkpoint quantiles/tiny.safetensors --format json").json();
    assert!(json["interval"]["lower"].as_f64().unwrap() <= json["mi"].as_f64().unwrap(), "{json}");
    for command in ["estimate x.npy y.npy --pointwise p.csv", "plot x.npy --x 1 --y 2 --out p.svg"] {
        folder.mist(&format!("{command} --checkpoint mean/tiny.safetensors")).refused(&["predicts"]);
    }
    let card = folder.mist("info mean/tiny.safetensors").stdout;
    assert!(card.contains("reference, the published one") && card.contains("none: the network predicts"), "{card}");
}

#[test]
fn what_the_network_does_not_take_is_refused() {
    let folder = folder();
    folder
        .mist("estimate x.npy --x 1 --y 2 --checkpoint mean/tiny.safetensors")
        .refused(&["1 and 1 columns, expected 2 to 32 on each side", "hint: choose other columns"]);
    folder.write("wide.toml", CONFIG.replace("m_train", "mist_4"));
    folder
        .mist("train --config wide.toml --out wide")
        .refused(&["`mist_4` draws tables of 1 + 1 columns", "as many on both"]);
}

#[test]
fn it_is_evaluated_as_any_other() {
    let folder = folder();
    for (name, interval) in [("mean", false), ("quantiles", true)] {
        let out = format!("evaluate --suite m-test --limit 4 --checkpoint {name}/tiny.safetensors --out scored-{name}");
        let run = folder.mist(&out);
        assert_eq!(run.code, Some(0), "{run:?}");
        let table = std::fs::read_to_string(folder.path().join(format!("scored-{name}/estimates.csv"))).unwrap();
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let names = reader.headers().unwrap().clone();
        let at = |name: &str| names.iter().position(|n| n == name).unwrap();
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.len(), 8);
        for row in rows {
            assert!(row[at("estimate")].parse::<f64>().unwrap().is_finite() && row[at("error")].is_empty(), "{row:?}");
            assert_eq!(!row[at("lower")].is_empty(), interval, "{row:?}");
        }
    }
}
