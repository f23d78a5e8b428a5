//! The definitions that calls unfold.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::syntax::ast::Def;

/// Where a definition comes from, which decides what its result's domain is worth.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Origin {
    /// The library: its result domains are promises that tests keep.
    Library,
    /// A user's file: its result domains are tested.
    User,
}

/// A definition with where it comes from and what its body can call.
#[derive(Debug)]
pub struct Definition {
    /// What was written.
    pub def: Def,
    /// Where it comes from.
    pub origin: Origin,
    /// The module whose names its body sees.
    pub module: Module,
    /// Whether the definition was found wrong by itself, so that calls of it stay silent.
    pub broken: std::sync::atomic::AtomicBool,
}

/// A set of definitions that see each other, by number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Module(pub usize);

/// All definitions, by module. Module 0 is the library, which every module sees.
#[derive(Clone, Debug)]
pub struct Definitions {
    modules: Vec<BTreeMap<String, Arc<Definition>>>,
}

impl Definitions {
    /// The library's module.
    pub const LIBRARY: Module = Module(0);

    /// Only the library's module, still empty.
    pub fn new() -> Self {
        Definitions { modules: vec![BTreeMap::new()] }
    }

    /// A new module, which sees only the library so far.
    pub fn module(&mut self) -> Module {
        self.modules.push(BTreeMap::new());
        Module(self.modules.len() - 1)
    }

    /// Adds a definition to a module and returns the one of that name that it replaces.
    pub fn insert(&mut self, module: Module, definition: Arc<Definition>) -> Option<Arc<Definition>> {
        self.modules[module.0].insert(definition.def.name.name.clone(), definition)
    }

    /// Makes every definition of one module visible in another.
    pub fn import(&mut self, from: Module, into: Module) {
        let imported = self.modules[from.0].clone();
        for (name, definition) in imported {
            self.modules[into.0].entry(name).or_insert(definition);
        }
    }

    /// What a name means in a module: its own definition, an imported one, or the library's.
    pub fn get(&self, module: Module, name: &str) -> Option<&Arc<Definition>> {
        self.modules[module.0].get(name).or_else(|| self.modules[0].get(name))
    }

    /// A definition of the module itself or imported into it, the library's excluded.
    pub fn own(&self, module: Module, name: &str) -> Option<&Arc<Definition>> {
        self.modules[module.0].get(name)
    }

    /// Every name visible in a module.
    pub fn visible(&self, module: Module) -> impl Iterator<Item = &Arc<Definition>> {
        let own = &self.modules[module.0];
        let library = self.modules[0].iter().filter(move |(name, _)| module.0 == 0 || !own.contains_key(*name));
        let own_values = if module.0 == 0 { None } else { Some(own.values()) };
        own_values.into_iter().flatten().chain(library.map(|(_, definition)| definition))
    }
}

impl Default for Definitions {
    fn default() -> Self {
        Self::new()
    }
}
