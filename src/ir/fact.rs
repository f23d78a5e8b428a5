//! What is known of a value: each property is known to hold, known not to hold, or unknown; never a bool.

use std::fmt;

/// The answer to "does it hold?".
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum Fact {
    /// It holds for every value that the node can take.
    Yes,
    /// It holds for none.
    No,
    /// Nothing is known.
    #[default]
    Unknown,
}

impl Fact {
    /// `Yes` where `known` is true and `Unknown` otherwise: the usual conclusion of a rule.
    pub fn yes_if(known: bool) -> Fact {
        if known { Fact::Yes } else { Fact::Unknown }
    }

    /// `Yes` or `No`, for what has been decided.
    pub fn decided(holds: bool) -> Fact {
        if holds { Fact::Yes } else { Fact::No }
    }

    /// Whether the property is known to hold.
    pub fn is_yes(self) -> bool {
        self == Fact::Yes
    }

    /// Whether the property is known not to hold.
    pub fn is_no(self) -> bool {
        self == Fact::No
    }
}

macro_rules! properties {
    ($($name:ident $text:literal;)*) => {
        /// The properties that facts are about. Scalars count as 1 × 1 where that makes sense.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Property { $(#[doc = $text] $name,)* }

        impl Property {
            /// Every property.
            pub const ALL: &'static [Property] = &[$(Property::$name,)*];
        }

        impl fmt::Display for Property {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Property::$name => $text,)* })
            }
        }
    };
}

properties! {
    Hermitian "Hermitian";
    Psd "positive semi-definite";
    Pd "positive definite";
    UnitDiagonal "of unit diagonal";
    TraceOne "of trace 1";
    Diagonal "diagonal";
    Nonnegative "nonnegative";
    Positive "positive";
    ZeroOne "of zeros and ones";
    Integer "an integer";
    SumsToOne "of sum 1";
    UnitColumns "of unit columns";
    UnitRows "of unit rows";
    OrthonormalColumns "of orthonormal columns";
    OrthonormalRows "of orthonormal rows";
    Finite "finite";
}

const COUNT: usize = Property::ALL.len();

/// The facts of one node, each with the rule that it rests on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    known: [Fact; COUNT],
    why: [&'static str; COUNT],
}

impl Default for Facts {
    fn default() -> Self {
        Facts { known: [Fact::Unknown; COUNT], why: [""; COUNT] }
    }
}

impl Facts {
    /// Nothing known.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is known of a property.
    pub fn get(&self, property: Property) -> Fact {
        self.known[property as usize]
    }

    /// Whether a property is known to hold.
    pub fn has(&self, property: Property) -> bool {
        self.get(property).is_yes()
    }

    /// The rule that a fact rests on, or the empty string where nothing is known.
    pub fn why(&self, property: Property) -> &'static str {
        self.why[property as usize]
    }

    /// Learns a fact, with the rule that it rests on, and what follows from it at once: positive definite implies
    /// positive semi-definite implies Hermitian, positive implies nonnegative, and the contraposition of each. What is
    /// already known stays.
    pub fn learn(&mut self, property: Property, fact: Fact, why: &'static str) {
        if fact == Fact::Unknown || self.get(property) != Fact::Unknown {
            return;
        }
        self.known[property as usize] = fact;
        self.why[property as usize] = why;
        for (stronger, weaker) in IMPLICATIONS {
            if *stronger == property && fact == Fact::Yes {
                self.learn(*weaker, Fact::Yes, why);
            }
            if *weaker == property && fact == Fact::No {
                self.learn(*stronger, Fact::No, why);
            }
        }
    }

    /// Learns that a property holds.
    pub fn yes(&mut self, property: Property, why: &'static str) {
        self.learn(property, Fact::Yes, why);
    }

    /// Whether everything that another set of facts tells of is told of here.
    pub fn covers(&self, other: &Facts) -> bool {
        std::ptr::eq(self, other)
            || self
                .known
                .iter()
                .zip(&other.known)
                .all(|(here, there)| *here != Fact::Unknown || *there == Fact::Unknown)
    }

    /// Learns everything that another set of facts knows and this one does not.
    pub fn extend(&mut self, other: &Facts) {
        for property in Property::ALL {
            self.learn(*property, other.get(*property), other.why(*property));
        }
    }

    /// The properties known to hold.
    pub fn held(&self) -> impl Iterator<Item = Property> + '_ {
        Property::ALL.iter().copied().filter(|property| self.has(*property))
    }

    /// The properties known to hold that do not follow from another one that does.
    pub fn strongest(&self) -> impl Iterator<Item = Property> + '_ {
        let follows = |weaker| IMPLICATIONS.iter().any(|(stronger, implied)| *implied == weaker && self.has(*stronger));
        self.held().filter(move |property| !follows(*property))
    }
}

const IMPLICATIONS: &[(Property, Property)] = &[
    (Property::Pd, Property::Psd),
    (Property::Psd, Property::Hermitian),
    (Property::Positive, Property::Nonnegative),
    (Property::ZeroOne, Property::Nonnegative),
    (Property::ZeroOne, Property::Integer),
    (Property::OrthonormalColumns, Property::UnitColumns),
    (Property::OrthonormalRows, Property::UnitRows),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implications_run_both_ways() {
        let mut facts = Facts::new();
        facts.yes(Property::Pd, "test");
        assert!(facts.has(Property::Hermitian));
        assert_eq!(facts.strongest().collect::<Vec<_>>(), [Property::Pd]);
        let mut facts = Facts::new();
        facts.learn(Property::Hermitian, Fact::No, "test");
        assert!(facts.get(Property::Pd).is_no());
        assert_eq!(facts.get(Property::Nonnegative), Fact::Unknown);
    }
}
