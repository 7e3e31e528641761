//! `text:` and `image:` in front of the names of columns.

use anyhow::Result;
use csv::{ReaderBuilder, Trim};
use mist_tables::Table;

/// What a marked column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Image,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Text, Self::Image];

    /// Its name, and without its colon the mark.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
        }
    }
}

/// The words of an option without their marks, and which of them had one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The words.
    pub words: Vec<String>,
    marked: Vec<(Kind, String)>,
}

impl Marks {
    /// Takes the marks off. A word that is the name of a column as it stands has none.
    pub fn take(words: &[String], table: &Table) -> Self {
        let fields = table.fields().unwrap_or_default();
        Self::of(words, &|word| fields.iter().any(|field| field.name == word))
    }

    fn of(words: &[String], is_name: &dyn Fn(&str) -> bool) -> Self {
        let mut found = Self::default();
        for word in words {
            let parts = match is_name(word) || !Kind::ALL.iter().any(|kind| word.contains(&prefix(*kind))) {
                true => None,
                false => parts(word),
            };
            let Some(parts) = parts else {
                found.words.push(word.clone());
                continue;
            };
            for part in parts {
                let mark = Kind::ALL.into_iter().find_map(|kind| Some((kind, part.strip_prefix(&prefix(kind))?)));
                match mark.filter(|_| !is_name(&part)) {
                    Some((kind, name)) => {
                        found.words.push(name.to_owned());
                        found.marked.push((kind, name.to_owned()));
                    }
                    None => found.words.push(part),
                }
            }
        }
        found
    }

    /// What each of the chosen columns is marked as.
    ///
    /// # Errors
    /// Those of [`Table::among`].
    pub fn kinds(&self, option: &str, table: &Table, chosen: &[usize]) -> Result<Vec<Option<Kind>>> {
        let mut kinds = vec![None; chosen.len()];
        for (kind, word) in &self.marked {
            for column in table.among(option, std::slice::from_ref(word), chosen)? {
                let place = chosen.iter().position(|c| *c == column);
                kinds[place.expect("among the chosen ones")] = Some(*kind);
            }
        }
        Ok(kinds)
    }
}

fn prefix(kind: Kind) -> String {
    format!("{}:", kind.as_str())
}

/// The parts between commas, which may be quoted; `None` of what is no such list, which others will refuse.
fn parts(word: &str) -> Option<Vec<String>> {
    let mut reader = ReaderBuilder::new().has_headers(false).trim(Trim::All).from_reader(word.as_bytes());
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_off_words_that_are_no_names() {
        let of = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            let Marks { words, marked } = Marks::of(&words, &|word| word == "text:raw" || word == "a,text:b");
            (words.join("|"), marked.iter().map(|(kind, name)| format!("{}={name}", kind.as_str())).collect::<Vec<_>>())
        };
        assert_eq!(of(&["a,b", "c"]), ("a,b|c".into(), vec![]));
        assert_eq!(of(&["text:review"]), ("review".into(), vec!["text=review".into()]));
        assert_eq!(
            of(&["age, image:photo,text:t_*", "x"]),
            ("age|photo|t_*|x".into(), vec!["image=photo".into(), "text=t_*".into()])
        );
        assert_eq!(of(&["text:raw,text:2"]), ("text:raw|2".into(), vec!["text=2".into()]));
        assert_eq!(of(&["a,text:b"]), ("a,text:b".into(), vec![]));
        assert_eq!(of(&["\"text:a, b\""]), ("a, b".into(), vec!["text=a, b".into()]));
    }
}
