//! Which columns the words of a user mean.

use crate::{TableError, shown};
use csv::ReaderBuilder;
use glob::Pattern;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Names more alike than this are worth suggesting.
const ALIKE: f64 = 0.7;
/// Names that a hint lists at most.
const LISTED: usize = 20;

/// The columns of a table, by name.
pub(crate) struct Names<'a> {
    names: &'a [String],
    /// Names that stand for several columns next to each other.
    groups: &'a [(String, Range<usize>)],
    /// What the table is called in messages.
    place: &'a str,
    indices: HashMap<&'a str, Vec<usize>>,
}

/// The columns of an option.
struct Found {
    indices: Vec<usize>,
    /// Those among them that were named one by one, not by a pattern.
    named: HashSet<usize>,
}

impl<'a> Names<'a> {
    pub fn new(names: &'a [String], groups: &'a [(String, Range<usize>)], place: &'a str) -> Self {
        let mut indices: HashMap<&str, Vec<usize>> = HashMap::new();
        names.iter().enumerate().for_each(|(i, name)| indices.entry(name).or_default().push(i));
        Self { names, groups, place, indices }
    }

    /// Finds the columns of each option. A pattern leaves out the columns that another option names.
    pub fn choose(&self, wanted: &[(&str, &[String])]) -> Result<Vec<Vec<usize>>, TableError> {
        for (option, texts) in wanted {
            if texts.is_empty() {
                let hint = self.listed();
                return Err(choice(format!(
                    "`{option}` is missing: it says which columns of {} to use\nhint: {hint}",
                    self.place
                )));
            }
        }
        let found: Vec<Found> =
            wanted.iter().map(|(option, texts)| self.option(option, texts)).collect::<Result<_, _>>()?;
        let mut named_by: HashMap<usize, usize> = HashMap::new();
        for (number, option) in found.iter().enumerate() {
            for column in &option.named {
                if let Some(other) = named_by.insert(*column, number) {
                    return Err(self.in_both(*column, wanted[other].0, wanted[number].0));
                }
            }
        }
        let (mut chosen, mut chosen_by) = (Vec::new(), HashMap::<usize, usize>::new());
        for (number, option) in found.into_iter().enumerate() {
            let free = |column: &usize| named_by.get(column).is_none_or(|other| *other == number);
            let indices: Vec<usize> = option.indices.into_iter().filter(free).collect();
            if indices.is_empty() {
                return Err(choice(format!(
                    "`{}` is left without columns: another option names them",
                    wanted[number].0
                )));
            }
            for column in &indices {
                if let Some(other) = chosen_by.insert(*column, number) {
                    return Err(self.in_both(*column, wanted[other].0, wanted[number].0));
                }
            }
            chosen.push(indices);
        }
        Ok(chosen)
    }

    /// Finds columns among those that are chosen.
    pub fn among(&self, option: &str, texts: &[String], chosen: &[usize]) -> Result<Vec<usize>, TableError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.option(option, texts)?;
        let chosen: HashSet<usize> = chosen.iter().copied().collect();
        if let Some(column) = found.indices.iter().find(|i| found.named.contains(i) && !chosen.contains(i)) {
            let name = self.shown(*column);
            return Err(choice(format!("column `{name}` of `{option}` is not one of the columns in use")));
        }
        Ok(found.indices.into_iter().filter(|i| chosen.contains(i)).collect())
    }

    /// Whether each of the words is the name of a column, or several with commas in between.
    pub fn all_named(&self, texts: &[String]) -> bool {
        let is_name = |text: &String| self.indices.contains_key(text.as_str());
        !texts.is_empty() && texts.iter().all(|text| self.split(text).is_ok_and(|parts| parts.iter().all(is_name)))
    }

    fn in_both(&self, column: usize, one: &str, other: &str) -> TableError {
        choice(format!("column `{}` is in both `{one}` and `{other}`", self.shown(column)))
    }

    fn option(&self, option: &str, texts: &[String]) -> Result<Found, TableError> {
        let mut found = Found { indices: Vec::new(), named: HashSet::new() };
        let mut seen = HashSet::new();
        for text in texts {
            for part in self.split(text)? {
                let (indices, by_name) = self.find(&part)?;
                for i in indices {
                    if seen.insert(i) {
                        found.indices.push(i);
                    } else if by_name && found.named.contains(&i) {
                        let part = shown(part.as_bytes());
                        return Err(choice(format!("column `{part}` is named twice in `{option}`")));
                    }
                    if by_name {
                        found.named.insert(i);
                    }
                }
            }
        }
        if found.indices.is_empty() {
            return Err(choice(format!("`{option}` names no column\nhint: {}", self.listed())));
        }
        Ok(found)
    }

    /// One name that may hold commas, or several parts between commas, which may be quoted.
    fn split(&self, text: &str) -> Result<Vec<String>, TableError> {
        if self.indices.contains_key(text) {
            return Ok(vec![text.into()]);
        }
        let mut reader = ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
        match reader.records().next() {
            Some(Ok(record)) => Ok(record.iter().map(str::to_string).collect()),
            Some(Err(e)) => Err(choice(format!("`{}` is no list of columns: {e}", shown(text.as_bytes())))),
            None => Ok(vec![]),
        }
    }

    /// The columns that one part means, and whether it names them rather than describe them by a pattern.
    fn find(&self, part: &str) -> Result<(Vec<usize>, bool), TableError> {
        if let Some(column) = self.one(part)? {
            return Ok((vec![column], true));
        }
        if let Some((_, columns)) = self.groups.iter().find(|(name, _)| name == part) {
            return Ok((columns.clone().collect(), true));
        }
        if let Some((first, last)) = part.split_once("..") {
            let (first, last) = (first.trim(), last.trim());
            let end = |text: &str, default: usize| match text {
                "" => Ok(default),
                _ => self.one(text)?.ok_or_else(|| self.unknown(text)),
            };
            let (first, last) = (end(first, 0)?, end(last, self.names.len() - 1)?);
            if first > last {
                return Err(choice(format!(
                    "`{}` runs backwards: column `{}` stands behind column `{}`",
                    shown(part.as_bytes()),
                    self.shown(first),
                    self.shown(last)
                )));
            }
            return Ok(((first..=last).collect(), false));
        }
        if part.contains(['*', '?', '[']) {
            return self.pattern(part).map(|columns| (columns, false));
        }
        Err(self.unknown(part))
    }

    /// The column of a name, or else of a number from 1.
    fn one(&self, text: &str) -> Result<Option<usize>, TableError> {
        match self.indices.get(text).map(Vec::as_slice) {
            Some([column]) => return Ok(Some(*column)),
            Some(columns) => {
                let numbers: Vec<String> = columns.iter().map(|i| format!("`{}`", i + 1)).collect();
                return Err(choice(format!(
                    "{} has several columns `{}`, expected one\nhint: say which by its number, {}",
                    self.place,
                    shown(text.as_bytes()),
                    numbers.join(" or ")
                )));
            }
            None => {}
        }
        let number =
            text.parse().ok().filter(|number| text.as_bytes()[0] != b'+' && (1..=self.names.len()).contains(number));
        Ok(number.map(|number| number - 1))
    }

    fn pattern(&self, part: &str) -> Result<Vec<usize>, TableError> {
        let shown = shown(part.as_bytes());
        let pattern = Pattern::new(part).map_err(|e| choice(format!("`{shown}` is no pattern of names: {}", e.msg)))?;
        let columns: Vec<usize> = (0..self.names.len()).filter(|i| pattern.matches(&self.names[*i])).collect();
        if columns.is_empty() {
            return Err(choice(format!("{} has no column like `{shown}`\nhint: {}", self.place, self.listed())));
        }
        Ok(columns)
    }

    fn unknown(&self, name: &str) -> TableError {
        let hint = self.suggestion(name);
        choice(format!("{} has no column `{}`\nhint: {hint}", self.place, shown(name.as_bytes())))
    }

    fn suggestion(&self, name: &str) -> String {
        if name.parse::<u64>().is_ok() {
            let count = self.names.len();
            return format!("columns are numbered from 1 to {count}; {}", self.listed());
        }
        let score = |other: &str| strsim::jaro_winkler(&other.to_lowercase(), &name.to_lowercase());
        let nearest = self.names.iter().map(|other| (score(other), other)).max_by(|a, b| a.0.total_cmp(&b.0));
        match nearest {
            Some((score, other)) if score > ALIKE => format!("did you mean `{}`?", shown(other.as_bytes())),
            _ => self.listed(),
        }
    }

    fn listed(&self) -> String {
        let count = self.names.len();
        let names: Vec<String> = (0..count.min(LISTED)).map(|i| format!("`{}`", self.shown(i))).collect();
        let more = if count > LISTED { format!(", … ({count} in all)") } else { String::new() };
        format!("the columns are {}{more}", names.join(", "))
    }

    fn shown(&self, column: usize) -> String {
        shown(self.names[column].as_bytes())
    }
}

fn choice(what: String) -> TableError {
    TableError::Choice { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn choose(header: &[&str], x: &[&str], y: &[&str]) -> Result<Vec<Vec<usize>>, String> {
        let (header, x, y) = (strings(header), strings(x), strings(y));
        Names::new(&header, &[], "`f`").choose(&[("--x", &x), ("--y", &y)]).map_err(|e| e.to_string())
    }

    #[test]
    fn names_with_commas() {
        let header = ["a", "b", "mass, kg", "x \"y\""];
        assert_eq!(choose(&header, &["mass, kg", "a"], &["b,\"x \"\"y\"\"\""]).unwrap(), [[2, 0], [1, 3]]);
        assert_eq!(choose(&header, &["\"mass, kg\",a"], &["b"]).unwrap(), [vec![2, 0], vec![1]]);
    }

    #[test]
    fn numbers_ranges_and_patterns() {
        let header = ["id", "g_1", "g_2", "2020", "g_3", "y"];
        assert_eq!(choose(&header, &["g_*"], &["6"]).unwrap(), [vec![1, 2, 4], vec![5]]);
        assert_eq!(choose(&header, &["2..4"], &["y"]).unwrap(), [vec![1, 2, 3], vec![5]]);
        assert_eq!(choose(&header, &["g_2..g_3,1"], &["y"]).unwrap(), [vec![2, 3, 4, 0], vec![5]]);
        assert_eq!(choose(&header, &["5.."], &["..2,g_2"]).unwrap(), [vec![4, 5], vec![0, 1, 2]]);
        // A name goes before a number, and a pattern leaves alone what another option names.
        assert_eq!(choose(&header, &["2020"], &["g_[12]"]).unwrap(), [vec![3], vec![1, 2]]);
        assert_eq!(choose(&header, &["*"], &["y"]).unwrap(), [vec![0, 1, 2, 3, 4], vec![5]]);
        assert_eq!(choose(&header, &["g_?,g_1"], &["y,g_2"]).unwrap(), [vec![1, 4], vec![5, 2]]);
    }

    #[test]
    fn names_of_several_columns() {
        let (names, groups) = (strings(&["x.1", "x.2", "y"]), [("x".to_owned(), 0..2)]);
        let chosen = Names::new(&names, &groups, "`f`").choose(&[("--x", &strings(&["x"])), ("--y", &strings(&["y"]))]);
        assert_eq!(chosen.unwrap(), [vec![0, 1], vec![2]]);
    }

    #[test]
    fn wrong_names() {
        let header = ["height", "width", "weight", "weight"];
        let error = |x: &[&str], y: &[&str]| choose(&header, x, y).unwrap_err();
        assert_eq!(error(&["Hieght"], &["width"]), "`f` has no column `Hieght`\nhint: did you mean `height`?");
        assert!(error(&["q"], &["width"]).contains("hint: the columns are `height`, `width`"));
        assert!(error(&["weight"], &["width"]).contains("several columns `weight`"));
        assert!(error(&["weight"], &["width"]).contains("by its number, `3` or `4`"));
        assert!(error(&["width"], &["height,width"]).contains("both"));
        assert!(error(&["width,width"], &["height"]).contains("twice"));
        assert!(error(&[], &["height"]).contains("`--x` is missing"));
        assert!(error(&["5"], &["height"]).contains("numbered from 1 to 4"));
        assert!(error(&["3..1"], &["height"]).contains("runs backwards"));
        assert!(error(&["w*"], &["width..4"]).contains("is in both"));
        assert!(error(&["h*"], &["height"]).contains("`--x` is left without columns"));
        assert!(error(&["q*"], &["height"]).contains("no column like `q*`"));
        assert!(error(&["[a"], &["height"]).contains("is no pattern"));
    }

    #[test]
    fn columns_among_those_in_use() {
        let names = strings(&["a", "b", "c"]);
        let among = |texts: &[&str]| Names::new(&names, &[], "`f`").among("--categorical", &strings(texts), &[2, 0]);
        assert_eq!(among(&["*"]).unwrap(), [0, 2]);
        assert!(among(&[]).unwrap().is_empty());
        assert!(among(&["b"]).unwrap_err().to_string().contains("`b` of `--categorical` is not one of"));
    }
}
