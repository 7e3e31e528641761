//! The base distributions, one file a concept.
//!
//! | module | X, Y | MI |
//! |---|---|---|
//! | [`elliptical`] over a [`dispersion`] | multivariate normal or Student-t | closed form |
//! | [`additive`] | uniform X, Y = X + uniform noise | closed form |
//! | [`independent`] | independent sides, any marginals | exactly 0 |
//! | [`copula`] | pairs coupled by a Clayton, Gumbel, Frank or Joe copula | closed form, quadrature |
//! | [`link`] | one-dimensional, Y = f(X) + noise | quadrature |

pub mod additive;
pub mod copula;
pub mod dispersion;
pub mod elliptical;
pub mod independent;
pub mod link;
pub mod marginal;
mod quadrature;
