//! CSV files that other readers guess at, or lose rows of.

use crate::support::{Folder, noise, table};
use std::io::Write;
use std::process::{Command, Stdio};

/// The lines of a sound table with columns a, b, c.
fn lines(n: usize) -> Vec<String> {
    table(n, ',').lines().map(String::from).collect()
}

#[test]
fn a_quote_that_is_not_closed_is_an_error_with_its_line() {
    let folder = Folder::new();
    let mut rows: Vec<String> = lines(500).into_iter().map(|line| line + ",note").collect();
    rows[20] = rows[20].replace("note", "\"note");
    folder.write("d.csv", rows.join("\n"));
    let run = folder.mist("estimate d.csv --x a --y b");
    run.refused(&["`d.csv`, line 21: a quote opens here and is not closed", "\nhint: a quote within a cell"]);
    // Closed by the next one, hundreds of lines below.
    rows[400] = rows[400].replace("note", "\"note\"");
    folder.write("d.csv", rows.join("\n"));
    folder.mist("estimate d.csv --x a --y b").refused(&["line 401: `n` follows the last quote", "begins on line 21"]);
    // Closed at the end of another cell: that is what a cell of several lines looks like, so rows are joined, but said.
    rows[400] = rows[400].replace("\"note\"", "note\"");
    folder.write("d.csv", rows.join("\n"));
    let json = folder.mist("estimate d.csv --x a --y b --format json").json();
    assert_eq!(json["n"], 120);
    let warning = "379 lines between quotes, from line 22 on, could be rows: is a quote there by mistake?";
    assert_eq!(json["warnings"][0], warning);
}

#[test]
fn what_follows_a_quoted_number_is_no_number() {
    let folder = Folder::new();
    let mut rows = lines(20);
    rows[7] = "\"2\"3,0.5,0.5".into();
    folder.write("d.csv", rows.join("\n"));
    folder.mist("estimate d.csv --x a --y b").refused(&["line 8: `3` follows the last quote of the cell `\"2\"`"]);
    rows[7] = " \"2\" ,0.5,\"0.5\"".into();
    folder.write("d.csv", rows.join("\n"));
    assert_eq!(folder.mist("estimate d.csv --x a --y b --format json").json()["n"], 20);
}

#[test]
fn a_header_of_years_is_one() {
    let folder = Folder::new();
    folder.write("years.csv", table(20, ',').replacen("a,b,c", "2019,2020,2021", 1));
    let json = |args: &str| folder.mist(&format!("estimate {args} --format json")).json();
    let named = json("years.csv --x 2019 --y 2021");
    assert_eq!(named["n"], 20);
    folder.write("d.csv", table(20, ','));
    assert_eq!(json("d.csv --x a --y c")["mi"], named["mi"]);

    // Names or numbers of columns: nothing is guessed, and both can be said.
    folder.write("bare.csv", table(20, ',').replacen("a,b,c", "1,2,3", 1));
    let texts = ["holds numbers, expected the names of the columns", "\nhint: `--header yes` takes them as names"];
    folder.mist("estimate bare.csv --x 1 --y 3").refused(&texts);
    folder.mist("estimate years.csv --x 1 --y 3").refused(&texts);
    assert_eq!(json("bare.csv --x 1 --y 3 --header yes")["mi"], named["mi"]);
    folder.write("none.csv", table(20, ',').replacen("a,b,c\n", "", 1));
    let without = json("none.csv --x 1 --y 3 --header no");
    assert_eq!((&without["n"], &without["mi"]), (&20.into(), &named["mi"]));
    assert!(folder.mist("estimate none.csv --x 1 --y 3 --header no").stdout.contains("X: 1   Y: 3   n = 20"));
}

#[test]
fn integers_beyond_two_to_the_53_are_told_apart() {
    let folder = Folder::new();
    let (n, big) = (60, (1i64 << 60) + 1);
    let column = |value: &dyn Fn(i64) -> String| {
        let y = |i: i64| i as f64 + 20.0 * noise(i as usize, 0);
        (0..n).fold("x,y\n".to_owned(), |text, i| text + &format!("{},{}\n", value(i), y(i)))
    };
    folder.write("big.csv", column(&|i| (big + i).to_string()));
    folder.write("small.csv", column(&|i| i.to_string()));
    let json = |name: &str| folder.mist(&format!("estimate {name} --x x --y y --format json")).json();
    let (big, small) = (json("big.csv"), json("small.csv"));
    assert_eq!(big, small);
    assert!(big["mi"].as_f64().unwrap() > 0.3 && big["warnings"] == serde_json::json!([]), "{big}");
}

/// Ends its process when it goes.
struct Child(std::process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_million_rows_are_read_in_little_memory_from_standard_input() {
    let run = Command::new(env!("CARGO_BIN_EXE_mist"))
        .args(["estimate", "-", "--x", "a", "--y", "c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut run = Child(run.unwrap());
    let mut input = run.0.stdin.take().unwrap();
    let rows: String = lines(10_000).split_off(1).join("\n") + "\n";
    input.write_all(b"a,b,c\n").unwrap();
    for _ in 0..100 {
        input.write_all(rows.as_bytes()).unwrap();
    }
    // All rows but what is left in the pipe have been read by now.
    let status = std::fs::read_to_string(format!("/proc/{}/status", run.0.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kilobytes < 200_000, "{kilobytes} kB");
    input.write_all(b"1,2,three\n").unwrap();
    drop(input);
    let mut error = String::new();
    std::io::Read::read_to_string(&mut run.0.stderr.take().unwrap(), &mut error).unwrap();
    assert_eq!(
        error,
        "error: standard input, line 1000002, column `c`: `three` is not a number\n\
         hint: if it stands for a missing value, `--na=three`; if the column is a category, `--categorical c`\n"
    );
    assert_eq!(run.0.wait().unwrap().code(), Some(2));
}

/// 90 rows of a species, the same as codes in another order, and a size that depends on it.
fn species() -> String {
    let mut text = String::from("species,code,size\n");
    for r in 0..90u32 {
        let size = f64::from([3, 1, 2][r as usize % 3]) + 0.3 * (f64::from(r) * 0.7).sin();
        text +=
            &format!("{},{},{size}\n", ["Adelie", "Gentoo", "Chinstrap"][r as usize % 3], [2, 0, 1][r as usize % 3]);
    }
    text
}

#[test]
fn text_is_a_category_with_the_answer_of_any_coding() {
    let folder = Folder::new();
    folder.write("d.csv", species());
    let run = |options: &str| folder.mist(&format!("estimate d.csv --y size {options}"));
    let text = run("--x species");
    assert_eq!(text.code, Some(0), "{text:?}");
    assert_eq!(text.stderr, "warning: column `species` is text: taken as a category of 3 values\n");
    let mi = |options: &str| run(&format!("{options} --format json")).json()["mi"].as_f64().unwrap();
    assert!((mi("--x species") - mi("--x code --categorical code")).abs() < 1e-4);
    assert!(mi("--x species") <= 3f64.ln() + 1e-9);
    run("--x code --categorical species").refused(&["`species` of `--categorical` is not one of the columns in use"]);
}

#[test]
fn a_column_that_begins_with_text_and_goes_on_with_numbers_is_refused() {
    let folder = Folder::new();
    folder.write("d.csv", species().replace("Chinstrap,1", "7,1"));
    let refused = folder.mist("estimate d.csv --x species --y size");
    refused.refused(&["column `species`", "such as `7`", "hint: ", "--categorical species"]);
}

#[test]
fn contributions_of_rows_need_a_checkpoint_that_has_them() {
    let folder = Folder::new();
    folder.write("d.csv", species());
    let embedded = folder.mist("estimate d.csv --x code --y size --pointwise rows.csv");
    if embedded.code == Some(0) {
        let lines = std::fs::read_to_string(folder.path().join("rows.csv")).unwrap();
        assert_eq!(lines.lines().count(), 91);
    } else {
        embedded.refused(&["does not say what each row contributes", "hint: "]);
    }
}
