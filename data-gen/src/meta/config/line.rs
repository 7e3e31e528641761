//! The line of a key, for messages.

use crate::ground::error::ConfigError;

impl ConfigError {
    /// The same with the line of the key in the text of the configuration, where there is one.
    #[must_use]
    pub(crate) fn at_line_of(self, text: &str) -> Self {
        let key = match &self {
            Self::Value { key, .. }
            | Self::Missing { key, .. }
            | Self::NotApplicable { key, .. }
            | Self::File { key, .. } => key,
            Self::Syntax(_) | Self::UnknownName { .. } | Self::AtLine { .. } => return self,
        };
        match line_of(text, key) {
            Some(line) => Self::AtLine { line, error: Box::new(self) },
            None => self,
        }
    }
}

/// The line, from 1, on which a key of a TOML text stands; that of the nearest table above it if the key is absent.
#[must_use]
pub fn line_of(text: &str, key: &str) -> Option<usize> {
    let document = toml::de::DeTable::parse(text).ok()?;
    let mut at = None;
    let mut table = document.get_ref();
    for part in key.split('.') {
        let (name, index) = match part.split_once('[') {
            Some((name, index)) => (name, Some(index.trim_end_matches(']').parse::<usize>().ok()?)),
            None => (part, None),
        };
        let Some((found, value)) = table.get_key_value(name) else { break };
        let mut value = value;
        at = Some(found.span().start);
        if let Some(index) = index {
            value = value.get_ref().as_array()?.get(index)?;
            at = Some(value.span().start);
        }
        match value.get_ref().as_table() {
            Some(inner) => table = inner,
            None => break,
        }
    }
    at.map(|offset| text[..offset].lines().count().max(1) + usize::from(text[..offset].ends_with('\n')))
}
