//! The header of a .npy file: a Python dictionary with the type, the order and the shape of an array.
//!
//! Of that language only what `numpy.save` writes for arrays of numbers is read, from left to right and without
//! recursion, so that the time is linear in the length.

use std::io::Read;

/// Bytes of a header at most, as in NumPy.
const LONGEST: usize = 10_000;
const MAGIC: &[u8] = b"\x93NUMPY";

/// What a header says.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Type of the elements, such as `<f8`.
    pub descr: String,
    /// Whether the first index is the one that runs fastest.
    pub fortran_order: bool,
    /// Size along each axis.
    pub shape: Vec<u64>,
}

impl Header {
    /// Reads a header from the beginning of a file up to the first byte of the array.
    ///
    /// # Errors
    /// What is wrong with the file, to go on after `is not a sound .npy file: `.
    pub fn read(input: &mut impl Read) -> Result<Self, String> {
        let mut bytes = |count: usize| {
            let mut bytes = vec![0; count];
            input.read_exact(&mut bytes).map(|()| bytes).map_err(|e| match e.kind() {
                std::io::ErrorKind::UnexpectedEof => "it ends within its header".to_owned(),
                _ => e.to_string(),
            })
        };
        let start = bytes(8)?;
        if !start.starts_with(MAGIC) {
            return Err("it does not begin as one".into());
        }
        let length = match (start[6], start[7]) {
            (1, 0) => bytes(2)?.try_into().map(u16::from_le_bytes).map(usize::from),
            (2 | 3, 0) => bytes(4)?.try_into().map(|length| u32::from_le_bytes(length) as usize),
            (major, minor) => return Err(format!("version {major}.{minor}, expected 1.0 to 3.0")),
        };
        let length = length.expect("read as many bytes");
        if length > LONGEST {
            return Err(format!("its header has {length} bytes, expected at most {LONGEST}"));
        }
        Self::parse(&String::from_utf8_lossy(&bytes(length)?))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut rest = Rest(text);
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        rest.expect("{")?;
        while !rest.accept("}") {
            let key = rest.string()?;
            rest.expect(":")?;
            let again = match key {
                "descr" => descr.replace(rest.string()?.to_owned()).is_some(),
                "fortran_order" => fortran_order.replace(rest.boolean()?).is_some(),
                "shape" => shape.replace(rest.shape()?).is_some(),
                other => return Err(format!("unknown key `{}` in its header", crate::shown(other.as_bytes()))),
            };
            if again {
                return Err(format!("`{key}` stands twice in its header"));
            }
            if !rest.accept(",") {
                rest.expect("}")?;
                break;
            }
        }
        if !rest.0.trim_ascii().is_empty() {
            return Err("text after the dictionary in its header".into());
        }
        let missing = |key: &str| format!("`{key}` is missing in its header");
        Ok(Self {
            descr: descr.ok_or_else(|| missing("descr"))?,
            fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
            shape: shape.ok_or_else(|| missing("shape"))?,
        })
    }
}

/// What is still to be read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn accept(&mut self, token: &str) -> bool {
        self.0 = self.0.trim_ascii_start();
        let after = self.0.strip_prefix(token);
        self.0 = after.unwrap_or(self.0);
        after.is_some()
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.accept(token) { Ok(()) } else { Err(self.unexpected(&format!("`{token}`"))) }
    }

    fn unexpected(&self, expected: &str) -> String {
        let found: String = self.0.trim_ascii_start().chars().take(20).collect();
        format!("expected {expected} in its header, got `{}`", crate::shown(found.as_bytes()))
    }

    /// A string without escapes.
    fn string(&mut self) -> Result<&'a str, String> {
        let quote = if self.accept("'") {
            '\''
        } else if self.accept("\"") {
            '"'
        } else {
            return Err(self.unexpected("a name in quotes"));
        };
        let (string, rest) = self.0.split_once(quote).ok_or_else(|| self.unexpected("the end of a name"))?;
        self.0 = rest;
        Ok(string)
    }

    fn boolean(&mut self) -> Result<bool, String> {
        match (self.accept("True"), self.accept("False")) {
            (true, _) => Ok(true),
            (_, true) => Ok(false),
            _ => Err(self.unexpected("`True` or `False`")),
        }
    }

    fn shape(&mut self) -> Result<Vec<u64>, String> {
        let mut shape = Vec::new();
        self.expect("(")?;
        while !self.accept(")") {
            let rest = self.0.trim_ascii_start();
            let digits = rest.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
            shape.push(rest[..digits].parse().map_err(|_| self.unexpected("a size of 64 bits"))?);
            // As Python 2 wrote some of them.
            self.0 = rest[digits..].strip_prefix('L').unwrap_or(&rest[digits..]);
            if !self.accept(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn what_numpy_writes() {
        let header = |descr: &str, fortran_order, shape: &[u64]| {
            Ok(Header { descr: descr.into(), fortran_order, shape: shape.into() })
        };
        let text = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }     \n";
        assert_eq!(Header::parse(text), header("<f8", false, &[3, 2]));
        assert_eq!(Header::parse("{\"shape\":(7L,),'fortran_order':True,'descr':'|b1'}"), header("|b1", true, &[7]));
        assert_eq!(Header::parse("{'descr': '<i2', 'fortran_order': False, 'shape': ()}"), header("<i2", false, &[]));
    }

    #[test]
    fn anything_else_is_refused() {
        let refused = |text: &str| Header::parse(text).unwrap_err();
        assert!(refused("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3,)}").contains("got `[("));
        assert!(refused("{'descr': '<f8', 'fortran_order': 0, 'shape': (3,)}").contains("`True` or `False`"));
        assert!(refused("{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}").contains("a size of 64 bits"));
        assert!(
            refused("{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551616,)}").contains("a size")
        );
        assert!(refused("{'descr': '<f8', 'fortran_order': False}").contains("`shape` is missing"));
        assert!(refused("{'descr': '<f8', 'descr': '<f8'}").contains("stands twice"));
        assert!(refused("{'colour': '<f8'}").contains("unknown key `colour`"));
        assert!(refused("{} x").contains("text after"));
        assert!(refused("").contains("expected `{`"));
        for end in 0..50 {
            refused(&"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2)}"[..end]);
        }
    }

    #[test]
    fn nested_lists_take_no_time() {
        let start = Instant::now();
        for nested in ["[", "(", "{'descr':"] {
            assert!(Header::parse(&format!("{{'descr': {}", nested.repeat(5000))).is_err());
        }
        assert!(start.elapsed() < Duration::from_secs(1));
    }
}
