//! Signs as unknown bits, and what is known of them: linear equations over GF(2).

/// A sum of unknown bits and a constant, modulo 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parity {
    bits: Vec<u64>,
    /// The constant.
    pub(super) odd: bool,
}

impl Parity {
    fn zero(width: usize) -> Self {
        Self { bits: vec![0; width.div_ceil(64)], odd: false }
    }

    fn one_bit(width: usize, bit: usize) -> Self {
        let mut out = Self::zero(width);
        out.bits[bit / 64] |= 1 << (bit % 64);
        out
    }

    fn add(&mut self, other: &Self) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(a, b)| *a ^= b);
        self.odd ^= other.odd;
    }

    pub(super) fn contains(&self, bit: usize) -> bool {
        self.bits[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// The lowest unknown bit of the sum; `None` if the sum is a constant.
    pub(super) fn lowest(&self) -> Option<usize> {
        self.bits.iter().position(|w| *w != 0).map(|i| i * 64 + self.bits[i].trailing_zeros() as usize)
    }
}

/// The bit of each column (1 for a sign of −1), expressed by the bits that are still unknown.
#[derive(Debug)]
pub(super) struct Signs {
    of: Vec<Parity>,
    /// Number of bits still unknown.
    pub(super) unknown: usize,
}

impl Signs {
    /// Nothing is known of `d` signs.
    pub(super) fn new(d: usize) -> Self {
        Self { of: (0..d).map(|j| Parity::one_bit(d, j)).collect(), unknown: d }
    }

    /// Whether what is known settles the product of the signs of `columns`.
    pub(super) fn settles(&self, columns: &[usize]) -> bool {
        let word = |w: usize| columns.iter().fold(0, |sum, j| sum ^ self.of[*j].bits[w]);
        (0..self.of.len().div_ceil(64)).all(|w| word(w) == 0)
    }

    /// The sum of the bits of `columns`, and 1 if `negative`: must be 0 for their product to have the sign asked for.
    pub(super) fn equation(&self, columns: &[usize], negative: bool) -> Parity {
        let mut sum = Parity::zero(self.of.len());
        columns.iter().for_each(|j| sum.add(&self.of[*j]));
        sum.odd ^= negative;
        sum
    }

    /// Accepts an equation: a sum that must be 0. Nothing happens if it holds, or fails, whatever is unknown.
    pub(super) fn accept(&mut self, equation: &Parity) {
        let mut sum = Parity::zero(self.of.len());
        sum.odd = equation.odd;
        (0..self.of.len()).filter(|j| equation.contains(*j)).for_each(|j| sum.add(&self.of[j]));
        let Some(pivot) = sum.lowest() else { return };
        self.of.iter_mut().filter(|p| p.contains(pivot)).for_each(|p| p.add(&sum));
        self.unknown -= 1;
    }

    /// Accepts what can be accepted of equations that have equal rights.
    ///
    /// No order among them may matter, so contradictions are dropped as a whole. Equations interact if they are part
    /// of one minimal dependency (a circuit: its sum does not hold any unknown bit). The connected parts under that
    /// relation are the components of the matroid of the equations, which no choice of basis can change; a part is
    /// accepted if all its circuits sum to 0, and dropped if any does not.
    ///
    /// Gives the places of the equations dropped.
    pub(super) fn accept_level(&mut self, level: &[Parity]) -> Vec<usize> {
        if let [only] = level {
            self.accept(only);
            return Vec::new();
        }
        // The equations of a basis in echelon form: pivot, sum, and the originals that the sum is made of.
        let mut echelon: Vec<(usize, Parity, Vec<usize>)> = Vec::new();
        let mut part: Vec<usize> = (0..level.len()).collect();
        let mut contradictions = Vec::new();
        for (e, equation) in level.iter().enumerate() {
            let mut sum = equation.clone();
            let mut made_of = vec![e];
            for (pivot, reduced, originals) in &echelon {
                if sum.contains(*pivot) {
                    sum.add(reduced);
                    symmetric_difference(&mut made_of, originals);
                }
            }
            match sum.lowest() {
                Some(pivot) => echelon.push((pivot, sum, made_of)),
                None => {
                    for o in &made_of {
                        let (a, b) = (root(&part, e), root(&part, *o));
                        part[a] = b;
                    }
                    if sum.odd {
                        contradictions.push(e);
                    }
                }
            }
        }
        let wrong: Vec<usize> = contradictions.iter().map(|e| root(&part, *e)).collect();
        let (dropped, accepted): (Vec<_>, Vec<_>) = (0..level.len()).partition(|e| wrong.contains(&root(&part, *e)));
        accepted.iter().for_each(|e| self.accept(&level[*e]));
        dropped
    }

    /// A basis of the sign vectors that can be added to a solution: the columns to flip together, for each unknown bit.
    pub(super) fn flips(&self) -> Vec<Vec<usize>> {
        let d = self.of.len();
        let unknown = (0..d).filter(|f| self.of[*f].lowest() == Some(*f));
        unknown.map(|f| (0..d).filter(|j| self.of[*j].contains(f)).collect()).collect()
    }

    /// The signs if every unknown bit is 0.
    pub(super) fn representative(&self) -> Vec<i8> {
        self.of.iter().map(|p| if p.odd { -1 } else { 1 }).collect()
    }
}

/// Members of exactly one of two sets.
fn symmetric_difference(a: &mut Vec<usize>, b: &[usize]) {
    for m in b {
        match a.iter().position(|x| x == m) {
            Some(at) => drop(a.swap_remove(at)),
            None => a.push(*m),
        }
    }
}

/// The representative of an equation's part.
fn root(part: &[usize], mut e: usize) -> usize {
    while part[e] != e {
        e = part[e];
    }
    e
}
