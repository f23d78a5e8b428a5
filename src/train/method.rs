//! The methods: what a network computes of a batch, and the loss that it is trained with, one row each.

use crate::base::{Code, Diagnostic, did_you_mean};

/// What a network makes of a batch, which decides the names that a loss and a watched expression may use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Family {
    /// One view, of which most patches are hidden; a decoder predicts them (He et al. 2022).
    Masked,
    /// Two views through one network: encoder and projector.
    Siamese,
    /// Two views through one network with a predictor behind it (SimSiam).
    Predicting,
    /// Two views, a predictor, and a target network: a moving average of the one that is trained (BYOL).
    Momentum,
}

impl Family {
    /// The tensors that there are of a batch, each with the set that it lies in. Sizes: d features and B samples, as columns; e
    /// features of the encoder; N patches of p pixels, of all samples.
    pub fn names(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Family::Masked => &MASKED,
            // A table of rows that each add to the one above: what a family has is a slice of it.
            Family::Siamese => &TWO_VIEWS[..8],
            Family::Predicting => &TWO_VIEWS[..10],
            Family::Momentum => &TWO_VIEWS,
        }
    }

    /// The name in the table that a text means: small letters will do, so that `z` is `Z`; but `e` is a size.
    pub fn name(self, text: &str) -> Option<&'static str> {
        let capital = || text.to_uppercase();
        let small = |name: &str| name.len() <= 2 && text != "e" && *name == capital();
        let found = self.names().iter().find(|(name, _)| *name == text || small(name));
        found.map(|(name, _)| *name)
    }

    /// The parameters of a definition with this body: the names that the body uses, with their sets, as they are written.
    pub fn parameters(self, body: &str) -> Vec<(String, &'static str)> {
        let mut found: Vec<(String, &'static str)> = Vec::new();
        for word in body.split(|c: char| !c.is_alphanumeric() && c != '_') {
            let set = self.names().iter().find(|(name, _)| Some(*name) == self.name(word)).map(|(_, set)| *set);
            if let Some(set) = set
                && !found.iter().any(|(known, _)| known == word)
            {
                found.push((word.to_owned(), set));
            }
        }
        found
    }

    /// How many views of an image there are.
    pub fn views(self) -> usize {
        match self {
            Family::Masked => 1,
            Family::Siamese | Family::Predicting | Family::Momentum => 2,
        }
    }
}

/// What is behind an encoder in training, and left off afterwards: each as in the paper of the method.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Projector {
    /// None: a decoder is there instead.
    None,
    /// Two layers (Chen et al. 2020).
    Simclr,
    /// Three layers of one size (Zbontar et al. 2021).
    BarlowTwins,
    /// Three layers of one size (Bardes et al. 2022).
    Vicreg,
    /// Two layers, the first wide (Grill et al. 2020).
    Byol,
    /// Three layers, the last normalised too (Chen and He 2021).
    Simsiam,
}

/// `F` is what the network gives; `Z` is it by the paper's convention, columns of norm 1; `Y` is `Z` by its other one, rows of
/// norm 1. `E` is the encoder's, before any projector.
const MASKED: [(&str, &str); 7] = [
    ("pred", "Mat[N, p]"),
    ("target", "Mat[N, p]"),
    ("mask", "Mask[N]"),
    ("Z", "UnitCols[d, B]"),
    ("Y", "UnitRows[d, B]"),
    ("F", "Mat[d, B]"),
    ("E", "Mat[e, B]"),
];

const TWO_VIEWS: [(&str, &str); 12] = [
    ("Z1", "UnitCols[d, B]"),
    ("Z2", "UnitCols[d, B]"),
    ("Y1", "UnitRows[d, B]"),
    ("Y2", "UnitRows[d, B]"),
    ("F1", "Mat[d, B]"),
    ("F2", "Mat[d, B]"),
    ("E1", "Mat[e, B]"),
    ("E2", "Mat[e, B]"),
    ("P1", "Mat[d, B]"),
    ("P2", "Mat[d, B]"),
    ("T1", "Mat[d, B]"),
    ("T2", "Mat[d, B]"),
];

/// A method of self-supervised learning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Method {
    /// Its name on the command line.
    pub name: &'static str,
    /// What the network makes of a batch.
    pub family: Family,
    /// What is behind the encoder; nothing where patches are predicted.
    pub projector: Projector,
    /// The loss, an expression in the family's names and in the parameters below.
    pub loss: &'static str,
    /// The parameters of the loss, with what they are unless they are set.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Where it stands.
    pub source: &'static str,
}

/// Every method, in the order of the help.
pub const METHODS: &[Method] = &[
    Method {
        name: "mae",
        family: Family::Masked,
        projector: Projector::None,
        loss: "mae(pred, target, mask)",
        parameters: &[],
        source: "He et al. 2022",
    },
    Method {
        name: "u-mae",
        family: Family::Masked,
        projector: Projector::None,
        loss: "u_mae(pred, target, mask, Z, gamma)",
        parameters: &[("gamma", "0.01")],
        source: "Tan et al., section 5: the sum over all pairs",
    },
    Method {
        name: "u-mae-official",
        family: Family::Masked,
        projector: Projector::None,
        loss: "u_mae_official(pred, target, mask, Z, gamma)",
        parameters: &[("gamma", "0.01")],
        source: "Zhang et al. 2022, official code: the mean over all pairs",
    },
    Method {
        name: "m-mae",
        family: Family::Masked,
        projector: Projector::None,
        loss: "m_mae(pred, target, mask, Z, lambda, mu)",
        parameters: &[("lambda", "0.01"), ("mu", "1")],
        source: "Tan et al., equation 11",
    },
    Method {
        name: "m-mae-official",
        family: Family::Masked,
        projector: Projector::None,
        loss: "m_mae_official(pred, target, mask, F, lambda, m)",
        parameters: &[("lambda", "0.01"), ("m", "1")],
        source: "Tan et al., official code: the paper's mu is d/m",
    },
    Method {
        name: "m-mae-entropy",
        family: Family::Masked,
        projector: Projector::None,
        loss: "m_mae_entropy(pred, target, mask, Z, lambda, alpha)",
        parameters: &[("lambda", "0.01"), ("alpha", "1")],
        source: "Tan et al., section 5, which avoids it: matrix entropy itself",
    },
    Method {
        name: "simclr",
        family: Family::Siamese,
        projector: Projector::Simclr,
        loss: "simclr(F1, F2, tau)",
        parameters: &[("tau", "0.5")],
        source: "Chen et al. 2020",
    },
    Method {
        name: "info-nce",
        family: Family::Siamese,
        projector: Projector::Simclr,
        loss: "info_nce(Z1, Z2, tau)",
        parameters: &[("tau", "0.5")],
        source: "Tan et al., equation 1",
    },
    Method {
        name: "spectral-contrastive",
        family: Family::Siamese,
        projector: Projector::Simclr,
        loss: "spectral_contrastive(Z1, Z2, lambda)",
        parameters: &[("lambda", "1")],
        source: "HaoChen et al. 2021; Tan et al., equation 2",
    },
    Method {
        name: "barlow-twins",
        family: Family::Siamese,
        projector: Projector::BarlowTwins,
        loss: "barlow_twins(F1, F2, lambda)",
        parameters: &[("lambda", "0.0051")],
        source: "Zbontar et al. 2021; Tan et al., equation 3: no mean subtracted",
    },
    Method {
        name: "barlow-twins-official",
        family: Family::Siamese,
        projector: Projector::BarlowTwins,
        loss: "barlow_twins_official(F1, F2, lambda)",
        parameters: &[("lambda", "0.0051")],
        source: "Zbontar et al. 2021, official code: features standardised",
    },
    Method {
        name: "vicreg",
        family: Family::Siamese,
        projector: Projector::Vicreg,
        loss: "vicreg(F1, F2)",
        parameters: &[],
        source: "Bardes et al. 2022",
    },
    Method {
        name: "simsiam",
        family: Family::Predicting,
        projector: Projector::Simsiam,
        loss: "simsiam(P1, F2, P2, F1)",
        parameters: &[],
        source: "Chen and He 2021",
    },
    Method {
        name: "byol",
        family: Family::Momentum,
        projector: Projector::Byol,
        loss: "byol_symmetric(P1, T2, P2, T1)",
        parameters: &[],
        source: "Grill et al. 2020",
    },
];

impl Method {
    /// The method of a name; capitals do not matter, and hyphens may be underscores or left out: `mmae` and `M_MAE` are `m-mae`.
    ///
    /// # Errors
    /// E1041 for a name that no method has.
    pub fn named(name: &str) -> Result<&'static Method, Diagnostic> {
        let hyphens = name.to_lowercase().replace('_', "-");
        let named = |method: &&Method| method.name == hyphens || method.name.replace('-', "") == hyphens;
        METHODS.iter().find(named).ok_or_else(|| {
            let names: Vec<&str> = METHODS.iter().map(|method| method.name).collect();
            let near = did_you_mean(name, names.iter().copied());
            Diagnostic::new(Code::E1041, format!("there is no method '{name}'"))
                .note(format!("methods: {}", names.join(", ")))
                .maybe_help(near.map(|near| format!("did you mean '{near}'?")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_however_it_is_spelled() {
        assert_eq!(Method::named("mmae").map(|method| method.name), Ok("m-mae"));
        assert_eq!(Method::named("Barlow_Twins").map(|method| method.name), Ok("barlow-twins"));
        // Signs that no name has are a slip, and what was meant is for the user to say.
        for slip in ["m_mae_", "--mae", "mae-", "m--mae", "um-ae", ""] {
            assert!(Method::named(slip).is_err(), "{slip}");
        }
        let help = Method::named("m_mae_").map(|_| ()).map_err(|diagnostic| diagnostic.help);
        assert_eq!(help, Err(vec!["did you mean 'm-mae'?".to_owned()]));
        let refused = Method::named("simcrl").map(|_| ()).map_err(|diagnostic| diagnostic.help);
        assert_eq!(refused, Err(vec!["did you mean 'simclr'?".to_owned()]));
    }

    #[test]
    fn an_expression_has_the_parameters_that_it_names() {
        let found = Family::Masked.parameters("mae(pred, target, mask) - lambda*coding_rate(z, 1) + tr(cov(z)*cov(Z))");
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["pred", "target", "mask", "z", "Z"]);
        assert_eq!(found[3].1, "UnitCols[d, B]");
        assert_eq!(Family::Siamese.parameters("info_nce(z1, y2)").len(), 2);
        assert_eq!((Family::Siamese.name("Pred"), Family::Masked.name("e")), (None, None));
    }

    #[test]
    fn a_family_has_what_is_computed_in_it() {
        let names = |family: Family| family.names().iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert!(!names(Family::Siamese).contains(&"P1"));
        assert!(names(Family::Predicting).contains(&"P2") && !names(Family::Predicting).contains(&"T1"));
        assert!(names(Family::Momentum).contains(&"T2"));
    }
}
