//! Text from outside in a message.

/// Characters shown at most.
const LONGEST: usize = 80;

/// A cell, a name or the like for a message: one line, cut where it is long, and with nothing in it that a terminal
/// would obey.
pub fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            return out + "…";
        }
        push(&mut out, c);
    }
    out
}

/// The whole of a text, with nothing in it that a terminal would obey.
pub fn printable(text: &str) -> String {
    let mut out = String::new();
    text.chars().for_each(|c| push(&mut out, c));
    out
}

/// Adds a character, escaped if it is not for the eye: control characters, and those that turn the direction of text.
pub fn push(out: &mut String, c: char) {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || turns {
        out.extend(c.escape_default());
    } else {
        out.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_for_the_terminal_and_not_too_long() {
        assert_eq!(shown(b"a\x1b[31m\nb\t"), "a\\u{1b}[31m\\nb\\t");
        assert_eq!(shown("größe \u{202e}x".as_bytes()), "größe \\u{202e}x");
        assert_eq!(shown(&[b'x'; 500]).chars().count(), LONGEST + 1);
        assert_eq!(shown(b"\xff"), "\u{fffd}");
        assert_eq!(printable(&"\n".repeat(100)), "\\n".repeat(100));
    }
}
