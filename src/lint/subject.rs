//! What is linted: a definition, and what its parameters are taken for.
//!
//! The library's convention decides: features are d × B, a column per sample. A matrix whose first size is called `N` has a
//! row per sample (patches), a square one is a kernel of its samples. The batch is the size called `B` where there is one,
//! and else that of the first matrix whose number of samples has a name. Other sizes may be numbers or sums.

use std::collections::BTreeMap;
use std::sync::Arc;

use num_rational::BigRational;

use super::block::Side;
use super::finding::{Chosen, Kind, Setting};
use super::loss::Loss;
use super::{Options, Request};
use crate::base::{Code, Diagnostic};
use crate::check::{Definition, Session, no_such_size, size_names};
use crate::ir::Set;
use crate::syntax::ast::{DomainKind, Expr, ExprKind, Param};
use crate::syntax::{Spelling, print_expr};

/// What a parameter that is an array is to the batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// Features or a kernel.
    Varied(Kind),
    /// Goes with the samples: a mask, weights.
    Label(Side),
    /// Has nothing to do with the batch.
    Held,
}

impl Kind {
    pub(super) fn side(self) -> Side {
        match self {
            Kind::Columns => Side::Columns,
            Kind::Rows => Side::Rows,
            Kind::Kernel => Side::Both,
        }
    }
}

/// A parameter that is an array.
#[derive(Clone, Debug)]
pub(super) struct Array {
    pub name: String,
    pub set: Set,
    pub role: Role,
    /// The name of the size that is not the batch.
    pub width: Option<String>,
}

/// A definition, its scalars fixed.
pub(super) struct Subject<'a> {
    session: &'a Session,
    definition: Arc<Definition>,
    pub arrays: Vec<Array>,
    given: Vec<(String, Expr)>,
    pub setting: Setting,
}

/// The size of the batch, of the features, and of anything else where nobody says otherwise. The batch divides into four
/// parts, and there is room for orthonormal samples.
const BATCH: usize = 8;
const WIDTH: usize = 12;
const OTHER: usize = 3;

impl<'a> Subject<'a> {
    /// What is asked for, with `numbers` for parameters without a default, and 1 for the others.
    ///
    /// # Errors
    /// A diagnostic where the definition is none that can be linted, or the request names what it has not.
    pub fn new(
        session: &'a Session,
        request: &Request,
        options: &Options,
        numbers: &[(String, BigRational)],
    ) -> Result<Self, Vec<Diagnostic>> {
        let definition = definition(session, &request.loss)?;
        let def = &definition.def;
        let (mut arrays, mut scalars, mut given) = (Vec::new(), Vec::new(), Vec::new());
        let batch = batch(&def.params);
        for param in &def.params {
            let name = &param.name.name;
            let set = request.set.iter().find(|(set, _)| set == name).map(|(_, value)| value);
            match (kind(param), set) {
                (Parameter::Scalar, set) => {
                    let (value, chosen) = match (set, &param.default) {
                        (Some(value), _) => (value.clone(), Chosen::Given),
                        (None, Some(default)) => (default.clone(), Chosen::Default),
                        (None, None) => {
                            let number = numbers.iter().find(|(known, _)| known == name).map(|(_, x)| x.clone());
                            let value = number.unwrap_or_else(|| BigRational::from_integer(1.into()));
                            let kind = ExprKind::Number { value, imaginary: false };
                            (Expr { kind, span: param.name.span }, Chosen::Free)
                        }
                    };
                    scalars.push((name.clone(), print_expr(&value, Spelling::Ascii), chosen));
                    // A default is elaborated where it stands, by leaving it out.
                    if chosen != Chosen::Default {
                        given.push((name.clone(), value));
                    }
                }
                (Parameter::Array(..), Some(value)) => {
                    let message = format!("`{name}` is an array, which lint draws; --set is for numbers");
                    return Err(vec![Diagnostic::new(Code::E0807, message).at(value.span, "given here")]);
                }
                (Parameter::Array(set, sizes), None) => arrays.push(array(name, set, &sizes, batch.as_deref())),
                (Parameter::Unusable(why), _) => {
                    return Err(vec![
                        Diagnostic::new(Code::E0705, format!("`{}` cannot be linted: {why}", def.name.name))
                            .at(param.name.span, "this parameter"),
                    ]);
                }
            }
        }
        if let Some((name, value)) =
            request.set.iter().find(|(name, _)| def.params.iter().all(|param| param.name.name != *name))
        {
            let message = format!("`{}` has no parameter `{name}`", def.name.name);
            return Err(vec![Diagnostic::new(Code::E0204, message).at(value.span, "given here")]);
        }
        let varied: Vec<(String, Kind)> = arrays
            .iter()
            .filter_map(|array| match array.role {
                Role::Varied(kind) => Some((array.name.clone(), kind)),
                Role::Label(_) | Role::Held => None,
            })
            .collect();
        let (Some(batch), false) = (batch, varied.is_empty()) else {
            return Err(vec![no_samples(&definition)]);
        };
        let width = arrays.iter().find(|a| matches!(a.role, Role::Varied(_))).and_then(|a| a.width.clone());
        let sizes = sizes(&definition, &request.sizes, &batch, width.as_deref())?;
        let named = |role: fn(&Role) -> bool| {
            arrays.iter().filter(|array| role(&array.role)).map(|array| array.name.clone()).collect::<Vec<_>>()
        };
        let setting = Setting {
            sizes,
            batch,
            width,
            scalars,
            labels: named(|role| matches!(role, Role::Label(_))),
            held: named(|role| matches!(role, Role::Held)),
            varied,
            off: 0,
            draws: options.draws,
            seed: options.seed,
        };
        Ok(Subject { session, definition, arrays, given, setting })
    }

    /// The name of the definition.
    pub fn name(&self) -> &str {
        &self.definition.def.name.name
    }

    /// The condition that the definition states, as written.
    pub fn condition(&self) -> String {
        let written = self.definition.def.requires.as_ref().map(|condition| print_expr(condition, Spelling::Ascii));
        // A condition on numbers and on what is held is met: what is not met is about the samples.
        let names = |text: &str| {
            let mut words = text.split(|c: char| c != '_' && !unicode_ident::is_xid_continue(c));
            words.any(|word| self.arrays.iter().any(|array| array.role != Role::Held && array.name == word))
        };
        match written {
            Some(condition) if names(&condition) => format!("it requires {condition}"),
            _ => "a definition that it calls requires otherwise".to_owned(),
        }
    }

    /// The value of a size.
    pub fn size(&self, name: &str) -> usize {
        self.setting.sizes.iter().find(|(size, _)| size == name).map_or(1, |(_, n)| *n)
    }

    /// The loss with some sizes changed.
    pub fn at(&self, changed: &[(&str, usize)]) -> Result<Loss, Vec<Diagnostic>> {
        let mut sizes: BTreeMap<String, usize> = self.setting.sizes.iter().cloned().collect();
        for (name, size) in changed {
            sizes.insert((*name).to_owned(), *size);
        }
        let inputs: Vec<&str> = self.arrays.iter().map(|array| array.name.as_str()).collect();
        let applied = self.session.applied(&self.definition, &sizes, &inputs, &self.given)?;
        Loss::new(applied, self.condition())
    }
}

/// The definition of this name.
fn definition(session: &Session, name: &str) -> Result<Arc<Definition>, Vec<Diagnostic>> {
    session.definition(name).cloned().ok_or_else(|| vec![session.no_definition(name)])
}

/// Whether a parameter is a number, an array, or neither.
enum Parameter {
    Scalar,
    Array(Set, Vec<String>),
    Unusable(String),
}

fn kind(param: &Param) -> Parameter {
    let (name, sizes, complex) = match param.domain.as_ref().map(|domain| &domain.kind) {
        Some(DomainKind::Named { name, sizes, complex }) => (name, sizes, complex),
        Some(DomainKind::Range { .. } | DomainKind::Interval { .. } | DomainKind::Finite(_)) => {
            return Parameter::Scalar;
        }
        None => return Parameter::Unusable(format!("`{}` has no domain, and may be a function", param.name.name)),
    };
    let sizes: Vec<String> = sizes.iter().map(|size| print_expr(size, Spelling::Ascii)).collect();
    match Set::named(&name.name) {
        Some(Set::Real) => Parameter::Scalar,
        Some(set) if complex.is_none() && !matches!(set, Set::Complex | Set::Unitary) => Parameter::Array(set, sizes),
        _ => Parameter::Unusable(format!("`{}` is complex", param.name.name)),
    }
}

/// Why a definition has no batch: none of its arrays has a number of samples that has a name, and can be chosen.
fn no_samples(definition: &Definition) -> Diagnostic {
    let def = &definition.def;
    let matrix = def.params.iter().find_map(|param| match kind(param) {
        Parameter::Array(_, sizes) if sizes.len() == 2 || is_square(param) => Some((param, sizes)),
        Parameter::Array(..) | Parameter::Scalar | Parameter::Unusable(_) => None,
    });
    match matrix {
        Some((param, sizes)) => {
            let message = format!("`{}` cannot be linted: its number of samples cannot be chosen", def.name.name);
            let last = sizes.last().map_or("", String::as_str);
            Diagnostic::new(Code::E0705, message)
                .at(param.name.span, format!("this has {last} columns, which is no name of a size"))
                .help("lint varies the number of samples: write features as Mat[d, B], with a size of its own for it")
        }
        None => {
            let message = format!("`{}` cannot be linted: no parameter of it is a matrix of samples", def.name.name);
            Diagnostic::new(Code::E0705, message)
                .at(def.name.span, "defined here")
                .help("lint varies features, Mat[d, B] or UnitCols[d, B], and kernels, such as Psd[n]")
        }
    }
}

/// The name of the batch size.
fn batch(params: &[Param]) -> Option<String> {
    let arrays: Vec<Vec<String>> = params
        .iter()
        .filter_map(|param| match kind(param) {
            Parameter::Array(_, sizes) if sizes.len() == 2 || is_square(param) => Some(sizes),
            Parameter::Array(..) | Parameter::Scalar | Parameter::Unusable(_) => None,
        })
        .collect();
    if arrays.iter().flatten().any(|size| size == "B") {
        return Some("B".to_owned());
    }
    let own = |sizes: &Vec<String>| {
        let size = if sizes[0] == "N" { sizes.first() } else { sizes.last() };
        size.filter(|size| is_name(size)).cloned()
    };
    arrays.iter().find_map(own)
}

/// Whether a size is a name, and no number and no sum.
fn is_name(size: &str) -> bool {
    size.chars().all(|c| c == '_' || unicode_ident::is_xid_continue(c))
        && !size.starts_with(|c: char| c.is_ascii_digit())
}

fn is_square(param: &Param) -> bool {
    let Parameter::Array(set, _) = kind(param) else { return false };
    matches!(set, Set::Sym | Set::Psd | Set::Pd | Set::Corr | Set::Density | Set::Orthogonal)
}

fn array(name: &str, set: Set, sizes: &[String], batch: Option<&str>) -> Array {
    let batch = batch.unwrap_or_default();
    let (role, width) = match (set, sizes) {
        (Set::Mask, [m, n]) if n == batch => (Role::Label(Side::Columns), Some(m)),
        (Set::Mask, [m, _]) if m == batch => (Role::Label(Side::Rows), None),
        (Set::Mask | Set::Vec | Set::Simplex, [n]) if n == batch => (Role::Label(Side::Rows), None),
        (Set::Sym | Set::Psd | Set::Pd | Set::Corr | Set::Density, [n]) if n == batch => {
            (Role::Varied(Kind::Kernel), None)
        }
        (Set::Mat, [m, n]) if m == n && n == batch => (Role::Varied(Kind::Kernel), None),
        (Set::Mat | Set::UnitCols | Set::UnitRows | Set::Stiefel, [m, n]) if n == batch => {
            (Role::Varied(Kind::Columns), Some(m))
        }
        (Set::Mat | Set::UnitCols | Set::UnitRows | Set::Stiefel, [m, n]) if m == batch => {
            (Role::Varied(Kind::Rows), Some(n))
        }
        _ => (Role::Held, None),
    };
    // Features whose number is fixed, or follows from other sizes, have none that could be varied.
    let width = width.filter(|width| is_name(width));
    Array { name: name.to_owned(), set, role, width: width.cloned() }
}

fn sizes(
    definition: &Definition,
    asked: &[(String, i64)],
    batch: &str,
    width: Option<&str>,
) -> Result<Vec<(String, usize)>, Vec<Diagnostic>> {
    let names = size_names(definition);
    if let Some((unknown, _)) = asked.iter().find(|(name, _)| !names.contains(name)) {
        let message = format!("`{}` has no size `{unknown}`", definition.def.name.name);
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        return Err(vec![no_such_size(message, &known, unknown)]);
    }
    let value = |name: &str| {
        let asked = asked.iter().find(|(size, _)| size == name);
        // A size of no usize has no matrix, which the checker says.
        asked.map(|(_, n)| usize::try_from(*n).unwrap_or(usize::MAX)).unwrap_or(if name == batch {
            BATCH
        } else if Some(name) == width {
            WIDTH
        } else {
            OTHER
        })
    };
    Ok(names.iter().map(|name| (name.clone(), value(name))).collect())
}
