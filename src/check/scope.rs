//! What names mean at one place.

use std::sync::Arc;

use super::definitions::Definition;
use crate::base::Span;
use crate::ir::{NodeId, ScalarFn};

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum Value {
    /// A node of the graph.
    Node(NodeId),
    /// A function given as an argument.
    Function(Function),
    /// An option in quotes.
    Text(String),
    /// Something that could not be checked; it was reported, and what uses it stays silent.
    Broken,
}

/// A function as a value.
#[derive(Clone, Debug)]
pub enum Function {
    /// A definition of the language.
    Definition(Arc<Definition>),
    /// A scalar function, entry by entry.
    Entrywise(ScalarFn),
    /// Another builtin, by name.
    Builtin(&'static str),
}

/// A name with what it stands for and where that was written.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The name.
    pub name: String,
    /// What it stands for.
    pub value: Value,
    /// Where it was bound.
    pub span: Span,
    /// How messages describe it: its domain, where it has one.
    pub described: String,
}

/// The names visible at one place, the latest last.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    bindings: Vec<Binding>,
}

impl Scope {
    /// The latest binding of a name.
    pub fn get(&self, name: &str) -> Option<&Binding> {
        self.bindings.iter().rev().find(|binding| binding.name == name)
    }

    /// Binds a name.
    pub fn bind(&mut self, name: impl Into<String>, value: Value, span: Span, described: impl Into<String>) {
        self.bindings.push(Binding { name: name.into(), value, span, described: described.into() });
    }

    /// How many bindings there are, to go back to with [`Scope::truncate`].
    pub fn len(&self) -> usize {
        self.bindings.len()
    }

    /// Forgets the bindings made since there were this many.
    pub fn truncate(&mut self, len: usize) {
        self.bindings.truncate(len);
    }

    /// Every name, the latest last.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.bindings.iter().map(|binding| binding.name.as_str())
    }
}
