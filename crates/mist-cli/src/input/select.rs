//! Which columns of a table make up X and Y.

use super::shown;
use anyhow::{Result, anyhow, bail};
use csv::ReaderBuilder;

/// Names more alike than this are worth suggesting.
const ALIKE: f64 = 0.7;
/// Names that a hint lists at most.
const LISTED: usize = 20;

/// Indices of the columns of each side.
#[derive(Debug, PartialEq)]
pub struct Selection {
    /// Columns of X.
    pub x: Vec<usize>,
    /// Columns of Y.
    pub y: Vec<usize>,
}

/// Finds the columns that `--x` and `--y` name.
pub fn select(header: &[String], x: &[String], y: &[String], place: &str) -> Result<Selection> {
    for (option, names) in [("--x", x), ("--y", y)] {
        if names.is_empty() {
            bail!("`{option}` is missing: it says which columns of {place} to use\nhint: {}", listed(header));
        }
    }
    let selection = Selection { x: side(header, "--x", x, place)?, y: side(header, "--y", y, place)? };
    if let Some(both) = selection.x.iter().find(|i| selection.y.contains(i)) {
        bail!("column `{}` is in both `--x` and `--y`", shown(header[*both].as_bytes()));
    }
    Ok(selection)
}

/// Finds the columns that `--categorical` names, among those that are used.
pub fn categories(header: &[String], given: &[String], used: &[usize], place: &str) -> Result<Vec<usize>> {
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let columns = side(header, "--categorical", given, place)?;
    match columns.iter().find(|i| !used.contains(i)) {
        Some(i) => {
            bail!("column `{}` of `--categorical` is neither in `--x` nor in `--y`", shown(header[*i].as_bytes()))
        }
        None => Ok(columns),
    }
}

/// Finds the columns that one option names.
pub fn side(header: &[String], option: &str, given: &[String], place: &str) -> Result<Vec<usize>> {
    let mut indices = Vec::new();
    for text in given {
        for name in split(header, text)? {
            let i = find(header, &name, place)?;
            if indices.contains(&i) {
                bail!("column `{}` is named twice in `{option}`", shown(name.as_bytes()));
            }
            indices.push(i);
        }
    }
    if indices.is_empty() {
        bail!("`{option}` names no column\nhint: {}", listed(header));
    }
    Ok(indices)
}

/// One name that may hold commas, or several names between commas, which may be quoted.
fn split(header: &[String], text: &str) -> Result<Vec<String>> {
    if header.iter().any(|name| name == text) {
        return Ok(vec![text.into()]);
    }
    let mut reader = ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
    match reader.records().next() {
        Some(record) => Ok(record?.iter().map(str::to_string).collect()),
        None => Ok(vec![]),
    }
}

fn find(header: &[String], name: &str, place: &str) -> Result<usize> {
    let mut found = (0..header.len()).filter(|i| header[*i] == name);
    match (found.next(), found.next()) {
        (Some(i), None) => Ok(i),
        (Some(_), Some(_)) => bail!("{place} has several columns `{}`, expected one", shown(name.as_bytes())),
        (None, _) => {
            let shown = shown(name.as_bytes());
            Err(anyhow!("{place} has no column `{shown}`\nhint: {}", suggestion(header, name)))
        }
    }
}

fn suggestion(header: &[String], name: &str) -> String {
    let score = |other: &str| strsim::jaro_winkler(&other.to_lowercase(), &name.to_lowercase());
    let nearest = header.iter().map(|other| (score(other), other)).max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((score, other)) if score > ALIKE => format!("did you mean `{}`?", shown(other.as_bytes())),
        _ => listed(header),
    }
}

fn listed(header: &[String]) -> String {
    let names: Vec<String> = header.iter().take(LISTED).map(|name| format!("`{}`", shown(name.as_bytes()))).collect();
    let more = if header.len() > LISTED { format!(", … ({} in all)", header.len()) } else { String::new() };
    format!("the columns are {}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_with_commas() {
        let header = strings(&["a", "b", "mass, kg", "x \"y\""]);
        let got = select(&header, &strings(&["mass, kg", "a"]), &strings(&["b,\"x \"\"y\"\"\""]), "`f`").unwrap();
        assert_eq!(got, Selection { x: vec![2, 0], y: vec![1, 3] });
        let got = select(&header, &strings(&["\"mass, kg\",a"]), &strings(&["b"]), "`f`").unwrap();
        assert_eq!(got, Selection { x: vec![2, 0], y: vec![1] });
    }

    #[test]
    fn wrong_names() {
        let header = strings(&["height", "width", "weight", "weight"]);
        let error = |x: &[&str], y: &[&str]| select(&header, &strings(x), &strings(y), "`f`").unwrap_err().to_string();
        assert_eq!(error(&["Hieght"], &["width"]), "`f` has no column `Hieght`\nhint: did you mean `height`?");
        assert!(error(&["q"], &["width"]).contains("hint: the columns are `height`, `width`"));
        assert!(error(&["weight"], &["width"]).contains("several columns `weight`"));
        assert!(error(&["width"], &["height,width"]).contains("both"));
        assert!(error(&["width,width"], &["height"]).contains("twice"));
        assert!(error(&[], &["height"]).contains("`--x` is missing"));
    }
}
