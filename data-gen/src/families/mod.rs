//! The middle floor: one family a file or a folder, with its density, its MI, its prior and its keys. A family imports
//! only the [ground](crate::ground), and no other family.
//!
//! | module | X, Y | MI |
//! |---|---|---|
//! | [`elliptical`] over a [`scatter`](elliptical::scatter) | multivariate normal or Student-t | closed form |
//! | [`elliptical_copula`] | normal or t copula, arbitrary marginals | closed form |
//! | [`copula`] | pairs coupled by a Clayton, Gumbel, Frank or Joe copula | closed form, quadrature |
//! | [`plackett`] | pairs coupled by a Plackett copula | quadrature |
//! | [`additive`] | uniform X, Y = X + uniform noise | closed form |
//! | [`link`] | one-dimensional, Y = f(X) + noise | quadrature |
//! | [`interaction`] | couplings that no pair of columns shows | closed form, quadrature |
//! | [`mixture`] | mixtures of normals that factorise over pairs of columns | Monte Carlo |
//! | [`normal_mixture`] | mixtures of normals with any covariances | Monte Carlo |
//! | [`links`] | K independent pairs of that kind, further noise | sum |
//! | [`swissroll`] | normal copula, X on a rolled-up sheet | closed form |
//! | [`table`] | categorical pairs with a probability table | finite sum |
//! | [`channel`] | bits through a noisy channel | closed form |
//! | [`quantised`] | normal pairs, one or both rounded or cut into levels | quadrature |
//! | [`zero_inflated`] | normal pairs, zeros in place of some values | closed form |
//! | [`censored`] | normal pairs, X cut off at one or both ends | closed form, quadrature |
//! | [`counts`] | gamma intensities, Poisson counts | sum |
//! | [`labels`] | class labels, normal mixture | Monte Carlo |
//! | [`readings`] | a number, several counts, numbers or bits that it sets | Monte Carlo |
//! | [`regression`] | a number or a class that depends on several columns | lattice rule |
//! | [`degenerate`] | normal pairs with constant and repeated columns | closed form |
//! | [`independent`] | independent sides, any marginals | exactly 0 |
//!
//! A new family is a file here with a type that is a [`Joint`] (or a [`Pair`](pairs::Pair)) and a type that is a
//! [`Prior`], and a line in the [catalogue](crate::meta::catalogue), which names the file.

pub mod additive;
pub mod censored;
pub mod channel;
pub mod copula;
pub mod counts;
pub mod degenerate;
pub mod elliptical;
pub mod independent;
pub mod interaction;
pub mod labels;
pub mod link;
pub mod mixture;
pub mod normal_mixture;
pub mod plackett;
pub mod quantised;
pub mod readings;
pub mod regression;
pub mod swissroll;
pub mod table;
pub mod zero_inflated;

pub use elliptical::copula as elliptical_copula;
pub use link::many as links;

pub use crate::ground::{joint::Joint, marginal, normal_pair, pairs, prior::Prior};
